"""The Celery application: tasks take ids, rows carry the state, a lost broker loses nothing."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdeji.settings")

app = Celery("mdeji")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

"""The Celery application: tasks take ids, rows carry the state, a lost broker loses nothing."""

import os

from celery import Celery

from mdeji import broker as broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdeji.settings")

app = Celery("mdeji")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

"""What the office keeps about its own work."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SnoozeQuerySet(models.QuerySet["Snooze"]):
    def lasting(self, today: dt.date) -> "SnoozeQuerySet":
        return self.filter(until__gt=today)


class Snooze(models.Model):
    """One thing of the inbox that is put off until a day. ``kind`` and ``key`` are the inbox's."""

    kind = models.CharField(max_length=20)
    key = models.BigIntegerField()
    about = models.CharField(max_length=200)  # as the list said it
    until = models.DateField(_("いつまで"))
    reason = models.CharField(_("理由"), max_length=200)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = SnoozeQuerySet.as_manager()

    class Meta:
        ordering = ["until", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="snooze_once"),
            models.CheckConstraint(name="snooze_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return self.about

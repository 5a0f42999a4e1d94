"""Two registrations that look like one person's and are not."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from supporters.models.people import Supporter


class KeptApart(models.Model):
    """A coordinator has made sure that these are two people. ``one`` is the row with the smaller key."""

    one = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="kept_apart_once"),
            models.CheckConstraint(name="kept_apart_in_order", condition=Q(one__lt=F("other"))),
        ]

    def __str__(self) -> str:
        return f"{self.one} ≠ {self.other}"

"""Check-ins: somebody on a shift says "I am here". What may be said when is supporters/attending.py."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from supporters.models.assignments import Assignment


class CheckIn(models.Model):
    """Once for each assignment. ``late_because`` is there when the tap came after the shift."""

    class Way(models.TextChoices):
        CODE = "code", _("会場のQRコード")
        PAGE = "page", _("本人のページ")

    class LateBecause(models.TextChoices):
        NETWORK = "network", _("電波がなかった")
        BUSY = "busy", _("活動でいそがしかった")
        FORGOT = "forgot", _("押すのを忘れた")

    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="check_in")
    at = models.DateTimeField(default=timezone.now)
    way = models.CharField(max_length=10, choices=Way.choices)
    late_because = models.CharField(max_length=10, choices=LateBecause.choices, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("チェックイン")
        verbose_name_plural = _("チェックイン")
        constraints = [
            models.CheckConstraint(name="check_in_way_known", condition=Q(way__in=["code", "page"])),
            models.CheckConstraint(
                name="check_in_reason_known", condition=Q(late_because__in=["", "network", "busy", "forgot"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment} {timezone.localtime(self.at):%H:%M}"

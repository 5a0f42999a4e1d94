"""Honoraria (謝礼): what a person is owed for each duty, and what was paid. The verbs are supporters/honoraria.py."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from programme.fiscal import Month
from programme.models.records import recorded
from supporters.models.assignments import Assignment


class Payment(models.Model):
    """What was handed to the finance system at once: its lines never change (docs/adr/0031)."""

    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("謝礼の支払い")
        verbose_name_plural = _("謝礼の支払い")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.pk} {self.local_date}"

    @property
    def local_date(self) -> dt.date:
        """The day in Tokyo on which it was made."""
        return timezone.localdate(self.made_at)


class HonorariumQuerySet(models.QuerySet["Honorarium"]):
    def of_month(self, month: Month) -> Self:
        """By the day of the activity, as every figure."""
        return self.filter(day__range=(month.first, month.last))

    def waiting(self) -> Self:
        """To be approved. What is paid is approved; said here, the index of the few unpaid lines finds them."""
        return self.filter(approved_at=None, payment=None)

    def payable(self) -> Self:
        return self.filter(approved_at__isnull=False, payment=None)


@recorded(
    leave_out=("assignment", "day", "cause", "made_at", "made_by", "approved_at", "approved_by", "payment"),
    names={"approved_by": _("承認した人")},
)
class Honorarium(models.Model):
    """A line: minutes and yen of one duty, or, after that was paid, the difference by which it was put right."""

    class Cause(models.TextChoices):
        DUTY = "duty", _("活動")
        ATTENDANCE = "attendance", _("出席の訂正")
        AMOUNT = "amount", _("額の訂正")

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="honoraria")
    day = models.DateField(_("活動した日"))
    cause = models.CharField(max_length=10, choices=Cause.choices, default=Cause.DUTY)
    minutes = models.IntegerField(_("分"))
    yen = models.IntegerField(_("円"))
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    payment = models.ForeignKey(Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="lines")

    objects = HonorariumQuerySet.as_manager()

    class Meta:
        verbose_name = _("謝礼の明細")
        verbose_name_plural = _("謝礼の明細")
        ordering = ["day", "pk"]
        constraints = [
            models.CheckConstraint(
                name="honorarium_cause_known", condition=Q(cause__in=["duty", "attendance", "amount"])
            ),
            models.UniqueConstraint(fields=["assignment"], condition=Q(cause="duty"), name="honorarium_once"),
            models.UniqueConstraint(fields=["assignment"], condition=Q(payment=None), name="honorarium_one_unpaid"),
            models.CheckConstraint(
                name="honorarium_duty_is_not_negative", condition=~Q(cause="duty") | Q(minutes__gte=0, yen__gte=0)
            ),
            models.CheckConstraint(
                name="honorarium_approval_paired",
                condition=Q(approved_at=None, approved_by=None)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
            ),
            models.CheckConstraint(
                name="honorarium_paid_is_approved", condition=Q(payment=None) | Q(approved_at__isnull=False)
            ),
            models.CheckConstraint(
                name="honorarium_amount_has_reason", condition=~Q(cause="amount") | ~Q(reason="") & Q(minutes=0)
            ),
        ]
        indexes = [models.Index(fields=["day"], name="honorarium_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.yen}円"

    @property
    def state(self) -> str:
        """Where it stands, in words."""
        if self.payment_id:
            return gettext("支払い済み")
        return gettext("承認済み・支払いを待っています") if self.approved_at else gettext("承認を待っています")

    @property
    def tone(self) -> str:
        """How that is marked: a kind of components/status.html."""
        return "good" if self.payment_id else "wait"

"""What happens to closed months by itself: records that came in later, the corrections they propose, drafts."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consult.models.ledger import Correction, MonthReport


class Touch(models.Model):
    """A record of a month that is over was added, changed or taken away. Written by the database's triggers.

    ``source`` is the table. The days for which figures may differ now: ``first`` to ``until``, both included; both
    null where the day is another row's (``ref``). See consult/kpi/watch.py.
    """

    source = models.CharField(max_length=40)
    first = models.DateField(null=True)
    until = models.DateField(null=True)
    ref = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.source} {self.first or self.ref}"


class ProposedCorrectionQuerySet(models.QuerySet["ProposedCorrection"]):
    def waiting(self) -> Self:
        return self.filter(status=ProposedCorrection.Status.WAITING)


class ProposedCorrection(models.Model):
    """What the records of a closed month now say of a figure, until a coordinator states or refuses it.

    ``came`` and ``went`` are [id, amount] of rows that are counted now and were not, or the other way round;
    ``changed`` are [id, amount then, amount now]. ``cells`` are the parts of breakdowns that differ:
    {dimension: {key: [then, now]}}. ``fingerprint`` is a hash over all of that: the same difference is proposed once.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("確認待ち")
        STATED = "stated", _("訂正した")
        REFUSED = "refused", _("訂正しないことにした")
        GONE = "gone", _("記録が元に戻った")
        REPLACED = "replaced", _("新しい案に替わった")

    report = models.ForeignKey(MonthReport, on_delete=models.PROTECT, related_name="proposals")
    figure = models.CharField(max_length=40)
    old = models.IntegerField(null=True)  # null: a share or a median of no rows
    new = models.IntegerField(null=True)
    came = models.JSONField(default=list)
    went = models.JSONField(default=list)
    changed = models.JSONField(default=list)
    cells = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    made_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    correction = models.OneToOneField(
        Correction, null=True, blank=True, on_delete=models.PROTECT, related_name="proposal"
    )

    objects = ProposedCorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("訂正の案")
        verbose_name_plural = _("訂正の案")
        ordering = ["made_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "figure"], condition=Q(status="waiting"), name="proposal_one_waiting"
            ),
            models.CheckConstraint(
                name="proposal_status_known",
                condition=Q(status__in=["waiting", "stated", "refused", "gone", "replaced"]),
            ),
            models.CheckConstraint(
                name="proposal_settled_is_whole",
                condition=Q(status="waiting", settled_at=None) | ~Q(status="waiting") & Q(settled_at__isnull=False),
            ),
            models.CheckConstraint(
                name="proposal_stated_has_correction",
                condition=Q(status="stated", correction__isnull=False) | ~Q(status="stated") & Q(correction=None),
            ),
            models.CheckConstraint(
                name="proposal_decided_by_somebody_for_a_reason",
                condition=~Q(status__in=["stated", "refused"]) | Q(settled_by__isnull=False) & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.figure}: {self.old} → {self.new}"


class MonthDraft(models.Model):
    """A month's figures as they stood when it was over: made once, by itself, for the coordinators to look at.

    ``figures`` are the values by code, ``open_points`` the number of things of each kind that were still to be done.
    """

    year = models.PositiveSmallIntegerField()
    month = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField(default=timezone.now)
    figures = models.JSONField()
    open_points = models.JSONField()

    class Meta:
        verbose_name = _("月の下書き")
        verbose_name_plural = _("月の下書き")
        ordering = ["year", "month"]
        constraints = [
            models.UniqueConstraint(fields=["year", "month"], name="month_drafted_once"),
            models.CheckConstraint(name="month_draft_month_known", condition=Q(month__range=(1, 12))),
        ]

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

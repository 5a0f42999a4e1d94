"""The ledger: figures of closed months are frozen rows; corrections are added beside them, never written over."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class MonthReport(models.Model):
    """A month that somebody closed, with a hash over its figures and the ids of the rows that they count.

    A month without a row here is open: its figures are counted anew each time they are looked at.
    """

    year = models.PositiveSmallIntegerField()
    month = models.PositiveSmallIntegerField()
    closed_at = models.DateTimeField(default=timezone.now)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("月の締め")
        verbose_name_plural = _("月の締め")
        ordering = ["year", "month"]
        constraints = [
            models.UniqueConstraint(fields=["year", "month"], name="month_closed_once"),
            models.CheckConstraint(name="month_report_month_known", condition=Q(month__range=(1, 12))),
        ]

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"


class FrozenFigure(models.Model):
    """One figure of a closed month. Triggers refuse to change or delete the row (see the migrations)."""

    report = models.ForeignKey(MonthReport, on_delete=models.PROTECT, related_name="figures")
    figure = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()  # of the figure's definition
    value = models.IntegerField(null=True)  # null: a share or a median of no rows
    counted = models.JSONField(default=list)  # [id, amount] of each row counted; the measure makes the value of them
    # What those rows come to, whole and by cell (``Breakdown.dump``). Null in months closed before there were any.
    tallies = models.JSONField(null=True, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["report", "figure"], name="frozen_figure_once")]

    def __str__(self) -> str:
        return f"{self.report} {self.figure} = {self.value}"


class Correction(models.Model):
    """A stated change to a figure of a closed month: what it was, what it is, why and by whom. Append-only too."""

    report = models.ForeignKey(MonthReport, on_delete=models.PROTECT, related_name="corrections")
    figure = models.CharField(max_length=40)
    old = models.IntegerField(null=True)  # null: as in FrozenFigure
    new = models.IntegerField(null=True)
    reason = models.CharField(_("理由"), max_length=300)
    # The rows counted now, as in FrozenFigure; null for a change that no row accounts for.
    counted = models.JSONField(null=True, blank=True)
    tallies = models.JSONField(null=True, blank=True, editable=False)  # as in FrozenFigure, of the same rows
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(name="correction_has_reason", condition=~Q(reason="")),
            # The figure, or (the figure standing) the parts of which it is made.
            models.CheckConstraint(
                name="correction_changes_something", condition=~Q(old=models.F("new")) | Q(tallies__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.figure}: {self.old} → {self.new}"


class KeptCount(models.Model):
    """What something still open last came to when it was counted: see consult/kpi/kept.py. Nothing rests on it."""

    address = models.CharField(max_length=80, primary_key=True)  # such as a month, and the way of counting
    at = models.DateTimeField()
    took = models.DurationField()
    content = models.JSONField()

    class Meta:
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address


class KpiExport(models.Model):
    """Who took which figures out of the system, when, in which form. The period as in "2024-01", "2023H1"."""

    period = models.CharField(max_length=20)
    form = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.period} {self.form} {self.at:%Y-%m-%d}"

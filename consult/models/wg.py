"""The half-year report for the committee's working group (WG): its texts, who wrote them, and what was sent."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consult.errors import HalfYearFixed, HalfYearNotOver, TextsChanged

TEXT_LENGTH = 2000


class HalfYearReport(models.Model):
    """One half of a fiscal year: April to September is half 1, October to March half 2.

    A draft's figures are counted at each look. Fixing it, when it is sent, keeps the figures as they were said.
    """

    fiscal_year = models.PositiveSmallIntegerField()
    half = models.PositiveSmallIntegerField()
    fixed_at = models.DateTimeField(null=True, blank=True)
    fixed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    figures = models.JSONField(null=True, blank=True)  # what consult.kpi.half_year froze when the report was fixed

    class Meta:
        verbose_name = _("WG半期報告")
        verbose_name_plural = _("WG半期報告")
        ordering = ["-fiscal_year", "-half"]
        constraints = [
            models.UniqueConstraint(fields=["fiscal_year", "half"], name="half_year_report_once"),
            models.CheckConstraint(name="half_year_report_half_known", condition=Q(half__in=(1, 2))),
            models.CheckConstraint(
                name="half_year_report_fixed_by_somebody",
                condition=Q(fixed_at=None, fixed_by=None, figures=None)
                | Q(fixed_at__isnull=False, fixed_by__isnull=False, figures__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fiscal_year}H{self.half}"

    @property
    def is_fixed(self) -> bool:
        return self.fixed_at is not None

    @property
    def is_over(self) -> bool:
        last = dt.date(self.fiscal_year, 9, 30) if self.half == 1 else dt.date(self.fiscal_year + 1, 3, 31)
        return last < timezone.localdate()

    @transaction.atomic
    def write(self, texts: Mapping[tuple[str, str], str], *, seen: int, by: Any) -> int:
        """Keep what changed of ``texts``, by (undertaking, column), as new versions; how many there were.

        ``seen`` is the id of the last version that the writer had before their eyes (0: none).
        Raises HalfYearFixed, or TextsChanged when somebody else has written since.
        """
        self._lock_draft()
        if self.last_version() != seen:
            raise TextsChanged
        now = self.current_texts()
        changed = [
            HalfYearText(report=self, undertaking=undertaking, column=column, text=text.strip(), by=by)
            for (undertaking, column), text in texts.items()
            if text.strip() != (now[undertaking, column].text if (undertaking, column) in now else "")
        ]
        HalfYearText.objects.bulk_create(changed)
        return len(changed)

    @transaction.atomic
    def fix(self, figures: Any, *, seen: int, by: Any) -> None:
        """The report is sent: neither figures nor texts change from now on. Raises HalfYearNotOver, or as ``write``."""
        if not self.is_over:
            raise HalfYearNotOver
        self._lock_draft()
        if self.last_version() != seen:
            raise TextsChanged
        self.fixed_at, self.fixed_by, self.figures = timezone.now(), by, figures
        self.save(update_fields=["fixed_at", "fixed_by", "figures"])

    def last_version(self) -> int:
        newest = self.texts.order_by("-pk").values_list("pk", flat=True).first()
        return newest or 0

    def current_texts(self) -> dict[tuple[str, str], "HalfYearText"]:
        """The newest version of each text, by (undertaking, column)."""
        return {(text.undertaking, text.column): text for text in self.texts.select_related("by").order_by("pk")}

    def _lock_draft(self) -> None:
        """Writers and the one who sends take turns."""
        if type(self).objects.select_for_update().get(pk=self.pk).is_fixed:
            raise HalfYearFixed


class HalfYearText(models.Model):
    """One version of one text. Rows are only added: who wrote what and when stays."""

    class Column(models.TextChoices):
        QUALITY = "quality", _("定性的")
        OUTLOOK = "outlook", _("今後の展開")

    report = models.ForeignKey(HalfYearReport, on_delete=models.PROTECT, related_name="texts")
    undertaking = models.CharField(max_length=20)
    column = models.CharField(max_length=10, choices=Column.choices)
    text = models.TextField(max_length=TEXT_LENGTH, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="half_year_text_column_known", condition=Q(column__in=("quality", "outlook")))
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.undertaking} {self.column}"

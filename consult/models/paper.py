"""The day sheet: what was tallied on paper at an opening, and who entered it when. See docs/adr/0017."""

from typing import Any, TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consult.models.desks import Opening
from consult.models.devices import Tablet

Tally: TypeAlias = dict[str, dict[str, int]]
"""{topic: {outcome: how many}}, without zeros"""


class DaySheet(models.Model):
    """The paper of one opening as it was entered last."""

    opening = models.OneToOneField(Opening, on_delete=models.PROTECT, related_name="sheet")
    tally = models.JSONField(_("集計"), default=dict)
    # Whether the marks on the paper stand for the cases on the screen too, or for others alone.
    includes_taps = models.BooleanField(_("画面の記録も含む"), default=False)

    class Meta:
        verbose_name = _("日計表")
        verbose_name_plural = _("日計表")
        ordering = ["-opening__date"]

    def __str__(self) -> str:
        return str(self.opening)


class DaySheetEntry(models.Model):
    """One time that a sheet was entered, or met cases that arrived later: what it said, through whom, and what became
    of it. Rows are only added."""

    sheet = models.ForeignKey(DaySheet, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField(default=timezone.now)
    # Who entered it, or sent the cases: an account, or a hall's tablet, which has none.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    tablet = models.ForeignKey(Tablet, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    tally = models.JSONField(default=dict)
    includes_taps = models.BooleanField()
    tapped = models.PositiveIntegerField()  # how many cases the screen had then
    added = models.PositiveIntegerField()
    voided = models.PositiveIntegerField()
    reason = models.CharField(_("入れ直す理由"), max_length=200, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="sheet_entry_is_by_one",
                condition=Q(by__isnull=False, tablet=None) | Q(by=None, tablet__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.at:%Y-%m-%d %H:%M}"

    @property
    def sender(self) -> Any:
        """Who it was: the account, or the tablet that sent the cases."""
        return self.tablet or self.by

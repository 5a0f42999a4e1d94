"""What the ledger holds of some months: frozen values, corrections, and the tallies from which they were stated."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Case, F, JSONField, Q, When
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTransform

from consult.kpi.counting import Key
from consult.kpi.definition import Definition
from consult.kpi.definitions import find
from consult.kpi.tally import Breakdown, Tally
from consult.models import Correction, FrozenFigure, MonthReport
from programme.fiscal import Month


def is_closed(day: dt.date) -> bool:
    """Whether the month of ``day`` is closed."""
    return MonthReport.objects.filter(year=day.year, month=day.month).exists()


class ClosedMonths:
    """Read in three queries, however many months are closed and whatever they counted: no counted row is read."""

    def __init__(
        self, months: Iterable[Month], codes: Collection[str] | None = None, cells_of: Collection[str] | None = None
    ) -> None:
        """``codes`` are the figures that are wanted, ``cells_of`` those of which the cells are: all unless told."""
        self._cells_of = cells_of
        wanted = Q() if codes is None else Q(figure__in=codes)
        self.frozen: dict[Key, int | None] = {}
        self.corrections: dict[Key, list[Correction]] = defaultdict(list)
        self.breakdowns: dict[Key, Breakdown] = {}  # as last stated from rows
        self.definitions: dict[Key, Definition] = {}
        self._without_tallies: set[Key] = set()
        reports = {
            report.pk: report for report in MonthReport.objects.filter(_any_of(months)).select_related("closed_by")
        }
        self._months = {pk: Month(report.year, report.month) for pk, report in reports.items()}
        self.closings = {self._months[pk]: report for pk, report in reports.items()}
        told = _told(cells_of)
        figures = FrozenFigure.objects.filter(wanted, report__in=reports).annotate(told=told)
        for report, code, version, value, of_rows in figures.values_list(
            "report", "figure", "version", "value", "told"
        ):
            key = code, self._months[report]
            self.frozen[key], self.definitions[key] = value, find(code, version)
            self.breakdowns[key] = self._stated(key, of_rows)
        corrections = Correction.objects.filter(wanted, report__in=reports).annotate(told=told)
        for correction in corrections.defer("counted", "tallies").select_related("by", "report"):
            key = correction.figure, self._months[correction.report_id]
            self.corrections[key].append(correction)
            if correction.told is not None:
                self.breakdowns[key] = self._stated(key, correction.told)
        self._read_what_was_closed_before_there_were_breakdowns()

    def current(self, key: Key) -> int | None:
        """What was frozen, with its corrections; None for a share or a median of no rows.

        KeyError for a figure that is not frozen.
        """
        return self.corrections[key][-1].new if self.corrections.get(key) else self.frozen[key]

    def _stated(self, key: Key, told: Any) -> Breakdown:
        measure = self.definitions[key].measure
        if told is None:
            self._without_tallies.add(key)
            return Breakdown(Tally(total=self.frozen[key] or 0))
        if self.wants_cells(key[0]):
            return Breakdown.load(measure, told)
        return Breakdown(Tally.load(measure, told))

    def wants_cells(self, code: str) -> bool:
        return self._cells_of is None or code in self._cells_of

    def _read_what_was_closed_before_there_were_breakdowns(self) -> None:
        """Those figures have no cells. Of different groups (実数) their rows have to be read once."""
        codes = {code for code, month in self._without_tallies if self.definitions[code, month].measure.keeps_rows}
        if not codes:
            return
        of_these = Q(report__in=self._months, figure__in=codes, tallies__isnull=True)
        frozen = FrozenFigure.objects.filter(of_these).values_list("figure", "report", "counted")
        stated = Correction.objects.filter(of_these).exclude(counted=None).order_by("at", "pk")
        for code, report, counted in [*frozen, *stated.values_list("figure", "report", "counted")]:
            self.breakdowns[code, self._months[report]] = Breakdown(Tally.of(counted))


def _told(cells_of: Collection[str] | None) -> Combinable:
    """What the rows of a figure come to; of those without cells the whole alone leaves the database."""
    if cells_of is None:
        return F("tallies")
    whole = KeyTransform("all", "tallies")
    return Case(When(figure__in=cells_of, then="tallies"), default=whole, output_field=JSONField())


def _any_of(months: Iterable[Month]) -> Any:
    found = Q(pk=None)
    for month in months:
        found |= Q(year=month.year, month=month.month)
    return found

"""What the ledger holds of some months: frozen values, corrections, and the tallies from which they were stated."""

import datetime as dt
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, F, JSONField, OuterRef, Q, When
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTransform

from consult.kpi.counting import Key
from consult.kpi.definition import Definition
from consult.kpi.definitions import find
from consult.kpi.tally import Breakdown, Tally
from consult.models import Correction, FrozenFigure, MonthReport
from programme.fiscal import Month

ALL = Q()


def is_closed(day: dt.date) -> bool:
    """Whether the month of ``day`` is closed."""
    return MonthReport.objects.filter(year=day.year, month=day.month).exists()


@dataclass(frozen=True, slots=True)
class Frozen:
    """A figure as a month was closed with it. ``breakdown`` is None where the month was closed without one."""

    definition: Definition
    value: int | None
    breakdown: Breakdown | None


_Closing = tuple[int, dt.datetime, str]


class _Memory:
    """What this process last read of closed months, so that not each page has it sent and parsed again.

    The database refuses to change it, so it stays true; what was not looked at for longest makes room. A month's cells
    are kept figure by figure: they are most of it. ``COUNTS_KEPT`` 0 keeps nothing.
    """

    MOST_MONTHS = 240
    MOST_CELLS = 120  # figures of a month with their cells

    def __init__(self) -> None:
        self._months: OrderedDict[_Closing, dict[str, Frozen]] = OrderedDict()
        self._cells: OrderedDict[tuple[_Closing, str], Frozen] = OrderedDict()
        self._lock = Lock()

    def find(self, closing: _Closing, cells_of: Collection[str]) -> dict[str, Frozen] | None:
        """All figures of the month, those of ``cells_of`` with their cells; None unless all of it is known."""
        with self._lock:
            figures = self._months.get(closing)
            if figures is None:
                return None
            self._months.move_to_end(closing)
            with_cells = {}
            for code in cells_of:
                if code not in figures:
                    continue
                found = self._cells.get((closing, code))
                if found is None:
                    return None
                self._cells.move_to_end((closing, code))
                with_cells[code] = found
            return {**figures, **with_cells}

    def keep(self, closing: _Closing, figures: Mapping[str, Frozen], cells_of: Collection[str]) -> None:
        with self._lock:
            self._months[closing] = {code: _without_cells(each) for code, each in figures.items()}
            self._cells |= {(closing, code): figures[code] for code in cells_of if code in figures}
            while len(self._months) > self.MOST_MONTHS:
                self._months.popitem(last=False)
            while len(self._cells) > self.MOST_CELLS:
                self._cells.popitem(last=False)


_memory = _Memory()


def _without_cells(figure: Frozen) -> Frozen:
    return replace(figure, breakdown=figure.breakdown and Breakdown(figure.breakdown.whole))


class ClosedMonths:
    """Read in three queries at most, however many months are closed and whatever they counted: no counted row is read.

    Months that this process knows (``_Memory``), and that were not corrected, take one.
    """

    def __init__(
        self, months: Iterable[Month], codes: Collection[str] | None = None, cells_of: Collection[str] | None = None
    ) -> None:
        """``codes`` are the figures that are wanted, ``cells_of`` those of which the cells are: all unless told."""
        self._cells_of = cells_of
        self._told = _told(cells_of)
        self._wanted = Q() if codes is None else Q(figure__in=codes)
        self.frozen: dict[Key, int | None] = {}
        self.corrections: dict[Key, list[Correction]] = defaultdict(list)
        self.breakdowns: dict[Key, Breakdown] = {}  # as last stated from rows
        self.definitions: dict[Key, Definition] = {}
        self._without_tallies: set[Key] = set()
        corrected = Exists(Correction.objects.filter(report=OuterRef("pk")).order_by())
        found = MonthReport.objects.filter(_any_of(months)).annotate(corrected=corrected).select_related("closed_by")
        reports = {report.pk: report for report in found}
        self._months = {pk: Month(report.year, report.month) for pk, report in reports.items()}
        self.closings = {self._months[pk]: report for pk, report in reports.items()}
        for report, figures in self._read_frozen(reports).items():
            for code, figure in figures.items():
                if codes is None or code in codes:
                    self._take((code, self._months[report]), figure)
        self._read_corrections([pk for pk, report in reports.items() if report.corrected])
        self._read_what_was_closed_before_there_were_breakdowns()

    def _read_frozen(self, reports: Mapping[int, MonthReport]) -> dict[int, dict[str, Frozen]]:
        """The frozen figures of each closing; others than the wanted ones may be among them."""
        if self._cells_of is None or not settings.COUNTS_KEPT:
            return self._frozen_figures(reports, self._wanted)
        closings = {pk: (pk, report.closed_at, report.sha256) for pk, report in reports.items()}
        known = {pk: _memory.find(closing, self._cells_of) for pk, closing in closings.items()}
        read = self._frozen_figures([pk for pk, figures in known.items() if figures is None])
        for pk, figures in read.items():
            _memory.keep(closings[pk], figures, self._cells_of)
        return {pk: read[pk] if figures is None else figures for pk, figures in known.items()}

    def _frozen_figures(self, reports: Collection[int], wanted: Q = ALL) -> dict[int, dict[str, Frozen]]:
        made: dict[int, dict[str, Frozen]] = {report: {} for report in reports}
        if not made:
            return made
        figures = FrozenFigure.objects.filter(wanted, report__in=made).annotate(told=self._told)
        for report, code, version, value, told in figures.values_list("report", "figure", "version", "value", "told"):
            definition = find(code, version)
            made[report][code] = Frozen(definition, value, None if told is None else self._load(definition, told))
        return made

    def _take(self, key: Key, figure: Frozen) -> None:
        self.frozen[key], self.definitions[key] = figure.value, figure.definition
        self._state(key, figure.breakdown)

    def _state(self, key: Key, breakdown: Breakdown | None) -> None:
        if breakdown is None:
            self._without_tallies.add(key)
        self.breakdowns[key] = breakdown or Breakdown(Tally(total=self.frozen[key] or 0))

    def _read_corrections(self, corrected: Collection[int]) -> None:
        if not corrected:
            return
        corrections = Correction.objects.filter(self._wanted, report__in=corrected).annotate(told=self._told)
        for correction in corrections.defer("counted", "tallies").select_related("by", "report"):
            key = correction.figure, self._months[correction.report_id]
            self.corrections[key].append(correction)
            if correction.told is not None:
                self._state(key, self._load(self.definitions[key], correction.told))

    def current(self, key: Key) -> int | None:
        """What was frozen, with its corrections; None for a share or a median of no rows.

        KeyError for a figure that is not frozen.
        """
        return self.corrections[key][-1].new if self.corrections.get(key) else self.frozen[key]

    def _load(self, definition: Definition, told: Any) -> Breakdown:
        if self.wants_cells(definition.code):
            return Breakdown.load(definition.measure, told)
        return Breakdown(Tally.load(definition.measure, told))

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


def _any_of(months: Iterable[Month]) -> Q:
    """Year by year: a condition for each month would take longer to write than the months to read."""
    years: dict[int, list[int]] = defaultdict(list)
    for month in months:
        years[month.year].append(month.month)
    found = Q(pk=None)
    for year, of_it in years.items():
        found |= Q(year=year, month__in=of_it)
    return found

"""The report of any period: one set of typed rows from which pages, files and the API are all made.

A month's rows are those of consult/kpi/report.py, counted by the same ``Book``; a longer period's are its months put
together, so that the same figure is the same wherever it is shown.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from consult.kpi.book import Book
from consult.kpi.definitions import Area, Definition
from consult.kpi.dimensions import DIMENSIONS, apart
from consult.kpi.ledger import corrections_made_in
from consult.kpi.report import cells, labels_of, months_to, share_reached
from consult.kpi.reporting_period import Period
from consult.kpi.suppression import hidden, is_small
from consult.models import Activity, Correction, MonthReport, Opening
from programme.fiscal import Month
from programme.models import District, Goal, PublishedFigure

# Their rows are no people: a small number of openings points to nobody.
NOBODYS = (Opening, District, Activity)
# What amounts count; of hours, yen and shares a large number may still be one person's.
COUNTS = frozenset({"人", "件", "回", "団体"})


@dataclass(frozen=True, slots=True)
class PeriodCell:
    """One part of a figure. None is a share or a median of no rows, or a number that is not shown.

    ``kept_back``: ``value`` is not shown because it is small, or would betray one that is.
    """

    key: str
    label: str
    value: int | None
    year_to_date: int | None
    kept_back: bool = False


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One figure of the period, by the definition of its last month.

    ``by_month`` holds the period's months and those of its last fiscal year up to its end. ``year_to_date`` and
    ``goal`` are of the fiscal year in which all of the period lies, None when there is no such year. ``frozen`` is
    what a single month was closed with. ``unaccounted``: by how much it was corrected without a record.
    """

    definition: Definition
    value: int | None
    by_month: Mapping[Month, int | None]
    year_to_date: int | None = None
    goal: Goal | None = None
    frozen: int | None = None
    corrections: tuple[Correction, ...] = ()
    cells: Mapping[str, tuple[PeriodCell, ...]] = field(default_factory=dict)
    unaccounted: int = 0

    @property
    def share(self) -> Decimal | None:
        """How much of the fiscal year's goal is reached; None while nothing is."""
        return share_reached(self.goal, self.year_to_date)


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """``months`` are the period's that have begun, ``year_months`` those of its last fiscal year up to its end.

    ``corrections_made`` were stated on a day of the period, whatever month they concern (read when they are asked for);
    those that concern the period stand in the rows. ``is_open``: a month of it or of its year to date is; what is open
    was counted at ``made_at``. ``is_counted``: that, or a figure is younger than a closing.
    ``suppressed``: small cells are kept back.
    """

    period: Period
    months: tuple[Month, ...]
    year_months: tuple[Month, ...]
    closings: Mapping[Month, MonthReport]
    rows: tuple[PeriodRow, ...]
    published: tuple[PublishedFigure, ...]
    earlier: tuple[PublishedFigure, ...]
    corrections_made: QuerySet[Correction]
    made_at: dt.datetime
    is_open: bool
    is_counted: bool
    suppressed: bool = False

    @property
    def first(self) -> dt.date:
        return self.period.first.first

    @property
    def last(self) -> dt.date:
        return self.period.last.last

    @property
    def is_over(self) -> bool:
        return self.last < timezone.localdate(self.made_at)

    @property
    def is_closed(self) -> bool:
        return all(month in self.closings for month in self.period.months())

    @property
    def closing(self) -> MonthReport | None:
        """Of a period that is one month."""
        return self.closings.get(self.period.first) if self.period.is_month else None

    @property
    def corrections(self) -> list[Correction]:
        return sorted((each for row in self.rows for each in row.corrections), key=lambda each: (each.at, each.pk))

    @property
    def has_records(self) -> bool:
        return any(row.value for row in self.rows)

    def row(self, code: str) -> PeriodRow | None:
        return next((row for row in self.rows if row.definition.code == code), None)


def period_report(
    period: Period,
    *,
    suppressed: bool = False,
    codes: Collection[str] | None = None,
    with_cells: bool = True,
    anew: bool = False,
) -> PeriodReport:
    """In a number of queries that depends on neither rows nor closed months. ``period.is_there`` must hold.

    ``codes`` are the figures that are wanted, all unless told. ``anew``: what is open is counted now.
    """
    months = tuple(period.begun.months())
    year_months = tuple(months_to(months[-1]))
    cells_of = codes if with_cells else ()
    book = Book(sorted({*months, *year_months}), codes=codes, cells_of=cells_of, anew=anew)
    chosen = [each for each in book.definitions(months[-1]) if codes is None or each.code in codes]
    definitions = sorted(chosen, key=lambda definition: list(Area).index(definition.area))
    year = period.fiscal_year
    goals = {goal.figure: goal for goal in Goal.objects.filter(fiscal_year=year)} if year else {}
    labels = labels_of(definitions) if with_cells else None
    rows = []
    for definition in definitions:
        value, together = book.together(definition, months)
        year_to_date, to_date = value, together
        if year_months != months:
            year_to_date, to_date = book.together(definition, year_months)
        if period.is_month:
            value = book.value(definition, months[0])
        found = {} if labels is None else cells(definition, together, to_date if year else together, labels)
        rows.append(
            PeriodRow(
                definition=definition,
                value=value,
                by_month={month: book.value(definition, month) for month in book.months},
                year_to_date=year_to_date if year else None,
                goal=goals.get(definition.code),
                frozen=book.closed.frozen.get((definition.code, months[0])) if period.is_month else None,
                corrections=tuple(
                    each for month in months for each in book.closed.corrections.get((definition.code, month), ())
                ),
                cells={
                    code: tuple(PeriodCell(e.key, e.label, e.value, e.year_to_date if year else None) for e in of_it)
                    for code, of_it in found.items()
                },
                unaccounted=0 if definition.is_stock else sum(book.unaccounted(definition, month) for month in months),
            )
        )
    published = PublishedFigure.objects.filter(as_of__lte=period.last.last)
    whole = PeriodReport(
        period=period,
        months=months,
        year_months=year_months,
        closings={month: closing for month, closing in book.closed.closings.items() if month in months},
        rows=tuple(rows),
        published=_in_order((each for each in published if each.as_of >= period.first.first), definitions),
        earlier=_in_order((each for each in published if each.as_of < period.first.first), definitions),
        corrections_made=corrections_made_in(period),
        made_at=book.counted_at,
        is_open=book.is_open,
        is_counted=book.is_counted,
    )
    return without_small_cells(whole) if suppressed else whole


def _in_order(figures: Iterable[PublishedFigure], definitions: list[Definition]) -> tuple[PublishedFigure, ...]:
    """By day, and in the order of the counted ones."""
    places = {definition.code: place for place, definition in enumerate(definitions)}
    return tuple(sorted(figures, key=lambda each: (each.as_of, places.get(each.figure, len(places)))))


# --- Small cells -------------------------------------------------------------------------------------
def without_small_cells(report: PeriodReport) -> PeriodReport:
    """The report for who is to see no single people: see docs/kpi.md, "Small cells"."""
    return replace(report, rows=tuple(_kept_back(row) for row in report.rows), suppressed=True)


def _kept_back(row: PeriodRow) -> PeriodRow:
    if row.definition.model in NOBODYS:
        return row
    if row.definition.unit not in COUNTS or not row.definition.measure.partitions:
        return replace(row, cells={})
    if is_small(row.value or 0):  # which of its parts are not 0 would tell who is meant
        return replace(row, cells={})
    # By what the figure has, not by what it has cells of: else a month without desks would show its districts.
    shown = apart(row.definition.by)
    cells = {code: _hide(code, of_it) for code, of_it in row.cells.items() if code in shown}
    # Where nothing can be shown, not even which parts are 0 is.
    return replace(row, cells={code: of_it for code, of_it in cells.items() if any(each.value for each in of_it)})


def _hide(dimension: str, of_it: tuple[PeriodCell, ...]) -> tuple[PeriodCell, ...]:
    """The year to date is left out: less the one of a month before, it would tell what is hidden in this month."""
    values = {each.key: each.value or 0 for each in of_it}
    if DIMENSIONS[dimension].overlapping:
        kept_back = frozenset(key for key, value in values.items() if is_small(value))
    else:
        kept_back = hidden(values)
    return tuple(
        replace(each, value=None, year_to_date=None, kept_back=True)
        if each.key in kept_back
        else replace(each, year_to_date=None)
        for each in of_it
    )

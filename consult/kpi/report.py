"""A month's report: one set of typed rows from which the screen, the exports and the command are all made."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone

from consult.kpi.book import Book
from consult.kpi.definitions import Definition, position
from consult.kpi.dimensions import DIMENSIONS, Labels
from consult.kpi.tally import Breakdown, Tally
from consult.models import Correction, MonthReport
from programme.fiscal import Month
from programme.models import Goal, PublishedFigure


@dataclass(frozen=True, slots=True)
class Cell:
    """One part of a figure: ``key`` in its dimension, and what it is called in the language of the reader.

    None is a share or a median of no rows.
    """

    key: str
    label: str
    value: int | None
    year_to_date: int | None


def share_of(goal: int, reached: int) -> Decimal:
    """How much of a goal is reached, rounded down to 0.1 %, so that it never says 100 % before it is."""
    return Decimal(reached * 1000 // goal) / 1000


def share_reached(goal: Goal | None, reached: int | None) -> Decimal | None:
    """The share of a figure's goal; None without a goal, and while nothing is reached."""
    return share_of(goal.value, reached) if goal and goal.value and reached else None


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the month. ``frozen`` is what it was closed with, where it ``is_frozen``.

    ``value`` and ``year_to_date`` are None for a share or a median of no rows.

    ``cells`` are its breakdowns by dimension (the codes of consult/kpi/dimensions.py), each in its list's order.
    ``unaccounted``: by how much ``value`` was corrected for reasons that no row shows; no cell contains it.
    """

    definition: Definition
    value: int | None
    year_to_date: int | None
    frozen: int | None = None
    is_frozen: bool = False
    corrections: tuple[Correction, ...] = ()
    goal: Goal | None = None
    cells: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)
    unaccounted: int = 0

    @property
    def share(self) -> Decimal | None:
        """How much of the fiscal year's goal is reached; None while nothing is."""
        return share_reached(self.goal, self.year_to_date)


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a month: counted figures, and apart from them what others published.

    ``published`` are figures as of a day of this month, ``earlier`` those as of a day before it. ``is_open``: the month
    is, or one of its year to date; what is open was counted at ``made_at``. ``is_counted``: that, or a figure is
    younger than a closing. ``labels`` are what the cells are called.
    """

    month: Month
    closing: MonthReport | None
    rows: tuple[Row, ...]
    published: tuple[PublishedFigure, ...]
    earlier: tuple[PublishedFigure, ...]
    made_at: dt.datetime
    is_open: bool
    is_counted: bool
    labels: Mapping[str, Labels] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.month.last < timezone.localdate(self.made_at)

    @property
    def corrections(self) -> list[Correction]:
        return sorted((each for row in self.rows for each in row.corrections), key=lambda each: (each.at, each.pk))

    @property
    def has_records(self) -> bool:
        """False for a month of which nothing was recorded here, such as one before this system."""
        return any(row.value for row in self.rows)

    def row(self, code: str) -> Row:
        """KeyError for a figure that the month does not have."""
        for row in self.rows:
            if row.definition.code == code:
                return row
        raise KeyError(code)


def months_to(month: Month) -> list[Month]:
    """April of the fiscal year to ``month``."""
    months = [Month.of(month.fiscal_year_first)]
    while months[-1] < month:
        months.append(months[-1].next)
    return months


def report(
    month: Month, codes: Collection[str] | None = None, *, with_cells: bool = True, anew: bool = False
) -> Report:
    """The report of ``month``, in a number of queries that depends on neither rows nor closed months.

    ``codes`` are the figures that are wanted, all unless told. ``anew``: what is open is counted now.
    """
    cells_of = codes if with_cells else ()
    book = Book(months_to(month), stock_months=[month], codes=codes, cells_of=cells_of, anew=anew)
    return report_from(book, month, codes, with_cells=with_cells)


def report_from(
    book: Book, month: Month, codes: Collection[str] | None = None, *, with_cells: bool = True, alone: bool = False
) -> Report:
    """The same from a book that holds at least the months of the fiscal year up to ``month``.

    ``alone``: without what stands beside the counted figures, goals and what others published.
    """
    definitions = [each for each in book.definitions(month) if codes is None or each.code in codes]
    goals = {} if alone else {goal.figure: goal for goal in Goal.objects.filter(fiscal_year=month.fiscal_year)}
    labels = labels_of(definitions) if with_cells else {}
    published = [] if alone else sorted(PublishedFigure.objects.filter(as_of__lte=month.last), key=_place)
    return Report(
        month=month,
        closing=book.closed.closings.get(month),
        rows=tuple(_row(book, definition, month, goals.get(definition.code), labels) for definition in definitions),
        published=tuple(figure for figure in published if figure.as_of >= month.first),
        earlier=tuple(figure for figure in published if figure.as_of < month.first),
        made_at=book.counted_at,
        is_open=book.is_open,
        is_counted=book.is_counted,
        labels=labels,
    )


def labels_of(definitions: Iterable[Definition]) -> dict[str, Labels]:
    """What the cells of these figures are called, by dimension."""
    codes = dict.fromkeys(code for definition in definitions for code in definition.by)
    return {code: DIMENSIONS[code].labels() for code in codes}


def _place(figure: PublishedFigure) -> tuple[dt.date, int]:
    """Published figures stand by day, and in the order of the counted ones."""
    return figure.as_of, position(figure.figure)


def _row(book: Book, definition: Definition, month: Month, goal: Goal | None, labels: Mapping[str, Labels]) -> Row:
    """``labels`` are those of the cells, none when no cells are wanted."""
    key = definition.code, month
    year_to_date, to_date = book.together(definition, months_to(month))
    return Row(
        definition=definition,
        value=book.value(definition, month),
        year_to_date=year_to_date,
        frozen=book.closed.frozen.get(key),
        is_frozen=key in book.closed.frozen,
        corrections=tuple(book.closed.corrections[key]),
        goal=goal,
        cells=cells(definition, book.breakdown(*key), to_date, labels) if labels else {},
        unaccounted=book.unaccounted(definition, month),
    )


def cells(
    definition: Definition, now: Breakdown, to_date: Breakdown, labels: Mapping[str, Labels]
) -> dict[str, tuple[Cell, ...]]:
    """The cells of a figure by dimension, in the order of the lists; keys that are in no list stand last."""
    made, nothing = {}, Tally()
    for code in definition.by:
        dimension = DIMENSIONS[code]
        if not dimension.listed:
            continue
        here, year = now.cells.get(code, {}), to_date.cells.get(code, {})
        if not here and not year:
            continue
        listed: Sequence[str] = [key for key in labels[code] if dimension.complete or key in here or key in year]
        others = sorted({*here, *year} - set(listed))
        made[code] = tuple(
            Cell(
                key,
                dimension.label(key, labels[code]),
                here.get(key, nothing).value(definition.measure),
                year.get(key, nothing).value(definition.measure),
            )
            for key in (*listed, *others)
        )
    return made

"""A month's report: one set of typed rows from which the screen, the exports and the command are all made."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from consult.kpi.closed import ClosedMonths, months_to
from consult.kpi.counting import flows_by_month, members_by_month
from consult.kpi.definitions import Definition, position
from consult.models import Correction, MonthReport
from programme.fiscal import Month
from programme.models import Goal, PublishedFigure


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the month. ``frozen`` is None while the figure is counted anew each time."""

    definition: Definition
    value: int
    year_to_date: int
    frozen: int | None = None
    corrections: tuple[Correction, ...] = ()
    goal: Goal | None = None

    @property
    def share(self) -> Decimal | None:
        """How much of the fiscal year's goal is reached; None while nothing is.

        Rounded down to 0.1 %, so that it never says 100 % before the goal is reached.
        """
        if self.goal is None or not self.goal.value or not self.year_to_date:
            return None
        return Decimal(self.year_to_date * 1000 // self.goal.value) / 1000


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a month: counted figures, and apart from them what others published.

    ``published`` are figures as of a day of this month, ``earlier`` those as of a day before it.
    """

    month: Month
    closing: MonthReport | None
    rows: tuple[Row, ...]
    published: tuple[PublishedFigure, ...]
    earlier: tuple[PublishedFigure, ...]
    made_at: dt.datetime

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


def report(month: Month) -> Report:
    """The report of ``month``, in a number of queries that depends on neither rows nor closed months."""
    closed = ClosedMonths(month)
    values = _Values(month, closed)
    goals = {goal.figure: goal for goal in Goal.objects.filter(fiscal_year=month.fiscal_year)}
    published = sorted(PublishedFigure.objects.filter(as_of__lte=month.last), key=_place)
    return Report(
        month=month,
        closing=closed.closing,
        rows=tuple(values.row(definition, goals.get(definition.code)) for definition in closed.definitions()),
        published=tuple(figure for figure in published if figure.as_of >= month.first),
        earlier=tuple(figure for figure in published if figure.as_of < month.first),
        made_at=timezone.now(),
    )


def _place(figure: PublishedFigure) -> tuple[dt.date, int]:
    """Published figures stand by day, and in the order of the counted ones."""
    return figure.as_of, position(figure.figure)


class _Values:
    """The values of the fiscal year up to a month: closed months from the ledger, open ones counted now."""

    def __init__(self, month: Month, closed: ClosedMonths) -> None:
        self.month = month
        self.closed = closed
        self.flows = flows_by_month(month.fiscal_year_first, month.last)
        self.members = members_by_month(month.fiscal_year_first, month.last)

    def row(self, definition: Definition, goal: Goal | None) -> Row:
        key = definition.code, self.month
        value = self._value(definition, self.month)
        return Row(
            definition=definition,
            value=value,
            year_to_date=value if definition.is_stock else self._year_to_date(definition),
            frozen=self.closed.frozen.get(key),
            corrections=tuple(self.closed.corrections[key]),
            goal=goal,
        )

    def _value(self, definition: Definition, month: Month) -> int:
        key = definition.code, month
        if key in self.closed.frozen:
            return self.closed.current(key)
        if definition.is_stock:
            return _stock(definition, month.last)
        return len(self._members(definition, month)) if definition.distinct else self.flows.get(key, 0)

    def _year_to_date(self, definition: Definition) -> int:
        months = months_to(self.month)
        if not definition.distinct:
            return sum(self._value(definition, month) for month in months)
        # The same group may come in several months. What no record accounts for is added as it is.
        together = set().union(*(self._members(definition, month) for month in months))
        apart = sum(self._value(definition, month) - len(self._members(definition, month)) for month in months)
        return len(together) + apart

    def _members(self, definition: Definition, month: Month) -> set[str]:
        key = definition.code, month
        return self.closed.members[key] if key in self.closed.frozen else self.members.get(key, set())


def _stock(definition: Definition, day: dt.date) -> int:
    return definition.rows(day, day).aggregate(total=Sum("amount"))["total"] or 0

"""Where the fiscal year stands against each of its goals, what is likely by its end, and what it would take."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from consult.kpi.book import Book
from consult.kpi.dashboard.forecast import LEAST_WEEKS, Outlook, Rate, chances_needed, extra_per_week, outlook
from consult.kpi.dashboard.weeks import Openings, Recent
from consult.kpi.definition import Definition
from consult.kpi.report import share_of
from programme.fiscal import Month
from programme.models import Goal

MONTHS = 12
DAYS_OF_A_WEEK = 7
WEEKS_OF_A_MONTH = 52 / 12
BY_OPENING = frozenset({"consultations"})
"""Figures of which more openings bring more. The others come by the week."""
BY_SESSION = frozenset({"participants"})


@dataclass(frozen=True, slots=True)
class Year:
    """A fiscal year and the day on which it is looked at: today, or its last day once it is over."""

    months: tuple[Month, ...]
    day: dt.date

    @property
    def first(self) -> dt.date:
        return self.months[0].first

    @property
    def last(self) -> dt.date:
        return self.months[-1].last

    @property
    def is_over(self) -> bool:
        return self.day >= self.last

    @property
    def weeks_left(self) -> float:
        return (self.last - self.day).days / DAYS_OF_A_WEEK

    @property
    def share_gone(self) -> Decimal:
        """How much of the year is over with the end of ``day``."""
        return Decimal((self.day - self.first).days + 1) / ((self.last - self.first).days + 1)

    @property
    def begun(self) -> list[Month]:
        return [month for month in self.months if month.first <= self.day]


@dataclass(frozen=True, slots=True)
class Standing:
    """One goal. ``weeks`` says from how many weeks ``rate`` comes; None while they are too few, or the year is over."""

    goal: Goal
    definition: Definition
    so_far: int
    year: Year
    weeks: int = 0
    rate: Rate | None = None
    chances_ahead: float = 0
    per_session: float = 0

    @property
    def code(self) -> str:
        return self.definition.code

    @property
    def missing(self) -> int:
        return max(0, self.goal.value - self.so_far)

    @property
    def due(self) -> int:
        """Where the year would stand today if the goal were reached in even steps, rounded up."""
        return math.ceil(self.goal.value * self.year.share_gone)

    @property
    def share(self) -> Decimal:
        return share_of(self.goal.value, self.so_far) if self.goal.value else Decimal(1)

    @property
    def outlook(self) -> Outlook | None:
        return outlook(self.so_far, self.rate, self.chances_ahead) if self.rate else None

    @property
    def weeks_wanted(self) -> int:
        """How many more weeks must be recorded before there is a forecast."""
        return max(0, LEAST_WEEKS - self.weeks)

    @property
    def extra_openings(self) -> int | None:
        """Openings a week, beside those planned, that bring what is expected to the goal."""
        if self.rate is None or self.code not in BY_OPENING:
            return None
        needed = chances_needed(self.so_far, self.rate, self.goal.value)
        return extra_per_week(needed, self.chances_ahead, self.year.weeks_left)

    @property
    def extra_sessions(self) -> int | None:
        """The same in sessions a week, each with as many people as lately."""
        found = self.outlook
        if found is None or self.code not in BY_SESSION or not self.per_session:
            return None
        return extra_per_week((self.goal.value - found.expected) / self.per_session, 0, self.year.weeks_left)

    @property
    def a_month(self) -> int:
        """What is missing, spread over the months that are left, rounded up."""
        months = self.year.weeks_left / WEEKS_OF_A_MONTH
        return math.ceil(self.missing / months) if months > 0 else self.missing


def standings(goals: Sequence[tuple[Goal, Definition]], year: Year, book: Book, weeks: Recent | None) -> list[Standing]:
    """A stock has no forecast, nor has anything without ``weeks``, as in a year that is over."""
    found = []
    for goal, definition in goals:
        counted, _cells = book.together(definition, year.begun)
        so_far = counted or 0  # goals are of figures that add up
        if weeks is None or definition.is_stock:
            found.append(Standing(goal, definition, so_far, year))
            continue
        by_opening = definition.code in BY_OPENING
        rate, used = weeks.rate(definition.code, weeks.opened() if by_opening else [1.0] * len(weeks.mondays))
        ahead = planned(weeks.openings, year) if by_opening else year.weeks_left
        found.append(Standing(goal, definition, so_far, year, used, rate, ahead, people_a_session(weeks)))
    return found


def year_of(fiscal_year: int, today: dt.date) -> Year:
    months = [Month(fiscal_year, 4)]
    while len(months) < MONTHS:
        months.append(months[-1].next)
    return Year(tuple(months), min(today, months[-1].last))


def planned(openings: Openings, year: Year) -> int:
    """Openings after ``year.day`` until the end of the year."""
    return openings.between(year.day + dt.timedelta(days=1), year.last)


def people_a_session(weeks: Recent) -> float:
    sessions = sum(weeks.weekly("sessions"))
    return sum(weeks.weekly("participants")) / sessions if sessions else 0.0

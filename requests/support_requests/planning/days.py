"""Moments as the matcher counts them: days from the plan's first day, minutes after midnight, on a 15-minute grid."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from programme.fiscal import Month, start_of
from supporters.models.claims import CELL

GRID = int(CELL.total_seconds()) // 60
MIDNIGHT = 24 * 60

Span = tuple[int, int, int]
"""(day, from minute, to minute)"""


def down(minute: int) -> int:
    return minute - minute % GRID


def up(minute: int) -> int:
    return -down(-minute)


def minute_of(time: dt.time) -> int:
    return time.hour * 60 + time.minute


@dataclass(frozen=True, slots=True)
class Period:
    """The days from ``first`` to ``last``, both included, in Tokyo."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """The half-open interval of aware times."""
        return start_of(self.first), start_of(self.last + dt.timedelta(days=1))

    def __contains__(self, moment: dt.datetime) -> bool:
        return self.first <= timezone.localdate(moment) <= self.last

    def whole(self) -> "Period":
        """This period widened to whole Monday weeks and calendar months: what weekly and monthly limits look at."""
        monday = self.first - dt.timedelta(days=self.first.weekday())
        sunday = self.last + dt.timedelta(days=6 - self.last.weekday())
        return Period(min(monday, Month.of(self.first).first), max(sunday, Month.of(self.last).last))

    def day_of(self, day: dt.date) -> int:
        return (day - self.first).days

    def place(self, starts_at: dt.datetime, ends_at: dt.datetime) -> Span:
        """A span within one day, widened to the grid; one that goes on after midnight ends there."""
        start, end = timezone.localtime(starts_at), timezone.localtime(ends_at)
        to = up(minute_of(end.time())) if end.date() == start.date() else MIDNIGHT
        return self.day_of(start.date()), down(minute_of(start.time())), to

    def split(self, starts_at: dt.datetime, ends_at: dt.datetime) -> list[Span]:
        """A span of any length, clipped to the period and cut into days, each widened to the grid."""
        start, end = self.span
        starts_at, ends_at = max(starts_at, start), min(ends_at, end)
        spans = []
        while starts_at < ends_at:
            midnight = start_of(timezone.localdate(starts_at) + dt.timedelta(days=1))
            spans.append(self.place(starts_at, min(ends_at, midnight)))
            starts_at = midnight
        return spans

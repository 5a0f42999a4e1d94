"""Which dates a desk's rule gives, what stands in the way of some, and which others would do instead."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from programme.fiscal import span
from programme.models.places import dates_of
from supporters.models import Shift

if TYPE_CHECKING:
    from consult.models import Desk

# How far a date is put off at most when the venue is closed.
WEEKS_LATER = 4
DAYS_LATER = 14


@dataclass(frozen=True, slots=True)
class Shut:
    """A date of the rule on which the desk cannot open, why, and dates that would do instead."""

    day: dt.date
    reason: str
    bookings: list[Shift]
    """what else is in the room at that time; the reason is "" then"""
    instead: list[dt.date]


@dataclass(frozen=True, slots=True)
class DatePlan:
    """What a rule gives for a period."""

    new: list[dt.date]
    closed: dict[dt.date, str]
    """dates on which the venue is closed, and why"""
    there: list[dt.date]
    """dates made before, those too that were moved to another day"""
    called_off: dict[dt.date, int]
    """dates made before and called off: each with its opening, which may be opened again"""
    taken: dict[dt.date, list[Shift]]
    """dates on which the desk's room has another booking at that time"""
    beside: dict[dt.date, list[Shift]]
    """new dates on which something else is at the same venue at that time, in another room or nobody knows which"""
    instead: dict[dt.date, list[dt.date]]
    """for dates that are closed or taken: the next free date on the same weekday, and the next free day"""

    @property
    def shut(self) -> list[Shut]:
        days = sorted({*self.closed, *self.taken} - {*self.there, *self.called_off})
        return [Shut(day, self.closed.get(day, ""), self.taken.get(day, []), self.instead.get(day, [])) for day in days]

    @property
    def look_at(self) -> list[tuple[dt.date, list[Shift]]]:
        return sorted(self.beside.items())

    @property
    def possible(self) -> set[dt.date]:
        """All dates that somebody may choose from the plan."""
        return {*self.new, *(day for days in self.instead.values() for day in days)}


def plan_dates(desk: "Desk", first: dt.date, last: dt.date) -> DatePlan:
    """The plan for the days from ``first`` to ``last``, in a fixed number of queries."""
    furthest = last + dt.timedelta(weeks=WEEKS_LATER)
    days = dates_of(desk.rule, first, last)
    closures = desk.venue.closed_days(first, furthest)
    made = list(
        desk.openings.filter(date__range=(first, furthest))
        .order_by("date")
        .values_list("date", "pk", "shift__cancelled_at")
    )
    there = {day for day, _pk, _cancelled_at in made}
    called_off = {day: pk for day, pk, cancelled_at in made if cancelled_at and day <= last}
    moved = desk.openings.filter(reschedulings__from_date__range=(first, furthest))
    there |= set(moved.values_list("reschedulings__from_date", flat=True))
    taken, beside = _bookings(desk, first, furthest)
    closed = {day: closures[day] for day in days if day in closures}
    new = [day for day in days if not any(day in it for it in (closures, there, taken))]
    bad = [day for day in days if day not in there and (day in closures or day in taken)]
    # The rule's own dates after the period are no substitutes: they will be made in their turn.
    full = {*dates_of(desk.rule, first, furthest), *there, *closures, *taken}
    instead = {}
    for day in bad:
        found = list(dict.fromkeys(filter(None, (_first(_same_weekday(day), full), _first(_next_days(day), full)))))
        full.update(found)
        if found:
            instead[day] = found
    return DatePlan(
        new=new,
        closed=closed,
        there=sorted(day for day in there - called_off.keys() if first <= day <= last),
        called_off=called_off,
        taken={day: taken[day] for day in bad if day in taken},
        beside={day: beside[day] for day in new if day in beside},
        instead=instead,
    )


def _same_weekday(day: dt.date) -> Iterator[dt.date]:
    return (day + dt.timedelta(weeks=number) for number in range(1, WEEKS_LATER + 1))


def _next_days(day: dt.date) -> Iterator[dt.date]:
    return (day + dt.timedelta(days=number) for number in range(1, DAYS_LATER + 1))


def _first(days: Iterator[dt.date], full: set[dt.date]) -> dt.date | None:
    today = timezone.localdate()
    return next((day for day in days if day not in full and day >= today), None)


def _bookings(
    desk: "Desk", first: dt.date, last: dt.date
) -> tuple[dict[dt.date, list[Shift]], dict[dt.date, list[Shift]]]:
    """What else is at the venue at the desk's hours: (in its room, in another room or an unknown one), by day."""
    start, end = span(first, last)
    others = Shift.objects.standing().filter(venue=desk.venue, starts_at__lt=end, ends_at__gt=start)
    others = others.exclude(Q(opening__desk=desk)).select_related("room").order_by("starts_at")
    taken: dict[dt.date, list[Shift]] = defaultdict(list)
    beside: dict[dt.date, list[Shift]] = defaultdict(list)
    for other in others:
        starts, ends = timezone.localtime(other.starts_at), timezone.localtime(other.ends_at)
        until = ends.time() if ends.date() == starts.date() else dt.time.max
        if starts.time() < desk.closes and desk.opens < until:
            same_room = desk.room_id is not None and other.room_id == desk.room_id
            (taken if same_room else beside)[starts.date()].append(other)
    return dict(taken), dict(beside)

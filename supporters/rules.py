"""May this supporter take this shift? Checked under the supporter's row lock when somebody accepts."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from programme.errors import Refused
from programme.fiscal import Month, span
from programme.geo import to_metres, travel_minutes
from programme.models import Limits, Venue
from supporters.errors import (
    AdultMissing,
    AlreadyBooked,
    ConsentMissing,
    MonthFull,
    NotActive,
    TooFarApart,
    TooLateForMinor,
    TrainingMissing,
    WeekFull,
)

if TYPE_CHECKING:
    from supporters.models import Assignment, Shift, Supporter
    from supporters.models.assignments import AssignmentQuerySet


# What the office may set aside when it knows better, with a reason; training, consent and the law it may not.
MAY_BE_SET_ASIDE = (WeekFull, MonthFull, TooFarApart)


@dataclass(frozen=True, slots=True)
class Mate:
    """Somebody else who has a place on the shift (``held``), or is asked to take one."""

    assignment_id: int
    supporter_id: int
    birth_date: dt.date
    held: bool


@dataclass(frozen=True, slots=True)
class Known:
    """The facts by which it is decided whether one person may take one shift."""

    limits: Limits
    trained: bool
    consented: bool
    duties: Sequence["Shift"]
    """what the person has promised in the weeks and months around, with venue and district"""
    mates: Sequence[Mate]
    free_seats: int


def check(
    supporter: "Supporter",
    shift: "Shift",
    *,
    instead_of: "Assignment | None" = None,
    despite: Collection[type[Refused]] = (),
) -> None:
    """Raise the first Refused that stands against ``supporter`` taking ``shift``; return quietly when none does.

    ``instead_of`` is the assignment whose seat the supporter would take over; ``despite`` are set aside.
    """
    for refusal in refusals(supporter, shift, _known(supporter, shift), instead_of=instead_of):
        if not isinstance(refusal, tuple(despite)):
            raise refusal


def is_without_adult(supporter: "Supporter", shift: "Shift") -> bool:
    """Whether the person, under age on that day, would go without an adult who goes or is being asked."""
    return any(isinstance(it, AdultMissing) for it in refusals(supporter, shift, _known(supporter, shift)))


def against_minor(supporter: "Supporter", shift: "Shift") -> Refused | None:
    """What stands against the person being on ``shift`` because they are under age on that day, if anything does."""
    found = refusals(supporter, shift, _known(supporter, shift))
    return next((it for it in found if isinstance(it, (ConsentMissing, TooLateForMinor, AdultMissing))), None)


def refusals(
    supporter: "Supporter", shift: "Shift", known: Known, *, instead_of: "Assignment | None" = None
) -> Iterator[Refused]:
    """All that stands against it, the gravest first. Asks the database nothing."""
    if supporter.status != supporter.Status.ACTIVE:
        yield NotActive(status=supporter.Status(supporter.status).label)  # in the language of who reads it
    if not known.trained:
        yield TrainingMissing()
    if supporter.is_minor_on(shift.local_date, known.limits.adult_age):
        yield from _for_minor(supporter, shift, known, instead_of)
    duties = [duty for duty in known.duties if duty.pk != shift.pk]
    yield from _load(supporter, shift, duties)
    yield from _neighbours(supporter, shift, duties, known.limits)


def _for_minor(
    supporter: "Supporter", shift: "Shift", known: Known, instead_of: "Assignment | None"
) -> Iterator[Refused]:
    if not known.consented:
        yield ConsentMissing()
    ends = timezone.localtime(shift.ends_at)
    if ends.date() > shift.local_date or ends.hour * 60 + ends.minute > known.limits.minor_latest_end:
        yield TooLateForMinor()
    latest_birth = _years_before(shift.local_date, known.limits.adult_age)
    adults = [mate for mate in known.mates if mate.birth_date <= latest_birth]
    staying = [mate for mate in adults if mate.held and not (instead_of and mate.assignment_id == instead_of.pk)]
    asked = [mate for mate in adults if not mate.held]
    if not staying and not (asked and _seat_left_beside(supporter, known, instead_of)):
        yield AdultMissing()


def _seat_left_beside(supporter: "Supporter", known: Known, instead_of: "Assignment | None") -> bool:
    """Whether a seat stays free for somebody else once ``supporter`` has one."""
    sits_already = instead_of or any(mate.held and mate.supporter_id == supporter.pk for mate in known.mates)
    return known.free_seats > (0 if sits_already else 1)


def _years_before(day: dt.date, years: int) -> dt.date:
    """The latest birth date of somebody who is ``years`` old on ``day``."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        # On 29 February, counted back to another year: who was born on the 28th has had the birthday, on 1 March not.
        return day.replace(year=day.year - years, day=28)


def _load(supporter: "Supporter", shift: "Shift", duties: Sequence["Shift"]) -> Iterator[Refused]:
    monday = shift.local_date - dt.timedelta(days=shift.local_date.weekday())
    sunday = monday + dt.timedelta(days=6)
    if sum(monday <= duty.local_date <= sunday for duty in duties) >= supporter.week_limit:
        yield WeekFull(limit=supporter.week_limit)
    month = Month.of(shift.local_date)
    if sum(Month.of(duty.local_date) == month for duty in duties) >= supporter.month_limit:
        yield MonthFull(limit=supporter.month_limit)


def _neighbours(supporter: "Supporter", shift: "Shift", duties: Sequence["Shift"], limits: Limits) -> Iterator[Refused]:
    pace = limits.pace_of(supporter.travel_by)
    start, end = span(shift.local_date, shift.local_date)
    for other in duties:
        if other.ends_at <= start or other.starts_at >= end:
            continue
        if other.starts_at < shift.ends_at and shift.starts_at < other.ends_at:
            yield AlreadyBooked()
            continue
        gap = shift.starts_at - other.ends_at if other.ends_at <= shift.starts_at else other.starts_at - shift.ends_at
        if gap < way_between(other.venue, shift.venue, pace, limits.travel_buffer):
            yield TooFarApart(other=other)


def days_around(first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """The whole weeks and months in which the limits of shifts from ``first`` to ``last`` are counted."""
    monday = first - dt.timedelta(days=first.weekday())
    sunday = last + dt.timedelta(days=6 - last.weekday())
    return min(monday, Month.of(first).first), max(sunday, Month.of(last).last)


def _known(supporter: "Supporter", shift: "Shift") -> Known:
    limits = Limits.current()
    start, end = span(*days_around(shift.local_date, shift.local_date))
    held = supporter.assignments.held().filter(shift__starts_at__lt=end, shift__ends_at__gt=start).exclude(shift=shift)
    mates: list[Mate] = []
    free_seats, consented = 0, True
    if supporter.is_minor_on(shift.local_date, limits.adult_age):
        consented = supporter.has_consent()
        free_seats = shift.seats.filter(assignment=None).count()
        mates = mates_of(shift.assignments.all())
    return Known(
        limits=limits,
        trained=not supporter.missing_courses(),
        consented=consented,
        duties=[assignment.shift for assignment in held.select_related("shift__venue__district")],
        mates=mates,
        free_seats=free_seats,
    )


def mates_of(assignments: "AssignmentQuerySet") -> list[Mate]:
    """Those of ``assignments`` that count. One query."""
    mates = (mate_of(row) for row in assignments.select_related("supporter").order_by("pk"))
    return [mate for mate in mates if mate]


def mate_of(row: "Assignment") -> Mate | None:
    """Somebody who counts: with a place, or asked and still to answer."""
    if not row.is_held and (row.status != row.Status.OFFERED or row.is_overdue):
        return None
    return Mate(row.pk, row.supporter_id, row.supporter.birth_date, row.is_held)


def way_between(a: Venue, b: Venue, pace: int, buffer: int) -> dt.timedelta:
    """The time to leave between duties at two venues: none at the same one, else travel and ``buffer`` minutes."""
    if a.pk == b.pk:
        return dt.timedelta(0)
    return dt.timedelta(minutes=travel_minutes(to_metres(*a.position), to_metres(*b.position), pace) + buffer)

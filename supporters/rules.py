"""May this supporter take this shift? Checked under the supporter's row lock when somebody accepts."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

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


def check(supporter: "Supporter", shift: "Shift", *, instead_of: "Assignment | None" = None) -> None:
    """Raise the first Refused that stands against ``supporter`` taking ``shift``; return quietly when none does.

    ``instead_of`` is the assignment whose seat the supporter would take over.
    """
    limits = Limits.current()
    if supporter.status != supporter.Status.ACTIVE:
        raise NotActive(status=supporter.get_status_display())
    if supporter.missing_courses():
        raise TrainingMissing
    if supporter.is_minor_on(shift.local_date, limits.adult_age):
        _check_minor(supporter, shift, limits, instead_of)
    _check_load(supporter, shift)
    _check_neighbours(supporter, shift, limits)


def _check_minor(supporter: "Supporter", shift: "Shift", limits: Limits, instead_of: "Assignment | None") -> None:
    if not supporter.has_consent():
        raise ConsentMissing
    ends = timezone.localtime(shift.ends_at)
    if ends.date() > shift.local_date or ends.hour * 60 + ends.minute > limits.minor_latest_end:
        raise TooLateForMinor
    adults = shift.assignments.filter(supporter__birth_date__lte=_years_before(shift.local_date, limits.adult_age))
    staying = adults.held().exclude(pk=instead_of.pk) if instead_of else adults.held()
    if not staying.exists() and not (
        adults.open(timezone.now()).exists() and _seat_left_beside(supporter, shift, instead_of)
    ):
        raise AdultMissing


def _seat_left_beside(supporter: "Supporter", shift: "Shift", instead_of: "Assignment | None") -> bool:
    """Whether a seat stays free for somebody else once ``supporter`` has one."""
    sits_already = instead_of or shift.assignments.held().filter(supporter=supporter).exists()
    return shift.seats.filter(assignment=None).count() > (0 if sits_already else 1)


def _years_before(day: dt.date, years: int) -> dt.date:
    """The latest birth date of somebody who is ``years`` old on ``day``."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        # On 29 February, counted back to another year: who was born on the 28th has had the birthday, on 1 March not.
        return day.replace(year=day.year - years, day=28)


def _others(supporter: "Supporter", shift: "Shift", first: dt.date, last: dt.date) -> int:
    start, end = span(first, last)
    return (
        supporter.assignments.held()
        .filter(shift__starts_at__gte=start, shift__starts_at__lt=end)
        .exclude(shift=shift)
        .count()
    )


def _check_load(supporter: "Supporter", shift: "Shift") -> None:
    monday = shift.local_date - dt.timedelta(days=shift.local_date.weekday())
    if _others(supporter, shift, monday, monday + dt.timedelta(days=6)) >= supporter.week_limit:
        raise WeekFull(limit=supporter.week_limit)
    month = Month.of(shift.local_date)
    if _others(supporter, shift, month.first, month.last) >= supporter.month_limit:
        raise MonthFull(limit=supporter.month_limit)


def _check_neighbours(supporter: "Supporter", shift: "Shift", limits: Limits) -> None:
    start, end = span(shift.local_date, shift.local_date)
    same_day = (
        supporter.assignments.held()
        .filter(Q(shift__starts_at__lt=end) & Q(shift__ends_at__gt=start))
        .exclude(shift=shift)
        .select_related("shift__venue__district")
    )
    for other in (assignment.shift for assignment in same_day):
        if other.starts_at < shift.ends_at and shift.starts_at < other.ends_at:
            raise AlreadyBooked
        gap = shift.starts_at - other.ends_at if other.ends_at <= shift.starts_at else other.starts_at - shift.ends_at
        if gap < way_between(other.venue, shift.venue, limits.travel_buffer):
            raise TooFarApart(other=other)


def way_between(a: Venue, b: Venue, buffer: int) -> dt.timedelta:
    """The time to leave between duties at two venues: none at the same one, else travel and ``buffer`` minutes."""
    if a.pk == b.pk:
        return dt.timedelta(0)
    return dt.timedelta(minutes=travel_minutes(to_metres(*a.position), to_metres(*b.position)) + buffer)

"""Being there: check-in at the venue, and what proves that a duty was kept."""

import datetime as dt
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone

from programme.models import Limits
from programme.wording import say_moment
from supporters.errors import CheckInOver, OfferClosed, ReasonNeeded, ShiftCancelled, TooEarlyToCheckIn
from supporters.models import Assignment, CheckIn, Shift


class Door(StrEnum):
    """Whether somebody may say "I am here" now."""

    CLOSED = "closed"  # too early, or no duty of theirs any more
    OPEN = "open"
    LATE = "late"  # the shift is over, its day is not: the tap counts with its reason
    OVER = "over"  # the day is over: the office notes who was there
    DONE = "done"  # said already


def opens_at(shift: Shift, limits: Limits) -> dt.datetime:
    return shift.starts_at - dt.timedelta(minutes=limits.check_in_minutes)


def door(assignment: Assignment, limits: Limits, now: dt.datetime) -> Door:
    """Looks at the assignment's shift and check-in; both are best selected with it."""
    shift = assignment.shift
    if hasattr(assignment, "check_in"):
        return Door.DONE
    if not assignment.is_held or shift.cancelled_at or now < opens_at(shift, limits):
        return Door.CLOSED
    if now < shift.ends_at:
        return Door.OPEN
    # A duty that ends at midnight is still of the day on which it began.
    last = max(timezone.localdate(shift.starts_at), timezone.localdate(shift.ends_at - dt.timedelta(minutes=1)))
    return Door.LATE if timezone.localdate(now) <= last else Door.OVER


@transaction.atomic
def check_in(assignment: Assignment, *, by: Any, way: str, late_because: str = "") -> CheckIn:
    """Note that the person is there. Twice is once: the first tap counts.

    After the shift, on its day, ``late_because`` (a ``CheckIn.LateBecause``) says why the tap comes late; a tap in time
    keeps none. Raises OfferClosed when the person is not on the shift, ShiftCancelled, TooEarlyToCheckIn, ReasonNeeded,
    CheckInOver.
    """
    rows = Assignment.objects.select_for_update(of=("self",)).select_related("shift", "check_in")
    row = rows.get(pk=assignment.pk)
    limits, now = Limits.current(), timezone.now()
    match door(row, limits, now):
        case Door.DONE:
            return row.check_in
        case Door.OPEN:
            late_because = ""
        case Door.LATE if late_because not in CheckIn.LateBecause:
            raise ReasonNeeded
        case Door.LATE:
            pass
        case Door.OVER:
            raise CheckInOver
        case Door.CLOSED if row.shift.cancelled_at:
            raise ShiftCancelled
        case Door.CLOSED if not row.is_held:
            raise OfferClosed(status=row.get_status_display())
        case Door.CLOSED:
            raise TooEarlyToCheckIn(opens=say_moment(opens_at(row.shift, limits)))
    return CheckIn.objects.create(assignment=row, at=now, way=way, late_because=late_because, by=by)

"""An opening moves to another day or another hour, and everybody who counts on it is told."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from consult import reserving
from consult.errors import (
    BookingsFall,
    NothingMoved,
    OpeningCalledOff,
    OpeningOver,
    OpeningThere,
    PastDay,
    ReasonMissing,
    VenueShut,
)
from consult.models import Desk, Opening, Rescheduling
from programme.wording import say_day, say_list, say_time
from supporters.models import Assignment, Shift


@transaction.atomic
def move(
    opening: Opening,
    day: dt.date,
    opens: dt.time,
    closes: dt.time,
    *,
    by: Any,
    reason: str,
    although_closed: bool = False,
    although_booked: bool = False,
) -> list[Assignment]:
    """Move ``opening``. Its people get the calendar entry anew, who has reserved keeps the slot; all are told.

    Returns those who were taken off because they cannot take the new time. Raises ReasonMissing, OpeningOver,
    PastDay, NothingMoved, OpeningThere, OpeningCalledOff, VenueShut unless ``although_closed``, BookingsFall unless
    ``although_booked``, ShiftCancelled, RoomTaken.
    """
    if not reason.strip():
        raise ReasonMissing
    desk = Desk.objects.select_for_update().get(pk=opening.desk_id)  # of two who move to one day the first has it
    opening.refresh_from_db()
    shift = Shift.objects.select_for_update(no_key=True).get(pk=opening.shift_id)
    if shift.starts_at <= timezone.now():
        raise OpeningOver(day=say_day(opening.date))
    starts_at = timezone.make_aware(dt.datetime.combine(day, opens))
    ends_at = timezone.make_aware(dt.datetime.combine(day, closes))
    if starts_at <= timezone.now():
        raise PastDay
    if (starts_at, ends_at) == (shift.starts_at, shift.ends_at):
        raise NothingMoved
    there = desk.openings.exclude(pk=opening.pk).filter(date=day).select_related("shift").first()
    if there:
        raise (OpeningCalledOff if there.is_cancelled else OpeningThere)(day=say_day(day))
    closed = desk.venue.closed_on(day)
    if closed and not although_closed:
        raise VenueShut(day=say_day(day), reason=closed)
    minutes = (ends_at - starts_at) // dt.timedelta(minutes=1)
    falling = reserving.beyond(opening, minutes)
    if falling and not although_booked:
        raise BookingsFall(count=len(falling), which=say_list(f"{say_time(it.starts_at)} {it.name}" for it in falling))
    reserving.shorten(opening, minutes, reason=reason.strip())
    Rescheduling.objects.create(
        opening=opening,
        from_date=opening.date,
        from_starts_at=shift.starts_at,
        from_ends_at=shift.ends_at,
        by=by,
        reason=reason.strip(),
    )
    leaving = shift.move_to(starts_at, ends_at, by=by, reason=reason.strip())
    opening.shift, opening.date, opening.changed_at = shift, day, timezone.now()
    opening.save(update_fields=["date", "changed_at"])
    reserving.follow(opening, by=by, reason=reason.strip())
    return leaving

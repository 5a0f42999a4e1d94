"""Places that supporters take, or apply for, by their own wish: they see what they can take, and nothing else."""

import datetime as dt
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from programme.models import Limits, Venue
from programme.wording import say_day
from supporters.choosing import Tally, places_for, venues_in_reach
from supporters.errors import Away, NotOpen, NotYetOpen, TooFar
from supporters.models import Assignment, Shift, Supporter
from supporters.models.shifts import ShiftQuerySet

# The shifts within reach that are looked at for one person, the soonest first.
PLACES_LOOKED_AT = 300


def open_places(supporter: Supporter) -> list[Shift]:
    """Shifts with a place that the person may take or apply for, the soonest first; in a fixed number of queries.

    Where the office chooses, a place for which somebody is being asked is not offered to others.
    """
    coming = _coming().with_staffing()
    first_come = Q(joining=Shift.Joining.FIRST_COME, held__lt=F("needed"))
    choice = Q(joining=Shift.Joining.CHOICE, held__lt=F("needed") - F("asked"))
    near = venues_in_reach(supporter, Venue.objects.select_related("district").filter(shifts__in=_coming()).distinct())
    own = supporter.assignments.filter(status=Assignment.Status.STANDING_IN_WANTED)  # others are to take these
    rows = (
        coming.filter(first_come | choice, venue__in=near)
        .exclude(pk__in=own.values("shift"))
        .select_related("venue__district")
        .order_by("starts_at", "pk")
    )
    return places_for(supporter, list(rows[:PLACES_LOOKED_AT]))


def _coming() -> ShiftQuerySet:
    """Shifts of the time for which people choose places, open or not."""
    now = timezone.now()
    return Shift.objects.standing().filter(starts_at__gt=now, starts_at__lt=_horizon())


def _horizon() -> dt.datetime:
    """Until when people choose places: what lies beyond is not planned yet."""
    return timezone.now() + dt.timedelta(days=Limits.current().desk_days_ahead)


def join(shift: Shift, supporter: Supporter, *, by: Any) -> Assignment:
    """The person wants the place: it is theirs, or the office will choose, as the shift says. Twice is once.

    What ``open_places`` does not offer is refused: raises NotOpen, NotYetOpen, Away, TooFar, or what
    ``Assignment.take`` or ``Assignment.apply`` raises.
    """
    if shift.joining == Shift.Joining.CLOSED:
        raise NotOpen
    if shift.starts_at >= _horizon():
        raise NotYetOpen(day=say_day(shift.local_date))
    tally = Tally(Supporter.objects.filter(pk=supporter.pk), [shift])
    person = tally.people[0]
    if not tally.is_on(person, shift):
        own = (it for it in tally.choice(person, shift).doubts if isinstance(it, (Away, TooFar)))
        if refusal := next(own, None):
            raise refusal
    if shift.joining == Shift.Joining.CHOICE:
        return Assignment.apply(shift, supporter, by=by)
    return Assignment.take(shift, supporter, by=by)

"""A session moves to another time that suits its group, with as much of its team as can come."""

import copy
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone

from programme.errors import ChangedMeanwhile, Refused
from programme.fiscal import Month
from programme.models import Limits
from support_requests import rules
from support_requests.errors import SameTime, TeamCannotCome, TimePassed
from support_requests.messages import knows_time, tell_moved
from support_requests.models import Session, SupportRequest
from support_requests.services import check_months, full_months
from supporters.choosing import Choice, Tally
from supporters.errors import NotUsuallyFree, TooFar
from supporters.models import Assignment, RoomClaim, Shift, Supporter
from supporters.models.claims import cells

MOVABLE = (SupportRequest.Status.PLANNED, SupportRequest.Status.BOOKED)


@dataclass(frozen=True, slots=True)
class OtherTime:
    """A time to which a session could move: who of its team could come then, and who could not.

    ``doubtful``: those who could come and have said that they usually have no time then, or do not go so far.
    """

    starts_at: dt.datetime
    staying: list[Supporter]
    leaving: list[Supporter]
    doubtful: list[Supporter]

    @property
    def suits_all(self) -> bool:
        """Whether the whole team can come, within its own free times and reach, as in a plan."""
        return not (self.leaving or self.doubtful)


@transaction.atomic
def reschedule(session: Session, starts_at: dt.datetime, *, by: Any, reason: str) -> list[Assignment]:
    """Move ``session`` to ``starts_at``. Everybody who stays gets the calendar entry anew, each is told once.

    Who cannot take the new time is taken off and told so; these are returned. The request then waits for its team
    again, and their places are planned anew. ``by`` None: the group itself, by its link, which has to keep to the
    first day that may be asked for and to times that suit the whole team; the office may know better.

    Raises ChangedMeanwhile unless it is planned or booked, TimePassed when it has begun, SameTime, what
    ``rules.check_start`` raises, for the group TooManyThisMonth and TeamCannotCome, and RoomTaken.
    """
    shift = Shift.objects.select_for_update(no_key=True).get(session=session)
    request = SupportRequest.objects.get(session=session)
    if request.status not in MOVABLE or shift.cancelled_at:
        raise ChangedMeanwhile
    if min(shift.starts_at, starts_at) <= timezone.now():
        raise TimePassed
    if starts_at == shift.starts_at:
        raise SameTime
    _check(_moved(shift, starts_at), Limits.current(), by=by)
    if by is None:
        check_months(request, [starts_at], before=[shift.starts_at])
        _check_team(shift, _moved(shift, starts_at))
    known = request.status == SupportRequest.Status.BOOKED or knows_time(request, shift)
    before = (shift.starts_at, shift.ends_at)
    ends_at = starts_at + (shift.ends_at - shift.starts_at)
    leaving = shift.move_to(starts_at, ends_at, by=by, reason=reason, guests=request.participants)
    complete = shift.is_staffed()
    if request.status == SupportRequest.Status.BOOKED and not complete:
        request._move(SupportRequest.Status.PLANNED, by=by, reason=reason)
    if known:
        session.request, session.shift = request, shift
        tell_moved(session, before=before, reason=reason, team_complete=complete)
    return leaving


def other_times(session: Session, starts: Iterable[dt.datetime], *, by: Any) -> list[OtherTime]:
    """Those of ``starts`` to which ``reschedule`` could move the session, in a fixed number of queries.

    The session is best read with its shift's venue, district and calendar of closures.

    The first is the one that most of the team can take, of equals the one with fewer doubtful people, then the one
    that comes first in ``starts``. ``by`` None: only those that suit the whole team.
    """
    prefetch_related_objects([session], "shift__venue__closures__closures")
    shift = session.shift
    limits = Limits.current()
    possible = [_moved(shift, start) for start in starts if start != shift.starts_at]
    possible = [one for one in possible if _is_possible(one, limits, by=by)]
    if by is None:
        full = full_months(session.request, [one.starts_at for one in possible], before=[shift.starts_at])
        possible = [one for one in possible if Month.of(one.local_date) not in full]
    found = _with_their_teams(shift, _with_a_room(possible, session.request.participants))
    if by is None:
        found = [one for one in found if one.suits_all]
    return sorted(found, key=lambda one: (len(one.leaving), len(one.doubtful)))


def _with_their_teams(shift: Shift, possible: list[Shift]) -> list[OtherTime]:
    """For each time that ``shift`` could have: who of its team could come."""
    tally = Tally(_team_of(shift).order_by("kana", "pk"), possible)
    found = []
    for one in possible:
        choices = [tally.choice(person, one) for person in tally.people]
        staying = [it for it in choices if _can_come(it)]
        leaving = [it.supporter for it in choices if it not in staying]
        doubtful = [it.supporter for it in staying if it.doubts]
        found.append(OtherTime(one.starts_at, [it.supporter for it in staying], leaving, doubtful))
    return found


def _team_of(shift: Shift) -> QuerySet[Supporter]:
    """Who has promised to come, or is asked to."""
    team = shift.assignments.filter(status__in=(*Assignment.HELD, Assignment.Status.OFFERED))
    return Supporter.objects.filter(assignments__in=team)


def _check_team(shift: Shift, moved: Shift) -> None:
    """Raises TeamCannotCome. The people are locked by key, as ``Shift.move_to`` does."""
    list(_team_of(shift).select_for_update(of=("self",), no_key=True).order_by("pk"))
    if not all(one.suits_all for one in _with_their_teams(shift, [moved])):
        raise TeamCannotCome


def _moved(shift: Shift, starts_at: dt.datetime) -> Shift:
    """The shift as it would be, not saved."""
    moved = copy.copy(shift)
    moved.starts_at, moved.ends_at = starts_at, starts_at + (shift.ends_at - shift.starts_at)
    return moved


def _check(moved: Shift, limits: Limits, *, by: Any) -> None:
    soonest = () if by is None else (moved.starts_at,)
    rules.check_start(moved.starts_at, minutes=moved.minutes, place=moved.venue, limits=limits, taken=soonest)


def _is_possible(moved: Shift, limits: Limits, *, by: Any) -> bool:
    try:
        _check(moved, limits, by=by)
    except Refused:
        return False
    return moved.starts_at > timezone.now()


def _with_a_room(shifts: list[Shift], people: int) -> list[Shift]:
    """Those for which a room is free that holds ``people``, or which need none."""
    if not shifts or not shifts[0].room_id:
        return shifts
    rooms = {room.pk for room in shifts[0].venue.rooms_for(people)}
    wanted = {one.starts_at: set(cells(one.starts_at, one.ends_at)) for one in shifts}
    claims = RoomClaim.objects.filter(room__in=rooms, cell__in=set().union(*wanted.values())).exclude(shift=shifts[0])
    taken = defaultdict(set)
    for room, cell in claims.values_list("room_id", "cell"):
        taken[cell].add(room)
    return [one for one in shifts if rooms - set().union(*(taken[cell] for cell in wanted[one.starts_at]))]


def _can_come(choice: Choice) -> bool:
    """As ``Shift.move_to`` decides it: a person who has promised to come may do so outside the usual week."""
    return not choice.against and all(isinstance(doubt, (NotUsuallyFree, TooFar)) for doubt in choice.doubts)

"""What the calendar of the request form says of a time before anybody asked for it: is a team likely?

The matcher's own rules answer, on the people as they stand today: skills, free times, absences, promises, limits and
the way. Other open requests are not counted, so it is an outlook and no promise.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.core.cache import cache
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

import matching
from programme.models import Limits, Topic, Venue
from support_requests import rules
from support_requests.planning.days import Period
from support_requests.planning.people import Supply
from support_requests.planning.problem import problem_of_visit
from supporters.models import RoomClaim
from supporters.models.claims import cells

REMEMBERED_FOR = 60  # seconds


class Outlook(models.TextChoices):
    GOOD = "good", _("空いています")
    FEW = "few", _("少なめ")
    HARD = "hard", _("むずかしい")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a group wants, as far as it matters for who could come. ``place`` may be unsaved."""

    place: Venue
    participants: int
    topics: Sequence[Topic]
    level: int
    needs: Sequence[str]
    minutes: int


def recent_supply(period: Period, limits: Limits) -> Supply:
    """The people as they stand, or stood at most a minute ago: all who fill in the form are told of the same ones."""
    key = f"supply:{period.first}:{period.last}"
    return cast(Supply, cache.get_or_set(key, lambda: Supply.over(period, timezone.now(), limits), REMEMBERED_FOR))


def outlook(
    visit: Visit, starts: Sequence[dt.datetime], limits: Limits, *, recent: bool = False
) -> dict[dt.datetime, Outlook]:
    """By start: "good" when a team is there whoever falls out, "few" when it hangs on somebody, "hard" when none is.

    In a constant number of queries. A time at which the hall has no free room of that size is "hard", too.
    ``starts`` are all different. The people are those of this moment, unless ``recent`` ones will do.
    """
    if not starts:
        return {}
    # All days that may be asked for, so that every page of the form asks of the same people.
    days = [*rules.possible_days(limits), *(timezone.localdate(start) for start in starts)]
    period = Period(min(days), max(days))
    people = recent_supply(period, limits) if recent else Supply.over(period, timezone.now(), limits)
    (found,) = matching.chances(problem_of_visit(visit, starts, period, people, limits)).values()
    full = _without_a_room(visit, starts)
    return {
        start: Outlook.HARD if start in full else Outlook(chance) for start, chance in zip(starts, found, strict=True)
    }


def _without_a_room(visit: Visit, starts: Sequence[dt.datetime]) -> set[dt.datetime]:
    if not visit.place.pk or not visit.place.rooms.all():
        return set()
    rooms = {room.pk for room in visit.place.rooms_for(visit.participants)}
    wanted = {start: set(cells(start, start + dt.timedelta(minutes=visit.minutes))) for start in starts}
    first, last = min(map(min, wanted.values())), max(map(max, wanted.values()))
    claims = RoomClaim.objects.filter(room__in=rooms, cell__range=(first, last)).values_list("room_id", "cell")
    taken: dict[int, set[int]] = {room: set() for room in rooms}
    for room, cell in claims:
        taken[room].add(cell)
    return {start for start, span in wanted.items() if all(span & busy for busy in taken.values())}

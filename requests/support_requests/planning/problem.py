"""The matcher's problem, built from the database: what is asked for, and who could go."""

import datetime as dt
import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef
from django.utils import timezone

import matching
from programme.geo import PACE_METRES, TRAVEL_BASE
from programme.models import Limits, Topic, Venue
from support_requests.models import Plan, PreferredTime, Session, SupportRequest
from support_requests.planning.days import GRID, Period, up
from support_requests.planning.people import Places, Supply, matched_people, union_name
from support_requests.planning.staffing import Remainder, short_of_people, with_members
from support_requests.planning.weights import session_weight, shift_weight
from supporters.models import RoomClaim, Shift
from supporters.models.claims import CELL, cells
from supporters.owners import kept_of

if TYPE_CHECKING:
    from support_requests.planning.outlook import Visit

SPARE_MEMBERS = 1


@dataclass(frozen=True)
class Dropped:
    """A wished start that was not even tried, and why: "past", "outside" (the period), "closed", "hours" or "room"."""

    starts_at: dt.datetime
    level: str


@dataclass(frozen=True)
class Asked:
    """What a task of the problem stands for: an open request or a standing shift, never both."""

    request: SupportRequest | None = None
    shift_id: int | None = None
    starts: tuple[dt.datetime, ...] = ()
    """the moments of the task's starts, in the task's order"""
    dropped: tuple[Dropped, ...] = ()


Mapped = dict[str, Asked]
"""By the task's id; a request without any start that could be tried is here, but not in the problem."""


def task_key(*, request_id: int | None = None, shift_id: int | None = None) -> str:
    """The id under which a request or a shift stands in the problem."""
    return f"request:{request_id}" if request_id else f"shift:{shift_id}"


def problem_hash(problem: matching.Problem) -> str:
    """SHA-256 over the problem's canonical JSON: the same facts give the same hash."""
    text = json.dumps(matching.problem_to_dict(problem), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def request_hash(request: SupportRequest) -> str:
    """SHA-256 over what the group asks for, so that a plan made of other wishes is not applied."""
    facts = [
        request.participants,
        request.venue_id,
        request.minutes,
        sorted(request.needs),
        sorted((one.topic_id, one.level) for one in request.topics.all()),
        sorted((one.rank, one.starts_at.timestamp()) for one in request.times.all()),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def team_size(participants: int, limits: Limits) -> int:
    """People to send to a group: one for every ``participants_per_supporter`` begun."""
    return math.ceil(participants / limits.participants_per_supporter)


def build_problem(
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
    only: Collection[int] = (),
    team: Collection[int] | None = None,
) -> tuple[matching.Problem, Mapped]:
    """Everything that is open between ``first`` and ``last``, as of ``now``, in a constant number of queries.

    With ``only``, keys of shifts, nothing but what these are short of: everybody else's time stays as it is. With
    ``team``, keys of people, these are all who could go.

    Raises ``matching.ProblemError`` when the facts contradict the matcher's format.
    """
    builder = _Builder(Period(first, last), now, Limits.current(), team)
    if not only:
        builder.add_requests()
    builder.add_shifts(only)
    return builder.problem(), builder.mapped


def problem_of_visit(
    visit: "Visit", starts: Sequence[dt.datetime], period: Period, supply: Supply, limits: Limits
) -> matching.Problem:
    """One visit that nobody has asked for yet, as the only task, at all of ``starts``. ``supply`` is the period's."""
    size = team_size(visit.participants, limits)
    task = matching.Task(
        id="visit",
        kind="session",
        venue=supply.places.number(visit.place),
        starts=tuple(period.place(moment, moment)[:2] for moment in starts),
        dur=up(visit.minutes),
        participants=visit.participants,
        k=size,
        kmax=size + SPARE_MEMBERS,
        topics=tuple(sorted((topic.pk, visit.level) for topic in visit.topics)),
        lead=True,
        needs=tuple(dict.fromkeys(visit.needs)),
        first_time=False,
        submitted=0,
        deadline=period.days - 1,
        weight=1,
    )
    return _problem(period, limits, supply.places, supply.people, [task])


def _problem(
    period: Period,
    limits: Limits,
    places: Places,
    people: tuple[matching.Supporter, ...],
    tasks: Sequence[matching.Task],
    unions: Collection[str] = (),
) -> matching.Problem:
    return matching.Problem(
        name=f"{period.first}/{period.last}",
        start_date=period.first,
        days=period.days,
        params=matching.Params(
            grid=GRID,
            buffer=limits.travel_buffer,
            minor_latest_end=limits.minor_latest_end,
            travel_base=TRAVEL_BASE,
            travel_num=limits.pace_car,
            travel_den=PACE_METRES,
        ),
        topics=(*Topic.objects.order_by("pk").values_list("pk", flat=True), *sorted(unions)),
        venues=tuple(places.venues),
        supporters=people,
        tasks=tuple(tasks),
    )


def problem_of(plan: Plan, now: dt.datetime, team: Collection[int] | None = None) -> tuple[matching.Problem, Mapped]:
    """What ``plan`` is to solve, as of ``now``: all of its period, or what its shifts are short of."""
    return build_problem(plan.first, plan.last, now, plan.mends.values_list("pk", flat=True), team)


@dataclass
class _Builder:
    period: Period
    now: dt.datetime
    limits: Limits
    team: Collection[int] | None
    mapped: Mapped = field(default_factory=dict)
    tasks: list[matching.Task] = field(default_factory=list)
    unions: dict[str, frozenset[str]] = field(default_factory=dict)
    kept: list[tuple[int, Shift]] = field(default_factory=list)
    """whose time is kept for which shift, by the person's key"""

    def __post_init__(self) -> None:
        self.places = Places.of_programme()

    # --- Requests --------------------------------------------------------------------------------------
    def add_requests(self) -> None:
        visited = Session.objects.held().filter(request__group=OuterRef("group"))
        requests = (
            SupportRequest.objects.open()
            .select_related("group", "room", "venue__district", "venue__closures")
            .prefetch_related("times", "topics", "venue__rooms", "venue__closures__closures")
            .annotate(was_visited=Exists(visited))
            .order_by("pk")
        )
        calendar = _Calendar(self.period, self.now)
        for request in requests:
            starts, dropped = calendar.sort(request)
            levels = {one.level for one in dropped}
            # Wishes that lie before or behind this period are another plan's business,
            # unless all are gone: then somebody has to ask the group again.
            if not starts and not levels & {"closed", "hours", "room"} and levels != {"past"}:
                continue
            key = task_key(request_id=request.pk)
            self.mapped[key] = Asked(request=request, starts=tuple(starts), dropped=tuple(dropped))
            if starts:
                self.tasks.append(self._session(key, request, starts))

    def _session(self, key: str, request: SupportRequest, starts: list[dt.datetime]) -> matching.Task:
        received = timezone.localdate(request.received_at)
        size = team_size(request.participants, self.limits)
        topics = sorted((one.topic_id, one.level) for one in request.topics.all())
        waited = (timezone.localdate(self.now) - received).days
        # Mypy does not know annotations.
        first_time = not request.was_visited  # type: ignore[attr-defined]
        return matching.Task(
            id=key,
            kind="session",
            venue=self.places.number(request.venue),
            starts=tuple(self._start(moment) for moment in starts),
            dur=up(request.minutes + max(timezone.localtime(moment).minute % GRID for moment in starts)),
            participants=request.participants,
            k=size,
            kmax=size + SPARE_MEMBERS,
            topics=self._topics(topics, topics),
            lead=True,
            needs=tuple(dict.fromkeys(request.needs)),
            first_time=first_time,
            submitted=self.period.day_of(received),
            deadline=self.period.days - 1,
            weight=session_weight(waited=waited, first_time=first_time),
        )

    # --- Shifts ----------------------------------------------------------------------------------------
    def add_shifts(self, only: Collection[int] = ()) -> None:
        """What the shifts, or those ``only``, are short of beyond the places that their owners keep for somebody."""
        start, end = self.period.span
        short = short_of_people(self.now).filter(starts_at__gte=start, starts_at__lt=end)
        shifts = list(with_members(short.select_related("venue__district"), self.now).order_by("pk"))
        kept = kept_of(shifts)
        self.kept = [(one.pk, shift) for shift in shifts for one in kept.get(shift.pk, ())]
        wanted = set(only)
        for shift in shifts:
            remainder = Remainder(shift, self.limits.adult_age, kept.get(shift.pk, ()))
            if not remainder.missing or (wanted and shift.pk not in wanted):
                continue
            key = task_key(shift_id=shift.pk)
            self.mapped[key] = Asked(shift_id=shift.pk, starts=(shift.starts_at,))
            self.tasks.append(self._remainder(key, remainder))

    def _remainder(self, key: str, remainder: Remainder) -> matching.Task:
        shift = remainder.shift
        day, start, end = self.period.place(shift.starts_at, shift.ends_at)
        today = timezone.localdate(self.now)
        return matching.Task(
            id=key,
            kind="desk",
            venue=self.places.number(shift.venue),
            starts=((day, start),),
            dur=end - start,
            participants=0,
            k=remainder.missing,
            kmax=remainder.missing,
            topics=self._topics(remainder.topics, remainder.all_topics),
            lead=remainder.needs_lead,
            needs=tuple(remainder.needs),
            first_time=False,
            submitted=self.period.day_of(today),
            deadline=self.period.days - 1,
            weight=shift_weight(days_left=(shift.local_date - today).days),
        )

    # --- Both ------------------------------------------------------------------------------------------
    def _start(self, moment: dt.datetime) -> tuple[int, int]:
        return self.period.place(moment, moment)[:2]

    def _topics(self, missing: list[tuple[str, int]], whole: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        """The topics that a team must cover. The matcher sends only people who know one of them.

        Where some of the whole list are covered already (or there is no list), whoever knows any topic
        of the whole list (or anything) is still useful: that is written as one more topic, at level 1.
        """
        if missing and missing == whole:
            return tuple(missing)
        codes = frozenset(topic for topic, _ in whole)
        name = union_name(codes)
        self.unions[name] = codes
        return (*missing, (name, 1))

    def problem(self) -> matching.Problem:
        people = matched_people(self.period, self.now, self.limits, self.places, self.unions, self.kept, self.team)
        return _problem(self.period, self.limits, self.places, people, self.tasks, self.unions)


class _Calendar:
    """Which wished starts can be tried at all."""

    def __init__(self, period: Period, now: dt.datetime) -> None:
        self._period = period
        self._now = now
        self._closed: dict[int, Mapping[dt.date, str]] = {}
        start, end = period.span
        self._claimed: dict[int, set[int]] = defaultdict(set)
        wanted = cells(start, end)
        claims = RoomClaim.objects.filter(cell__gte=wanted.start, cell__lt=wanted.stop)
        for room, cell in claims.values_list("room_id", "cell"):
            self._claimed[room].add(cell)

    def sort(self, request: SupportRequest) -> tuple[list[dt.datetime], list[Dropped]]:
        """The starts to try, the most wanted first, and the others with what stands against them."""
        starts: list[dt.datetime] = []
        dropped: list[Dropped] = []
        for wish in request.times.all():
            level = self._against(request, wish)
            if level:
                dropped.append(Dropped(wish.starts_at, level))
            elif all(abs(wish.starts_at - other) >= CELL for other in starts):  # on the grid they would be one
                starts.append(wish.starts_at)
        return starts, dropped

    def _against(self, request: SupportRequest, wish: PreferredTime) -> str:
        day = timezone.localdate(wish.starts_at)
        if wish.starts_at <= self._now:
            return "past"
        if wish.starts_at not in self._period:
            return "outside"
        if day in self._closed_days(request.venue):
            return "closed"
        if not request.venue.open_for(wish.starts_at, request.minutes):
            return "hours"
        ends_at = wish.starts_at + dt.timedelta(minutes=request.minutes)
        wanted = set(cells(wish.starts_at, ends_at))
        rooms = request.venue.rooms_for(request.participants)
        if request.venue.rooms.all() and all(self._claimed[room.pk] & wanted for room in rooms):
            return "room"
        return ""

    def _closed_days(self, venue: Venue) -> Mapping[dt.date, str]:
        if venue.pk not in self._closed:
            self._closed[venue.pk] = venue.closed_days(self._period.first, self._period.last)
        return self._closed[venue.pk]

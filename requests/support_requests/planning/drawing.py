"""By lot among equals: requests of the same weight that want the same room, or the same people at the same time.

The matcher serves as much as can be served; which of two equals it serves is chance of its method. Here that chance
is replaced by a draw that anybody can make again (docs/adr/0032): the one with the smaller lot is served.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import cast

import matching
from support_requests.models import Draw, SupportRequest
from support_requests.planning.problem import Mapped
from supporters.models import RoomClaim
from supporters.models.claims import cells

PEOPLE, ROOM = "people", "room"
LOOKS_AT_MOST = 40_000
"""tasks looked at while asking whether one request could go in another's place: hundreds of questions in a city's plan,
ten seconds in a prefecture's. Counted, not timed, so that the same facts give the same answer on any machine."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Of two equals the one with the smaller lot was served. By the keys of requests."""

    won: int
    lost: int
    about: str
    """PEOPLE or ROOM"""


@dataclass(frozen=True, slots=True)
class Decision:
    plan: matching.Plan
    contests: list[Contest]
    without_room: dict[str, set[int]]
    """by task that is not served: its starts at which others have all rooms of the venue"""


def decide(problem: matching.Problem, mapped: Mapped, plan: matching.Plan, draw: Draw) -> Decision:
    """``plan`` with the draw's choice wherever equals compete, and what was decided so.

    Never serves less, but for requests that the plan gave one and the same room, which it knows nothing of.
    """
    lots = {key: draw.lot(asked.request.pk) for key, asked in mapped.items() if asked.request}
    at_stake = _AtStake(problem, mapped, plan, lots)
    at_stake.share_rooms()
    at_stake.share_people()
    return Decision(at_stake.result(), at_stake.contests, at_stake.without_room())


@dataclass
class _AtStake:
    problem: matching.Problem
    mapped: Mapped
    plan: matching.Plan
    lots: dict[str, str]
    contests: list[Contest] = field(default_factory=list)
    looks: int = 0

    def __post_init__(self) -> None:
        self.tasks = {task.id: task for task in self.problem.tasks}
        self.served = {one.task: one for one in self.plan.assignments}
        self.booked: dict[int, dict[int, str]] = defaultdict(dict)
        """by room and cell: which request has it, "" for what was booked before"""
        venues = {asked.request.venue_id for asked in self.mapped.values() if asked.request}
        for room, cell in RoomClaim.objects.filter(room__venue__in=venues).values_list("room_id", "cell"):
            self.booked[room][cell] = ""

    # --- Rooms -----------------------------------------------------------------------------------------
    def share_rooms(self) -> None:
        """The heaviest first, among equals by lot; who finds no room is taken to another wish, or left out."""
        asked = [key for key in self.lots if key in self.served]
        without = []
        for key in sorted(asked, key=lambda key: (-self.tasks[key].weight, self.lots[key])):
            start = self.served[key].start
            room, holders = self._room(key, start)
            if room is None:
                without.append(key)
                self._note(key, (one for one in holders if self._equal(one, key)), ROOM)
            else:
                self._serve(self.served[key])
        for key in without:
            del self.served[key]
        for key in without:
            if other := self._fit(key):
                self._serve(other)

    def _room(self, key: str, start: int, *, without: str = "") -> tuple[int | None, set[str]]:
        """A free room for one of the request's starts, 0 where its venue has none; else None and who has all that fit.

        ``without``: a request whose room counts as free.
        """
        request = self._request(key)
        holders = set()
        for room in (one.pk for one in request.venue.rooms_for(request.participants, rather=request.room)):
            there = {self.booked[room][cell] for cell in self._cells(key, start) if cell in self.booked[room]}
            there.discard(without or key)
            if not there:
                return room, set()
            holders |= there
        return (None, holders - {""}) if request.venue.rooms.all() else (0, set())

    def _cells(self, key: str, start: int) -> range:
        starts_at = self.mapped[key].starts[start]
        return cells(starts_at, starts_at + dt.timedelta(minutes=self._request(key).minutes))

    def _serve(self, one: matching.Assignment) -> None:
        self.served[one.task] = one
        if room := self._room(one.task, one.start)[0]:
            self.booked[room] |= dict.fromkeys(self._cells(one.task, one.start), one.task)

    def _leave(self, key: str) -> None:
        del self.served[key]
        for room, there in self.booked.items():
            self.booked[room] = {cell: one for cell, one in there.items() if one != key}

    # --- People ----------------------------------------------------------------------------------------
    def share_people(self) -> None:
        """While a request with a smaller lot could go in the place of an equal, it does."""
        while (change := self._better()) is not None:
            gone, comes = change
            self._leave(gone)
            self._serve(comes)
        for key in self._left():
            rivals = [one for one in self._rivals(key) if self.lots[one] < self.lots[key]]
            self._note(key, (one for one in rivals if self._fit(key, without=one)), PEOPLE)

    def _better(self) -> tuple[str, matching.Assignment] | None:
        for key in self._left():
            for rival in self._rivals(key):
                if self.lots[key] < self.lots[rival] and (comes := self._fit(key, without=rival)):
                    return rival, comes
        return None

    def _left(self) -> list[str]:
        left = [key for key in self.lots if key in self.tasks and key not in self.served]
        return sorted(left, key=self.lots.__getitem__)

    def without_room(self) -> dict[str, set[int]]:
        return {
            key: {start for start in range(len(self.tasks[key].starts)) if self._room(key, start)[0] is None}
            for key in self._left()
        }

    def _rivals(self, key: str) -> list[str]:
        """Equals that are served on a day that this one wishes, the largest lot first."""
        days = {day for day, _minute in self.tasks[key].starts}
        found = [
            one
            for one in self.lots
            if one in self.served
            and self._equal(one, key)
            and self.tasks[one].starts[self.served[one].start][0] in days
        ]
        return sorted(found, key=self.lots.__getitem__, reverse=True)

    # --- Both ------------------------------------------------------------------------------------------
    def _equal(self, one: str, other: str) -> bool:
        return self.tasks[one].weight == self.tasks[other].weight

    def _request(self, key: str) -> SupportRequest:
        return cast(SupportRequest, self.mapped[key].request)

    def _note(self, lost: str, winners: Iterable[str], about: str) -> None:
        pk = self._request(lost).pk
        self.contests += [
            Contest(self._request(one).pk, pk, about) for one in sorted(winners, key=self.lots.__getitem__)
        ]

    def _fit(self, key: str, *, without: str = "") -> matching.Assignment | None:
        """A time with a room and a team for the request beside all others as they are, ``without`` one of them."""
        self.looks += len(self.tasks)
        if self.looks > LOOKS_AT_MOST:
            return None
        task = self.tasks[key]
        starts = [s for s in range(len(task.starts)) if self._room(key, s, without=without)[0] is not None]
        if not starts:
            return None
        beside = [one for name, one in self.served.items() if name != without]
        alone = replace(task, starts=tuple(task.starts[s] for s in starts))
        found = matching.replan(self._kept(beside, alone))
        mine = next((one for one in found.assignments if one.task == key), None)
        return replace(mine, start=starts[mine.start]) if mine else None

    def _kept(self, beside: Iterable[matching.Assignment], *more: matching.Task) -> matching.Problem:
        """The problem in which all of ``beside`` stay as they are, and nothing is asked for but ``more``."""
        before = tuple(matching.Previous(one.task, one.start, one.team, "accepted") for one in beside)
        return replace(self.problem, tasks=(*(self.tasks[one.task] for one in before), *more), previous=before)

    def result(self) -> matching.Plan:
        """The plan as it is now, in the order of the problem's tasks."""
        assignments = tuple(self.served[task.id] for task in self.problem.tasks if task.id in self.served)
        if assignments == self.plan.assignments:
            return self.plan
        q = matching.replan(self._kept(assignments)).q
        weight = sum(self.tasks[one.task].weight for one in assignments)
        return replace(self.plan, assignments=assignments, served_weight=weight, q=q, q_bound=None)

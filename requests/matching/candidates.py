"""Who can do which start at all: the rules that need no other task (H3–H8, H11, H12).

Everything later works on these arrays: starts are rows, and the people who fit a
start stand in one stretch of `person`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .geometry import Ints, reach, travel_minutes
from .people import Bools, Calendar, People, calendar_of, people_of
from .problem import Problem, Task
from .team import smallest_cover

__all__ = ["Candidates", "candidates_of", "requirements"]

ADULT, LEAD = "adult", "lead"


def requirements(task: Task) -> tuple[str, ...]:
    """What some member of the team has to be or have; the order is that of the bits of `meets`."""
    return (
        ADULT,
        *((LEAD,) if task.lead else ()),
        *(f"topic:{topic}" for topic, _ in task.topics),
        *(f"need:{name}" for name in task.needs),
    )


@dataclass(frozen=True)
class Candidates:
    """S starts of all tasks, in the order of the problem; N pairs of start and fitting person."""

    problem: Problem
    calendar: Calendar
    people: People
    task: Ints
    """[S] index of the task"""
    rank: Ints
    """[S] index into the task's starts"""
    day: Ints
    start: Ints
    """[S] minute"""
    end: Ints
    """[S] minute"""
    venue: Ints
    first: Ints
    """[S + 1] the pairs of start s are first[s] … first[s + 1] − 1"""
    person: NDArray[np.int32]
    """[N] index of the person, ascending within a start"""
    meets: Ints
    """[N] bits of the task's requirements that the person meets"""
    cost: Ints
    """[N] travel and overkill of the person at this task, in units of Q"""
    every: Ints
    """[S] all bits of the task's requirements"""
    possible: Bools
    """[S] whether some team can serve the start when nothing else is planned"""
    task_first: Ints
    """[tasks + 1] the starts of task t are task_first[t] … task_first[t + 1] − 1"""

    def pairs(self, s: int) -> slice:
        """Where the pairs of start s stand."""
        return slice(int(self.first[s]), int(self.first[s + 1]))

    def starts(self, t: int) -> range:
        """The starts of task t, the most wanted first."""
        return range(int(self.task_first[t]), int(self.task_first[t + 1]))

    @cached_property
    def week(self) -> Ints:
        """[S] week of the start's day"""
        return self.calendar.week[self.day]

    @cached_property
    def month(self) -> Ints:
        """[S] month of the start's day"""
        return self.calendar.month[self.day]

    @cached_property
    def pair_start(self) -> NDArray[np.int32]:
        """[N] start of each pair"""
        return np.repeat(np.arange(len(self.task), dtype=np.int32), np.diff(self.first))

    @cached_property
    def person_index(self) -> dict[str, int]:
        """Index by id."""
        return {person.id: i for i, person in enumerate(self.problem.supporters)}

    @cached_property
    def task_index(self) -> dict[str, int]:
        """Index by id."""
        return {task.id: i for i, task in enumerate(self.problem.tasks)}


def candidates_of(problem: Problem) -> Candidates:
    """All pairs of start and person that the static rules allow."""
    calendar = calendar_of(problem)
    people = people_of(problem, calendar)
    near = _Neighbourhood(problem, people)
    column = {topic: j for j, topic in enumerate(problem.topics)}
    rows: list[tuple[int, int, int, int, int, int]] = []
    task_first = [0]
    every: list[int] = []
    possible: list[bool] = []
    persons, meets, costs = [], [], []
    for t, task in enumerate(problem.tasks):
        who, minutes = near.of(task.venue)
        levels = people.level[who][:, [column[topic] for topic, _ in task.topics]]
        useful = (levels > 0).any(axis=1)
        who, levels, minutes = who[useful], levels[useful], minutes[useful]
        mask = _meets(task, people, who, levels)
        cost = _cost(problem, task, people, who, levels, minutes)
        whole = (1 << len(requirements(task))) - 1
        for rank, (day, start) in enumerate(task.starts):
            end = start + task.dur
            rows.append((t, rank, day, start, end, task.venue))
            keep = _free(problem, calendar, people, who, day, start, end, task)
            persons.append(who[keep])
            meets.append(mask[keep])
            costs.append(cost[keep])
            every.append(whole)
            possible.append(_team_exists(task, meets[-1], whole))
        task_first.append(len(rows))
    table = np.array(rows, dtype=np.int64).reshape(-1, 6)
    lengths = np.array([len(p) for p in persons], dtype=np.int64)
    of_task, ranks, days, begins, ends, venues = (np.ascontiguousarray(side) for side in table.T)
    return Candidates(
        problem=problem,
        calendar=calendar,
        people=people,
        task=of_task,
        rank=ranks,
        day=days,
        start=begins,
        end=ends,
        venue=venues,
        first=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        person=_joined(persons).astype(np.int32),
        meets=_joined(meets),
        cost=_joined(costs),
        every=np.array(every, dtype=np.int64),
        possible=np.array(possible, dtype=np.bool_),
        task_first=np.array(task_first, dtype=np.int64),
    )


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


class _Neighbourhood:
    """Who may go to a venue and reach it (H3, H4), found once per venue."""

    def __init__(self, problem: Problem, people: People) -> None:
        self._problem = problem
        self._people = people
        self._found: dict[int, tuple[Ints, Ints]] = {}
        self._by_area: dict[str, list[int]] = {}
        anywhere = []
        for i, person in enumerate(problem.supporters):
            if not person.active:
                continue
            for area in person.areas:
                self._by_area.setdefault(area, []).append(i)
            if not person.areas:
                anywhere.append(i)
        # From west to east: whoever is near a venue stands in one stretch.
        self._anywhere = np.array(anywhere, dtype=np.int64)[np.argsort(people.x[anywhere], kind="stable")]
        self._x = people.x[self._anywhere]
        self._radius = reach(problem.params, int(people.max_travel.max(initial=0)))

    def of(self, venue: int) -> tuple[Ints, Ints]:
        """Indices of the people, ascending, and their minutes of travel."""
        if venue not in self._found:
            self._found[venue] = self._search(venue)
        return self._found[venue]

    def _search(self, venue: int) -> tuple[Ints, Ints]:
        place, people = self._problem.venues[venue], self._people
        named = self._by_area.get(place.district, []) + self._by_area.get(place.muni, [])
        west, east = np.searchsorted(self._x, (place.x - self._radius, place.x + self._radius + 1))
        near = self._anywhere[west:east]
        near = near[np.abs(people.y[near] - place.y) <= self._radius]
        who = np.unique(np.concatenate((np.array(named, dtype=np.int64), near)))
        minutes = travel_minutes(
            self._problem.params,
            people.x[who],
            people.y[who],
            np.full_like(who, place.x),
            np.full_like(who, place.y),
        )
        close = minutes <= people.max_travel[who]
        return who[close], minutes[close]


def _meets(task: Task, people: People, who: Ints, levels: NDArray[np.int8]) -> Ints:
    met = [people.adult[who]]
    if task.lead:
        met.append(people.lead[who])
    met += [levels[:, j] >= needed for j, (_, needed) in enumerate(task.topics)]
    met += [people.attrs[name][who] for name in task.needs]
    mask = np.zeros(len(who), dtype=np.int64)
    for bit, truth in enumerate(met):
        mask |= truth.astype(np.int64) << bit
    return mask


def _cost(problem: Problem, task: Task, people: People, who: Ints, levels: NDArray[np.int8], minutes: Ints) -> Ints:
    params = problem.params
    needed = np.array([level for _, level in task.topics], dtype=np.int64)
    over = np.maximum(levels.astype(np.int64) - needed, 0).sum(axis=1)
    for name, has in people.scarce.items():
        if name not in task.needs:
            over = over + params.scarce_cost * has[who]
    return np.asarray(params.q.travel * minutes + params.q.overkill * over, dtype=np.int64)


def _free(
    problem: Problem,
    calendar: Calendar,
    people: People,
    who: Ints,
    day: int,
    start: int,
    end: int,
    task: Task,
) -> Bools:
    """Of the people `who`: who fits the start (H5–H7, H11, H12), as a mask."""
    if day > task.deadline:
        return np.zeros(len(who), dtype=np.bool_)
    week, month = calendar.week[day], calendar.month[day]
    fits = people.fits_windows(who, int(calendar.weekday[day]), start, end)
    fits &= (people.week_left[who, week] > 0) & (people.month_left[who, month] > 0)
    if end > problem.params.minor_latest_end:
        fits &= people.adult[who]
    busy = np.zeros(len(people.active), dtype=np.bool_)
    busy[people.absent(day, start, end)] = True
    busy[people.taken(day, start, end, task.venue)] = True
    return fits & ~busy[who]


def _team_exists(task: Task, meets: Ints, whole: int) -> bool:
    if len(meets) < task.k or np.bitwise_or.reduce(meets) != whole:
        return False
    return smallest_cover(meets, whole, task.kmax) is not None

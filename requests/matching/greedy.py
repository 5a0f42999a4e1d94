"""First come, first served: what a coordinator does by hand, and the floor of every plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from .diary import Diary
from .geometry import Ints, travel_minutes
from .objective import positions, promised
from .team import cheapest_team, missing_bits

__all__ = ["fill", "first_come", "insert", "keep_proposed", "spare"]


def first_come(diary: Diary) -> None:
    """Serve each task, in the order in which they were asked for, by the nearest possible team.

    This is what is done by hand, and the yardstick: no plan may be worse.
    """
    fill(diary, _in_order(diary), _minutes)


def spare(diary: Diary) -> None:
    """The same, by the team whose members are least missed elsewhere (Q's linear terms)."""
    fill(diary, _in_order(diary), _cost)


def keep_proposed(diary: Diary) -> None:
    """Serve the proposed assignments that are still possible exactly as they were proposed."""
    c = diary.candidates
    for t, (s, team) in promised(c).items():
        task = c.problem.tasks[t]
        free = c.person[c.pairs(s)][diary.free(s)]
        if t in diary.served or not task.k <= len(team) <= task.kmax or not set(team) <= set(free.tolist()):
            continue
        if not missing_bits(c.meets[positions(c, s, team)], int(c.every[s])):
            diary.add(s, team)


def _in_order(diary: Diary) -> list[int]:
    tasks = diary.candidates.problem.tasks
    waiting = [t for t in range(len(tasks)) if t not in diary.served]
    return sorted(waiting, key=lambda t: (tasks[t].submitted, t))


Price = Callable[[Diary, Ints], Ints]
"""what each of these pairs (positions) costs now"""


def _minutes(diary: Diary, pairs: Ints) -> Ints:
    c = diary.candidates
    who, people, places = c.person[pairs], c.people, c.people.places
    venue = c.venue[c.pair_start[pairs]]
    x, y = places.x[venue], places.y[venue]
    return travel_minutes(c.problem.params, people.x[who], people.y[who], x, y)


def _cost(diary: Diary, pairs: Ints) -> Ints:
    c = diary.candidates
    who = c.person[pairs]
    times = np.array([len(diary.starts_of.get(int(p), ())) for p in who], dtype=np.int64)
    return c.cost[pairs] + c.problem.params.q.fair * (2 * (c.people.before[who] + times) + 1)


def fill(diary: Diary, tasks: Iterable[int], price: Price = _cost) -> None:
    """Insert each task that can be, in this order, at its most wanted possible start."""
    for t in tasks:
        insert(diary, t, price)


def insert(diary: Diary, t: int, price: Price = _cost) -> bool:
    """Serve task t by the cheapest team that is free, if there is one at any of its starts."""
    c = diary.candidates
    task = c.problem.tasks[t]
    for s in c.starts(t):
        if not c.possible[s]:
            continue
        free = np.flatnonzero(diary.free(s)) + int(c.first[s])
        found = cheapest_team(c.meets[free].tolist(), price(diary, free).tolist(), int(c.every[s]), task.k, task.kmax)
        if found is not None:
            diary.add(s, c.person[free[list(found[1])]])
            return True
    return False

"""After a decline: what was told to people stays, and only what no longer holds is solved again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .advice import in_the_way
from .candidates import Candidates, candidates_of
from .clock import Left, countdown
from .diary import Diary
from .exact import best_quality, best_weight, relaxed_weight
from .geometry import Ints
from .greedy import fill, keep_proposed
from .objective import promised, quality
from .plan import Plan
from .problem import Problem
from .record import plan_of
from .search import remove
from .settled import settle

__all__ = ["replan"]


def replan(problem: Problem, time_limit: float | None = None) -> Plan:
    """The plan in `previous`, mended where it can no longer be kept.

        Accepted assignments stay.  A proposed one that is still possible stays too, unless
        it stands in the way of one that is not, and moving it serves more; of a team that
    cannot be kept whole, who can stay stays.  What was
        never told is put in where people are free.  The plan is valid and its bound
        proven for the whole problem; it may serve less than `solve` would by moving more
        people.  `time_limit` is in seconds.  Raises ProblemError when accepted assignments
        contradict the rules.
    """
    left = countdown(time_limit)
    real = candidates_of(problem)
    c = _faithful(real)
    base = settle(c)
    diary = base.copy()
    keep_proposed(diary)
    broken = [t for t in promised(c) if t not in diary.served]
    _solve_again(diary, broken, left)
    lost = [t for t in broken if t not in diary.served]
    near = _blocking(base, diary, lost)
    if near:
        moved = diary.copy()
        _solve_again(moved, lost + near, left)
        if moved.served_weight > diary.served_weight:
            diary = moved
    fill(diary, [t for t in range(len(problem.tasks)) if t not in diary.served])
    plan = plan_of(diary, relaxed_weight(base, left))
    return replace(plan, q=quality(real, diary.served))


def _faithful(c: Candidates) -> Candidates:
    """The same with a price on each broken promise that no other term of Q outweighs: who can stay stays."""
    problem, q = c.problem, c.problem.params.q
    times = 2 * int(c.people.before.max(initial=0)) + 2 * problem.days + 1
    person = int(c.cost.max(initial=0)) + q.fair * times + q.mentor
    task = max((one.kmax * person + q.rank * len(one.starts) for one in problem.tasks), default=0)
    q = replace(q, stability=max(q.stability, task))
    return replace(c, problem=replace(problem, params=replace(problem.params, q=q)))


def _solve_again(diary: Diary, tasks: list[int], left: Left) -> None:
    """The best that these tasks can have beside all others, which stay."""
    open_: Ints = np.array(sorted(tasks), dtype=np.int64)
    beside = diary.copy()
    remove(beside, open_)
    best_weight(beside, diary, open_, 0.0, left)
    best_quality(beside, diary, open_, left)


def _blocking(base: Diary, diary: Diary, lost: list[int]) -> list[int]:
    """Proposed tasks that keep people from what is not served."""
    c = diary.candidates
    found = set()
    for t in lost:
        for s in c.starts(t):
            if c.possible[s]:
                for p in c.person[c.pairs(s)].tolist():
                    found.update(in_the_way(diary, s, p)[0])
    return sorted(found - set(base.served))

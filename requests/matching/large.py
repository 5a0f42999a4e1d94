"""Areas too large to be solved at once: a relaxation that guides, a bound over all, and overlapping parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count, islice

import numpy as np
from numpy.typing import NDArray

from .bound import Guide, guide_of
from .clock import Left, is_over, less
from .diary import Diary
from .geometry import Ints
from .greedy import fill
from .groups import grouped_bound
from .model import Scope, scope_of
from .objective import promised, quality
from .part import Executor
from .parts import blocks_of, towns_of
from .plan import Progress, ProgressReport
from .search import Work, lower_q, raise_weight, run_pass

__all__ = ["plan_large"]

PASSES = 8
"""passes for weight when no time limit says otherwise"""
FOR_Q = 1 / 8
"""of a time limit: one pass over a nation for Q"""
QUALITY_SIZE = 150
QUALITY_NODES = 10
BOUND_AFTER = 3
"""passes after which, if the plan is not near enough yet, the bound is lowered too"""
STALE = 0.001
"""relative gain in Q below which no further pass is made"""
TURN = 0.9
"""radians by which the map is turned from pass to pass"""
DAY = 1500.0
"""metres that one day counts as: within a city time separates better than space"""


@dataclass(frozen=True, slots=True)
class Cut:
    """How an area is cut into parts for one pass, and how hard each part is worked on."""

    size: int
    """most tasks of a part"""
    nodes: int
    gap: float
    wished: bool = True
    """only the pairs that the relaxation uses"""
    towns: bool = False
    """groups of whole municipalities; otherwise by the map"""
    turn: float = 0.0
    days: float = 0.0


def cuts() -> Iterator[Cut]:
    """Pass by pass: first whole municipalities, then across their borders, then with everybody, ever harder."""
    begin = (
        Cut(1000, 3, 1e-3, towns=True),
        Cut(500, 10, 1e-3),
        Cut(500, 10, 1e-3, days=DAY),
        Cut(4000, 10, 1e-4, towns=True),
    )
    sizes = (300, 300, 600, 600)
    more = (
        Cut(sizes[n % 4], 10 << n // 4, 3e-4, wished=False, turn=TURN * (n // 2 + 1), days=DAY if n % 2 else 0.0)
        for n in count()
    )
    return chain(begin, more)


@dataclass(frozen=True, slots=True)
class Search:
    """What all passes for weight share."""

    base: Diary
    """what is settled"""
    scope: Scope
    tasks: Ints
    guide: Guide
    gap: float
    executor: Executor
    report: ProgressReport

    def near(self, diary: Diary, bound: int) -> bool:
        """Whether the plan is near enough to the bound."""
        return bound - diary.served_weight <= self.gap * bound

    def tighter(self, diary: Diary, left: Left) -> int:
        """A bound from groups of municipalities, in a third of the time that is left."""
        remaining = left()
        a_third = left if remaining is None else less(left, remaining * 2 / 3)
        found = grouped_bound(self.base, self.scope, self.guide.prices, diary, a_third, self.executor)
        return self.base.served_weight + int(np.floor(found + 1e-6))


def plan_large(
    base: Diary, diary: Diary, tasks: Ints, gap: float, left: Left, executor: Executor, report: ProgressReport
) -> int:
    """Raise the diary's weight, then lower its Q; returns the proven bound on weight.

    All of a time limit but an eighth may go to the weight, which counts first.
    """
    c = base.candidates
    whole = left()
    for_weight = left if whole is None else less(left, whole * FOR_Q)
    scope = scope_of(base, tasks)
    guide = guide_of(base, scope, for_weight)
    bound = base.served_weight + int(np.floor(guide.bound + 1e-6))
    # Tasks that gain most at these prices choose first, the others follow by weight.
    order = sorted(tasks.tolist(), key=lambda t: (-guide.gains.get(t, 0.0), -c.problem.tasks[t].weight, t))
    priced = base.copy()
    fill(priced, order, lambda _, pairs: np.round(1000 * guide.price[pairs]).astype(np.int64) + c.cost[pairs])
    # What was proposed to people is the better start, even where it serves a little less.
    if priced.served_weight > diary.served_weight and not promised(c):
        _replace(diary, priced)
    report(Progress("weight", diary.served_weight, bound))
    search = Search(base, scope, tasks, guide, gap, executor, report)
    bound = _weight_passes(diary, search, bound, for_weight)
    if bound - diary.served_weight > gap * bound or gap == 0:
        fill(diary, [t for t in order if t not in diary.served])
    _quality_passes(diary, tasks, guide, bound, left, executor, report)
    return bound


def _weight_passes(diary: Diary, search: Search, bound: int, left: Left) -> int:
    """Raise the diary's weight pass by pass; returns the bound, which may have become tighter."""
    c, guide, report = diary.candidates, search.guide, search.report
    now, said = diary.copy(), diary.served_weight

    def say() -> None:
        # A nation's pass takes minutes: what it has reached is said on the way.
        nonlocal said
        if now.served_weight > said:
            said = now.served_weight
            report(Progress("weight", said, bound))

    for number, cut in enumerate(cuts() if left() is not None else islice(cuts(), PASSES)):
        if number == BOUND_AFTER and not search.near(diary, bound):
            bound = min(bound, search.tighter(diary, left))
            report(Progress("weight", diary.served_weight, bound))
        if search.near(diary, bound) or is_over(left):
            break
        tasks = search.tasks
        blocks = towns_of(search.scope, c, cut.size) if cut.towns else blocks_of(c, tasks, cut.size, cut.turn, cut.days)
        work = _work(guide, c.person, cut.nodes, cut.gap, wished=cut.wished)
        run_pass(now, blocks, raise_weight, work, left, search.executor, say)
        fill(now, [t for t in tasks.tolist() if t not in now.served])
        if now.served_weight > diary.served_weight:
            _replace(diary, now)
            say()
    return bound


def _quality_passes(
    diary: Diary, tasks: Ints, guide: Guide, bound: int, left: Left, executor: Executor, report: ProgressReport
) -> None:
    c = diary.candidates
    limited = left() is not None
    work = _work(guide, c.person, QUALITY_NODES, 0.0, wished=False)
    number, before = 0, quality(c, diary.served)
    while limited or number < 1:
        if is_over(left):
            break
        blocks = blocks_of(c, tasks, QUALITY_SIZE, TURN * number)
        run_pass(diary, blocks, lower_q, work, left, executor)
        after = quality(c, diary.served)
        report(Progress("quality", diary.served_weight, bound, after))
        if after >= before * (1 - STALE):
            break
        before, number = after, number + 1


def _work(guide: Guide, person: NDArray[np.int32], nodes: int, gap: float, *, wished: bool) -> Work:
    among = guide.wished if wished else np.ones(len(person), dtype=np.bool_)
    return Work(nodes, gap, guide.price, among, np.bincount(person[among]))


def _replace(diary: Diary, other: Diary) -> None:
    """Make the diary hold what the other one holds."""
    for t in list(diary.served):
        if diary.served[t] != other.served.get(t):
            diary.remove(t)
    for t, (s, members) in other.served.items():
        if t not in diary.served:
            diary.add(s, members)

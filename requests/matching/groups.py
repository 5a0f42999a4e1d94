"""A tighter bound for large areas: groups of municipalities solved whole, and prices only for those whom they share.

The relaxation gives up fractions of tasks wherever people are scarce.  Most limits of
people (weeks, months, clashes) concern one group of municipalities alone: within it they
are kept as rows, and whole tasks are decided; only the limits that several groups share
are priced (Lagrange).  What all groups serve above these prices, plus what the shared
limits are worth at them, is a bound whatever the prices are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .bound import Limits, limits_of, priced_bound
from .clock import Left, end_of
from .diary import Diary
from .geometry import Ints
from .model import Floats, Scope, values_of, weight_rows, weights_of
from .part import BoundPart, Executor, solve_part
from .parts import towns_of
from .people import Bools

__all__ = ["grouped_bound"]

SIZE = 400
"""most tasks of a group: with more the shared limits are fewer, and the solver slower"""
NODES = 20
GAP = 2e-5
"""relative, at which a group's bound is good enough"""
SCALE = 1000
"""weight is counted in thousandths, so that costs are whole numbers"""
BATCH = 4
"""groups whose models are held at once"""


def grouped_bound(base: Diary, scope: Scope, prices: Floats, now: Diary, left: Left, executor: Executor) -> float:
    """A bound on what the scope serves, at `prices` [limits of the scope]; `now` is a plan to begin with.

    A group that is not solved in time counts what the relaxation's prices say of it.
    """
    c = base.candidates
    limits = limits_of(base, scope)
    groups = towns_of(scope, c, SIZE)
    of_task = np.full(len(c.problem.tasks), -1, dtype=np.int64)
    for number, tasks in enumerate(groups):
        of_task[tasks] = number
    group = of_task[c.task[scope.starts]]
    owner = _owners(limits, group[scope.at], len(groups))
    price = np.round(SCALE * prices)
    shared = np.where(owner < 0, price, 0.0)
    at_these = shared @ limits.link
    bound = float(shared @ limits.most) / SCALE
    _, gains = priced_bound(c, scope, limits, price / SCALE)
    rough = np.bincount(owner[owner >= 0], (price * limits.most)[owner >= 0] / SCALE, minlength=len(groups))
    for t, gain in gains.items():
        rough[of_task[t]] += gain

    def parts(some: list[int]) -> Iterator[BoundPart]:
        for number in some:
            part, pairs = _within(scope, group == number)
            cost = np.concatenate((-SCALE * weights_of(c, part), at_these[pairs]))
            yield BoundPart(cost, weight_rows(base, part), values_of(now, part), NODES, GAP, end_of(left))

    for first in range(0, len(groups), BATCH):
        some = list(range(first, min(first + BATCH, len(groups))))
        for number, least in zip(some, executor.map(solve_part, parts(some)), strict=True):
            exact = -least / SCALE if isinstance(least, float) else np.inf
            bound += min(float(rough[number]), exact)
    return bound


def _owners(limits: Limits, group: Ints, groups: int) -> Ints:
    """[L] the group whose pairs [B] alone a limit counts; −1 where several do."""
    entries = limits.link.tocoo()
    of = group[entries.col]
    first = np.full(len(limits.most), groups, dtype=np.int64)
    last = np.full(len(limits.most), -1, dtype=np.int64)
    np.minimum.at(first, entries.row, of)
    np.maximum.at(last, entries.row, of)
    return np.where(first == last, first, -1)


def _within(scope: Scope, here: Bools) -> tuple[Scope, Ints]:
    """The scope of some of its starts [A], and the places of its pairs in the whole."""
    place = np.cumsum(here) - 1
    pairs = np.flatnonzero(here[scope.at])
    return Scope(scope.starts[here], scope.pairs[pairs], place[scope.at[pairs]]), pairs

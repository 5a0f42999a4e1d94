"""Areas too large to be solved at once: prices, a bound over all, and overlapping neighbourhoods."""

from __future__ import annotations

import numpy as np

from .bound import better_prices, block_prices, limits_of
from .clock import Left, less
from .diary import Diary
from .geometry import Ints
from .greedy import fill
from .model import Floats, scope_of
from .objective import promised, quality
from .parts import blocks_of, towns_of
from .plan import Progress, ProgressReport
from .search import Work, lower_q, raise_weight, run_pass

__all__ = ["plan_large"]

TOWN, REGION = 1000, 4000
"""most tasks of a group of municipalities whose relaxation gives the prices, and of a whole
area that is relaxed at once; groups between the two give no better bound and take longer"""
MUCH_TIME = 300.0
"""seconds from which a whole area at once is worth its half minute"""
SIZES = (250, 250, 400)
"""tasks of a neighbourhood, pass by pass, over and over"""
PASSES = 9
"""passes for weight when no time limit says otherwise"""
QUALITY_SIZE = 150
NODES = 10
GOOD_ENOUGH = 0.001
TURN = 0.9
"""radians by which the map is turned from pass to pass"""
DAY = 1500.0
"""metres that one day counts as: within a city time separates better than space"""


def plan_large(
    base: Diary, diary: Diary, tasks: Ints, gap: float, left: Left, workers: int, report: ProgressReport
) -> int:
    """Raise the diary's weight, then lower its Q; returns the proven bound on weight.

    Up to three quarters of a time limit go to the weight.
    """
    c = base.candidates
    whole = left()
    for_weight = left if whole is None else less(left, whole / 4)
    scope = scope_of(base, tasks)
    limits = limits_of(base, scope)
    at_once = len(tasks) <= REGION and (whole is None or whole >= MUCH_TIME)
    towns = [tasks] if at_once else towns_of(scope, c, TOWN)
    prices = block_prices(base, scope, limits, towns, for_weight, workers)
    settled = base.served_weight
    _, known = better_prices(base, scope, limits, prices, 0, diary.served_weight - settled)
    bound = settled + int(np.floor(known.bound + 1e-6))
    price = np.zeros(len(c.person))
    price[scope.pairs] = limits.of_pair @ prices
    priced = base.copy()
    # Tasks that gain most at these prices choose first, the others follow by weight.
    gains = {int(c.task[scope.starts[i]]): gain for gain, i, _ in known.chosen}
    order = sorted(tasks.tolist(), key=lambda t: (-gains.get(t, 0.0), -c.problem.tasks[t].weight, t))
    fill(priced, order, lambda _, pairs: np.round(1000 * price[pairs]).astype(np.int64) + c.cost[pairs])
    # What was proposed to people is the better start, even where it serves a little less.
    if priced.served_weight > diary.served_weight and not promised(c):
        _replace(diary, priced)
    report(Progress("weight", diary.served_weight, bound))
    _weight_passes(diary, tasks, price, bound, gap, for_weight, workers, report)
    if bound - diary.served_weight > gap * bound or gap == 0:
        fill(diary, [t for t in order if t not in diary.served])
    _quality_passes(diary, tasks, price, bound, left, workers, report)
    return bound


def _weight_passes(
    diary: Diary,
    tasks: Ints,
    price: Floats,
    bound: int,
    gap: float,
    left: Left,
    workers: int,
    report: ProgressReport,
) -> None:
    c = diary.candidates
    now = diary.copy()
    limited = left() is not None
    number = 0
    while (limited or number < PASSES) and bound - diary.served_weight > gap * bound:
        remaining = left()
        if remaining is not None and remaining <= 0:
            break
        days = DAY if number % 2 else 0.0
        blocks = blocks_of(c, tasks, SIZES[number % len(SIZES)], TURN * (number // 2), days)
        run_pass(now, blocks, raise_weight, Work(NODES, GOOD_ENOUGH, price), left, workers)
        fill(now, [t for t in tasks.tolist() if t not in now.served])
        if now.served_weight > diary.served_weight:
            _replace(diary, now)
            report(Progress("weight", diary.served_weight, bound))
        number += 1


def _quality_passes(
    diary: Diary, tasks: Ints, price: Floats, bound: int, left: Left, workers: int, report: ProgressReport
) -> None:
    c = diary.candidates
    limited = left() is not None
    number, before = 0, quality(c, diary.served)
    while limited or number < 1:
        remaining = left()
        if remaining is not None and remaining <= 0:
            break
        blocks = blocks_of(c, tasks, QUALITY_SIZE, TURN * number)
        run_pass(diary, blocks, lower_q, Work(NODES, 0.0, price), left, workers)
        after = quality(c, diary.served)
        report(Progress("quality", diary.served_weight, bound, after))
        if after >= before * (1 - GOOD_ENOUGH):
            break
        before, number = after, number + 1


def _replace(diary: Diary, other: Diary) -> None:
    """Make the diary hold what the other one holds."""
    for t in list(diary.served):
        if diary.served[t] != other.served.get(t):
            diary.remove(t)
    for t, (s, members) in other.served.items():
        if t not in diary.served:
            diary.add(s, members)

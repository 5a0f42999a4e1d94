"""Bounds by counting: scarce people's time is counted in whole numbers, and so is what each task takes of it.

Give each limit of a person (a week, a month, a clash) a whole number, 0 or more.  All
members of all teams together take no more than the limits times their numbers; a start
takes at least what its cheapest team does.  That is a knapsack over the tasks, solved
exactly: its value is a proven bound for any numbers, and a row that every plan keeps.
The prices of the relaxation, scaled to whole numbers, are good ones.  The relaxation
itself serves fractions of tasks, so that a shortage of 7½ people costs 7½ halves of a
shift for two; counted it costs four shifts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .bound import Limits, team_prices
from .candidates import Candidates
from .geometry import Ints
from .model import Floats, Scope, weights_of

__all__ = ["Count", "counts_of"]

VALUES = 6
"""prices, the commonest first, of which one is made the unit, or two"""
LARGEST = 200
"""numbers beyond it make rows that a solver likes less than it gains by them"""
SAME = 4
"""digits to which equal prices are equal"""


@dataclass(frozen=True, slots=True)
class Count:
    """One way to count: Σ takes · start ≤ most."""

    takes: Floats
    """[A] whole numbers"""
    most: float
    bound: int
    """no plan for the scope serves more weight"""


def counts_of(c: Candidates, scope: Scope, limits: Limits, prices: Floats) -> list[Count]:
    """Ways to count that the prices [limits] suggest, the tightest first."""
    found = []
    for numbers in _numbers(prices):
        takes = team_prices(c, scope, numbers @ limits.link, np.full(len(scope.starts), np.inf))
        most = float(numbers @ limits.most)
        found.append(Count(takes, most, _knapsack(c, scope, takes.astype(np.int64), int(most))))
    return sorted(found, key=lambda count: count.bound)


def _numbers(prices: Floats) -> Iterator[Floats]:
    """Prices in whole multiples of a unit; rounded to the next ones, and upwards."""
    values, times = np.unique(np.round(prices[prices > 0], SAME), return_counts=True)
    seen = set()
    for unit in values[np.argsort(-times, kind="stable")][:VALUES].tolist():
        for part in (1, 2):
            scaled = prices / unit * part
            for numbers in (np.round(scaled), np.ceil(scaled - 10.0**-SAME)):
                if 0 < numbers.max() <= LARGEST and numbers.tobytes() not in seen:
                    seen.add(numbers.tobytes())
                    yield numbers


def _knapsack(c: Candidates, scope: Scope, takes: Ints, most: int) -> int:
    """The greatest weight of tasks that take `most` at most, each at its modest start.

    Solved from the other end: the least weight whose absence frees what is too much.
    """
    tasks, of = np.unique(c.task[scope.starts], return_inverse=True)
    least = np.full(len(tasks), np.iinfo(np.int64).max)
    np.minimum.at(least, of, takes)
    weight = np.zeros(len(tasks), dtype=np.int64)
    weight[of] = weights_of(c, scope)
    total = int(weight.sum())
    over = int(least.sum()) - most
    if over <= 0:
        return total
    loss = np.full(over + 1, total, dtype=np.int64)
    loss[0] = 0
    for w, freed in zip(weight.tolist(), np.minimum(least, over).tolist(), strict=True):
        if freed:
            without = loss + w
            loss[freed:] = np.minimum(loss[freed:], without[: over + 1 - freed])
            loss[over] = min(int(loss[over]), int(without[over - freed :].min()))
    return total - int(loss[over])

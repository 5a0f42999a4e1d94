"""A proven upper bound on served weight for areas of any size, and what guides the search below it.

People's limits (weeks, months, clashes) get prices.  Without the limits each task
chooses for itself: the start and team whose price is furthest below the task's
weight.  What all tasks gain together, plus what the limits are worth at these
prices, is a bound whatever the prices are (Lagrange); those of the relaxation make
it tight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from .clock import Left
from .diary import Diary
from .highs import relax
from .model import INF, Floats, Rows, Scope, limit_rows, team_rows, weights_of
from .people import Bools
from .team import cheapest_team

__all__ = ["Guide", "guide_of"]

ITERATIONS = 1200
"""first-order steps: twice as many lower a prefecture's bound by another 0.01 %"""
SHARE = 0.25
"""of the time left that the relaxation may take"""
NOTHING = 1e-6
"""prices below it are taken for 0"""
USED = 1e-3
"""pairs of which the relaxation uses less are taken for unused"""


@dataclass(frozen=True, slots=True)
class Guide:
    """What the relaxation of an area tells."""

    bound: float
    """no plan for the scope serves more weight"""
    gains: dict[int, float]
    """task → weight less the price of its cheapest team, where that is above 0"""
    price: Floats
    """[N] what each pair's person is worth elsewhere, in weight"""
    wished: Bools
    """[N] pairs that the relaxation uses: a third of all, and enough for plans near the bound"""


def guide_of(diary: Diary, scope: Scope, left: Left) -> Guide:
    """Solve the relaxation roughly and bound the scope by its prices; the diary holds all else."""
    c = diary.candidates
    limits = _limits_of(diary, scope)
    a, b = len(scope.starts), len(scope.pairs)
    rows = Rows()
    team_rows(c, rows, scope)
    first = rows.count
    link = limits.link.tocoo()
    rows.add(link.row.astype(np.int64), link.col.astype(np.int64) + a, 1.0, -INF, limits.most, len(limits.most))
    remaining = left()
    seconds = None if remaining is None else SHARE * remaining
    found = relax(np.concatenate((-weights_of(c, scope), np.zeros(b))), rows, ITERATIONS, seconds)
    prices = -found.duals[first:]
    prices = np.where(prices > NOTHING, prices, 0.0)
    of_pair = prices @ limits.link
    bound, gains = _bound(diary, scope, limits, prices, of_pair)
    price = np.zeros(len(c.person))
    price[scope.pairs] = of_pair
    wished = np.zeros(len(c.person), dtype=np.bool_)
    wished[scope.pairs] = found.values[a:] > USED
    return Guide(bound, gains, price, wished)


@dataclass(frozen=True, slots=True)
class _Limits:
    """All limits of people within a scope, L rows."""

    link: csr_array
    """[L, B] which pairs a limit counts"""
    most: Floats
    """[L]"""


def _limits_of(diary: Diary, scope: Scope) -> _Limits:
    rows = Rows()
    limit_rows(diary, rows, scope, np.arange(len(scope.pairs)))
    row, pair, value, _, most = rows.arrays()
    return _Limits(csr_array((value, (row, pair)), shape=(rows.count, len(scope.pairs))), most)


def _bound(
    diary: Diary, scope: Scope, limits: _Limits, prices: Floats, of_pair: Floats
) -> tuple[float, dict[int, float]]:
    """The bound at these prices, and what each task gains."""
    c = diary.candidates
    task = c.task[scope.starts]
    weight = weights_of(c, scope)
    k = np.array([c.problem.tasks[t].k for t in task], dtype=np.int64)
    first = np.searchsorted(scope.at, np.arange(len(scope.starts) + 1))
    order = np.lexsort((of_pair, scope.at))
    sums = np.concatenate(([0.0], np.cumsum(of_pair[order])))
    least = sums[first[:-1] + k] - sums[first[:-1]]
    meets = c.meets[scope.pairs[order]]
    have = np.zeros(len(k), dtype=np.int64)
    for j in range(int(k.max(initial=0))):
        wide = np.flatnonzero(k > j)
        have[wide] |= meets[first[wide] + j]
    whole = c.every[scope.starts]
    done = have == whole
    gains: dict[int, float] = {}
    # No team is cheaper than the k cheapest people; where these are a team, it is the best one.
    for i in np.flatnonzero(least < weight - 1e-9).tolist():
        t = int(task[i])
        most = float(weight[i] - least[i])
        if most <= gains.get(t, 0.0):
            continue
        if not done[i]:
            here = slice(int(first[i]), int(first[i + 1]))
            team = cheapest_team(
                c.meets[scope.pairs[here]].tolist(),
                of_pair[here].tolist(),
                int(whole[i]),
                int(k[i]),
                c.problem.tasks[t].kmax,
            )
            most = float(weight[i] - team[0]) if team else 0.0
        if most > gains.get(t, 0.0):
            gains[t] = most
    return sum(gains.values()) + float(prices @ limits.most), gains

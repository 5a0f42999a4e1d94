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

from .candidates import Candidates
from .clock import Left
from .diary import Diary
from .highs import Relaxation, relax
from .model import Floats, Rows, Scope, limit_rows, weight_costs, weight_rows, weights_of
from .people import Bools
from .team import cheapest_team

__all__ = ["Guide", "Limits", "guide_of", "limits_of", "priced_bound", "prices_of", "team_prices"]

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
    prices: Floats
    """[L] what each limit of the scope is worth, in weight"""


def guide_of(diary: Diary, scope: Scope, left: Left) -> Guide:
    """Solve the relaxation roughly and bound the scope by its prices; the diary holds all else."""
    c = diary.candidates
    limits = limits_of(diary, scope)
    a = len(scope.starts)
    remaining = left()
    seconds = None if remaining is None else SHARE * remaining
    found = relax(weight_costs(c, scope), weight_rows(diary, scope), "pdlp", ITERATIONS, seconds)
    prices = prices_of(found, limits)
    bound, gains = priced_bound(c, scope, limits, prices)
    price = np.zeros(len(c.person))
    price[scope.pairs] = prices @ limits.link
    wished = np.zeros(len(c.person), dtype=np.bool_)
    wished[scope.pairs] = found.values[a:] > USED
    return Guide(bound, gains, price, wished, prices)


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of people within a scope, L rows."""

    link: csr_array
    """[L, B] which pairs a limit counts"""
    most: Floats
    """[L]"""


def limits_of(diary: Diary, scope: Scope) -> Limits:
    """Weeks, months and clashes, in the order in which `weight_rows` has them, last."""
    rows = Rows()
    limit_rows(diary, rows, scope, np.arange(len(scope.pairs)))
    m = rows.matrix()
    return Limits(csr_array((m.value, (m.row, m.column)), shape=(m.count, len(scope.pairs))), m.upper)


def prices_of(found: Relaxation, limits: Limits) -> Floats:
    """[L] what a relaxation says that each limit is worth."""
    prices = -found.duals[len(found.duals) - len(limits.most) :]
    return np.where(prices > NOTHING, prices, 0.0)


def priced_bound(c: Candidates, scope: Scope, limits: Limits, prices: Floats) -> tuple[float, dict[int, float]]:
    """The bound at these prices, and what each task gains, where that is above 0."""
    weight = weights_of(c, scope)
    more = weight - team_prices(c, scope, prices @ limits.link, weight)
    gains: dict[int, float] = {}
    for i in np.flatnonzero(more > 1e-9).tolist():
        t = int(c.task[scope.starts[i]])
        gains[t] = max(gains.get(t, 0.0), float(more[i]))
    return sum(gains.values()) + float(prices @ limits.most), gains


def team_prices(c: Candidates, scope: Scope, of_pair: Floats, worth: Floats) -> Floats:
    """[A] the price of each start's cheapest team, where that may be below `worth` [A].

    Elsewhere, and where there is no team, it is `worth`.
    """
    tasks = [c.problem.tasks[t] for t in c.task[scope.starts]]
    k = np.array([task.k for task in tasks], dtype=np.int64)
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
    # No team is cheaper than the k cheapest people; where these are a team, it is the best one.
    found = np.where(least < worth - 1e-9, least, worth)
    for i in np.flatnonzero((found < worth) & (have != whole)).tolist():
        here = slice(int(first[i]), int(first[i + 1]))
        team = cheapest_team(
            c.meets[scope.pairs[here]].tolist(), of_pair[here].tolist(), int(whole[i]), int(k[i]), tasks[i].kmax
        )
        found[i] = min(float(worth[i]), team[0]) if team else worth[i]
    return found

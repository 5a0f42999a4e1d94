"""A proven upper bound on served weight for areas of any size (Lagrange).

People's limits (weeks, months, clashes) get prices.  Without the limits each task
chooses for itself: the start and team whose price is furthest below the task's
weight.  What all tasks gain together, plus what the limits are worth at these
prices, is a bound whatever the prices are; good prices make it tight.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from .clock import Left
from .diary import Diary
from .geometry import Ints
from .highs import relaxed_duals
from .model import INF, Floats, Rows, Scope, limit_rows, team_rows
from .team import cheapest_team

__all__ = ["Limits", "Relaxed", "better_prices", "block_prices", "limits_of", "relaxed"]

NOTHING = 1e-6
"""prices below it are taken for 0"""


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of people within a scope, L rows."""

    link: csr_array
    """[L, B] which pairs a limit counts"""
    of_pair: csr_array
    """[B, L] the same, by pair"""
    most: Floats
    """[L]"""


def limits_of(diary: Diary, scope: Scope) -> Limits:
    """The limits that the diary leaves for a scope."""
    rows = Rows()
    limit_rows(diary, rows, scope, np.arange(len(scope.pairs)))
    row, pair, value, _, most = rows.arrays()
    link = csr_array((value, (row, pair)), shape=(rows.count, len(scope.pairs)))
    return Limits(link, csr_array(link.T), most)


def block_prices(diary: Diary, scope: Scope, limits: Limits, blocks: list[Ints], left: Left, workers: int) -> Floats:
    """[L] dual prices of the limits, from the relaxation of each block of tasks alone.

    A limit that reaches into several blocks gets the highest of its prices.
    """
    prices = np.zeros(len(limits.most))
    with ThreadPoolExecutor(workers) as pool:
        for row, price in pool.map(lambda tasks: _block(diary, scope, limits, tasks, left), blocks):
            prices[row] = np.maximum(prices[row], price)
    return prices


def _block(diary: Diary, scope: Scope, limits: Limits, tasks: Ints, left: Left) -> tuple[Ints, Floats]:
    remaining = left()
    if remaining is not None and remaining <= 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    c = diary.candidates
    inside = np.isin(c.task[scope.starts], tasks)
    starts = np.flatnonzero(inside)
    pairs = np.flatnonzero(inside[scope.at])
    number = np.cumsum(inside) - 1
    part = Scope(scope.starts[starts], scope.pairs[pairs], number[scope.at[pairs]])
    rows = Rows()
    team_rows(c, rows, part)
    first = rows.count
    own = limits.of_pair[pairs].T.tocsr()
    counts = np.diff(own.indptr)
    used = np.flatnonzero(counts > limits.most)
    row, column = own[used].nonzero()
    rows.add(row.astype(np.int64), column.astype(np.int64) + len(starts), 1.0, -INF, limits.most[used], len(used))
    weight = np.array([c.problem.tasks[t].weight for t in c.task[part.starts]], dtype=np.float64)
    dual = relaxed_duals(np.concatenate((-weight, np.zeros(len(pairs)))), rows, remaining)
    price = np.zeros(len(used)) if dual is None else -dual[first:]
    return used, np.where(price > NOTHING, price, 0.0)


@dataclass(frozen=True, slots=True)
class Relaxed:
    """What tasks choose at given prices."""

    bound: float
    """no plan for the scope serves more weight"""
    chosen: list[tuple[float, int, tuple[int, ...]]]
    """(gain, place of the start, places of the members among the pairs), gain > 0, one per task"""


def relaxed(diary: Diary, scope: Scope, limits: Limits, prices: Floats) -> Relaxed:
    """The bound at these prices; the diary holds everything outside the scope."""
    c = diary.candidates
    price = limits.of_pair @ prices
    task = c.task[scope.starts]
    weight = np.array([c.problem.tasks[t].weight for t in task], dtype=np.float64)
    k = np.array([c.problem.tasks[t].k for t in task], dtype=np.int64)
    first = np.searchsorted(scope.at, np.arange(len(scope.starts) + 1))
    order = np.lexsort((price, scope.at))
    sums = np.concatenate(([0.0], np.cumsum(price[order])))
    least = sums[first[:-1] + k] - sums[first[:-1]]
    meets = c.meets[scope.pairs[order]]
    have = np.zeros(len(k), dtype=np.int64)
    for j in range(int(k.max(initial=0))):
        wide = np.flatnonzero(k > j)
        have[wide] |= meets[first[wide] + j]
    whole = c.every[scope.starts]
    done = have == whole
    best: dict[int, tuple[float, int, tuple[int, ...]]] = {}
    # No team is cheaper than the k cheapest people; where these are a team, it is the best one.
    for i in np.flatnonzero(least < weight - 1e-9).tolist():
        t = int(task[i])
        known = best.get(t)
        if known is not None and weight[i] - least[i] <= known[0]:
            continue
        if done[i]:
            members = order[first[i] : first[i] + k[i]]
            best[t] = (float(weight[i] - least[i]), i, tuple(sorted(members.tolist())))
            continue
        here = slice(int(first[i]), int(first[i + 1]))
        found = cheapest_team(
            c.meets[scope.pairs[here]].tolist(),
            price[here].tolist(),
            int(whole[i]),
            int(k[i]),
            c.problem.tasks[t].kmax,
        )
        if found is not None and weight[i] - found[0] > (known[0] if known else 1e-9):
            team = tuple(int(first[i]) + j for j in found[1])
            best[t] = (float(weight[i] - found[0]), i, team)
    chosen = [best[t] for t in sorted(best)]
    worth = float(prices @ limits.most)
    return Relaxed(sum(gain for gain, _, _ in chosen) + worth, chosen)


def better_prices(
    diary: Diary, scope: Scope, limits: Limits, prices: Floats, rounds: int, goal: float
) -> tuple[Floats, Relaxed]:
    """Move the prices by at most `rounds` subgradient steps; returns the best and what they give.

    `goal` is a weight that a plan is known to serve (the step lengths aim at it).
    """
    best = relaxed(diary, scope, limits, prices)
    found, now, at = prices, prices, best
    reach, idle = 0.3, 0
    trend = np.zeros(len(prices))
    for _ in range(rounds):
        used = np.zeros(len(scope.pairs))
        used[[j for _, _, team in at.chosen for j in team]] = 1.0
        over = limits.link @ used - limits.most
        over[(now <= 0) & (over < 0)] = 0
        trend = 0.6 * trend + over
        length = float(trend @ trend)
        if length < NOTHING or at.bound - goal < 1:
            break
        now = np.maximum(now + reach * (at.bound - goal) / length * trend, 0)
        at = relaxed(diary, scope, limits, now)
        idle += 1
        if at.bound < best.bound:
            best, found, idle = at, now, 0
        if idle == 4:
            reach, idle, now, at = reach / 2, 0, found, best
            trend = np.zeros(len(prices))
    return found, best

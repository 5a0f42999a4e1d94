"""The 0/1 model of a part of the problem, built by arrays.

A scope says what is open.  Rows are added by `Rows`, each kind in one stroke.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .candidates import Candidates
from .diary import Diary
from .geometry import Ints
from .objective import positions
from .people import Bools
from .team import smallest_cover

__all__ = [
    "INF",
    "Floats",
    "Rows",
    "Scope",
    "limit_rows",
    "scope_of",
    "team_rows",
    "teams_in",
    "values_of",
    "weight_rows",
    "weights_of",
]

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]
INF = float("inf")


class Rows:
    """Rows of a linear model, collected as triplets (row, column, value)."""

    def __init__(self) -> None:
        self.count = 0
        self._row: list[Indices] = []
        self._column: list[Indices] = []
        self._value: list[Floats] = []
        self._lower: list[Floats] = []
        self._upper: list[Floats] = []

    def add(
        self,
        row: Ints,
        column: Ints,
        value: Floats | float,
        lower: Floats | float,
        upper: Floats | float,
        count: int,
    ) -> None:
        """Add `count` rows; `row` counts from 0 within them."""
        if not count:
            return
        self._row.append((row + self.count).astype(np.int32))
        self._column.append(column.astype(np.int32))
        self._value.append(np.broadcast_to(np.asarray(value, dtype=np.float64), row.shape))
        self._lower.append(np.broadcast_to(np.asarray(lower, dtype=np.float64), (count,)))
        self._upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), (count,)))
        self.count += count

    def grouped(self, key: Ints, column: Ints, upper: Ints) -> None:
        """Add, for each different key, "at most `upper` of these columns"; skip rows that hold anyway.

        `upper` stands beside each key (the same for equal keys).
        """
        keys, row, counts = np.unique(key, return_inverse=True, return_counts=True)
        limit = np.zeros(len(keys), dtype=np.int64)
        limit[row] = upper
        tight = counts > limit
        number = np.cumsum(tight) - 1
        keep = tight[row]
        self.add(number[row[keep]], column[keep], 1.0, -INF, limit[tight].astype(np.float64), int(tight.sum()))

    def arrays(self) -> tuple[Indices, Indices, Floats, Floats, Floats]:
        """(row, column, value) triplets, lower and upper bounds."""
        none = np.zeros(0, dtype=np.int32)
        empty: Floats = np.zeros(0)
        return (
            np.concatenate([none, *self._row]),
            np.concatenate([none, *self._column]),
            np.concatenate([empty, *self._value]),
            np.concatenate([empty, *self._lower]),
            np.concatenate([empty, *self._upper]),
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """Which decisions are open: A starts and the B pairs that may serve them."""

    starts: Ints
    """[A] ascending"""
    pairs: Ints
    """[B] ascending"""
    at: Ints
    """[B] place of the pair's start in `starts`"""


def scope_of(diary: Diary, tasks: Ints, allowed: Bools | None = None) -> Scope:
    """The starts of `tasks` that somebody can serve in what the diary leaves free.

    The diary must not hold these tasks.  `allowed` [N] keeps further pairs out.
    """
    c = diary.candidates
    starts: list[int] = []
    parts: list[Ints] = []
    for t in tasks.tolist():
        task = c.problem.tasks[t]
        for s in c.starts(t):
            if not c.possible[s]:
                continue
            free = np.flatnonzero(diary.free(s)) + int(c.first[s])
            if allowed is not None:
                free = free[allowed[free]]
            if len(free) < task.k or smallest_cover(c.meets[free], int(c.every[s]), task.kmax) is None:
                continue
            starts.append(s)
            parts.append(free)
    none = np.zeros(0, dtype=np.int64)
    counts = np.array([len(part) for part in parts], dtype=np.int64)
    at = np.repeat(np.arange(len(starts)), counts)
    return Scope(np.array(starts, dtype=np.int64), np.concatenate([none, *parts]), at)


def weights_of(candidates: Candidates, scope: Scope) -> Floats:
    """[A] the weight that each start serves."""
    tasks = candidates.problem.tasks
    return np.array([tasks[t].weight for t in candidates.task[scope.starts]], dtype=np.float64)


def weight_rows(diary: Diary, scope: Scope) -> Rows:
    """Rows of the model in which served weight is maximised.

    Columns: A of "start is served", then B of "this person serves this start".
    """
    rows = Rows()
    a, b = len(scope.starts), len(scope.pairs)
    team_rows(diary.candidates, rows, scope)
    limit_rows(diary, rows, scope, np.arange(a, a + b, dtype=np.int64))
    return rows


def team_rows(c: Candidates, rows: Rows, scope: Scope) -> None:
    """H1, H2 and H8–H11: what each task and team has to keep for itself."""
    a, b = len(scope.starts), len(scope.pairs)
    x = np.arange(a, a + b, dtype=np.int64)
    rows.grouped(c.task[scope.starts], np.arange(a, dtype=np.int64), np.ones(a, dtype=np.int64))
    _sizes(c, rows, scope.starts, scope.at, x)
    _covers(c, rows, scope.starts, scope.pairs, scope.at, x)


def values_of(diary: Diary, scope: Scope) -> Floats:
    """The columns of `weight_rows` as the diary has them."""
    c = diary.candidates
    values = np.zeros(len(scope.starts) + len(scope.pairs))
    for s, team in diary.served.values():
        i = int(np.searchsorted(scope.starts, s))
        if i < len(scope.starts) and scope.starts[i] == s:
            values[i] = 1.0
            values[len(scope.starts) + np.searchsorted(scope.pairs, positions(c, s, team))] = 1.0
    return values


def teams_in(candidates: Candidates, scope: Scope, values: Floats) -> list[tuple[int, tuple[int, ...]]]:
    """A solution of `weight_rows` as (start, indices of the members)."""
    a = len(scope.starts)
    chosen = scope.pairs[values[a : a + len(scope.pairs)] > 0.5]
    who, of = candidates.person[chosen], candidates.pair_start[chosen]
    served = scope.starts[values[:a] > 0.5]
    return [(s, tuple(who[of == s].tolist())) for s in served.tolist()]


def _sizes(c: Candidates, rows: Rows, starts: Ints, at: Ints, x: Ints) -> None:
    """H2: k · y ≤ Σ x ≤ kmax · y."""
    a = len(starts)
    tasks = [c.problem.tasks[t] for t in c.task[starts]]
    k = np.array([task.k for task in tasks], dtype=np.float64)
    kmax = np.array([task.kmax for task in tasks], dtype=np.float64)
    y = np.arange(a, dtype=np.int64)
    row, column = np.concatenate((at, y)), np.concatenate((x, y))
    ones = np.ones(len(x))
    rows.add(row, column, np.concatenate((ones, -k)), 0.0, np.where(k == kmax, 0.0, INF), a)
    open_ = np.flatnonzero(k != kmax)
    number = np.full(a, -1, dtype=np.int64)
    number[open_] = np.arange(len(open_))
    here = number[at] >= 0
    rows.add(
        np.concatenate((number[at[here]], number[open_])),
        np.concatenate((x[here], open_)),
        np.concatenate((ones[here], -kmax[open_])),
        -INF,
        0.0,
        len(open_),
    )


def _covers(c: Candidates, rows: Rows, starts: Ints, pairs: Ints, at: Ints, x: Ints) -> None:
    """H8–H11: per start and requirement that not everybody meets, at least one who does."""
    meets = c.meets[pairs]
    every = c.every[starts]
    count = np.bincount(at, minlength=len(starts))
    for bit in range(int(every.max(initial=0)).bit_length()):
        here = (meets >> bit & 1).astype(np.bool_)
        able = np.bincount(at[here], minlength=len(starts))
        wanted = np.flatnonzero((every >> bit & 1).astype(np.bool_) & (able < count))
        number = np.full(len(starts), -1, dtype=np.int64)
        number[wanted] = np.arange(len(wanted))
        use = here & (number[at] >= 0)
        n = int(use.sum())
        rows.add(
            np.concatenate((number[at[use]], number[wanted])),
            np.concatenate((x[use], wanted)),
            np.concatenate((np.ones(n), -np.ones(len(wanted)))),
            0.0,
            INF,
            len(wanted),
        )


def limit_rows(diary: Diary, rows: Rows, scope: Scope, x: Ints) -> None:
    """H6 and H7: weeks, months and clashes of each person; x [B] are the pairs' columns."""
    c = diary.candidates
    who = c.person[scope.pairs].astype(np.int64)
    s = scope.starts[scope.at]
    week, month = c.week[s], c.month[s]
    left = diary.week_left[who, week]
    rows.grouped(who * diary.week_left.shape[1] + week, x, left)
    rows.grouped(who * diary.month_left.shape[1] + month, x, diary.month_left[who, month])
    several = np.minimum(left, diary.month_left[who, month]) > 1
    key, column = clash_cliques(c, scope.starts, scope.at[several], who[several], x[several])
    rows.grouped(key, column, np.ones(len(key), dtype=np.int64))


def clash_cliques(c: Candidates, starts: Ints, at: Ints, who: Ints, x: Ints) -> tuple[Ints, Ints]:
    """Sets of columns of which a person can serve one at most (H6): (key of the set, column)."""
    none: Ints = np.zeros(0, dtype=np.int64)
    keys, columns, number = [none], [none], 0
    day = c.day[starts[at]]
    order = np.lexsort((at, who, day))
    at, who, x, day = at[order], who[order], x[order], day[order]
    for of_day in _runs(day):
        local, place = np.unique(at[of_day], return_inverse=True)
        clash = _clash(c, starts[local])
        column = x[of_day]
        known: dict[bytes, tuple[Ints, Ints]] = {}
        for run in _runs(who[of_day]):
            if run.stop - run.start == 1:
                continue
            here = place[run]
            found = known.get(here.tobytes())
            if found is None:
                found = known[here.tobytes()] = _cliques(clash[np.ix_(here, here)])
            of, members = found
            keys.append(of + number)
            columns.append(column[run][members])
            number += int(of[-1]) + 1 if len(of) else 0
    return np.concatenate(keys), np.concatenate(columns)


def _runs(sorted_: Ints) -> list[slice]:
    """Stretches of equal values."""
    if not len(sorted_):
        return []
    edges = np.flatnonzero(np.diff(sorted_)) + 1
    bounds = [0, *edges.tolist(), len(sorted_)]
    return [slice(i, j) for i, j in pairwise(bounds)]


def _clash(c: Candidates, s: Ints) -> Bools:
    """Which of these starts of one day a person cannot serve both.

    Starts of one task count as clashing: the task is served once, and larger sets
    make a tighter model.
    """
    venue, start, end, task = c.venue[s], c.start[s], c.end[s], c.task[s]
    gap = c.people.places.gap(venue[:, None], venue[None, :])
    before = end[:, None] + gap <= start[None, :]
    return np.asarray(~(before | before.T) | (task[:, None] == task[None, :]), dtype=np.bool_)


def _cliques(clash: Bools) -> tuple[Ints, Ints]:
    """Sets in which all clash, such that each clashing pair is in one of them: (number of the set, member)."""
    n = len(clash)
    if clash.all():
        return np.zeros(n, dtype=np.int64), np.arange(n, dtype=np.int64)
    beside = [{j for j in range(n) if j != i and clash[i, j]} for i in range(n)]
    todo = {(i, j) for i in range(n) for j in beside[i] if i < j}
    found: list[list[int]] = []
    for i in range(n):
        for j in range(i + 1, n):
            if (i, j) not in todo:
                continue
            clique, common = [i, j], beside[i] & beside[j]
            while common:
                # Prefer who still brings an uncovered pair.
                pick = min(common, key=lambda v: ((min(i, v), max(i, v)) not in todo, v))
                clique.append(pick)
                common = common & beside[pick]
            clique.sort()
            todo -= {(v, w) for n_, v in enumerate(clique) for w in clique[n_ + 1 :]}
            found.append(clique)
    numbers = np.repeat(np.arange(len(found)), [len(clique) for clique in found])
    return numbers, np.array([v for clique in found for v in clique], dtype=np.int64)

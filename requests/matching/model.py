"""The 0/1 model of a part of the problem, built by arrays.

A scope says what is open.  Rows are added by `Rows`, each kind in one stroke.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .candidates import Candidates
from .cliques import clash_cliques
from .diary import Diary
from .geometry import Ints
from .objective import positions
from .people import Bools
from .team import smallest_cover

__all__ = [
    "INF",
    "Floats",
    "Matrix",
    "Rows",
    "Scope",
    "limit_rows",
    "scope_of",
    "team_rows",
    "teams_in",
    "values_of",
    "weight_costs",
    "weight_rows",
    "weights_of",
]

Floats = NDArray[np.float64]
Indices = NDArray[np.int32]
INF = float("inf")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of a linear model: lower ≤ Σ value · column ≤ upper."""

    row: Indices
    """[E] entries"""
    column: Indices
    value: Floats
    lower: Floats
    """[rows]"""
    upper: Floats

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.lower)


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

    def matrix(self) -> Matrix:
        """All rows so far."""
        # Kept joined: a nation's rows would be held twice otherwise.
        self._row = [np.concatenate([np.zeros(0, dtype=np.int32), *self._row])]
        self._column = [np.concatenate([np.zeros(0, dtype=np.int32), *self._column])]
        self._value = [np.concatenate([np.zeros(0), *self._value])]
        self._lower = [np.concatenate([np.zeros(0), *self._lower])]
        self._upper = [np.concatenate([np.zeros(0), *self._upper])]
        return Matrix(self._row[0], self._column[0], self._value[0], self._lower[0], self._upper[0])


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
            free = np.flatnonzero(diary.free(s, allowed)) + int(c.first[s])
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


def weight_costs(candidates: Candidates, scope: Scope) -> Floats:
    """Costs of the columns of `weight_rows`, to be minimised: the served weight below 0."""
    return np.concatenate((-weights_of(candidates, scope), np.zeros(len(scope.pairs))))


def weight_rows(diary: Diary, scope: Scope, counts: Iterable[tuple[Floats, float]] = ()) -> Matrix:
    """Rows of the model in which served weight is maximised.

    `counts` are further rows, first: Σ numbers [A] · starts ≤ a number.
    Columns: A of "start is served", then B of "this person serves this start".
    """
    rows = Rows()
    a, b = len(scope.starts), len(scope.pairs)
    for takes, most in counts:
        some = np.flatnonzero(takes)
        rows.add(np.zeros(len(some), dtype=np.int64), some, takes[some], -INF, most, 1)
    team_rows(diary.candidates, rows, scope)
    limit_rows(diary, rows, scope, np.arange(a, a + b, dtype=np.int64))
    return rows.matrix()


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


def teams_in(scope: Scope, values: Floats) -> list[tuple[int, tuple[int, ...]]]:
    """A solution of `weight_rows` as (place of the start, places of the members)."""
    a = len(scope.starts)
    chosen = np.flatnonzero(values[a : a + len(scope.pairs)] > 0.5)
    of = scope.at[chosen]
    return [(i, tuple(chosen[of == i].tolist())) for i in np.flatnonzero(values[:a] > 0.5).tolist()]


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

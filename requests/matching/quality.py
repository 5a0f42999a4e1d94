"""Stage two: of all plans that serve the same weight, one with the smallest Q."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .geometry import Ints
from .diary import Diary
from .model import INF, Floats, Model
from .objective import promised_pairs

__all__ = ["QualityModel", "quality_model"]


@dataclass(frozen=True, slots=True)
class QualityModel:
    """A weight model with the columns and costs of Q."""

    model: Model
    cost: Floats
    """[columns] of all columns, the added ones included"""
    whole: np.typing.NDArray[np.bool_]
    upper: Floats
    extra: Ints
    """[E] person of each column for one more assignment, ascending, after starts and pairs"""
    beside: Ints
    """[G] places among the model's pairs of the newcomers' columns, the last ones"""

    def values_of(self, diary: Diary) -> Floats:
        """All columns as the diary has them."""
        c, model = diary.candidates, self.model
        a, b, e = len(model.starts), len(model.pairs), len(self.extra)
        values = model.values_of(diary)
        who = c.person[model.pairs].astype(np.int64)
        served = values[a : a + b] > 0.5
        times = np.bincount(who[served], minlength=len(c.people.x))
        step = np.arange(e) - np.searchsorted(self.extra, self.extra)
        values[a + b : a + b + e] = step < times[self.extra] - 1
        at = c.pair_start[model.pairs]
        led = set(at[served & c.people.lead[who]].tolist())
        seen: set[int] = set()
        for i, pair in enumerate(self.beside.tolist()):
            p = int(who[pair])
            if served[pair] and int(at[pair]) in led and p not in seen:
                seen.add(p)
                values[a + b + e + i] = 1.0
        return values


def quality_model(diary: Diary, model: Model, weight: int) -> QualityModel:
    """Add to `model` what Q needs, and the row that keeps the served weight at `weight`."""
    c = diary.candidates
    costs, people = c.problem.params.q, c.people
    a, b = len(model.starts), len(model.pairs)
    x = np.arange(a, a + b, dtype=np.int64)
    who = c.person[model.pairs].astype(np.int64)
    pair_start = c.pair_start[model.pairs].astype(np.int64)
    at = np.searchsorted(model.starts, pair_start)
    rows = model.rows
    cost = [costs.rank * c.rank[model.starts].astype(np.float64)]
    kept = np.isin(model.pairs, promised_pairs(c))
    times = np.zeros(len(people.x), dtype=np.int64)
    for p, served in diary.starts_of.items():
        times[p] = len(served)
    # One more assignment raises after² by 2 · after + 1; the first one is in the pair's own
    # cost, and each further one costs 2 more than the one before: the added columns.
    first = costs.fair * (2 * (people.before + times)[who] + 1)
    cost.append((c.cost[model.pairs] + first - costs.stability * kept).astype(np.float64))
    most = _most(diary, model, who)
    extra_person, extra_step = _steps(most)
    steps = len(extra_person)
    z = np.arange(a + b, a + b + steps, dtype=np.int64)
    cost.append((2 * costs.fair * extra_step).astype(np.float64))
    several = np.flatnonzero(most > 1)
    number = np.full(len(most), -1, dtype=np.int64)
    number[several] = np.arange(len(several))
    here = number[who] >= 0
    rows.add(
        np.concatenate((number[who[here]], number[extra_person])),
        np.concatenate((x[here], z)),
        np.concatenate((np.ones(int(here.sum())), -np.ones(steps))),
        -INF,
        1.0,
        len(several),
    )
    weights = np.array([c.problem.tasks[t].weight for t in c.task[model.starts]], dtype=np.float64)
    rows.add(np.zeros(a, dtype=np.int64), np.arange(a), weights, float(weight), INF, 1)
    columns = a + b + steps
    whole = np.concatenate((np.ones(a + b, dtype=np.bool_), np.zeros(steps, dtype=np.bool_)))
    beside = _mentoring(diary, model, at, who, x, columns)
    cost.append(np.full(len(beside), -float(costs.mentor)))
    columns += len(beside)
    whole = np.concatenate((whole, np.zeros(len(beside), dtype=np.bool_)))
    full = Model(model.starts, model.pairs, rows, columns)
    return QualityModel(full, np.concatenate(cost), whole, np.ones(columns), extra_person, beside)


def _most(diary: Diary, model: Model, who: Ints) -> Ints:
    """[P] how many assignments of this part a person can get at most."""
    c = diary.candidates
    months = np.minimum(diary.month_left, c.problem.days).sum(axis=1)
    weeks = np.minimum(diary.week_left, c.problem.days).sum(axis=1)
    tasks = c.task[c.pair_start[model.pairs]]
    own = np.unique(who * len(c.problem.tasks) + tasks) // max(1, len(c.problem.tasks))
    different = np.bincount(own, minlength=len(c.people.x))
    most: Ints = np.minimum(np.minimum(months, weeks), different)
    return most


def _steps(most: Ints) -> tuple[Ints, Ints]:
    """For each person and each assignment after the first: (person, 1, 2, …)."""
    counts = np.maximum(most - 1, 0)
    person = np.repeat(np.arange(len(most)), counts)
    step = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    return person, step


def _mentoring(
    diary: Diary, model: Model, at: Ints, who: Ints, x: Ints, first: int
) -> Ints:
    """Columns from `first` on: newcomer p is mentored at start s, at most once in all.

    Returns the places of these newcomers among the model's pairs.

    A newcomer beside a lead needs no whole column: given whole teams, each may be
    as large as its rows allow.  Where a task asks for a lead, serving is enough.
    """
    c = diary.candidates
    people, rows = c.people, model.rows
    new = np.flatnonzero(people.newcomer[who])
    leads = people.lead[who]
    led = np.bincount(at[leads], minlength=len(model.starts)) > 0
    new = new[led[at[new]]]
    if not c.problem.params.q.mentor or not len(new):
        return np.zeros(0, dtype=np.int64)
    n = len(new)
    g = np.arange(first, first + n, dtype=np.int64)
    index = np.arange(n)
    rows.add(np.tile(index, 2), np.concatenate((g, x[new])), np.repeat([1.0, -1.0], n), -INF, 0.0, n)
    asks = np.array([c.problem.tasks[t].lead for t in c.task[model.starts]], dtype=np.bool_)
    free = new[~asks[at[new]] & ~leads[new]]
    if len(free):
        # g ≤ Σ of the leads of the start, unless the newcomer is one or the task asks for one.
        lead_pairs = np.flatnonzero(leads)
        order = np.searchsorted(at[lead_pairs], at[free], side="left")
        stop = np.searchsorted(at[lead_pairs], at[free], side="right")
        counts = stop - order
        row = np.repeat(np.arange(len(free)), counts)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        beside = x[lead_pairs[np.repeat(order, counts) + offset]]
        own = g[np.searchsorted(new, free)]
        rows.add(
            np.concatenate((np.arange(len(free)), row)),
            np.concatenate((own, beside)),
            np.concatenate((np.ones(len(free)), -np.ones(len(row)))),
            -INF,
            0.0,
            len(free),
        )
    person, row = np.unique(who[new], return_inverse=True)
    rows.add(row, g, 1.0, -INF, 1.0, len(person))
    return new

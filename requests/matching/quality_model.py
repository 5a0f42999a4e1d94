"""What stage two has to know of a scope, as arrays: nothing else is needed to lower its Q."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .candidates import Candidates
from .diary import Diary
from .geometry import Ints
from .model import INF, Floats, Rows, Scope, limit_rows
from .objective import Served, mentored, positions, promised_pairs
from .people import Bools

__all__ = ["QualityModel", "Team", "quality_model"]

Team = tuple[int, tuple[int, ...]]
"""(place of the start among the scope's, places of the members among its pairs)"""


@dataclass(frozen=True, slots=True)
class QualityModel:
    """A scope of A starts and B pairs with R rows of people's limits; costs in units of Q."""

    served: int
    """weight that has to be served"""
    held: tuple[Team, ...]
    """a plan that serves it"""
    task: Ints
    """[A] the start's task, counted from 0 within the scope"""
    weight: Floats
    """[A]"""
    rank: Floats
    """[A] cost of the start"""
    every: Ints
    """[A] bits of the requirements"""
    k: Ints
    kmax: Ints
    asks_lead: Bools
    """[A]"""
    first: Ints
    """[A + 1] the pairs of start i are first[i] … first[i + 1] − 1"""
    base: Floats
    """[B] cost of the pair when it is the person's only one in the scope"""
    meets: Ints
    """[B] bits of the requirements that the person meets"""
    lead: Bools
    """[B]"""
    row: Ints
    """[E] entries of the limits: row, pair, value"""
    pair: Ints
    value: Floats
    upper: Floats
    """[R]"""
    steps: Ints
    """[F, 2] (row, n): the n-th further assignment of the row's person"""
    step: float
    """each further assignment costs this much more than the one before it"""
    mentor: Ints
    """[B] the row of the newcomer's mentoring, −1 for others"""
    newcomers: Ints
    """rows of mentoring"""
    mentoring: float
    """what a mentoring is worth"""


def quality_model(base: Diary, scope: Scope, now: Served) -> QualityModel:
    """The model of a scope; `base` holds everything outside it, `now` is a plan for it."""
    c = base.candidates
    costs, people = c.problem.params.q, c.people
    tasks = [c.problem.tasks[t] for t in c.task[scope.starts]]
    held = _teams_of(c, scope, now)
    who = c.person[scope.pairs].astype(np.int64)
    times = np.zeros(len(people.x), dtype=np.int64)
    for p in np.unique(who).tolist():
        times[p] = len(base.starts_of.get(p, ()))
    kept = np.isin(scope.pairs, promised_pairs(c))
    first = costs.fair * (2 * (people.before + times)[who] + 1)
    rows = Rows()
    limit_rows(base, rows, scope, np.arange(len(who)))
    steps = _steps(base, rows, scope, who)
    mentor, newcomers = _newcomers(base, rows, who)
    limits = rows.matrix()
    return QualityModel(
        served=sum(tasks[i].weight for i, _ in held),
        held=tuple(held),
        task=np.unique(c.task[scope.starts], return_inverse=True)[1].astype(np.int64),
        weight=np.array([task.weight for task in tasks], dtype=np.float64),
        rank=costs.rank * c.rank[scope.starts].astype(np.float64),
        every=c.every[scope.starts],
        k=np.array([task.k for task in tasks], dtype=np.int64),
        kmax=np.array([task.kmax for task in tasks], dtype=np.int64),
        asks_lead=np.array([task.lead for task in tasks], dtype=np.bool_),
        first=np.searchsorted(scope.at, np.arange(len(scope.starts) + 1)),
        base=(c.cost[scope.pairs] + first - costs.stability * kept).astype(np.float64),
        meets=c.meets[scope.pairs],
        lead=people.lead[who],
        row=limits.row.astype(np.int64),
        pair=limits.column.astype(np.int64),
        value=limits.value,
        upper=limits.upper,
        steps=steps,
        step=2.0 * costs.fair,
        mentor=mentor,
        newcomers=newcomers if costs.mentor else newcomers[:0],
        mentoring=float(costs.mentor),
    )


def _steps(base: Diary, rows: Rows, scope: Scope, who: Ints) -> Ints:
    """Rows "assignments of p − further ones ≤ 1"; returns (row, number of the further one).

    One more assignment raises after² by 2 · after + 1: the first one's cost stands
    in the pair, each further one costs 2 · fair more than the one before it.
    """
    c = base.candidates
    months = np.minimum(base.month_left, c.problem.days).sum(axis=1)
    weeks = np.minimum(base.week_left, c.problem.days).sum(axis=1)
    task = c.task[c.pair_start[scope.pairs]]
    own = np.unique(who * (len(c.problem.tasks) + 1) + task) // (len(c.problem.tasks) + 1)
    different = np.bincount(own, minlength=len(c.people.x))
    most = np.minimum(np.minimum(months, weeks), different)
    several = np.flatnonzero(most > 1)
    number = np.full(len(most), -1, dtype=np.int64)
    number[several] = np.arange(len(several))
    pairs = np.flatnonzero(number[who] >= 0)
    first = rows.count
    rows.add(number[who[pairs]], pairs, 1.0, -INF, 1.0, len(several))
    found = [(first + i, n) for i, p in enumerate(several.tolist()) for n in range(1, int(most[p]))]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _newcomers(base: Diary, rows: Rows, who: Ints) -> tuple[Ints, Ints]:
    """Rows "mentored p ≤ teams with p and a lead"; the teams' entries depend on the team."""
    c = base.candidates
    new = np.flatnonzero(c.people.newcomer[who])
    theirs = {int(c.task[s]) for p in np.unique(who[new]).tolist() for s in base.starts_of.get(p, ())}
    done = mentored(c, {t: base.served[t] for t in theirs})
    new = new[[int(p) not in done for p in who[new]]] if len(new) else new
    people, number = np.unique(who[new], return_inverse=True)
    first = rows.count
    mentor = np.full(len(who), -1, dtype=np.int64)
    mentor[new] = first + number
    # The rows' entries are set column by column; a zero entry reserves the row.
    rows.add(number, new, 0.0, -INF, 0.0, len(people))
    return mentor, np.arange(first, first + len(people), dtype=np.int64)


def _teams_of(c: Candidates, scope: Scope, now: Served) -> list[Team]:
    """The teams of a plan by their places in the scope."""
    found: list[Team] = []
    for s, members in now.values():
        i = int(np.searchsorted(scope.starts, s))
        if i < len(scope.starts) and scope.starts[i] == s:
            places = np.searchsorted(scope.pairs, positions(c, s, members))
            found.append((i, tuple(places.tolist())))
    return sorted(found)

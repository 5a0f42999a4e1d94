"""Which starts one person cannot serve both (H6), as the fewest and largest sets that say so."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .candidates import Candidates
from .geometry import Ints
from .people import Bools

__all__ = ["clash_cliques"]

STRIPE = 128
"""rows that are compared at once: a nation has thousands of starts a day"""


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
    clash = np.empty((len(s), len(s)), dtype=np.bool_)
    for first in range(0, len(s), STRIPE):
        some = slice(first, first + STRIPE)
        gap = c.people.places.gap(venue[some, None], venue[None, :])
        apart = (end[some, None] + gap <= start[None, :]) | (end[None, :] + gap <= start[some, None])
        clash[some] = ~apart | (task[some, None] == task[None, :])
    return clash


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

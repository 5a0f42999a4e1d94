"""Cutting an area into parts that can be planned side by side.

A part is a set of tasks.  Each person belongs to one part, and other parts may use
the person only as the present plan does: whatever the parts decide, the decisions
fit together, in any order and on any number of workers.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from .candidates import Candidates
from .diary import Diary
from .geometry import Ints
from .model import Floats, Scope
from .objective import positions
from .people import Bools

__all__ = ["allowed_pairs", "blocks_of", "owners", "towns_of"]


def blocks_of(candidates: Candidates, tasks: Ints, size: int, turn: float = 0.0, days: float = 0.0) -> list[Ints]:
    """Cut tasks into blocks of at most `size` by halving, across the longer side each time.

    The map is turned by `turn` radians first, so that different turns make overlapping
    blocks; `days` is how many metres one day counts as a third side.
    """
    c = candidates
    places = c.people.places
    venue = np.array([c.problem.tasks[t].venue for t in tasks.tolist()], dtype=np.int64)
    x, y = places.x[venue].astype(np.float64), places.y[venue].astype(np.float64)
    day = np.array([np.mean([d for d, _ in c.problem.tasks[t].starts] or [0]) for t in tasks.tolist()])
    sides = np.column_stack((x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn), days * day))
    return [np.sort(tasks[block]) for block in _halves(sides, np.arange(len(tasks)), size)]


def _halves(sides: Floats, which: Ints, size: int) -> list[Ints]:
    if len(which) <= size:
        return [which] if len(which) else []
    here = sides[which]
    # Interquartile breadth: one far village must not decide where a city is cut.
    low, high = np.quantile(here, [0.1, 0.9], axis=0)
    order = np.lexsort((which, here[:, int(np.argmax(high - low))]))
    middle = len(which) // 2
    return _halves(sides, which[order[:middle]], size) + _halves(sides, which[order[middle:]], size)


def towns_of(scope: Scope, candidates: Candidates, size: int) -> list[Ints]:
    """Groups of municipalities that share people, of at most `size` tasks unless one alone is larger.

    No municipality is cut; those that share most people are joined first.
    """
    c = candidates
    names, of_venue = np.unique([venue.muni for venue in c.problem.venues], return_inverse=True)
    tasks = np.unique(c.task[scope.starts])
    town = of_venue[[c.problem.tasks[t].venue for t in tasks.tolist()]]
    of_pair = of_venue[c.venue[scope.starts[scope.at]]]
    keys = np.unique(c.person[scope.pairs].astype(np.int64) * len(names) + of_pair)
    people, towns = keys // len(names), keys % len(names)
    visits = csr_array((np.ones(len(keys), dtype=np.int64), (people, towns)), shape=(len(c.people.x), len(names)))
    shared = (visits.T @ visits).tocoo()
    upper = shared.row < shared.col
    first, second, count = shared.row[upper], shared.col[upper], shared.data[upper]
    group = list(range(len(names)))
    load = np.bincount(town, minlength=len(names)).tolist()

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    for i in np.lexsort((second, first, -count)).tolist():
        a, b = root(int(first[i])), root(int(second[i]))
        if a != b and load[a] + load[b] <= size:
            group[max(a, b)] = min(a, b)
            load[min(a, b)] += load[max(a, b)]
    roots = np.array([root(i) for i in range(len(names))])[town]
    return [tasks[roots == r] for r in np.unique(roots)]


def allowed_pairs(diary: Diary, blocks: list[Ints]) -> Bools:
    """[N] the pairs that each task's block may use.

    A person belongs to the block with most of the person's pairs; elsewhere only the
    pairs of the present plan are allowed.
    """
    c = diary.candidates
    block = np.full(len(c.problem.tasks), -1, dtype=np.int64)
    for b, tasks in enumerate(blocks):
        block[tasks] = b
    of_pair = block[c.task[c.pair_start]]
    inside = of_pair >= 0
    owner = owners(c.person[inside].astype(np.int64), of_pair[inside], len(blocks), len(c.people.x))
    allowed: Bools = np.asarray(inside & (owner[c.person] == of_pair), dtype=np.bool_)
    for s, team in diary.served.values():
        allowed[positions(c, s, team)] = True
    return allowed


def owners(who: Ints, block: Ints, blocks: int, people: int) -> Ints:
    """[people] the block with most of each person's pairs (of equal ones the first); −1 without pairs."""
    keys, counts = np.unique(who * blocks + block, return_counts=True)
    owner = np.full(people, -1, dtype=np.int64)
    # Ascending counts: the last one written is the largest.
    order = np.lexsort((-(keys % max(1, blocks)), counts))
    owner[keys[order] // max(1, blocks)] = keys[order] % max(1, blocks)
    return owner

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

__all__ = ["allowed_pairs", "blocks_of", "owners", "pairs_of", "towns_of"]


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
    """Groups of municipalities that share people, of at most `size` tasks.

    Those that share most people are joined first; only a municipality that is larger alone is cut.
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
    groups = [tasks[roots == r] for r in np.unique(roots)]
    return [part for group in groups for part in blocks_of(c, group, size)]


def pairs_of(candidates: Candidates, tasks: Ints) -> Ints:
    """Positions of all pairs of these tasks, in their order."""
    c = candidates
    first, end = c.first[c.task_first[tasks]], c.first[c.task_first[tasks + 1]]
    lengths = end - first
    # Each position is its place in the answer, moved by where its task's stretch begins.
    moved = np.repeat(first - np.cumsum(lengths) + lengths, lengths)
    return moved + np.arange(len(moved), dtype=np.int64)


def allowed_pairs(diary: Diary, blocks: list[Ints], among: Bools) -> Bools:
    """[N] the pairs that each task's block may use, of those in `among` [N].

    A person belongs to the block with most of the person's pairs; elsewhere only the
    pairs of the present plan are allowed.
    """
    c = diary.candidates
    pairs = [pairs_of(c, tasks) for tasks in blocks]
    usable = [mine[among[mine]] for mine in pairs]
    block = np.repeat(np.arange(len(blocks)), [len(mine) for mine in usable])
    mine = np.concatenate(usable)
    who = c.person[mine].astype(np.int64)
    owner = owners(who, block, len(blocks), len(c.people.x))
    allowed = np.zeros(len(among), dtype=np.bool_)
    allowed[mine[owner[who] == block]] = True
    for t in np.concatenate(blocks).tolist():
        if t in diary.served:
            allowed[positions(c, *diary.served[t])] = True
    return allowed


def owners(who: Ints, block: Ints, blocks: int, people: int) -> Ints:
    """[people] the block with most of each person's pairs (of equal ones the first); −1 without pairs."""
    keys, counts = np.unique(who * blocks + block, return_counts=True)
    owner = np.full(people, -1, dtype=np.int64)
    # Ascending counts: the last one written is the largest.
    order = np.lexsort((-(keys % max(1, blocks)), counts))
    owner[keys[order] // max(1, blocks)] = keys[order] % max(1, blocks)
    return owner

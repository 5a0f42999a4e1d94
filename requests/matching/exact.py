"""Areas of a city's size: both stages over everything at once, with proof."""

from __future__ import annotations

import numpy as np

from .bound import limits_of, priced_bound, prices_of
from .clock import Left
from .columns import lower_quality
from .counting import Count, counts_of
from .diary import Diary
from .geometry import Ints
from .highs import minimise, relax
from .model import Scope, scope_of, teams_in, values_of, weight_costs, weight_rows
from .objective import quality
from .quality_model import quality_model
from .search import put

__all__ = ["best_quality", "best_weight", "relaxed_weight"]


COUNTS = 3
"""counts that the solver is told of: more rows cost more than they help"""
CLEARLY = 4
"""by how much a count has to lower the bound for that: rows that say little more slow the solver down"""


def best_weight(base: Diary, diary: Diary, tasks: Ints, gap: float, left: Left) -> int:
    """Raise the diary to the greatest served weight; returns the proven bound.

    `base` holds what is settled, `tasks` are all others.
    """
    c = base.candidates
    scope = scope_of(base, tasks)
    settled = base.served_weight
    if not len(scope.starts):
        return settled
    bound, counts = _proven(base, scope, left)
    if diary.served_weight == settled + bound:
        return settled + bound
    rows = weight_rows(base, scope, [(count.takes, count.most) for count in counts[:COUNTS]])
    answer = minimise(
        weight_costs(c, scope), rows, start=values_of(diary, scope), seconds=left(), gap=gap, target=-bound
    )
    if answer.values is not None and -answer.objective > diary.served_weight - settled + 0.5:
        put(diary, tasks, scope, teams_in(scope, answer.values))
    return settled + min(bound, int(np.floor(min(-answer.bound, 1e15) + 1e-6)))


def relaxed_weight(base: Diary, left: Left) -> int:
    """A proven bound on the served weight, from the relaxation; `base` holds what is settled."""
    c = base.candidates
    open_ = np.array([t for t in range(len(c.problem.tasks)) if t not in base.served], dtype=np.int64)
    scope = scope_of(base, open_)
    return base.served_weight + (_proven(base, scope, left)[0] if len(scope.starts) else 0)


def _proven(base: Diary, scope: Scope, left: Left) -> tuple[int, list[Count]]:
    """A bound for the scope from the prices of its relaxation, and the counts that say clearly more than these."""
    c = base.candidates
    limits = limits_of(base, scope)
    found = relax(weight_costs(c, scope), weight_rows(base, scope), "simplex", seconds=left())
    prices = prices_of(found, limits)
    bound = int(np.floor(priced_bound(c, scope, limits, prices)[0] + 1e-6))
    counts = counts_of(c, scope, limits, prices)
    clear = [count for count in counts if count.bound <= bound - CLEARLY]
    return min([bound, *(count.bound for count in counts)]), clear


def best_quality(base: Diary, diary: Diary, tasks: Ints, left: Left) -> int | None:
    """Lower the diary's Q, its weight kept; returns the proven bound of Q, if there is one."""
    c = base.candidates
    scope = scope_of(base, tasks)
    constant = quality(c, base.served)
    answer = lower_quality(quality_model(base, scope, diary.served), left)
    if answer is None:
        return constant
    better = diary.copy()
    put(better, tasks, scope, answer.teams)
    if quality(c, better.served) < quality(c, diary.served):
        put(diary, tasks, scope, answer.teams)
    return None if answer.bound == -np.inf else constant + int(np.ceil(answer.bound - 1e-6))

"""Areas of a city's size: both stages over everything at once, with proof."""

from __future__ import annotations

import numpy as np

from .clock import Left
from .columns import lower_quality
from .diary import Diary
from .geometry import Ints
from .highs import minimise
from .model import scope_of, teams_in, values_of, weight_rows, weights_of
from .objective import quality
from .search import rewrite

__all__ = ["best_quality", "best_weight", "relaxed_weight"]


def best_weight(base: Diary, diary: Diary, tasks: Ints, gap: float, left: Left) -> int:
    """Raise the diary to the greatest served weight; returns the proven bound.

    `base` holds what is settled, `tasks` are all others.
    """
    c = base.candidates
    scope = scope_of(base, tasks)
    settled = base.served_weight
    if not len(scope.starts):
        return settled
    cost = np.concatenate((-weights_of(c, scope), np.zeros(len(scope.pairs))))
    rows = weight_rows(base, scope)
    answer = minimise(cost, rows, start=values_of(diary, scope), seconds=left(), gap=gap)
    if answer.values is not None and -answer.objective > diary.served_weight - settled + 0.5:
        rewrite(diary, tasks, teams_in(c, scope, answer.values))
    return settled + int(np.floor(min(-answer.bound, 1e15) + 1e-6))


def relaxed_weight(base: Diary, left: Left) -> int:
    """A proven bound on the served weight, from the relaxation alone; `base` holds what is settled."""
    c = base.candidates
    open_ = np.array([t for t in range(len(c.problem.tasks)) if t not in base.served], dtype=np.int64)
    scope = scope_of(base, open_)
    possible: int = sum(c.problem.tasks[t].weight for t in np.unique(c.task[scope.starts]))
    if not possible:
        return base.served_weight
    cost = np.concatenate((-weights_of(c, scope), np.zeros(len(scope.pairs))))
    answer = minimise(cost, weight_rows(base, scope), whole=np.zeros(len(cost), dtype=np.bool_), seconds=left())
    relaxed = int(np.floor(-answer.objective + 1e-6)) if answer.optimal else possible
    return base.served_weight + min(possible, relaxed)


def best_quality(base: Diary, diary: Diary, tasks: Ints, left: Left) -> int | None:
    """Lower the diary's Q, its weight kept; returns the proven bound of Q, if there is one."""
    c = base.candidates
    scope = scope_of(base, tasks)
    constant = quality(c, base.served)
    answer = lower_quality(base, scope, diary, left)
    if answer is None:
        return constant
    who = c.person[scope.pairs]
    teams = [(int(scope.starts[i]), tuple(who[list(team)].tolist())) for i, team in answer.teams]
    better = diary.copy()
    rewrite(better, tasks, teams)
    if quality(c, better.served) < quality(c, diary.served):
        rewrite(diary, tasks, teams)
    return None if answer.bound == -np.inf else constant + int(np.ceil(answer.bound - 1e-6))

"""Areas of a city's size: both stages over everything at once, with proof."""

from __future__ import annotations

import numpy as np

from .clock import Left
from .columns import lower_quality
from .diary import Diary
from .geometry import Ints
from .highs import minimise
from .model import scope_of, teams_in, values_of, weight_rows
from .objective import quality
from .search import rewrite

__all__ = ["best_quality", "best_weight"]


def best_weight(base: Diary, diary: Diary, tasks: Ints, gap: float, left: Left) -> int:
    """Raise the diary to the greatest served weight; returns the proven bound.

    `base` holds what is settled, `tasks` are all others.
    """
    c = base.candidates
    scope = scope_of(base, tasks)
    settled = base.served_weight
    if not len(scope.starts):
        return settled
    weight = np.array([c.problem.tasks[t].weight for t in c.task[scope.starts]], dtype=np.float64)
    cost = np.concatenate((-weight, np.zeros(len(scope.pairs))))
    rows = weight_rows(base, scope)
    answer = minimise(cost, rows, start=values_of(diary, scope), seconds=left(), gap=gap)
    if answer.values is not None and -answer.objective > diary.served_weight - settled + 0.5:
        rewrite(diary, tasks, teams_in(c, scope, answer.values))
    return settled + int(np.floor(min(-answer.bound, 1e15) + 1e-6))


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

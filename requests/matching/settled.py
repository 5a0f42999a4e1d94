"""Accepted assignments: fixed before anything else is planned (H13)."""

from __future__ import annotations

import numpy as np

from .candidates import Candidates
from .diary import Diary
from .problem import ProblemError
from .team import missing_bits

__all__ = ["settle"]


def settle(candidates: Candidates) -> Diary:
    """A diary that holds the accepted assignments and nothing else.

    Raises ProblemError, naming the entry of `previous`, when one of them breaks a
    hard rule: there is no valid plan then.
    """
    c = candidates
    diary = Diary(c)
    for i, one in enumerate(c.problem.previous):
        if one.status != "accepted":
            continue
        path = f"previous[{i}]"
        t = c.task_index[one.task]
        task = c.problem.tasks[t]
        s = c.starts(t)[one.start]
        if c.day[s] > task.deadline:
            raise ProblemError(f"accepted, but starts after the deadline of {task.id}", path)
        if not task.k <= len(one.team) <= task.kmax:
            raise ProblemError(f"accepted, but {task.id} takes {task.k} to {task.kmax} people", path)
        pairs = c.pairs(s)
        at = {int(p): j for j, p in enumerate(c.person[pairs])}
        free = diary.free(s)
        members = [c.person_index[p] for p in one.team]
        for j, p in enumerate(members):
            if p not in at:
                raise ProblemError(f"accepted, but {one.team[j]} cannot do it", f"{path}.team[{j}]")
            if not free[at[p]]:
                message = f"accepted, but {one.team[j]} has another task then or no more time"
                raise ProblemError(message, f"{path}.team[{j}]")
        places = np.array([at[p] for p in members], dtype=np.int64)
        if missing_bits(c.meets[pairs][places], int(c.every[s])):
            raise ProblemError(f"accepted, but the team lacks what {task.id} needs", path)
        diary.add(s, members)
    return diary

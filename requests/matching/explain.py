"""Why a task is not served: per start, what was missing and whether the plan is the reason."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from .candidates import Candidates, candidates_of, requirements
from .diary import Diary
from .geometry import Ints
from .plan import Plan
from .problem import Problem, ProblemError
from .team import missing_bits, smallest_cover

__all__ = ["Reason", "diary_of", "explain", "explain_starts"]


class Reason(TypedDict):
    """One candidate start of a task that is not served."""

    start: int
    """index into the task's starts"""
    level: str
    """`deadline`, `static` (an empty plan could not serve it either) or `busy`"""
    missing: list[str]
    """`size`, `adult`, `lead`, `topic:NAME`, `need:NAME`: too few of the fitting people meet
    it; `combo`: each is met by somebody, but no team of at most kmax meets all"""


def explain(problem: Problem, plan: Plan) -> dict[str, list[Reason]]:
    """For every task that the plan does not serve: a reason for each of its starts."""
    candidates = candidates_of(problem)
    return explain_starts(diary_of(candidates, plan))


def diary_of(candidates: Candidates, plan: Plan) -> Diary:
    """The plan as a diary; raises ProblemError when it is not a plan for this problem."""
    diary = Diary(candidates)
    for one in plan.assignments:
        try:
            t = candidates.task_index[one.task]
            s = candidates.starts(t)[one.start]
            team = [candidates.person_index[p] for p in one.team]
        except (KeyError, IndexError):
            raise ProblemError(f"the plan for {one.task} belongs to another problem") from None
        diary.add(s, team)
    return diary


def explain_starts(diary: Diary) -> dict[str, list[Reason]]:
    """The same, of a diary."""
    c = diary.candidates
    return {
        task.id: [_reason(diary, s) for s in c.starts(t)]
        for t, task in enumerate(c.problem.tasks)
        if t not in diary.served
    }


def _reason(diary: Diary, s: int) -> Reason:
    c = diary.candidates
    rank = int(c.rank[s])
    if c.day[s] > c.problem.tasks[c.task[s]].deadline:
        return Reason(start=rank, level="deadline", missing=[])
    meets = c.meets[c.pairs(s)]
    missing = _missing(c, s, meets)
    if missing:
        return Reason(start=rank, level="static", missing=missing)
    return Reason(start=rank, level="busy", missing=_missing(c, s, meets[diary.free(s)]))


def _missing(c: Candidates, s: int, meets: Ints) -> list[str]:
    task, whole = c.problem.tasks[c.task[s]], int(c.every[s])
    lacking = missing_bits(meets, whole)
    codes = ["size"] if len(meets) < task.k else []
    codes += [name for bit, name in enumerate(requirements(task)) if lacking >> bit & 1]
    if not codes and smallest_cover(np.asarray(meets), whole, task.kmax) is None:
        codes.append("combo")
    return codes

"""How likely a team is for each start, when nothing else is planned: what a calendar may say before anybody asks."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

from .candidates import candidates_of
from .geometry import Ints
from .problem import Problem, Task
from .team import smallest_cover

__all__ = ["Chance", "chances"]


class Chance(StrEnum):
    GOOD = "good"
    """a team exists, whoever of the fitting people falls out"""
    FEW = "few"
    """a team exists, but at least one person could not be replaced"""
    HARD = "hard"
    """no team exists"""


def chances(problem: Problem) -> dict[str, list[Chance]]:
    """For every task, by its id: the chance of each of its starts, in their order."""
    c = candidates_of(problem)
    return {
        task.id: [
            _chance(task, c.meets[c.pairs(s)], int(c.every[s])) if c.possible[s] else Chance.HARD for s in c.starts(t)
        ]
        for t, task in enumerate(problem.tasks)
    }


def _chance(task: Task, meets: Ints, whole: int) -> Chance:
    """Of a start for which a team exists. Of people who meet the same requirements one replaces the other."""
    if len(meets) <= task.k:
        return Chance.FEW
    kinds = Counter(meets.tolist())
    for kind, people in kinds.items():
        others = meets[meets != kind]
        if people == 1 and smallest_cover(others, whole, task.kmax) is None:
            return Chance.FEW
    return Chance.GOOD

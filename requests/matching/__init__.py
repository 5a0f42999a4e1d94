"""Who should go where: plans that are proven, explained, and the same every time.

A pure function of its input: no database, no clock (but for the optional time
limit), no randomness.  See docs/matching.md for the problem and the method.
"""

from importlib import metadata

from .advice import NextBest, WhyNot, next_best, next_best_of_all, why_not
from .chance import Chance, chances
from .explain import Reason, explain
from .part import Executor, Found, Part, Teams, pack, solve_part, unpack
from .plan import Plan, Progress
from .problem import (
    Assignment,
    Costs,
    Params,
    Previous,
    Problem,
    ProblemError,
    Supporter,
    Task,
    Venue,
)
from .reader import problem_from_dict, read_problem
from .recruit import Recruit, recruits
from .replan import replan
from .solve import greedy, solve
from .writer import plan_to_dict, problem_to_dict

__all__ = [
    "Assignment",
    "Chance",
    "Costs",
    "Executor",
    "Found",
    "NextBest",
    "Params",
    "Part",
    "Plan",
    "Previous",
    "Problem",
    "ProblemError",
    "Progress",
    "Reason",
    "Recruit",
    "Supporter",
    "Task",
    "Teams",
    "Venue",
    "WhyNot",
    "chances",
    "explain",
    "greedy",
    "next_best",
    "next_best_of_all",
    "pack",
    "plan_to_dict",
    "problem_from_dict",
    "problem_to_dict",
    "read_problem",
    "recruits",
    "replan",
    "solve",
    "solve_part",
    "unpack",
    "version",
    "why_not",
]


def version() -> str:
    """Of the method and of the solver: the same input gives the same plan as long as both are the same."""
    return f"2 / HiGHS {metadata.version('highspy')}"

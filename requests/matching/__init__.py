"""Who should go where: plans that are proven, explained, and the same every time.

A pure function of its input: no database, no clock (but for the optional time
limit), no randomness.  See docs/matching.md for the problem and the method.
"""

from .explain import explain
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
from .solve import greedy, solve
from .writer import plan_to_dict, problem_to_dict

__all__ = [
    "Assignment",
    "Costs",
    "Params",
    "Plan",
    "Previous",
    "Problem",
    "ProblemError",
    "Progress",
    "Supporter",
    "Task",
    "Venue",
    "explain",
    "greedy",
    "plan_to_dict",
    "problem_from_dict",
    "problem_to_dict",
    "read_problem",
    "solve",
]

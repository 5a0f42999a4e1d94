"""What openings and sessions a week bring by the end of the year, and how many supporters it takes. Pure.

All rates are the programme's own of the last weeks; none is a rule of thumb from elsewhere.
"""

import math
from dataclasses import dataclass

from consult.kpi.dashboard.forecast import Outlook, Rate, chances_needed, outlook
from consult.kpi.dashboard.goals import WEEKS_OF_A_MONTH


@dataclass(frozen=True, slots=True)
class Line:
    """One goal under the assumption. ``a_week`` are the chances a week that would bring the expected count to it."""

    so_far: int
    goal: int
    outlook: Outlook
    a_week: int

    @property
    def reaches(self) -> bool:
        return self.outlook.expected >= self.goal


def line(so_far: int, goal: int, rate: Rate, a_week: float, weeks_left: float) -> Line:
    needed = chances_needed(so_far, rate, goal)
    per_week = math.ceil(needed / weeks_left) if weeks_left > 0 else 0
    return Line(so_far, goal, outlook(so_far, rate, a_week * weeks_left), per_week)


def supporters_needed(
    openings: float, sessions: float, *, at_opening: float, at_session: float, duties_a_month: float
) -> int:
    """People who together serve so many openings and sessions a week, each with so many duties a month."""
    if duties_a_month <= 0:
        return 0
    duties = (openings * at_opening + sessions * at_session) * WEEKS_OF_A_MONTH
    # A hair less, so that 12 duties of 4 a person are 3 people whatever the last binary digit says.
    return math.ceil(duties / duties_a_month - 1e-9)

"""What a count is likely to be at the end of a time, from the weeks behind it. Pure: no clock, no database, no chance.

The model, a quasi-Poisson rate with a negative binomial prediction:

- A week has a count and a number of chances (openings that were held, or 1 for the week itself).
- The rate is all counts ÷ all chances.
- Weeks scatter more than a Poisson count would (rain, groups of different sizes). By how much is Pearson's dispersion,
  never taken below 1. Source: McCullagh & Nelder, Generalized Linear Models, 1989, 4.5.
- What is to come has the mean rate × chances and the variance dispersion × mean × (1 + chances ahead ÷ chances behind):
  the second part is what we do not know of the rate itself.
- Few weeks say little of the dispersion, so the variance grows by the square of Student's t over the normal quantile.
- The interval lies between the 10 % and the 90 % quantile of the negative binomial with that mean and variance.

It holds as long as the weeks ahead are like those behind; it knows no season and no trend, and its page says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from scipy.special import betainc, ndtri, stdtrit

COVERAGE = 0.8
"""how often the interval should hold the truth"""
LEAST_WEEKS = 6
"""fewer weeks than this give no forecast: five numbers say next to nothing of their scatter"""


@dataclass(frozen=True, slots=True)
class Week:
    """What was counted in a week, and the chances that there were: openings held, or 1 for the week."""

    count: int
    chances: float


@dataclass(frozen=True, slots=True)
class Rate:
    """``per_chance`` counts for each chance; ``dispersion`` times the scatter of a Poisson count; from how much."""

    per_chance: float
    dispersion: float
    chances: float
    weeks: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The count at the end: most likely about ``expected``, in four of five such cases from ``low`` to ``high``."""

    expected: int
    low: int
    high: int


def rate(weeks: Sequence[Week]) -> Rate | None:
    """The rate of ``weeks``; None when fewer than LEAST_WEEKS of them had a chance."""
    used = [week for week in weeks if week.chances > 0]
    if len(used) < LEAST_WEEKS:
        return None
    chances = sum(week.chances for week in used)
    # Half a count more than was seen (Jeffreys): nothing in ten weeks does not mean never.
    per_chance = (sum(week.count for week in used) + 0.5) / chances
    scatter = sum((week.count - per_chance * week.chances) ** 2 / (per_chance * week.chances) for week in used)
    return Rate(per_chance, max(1.0, scatter / (len(used) - 1)), chances, len(used))


@lru_cache(maxsize=256)
def outlook(so_far: int, rate: Rate, chances_ahead: float) -> Outlook:
    """The count at the end, when ``so_far`` are counted and ``chances_ahead`` are to come."""
    mean = rate.per_chance * chances_ahead
    if mean <= 0:
        return Outlook(so_far, so_far, so_far)
    tail = (1 - COVERAGE) / 2
    widened = (float(stdtrit(rate.weeks - 1, 1 - tail)) / float(ndtri(1 - tail))) ** 2
    variance = rate.dispersion * mean * (1 + chances_ahead / rate.chances) * widened
    return Outlook(
        so_far + round(mean), so_far + _quantile(tail, mean, variance), so_far + _quantile(1 - tail, mean, variance)
    )


def chances_needed(so_far: int, rate: Rate, goal: int) -> int:
    """How many chances, from now on, bring the expected count to ``goal``."""
    return max(0, math.ceil((goal - so_far) / rate.per_chance))


def extra_per_week(needed: float, planned: float, weeks: float) -> int:
    """By how many a week what is planned must grow to be ``needed``; 0 when it is enough or no week is left."""
    return max(0, math.ceil((needed - planned) / weeks)) if weeks > 0 else 0


def _quantile(share: float, mean: float, variance: float) -> int:
    """The least count that a negative binomial of this mean and variance (> mean) does not exceed in ``share``."""
    successes = mean * mean / (variance - mean)
    chance = mean / variance

    def up_to(count: int) -> float:
        return float(betainc(successes, count + 1, chance))

    below, above = -1, max(1, round(mean))
    while up_to(above) < share:
        below, above = above, above * 2
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if up_to(middle) < share else (below, middle)
    return above

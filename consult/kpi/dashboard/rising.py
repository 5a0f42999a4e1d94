"""Which counts have risen, so that chance alone would seldom make it look so. Pure.

Two numbers of the same length of time are compared as Poisson counts: given their sum, the later one is binomial with
one half (the exact conditional test; Przyborowski & Wilenski, Biometrika 31, 1940). Of some twenty topics one would
seem to rise by chance alone at 5 %, so the least likely are judged first (Benjamini & Hochberg, 1995).
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from scipy.special import bdtrc

FALSE_ALARMS = 0.1
"""the share of the topics named that may be named by chance"""
LEAST_RISE = 1.2
"""a smaller rise is nothing to plan for, however certain"""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Change(Generic[Key]):
    key: Key
    before: int
    now: int
    chance: float
    """how likely it is that so large a rise is nothing but chance"""


def rising(counts: Mapping[Key, tuple[int, int]], chances: tuple[float, float] = (1, 1)) -> list[Change[Key]]:
    """Those of ``counts`` (before, now) that rise, the largest rise in number first.

    ``chances`` are the openings of the two times, before and now: more openings alone make no topic rise.
    """
    before_chances, now_chances = chances
    if before_chances <= 0 or now_chances <= 0:
        return []
    share = now_chances / (before_chances + now_chances)
    judged = sorted(
        (Change(key, before, now, _tail(now, before + now, share)) for key, (before, now) in counts.items()),
        key=lambda change: change.chance,
    )
    certain = 0
    for place, change in enumerate(judged, start=1):
        if change.chance <= FALSE_ALARMS * place / len(judged):
            certain = place
    least = LEAST_RISE * now_chances / before_chances
    named = [change for change in judged[:certain] if change.now >= least * change.before]
    return sorted(named, key=lambda change: (change.before - change.now, change.chance))


def _tail(now: int, together: int, share: float) -> float:
    """The chance that ``now`` or more of ``together`` fall into the later time, if nothing has changed."""
    return float(bdtrc(now - 1, together, share)) if now > 0 else 1.0

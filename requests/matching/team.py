"""Teams for one start: whether one exists, and the cheapest one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .geometry import Ints

__all__ = ["cheapest_team", "missing_bits", "smallest_cover", "teams_below"]

MOST_BITS = 8
"""requirements that are looked ahead for when teams are listed: all of any real task"""


def missing_bits(meets: Ints, whole: int) -> int:
    """Requirements (bits of `whole`) that none of the people meets."""
    return whole & ~int(np.bitwise_or.reduce(meets)) if len(meets) else whole


def smallest_cover(meets: Ints, whole: int, most: int) -> int | None:
    """The fewest people who meet all bits of `whole` together; None when `most` are too few."""
    kinds = {kind & whole for kind in set(meets.tolist())}
    kinds = {one for one in kinds if not any(one != other and one | other == other for other in kinds)}
    widest = max((kind.bit_count() for kind in kinds), default=0)
    reached = {0}
    seen = {0}
    for size in range(most + 1):
        if whole in reached:
            return size
        within = (most - size - 1) * widest
        found: set[int] = set()
        for have in reached:
            missing = whole & ~have
            # Somebody has to meet the first bit that is missing: whoever it is may come next.
            found |= {have | kind for kind in kinds if kind & missing & -missing}
        # What those who may still come cannot complete is not followed.
        reached = {have for have in found - seen if (whole & ~have).bit_count() <= within}
        seen |= reached
    return None


def cheapest_team(
    meets: Sequence[int], price: Sequence[float], whole: int, k: int, kmax: int
) -> tuple[float, tuple[int, ...]] | None:
    """The cheapest team of k … kmax people that meets all bits of `whole`.

    Returns its price and the positions of its members, ascending; None when there
    is no such team.  Of equally cheap teams it is always the same one.  Exact: a
    dynamic programme over (requirements met, size); of people who meet the same
    requirements only the kmax cheapest can matter.
    """
    if len(meets) < k:
        return None
    widest = max((kind & whole).bit_count() for kind in set(meets))
    taken: dict[int, int] = {}
    best: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {(0, 0): (0, ())}
    for i in sorted(range(len(meets)), key=lambda j: (price[j], j)):
        kind = meets[i] & whole
        if taken.get(kind, 0) == kmax:
            continue
        taken[kind] = taken.get(kind, 0) + 1
        for (have, size), (sum_, team) in list(best.items()):
            if size == kmax or (whole & ~(have | kind)).bit_count() > (kmax - size - 1) * widest:
                continue
            state, found = (have | kind, size + 1), sum_ + price[i]
            if state not in best or found < best[state][0]:
                best[state] = (found, (*team, i))
    ends = [best[whole, size] for size in range(k, kmax + 1) if (whole, size) in best]
    if not ends:
        return None
    total, team = min(ends, key=lambda end: end[0])
    return total, tuple(sorted(team))


def teams_below(
    meets: Sequence[int],
    price: Sequence[float],
    whole: int,
    k: int,
    kmax: int,
    limit: float,
    most: int,
) -> list[tuple[int, ...]] | None:
    """All teams of k … kmax people that meet all bits of `whole` and cost less than `limit`.

    Positions ascending; None when there are more than `most`.
    """
    order = sorted(range(len(meets)), key=lambda j: (price[j], j))
    cheapest = [price[i] for i in order[: max(0, kmax - 1)]]
    beside = sum(cheapest[: k - 1]) + sum(cost for cost in cheapest[k - 1 :] if cost < 0)
    order = [i for i in order if price[i] + beside < limit]
    rest = _rest([meets[i] for i in order], [price[i] for i in order], whole, k, kmax)
    seen = rest.shape[2] - 1
    found: list[tuple[int, ...]] = []

    def extend(team: tuple[int, ...], missing: int, sum_: float, first: int) -> bool:
        size = len(team)
        if size >= k and not missing and sum_ < limit:
            found.append(tuple(sorted(team)))
            if len(found) > most:
                return False
        if size == kmax:
            return True
        for n in range(first, len(order)):
            # People stand in the order of their prices: the further on, the dearer the rest.
            if sum_ + rest[n, size, missing & seen] >= limit:
                break
            i = order[n]
            if not extend((*team, i), missing & ~meets[i], sum_ + price[i], n + 1):
                return False
        return True

    return found if extend((), whole, 0.0, 0) else None


def _rest(meets: Sequence[int], price: Sequence[float], whole: int, k: int, kmax: int) -> NDArray[np.float64]:
    """[people, sizes of a team, bits that it lacks] what it costs at least to complete the team from a person on.

    One person at least is added.  Of very many bits the first ones are looked at: less is asked, so less is
    the cost.
    """
    sets = np.arange(1 << min(whole.bit_length(), MOST_BITS))
    # exactly [further members, bits]: the cheapest who bring the bits
    exact = np.full((kmax + 1, len(sets)), np.inf)
    exact[0, 0] = 0.0
    rest = np.full((len(price), kmax + 1, len(sets)), np.inf)
    for n in range(len(price) - 1, -1, -1):
        exact[1:] = np.minimum(exact[1:], price[n] + exact[:-1][:, sets & ~meets[n]])
        for size in range(kmax):
            rest[n, size] = exact[max(1, k - size) : kmax - size + 1].min(axis=0)
    return rest

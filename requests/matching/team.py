"""Teams for one start: whether one exists, and the cheapest one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .geometry import Ints

__all__ = ["cheapest_team", "missing_bits", "smallest_cover", "teams_below"]


def missing_bits(meets: Ints, whole: int) -> int:
    """Requirements (bits of `whole`) that none of the people meets."""
    return whole & ~int(np.bitwise_or.reduce(meets)) if len(meets) else whole


def smallest_cover(meets: Ints, whole: int, most: int) -> int | None:
    """The fewest people who meet all bits of `whole` together; None when `most` are too few."""
    kinds = _undominated({kind & whole for kind in set(meets.tolist())})
    reached = {0}
    for size in range(most + 1):
        if whole in reached:
            return size
        reached = _undominated({have | kind for have in reached for kind in kinds})
    return None


def _undominated(kinds: set[int]) -> set[int]:
    """Only the sets of bits that no other one contains: nothing better is lost."""
    return {one for one in kinds if not any(one != other and one | other == other for other in kinds)}


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
    taken: dict[int, int] = {}
    best: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {(0, 0): (0, ())}
    for i in sorted(range(len(meets)), key=lambda j: (price[j], j)):
        kind = meets[i] & whole
        if taken.get(kind, 0) == kmax:
            continue
        taken[kind] = taken.get(kind, 0) + 1
        for (have, size), (sum_, team) in list(best.items()):
            if size == kmax:
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
    found: list[tuple[int, ...]] = []

    def extend(team: tuple[int, ...], have: int, sum_: float, first: int) -> bool:
        if len(team) >= k and have & whole == whole and sum_ < limit:
            found.append(tuple(sorted(team)))
            if len(found) > most:
                return False
        if len(team) == kmax:
            return True
        for n in range(first, len(order)):
            i = order[n]
            # The rest of the order is dearer still: at least this price for each member that
            # is missing (negative prices may be joined by more members than are missing).
            missing = max(1, k - len(team)) if price[i] >= 0 else kmax - len(team)
            if sum_ + missing * price[i] >= limit:
                break
            if not extend((*team, i), have | meets[i], sum_ + price[i], n + 1):
                return False
        return True

    return found if extend((), 0, 0.0, 0) else None

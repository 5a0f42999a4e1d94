"""Lists of teams against all combinations."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.team import cheapest_team, smallest_cover, teams_below

WHOLE = (1 << 10) - 1
"""more bits than are looked ahead for"""

people = st.lists(st.tuples(st.integers(0, WHOLE), st.integers(-3, 9)), max_size=7)


@given(people, st.sampled_from([0, 1, 6, 7, WHOLE]), st.integers(1, 3), st.integers(0, 2), st.integers(-4, 20))
def test_the_list_holds_each_team_below_the_limit_once(
    who: list[tuple[int, int]], whole: int, k: int, more: int, limit: int
) -> None:
    meets, price = [have for have, _ in who], [float(cost) for _, cost in who]
    every = [
        team
        for size in range(k, k + more + 1)
        for team in combinations(range(len(who)), size)
        if not whole & ~_union(meets[i] for i in team)
    ]
    below = [team for team in every if sum(price[i] for i in team) < limit]
    found = teams_below(meets, price, whole, k, k + more, limit, most=1000)
    assert sorted(found or []) == sorted(below)
    assert teams_below(meets, price, whole, k, k + more, limit, most=len(below)) is not None
    if below:
        assert teams_below(meets, price, whole, k, k + more, limit, most=len(below) - 1) is None
    cheapest = cheapest_team(meets, price, whole, k, k + more)
    assert (cheapest and cheapest[0]) == min((sum(price[i] for i in team) for team in every), default=None)


@given(st.lists(st.integers(0, WHOLE), max_size=7), st.integers(0, WHOLE), st.integers(0, 5))
def test_the_smallest_team_that_meets_all_is_as_small_as_any(meets: list[int], whole: int, most: int) -> None:
    sizes = [size for size in range(most + 1) for team in combinations(meets, size) if not whole & ~_union(team)]
    assert smallest_cover(np.array(meets, dtype=np.int64), whole, most) == min(sizes, default=None)


def _union(bits: Iterable[int]) -> int:
    whole = 0
    for one in bits:
        whole |= one
    return whole

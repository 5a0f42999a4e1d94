"""The forecast, what rises and what it takes: pure functions, held against known cases and against chance."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.kpi.dashboard.forecast import (
    COVERAGE,
    LEAST_WEEKS,
    Outlook,
    Rate,
    Week,
    chances_needed,
    extra_per_week,
    outlook,
    rate,
)
from consult.kpi.dashboard.rising import rising

ROUNDS = int(os.environ.get("FORECAST_ROUNDS", "400"))


def steady(count: int, weeks: int = 16, chances: float = 8) -> list[Week]:
    return [Week(count, chances)] * weeks


# --- The rate ------------------------------------------------------------------------------------------
def test_few_weeks_give_no_forecast() -> None:
    assert rate(steady(24, LEAST_WEEKS - 1)) is None
    assert rate(steady(24, LEAST_WEEKS)) is not None


def test_a_week_without_openings_says_nothing() -> None:
    with_holidays = [*steady(24), Week(0, 0), Week(0, 0)]
    assert rate(with_holidays) == rate(steady(24))


def test_the_rate_is_all_counts_over_all_openings() -> None:
    found = rate([Week(10, 2), Week(50, 10), *steady(20, 4, 4)])
    assert found is not None
    assert found.per_chance == pytest.approx(140.5 / 28)
    assert found.chances == 28


def test_steady_weeks_scatter_no_less_than_chance() -> None:
    found = rate(steady(24))
    assert found is not None
    assert found.dispersion == 1


def test_uneven_weeks_widen_the_interval() -> None:
    even, uneven = rate(steady(24)), rate([*steady(4, 8), *steady(44, 8)])
    assert even is not None
    assert uneven is not None
    assert even.per_chance == uneven.per_chance
    narrow, wide = outlook(0, even, 100), outlook(0, uneven, 100)
    assert wide.low < narrow.low < narrow.high < wide.high


# --- The outlook -----------------------------------------------------------------------------------------
def test_what_is_counted_is_certain_once_nothing_is_to_come() -> None:
    found = rate(steady(24))
    assert found is not None
    assert outlook(1234, found, 0) == Outlook(1234, 1234, 1234)


def test_nothing_so_far_does_not_mean_never() -> None:
    found = rate(steady(0, chances=1))
    assert found is not None
    assert outlook(0, found, 52).high > 0


def test_a_long_known_poisson_rate_gives_poissons_own_quantiles() -> None:
    known = Rate(per_chance=10, dispersion=1, chances=1e9, weeks=10**6)
    # The 10 % and 90 % quantiles of Poisson(10) and of Poisson(1000), from tables.
    assert outlook(0, known, 1) == Outlook(10, 6, 14)
    assert outlook(0, known, 100) == Outlook(1000, 960, 1041)


def test_fewer_weeks_and_more_to_come_widen_the_interval() -> None:
    few, many = rate(steady(24, 6)), rate(steady(24, 16))
    assert few is not None
    assert many is not None
    widths = [found.high - found.low for found in (outlook(0, many, 50), outlook(0, few, 50), outlook(0, few, 200))]
    assert widths == sorted(set(widths))


@given(st.lists(st.integers(0, 300), min_size=LEAST_WEEKS, max_size=16), st.integers(0, 3000), st.floats(0, 500))
def test_the_interval_holds_what_is_expected_and_never_undoes_what_is_counted(
    counts: list[int], so_far: int, ahead: float
) -> None:
    found = rate([Week(count, 3) for count in counts])
    assert found is not None
    seen = outlook(so_far, found, ahead)
    assert so_far <= seen.low <= seen.high
    assert so_far <= seen.expected
    # A count that is mostly 0 with a rare flood has its mean above its 90 % quantile; else the mean lies inside.
    if found.dispersion < found.per_chance * ahead / 10:
        assert seen.low <= seen.expected <= seen.high


@pytest.mark.parametrize(
    ("per_chance", "dispersion", "weeks", "chances", "weeks_ahead"),
    [(3, 1, 16, 8, 20), (3, 2, 16, 8, 20), (0.6, 1, 16, 1, 20), (12, 6, 16, 1, 30), (3, 3, 6, 8, 30), (3, 1, 6, 8, 5)],
)
def test_four_of_five_intervals_hold_what_then_came(
    per_chance: float, dispersion: float, weeks: int, chances: int, weeks_ahead: int
) -> None:
    """Random programmes with a known rate: Poisson ones, and ones whose weeks scatter more. Wider is allowed."""
    chance = np.random.default_rng(2026)
    mean = per_chance * chances

    def draw(shape: tuple[int, int]) -> np.ndarray:
        if dispersion == 1:
            return chance.poisson(mean, shape)
        return chance.negative_binomial(mean / (dispersion - 1), 1 / dispersion, shape)

    behind, ahead = draw((ROUNDS, weeks)), draw((ROUNDS, weeks_ahead)).sum(axis=1)
    held = 0
    for counts, came in zip(behind, ahead, strict=True):
        found = rate([Week(int(count), chances) for count in counts])
        assert found is not None
        seen = outlook(0, found, weeks_ahead * chances)
        held += seen.low <= came <= seen.high
    error = 3 * (COVERAGE * (1 - COVERAGE) / ROUNDS) ** 0.5
    assert COVERAGE - error <= held / ROUNDS <= 0.95


# --- What it takes -----------------------------------------------------------------------------------------
def test_the_openings_for_a_goal_are_those_that_bring_the_rest() -> None:
    three = Rate(per_chance=3, dispersion=1, chances=100, weeks=16)
    assert chances_needed(1200, three, 1500) == 100
    assert chances_needed(1201, three, 1500) == 100
    assert chances_needed(1500, three, 1500) == 0
    assert chances_needed(1700, three, 1500) == 0


def test_what_is_missing_is_spread_over_the_weeks_left() -> None:
    assert extra_per_week(100, 60, 20) == 2
    assert extra_per_week(100, 59, 20) == 3
    assert extra_per_week(100, 100, 20) == 0
    assert extra_per_week(100, 160, 20) == 0
    assert extra_per_week(100, 0, 0) == 0


# --- What rises ----------------------------------------------------------------------------------------------
def named(counts: dict[str, tuple[int, int]], chances: tuple[float, float] = (1, 1)) -> list[str]:
    return [change.key for change in rising(counts, chances)]


def test_one_to_three_is_not_rising_and_twenty_to_forty_five_is() -> None:
    assert named({"T01": (1, 3), "T05": (20, 45), "T04": (30, 29)}) == ["T05"]


def test_a_small_rise_of_a_large_number_is_not_named() -> None:
    assert named({"T05": (10_000, 11_000)}) == []
    assert named({"T05": (10_000, 12_500)}) == ["T05"]


def test_the_largest_rise_comes_first() -> None:
    assert named({"T01": (20, 60), "T05": (100, 200), "T13": (0, 30)}) == ["T05", "T01", "T13"]


def test_twice_the_openings_make_no_topic_rise() -> None:
    doubled = {"T01": (40, 80), "T05": (60, 120)}
    assert named(doubled) == ["T05", "T01"]
    assert named(doubled, chances=(50, 100)) == []


def test_without_openings_to_compare_nothing_rises() -> None:
    assert named({"T05": (0, 50)}, chances=(0, 50)) == []
    assert named({}) == []


def test_unchanged_topics_are_seldom_said_to_rise() -> None:
    chance = np.random.default_rng(2026)
    means = chance.gamma(1, 8, 20)
    alarms = 0
    for _round in range(ROUNDS):
        before, now = chance.poisson(means), chance.poisson(means)
        alarms += bool(
            named({str(number): (int(a), int(b)) for number, (a, b) in enumerate(zip(before, now, strict=True))})
        )
    assert alarms / ROUNDS <= 0.1

"""The report of a month: totals of the fiscal year, goals, published figures, and changing definitions."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from consult.kpi import definitions, ledger
from consult.kpi.definitions import DEFINITIONS
from consult.kpi.report import report
from consult.kpi.rows import sessions
from programme.fiscal import Month
from programme.models import Goal, User
from tests.consult.kpi.records import (
    a_consultation,
    a_group,
    a_session,
    a_supporter,
    some_of_each,
    state_late,
    tokyo,
    waiting,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MAY = Month(2024, 5)


def to_date(month: Month, code: str) -> int:
    return report(month).row(code).year_to_date


def test_the_fiscal_year_begins_anew_on_the_first_of_april() -> None:
    for day in (dt.date(2024, 3, 31), dt.date(2024, 4, 1), dt.date(2024, 5, 1)):
        a_consultation(day)
    assert [to_date(month, "consultations") for month in (Month(2024, 3), Month(2024, 4), MAY)] == [1, 1, 2]


def test_january_belongs_to_the_fiscal_year_that_began_in_the_year_before() -> None:
    a_consultation(dt.date(2023, 4, 1))
    a_consultation(dt.date(2024, 1, 31))
    assert to_date(Month(2024, 1), "consultations") == 2


def test_a_stock_is_never_summed() -> None:
    a_supporter((dt.date(2024, 4, 1), None))
    assert [to_date(month, "supporters") for month in (Month(2024, 4), MAY)] == [1, 1]


def test_a_group_served_in_two_months_is_one_group_in_the_year() -> None:
    group = a_group()
    a_session(tokyo(dt.date(2024, 4, 5)), group=group)
    a_session(tokyo(dt.date(2024, 5, 5)), group=group)
    assert to_date(MAY, "groups_served") == 1


def test_a_share_is_rounded_down_so_that_a_missed_goal_is_never_100_percent() -> None:
    Goal.objects.create(figure="consultations", fiscal_year=2024, value=3, source="test")
    a_consultation()
    a_consultation()
    row = report(MAY).row("consultations")
    assert (row.goal.value if row.goal else None, row.share) == (3, Decimal("0.666"))


def test_a_goal_of_another_fiscal_year_is_none_of_this_one() -> None:
    Goal.objects.create(figure="consultations", fiscal_year=2025, value=3, source="test")
    assert (report(MAY).row("consultations").goal, report(MAY).row("consultations").share) == (None, None)


def test_a_goal_of_zero_has_no_share() -> None:
    Goal.objects.create(figure="hall_courses", fiscal_year=2024, value=0, source="test")
    assert report(MAY).row("hall_courses").share is None


def test_january_2024_gives_the_published_figures_with_their_sources_apart_from_the_counted_ones() -> None:
    a_consultation(dt.date(2024, 1, 9))
    found = report(Month(2024, 1))
    assert {figure.figure: figure.value for figure in found.published} == {
        "supporters": 57,
        "consultations": 333,
        "sessions": 27,
        "association_tablet": 278,
        "hall_courses": 90,
    }
    assert {figure.source for figure in found.published} == {"S2 ワーキンググループ結果(R5年度)"}
    assert [(figure.figure, figure.value) for figure in found.earlier] == [("supporters", 33)]
    assert (found.row("consultations").value, found.row("consultations").year_to_date) == (1, 1)
    assert report(Month(2024, 2)).published == ()


# --- Closed months -------------------------------------------------------------------------------------
def test_the_year_is_the_closed_months_with_their_corrections_and_the_open_ones_as_they_are(coordinator: User) -> None:
    a_consultation(dt.date(2024, 4, 5))
    ledger.close_month(Month(2024, 4), by=coordinator)
    ledger.correct(Month(2024, 4), "consultations", 4, "紙の記録", by=coordinator)
    a_consultation(dt.date(2024, 4, 6))  # too late: not in the closed month
    a_consultation(dt.date(2024, 5, 6))
    assert to_date(MAY, "consultations") == 5


def test_a_group_stated_late_in_one_month_and_served_in_another_is_one_in_the_year(coordinator: User) -> None:
    group = a_group()
    ledger.close_month(Month(2024, 4), by=coordinator)
    a_session(tokyo(dt.date(2024, 4, 5)), group=group)
    a_session(tokyo(dt.date(2024, 5, 5)), group=group)
    state_late(Month(2024, 4), "groups_served", coordinator)
    assert report(Month(2024, 4)).row("groups_served").value == 1
    assert to_date(MAY, "groups_served") == 1


def test_a_group_corrected_without_a_record_is_added_to_the_year(coordinator: User) -> None:
    a_session(tokyo(dt.date(2024, 4, 5)))
    ledger.close_month(Month(2024, 4), by=coordinator)
    ledger.correct(Month(2024, 4), "groups_served", 3, "紙の報告", by=coordinator)
    assert to_date(MAY, "groups_served") == 3


def test_corrections_stand_by_time(coordinator: User, set_now: Callable[[dt.datetime], None]) -> None:
    set_now(tokyo(dt.date(2024, 5, 2)))
    ledger.close_month(Month(2024, 4), by=coordinator)
    for day, code in ((3, "hall_courses"), (4, "sessions")):
        set_now(tokyo(dt.date(2024, 5, day)))
        ledger.correct(Month(2024, 4), code, 1, "紙の記録", by=coordinator)
    assert [each.figure for each in report(Month(2024, 4)).corrections] == ["hall_courses", "sessions"]


# --- Definitions that change ---------------------------------------------------------------------------
@pytest.fixture
def a_second_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """From May 2024, "consultations" counts sessions (a change that nobody can overlook)."""
    old = next(each for each in DEFINITIONS if each.code == "consultations")
    new = replace(old, version=2, since=dt.date(2024, 5, 1), rows=sessions.held, by={})
    monkeypatch.setattr(definitions, "DEFINITIONS", (*DEFINITIONS, new))


@pytest.mark.usefixtures("a_second_version")
def test_each_month_is_counted_by_the_version_that_held_in_it() -> None:
    a_consultation(dt.date(2024, 4, 30))
    a_consultation(dt.date(2024, 5, 1))
    a_session(tokyo(dt.date(2024, 5, 1)))
    a_session(tokyo(dt.date(2024, 5, 2)))
    row = report(MAY).row("consultations")
    assert (row.definition.version, row.value, row.year_to_date) == (2, 2, 3)
    assert report(Month(2024, 4)).row("consultations").definition.version == 1


def test_a_closed_month_keeps_the_version_under_which_it_was_closed(
    coordinator: User, request: pytest.FixtureRequest
) -> None:
    a_consultation(dt.date(2024, 5, 1))
    ledger.close_month(MAY, by=coordinator)
    request.getfixturevalue("a_second_version")
    row = report(MAY).row("consultations")
    assert (row.definition.version, row.value) == (1, 1)
    assert waiting(MAY) == {}


# --- Queries -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [1, 3])
def test_an_open_month_takes_the_same_queries_for_any_number_of_rows(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    some_of_each(number)
    with django_assert_num_queries(14):
        report(MAY)


@pytest.mark.parametrize("number", [1, 3])
def test_a_year_takes_the_same_queries_for_any_number_of_closed_months(
    number: int, coordinator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    some_of_each(number)
    for month in [Month(2024, 4), MAY, Month(2024, 6)][:number]:
        ledger.close_month(month, by=coordinator)
        ledger.correct(month, "consultations", 9, "紙の記録", by=coordinator)
    with django_assert_num_queries(16):
        report(Month(2024, 7))

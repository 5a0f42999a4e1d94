"""Closing a month, and what happens to it afterwards."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable

import pytest

from consult.errors import FigureNotInMonth, MonthClosed, MonthNotOver, MonthOpen, NothingChanged, ReasonMissing
from consult.kpi import ledger
from consult.kpi.definitions import DEFINITIONS
from consult.kpi.report import report
from consult.models import FrozenFigure, MonthReport
from programme.errors import ChangedMeanwhile
from programme.fiscal import Month
from programme.models import User
from tests.consult.kpi.records import some_of_each, tokyo
from tests.processes import shell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MAY = Month(2024, 5)


def value(code: str, month: Month = MAY) -> int:
    return report(month).row(code).value


# --- Closing -------------------------------------------------------------------------------------------
def test_a_month_is_closed_on_the_day_after_its_last(coordinator: User, set_now: Callable[[dt.datetime], None]) -> None:
    set_now(tokyo(dt.date(2024, 5, 31), 23, 59))
    with pytest.raises(MonthNotOver, match=r"2024年5月\(令和6年5月\)はまだ終わっていないため"):
        ledger.close_month(MAY, by=coordinator)
    set_now(tokyo(dt.date(2024, 6, 1), 0, 0))
    assert ledger.close_month(MAY, by=coordinator).closed_by == coordinator


def test_a_month_is_closed_once(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    with pytest.raises(MonthClosed):
        ledger.close_month(MAY, by=coordinator)
    assert MonthReport.objects.count() == 1


@pytest.mark.slow
def test_eight_parallel_attempts_close_a_month_once(environment: dict[str, str]) -> None:
    answers = shell(
        environment,
        """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.db import connection
from consult.kpi.ledger import close_month
from consult.models import FrozenFigure
from programme.errors import Refused
from programme.fiscal import Month
from programme.models import User

user = User.objects.create_user("alice@example.jp")
together = Barrier(8)

def attempt(number):
    together.wait()
    try:
        return type(close_month(Month(2024, 5), by=user)).__name__
    except Refused as error:
        return type(error).__name__
    finally:
        connection.close()

with ThreadPoolExecutor(8) as pool:
    print(*sorted(pool.map(attempt, range(8))), FrozenFigure.objects.count())
""",
    )
    assert answers.split() == ["MonthClosed"] * 7 + ["MonthReport", str(len(DEFINITIONS))]


def test_the_seal_is_the_hash_of_figures_and_counted_rows_as_the_manual_says(coordinator: User) -> None:
    """docs/kpi.md: an auditor computes it from the rows with nothing but JSON and SHA-256."""
    some_of_each(1)
    closing = ledger.close_month(MAY, by=coordinator)
    figures = [
        {"figure": figure, "version": version, "value": value, "counted": counted, "tallies": tallies}
        for figure, version, value, counted, tallies in FrozenFigure.objects.order_by("figure").values_list(
            "figure", "version", "value", "counted", "tallies"
        )
    ]
    text = json.dumps({"month": "2024-05", "figures": figures}, ensure_ascii=False, sort_keys=True).replace(": ", ":")
    assert hashlib.sha256(text.replace(", ", ",").encode()).hexdigest() == closing.sha256
    assert ledger.verify_month(MAY) is True


def test_figures_that_were_not_sealed_are_noticed(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    closing = MonthReport.objects.get()
    FrozenFigure.objects.create(report=closing, figure="invented", version=1, value=99)
    assert ledger.verify_month(MAY) is False


def test_an_open_month_has_nothing_to_verify() -> None:
    with pytest.raises(MonthOpen):
        ledger.verify_month(MAY)


# --- Corrections -----------------------------------------------------------------------------------------
def test_a_correction_changes_exactly_what_it_says(coordinator: User) -> None:
    some_of_each(1)
    ledger.close_month(MAY, by=coordinator)
    before = {row.definition.code: row.value for row in report(MAY).rows}
    correction = ledger.correct(MAY, "sessions", 7, " 紙の報告 ", by=coordinator)
    after = {row.definition.code: row.value for row in report(MAY).rows}
    assert after == before | {"sessions": 7}
    assert (correction.old, correction.new, correction.reason, correction.by) == (1, 7, "紙の報告", coordinator)
    assert ledger.verify_month(MAY) is True


def test_corrections_follow_one_another(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "sessions", 7, "紙の報告", by=coordinator)
    ledger.correct(MAY, "sessions", 6, "一つは4月", by=coordinator)
    row = report(MAY).row("sessions")
    assert [(each.old, each.new) for each in row.corrections] == [(0, 7), (7, 6)]
    assert (row.frozen, row.value) == (0, 6)


def test_a_correction_tapped_twice_is_stated_once(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "sessions", 7, "紙の報告", by=coordinator, seen=0)
    with pytest.raises(NothingChanged):
        ledger.correct(MAY, "sessions", 7, "紙の報告", by=coordinator, seen=0)


def test_a_correction_of_a_figure_that_somebody_changed_meanwhile_is_refused(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "sessions", 7, "紙の報告", by=coordinator, seen=0)
    with pytest.raises(ChangedMeanwhile):
        ledger.correct(MAY, "sessions", 8, "紙の報告", by=coordinator, seen=0)


@pytest.mark.parametrize("reason", ["", "  ", "\u3000"])
def test_a_correction_needs_a_reason(coordinator: User, reason: str) -> None:
    ledger.close_month(MAY, by=coordinator)
    with pytest.raises(ReasonMissing):
        ledger.correct(MAY, "sessions", 7, reason, by=coordinator)


def test_an_open_month_is_corrected_in_its_records(coordinator: User) -> None:
    with pytest.raises(MonthOpen, match="元の記録を直してください"):
        ledger.correct(MAY, "sessions", 7, "紙の報告", by=coordinator)


def test_a_figure_that_the_month_never_had_cannot_be_corrected(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    with pytest.raises(FigureNotInMonth):
        ledger.correct(MAY, "invented", 7, "紙の報告", by=coordinator)

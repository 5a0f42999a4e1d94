"""Counts of open months that are kept: shown with their time, never too old; no closed month rests on them."""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from consult.kpi import closed, definitions, ledger
from consult.kpi.closed import ClosedMonths
from consult.kpi.dashboard.lately import FIGURES
from consult.kpi.dashboard.weeks import Recent, recent
from consult.kpi.definition import Definition
from consult.kpi.exports import export
from consult.kpi.half_year import stored
from consult.kpi.period_reports import period_report
from consult.kpi.report import report
from consult.kpi.reporting_period import Period
from consult.models import FrozenFigure, KeptCount, MonthReport
from consult.tasks import count_open_months
from programme.fiscal import Month
from programme.models import User
from tests.consult.kpi.records import a_consultation, some_of_each, tokyo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

Clock = Callable[[dt.datetime], None]

MAY, JUNE = Month(2024, 5), Month(2024, 6)
NOON = tokyo(dt.date(2024, 6, 15), 12)


@pytest.fixture(autouse=True)
def counts_are_kept(settings: Any, set_now: Clock) -> None:
    settings.COUNTS_KEPT = 100
    set_now(NOON)


def cases(month: Month = JUNE) -> tuple[int | None, dt.datetime]:
    """How many there are in the month, and as of when."""
    found = report(month)
    return found.row("consultations").value, found.made_at


def took(seconds: float) -> None:
    """As if counting had taken so long."""
    KeptCount.objects.update(took=dt.timedelta(seconds=seconds))


# --- How long ------------------------------------------------------------------------------------------
def test_a_count_is_shown_with_its_time_for_a_hundred_times_as_long_as_it_took(set_now: Clock) -> None:
    a_consultation(JUNE.first)
    assert cases() == (1, NOON)
    a_consultation(JUNE.first)
    took(1)
    set_now(NOON + dt.timedelta(seconds=100))
    assert cases() == (1, NOON)
    set_now(NOON + dt.timedelta(seconds=101))
    assert cases() == (2, NOON + dt.timedelta(seconds=101))


def test_no_count_is_shown_for_longer_than_ten_minutes(set_now: Clock) -> None:
    cases()
    took(3600)
    a_consultation(JUNE.first)
    for seconds, number in ((600, 0), (601, 1)):
        set_now(NOON + dt.timedelta(seconds=seconds))
        assert cases()[0] == number


def test_no_count_is_shown_on_another_day(set_now: Clock) -> None:
    set_now(tokyo(dt.date(2024, 6, 15), 23, 59))
    cases()
    took(3600)
    a_consultation(JUNE.first)
    midnight = tokyo(dt.date(2024, 6, 16), 0)
    set_now(midnight)
    assert cases() == (1, midnight)


def test_a_clock_that_was_put_back_makes_no_count_good(set_now: Clock) -> None:
    cases()
    took(3600)
    a_consultation(JUNE.first)
    before = NOON - dt.timedelta(seconds=5)
    set_now(before)
    assert cases() == (1, before)


def test_after_an_upgrade_that_counts_otherwise_nothing_old_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    cases()
    took(3600)
    a_consultation(JUNE.first)
    monkeypatch.setattr(definitions, "DEFINITIONS", definitions.DEFINITIONS[:-1])
    assert cases()[0] == 1


# --- What ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("period", ["2024-06", "2024H1", "2023-01..2024-06"])
def test_what_is_kept_is_what_is_counted(settings: Any, period: str) -> None:
    for day in (JUNE.first, MAY.first, dt.date(2023, 2, 3)):
        some_of_each(2, day)
    kept = [period_report(Period.parse(period)) for _time in range(2)]
    settings.COUNTS_KEPT = 0
    counted = period_report(Period.parse(period))
    assert counted.row("consultations").cells["topic"]
    assert [each.rows for each in kept] == [counted.rows] * 2


def test_the_last_weeks_come_back_as_they_were() -> None:
    for number in range(5):
        some_of_each(1, JUNE.first - dt.timedelta(days=7 * number))
    found = recent(FIGURES, NOON.date(), dt.date(2025, 3, 31))
    assert found.counts
    assert Recent.load(json.loads(json.dumps(found.dump()))) == found


def test_a_second_look_reads_no_record(client: Client, coordinator: User) -> None:
    some_of_each(2, JUNE.first)
    client.force_login(coordinator)
    addresses = ["/kpi/", "/kpi/2024-06/", "/kpi/periods/2024FY/", "/kpi/half-years/2024H1/", "/kpi/dashboard/"]
    for address in (*addresses, "/kpi/dashboard/what-if/"):
        client.get(address)
        took(3600)
        with CaptureQueriesContext(connection) as context:
            assert client.get(address).status_code == 200
        read = "\n".join(query["sql"] for query in context.captured_queries)
        raw = ("consult_consultation", "support_requests_session", "supporters_registration", "consult_activity")
        assert [table for table in raw if f'FROM "{table}"' in read] == [], address


def test_a_closed_month_rests_on_nothing_that_is_kept(coordinator: User) -> None:
    a_consultation(MAY.first)
    cases(MAY)
    took(3600)
    a_consultation(MAY.first)
    ledger.close_month(MAY, by=coordinator)
    assert cases(MAY)[0] == 2
    KeptCount.objects.filter(address__startswith="2024-05").update(content={})
    assert cases(MAY)[0] == 2


def test_a_report_that_is_sent_is_counted_when_it_is_sent(coordinator: User, client: Client, set_now: Clock) -> None:
    set_now(tokyo(dt.date(2024, 10, 1)))
    client.force_login(coordinator)
    assert "よろず相談: 0件" in client.get("/kpi/half-years/2024H1/").content.decode()
    took(3600)
    a_consultation(JUNE.first)
    assert "よろず相談: 0件" in client.get("/kpi/half-years/2024H1/").content.decode()
    client.post("/kpi/half-years/2024H1/fix/", {"seen": 0, "sure": "on"})
    assert stored(Period.parse("2024H1")).is_fixed
    assert "よろず相談: 1件" in client.get("/kpi/half-years/2024H1/").content.decode()


# --- What was read of closed months ----------------------------------------------------------------------
def frozen_read(months: list[Month], **wanted: Any) -> tuple[int, ClosedMonths]:
    """How many queries read frozen figures, and what was read."""
    with CaptureQueriesContext(connection) as context:
        found = ClosedMonths(months, **wanted)
    return sum('FROM "consult_frozenfigure"' in query["sql"] for query in context.captured_queries), found


def test_a_closed_month_is_read_once_and_its_cells_when_they_are_asked_for(coordinator: User) -> None:
    for day in (MAY.first, dt.date(2024, 4, 3)):
        some_of_each(2, day)
    months = [Month(2024, 4), MAY]
    for month in months:
        ledger.close_month(month, by=coordinator)
    whole = ClosedMonths(months)
    asked: list[dict[str, Any]] = [
        {"cells_of": ()},
        {"cells_of": (), "codes": ("participants",)},
        {"cells_of": ("consultations",), "codes": ("consultations", "sessions")},
    ]
    assert [frozen_read(months, **wanted)[0] for wanted in (*asked, *asked)] == [1, 0, 1, 0, 0, 0]
    for wanted in asked:
        _queries, found = frozen_read(months, **wanted)
        assert set(found.frozen) == {key for key in whole.frozen if key[0] in wanted.get("codes", {key[0]})}
        for key, value in found.frozen.items():
            assert (value, found.breakdowns[key].whole) == (whole.frozen[key], whole.breakdowns[key].whole)
            cells = whole.breakdowns[key].cells if key[0] in wanted["cells_of"] else {}
            assert dict(found.breakdowns[key].cells) == dict(cells)


def test_a_correction_is_seen_at_once_in_a_month_that_was_read_before(coordinator: User) -> None:
    a_consultation(MAY.first)
    ledger.close_month(MAY, by=coordinator)
    key = "consultations", MAY
    assert frozen_read([MAY], cells_of=())[1].current(key) == 1
    ledger.correct(MAY, "consultations", 7, "紙の報告", by=coordinator)
    queries, found = frozen_read([MAY], cells_of=())
    assert (queries, found.current(key), found.frozen[key]) == (0, 7, 1)


def test_what_was_read_takes_no_more_room_than_it_may(coordinator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed, "_memory", closed._Memory())
    monkeypatch.setattr(closed._Memory, "MOST_MONTHS", 1)
    monkeypatch.setattr(closed._Memory, "MOST_CELLS", 1)
    months = [Month(2024, 4), MAY]
    for month in months:
        a_consultation(month.first)
        ledger.close_month(month, by=coordinator)
    for _look in range(2):
        queries, found = frozen_read(months, cells_of=("consultations", "sessions"))
        assert (queries, [found.current(("consultations", month)) for month in months]) == (1, [1, 1])
    assert (len(closed._memory._months), len(closed._memory._cells)) == (1, 1)


def test_a_figure_younger_than_the_closing_is_counted_every_ten_minutes_and_says_so(
    client: Client, coordinator: User, set_now: Clock
) -> None:
    april = dt.date(2024, 4, 3)  # the year's first month: no other is counted with it
    a_consultation(april)
    report = MonthReport.objects.create(year=2024, month=4, closed_by=coordinator, sha256="0" * 64)
    FrozenFigure.objects.create(report=report, figure="sessions", version=1, value=3, tallies={"all": [3, 3], "by": {}})
    client.force_login(coordinator)
    address = "/kpi/periods/2024-04/consultations/"
    for minutes, number, counted_at in ((0, 1, "12:00"), (10, 1, "12:00"), (11, 3, "12:11")):
        set_now(NOON + dt.timedelta(minutes=minutes))
        with CaptureQueriesContext(connection) as context:
            shown = client.get(address).content.decode()
        was_counted = "consult_consultation" in "\n".join(query["sql"] for query in context.captured_queries)
        assert was_counted == (minutes != 10)
        assert (f"<b>{number} 件" in shown, f"{counted_at}時点の集計" in shown) == (True, True)
        a_consultation(april)


def test_a_seal_that_held_is_asked_anew_after_ten_minutes_one_that_broke_at_once(
    coordinator: User, set_now: Clock
) -> None:
    report = ledger.close_month(MAY, by=coordinator)
    assert ledger.is_as_sealed(report)
    FrozenFigure.objects.create(report=report, figure="invented", version=1, value=99)
    for minutes, holds in ((9, True), (10, False), (11, False)):
        set_now(NOON + dt.timedelta(minutes=minutes))
        assert ledger.is_as_sealed(report) is holds


# --- On pages and in files -------------------------------------------------------------------------------
def test_page_and_files_say_the_same_figure_and_as_of_when(client: Client, coordinator: User, set_now: Clock) -> None:
    a_consultation(JUNE.first)
    cases()
    took(3600)
    a_consultation(JUNE.first)
    set_now(NOON + dt.timedelta(minutes=9))
    client.force_login(coordinator)
    period, moment = Period.of(JUNE), "2024年6月15日(土) 12:00時点の集計"
    for address in ("/kpi/2024-06/", "/kpi/periods/2024-06/", "/kpi/2024-06/consultations/"):
        shown = client.get(address).content.decode()
        assert (moment in shown, "1 件" in shown, "2 件" in shown) == (True, True, False), address
    data = json.loads(export(period, "json", by=coordinator).data)
    assert [each["value"] for each in data["figures"] if each["code"] == "consultations"] == [1]
    assert data["made_at"] == "2024-06-15T12:00:00+09:00"
    lines = csv.DictReader(io.StringIO(export(period, "csv", by=coordinator).data.decode("utf-8-sig")))
    [line] = [line for line in lines if (line["指標コード"], line["区分"]) == ("consultations", "集計値")]
    assert (line["値"], moment in line["状態"]) == ("1", True)
    book = load_workbook(io.BytesIO(export(period, "xlsx", by=coordinator).data))
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert moment in cells


def test_who_asks_for_it_gets_the_records_of_now(client: Client, officer: User) -> None:
    client.force_login(officer)
    assert "1 件" not in client.get("/kpi/2024-06/").content.decode()
    took(3600)
    a_consultation(JUNE.first)
    answer = client.post("/kpi/recount/", {"back": "/kpi/2024-06/"}, follow=True)
    assert answer.redirect_chain == [("/kpi/2024-06/", 302)]
    assert "1 件" in answer.content.decode()


@pytest.mark.parametrize("back", ["", "https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(client: Client, coordinator: User, back: str) -> None:
    client.force_login(coordinator)
    assert client.post("/kpi/recount/", {"back": back})["Location"] == "/kpi/"


# --- In the background ---------------------------------------------------------------------------------
def test_the_worker_counts_before_anybody_has_to_wait(set_now: Clock) -> None:
    count_open_months()
    took(1)
    a_consultation(JUNE.first)
    set_now(NOON + dt.timedelta(seconds=69))
    count_open_months()
    assert cases()[0] == 0  # good for another sweep's time
    later = NOON + dt.timedelta(seconds=71)
    set_now(later)
    count_open_months()
    took(1)
    set_now(NOON + dt.timedelta(seconds=101))
    with CaptureQueriesContext(connection) as context:
        assert cases() == (1, later)
    assert "consult_consultation" not in "\n".join(query["sql"] for query in context.captured_queries)


def test_counts_of_days_gone_by_are_forgotten(set_now: Clock) -> None:
    count_open_months()
    set_now(NOON + dt.timedelta(days=2))
    count_open_months()
    assert {timezone.localdate(each.at) for each in KeptCount.objects.all()} == {dt.date(2024, 6, 17)}


def test_nothing_is_kept_where_each_look_counts(settings: Any) -> None:
    settings.COUNTS_KEPT = 0
    count_open_months()
    cases()
    assert KeptCount.objects.count() == 0


def test_a_figure_knows_how_it_is_counted() -> None:
    """A breakdown more is another way of counting, too: its address says so."""
    addresses = set()
    for found in (definitions.DEFINITIONS, _without_breakdowns(definitions.DEFINITIONS)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(definitions, "DEFINITIONS", found)
            cases()
        addresses |= set(
            KeptCount.objects.filter(address__startswith="2024-06", address__endswith="/").values_list(
                "address", flat=True
            )
        )
    assert len(addresses) == 2


def _without_breakdowns(found: tuple[Definition, ...]) -> tuple[Definition, ...]:
    return tuple(replace(each, by={}) for each in found)

"""The half-year report: figures from the ledger, texts with who wrote them, and nothing changes once it is sent."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from openpyxl import load_workbook

from consult.errors import HalfYearFixed, HalfYearNotOver, TextsChanged
from consult.kpi import ledger
from consult.kpi.exports.as_half_year import half_year_xlsx
from consult.kpi.half_year import UNDERTAKINGS, figures_of, half_year, stored
from consult.kpi.period_reports import period_report
from consult.kpi.reporting_period import Period
from consult.models import HalfYearReport, HalfYearText, KpiExport
from programme.fiscal import Month
from programme.models import Goal, User
from tests.consult.kpi.records import a_consultation, tokyo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

FIRST, SECOND = Period.parse("2024H1"), Period.parse("2024H2")
DESKS = ("desks", "quality")


def quantities(period: Period, undertaking: str = "desks") -> list[str]:
    [line] = [line for line in half_year(period).lines if line.undertaking.code == undertaking]
    return [str(quantity) for quantity in line.quantities]


def posted(**texts: str) -> dict[str, str]:
    everything = {f"{each.code}-{column}": "" for each in UNDERTAKINGS for column in HalfYearText.Column}
    return everything | {name.replace("_", "-"): text for name, text in texts.items()}


# --- Quantities ----------------------------------------------------------------------------------------
def test_quantities_are_those_of_the_half_with_the_year_to_date_and_the_goal() -> None:
    Goal.objects.create(figure="consultations", fiscal_year=2024, value=10, source="test")
    for day in (dt.date(2024, 4, 1), dt.date(2024, 9, 30), dt.date(2024, 10, 1)):
        a_consultation(day)
    assert "よろず相談: 2件(年度累計 2件、目標 10件の20.0%)" in quantities(FIRST)
    assert "よろず相談: 1件(年度累計 3件、目標 10件の30.0%)" in quantities(SECOND)


def test_published_figures_of_the_half_stand_beside_with_their_source() -> None:
    [line] = [line for line in half_year(Period.parse("2023H2")).lines if line.undertaking.code == "desks"]
    assert [str(each) for each in line.published] == [
        "公表値 よろず相談: 333件(2024年1月31日(水)時点、出典 S2 ワーキンググループ結果(R5年度))"
    ]


def test_each_figure_of_the_table_is_one_of_the_ledger() -> None:
    known = {row.definition.code for row in period_report(FIRST).rows}
    assert {code for each in UNDERTAKINGS for code in each.figures} <= known


# --- Texts ---------------------------------------------------------------------------------------------
def test_each_version_of_a_text_is_kept_with_who_wrote_it(coordinator: User) -> None:
    other = User.objects.create_user("other@example.jp", name="Bob", role=coordinator.role)
    report = stored(FIRST)
    assert report.write({DESKS: "好評だった"}, seen=0, by=coordinator) == 1
    assert report.write({DESKS: "とても好評だった"}, seen=report.last_version(), by=other) == 1
    assert report.write({DESKS: "とても好評だった "}, seen=report.last_version(), by=other) == 0
    assert [(text.text, text.by) for text in report.texts.all()] == [
        ("好評だった", coordinator),
        ("とても好評だった", other),
    ]
    assert report.current_texts()[DESKS].by == other


def test_who_writes_second_is_told_and_loses_nothing(coordinator: User, client: Any) -> None:
    client.force_login(coordinator)
    page = client.get("/kpi/half-years/2024H1/write/")
    seen = page.context["form"]["seen"].value()
    stored(FIRST).write({DESKS: "先に書いた"}, seen=0, by=coordinator)
    response = client.post("/kpi/half-years/2024H1/write/", posted(desks_quality="後から書いた") | {"seen": seen})
    text = response.content.decode()
    assert "ほかの人が先に文章を書きかえました" in text
    assert "後から書いた" in text
    assert "先に書いた" in text
    again = response.context["form"]["seen"].value()
    client.post("/kpi/half-years/2024H1/write/", posted(desks_quality="後から書いた") | {"seen": again})
    assert stored(FIRST).current_texts()[DESKS].text == "後から書いた"


def test_a_text_that_is_too_long_is_kept_in_the_form(coordinator: User, client: Any) -> None:
    client.force_login(coordinator)
    response = client.post("/kpi/half-years/2024H1/write/", posted(desks_outlook="あ" * 2001) | {"seen": 0})
    assert response.status_code == 200
    assert "あ" * 2001 in response.content.decode()
    assert HalfYearText.objects.count() == 0


def test_looking_at_a_report_stores_nothing(officer: User, client: Any) -> None:
    client.force_login(officer)
    assert client.get("/kpi/half-years/2024H1/").status_code == 200
    assert HalfYearReport.objects.count() == 0


# --- Sending it ----------------------------------------------------------------------------------------
def test_a_fixed_report_says_what_it_said_whatever_is_corrected_later(coordinator: User) -> None:
    a_consultation(dt.date(2024, 5, 15))
    ledger.close_month(Month(2024, 5), by=coordinator)
    report = stored(FIRST)
    report.write({DESKS: "好評だった"}, seen=0, by=coordinator)
    before = quantities(FIRST)
    report.fix(figures_of(FIRST), seen=report.last_version(), by=coordinator)
    ledger.correct(Month(2024, 5), "consultations", 99, "紙の記録", by=coordinator)
    assert quantities(FIRST) == before
    assert str(half_year(FIRST)).startswith("確定")
    with pytest.raises(HalfYearFixed):
        report.write({DESKS: "変えた"}, seen=report.last_version(), by=coordinator)
    with pytest.raises(HalfYearFixed):
        report.fix({}, seen=report.last_version(), by=coordinator)


def test_nobody_sends_a_text_that_they_have_not_seen(coordinator: User) -> None:
    report = stored(FIRST)
    report.write({DESKS: "好評だった"}, seen=0, by=coordinator)
    with pytest.raises(TextsChanged):
        report.fix(figures_of(FIRST), seen=0, by=coordinator)


@pytest.mark.parametrize(("period", "last"), [(FIRST, dt.date(2024, 9, 30)), (SECOND, dt.date(2025, 3, 31))])
def test_a_half_year_that_is_still_going_on_is_not_fixed(
    period: Period, last: dt.date, coordinator: User, client: Any, set_now: Callable[[dt.datetime], None]
) -> None:
    client.force_login(coordinator)
    address = f"/kpi/half-years/{period}/"
    set_now(tokyo(last, 23, 59))
    assert f"{address}fix/" not in client.get(address).content.decode()
    response = client.post(f"{address}fix/", {"seen": 0, "sure": "on"}, follow=True)
    assert "この半期はまだ終わっていないため、確定できません。" in response.content.decode()
    with pytest.raises(HalfYearNotOver):
        stored(period).fix({}, seen=0, by=coordinator)
    set_now(tokyo(last + dt.timedelta(days=1), 0, 0))
    assert f"{address}fix/" in client.get(address).content.decode()
    client.post(f"{address}fix/", {"seen": 0, "sure": "on"})
    assert stored(period).is_fixed


def test_the_database_knows_no_half_fixed_report(coordinator: User) -> None:
    report = stored(FIRST)
    with pytest.raises(IntegrityError), transaction.atomic():
        HalfYearReport.objects.filter(pk=report.pk).update(fixed_by=coordinator)


def test_fixing_asks_to_have_looked_and_then_shows_no_form(coordinator: User, client: Any) -> None:
    client.force_login(coordinator)
    response = client.post("/kpi/half-years/2024H1/fix/", {"seen": 0})
    assert "チェックを入れてください" in response.content.decode()
    client.post("/kpi/half-years/2024H1/fix/", {"seen": 0, "sure": "on"})
    assert stored(FIRST).is_fixed
    page = client.get("/kpi/half-years/2024H1/").content.decode()
    assert "/kpi/half-years/2024H1/fix/" not in page
    assert client.get("/kpi/half-years/2024H1/write/").headers["Location"] == "/kpi/half-years/2024H1/"


@pytest.mark.parametrize("text", ["2024FY", "2024-05", "2020H1", "2998H1"])
def test_what_is_no_half_year_has_no_report(text: str, coordinator: User, client: Any) -> None:
    client.force_login(coordinator)
    assert client.get(f"/kpi/half-years/{text}/").status_code == 404
    assert client.post(f"/kpi/half-years/{text}/fix/", {"seen": 0, "sure": "on"}).status_code == 404


def test_an_officer_reads_and_takes_it_and_writes_nothing(officer: User, client: Any) -> None:
    client.force_login(officer)
    assert client.get("/kpi/half-years/2024H1/").status_code == 200
    assert client.get("/kpi/half-years/2024H1/write/").status_code == 404
    assert client.post("/kpi/half-years/2024H1/fix/", {"seen": 0, "sure": "on"}).status_code == 404


def test_the_workbook_has_the_committees_columns_and_every_take_is_recorded(officer: User, client: Any) -> None:
    stored(FIRST).write({DESKS: "=好評だった"}, seen=0, by=officer)
    client.force_login(officer)
    data = client.get("/kpi/half-years/2024H1/export.xlsx").content
    sheet = load_workbook(io.BytesIO(data))["取組実績"]
    rows = [row for row in sheet.iter_rows(values_only=True) if row[3]]
    assert rows[0] == ("取組", "定量的", "定性的", "今後の展開")
    [cell] = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=好評だった"]
    assert cell.data_type == "s"
    assert [(each.period, each.form, each.by) for each in KpiExport.objects.all()] == [("2024H1", "wg-xlsx", officer)]


def test_files_are_in_japanese_whatever_the_page_is_in(officer: User, client: Any) -> None:
    client.force_login(officer)
    data = client.get("/kpi/half-years/2024H1/export.xlsx?lang=en", headers={"accept-language": "en"}).content
    assert load_workbook(io.BytesIO(data)).sheetnames == ["取組実績", "記入の記録"]
    assert half_year_xlsx(half_year(FIRST)).data.startswith(b"PK")

"""The ledger's pages, for each role."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consult.kpi import ledger
from consult.kpi.definitions import DEFINITIONS
from consult.kpi.drill import counted_rows
from consult.kpi.lines import RECORDS
from consult.kpi.records import counted_in
from consult.kpi.report import report
from consult.kpi.words import say_fiscal_year, say_value
from consult.models import Consultation, Correction, KpiExport, MonthReport
from programme.fiscal import Month
from programme.models import Topic, User
from tests.consult.kpi.records import a_consultation, a_session, a_supporter, some_of_each, waiting
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MAY = Month(2024, 5)
PAGES = ["/kpi/", "/kpi/?year=2023", "/kpi/2024-05/", "/kpi/2024-05/export.csv", "/kpi/2024-05/export.xlsx"]
ROWS = "/kpi/2024-05/consultations/"
LISTED = f"{ROWS}records/"
POSTS = ["/kpi/2024-05/close/", f"{ROWS}correct/"]


def page(client: Client, user: User, address: str) -> str:
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def status(client: Client, user: User, address: str) -> int:
    client.force_login(user)
    return client.get(address).status_code


# --- Roles ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", PAGES)
def test_coordinator_and_officer_see_the_figures_and_nobody_else(
    client: Client, coordinator: User, officer: User, desk_account: User, address: str
) -> None:
    member = UserFactory()
    assert client.get(address).status_code == 302
    statuses = [status(client, user, address) for user in (coordinator, officer, desk_account, member)]
    assert statuses == [200, 200, 404, 404]


def test_only_the_coordinator_sees_the_counted_rows(
    client: Client, coordinator: User, officer: User, desk_account: User
) -> None:
    for address in (ROWS, LISTED):
        client.logout()
        assert client.get(address).status_code == 302
        assert [status(client, user, address) for user in (coordinator, officer, desk_account)] == [200, 404, 404]


@pytest.mark.parametrize("address", POSTS)
def test_nobody_but_the_coordinator_closes_or_corrects(
    client: Client, officer: User, desk_account: User, address: str
) -> None:
    assert client.post(address).status_code == 302
    for user in (officer, desk_account):
        client.force_login(user)
        assert client.post(address, {"sure": "on"}).status_code == 404
    assert MonthReport.objects.count() == 0


def test_the_officer_is_shown_no_button_that_does_not_work(client: Client, coordinator: User, officer: User) -> None:
    assert "/kpi/2024-05/close/" in page(client, coordinator, "/kpi/2024-05/")
    assert "/kpi/2024-05/close/" not in page(client, officer, "/kpi/2024-05/")
    assert ROWS in page(client, coordinator, "/kpi/2024-05/")
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    waiting(MAY)
    shown = page(client, officer, "/kpi/2024-05/")
    assert "よろず相談: 0 件 → 1 件(確認待ち)" in shown
    assert ROWS not in shown
    assert "/kpi/corrections/" not in shown


# --- Months ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", ["/kpi/2021-03/", "/kpi/2999-01/", "/kpi/2024-13/", "/kpi/2024-05/nothing/"])
def test_a_month_or_figure_that_is_not_there_is_not_found(client: Client, coordinator: User, address: str) -> None:
    assert status(client, coordinator, address) == 404


def test_the_present_month_is_shown_and_cannot_be_closed(client: Client, coordinator: User) -> None:
    month = Month.of(timezone.localdate())
    shown = page(client, coordinator, f"/kpi/{month}/")
    assert "途中(月が終わっていません)" in shown
    assert f"/kpi/{month}/close/" not in shown
    client.post(f"/kpi/{month}/close/", {"sure": "on"})
    assert "まだ終わっていないため、締められません。" in page(client, coordinator, f"/kpi/{month}/")


def test_a_year_that_is_not_there_gives_the_present_one(client: Client, coordinator: User) -> None:
    heading = f"実績(KPI) {say_fiscal_year(Month.of(timezone.localdate()).fiscal_year)}"
    for address in ("/kpi/", "/kpi/?year=1999", "/kpi/?year=x"):
        assert heading in page(client, coordinator, address)


def test_a_month_is_closed_with_a_tick_and_a_tap(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    refused = client.post("/kpi/2024-05/close/")
    assert "数字を確認して、チェックを入れてください。" in refused.content.decode()
    assert MonthReport.objects.count() == 0
    for _tap in range(2):
        assert client.post("/kpi/2024-05/close/", {"sure": "on"}).status_code == 302
    shown = page(client, coordinator, "/kpi/2024-05/")
    assert "2024年5月(令和6年5月)を締めました。" in shown
    assert "2024年5月(令和6年5月)はもう締めました。" in shown
    assert "締めたときの数字と同じです" in shown
    assert "/kpi/2024-05/close/" not in shown


def test_a_month_before_the_system_says_that_it_has_no_records(client: Client, officer: User) -> None:
    sentence = "この月の記録は、このシステムにはありません。"
    assert sentence in page(client, officer, "/kpi/2024-05/")
    a_consultation()
    assert sentence not in page(client, officer, "/kpi/2024-05/")


@pytest.mark.parametrize("address", ["/kpi/2021-03/close/", "/kpi/2999-01/close/"])
def test_a_month_without_figures_cannot_be_closed(client: Client, coordinator: User, address: str) -> None:
    client.force_login(coordinator)
    assert client.post(address, {"sure": "on"}).status_code == 404
    assert MonthReport.objects.count() == 0


def test_published_figures_stand_apart_with_their_sources(client: Client, officer: User) -> None:
    shown = page(client, officer, "/kpi/2024-01/")
    counted, published = shown.split("公表値(出典つき)", 1)
    assert "333" not in counted
    for text in ("57 人", "27 件", "333 件", "278 自治会", "90 件", "S2 ワーキンググループ結果(R5年度)"):
        assert text in published
    assert "2023年度(令和5年度)" in shown


# --- One figure --------------------------------------------------------------------------------------------
def test_a_figure_leads_to_the_rows_that_it_counts(client: Client, coordinator: User) -> None:
    supporter = a_supporter((dt.date(2024, 5, 7), None))
    session = a_session()
    codes = ("supporters", "groups_served")
    assert 'href="/kpi/2024-05/supporters/records/"' in page(client, coordinator, "/kpi/2024-05/supporters/")
    shown = {code: page(client, coordinator, f"/kpi/2024-05/{code}/records/") for code in codes}
    assert f"{supporter.name} 登録 2024年5月7日(火)" in shown["supporters"]
    assert str(supporter.birth_date.year) not in shown["supporters"]
    assert session.request.group.name in shown["groups_served"]


def test_every_figure_has_its_page(client: Client, coordinator: User) -> None:
    some_of_each(1)
    for row in report(MAY).rows:
        address = f"/kpi/2024-05/{row.definition.code}/"
        assert say_value(row.definition, row.value) in page(client, coordinator, address)
        assert "件の記録を数えました。" in page(client, coordinator, f"{address}records/")


def test_a_late_record_is_stated_as_a_correction_with_a_reason(client: Client, coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    found = waiting(MAY)["consultations"]
    assert "確かめて決める" in page(client, coordinator, ROWS)
    assert "増えた記録: 1" in page(client, coordinator, f"/kpi/corrections/{found.pk}/")
    approve = f"/kpi/corrections/{found.pk}/approve/"
    refused = client.post(approve, {"approve-reason": " "})
    assert (refused.status_code, Correction.objects.count()) == (200, 0)
    for _tap in range(2):
        assert client.post(approve, {"approve-reason": "入力が遅れた"}).status_code == 302
    assert Correction.objects.count() == 1
    shown = page(client, coordinator, ROWS)
    assert "0 件から1 件へ。入力が遅れた(Alice)" in shown
    assert "数字は変わりませんでした。" in shown
    assert "確かめて決める" not in shown
    assert "締めたとき 0 件" in page(client, coordinator, "/kpi/2024-05/")


def test_a_refusal_keeps_its_reason_in_the_list(client: Client, coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    found = waiting(MAY)["consultations"]
    client.force_login(coordinator)
    refuse = f"/kpi/corrections/{found.pk}/refuse/"
    assert "訂正しない理由" in client.post(refuse, {"refuse-reason": ""}).content.decode()
    client.post(refuse, {"refuse-reason": "練習の記録"})
    assert "訂正しないことにした: 練習の記録 (Alice)" in page(client, coordinator, "/kpi/corrections/")


def test_records_that_changed_meanwhile_are_shown_anew_before_anything_is_stated(
    client: Client, coordinator: User
) -> None:
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    found = waiting(MAY)["consultations"]
    a_consultation()
    client.force_login(coordinator)
    client.post(f"/kpi/corrections/{found.pk}/approve/", {"approve-reason": "入力が遅れた"})
    shown = page(client, coordinator, "/kpi/corrections/")
    assert "状態が変わりました" in shown
    assert "0 件 → 2 件" in shown
    assert Correction.objects.count() == 0


def test_a_correction_stands_in_the_month_concerned_and_in_the_month_in_which_it_was_made(
    client: Client, officer: User, coordinator: User
) -> None:
    ledger.close_month(Month(2024, 4), by=coordinator)
    at = ledger.correct(Month(2024, 4), "sessions", 7, "紙の報告", by=coordinator).at
    months = "2024-04", str(Month.of(timezone.localdate(at)))
    concerned, made = (page(client, officer, f"/kpi/{month}/") for month in months)
    assert "この月の数字への訂正" in concerned
    assert "出張サポート派遣: 0 回から7 回へ。紙の報告(Alice)" in concerned
    assert "この月にした訂正" not in concerned
    assert "この月にした訂正" in made
    assert '<a href="/kpi/2024-04/">2024年4月(令和6年4月)</a>' in made
    assert "紙の報告" not in page(client, officer, "/kpi/2024-06/")


# --- From a figure to its rows and back ----------------------------------------------------------------------
def test_a_part_of_a_figure_leads_to_its_rows(client: Client, coordinator: User) -> None:
    for topic in ("T05", "T05", "T06"):
        case = a_consultation()
        type(case).objects.filter(pk=case.pk).update(topic=topic)
    assert f'<a href="{LISTED}?by=topic&amp;key=T05">' in page(client, coordinator, ROWS)
    assert "2件の記録を数えました。" in page(client, coordinator, f"{LISTED}?by=topic&key=T05")
    for wrong in ("by=topic&key=T99x", "by=moon&key=T05", "by=desk_hour&key=1-0-10", "by=skill&key=T05"):
        assert status(client, coordinator, f"{LISTED}?{wrong}") == 404, wrong


def test_a_part_of_a_closed_month_is_shown_as_its_records_are_now(client: Client, coordinator: User) -> None:
    a_consultation()
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    topic = Consultation.objects.values_list("topic", flat=True).first()
    whole, part = (page(client, coordinator, f"{LISTED}{asked}") for asked in ("", f"?by=topic&key={topic}"))
    assert ("1件の記録を数えました。" in whole, "2件の記録を数えました。" in part) == (True, True)
    assert "内訳の記録は、今の記録です。" in part
    assert "内訳の記録は、今の記録です。" not in whole


@pytest.mark.parametrize("address", ["/kpi/2021-03/consultations/records/", "/kpi/2024-05/moon/records/"])
def test_records_of_no_figure_are_not_found(client: Client, coordinator: User, address: str) -> None:
    assert status(client, coordinator, address) == 404


def test_names_from_outside_are_written_as_text(client: Client, coordinator: User) -> None:
    Topic.objects.filter(pk="T05").update(name='<b>&"線')
    case = a_consultation()
    type(case).objects.filter(pk=case.pk).update(topic="T05")
    for address in (ROWS, LISTED):
        shown = page(client, coordinator, address)
        assert "&lt;b&gt;&amp;&quot;線" in shown
        assert "<b>&" not in shown


@pytest.mark.parametrize("closed", [False, True])
def test_rows_are_read_a_page_at_a_time(client: Client, coordinator: User, closed: bool) -> None:
    for _each in range(101):
        a_consultation()
    if closed:
        ledger.close_month(MAY, by=coordinator)
    assert page(client, coordinator, LISTED).count("/kpi/records/case/") == 50
    assert page(client, coordinator, f"{LISTED}?page=3").count("/kpi/records/case/") == 1


def test_a_record_leads_back_to_the_figures_that_count_it(client: Client, coordinator: User) -> None:
    case = a_consultation()
    address = f"/kpi/records/case/{case.pk.hex}/"
    assert "締める前の数字に入っています" in page(client, coordinator, address)
    ledger.close_month(MAY, by=coordinator)
    late = a_consultation()
    assert "締めた数字に入っています" in page(client, coordinator, address)
    assert "まだ数字に入っていません" in page(client, coordinator, f"/kpi/records/case/{late.pk.hex}/")
    case.void(by=coordinator, reason="二重に記録した")
    assert "今の記録では数えません" in page(client, coordinator, address)


def test_a_case_moved_to_another_month_is_found_where_it_was_closed(client: Client, coordinator: User) -> None:
    case = a_consultation()
    ledger.close_month(MAY, by=coordinator)
    type(case).objects.filter(pk=case.pk).update(date=dt.date(2024, 6, 3))
    waiting(MAY)
    places = {(place.definition.code, place.month): place for place in counted_in(type(case).objects.get())}
    assert places["consultations", MAY].is_gone
    assert places["consultations", Month(2024, 6)].in_records
    shown = page(client, coordinator, f"/kpi/records/case/{case.pk.hex}/")
    assert "今の記録では数えません" in shown


@pytest.mark.parametrize("address", ["case/x/", "case/00000000000000000000000000000000/", "moon/1/", "session/x/"])
def test_a_record_that_is_not_there_is_not_found(client: Client, coordinator: User, address: str) -> None:
    assert status(client, coordinator, f"/kpi/records/{address}") == 404


def test_every_kind_of_record_names_the_figures_that_count_it() -> None:
    some_of_each(1)
    for definition in DEFINITIONS:
        if definition.model in RECORDS.values():
            row, _amount = counted_rows(MAY, definition)[0]
            places = counted_in(definition.model.objects.get(pk=row))
            assert (definition.code, MAY) in {(place.definition.code, place.month) for place in places}


def test_the_difference_from_last_month_is_told_by_its_parts(client: Client, coordinator: User) -> None:
    april = dt.date(2024, 4, 10)
    ledger.close_month(Month(2024, 4), by=coordinator)
    for _each in range(3):
        a_consultation()
    a_supporter((april, None))
    a_supporter((dt.date(2024, 5, 7), None))
    shown = page(client, coordinator, ROWS)
    assert "0 件、この月は3 件です(+3 件)" in shown
    assert "LINE +3" in shown
    stock = page(client, coordinator, "/kpi/2024-05/supporters/")
    assert re.search(r"新規登録サポーター数</a>: 1 人", stock)


def test_a_correction_reads_numbers_as_people_write_them(client: Client, coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    client.force_login(coordinator)
    facts = {"correct-new": "１２件", "correct-reason": "紙の記録", "correct-seen": "0"}
    assert client.post(f"{ROWS}correct/", facts).status_code == 302
    assert report(MAY).row("consultations").value == 12


@pytest.mark.parametrize(
    ("figure", "typed", "stored", "said"),
    [
        ("desk_hours", "1.5", 90, "1.5 時間"),
        ("desk_hours", "１，２００．５時間", 72030, "1,200.5 時間"),
        ("districts_share", "83.3％", 833, "83.3%"),
        ("districts_share", "100", 1000, "100.0%"),
        ("honoraria", "5,400円", 5400, "5,400 円"),
    ],
)
def test_a_correction_is_typed_and_told_in_the_figures_own_unit(
    client: Client, coordinator: User, figure: str, typed: str, stored: int, said: str
) -> None:
    ledger.close_month(MAY, by=coordinator)
    client.force_login(coordinator)
    address = f"/kpi/2024-05/{figure}/"
    assert f"正しい数字({said.lstrip('0123456789,.').strip()})" in page(client, coordinator, address)
    before = report(MAY).row(figure)
    facts = {"correct-new": typed, "correct-reason": "紙の記録", "correct-seen": str(before.value)}
    assert client.post(f"{address}correct/", facts).status_code == 302
    assert report(MAY).row(figure).value == stored
    made = f"{say_value(before.definition, before.value)}から{said}へ。紙の記録"
    now = Month.of(timezone.localdate(Correction.objects.get().at))
    for shown in (address, "/kpi/2024-05/", f"/kpi/{now}/"):
        assert made in page(client, coordinator, shown)


@pytest.mark.parametrize(
    ("figure", "typed", "sentence"),
    [
        ("desk_hours", "1.51", "小数第1位まで"),
        ("desk_hours", "-1", "0"),
        ("districts_share", "100.1", "100"),
        ("districts_share", "1e2", "数字で入力"),
        ("waiting_median", "-1", "0"),
        ("waiting_median", "NaN", "数字で入力"),
        ("consultations", "1.5", "小数のない数字"),
        ("consultations", "", "必須"),
    ],
)
def test_a_correction_that_its_unit_cannot_say_is_refused_and_kept(
    client: Client, coordinator: User, figure: str, typed: str, sentence: str
) -> None:
    ledger.close_month(MAY, by=coordinator)
    client.force_login(coordinator)
    facts = {"correct-new": typed, "correct-reason": "紙の記録", "correct-seen": "0"}
    shown = client.post(f"/kpi/2024-05/{figure}/correct/", facts).content.decode()
    assert sentence in shown.partition('action="/kpi/2024-05/')[2]
    assert f'value="{typed}"' in shown or not typed
    assert Correction.objects.count() == 0


@pytest.mark.parametrize(
    ("new", "reason", "seen", "sentence"),
    [
        ("たくさん", "紙の記録", "0", "数字"),
        ("-1", "紙の記録", "0", "0"),
        ("99999999999", "紙の記録", "0", "99999999"),
        ("12", "", "0", "必須"),
        ("12", "紙" * 301, "0", "300"),
        ("12", "紙の記録", "5", "ほかの人の操作で状態が変わりました。"),
        ("0", "紙の記録", "0", "数字は変わりませんでした。"),
        ("12", "紙の記録", "x", "数"),
    ],
)
def test_a_refused_correction_keeps_what_was_typed(
    client: Client, coordinator: User, new: str, reason: str, seen: str, sentence: str
) -> None:
    ledger.close_month(MAY, by=coordinator)
    client.force_login(coordinator)
    facts = {"correct-new": new, "correct-reason": reason, "correct-seen": seen}
    response = client.post(f"{ROWS}correct/", facts)
    shown = response.content.decode()
    assert response.status_code == 200
    assert f'value="{new}"' in shown
    assert reason in shown
    assert Correction.objects.count() == 0
    assert sentence in shown


def test_correcting_an_open_month_says_where_to_correct(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    facts = {"correct-new": "1", "correct-reason": "紙の記録", "correct-seen": "0"}
    response = client.post(f"{ROWS}correct/", facts)
    assert response.status_code == 200
    assert "元の記録を直してください。" in response.content.decode()


# --- Export ------------------------------------------------------------------------------------------------
def test_a_download_is_a_named_file_and_is_recorded(client: Client, officer: User) -> None:
    client.force_login(officer)
    response = client.get("/kpi/2024-05/export.csv?encoding=cp932")
    assert response.headers["Content-Disposition"] == 'attachment; filename="kpi-2024-05.csv"'
    assert response.content.decode("cp932").startswith("区分,")
    assert [(each.by, each.form) for each in KpiExport.objects.all()] == [(officer, "csv-cp932")]


@pytest.mark.parametrize("address", ["export.pdf", "export.json?encoding=cp932", "export.csv?encoding=x"])
def test_a_form_that_there_is_not_is_not_found(client: Client, officer: User, address: str) -> None:
    assert status(client, officer, f"/kpi/2024-05/{address}") == 404
    assert KpiExport.objects.count() == 0


def test_what_cp932_cannot_hold_is_named_beside_the_file(client: Client, coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "sessions", 2, "𠮷", by=coordinator)
    client.force_login(coordinator)
    assert client.get("/kpi/2024-05/export.csv?encoding=cp932").headers["X-Not-Encoded"] == "U+20BB7"


# --- Queries -------------------------------------------------------------------------------------------------
def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as context:
        assert client.get(address).status_code == 200
    return len(context)


def test_the_exports_are_listed_with_who_took_them(client: Client, officer: User) -> None:
    client.force_login(officer)
    client.get("/kpi/2024-05/export.csv")
    shown = page(client, officer, "/kpi/exports/")
    assert all(text in shown for text in ("2024-05", "csv", "Olga", KpiExport.objects.get().sha256))


ADDRESSES = [
    "/kpi/?year=2024",
    "/kpi/corrections/",
    "/kpi/2024-05/",
    "/kpi/2024-05/sessions/",
    "/kpi/2024-05/export.json",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_pages_take_the_same_queries_for_any_number_of_rows(client: Client, coordinator: User, address: str) -> None:
    client.force_login(coordinator)
    some_of_each(1)
    one = queries(client, address)
    some_of_each(2)
    assert queries(client, address) == one


@pytest.mark.parametrize("address", ADDRESSES)
def test_pages_of_closed_months_take_the_same_queries_for_any_number_of_corrections_and_late_rows(
    client: Client, coordinator: User, address: str
) -> None:
    client.force_login(coordinator)
    for month in (Month(2024, 4), MAY):
        ledger.close_month(month, by=coordinator)
    some_of_each(1)
    ledger.correct(MAY, "sessions", 10, "紙の記録", by=coordinator)
    one = queries(client, address)
    some_of_each(2)
    for new in (11, 12):
        ledger.correct(MAY, "sessions", new, "紙の記録", by=coordinator)
    assert queries(client, address) == one

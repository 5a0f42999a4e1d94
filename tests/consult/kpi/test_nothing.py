"""A share or a median of no rows is no number: everywhere a dash, an empty cell or null, and never 0."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client

from consult.kpi import ledger
from consult.kpi.exports import export
from consult.kpi.exports.as_half_year import half_year_xlsx
from consult.kpi.half_year import half_year
from consult.kpi.report import report
from consult.kpi.reporting_period import Period
from consult.models import FrozenFigure
from programme.fiscal import Month
from programme.models import District, User
from support_requests.models import Feedback
from tests.consult.kpi.records import a_consultation, a_session, some_of_each, state_late, tokyo, waiting
from tests.consult.kpi.test_exports import read_csv, read_xlsx, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

APRIL, MAY, JUNE = Month(2024, 4), Month(2024, 5), Month(2024, 6)
EMPTY = ("satisfaction", "wanted_again", "waiting_median", "waiting_p90", "acceptance", "stand_ins")
NAMES = {
    "satisfaction": "出張サポートが役に立った割合(満足度)",
    "wanted_again": "また来てほしいと答えた割合",
    "waiting_median": "申込みから実施までの日数(中央値)",
    "waiting_p90": "申込みから実施までの日数(90%)",
    "acceptance": "依頼を引き受けた割合",
    "stand_ins": "代わりの人を探した割合",
}


@pytest.fixture(params=["open", "closed"])
def quiet_may(request: pytest.FixtureRequest, programme_facts: None, coordinator: User) -> None:
    """One case at a desk in May, nothing that a share or a median could be taken of; a full April."""
    some_of_each(1, dt.date(2024, 4, 15))
    a_consultation()
    if request.param == "closed":
        ledger.close_month(MAY, by=coordinator)


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def cell_after(page: str, name: str, *, cells: int = 1) -> list[str]:
    """What stands in the cells of the row that ``name`` heads."""
    row = page[page.index(f"{name}<") :].partition("</tr>")[0]
    return [
        part.partition("</td>")[0].removeprefix("<span>").removesuffix("</span>").strip()
        for part in (each.partition(">")[2] for each in row.split("<td")[1 : cells + 1])
    ]


@pytest.mark.usefixtures("quiet_may")
def test_every_page_shows_a_dash(office: Client) -> None:
    month, period = (office.get(f"/kpi/{where}/").content.decode() for where in ("2024-05", "periods/2024-05"))
    months = office.get("/kpi/periods/2024-04..2024-05/").content.decode()
    months = months[months.index('id="months"') :]
    for code, name in NAMES.items():
        assert (code, *cell_after(month, name)) == (code, "–")
        assert (code, *cell_after(period, name)) == (code, "–")
        assert (code, cell_after(months, name, cells=2)[1]) == (code, "–")
        assert (code, cell_after(months, name)[0] != "–") == (code, True)
        page = office.get(f"/kpi/2024-05/{code}/").content.decode()
        assert (code, "<b>–</b>" in page, "、この月は–です。" in page) == (code, True, True)


@pytest.mark.usefixtures("quiet_may")
def test_the_files_hold_an_empty_cell_and_say_why(coordinator: User) -> None:
    for form, encoding in (("csv", "utf-8-sig"), ("csv-cp932", "cp932")):
        lines = {
            line["指標コード"]: (line["値"], line["注"])
            for line in read_csv(export(Period.of(MAY), form, by=coordinator).data, encoding)
            if line["区分"] == "集計値"
        }
        assert {code: lines[code] for code in EMPTY} == dict.fromkeys(
            EMPTY, ("", "対象の記録がないため、値がありません。")
        )
        assert lines["sessions"] == ("0", "")
    book = read_xlsx(export(Period.of(MAY), "xlsx", by=coordinator).data)
    found = {line[1]: line[4] for line in table(book, "指標一覧", "分野")}
    assert {name: found[name] for name in NAMES.values()} == dict.fromkeys(NAMES.values())
    assert found["出張サポート派遣"] == 0


@pytest.mark.usefixtures("quiet_may")
def test_the_months_of_a_longer_period_hold_an_empty_cell(coordinator: User) -> None:
    period = Period(APRIL, MAY)
    lines = [line for line in read_csv(export(period, "csv", by=coordinator).data) if line["区分"] == "月の値"]
    said = {(line["指標コード"], line["期間の最後の日"]): line["値"] for line in lines}
    assert [said[code, "2024-05-31"] for code in EMPTY] == [""] * len(EMPTY)
    assert all(said[code, "2024-04-30"] for code in EMPTY)


@pytest.mark.usefixtures("quiet_may")
def test_json_and_the_api_say_null(office: Client, coordinator: User) -> None:
    for data in (
        export(Period.of(MAY), "json", by=coordinator).data,
        office.get("/api/v1/kpi/2024-05/").content,
    ):
        figures = {figure["code"]: figure for figure in json.loads(data)["figures"]}
        for code in EMPTY:
            assert (code, figures[code]["value"], figures[code]["months"]) == (code, None, {"2024-05": None})
            assert (code, figures[code]["year_to_date"] is not None) == (code, True)
        assert figures["sessions"]["value"] == 0


def test_the_half_years_table_says_a_dash_on_screen_and_in_its_file(office: Client) -> None:
    a_consultation()
    period = Period.of_half(2024, 1)
    line = "依頼を引き受けた割合: –(年度では –)"
    assert line in office.get(f"/kpi/half-years/{period}/").content.decode()
    book = read_xlsx(half_year_xlsx(half_year(period)).data)
    assert any(line in str(cell) for row in book.worksheets[0].iter_rows(values_only=True) for cell in row)


def test_a_part_that_has_no_rows_in_the_month_is_empty_and_one_that_is_kept_back_is_not(
    office: Client, coordinator: User, officer: User
) -> None:
    a_session(tokyo(dt.date(2024, 4, 15)), feedback=(4, 4))
    for topic in [*["T05"] * 6, "T01", *["T02"] * 9]:
        a_consultation(topic_id=topic)
    figures = {figure["code"]: figure for figure in as_json(coordinator)}
    (district,) = (each for each in figures["satisfaction"]["breakdowns"] if each["code"] == "group_kind")
    assert [(each["value"], each["year_to_date"], each["kept_back"]) for each in district["cells"]] == [
        (None, 100.0, False)
    ]
    parts = {figure["code"]: figure for figure in as_json(officer)}["consultations"]["breakdowns"]
    (topics,) = (each["cells"] for each in parts if each["code"] == "topic")
    assert {each["key"]: (each["value"], each["kept_back"]) for each in topics} == {
        "T01": (None, True),
        "T02": (9, False),
        "T05": (None, True),
    }
    page = office.get("/kpi/periods/2024-05/satisfaction/").content.decode()
    page = page[page.index('data-figure="satisfaction" data-dimension="group_kind"') :]
    assert cell_after(page, "住民のグループ") == ["–"]
    office.force_login(officer)
    page = office.get("/kpi/periods/2024-05/consultations/").content.decode()
    shown = page[page.index('data-figure="consultations" data-dimension="topic"') :].partition("</table>")[0]
    assert shown.count('<td class="number">X</td>') == 2
    lines = read_csv(export(Period.of(MAY), "csv", by=officer).data)
    notes = {line["注"] for line in lines if line["内訳コード"].startswith("topic:") and not line["値"]}
    assert len(notes) == 1
    assert "5未満" in notes.pop()


def as_json(by: User) -> list[dict[str, Any]]:
    figures: list[dict[str, Any]] = json.loads(export(Period.of(MAY), "json", by=by).data)["figures"]
    return figures


# --- The ledger keeps the difference ----------------------------------------------------------------------
def test_a_closed_month_remembers_that_there_was_nothing_and_its_seal_holds(coordinator: User) -> None:
    a_session(feedback=(1, 1), received_at=tokyo(dt.date(2024, 5, 15)))
    ledger.close_month(MAY, by=coordinator)
    ledger.close_month(JUNE, by=coordinator)
    frozen = {
        (str(each.report), each.figure): each.value
        for each in FrozenFigure.objects.filter(figure__in=["satisfaction", "waiting_median"])
    }
    assert frozen == {
        ("2024-05", "satisfaction"): 0,
        ("2024-05", "waiting_median"): 0,
        ("2024-06", "satisfaction"): None,
        ("2024-06", "waiting_median"): None,
    }
    assert [ledger.verify_month(month) for month in (MAY, JUNE)] == [True, True]
    assert report(JUNE).row("satisfaction").is_frozen


def test_from_nothing_to_0_percent_is_a_correction(coordinator: User, office: Client) -> None:
    session = a_session()
    ledger.close_month(MAY, by=coordinator)
    Feedback.objects.create(session=session, helpful=1, again=1)
    found = waiting(MAY)["satisfaction"]
    assert (found.old, found.new) == (None, 0)
    assert "– → 0.0%" in office.get("/kpi/corrections/").content.decode()
    correction = state_late(MAY, "satisfaction", coordinator)
    assert (correction.old, correction.new) == (None, 0)
    assert report(MAY).row("satisfaction").value == 0
    assert "–から0.0%へ。" in office.get("/kpi/2024-05/satisfaction/").content.decode()
    Feedback.objects.all().delete()
    assert (waiting(MAY)["satisfaction"].old, waiting(MAY)["satisfaction"].new) == (0, None)


def test_a_figure_of_nothing_is_corrected_by_hand(coordinator: User, office: Client) -> None:
    ledger.close_month(MAY, by=coordinator)
    page = office.get("/kpi/2024-05/satisfaction/").content.decode()
    assert 'name="correct-seen"' in page
    sent = {"correct-new": "80", "correct-reason": "紙の感想が後から届いた", "correct-seen": ""}
    office.post("/kpi/2024-05/satisfaction/correct/", sent)
    assert report(MAY).row("satisfaction").value == 800
    answer = office.post("/kpi/2024-05/satisfaction/correct/", {**sent, "correct-new": "90"})
    assert "ほかの人" in answer.content.decode()  # who saw no number, saw an older one
    assert report(MAY).row("satisfaction").value == 800


def test_a_share_of_no_districts_is_no_share() -> None:
    District.objects.update(active=False)
    assert report(MAY).row("districts_share").value is None

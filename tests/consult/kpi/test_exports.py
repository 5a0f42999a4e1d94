"""The figures as files: the same in every form, and openable where a city office opens them."""

import csv
import datetime as dt
import hashlib
import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from consult.kpi import ledger
from consult.kpi.definitions import Area, in_force
from consult.kpi.dimensions import DIMENSIONS
from consult.kpi.exports import export, form_of
from consult.kpi.period_reports import period_report
from consult.kpi.report_words import say_figure_head
from consult.kpi.reporting_period import Period
from consult.models import KpiExport
from programme.fiscal import Month
from programme.models import Goal, PublishedFigure, User
from tests.consult.kpi.records import some_of_each

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

JANUARY, MAY = Period.of(Month(2024, 1)), Period.of(Month(2024, 5))
IN_MAY = Month(2024, 5)


def read_csv(data: bytes, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline="")))


def read_xlsx(data: bytes) -> Workbook:
    return load_workbook(io.BytesIO(data))


def table(book: Workbook, sheet: str, head: str) -> list[tuple[Any, ...]]:
    """The rows below the header that begins with ``head``, up to the first empty one."""
    rows = list(book[sheet].iter_rows(values_only=True))
    start = next(number for number, row in enumerate(rows) if row[0] == head) + 1
    ends = next((number for number in range(start, len(rows)) if not rows[number][0]), len(rows))
    return rows[start:ends]


# --- One report, four forms ----------------------------------------------------------------------------
Said = dict[tuple[str, ...], str]  # (code,) or (code, dimension, label of the cell) → the number as people read it


def said_in_csv(data: bytes) -> Said:
    found: Said = {}
    for line in read_csv(data):
        if line["区分"] == "集計値":
            found[line["指標コード"],] = plain(line["値"])
            if line["年度の累計"]:
                found[line["指標コード"], "year to date"] = plain(line["年度の累計"])
        if line["区分"] == "内訳":
            add_part(found, line["指標コード"], line["内訳コード"].partition(":")[0], line["内訳"], line["値"])
    return found


def said_in_json(data: bytes) -> Said:
    found: Said = {}
    for figure in json.loads(data)["figures"]:
        found[figure["code"],] = plain(figure["value"])
        if figure["year_to_date"] is not None:
            found[figure["code"], "year to date"] = plain(figure["year_to_date"])
        for breakdown in figure["breakdowns"]:
            for cell in breakdown["cells"]:
                add_part(found, figure["code"], breakdown["code"], cell["label"], cell["value"])
    return found


def said_in_xlsx(data: bytes) -> Said:
    """Read as a person does: figures from the list, parts from the tables of each area's sheet."""
    book = read_xlsx(data)
    codes = {str(definition.name): definition.code for definition in in_force(MAY.first.first)}
    heads = {say_figure_head(definition): definition.code for definition in in_force(MAY.first.first)}
    found: Said = {}
    for line in table(book, "指標一覧", "分野"):
        found[codes[line[1]],] = plain(line[4])
        if line[5] is not None:
            found[codes[line[1]], "year to date"] = plain(line[5])
    dimensions = {str(dimension.name): code for code, dimension in DIMENSIONS.items()}
    for area in Area:
        of_table: list[str | None] | None = None
        dimension = ""
        for row in book[str(area.label)].iter_rows(values_only=True):
            if row[0] in dimensions and row[1] in heads:
                dimension = dimensions[str(row[0])]
                of_table = [heads.get(str(head)) for head in row]
            elif row[0] is None:
                of_table = None
            elif of_table:
                for code, value in zip(of_table[1:], row[1:], strict=True):
                    if code and value is not None:
                        add_part(found, code, dimension, str(row[0]), value)
    return found


def said_on_screen(page: str) -> Said:
    """From the page of the period: each table names its figure and dimension."""
    found: Said = {}
    figures = page[page.index('id="figures"') :].partition("</table>")[0]
    for code, row in re.findall(r'<tr data-figure="(\w+)">(.*?)</tr>', figures, re.DOTALL):
        numbers = re.findall(r"<span>(.*?)</span>", row)
        found[code,] = plain(numbers[0].split()[0])
        if len(numbers) > 1 and plain(numbers[1].split()[0]):
            found[code, "year to date"] = plain(numbers[1].split()[0])
    tables = re.findall(r'<table data-figure="(\w+)" data-dimension="(\w+)">(.*?)</table>', page, re.DOTALL)
    for code, dimension, rows in tables:
        for label, number in re.findall(r'<th scope="row">(.*?)</th><td class="number">(.*?)</td>', rows, re.DOTALL):
            add_part(found, code, dimension, unescape(label), number.split()[0])
    return found


def add_part(found: Said, code: str, dimension: str, label: str, number: Any) -> None:
    """Parts that are 0 or no number need not be said; two desks may bear the same name."""
    if value := float(plain(number) or 0):
        found[code, dimension, label] = plain(value + float(found.get((code, dimension, label), 0)))


def plain(number: Any) -> str:
    """ "1,204", 1204, 2.0 and "2.0" in one spelling; "" for no number."""
    text = "" if number is None else str(number).replace(",", "")
    return "" if text in ("", "–") else f"{float(text):g}"


def everything(*days: dt.date) -> None:
    for day in days:
        some_of_each(3, day)
    Goal.objects.create(figure="consultations", fiscal_year=2024, value=7, source="test")


@pytest.mark.parametrize(
    ("period", "participants"),
    [("2024-05", "1234"), ("2024FY", "1249"), ("2024H1", "1249"), ("2024-02..2024-05", "1264")],
)
def test_every_figure_and_every_part_is_the_same_on_screen_and_in_csv_xlsx_json_and_api(
    period: str, participants: str, coordinator: User, client: Any
) -> None:
    everything(dt.date(2024, 3, 31), dt.date(2024, 4, 1), dt.date(2024, 5, 15))
    ledger.close_month(IN_MAY, by=coordinator)
    ledger.correct(IN_MAY, "participants", 1234, "紙の報告", by=coordinator)
    client.force_login(coordinator)
    wanted = Period.parse(period)
    in_json = said_in_json(export(wanted, "json", by=coordinator).data)
    assert in_json["participants",] == participants
    assert len({key[0] for key in in_json}) == len(period_report(wanted).rows) > 20
    assert sum(1 for key in in_json if len(key) == 3) > 50
    assert said_in_csv(export(wanted, "csv", by=coordinator).data) == in_json
    assert said_in_xlsx(export(wanted, "xlsx", by=coordinator).data) == in_json
    shown = client.get(f"/kpi/periods/{period}/").content.decode()
    parts = re.findall(rf'<a href="(/kpi/periods/{re.escape(str(period))}/\w+/)">', shown)
    assert len(parts) == len(period_report(wanted).rows)
    assert said_on_screen("".join([shown, *(client.get(each).content.decode() for each in parts)])) == in_json
    assert said_in_json(client.get(f"/api/v1/kpi/{period}/").content) == in_json


def test_a_correction_is_told_in_the_figures_unit_on_screen_and_in_csv_xlsx_json_and_api(
    coordinator: User, client: Any
) -> None:
    ledger.close_month(IN_MAY, by=coordinator)
    ledger.correct(IN_MAY, "desk_hours", 90, "紙の報告", by=coordinator)
    client.force_login(coordinator)
    for data in (export(MAY, "json", by=None).data, client.get("/api/v1/kpi/2024-05/").content):
        [found] = [each for each in json.loads(data)["figures"] if each["code"] == "desk_hours"]
        assert [(each["old"], each["new"]) for each in found["corrections"]] == [(0.0, 1.5)] == [(0, found["value"])]
    now = Period.of(Month.of(timezone.localdate()))
    [made] = json.loads(export(now, "json", by=None).data)["corrections_made"]
    assert (made["old"], made["new"]) == (0.0, 1.5)
    [line] = [each for each in read_csv(export(MAY, "csv", by=None).data) if each["訂正"]]
    assert (line["値"], line["訂正"].partition(" 紙")[0]) == ("1.5", "0.0 時間→1.5 時間")
    [row] = table(read_xlsx(export(MAY, "xlsx", by=None).data), "訂正", "日時")
    assert row[3:5] == (0, 1.5)
    assert "0.0 時間→1.5 時間" in client.get("/kpi/periods/2024-05/").content.decode()


def test_goals_and_their_shares_stand_in_every_form(coordinator: User, client: Any) -> None:
    everything(dt.date(2024, 5, 15))
    client.force_login(coordinator)
    [line] = [line for line in read_csv(export(MAY, "csv", by=None).data) if line["達成率"]]
    assert (line["指標コード"], line["目標"], line["達成率"]) == ("consultations", "7", "42.8%")
    [figure] = [each for each in json.loads(export(MAY, "json", by=None).data)["figures"] if each["goal"]]
    assert (figure["goal"], figure["share"]) == ({"value": 7, "source": "test"}, 0.428)
    cover = table(read_xlsx(export(MAY, "xlsx", by=None).data), "総括", "指標")
    assert [(row[0], row[3:7]) for row in cover if row[5]] == [("よろず相談", (3, 3, 7, 0.428))]
    assert "42.8%" in client.get("/kpi/periods/2024-05/").content.decode()


def test_the_export_of_january_2024_gives_what_was_published_then_with_its_sources(coordinator: User) -> None:
    expected = [
        ("supporters", 57, "人"),
        ("sessions", 27, "件"),
        ("consultations", 333, "件"),
        ("association_tablet", 278, "自治会"),
        ("hall_courses", 90, "件"),
    ]
    source = "S2 ワーキンググループ結果(R5年度)"
    lines = [line for line in read_csv(export(JANUARY, "csv", by=None).data) if line["区分"] == "公表値"]
    assert [(line["指標コード"], int(line["値"]), line["単位"]) for line in lines] == expected
    assert {line["出典"] for line in lines} == {source}
    published = json.loads(export(JANUARY, "json", by=None).data)["published"]
    assert [(figure["code"], figure["value"], figure["unit"]) for figure in published] == expected
    sheet = table(read_xlsx(export(JANUARY, "xlsx", by=None).data), "公表値", "この期間の値か")
    assert [(line[2], line[3], line[6]) for line in sheet if line[0] == "この期間"] == [
        (value, unit, source) for _code, value, unit in expected
    ]
    counted = [line for line in read_csv(export(JANUARY, "csv", by=None).data) if line["区分"] == "集計値"]
    assert {float(line["値"] or 0) for line in counted} == {0}


def test_every_export_is_recorded_with_the_hash_of_its_bytes(coordinator: User) -> None:
    contents = {form: export(MAY, form, by=coordinator).data for form in ("csv", "csv-cp932", "xlsx", "json")}
    assert {each.form: each.sha256 for each in KpiExport.objects.all()} == {
        form: hashlib.sha256(data).hexdigest() for form, data in contents.items()
    }
    assert {(each.period, each.by) for each in KpiExport.objects.all()} == {("2024-05", coordinator)}


# --- CSV -----------------------------------------------------------------------------------------------
def test_csv_has_a_byte_order_mark_and_windows_line_ends() -> None:
    data = export(MAY, "csv", by=None).data
    assert data.startswith("\ufeff区分,".encode())
    assert data.count(b"\n") == data.count(b"\r\n") > 12


def test_cp932_keeps_waves_and_names_and_says_what_it_cannot_hold(coordinator: User) -> None:
    ledger.close_month(IN_MAY, by=coordinator)
    ledger.correct(IN_MAY, "sessions", 2, "𠮷田さん〜髙﨑栁德さん ～−の分", by=coordinator)
    content = export(MAY, "csv-cp932", by=coordinator)
    lines = read_csv(content.data, "cp932")
    correction = next(line["訂正"] for line in lines if line["指標コード"] == "sessions" and line["訂正"])
    assert "[U+20BB7]田さん～髙﨑栁德さん ～－の分" in correction
    assert content.lost == ("𠮷",)
    assert (lines[-1]["区分"], lines[-1]["注"][-7:]) == ("注", "U+20BB7")
    assert "?" not in content.data.decode("cp932")


def test_cp932_that_can_hold_everything_says_nothing_about_it() -> None:
    content = export(MAY, "csv-cp932", by=None)
    assert content.lost == ()
    assert {line["区分"] for line in read_csv(content.data, "cp932")} <= {"集計値", "内訳"}


def test_a_formula_in_a_reason_is_text_in_csv_and_xlsx(coordinator: User) -> None:
    PublishedFigure.objects.create(
        figure="sessions",
        name="=1+1",
        kind="flow",
        as_of=IN_MAY.last,
        value=1,
        unit="+回",
        source="@SUM(A1)",
        note="-1",
    )
    line = read_csv(export(MAY, "csv", by=None).data)[-1]
    assert (line["指標"], line["単位"], line["出典"], line["注"]) == ("'=1+1", "'+回", "'@SUM(A1)", "'-1")
    sheet = read_xlsx(export(MAY, "xlsx", by=None).data)["公表値"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value in ("=1+1", "+回", "@SUM(A1)", "-1")]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", True)] * 4


# --- The command ---------------------------------------------------------------------------------------
def test_the_command_writes_the_file_and_records_it(tmp_path: Path) -> None:
    file = tmp_path / "kpi.csv"
    call_command("kpi_export", "2024-01", format="csv", output=file)
    lines = [line for line in read_csv(file.read_bytes()) if line["指標コード"] == "consultations"]
    assert [line["値"] for line in lines if line["区分"] != "内訳"] == ["0", "333"]
    recorded = KpiExport.objects.get()
    assert (recorded.by, recorded.sha256) == (None, hashlib.sha256(file.read_bytes()).hexdigest())


@pytest.mark.parametrize("period", ["2023FY", "2023H1", "2024-04..2024-10"])
def test_the_command_takes_longer_periods(period: str, tmp_path: Path) -> None:
    file = tmp_path / "kpi.json"
    call_command("kpi_export", period, format="json", output=file)
    assert json.loads(file.read_bytes())["period"] == period == KpiExport.objects.get().period


def test_the_command_names_what_the_encoding_cannot_hold(
    coordinator: User, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    ledger.close_month(IN_MAY, by=coordinator)
    ledger.correct(IN_MAY, "sessions", 2, "𠮷", by=coordinator)
    call_command("kpi_export", "2024-05", encoding="cp932")
    out, err = capfdbinary.readouterr()
    assert out.decode("cp932").startswith("区分,")
    assert err.decode() == "Not in cp932: U+20BB7\n"


@pytest.mark.parametrize(
    ("month", "options", "sentence"),
    [
        ("2024-13", {}, "no such month"),
        ("January", {}, "not a month"),
        ("2999-01", {}, "in the future"),
        ("2021-03", {}, "before the programme"),
        ("2020FY", {}, "before the programme"),
        ("2024-09..2024-04", {}, "ends before it begins"),
        ("2024H3", {}, "not a month"),
        ("2024-01", {"format": "xlsx", "encoding": "cp932"}, "never written in cp932"),
        ("2024-01", {"output": Path("/no/such/folder/kpi.csv")}, "No such file"),
    ],
)
def test_the_command_says_what_is_wrong(month: str, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("kpi_export", month, **options)


@pytest.mark.parametrize(
    ("suffix", "encoding"), [("pdf", ""), ("json", "cp932"), ("csv", "latin-1"), ("csv-cp932", "")]
)
def test_there_are_no_other_forms(suffix: str, encoding: str) -> None:
    with pytest.raises(KeyError):
        form_of(suffix, encoding)

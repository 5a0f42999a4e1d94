"""The figures as files: the same in every form, and openable where a city office opens them."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook, load_workbook

from consult.kpi import ledger
from consult.kpi.exports import export, form_of
from consult.kpi.report import report
from consult.models import KpiExport
from programme.fiscal import Month
from programme.models import Goal, PublishedFigure, User
from tests.consult.kpi.records import some_of_each

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

JANUARY, MAY = Month(2024, 1), Month(2024, 5)


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
def test_screen_csv_xlsx_and_json_say_the_same(coordinator: User, client: Any) -> None:
    some_of_each(3)
    Goal.objects.create(figure="consultations", fiscal_year=2024, value=7, source="test")
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "participants", 1234, "紙の報告", by=coordinator)
    client.force_login(coordinator)
    page = client.get("/kpi/2024-05/").content.decode()
    expected = {
        row.definition.code: (row.value, row.year_to_date, row.goal.value if row.goal else None)
        for row in report(MAY).rows
    }
    in_csv = {
        line["指標コード"]: (int(line["値"]), int(line["年度の累計"]), int(line["目標"]) if line["目標"] else None)
        for line in read_csv(export(MAY, "csv", by=coordinator).data)
    }
    in_json = {
        figure["code"]: (figure["value"], figure["year_to_date"], figure["goal"] and figure["goal"]["value"])
        for figure in json.loads(export(MAY, "json", by=coordinator).data)["figures"]
    }
    names = {str(row.definition.name): row.definition.code for row in report(MAY).rows}
    in_xlsx = {
        names[line[0]]: (line[3], line[4], line[5])
        for line in table(read_xlsx(export(MAY, "xlsx", by=coordinator).data), "総括", "指標")
    }
    assert expected["participants"] == (1234, 1234, None)
    assert expected["consultations"] == (3, 3, 7)
    assert in_csv == in_json == in_xlsx == expected
    for row in report(MAY).rows:
        assert f"<span>{row.value:,} {row.definition.unit}" in page
    assert "42.8%" in page
    assert [line["達成率"] for line in read_csv(export(MAY, "csv", by=None).data) if line["達成率"]] == ["42.8%"]


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
    sheet = table(read_xlsx(export(JANUARY, "xlsx", by=None).data), "公表値", "この月の値か")
    assert [(line[2], line[3], line[6]) for line in sheet if line[0] == "この月"] == [
        (value, unit, source) for _code, value, unit in expected
    ]
    counted = [line for line in read_csv(export(JANUARY, "csv", by=None).data) if line["区分"] == "集計値"]
    assert {line["値"] for line in counted} == {"0"}


def test_every_export_is_recorded_with_the_hash_of_its_bytes(coordinator: User) -> None:
    contents = {form: export(MAY, form, by=coordinator).data for form in ("csv", "csv-cp932", "xlsx", "json")}
    assert {each.form: each.sha256 for each in KpiExport.objects.all()} == {
        form: hashlib.sha256(data).hexdigest() for form, data in contents.items()
    }
    assert {(each.month, each.by) for each in KpiExport.objects.all()} == {("2024-05", coordinator)}


# --- CSV -----------------------------------------------------------------------------------------------
def test_csv_has_a_byte_order_mark_and_windows_line_ends() -> None:
    data = export(MAY, "csv", by=None).data
    assert data.startswith("\ufeff区分,".encode())
    assert data.count(b"\n") == data.count(b"\r\n") == 12


def test_cp932_keeps_waves_and_names_and_says_what_it_cannot_hold(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "sessions", 2, "𠮷田さん〜髙﨑栁德さん ～−の分", by=coordinator)
    content = export(MAY, "csv-cp932", by=coordinator)
    lines = read_csv(content.data, "cp932")
    correction = next(line["訂正"] for line in lines if line["指標コード"] == "sessions")
    assert "[U+20BB7]田さん～髙﨑栁德さん ～－の分" in correction
    assert content.lost == ("𠮷",)
    assert (lines[-1]["区分"], lines[-1]["注"][-7:]) == ("注", "U+20BB7")
    assert "?" not in content.data.decode("cp932")


def test_cp932_that_can_hold_everything_says_nothing_about_it() -> None:
    content = export(MAY, "csv-cp932", by=None)
    assert content.lost == ()
    assert {line["区分"] for line in read_csv(content.data, "cp932")} == {"集計値"}


def test_a_formula_in_a_reason_is_text_in_csv_and_xlsx(coordinator: User) -> None:
    PublishedFigure.objects.create(
        figure="sessions", name="=1+1", kind="flow", as_of=MAY.last, value=1, unit="+回", source="@SUM(A1)", note="-1"
    )
    line = read_csv(export(MAY, "csv", by=None).data)[-1]
    assert (line["指標"], line["単位"], line["出典"], line["注"]) == ("'=1+1", "'+回", "'@SUM(A1)", "'-1")
    sheet = read_xlsx(export(MAY, "xlsx", by=None).data)["公表値"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value in ("=1+1", "+回", "@SUM(A1)", "-1")]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", True)] * 4


# --- xlsx ----------------------------------------------------------------------------------------------
def test_text_with_leading_zeros_and_control_characters_stays_text_in_xlsx(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "sessions", 2, "0270\x0b", by=coordinator)
    [line] = table(read_xlsx(export(MAY, "xlsx", by=coordinator).data), "訂正", "日時")
    assert line[1:] == ("出張サポート派遣", 0, 2, "0270", "Alice")


def test_each_sheet_is_a_page_of_a4_with_its_header_kept_in_sight(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    book = read_xlsx(export(MAY, "xlsx", by=coordinator).data)
    assert book.sheetnames == ["総括", "公表値", "訂正", "定義"]
    for sheet in book:
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth) == (9, 1)
        header = int(str(sheet.freeze_panes)[1:]) - 1
        assert sheet.print_title_rows == f"${header}:${header}"
        last = sheet.cell(sheet.max_row, sheet.max_column).coordinate
        assert sheet.print_area.replace("$", "") == f"'{sheet.title}'!A1:{last}"
    cover = [cell for row in book["総括"].iter_rows(values_only=True) for cell in row if cell]
    assert {"2024年5月(令和6年5月)", "2024年度(令和6年度)", "締め済み"} <= set(cover)


# --- The command ---------------------------------------------------------------------------------------
def test_the_command_writes_the_file_and_records_it(tmp_path: Path) -> None:
    file = tmp_path / "kpi.csv"
    call_command("kpi_export", "2024-01", format="csv", output=file)
    assert [line["値"] for line in read_csv(file.read_bytes()) if line["指標コード"] == "consultations"] == ["0", "333"]
    recorded = KpiExport.objects.get()
    assert (recorded.by, recorded.sha256) == (None, hashlib.sha256(file.read_bytes()).hexdigest())


def test_the_command_names_what_the_encoding_cannot_hold(
    coordinator: User, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "sessions", 2, "𠮷", by=coordinator)
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

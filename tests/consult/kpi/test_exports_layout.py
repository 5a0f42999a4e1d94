"""The workbook on paper: what an office sees when it opens and prints it."""

import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from consult.kpi import ledger
from consult.kpi.exports import export
from consult.kpi.exports.as_half_year import half_year_xlsx
from consult.kpi.half_year import half_year
from consult.kpi.reporting_period import Period
from programme.fiscal import Month
from programme.models import User
from tests.consult.kpi.records import some_of_each

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MAY = Month(2024, 5)
SHEETS = [
    "総括",
    "指標一覧",
    "月別",
    "サポーター",
    "出張サポート",
    "よろず相談所",
    "身近な場所",
    "その他の活動",
    "公表値",
    "訂正",
    "定義",
]


@pytest.fixture
def book(coordinator: User) -> Workbook:
    some_of_each(3)
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "sessions", 5, "0270\x0b", by=coordinator)
    return workbook("2024-05")


def workbook(period: str) -> Workbook:
    return load_workbook(io.BytesIO(export(Period.parse(period), "xlsx", by=None).data))


def cells(book: Workbook, sheet: str) -> list[Any]:
    return [cell for row in book[sheet].iter_rows(values_only=True) for cell in row if cell is not None]


def test_there_is_a_sheet_for_each_subject(book: Workbook) -> None:
    assert book.sheetnames == SHEETS


def test_each_sheet_is_printed_on_a4_as_wide_as_the_paper_with_its_header_on_each_page(book: Workbook) -> None:
    for sheet in book:
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth) == (9, 1), sheet.title
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows, sheet.title
        assert sheet.freeze_panes, sheet.title
        assert "&P / &N" in sheet.oddFooter.right.text
        columns, rows = re.search(r"\$A\$1:\$([A-Z]+)\$(\d+)$", sheet.print_area).groups()
        assert sheet[f"{columns}1"].column >= sheet.max_column, sheet.title
        assert int(rows) >= sheet.max_row, sheet.title


def test_the_cover_names_month_era_fiscal_year_state_and_seal(book: Workbook) -> None:
    found = set(cells(book, "総括"))
    assert {"実績報告 2024年5月(令和6年5月)", "2024年度(令和6年度)", "締め済み(訂正あり)"} <= found
    assert any(re.fullmatch("[0-9a-f]{64}", str(cell)) for cell in found)


def test_a_fiscal_year_is_called_by_its_era_in_every_title() -> None:
    book = workbook("2023FY")
    for sheet in ("総括", "指標一覧", "月別", "よろず相談所"):
        assert "2023年度(令和5年度)" in book[sheet]["A1"].value


def test_the_cover_draws_the_months_and_the_desks_sheet_the_topics(book: Workbook) -> None:
    assert len(book["総括"]._charts) == 4
    assert len(book["よろず相談所"]._charts) >= 1
    for sheet in book:
        for chart in sheet._charts:
            assert (chart.x_axis.delete, chart.y_axis.delete) == (False, False)


def test_charts_show_cells_that_hold_their_figure(book: Workbook) -> None:
    [values] = [
        chart.series[0].val.numRef.f
        for chart in book["総括"]._charts
        if "出張サポート派遣" in "".join(run.t for line in chart.title.tx.rich.p for run in line.r)
    ]
    sheet, first, last = re.fullmatch(r"'(.+)'!\$([A-Z]+\$\d+):\$([A-Z]+\$\d+)", values).groups()
    [row] = book[sheet][f"{first.replace('$', '')}:{last.replace('$', '')}"]
    assert [cell.value for cell in row] == [0, 5, *[None] * 10]
    assert book[sheet].cell(row[0].row, 1).value == "出張サポート派遣"


def test_no_text_is_taller_than_its_row_and_no_number_wider_than_its_column(book: Workbook) -> None:
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                width = sheet.column_dimensions[cell.column_letter].width
                if isinstance(cell.value, int | float):
                    assert len(f"{cell.value:,}") + 1 < width, (sheet.title, cell.coordinate)
                elif isinstance(cell.value, str) and cell.alignment.wrap_text:
                    half_widths = sum(1 if each.isascii() else 2 for each in cell.value)
                    lines = -(-half_widths // width)
                    assert sheet.row_dimensions[cell.row].height >= 15 * lines, (sheet.title, cell.coordinate)


def test_text_with_leading_zeros_and_control_characters_stays_text(book: Workbook) -> None:
    [cell] = [cell for row in book["訂正"].iter_rows(max_row=8) for cell in row if cell.value == "0270"]
    assert (cell.data_type, cell.number_format) == ("s", "@")


def test_corrections_stand_in_the_month_concerned_and_in_the_month_when_they_were_made(book: Workbook) -> None:
    assert cells(book, "訂正").count("0270") == 1
    today = workbook(str(Period.of(Month.of(timezone.localdate()))))
    found = cells(today, "訂正")
    assert found.index("この期間に行った訂正(どの月の数字でも)") < found.index("0270")
    assert "2024年5月(令和6年5月)" in found


# --- LibreOffice ---------------------------------------------------------------------------------------
def as_pdf(data: bytes, folder: Path) -> bytes:
    """Converted by LibreOffice with a profile of its own; fails when it cannot read the file."""
    file = folder / "report.xlsx"
    file.write_bytes(data)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return (folder / "report.pdf").read_bytes()


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed: nothing is proved")
@pytest.mark.timeout(300)
def test_libreoffice_makes_a4_pages_of_the_reports(coordinator: User, tmp_path: Path) -> None:
    some_of_each(6)
    data = export(Period.parse("2024-05"), "xlsx", by=None).data
    pdf = as_pdf(data, tmp_path)
    boxes = re.findall(rb"/Type\s*/Page\b[^s].*?/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf, re.DOTALL)
    sizes = {tuple(sorted((round(float(width)), round(float(height))))) for width, height in boxes}
    assert sizes == {(595, 842)}  # A4, upright or on its side
    assert len(SHEETS) <= len(boxes) <= 20
    table = half_year_xlsx(half_year(Period.parse("2024H1"))).data
    (tmp_path / "wg").mkdir()
    assert as_pdf(table, tmp_path / "wg").startswith(b"%PDF")

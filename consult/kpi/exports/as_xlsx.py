"""A workbook as a city office would make it: a cover with totals against goals, then published figures with their
sources, corrections and definitions, each on A4 landscape with its own header row kept in sight.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from consult.kpi.exports.content import Content
from consult.kpi.report import Report
from consult.kpi.words import (
    say_closing,
    say_fiscal_year,
    say_kind,
    say_month,
    say_published_days,
    say_state,
)
from programme.models import Programme, PublishedFigure
from programme.wording import say_moment

Value = str | int | Decimal | None

FONT = "游ゴシック"
TEXT = "@"
LINE = Side(style="thin", color="949494")
FRAME = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
HEAD_FILL = PatternFill("solid", fgColor="E8F1FE")
TEXT_CELL = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)
NUMBER_CELL = Alignment(vertical="center")
MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)
FULL_WIDTH_LINES = 15.0  # points: the height of one line of text


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column; ``width`` in characters of half width, as Excel counts."""

    title: str
    width: int
    number_format: str = "General"


def xlsx(report: Report) -> Content:
    book = Workbook()
    book.remove(book.worksheets[0])
    _cover(book.create_sheet(_("総括")), report)
    _published(book.create_sheet(_("公表値")), report)
    _corrections(book.create_sheet(_("訂正")), report)
    _definitions(book.create_sheet(_("定義")), report)
    book.properties.title = _title(report)
    book.properties.creator = str(Programme.objects.first() or "")
    file = io.BytesIO()
    book.save(file)
    return Content(file.getvalue())


def _title(report: Report) -> str:
    return _("実績報告 %(month)s") % {"month": say_month(report.month)}


# --- The sheets --------------------------------------------------------------------------------------
def _cover(sheet: Worksheet, report: Report) -> None:
    programme = Programme.objects.first()
    facts = [
        (_("事業"), str(programme or "")),
        (_("実施"), f"{programme.city} {programme.office} / {programme.operator}" if programme else ""),
        (_("対象の月"), say_month(report.month)),
        (_("年度"), say_fiscal_year(report.month.fiscal_year)),
        (_("状態"), say_state(report)),
        (_("締めた日時と人") if report.closing else _("集計の時点"), say_closing(report)),
    ]
    if report.closing:
        facts.append((_("照合用の値(SHA-256)"), report.closing.sha256))
    columns = [
        Column(_("指標"), 40),
        Column(_("単位"), 11),
        Column(_("種別"), 12),
        Column(_("この月"), 11, "#,##0"),
        Column(_("年度の累計"), 12, "#,##0"),
        Column(_("年度の目標"), 12, "#,##0"),
        Column(_("達成率"), 10, "0.0%"),
        Column(_("締めたときの値"), 12, "#,##0"),
        Column(_("訂正"), 9, '#,##0"件";;""'),
    ]
    rows: list[list[Value]] = [
        [
            str(row.definition.name),
            row.definition.unit,
            say_kind(row.definition),
            row.value,
            row.year_to_date,
            row.goal.value if row.goal else None,
            row.share,
            row.frozen,
            len(row.corrections),
        ]
        for row in report.rows
    ]
    notes = (
        [] if report.has_records else [_("この月の記録は、このシステムにはありません。公表値は次のシートにあります。")]
    )
    notes += [
        _("「この月」と「年度の累計」は、このシステムの記録から数えた値です。公表値は入っていません。"),
        _("「時点の数」は月の最後の日の数です。「年度の累計」は4月1日からで、活動した日によって数えます。"),
        _("達成率は、0.1%未満を切り捨てています。"),
    ]
    _sheet(sheet, _title(report), facts, columns, rows, notes)


def _published(sheet: Worksheet, report: Report) -> None:
    columns = [
        Column(_("この月の値か"), 11),
        Column(_("指標"), 34),
        Column(_("値"), 9, "#,##0"),
        Column(_("単位"), 11),
        Column(_("種別"), 11),
        Column(_("期間・時点"), 30),
        Column(_("出典"), 30),
        Column(_("注"), 34),
    ]
    rows = [_published_row(figure, _("この月")) for figure in report.published]
    rows += [_published_row(figure, _("以前")) for figure in reversed(report.earlier)]
    notes = [_("公表された数字をそのまま載せています。このシステムで数えた値とは、足したり混ぜたりしていません。")]
    _sheet(sheet, _("公表値(出典つき)"), [(_("対象の月"), say_month(report.month))], columns, rows, notes)


def _published_row(figure: PublishedFigure, when: str) -> list[Value]:
    return [
        when,
        figure.name,
        figure.value,
        figure.unit,
        figure.get_kind_display(),
        say_published_days(figure),
        figure.source,
        figure.note,
    ]


def _corrections(sheet: Worksheet, report: Report) -> None:
    columns = [
        Column(_("日時"), 28),
        Column(_("指標"), 34),
        Column(_("前の値"), 10, "#,##0"),
        Column(_("新しい値"), 10, "#,##0"),
        Column(_("理由"), 50),
        Column(_("訂正した人"), 22),
    ]
    names = {row.definition.code: str(row.definition.name) for row in report.rows}
    rows: list[list[Value]] = [
        [say_moment(each.at), names[each.figure], each.old, each.new, each.reason, str(each.by)]
        for each in report.corrections
    ]
    notes = [] if rows else [_("訂正はありません。")]
    _sheet(sheet, _("締めた後の訂正"), [(_("対象の月"), say_month(report.month))], columns, rows, notes)


def _definitions(sheet: Worksheet, report: Report) -> None:
    columns = [
        Column(_("指標コード"), 32),
        Column(_("指標"), 36),
        Column(_("単位"), 11),
        Column(_("種別"), 11),
        Column(_("版"), 6, "0"),
        Column(_("この版が使われる最初の日"), 14),
        Column(_("何を数えるか"), 60),
    ]
    rows: list[list[Value]] = [
        [
            row.definition.code,
            str(row.definition.name),
            row.definition.unit,
            say_kind(row.definition),
            row.definition.version,
            str(row.definition.since),
            str(row.definition.words),
        ]
        for row in report.rows
    ]
    _sheet(sheet, _("指標の定義"), [(_("対象の月"), say_month(report.month))], columns, rows, [])


# --- One sheet ---------------------------------------------------------------------------------------
def _sheet(
    sheet: Worksheet,
    title: str,
    facts: list[tuple[str, str]],
    columns: list[Column],
    rows: list[list[Value]],
    notes: list[str],
) -> None:
    """Title, names and values, the table with its header, notes; then widths, frozen header and paper."""
    _write(sheet, 1, 1, title).font = Font(name=FONT, size=16, bold=True)
    for at, (name, words) in enumerate(facts, start=2):
        _write(sheet, at, 1, name).font = Font(name=FONT, bold=True)
        _write(sheet, at, 2, words).font = Font(name=FONT)
    header = len(facts) + 3
    _table(sheet, header, columns, rows)
    below = header + len(rows) + 2
    for at, note in enumerate(notes, start=below):
        _write(sheet, at, 1, note).font = Font(name=FONT)
    _paper(sheet, header, below + len(notes) - 1 if notes else below - 2, len(columns))


def _table(sheet: Worksheet, header: int, columns: list[Column], rows: list[list[Value]]) -> None:
    for number, column in enumerate(columns, start=1):
        cell = _write(sheet, header, number, column.title)
        cell.font, cell.fill, cell.border, cell.alignment = Font(name=FONT, bold=True), HEAD_FILL, FRAME, MIDDLE
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.row_dimensions[header].height = _height(columns, [column.title for column in columns])
    for at, row in enumerate(rows, start=header + 1):
        for number, (column, value) in enumerate(zip(columns, row, strict=True), start=1):
            cell = _write(sheet, at, number, value)
            is_text = isinstance(value, str)
            cell.font, cell.border = Font(name=FONT), FRAME
            cell.alignment = TEXT_CELL if is_text else NUMBER_CELL
            cell.number_format = TEXT if is_text else column.number_format
        sheet.row_dimensions[at].height = _height(columns, row)


def _write(sheet: Worksheet, row: int, column: int, value: Value) -> Cell | MergedCell:
    """Text is text: a cell that begins with = + - @ is no formula, and 0270 keeps its zero."""
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    else:
        cell.value = value
    return cell


def _height(columns: list[Column], row: Sequence[Value]) -> float:
    """For the longest text: neither Excel nor LibreOffice fits a row's height when it opens a file."""
    lengths = [
        -(-sum(1 if each.isascii() else 2 for each in str(value or "")) // (column.width - 3))
        for column, value in zip(columns, row, strict=True)
    ]
    return FULL_WIDTH_LINES * 1.25 * max(1, *lengths)


def _paper(sheet: Worksheet, header: int, last: int, width: int) -> None:
    sheet.freeze_panes = f"A{header + 1}"
    sheet.print_title_rows = f"{header}:{header}"
    sheet.print_area = f"A1:{get_column_letter(width)}{last}"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = sheet.ORIENTATION_LANDSCAPE
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    footer = HeaderFooterItem()
    footer.center.text = "&A  &P / &N"  # sheet, page, pages
    sheet.HeaderFooter.oddFooter = footer

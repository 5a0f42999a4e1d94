"""How a workbook of a city office looks: sheets of stacked tables and charts, set for A4.

Text is text, whatever it begins with; rows are as high as their longest text; a sheet is as wide as the paper.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from consult.kpi.definitions import Definition
from consult.kpi.exports.charts import Chart
from programme.xlsx_files import TEXT, write

FONT = "游ゴシック"
WHOLE, TENTHS, PERCENT = "#,##0", "#,##0.0", "0.0%"
LINE = Side(style="thin", color="949494")
FRAME = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
HEAD_FILL = PatternFill("solid", fgColor="E8F1FE")
TEXT_CELL = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)
NUMBER_CELL = Alignment(vertical="center")
MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)
TOP = Alignment(horizontal="left", vertical="top", wrap_text=True, indent=1)
PIXELS_A_CHARACTER = 8  # of FONT at 11 points; widths are counted in digits of the workbook's own font
A4 = 595.0, 842.0  # points
HEADING_HEIGHT = 21.0
LINE_HEIGHT = 18.75  # points, of one line of text with its air
CHART_ROW = 15.0  # points, of the empty rows below a chart
POINTS_PER_CM = 72 / 2.54


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column. Its width is the page's: all tables of a page stand below each other."""

    title: str
    number_format: str = WHOLE


@dataclass(frozen=True, slots=True)
class Number:
    """A number with a format of its own, where a column holds several kinds."""

    value: int | Decimal
    number_format: str


Value = str | int | Decimal | Number | None


@dataclass(frozen=True, slots=True)
class Table:
    """``columns`` stand side by side from the page's first column on."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a table came to stand: the sheet, its header's row, its last row."""

    sheet: Worksheet
    header: int
    last: int


@dataclass(slots=True)
class Page:
    """A sheet, filled from the top to the bottom. ``widths`` in characters of half width, as Excel counts."""

    sheet: Worksheet
    widths: Sequence[float]
    portrait: bool = False
    one_page: bool = False
    row: int = 1  # the next free one
    _header: int | None = field(default=None, init=False)
    _paper: int = field(default=1, init=False)  # the first row of the present sheet of paper

    def __post_init__(self) -> None:
        for number, width in enumerate(self.widths, start=1):
            self.sheet.column_dimensions[get_column_letter(number)].width = width

    def title(self, words: str) -> None:
        write(self.sheet, self.row, 1, words).font = Font(name=FONT, size=16, bold=True)
        self.sheet.row_dimensions[self.row].height = 27
        self.row += 1

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Names and values."""
        for name, words in facts:
            write(self.sheet, self.row, 1, name).font = Font(name=FONT, bold=True)
            write(self.sheet, self.row, 2, words).font = Font(name=FONT)
            self.sheet.row_dimensions[self.row].height = LINE_HEIGHT
            self.row += 1
        self.row += 1

    def heading(self, words: str) -> None:
        write(self.sheet, self.row, 1, words).font = Font(name=FONT, size=12, bold=True)
        self.sheet.row_dimensions[self.row].height = HEADING_HEIGHT
        self.row += 1

    def table(self, table: Table, *, keep_header: bool = False) -> Where:
        """``keep_header``: this header stays in sight, and is repeated on every sheet of paper."""
        widths = self.widths[: len(table.columns)]
        heights = [
            height(widths, [column.title for column in table.columns]),
            *(height(widths, row) for row in table.rows),
        ]
        self._keep_together(sum(heights) + HEADING_HEIGHT * bool(table.title))
        if table.title:
            self.heading(table.title)
        header = self.row
        for number, column in enumerate(table.columns, start=1):
            cell = write(self.sheet, header, number, column.title)
            cell.font, cell.fill, cell.border, cell.alignment = Font(name=FONT, bold=True), HEAD_FILL, FRAME, MIDDLE
        self.sheet.row_dimensions[header].height = heights[0]
        for at, row in enumerate(table.rows, start=header + 1):
            for number, (column, value) in enumerate(zip(table.columns, row, strict=True), start=1):
                _fill(self.sheet, at, number, value, column.number_format)
            self.sheet.row_dimensions[at].height = heights[at - header]
        if keep_header:
            self._header = header
        self.row = header + len(table.rows) + 2
        return Where(self.sheet, header, header + len(table.rows))

    def notes(self, notes: Sequence[str]) -> None:
        for note in notes:
            write(self.sheet, self.row, 1, note).font = Font(name=FONT)
            self.sheet.row_dimensions[self.row].height = LINE_HEIGHT
            self.row += 1
        self.row += bool(notes)

    def charts(self, charts: Sequence[Chart], *, columns: Sequence[int] = (1,)) -> None:
        """Charts from left to right, each at its column (1 is A); more of them go into further rows of charts."""
        for start in range(0, len(charts), len(columns)):
            line = charts[start : start + len(columns)]
            for chart, column in zip(line, columns, strict=False):
                self.sheet.add_chart(chart.native, f"{get_column_letter(column)}{self.row}")
            below = self.row + math.ceil(max(chart.height for chart in line) * POINTS_PER_CM / CHART_ROW) + 1
            for row in range(self.row, below):
                self.sheet.row_dimensions[row].height = CHART_ROW
            self.row = below

    def beside(self, chart: Chart, where: Where, column: int) -> None:
        """A chart at the right of a table. What follows begins below both."""
        self.sheet.add_chart(chart.native, f"{get_column_letter(column)}{where.header}")
        covered = where.header
        left = chart.height * POINTS_PER_CM
        while left > 0:
            left -= self.sheet.row_dimensions[covered].height or CHART_ROW
            if covered > where.last:
                self.sheet.row_dimensions[covered].height = CHART_ROW
            covered += 1
        self.row = max(self.row, covered + 1)

    def _keep_together(self, points: float) -> None:
        """Begin a new sheet of paper when so much does not fit on the present one, but would on an empty one."""
        if self.one_page:
            return
        dimensions = self.sheet.row_dimensions
        used = sum(dimensions[row].height or CHART_ROW for row in range(self._paper, self.row))
        title = dimensions[1].height or CHART_ROW  # repeated
        if used + points > self._paper_height > title + points:
            self.sheet.row_breaks.append(Break(id=self.row - 1))
            self._paper = self.row
            self.sheet.row_dimensions[self.row - 1].height = CHART_ROW

    @property
    def _paper_height(self) -> float:
        """How many points of rows fit on A4, as far as the sheet is shrunk to the paper's width; a little is spared."""
        wide, high = (A4[0], A4[1]) if self.portrait else (A4[1], A4[0])
        width = sum((characters * PIXELS_A_CHARACTER + 5) * 0.75 for characters in self.widths)
        return 0.95 * (high - 72 * 1.3) / min(1.0, (wide - 72) / width)

    def finish(self, footer: str) -> None:
        sheet = self.sheet
        sheet.sheet_view.showGridLines = False
        if self._header:
            sheet.freeze_panes = f"A{self._header + 1}"
            sheet.print_title_rows = f"{self._header}:{self._header}"
        else:
            sheet.freeze_panes = "B2"  # the title and the names
            sheet.print_title_rows = "1:1"
        sheet.print_area = f"A1:{get_column_letter(len(self.widths))}{max(self.row - 2, 1)}"
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.page_setup.orientation = sheet.ORIENTATION_PORTRAIT if self.portrait else sheet.ORIENTATION_LANDSCAPE
        sheet.page_setup.fitToWidth = 1
        sheet.page_setup.fitToHeight = 1 if self.one_page else 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_margins = PageMargins(left=0.5, right=0.5, top=0.6, bottom=0.7)  # inches
        sheet.print_options.horizontalCentered = True
        line = HeaderFooterItem()
        line.left.text = footer.replace("&", "&&")
        line.center.text = "&A"
        line.right.text = "&P / &N"  # page, pages
        sheet.HeaderFooter.oddFooter = line


class Book:
    """A workbook whose sheets are ``Page``s. ``footer`` stands at the foot of every sheet of paper."""

    def __init__(self, title: str, creator: str, footer: str) -> None:
        self.book = Workbook()
        self.book.remove(self.book.worksheets[0])
        self.book._named_styles["Normal"].font = Font(name=FONT, size=11)  # type: ignore[attr-defined]  # not typed
        self.book.properties.title = title
        self.book.properties.creator = creator
        self.footer = footer
        self.pages: list[Page] = []

    def page(self, name: str, widths: Sequence[float], *, portrait: bool = False, one_page: bool = False) -> Page:
        self.pages.append(Page(self.book.create_sheet(name), widths, portrait, one_page))
        return self.pages[-1]

    def bytes(self) -> bytes:
        for page in self.pages:
            page.finish(self.footer)
        file = io.BytesIO()
        self.book.save(file)
        return file.getvalue()


def number_in(definition: Definition, value: int | None) -> Number | None:
    """A figure's value as people read it: whole, or with tenths where its unit has them. None is an empty cell."""
    if value is None:
        return None
    return Number(definition.number(value), WHOLE if definition.scale == 1 else TENTHS)


def height(widths: Sequence[float], row: Sequence[Value]) -> float:
    """For the longest text, in points: neither Excel nor LibreOffice fits a row's height when it opens a file."""
    lines = [
        sum(max(1, math.ceil(_half_widths(line) / (width - 3))) for line in value.splitlines() or [""])
        for width, value in zip(widths, row, strict=True)
        if isinstance(value, str)
    ]
    return min(LINE_HEIGHT * max([1, *lines]), 409.0)  # Excel's highest row


def _half_widths(text: str) -> int:
    return sum(1 if each.isascii() else 2 for each in text)


def _fill(sheet: Worksheet, row: int, column: int, value: Value, number_format: str) -> None:
    if isinstance(value, Number):
        number_format = value.number_format
        value = value.value
    cell = write(sheet, row, column, value)
    is_text = isinstance(value, str)
    cell.font, cell.border = Font(name=FONT), FRAME
    cell.alignment = TEXT_CELL if is_text else NUMBER_CELL
    cell.number_format = TEXT if is_text else number_format

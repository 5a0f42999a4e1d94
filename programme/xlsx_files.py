"""Excel files in which text is text, whatever it begins with."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT = "@"


def write(sheet: Worksheet, row: int, column: int, value: str | int | Decimal | None) -> Cell | MergedCell:
    """Text is text: a cell that begins with = + - @ is no formula, and 0270 keeps its zero."""
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    else:
        cell.value = value
    return cell


def lists(sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[str]]]]) -> bytes:
    """A workbook of lists of texts: (title, heads, rows) each. What is typed below the rows is text, too."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, heads, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for number, head in enumerate(heads, start=1):
            write(sheet, 1, number, head).font = Font(bold=True)
            column = sheet.column_dimensions[get_column_letter(number)]
            column.width, column.number_format = max(14, 2 * len(head) + 4), TEXT
        for at, row in enumerate(rows, start=2):
            for number, value in enumerate(row, start=1):
                write(sheet, at, number, value).number_format = TEXT
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()

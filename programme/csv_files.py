"""CSV as Excel in Japan opens it: UTF-8 with a byte order mark and CRLF, or CP932 (Windows-31J) on request."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

Cell = str | int | Decimal | None

# Signs that Unicode writes in two ways, of which Microsoft's CP932 table knows only the second.
MICROSOFT = str.maketrans("〜−‖—¢£¬", "～－∥―￠￡￢")

# What a spreadsheet would take for a formula at the beginning of a cell. Source: OWASP, CSV Injection.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write(lines: Iterable[Sequence[Cell]]) -> str:
    """The file's text. What would be a formula is a text; numbers stay numbers."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows([_safe(cell) for cell in line] for line in lines)
    return file.getvalue()


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def as_utf8(text: str) -> bytes:
    return text.encode("utf-8-sig")


def as_cp932(text: str) -> bytes:
    """A character that CP932 does not have is written as [U+…]. Never "?"."""
    lost = not_in_cp932(text)
    written = (f"[U+{ord(each):04X}]" if each in lost else each for each in text.translate(MICROSOFT))
    return "".join(written).encode("cp932")


def not_in_cp932(text: str) -> tuple[str, ...]:
    """The characters that CP932 cannot hold, each once, in code point order."""
    return tuple(sorted(each for each in set(text.translate(MICROSOFT)) if not each.encode("cp932", "ignore")))

"""CSV as Excel in Japan opens it: UTF-8 with a byte order mark and CRLF, or CP932 (Windows-31J) on request."""

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from consult.kpi.exports.content import Content, say_lost
from consult.kpi.report import Report, Row
from consult.kpi.words import say_corrections, say_kind, say_share, say_state
from programme.models import PublishedFigure

HEADER = (
    "区分",
    "指標コード",
    "指標",
    "値",
    "単位",
    "種別",
    "期間の初日",
    "期間の最後の日",
    "年度",
    "年度の累計",
    "目標",
    "達成率",
    "状態",
    "締めたときの値",
    "訂正",
    "出典",
    "注",
)

# Signs that Unicode writes in two ways, of which Microsoft's CP932 table knows only the second.
MICROSOFT = str.maketrans("〜−‖—¢£¬", "～－∥―￠￡￢")

# What a spreadsheet would take for a formula at the beginning of a cell. Source: OWASP, CSV Injection.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cells = list[str | int | None]


def csv_utf8(report: Report) -> Content:
    return Content(_write(_lines(report)).encode("utf-8-sig"))


def csv_cp932(report: Report) -> Content:
    """A character that CP932 does not have is written as [U+…]; a last line names them all. Never "?"."""
    lines = list(_lines(report))
    lost = _not_in_cp932(_write(lines))
    if lost:
        note = _("CP932で表せないため [U+…] と書いた文字があります。UTF-8版かxlsx版をお使いください。")
        lines.append(["注", *[None] * (len(HEADER) - 2), f"{note} {say_lost(lost)}"])
    text = "".join(f"[U+{ord(each):04X}]" if each in lost else each for each in _write(lines).translate(MICROSOFT))
    return Content(text.encode("cp932"), lost)


def _not_in_cp932(text: str) -> tuple[str, ...]:
    return tuple(sorted(each for each in set(text.translate(MICROSOFT)) if not each.encode("cp932", "ignore")))


def _write(lines: Iterator[Cells] | list[Cells]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows([_safe(cell) for cell in line] for line in lines)
    return file.getvalue()


def _safe(cell: str | int | None) -> str | int | None:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def _lines(report: Report) -> Iterator[Cells]:
    for row in report.rows:
        yield _counted(report, row)
    for figure in report.published:
        yield _published(report, figure)


def _counted(report: Report, row: Row) -> Cells:
    definition = row.definition
    return [
        "集計値",
        definition.code,
        str(definition.name),
        row.value,
        definition.unit,
        say_kind(definition),
        None if definition.is_stock else str(report.month.first),
        str(report.month.last),
        report.month.fiscal_year,
        row.year_to_date,
        row.goal.value if row.goal else None,
        say_share(row.share) or None,
        say_state(report),
        row.frozen,
        say_corrections(row) or None,
        _("記録からの集計(定義の第%(version)s版)") % {"version": definition.version},
        None if report.has_records else _("この月の記録はこのシステムにないため、0は実績を表しません。"),
    ]


def _published(report: Report, figure: PublishedFigure) -> Cells:
    return [
        "公表値",
        figure.figure,
        figure.name,
        figure.value,
        figure.unit,
        figure.get_kind_display(),
        str(figure.since) if figure.since else None,
        str(figure.as_of),
        report.month.fiscal_year,
        None,
        None,
        None,
        None,
        None,
        None,
        figure.source,
        figure.note or None,
    ]

"""CSV as Excel in Japan opens it: UTF-8 with a byte order mark and CRLF, or CP932 (Windows-31J) on request."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from consult.kpi.dimensions import DIMENSIONS
from consult.kpi.exports.content import Content, say_lost
from consult.kpi.period_reports import PeriodCell, PeriodReport, PeriodRow
from consult.kpi.report_words import empty_note, kept_back_note, say_as_of, say_change, say_period_state
from consult.kpi.words import say_kind, say_share
from programme.csv_files import Cell, as_cp932, as_utf8, not_in_cp932, write
from programme.fiscal import Month
from programme.models import PublishedFigure

HEADER = (
    "区分",
    "指標コード",
    "指標",
    "内訳の種類",
    "内訳コード",
    "内訳",
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

Cells = dict[str, Cell]  # by the header's names; what is missing is empty


def csv_utf8(report: PeriodReport) -> Content:
    return Content(as_utf8(_write(_lines(report))))


def csv_cp932(report: PeriodReport) -> Content:
    """A character that CP932 does not have is written as [U+…]; a last line names them all. Never "?"."""
    lines = list(_lines(report))
    lost = not_in_cp932(_write(lines))
    if lost:
        note = _("CP932で表せないため [U+…] と書いた文字があります。UTF-8版かxlsx版をお使いください。")
        lines.append({"区分": "注", "注": f"{note} {say_lost(lost)}"})
    return Content(as_cp932(_write(lines)), lost)


def _write(lines: Iterable[Cells]) -> str:
    return write([HEADER, *([line.get(name) for name in HEADER] for line in lines)])


def _lines(report: PeriodReport) -> Iterator[Cells]:
    """Long and tidy: one number a line. The figures, their breakdowns, their months, then what others published."""
    for row in report.rows:
        yield _counted(report, row)
    for row in report.rows:
        for dimension, cells in row.cells.items():
            for cell in cells:
                yield _part(report, row, dimension, cell)
    if not report.period.is_month:
        for row in report.rows:
            for month in report.months:
                yield _month(row, month)
    for figure in report.published:
        yield _published(figure)


def _figure(row: PeriodRow) -> Cells:
    definition = row.definition
    return {
        "指標コード": definition.code,
        "指標": str(definition.name),
        "単位": definition.unit,
        "種別": say_kind(definition),
    }


def _days(report: PeriodReport, row: PeriodRow) -> Cells:
    return {
        "期間の初日": None if row.definition.is_stock else str(report.first),
        "期間の最後の日": str(report.last),
        "年度": report.period.fiscal_year,
    }


def _counted(report: PeriodReport, row: PeriodRow) -> Cells:
    number = row.definition.number
    return {
        **_figure(row),
        **_days(report, row),
        "区分": "集計値",
        "値": number(row.value),
        "年度の累計": number(row.year_to_date),
        "目標": row.goal.value if row.goal else None,
        "達成率": say_share(row.share) or None,
        "状態": f"{say_period_state(report)} {say_as_of(report)}" if report.is_open else say_period_state(report),
        "締めたときの値": number(row.frozen),
        "訂正": " / ".join(say_change(each, row.definition) for each in row.corrections) or None,
        "出典": _("記録からの集計(定義の第%(version)s版)") % {"version": row.definition.version},
        "注": _note(report, row),
    }


def _note(report: PeriodReport, row: PeriodRow) -> str | None:
    if not report.has_records:
        return _("この期間の記録はこのシステムにないため、0は実績を表しません。")
    return empty_note() if row.value is None else None


def _part(report: PeriodReport, row: PeriodRow, dimension: str, cell: PeriodCell) -> Cells:
    number = row.definition.number
    return {
        **_figure(row),
        **_days(report, row),
        "区分": "内訳",
        "内訳の種類": str(DIMENSIONS[dimension].name),
        "内訳コード": f"{dimension}:{cell.key}",
        "内訳": cell.label,
        "値": number(cell.value),
        "年度の累計": number(cell.year_to_date),
        "注": kept_back_note() if cell.kept_back else empty_note() if cell.value is None else None,
    }


def _month(row: PeriodRow, month: Month) -> Cells:
    value = row.definition.number(row.by_month[month])
    return {
        **_figure(row),
        "区分": "月の値",
        "値": value,
        "期間の初日": None if row.definition.is_stock else str(month.first),
        "期間の最後の日": str(month.last),
        "年度": month.fiscal_year,
        "注": empty_note() if value is None else None,
    }


def _published(figure: PublishedFigure) -> Cells:
    return {
        "区分": "公表値",
        "指標コード": figure.figure,
        "指標": figure.name,
        "値": figure.value,
        "単位": figure.unit,
        "種別": str(figure.get_kind_display()),
        "期間の初日": str(figure.since) if figure.since else None,
        "期間の最後の日": str(figure.as_of),
        "年度": Month.of(figure.as_of).fiscal_year,
        "出典": figure.source,
        "注": figure.note or None,
    }

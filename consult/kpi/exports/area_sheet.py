"""The sheet of one area, such as the desks: its figures, then a table for each way in which they are broken down."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from consult.kpi.definitions import Area
from consult.kpi.dimensions import DIMENSIONS, Dimension
from consult.kpi.exports.charts import bars
from consult.kpi.exports.workbook import Column, Page, Table, Value, number_in
from consult.kpi.period_reports import PeriodCell, PeriodReport, PeriodRow
from consult.kpi.report_words import KEPT_BACK, kept_back_note, say_figure_head, say_period
from consult.kpi.tally import Tally
from programme.models import Figure

WIDTHS = (34, *[12.5] * 8)
AT_MOST = len(WIDTHS) - 1  # numbers side by side
CHART_COLUMN = 6  # where a chart stands beside a narrow table

# The breakdowns that are drawn, of the figure for which people ask.
DRAWN = {
    (Figure.CONSULTATIONS, "topic"),
    (Figure.CONSULTATIONS, "desk"),
    (Figure.PARTICIPANTS, "district"),
    (Figure.SUPPORTERS, "age_band"),
    (Figure.SUPPORTERS, "category"),
}


def fill(page: Page, report: PeriodReport, area: Area, rows: Sequence[PeriodRow]) -> None:
    names = {"area": area.label, "period": say_period(report.period)}
    page.title(_("%(area)s %(period)s") % names)
    page.row += 1
    page.table(_figures(report, rows), keep_header=False)
    for code in DIMENSIONS:
        broken_down = [_Part(row, _has_year(report, row)) for row in rows if code in row.cells]
        for number, abreast in enumerate(_abreast(broken_down)):
            _breakdown(page, code, abreast, continued=number > 0)
    if report.suppressed:
        page.notes([kept_back_note()])


def _figures(report: PeriodReport, rows: Sequence[PeriodRow]) -> Table:
    columns = [
        Column(_("指標")),
        Column(_("単位")),
        Column(_("この期間")),
        Column(_("年度の累計")),
        Column(_("年度の目標")),
        Column(_("達成率"), "0.0%"),
    ]
    values: list[list[Value]] = [
        [
            str(row.definition.name),
            row.definition.unit,
            number_in(row.definition, row.value),
            number_in(row.definition, row.year_to_date),
            row.goal.value if row.goal else None,
            row.share,
        ]
        for row in rows
    ]
    return Table(columns, values)


@dataclass(frozen=True, slots=True)
class _Part:
    """A figure in a table of parts; ``with_year``: the year to date stands beside it."""

    row: PeriodRow
    with_year: bool

    @property
    def width(self) -> int:
        return 2 if self.with_year else 1


def _has_year(report: PeriodReport, row: PeriodRow) -> bool:
    """A stock's is the same number, and so is that of a whole year."""
    year_to_date = report.period.fiscal_year is not None and not report.period.is_year and not report.suppressed
    return year_to_date and not row.definition.is_stock


def _abreast(parts: Sequence[_Part]) -> list[list[_Part]]:
    """Figures of one area and dimension stand side by side, as far as the paper is wide."""
    tables: list[list[_Part]] = []
    for part in parts:
        if tables and sum(each.width for each in tables[-1]) + part.width <= AT_MOST:
            tables[-1].append(part)
        else:
            tables.append([part])
    return tables


def _breakdown(page: Page, code: str, parts: Sequence[_Part], *, continued: bool) -> None:
    dimension = DIMENSIONS[code]
    found = [{cell.key: cell for cell in part.row.cells[code]} for part in parts]
    keys = [key for key in dimension.labels() if any(key in cells for cells in found)]
    keys += sorted({key for cells in found for key in cells} - set(keys))
    labels = {key: cell.label for cells in found for key, cell in cells.items()}
    columns = [Column(str(dimension.name))]
    for part in parts:
        head = say_figure_head(part.row.definition)
        columns.append(Column(head))
        if part.with_year:
            columns.append(Column(_("%(figure)s 年度の累計") % {"figure": head}))
    lines: list[list[Value]] = [
        [
            labels[key],
            *(value for part, cells in zip(parts, found, strict=True) for value in _numbers(part, cells.get(key))),
        ]
        for key in keys
    ]
    where = page.table(Table(columns, lines, _title(dimension, continued=continued)))
    column = 2
    for part in parts:
        if (
            (part.row.definition.code, code) in DRAWN
            and len(columns) < CHART_COLUMN
            and any(c.value for c in part.row.cells[code])
        ):
            title = _("%(figure)s %(dimension)s別") % {
                "figure": say_figure_head(part.row.definition),
                "dimension": dimension.name,
            }
            chart = bars(page.sheet, first=where.header + 1, last=where.last, column=column, title=title)
            page.beside(chart, where, CHART_COLUMN)
            return
        column += part.width


def _title(dimension: Dimension, *, continued: bool) -> str:
    name = {"dimension": dimension.name}
    if continued:
        return _("%(dimension)s別(続き)") % name
    if dimension.overlapping:
        return _("%(dimension)s別(一つの記録がいくつもの行に入るので、足しても合計になりません)") % name
    return _("%(dimension)s別") % name


def _numbers(part: _Part, cell: PeriodCell | None) -> list[Value]:
    """A part that is not there is 0, or empty where no rows are no number; one that is kept back is an X."""
    definition = part.row.definition
    if cell is None:
        return [number_in(definition, Tally().value(definition.measure))] * part.width
    values: list[Value] = [KEPT_BACK if cell.kept_back else number_in(definition, cell.value)]
    return [*values, number_in(definition, cell.year_to_date)] if part.with_year else values

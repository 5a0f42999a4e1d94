"""The sheet that shows the figures month by month, one table for each fiscal year, and the cover's charts of it."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from consult.kpi.exports.charts import Chart, columns_by_month, line_by_month
from consult.kpi.exports.workbook import Column, Page, Table, Value, Where, number_in
from consult.kpi.period_reports import PeriodReport
from consult.kpi.report_words import say_period
from consult.kpi.words import say_fiscal_year
from programme.fiscal import Month
from programme.wording import month_name

FIRST_MONTH = 3  # the column of April


def fill(page: Page, report: PeriodReport) -> Where:
    """Returns where the last fiscal year's table stands."""
    page.title(_("月別の実績 %(period)s") % {"period": say_period(report.period)})
    page.row += 1
    shown = sorted({*report.months, *report.year_months})
    years = sorted({month.fiscal_year for month in shown})
    tables = [
        page.table(_table(report, year, [month for month in shown if month.fiscal_year == year])) for year in years
    ]
    page.notes(
        [
            _("「時点の数」は各月の最後の日の数です。まだ来ていない月と、期間の後の月は空けています。"),
            _("実数・割合・中央値などは、月の値を足したり平均したりしても年度の値になりません。"),
        ]
    )
    return tables[-1]


def _table(report: PeriodReport, year: int, shown: list[Month]) -> Table:
    months = [Month(year, number) for number in range(4, 13)] + [Month(year + 1, number) for number in range(1, 4)]
    of_year = year == report.period.fiscal_year
    columns = [
        Column(_("指標")),
        Column(_("単位")),
        *(Column(month_name(month.first)) for month in months),
        Column(_("年度の累計")),
    ]
    rows: list[list[Value]] = [
        [
            str(row.definition.name),
            row.definition.unit,
            *(number_in(row.definition, row.by_month[month]) if month in shown else None for month in months),
            number_in(row.definition, row.year_to_date) if of_year else None,
        ]
        for row in report.rows
    ]
    return Table(columns, rows, say_fiscal_year(year))


def charts(where: Where, report: PeriodReport, codes: Sequence[str]) -> list[Chart]:
    """One of each figure that the report has, in the order of ``codes``."""
    places = {row.definition.code: number for number, row in enumerate(report.rows, start=1)}
    made = []
    for code in codes:
        row = report.row(code)
        if row is None:
            continue
        draw = line_by_month if row.definition.is_stock else columns_by_month
        title = _("%(name)s(%(unit)s、月別)") % {"name": row.definition.name, "unit": row.definition.unit}
        made.append(
            draw(
                where.sheet,
                row=where.header + places[code],
                header=where.header,
                first=FIRST_MONTH,
                last=FIRST_MONTH + 11,
                title=title,
            )
        )
    return made

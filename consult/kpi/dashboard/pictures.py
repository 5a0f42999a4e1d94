"""Which charts the dashboard has, and what each of them says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from consult.kpi.book import Book
from consult.kpi.dashboard.charts import Chart, Kind, Series, Span
from consult.kpi.dashboard.goals import Standing, Year
from consult.kpi.dashboard.words import say_goal, say_outlook
from consult.kpi.definition import Definition
from programme.fiscal import Month
from programme.wording import month_name

LABELLED = (0, 3, 6, 9, 11)
"""April, July, October, January and March: there is no room for the names of all"""


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a chart: (month, number or None) for each series."""

    heads: list[str]
    lines: list[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Picture:
    chart: Chart
    table: Table


def monthly(book: Book, definition: Definition, months: Sequence[Month]) -> list[int]:
    """Of a figure that adds up."""
    return [book.value(definition, month) or 0 for month in months]


def progress(standing: Standing, book: Book) -> Picture:
    """The year so far, month by month added up, beside even steps to the goal, and what is likely at its end."""
    year, goal = standing.year, standing.goal.value
    reached: list[int] = []
    for value in monthly(book, standing.definition, year.begun):
        reached.append((reached[-1] if reached else 0) + value)
    so_far: list[float | Span | None] = [*reached, *[None] * (len(year.months) - len(reached))]
    series = [
        Series(Kind.NOW, _("実績"), so_far),
        Series(Kind.GOAL, _("目標までの目安"), [goal * (number + 1) / len(year.months) for number in range(12)]),
    ]
    found = standing.outlook
    if found and len(reached) < len(year.months):
        likely: list[float | Span | None] = [None] * (len(reached) - 1)
        steps = len(year.months) - len(reached)
        rise = (found.expected - reached[-1]) / steps
        likely += [reached[-1] + rise * step for step in range(steps)]
        series.append(Series(Kind.LIKELY, _("見込み"), [*likely, Span(found.expected, found.low, found.high)]))
    chart = Chart(
        name=f"progress-{standing.code}",
        title=_("%(name)s: 目標と実績") % {"name": standing.definition.name},
        words=" ".join(filter(None, [say_goal(standing), say_outlook(standing)])),
        labels=_labels(year),
        series=series,
    )
    lines = [
        (month_name(month.first), [f"{value:,}" if value is not None else "―" for value in (done, round(due))])
        for month, done, due in zip(
            year.months, [*reached, *[None] * (12 - len(reached))], series[1].values, strict=True
        )
        if isinstance(due, int | float)
    ]
    return Picture(chart, Table([_("実績(4月からの合計)"), _("目標までの目安")], lines))


def trend(definition: Definition, book: Book, year: Year, before: Year) -> Picture:
    """The months of the year beside those of the year before."""
    now, then = monthly(book, definition, year.begun), monthly(book, definition, before.begun)
    this: list[int | None] = [*now, *[None] * (12 - len(now))]
    last: list[int | None] = [*then, *[None] * (12 - len(then))]
    names = [_("%(year)s年度") % {"year": each.first.year} for each in (before, year)]
    chart = Chart(
        name=f"trend-{definition.code}",
        title=_("%(name)s: 月ごとの推移") % {"name": definition.name},
        words=_("%(name)s: %(this)sは合計%(now)s、%(last)sは合計%(then)sです。")
        % {
            "name": definition.name,
            "this": names[1],
            "now": f"{sum(now):,}",
            "last": names[0],
            "then": f"{sum(then):,}",
        },
        labels=_labels(year),
        series=[Series(Kind.BEFORE, names[0], last), Series(Kind.NOW, names[1], this)],
        bars=True,
    )
    lines = [
        (month_name(month.first), [f"{value:,}" if value is not None else "―" for value in pair])
        for month, *pair in zip(year.months, last, this, strict=True)
    ]
    return Picture(chart, Table(names, lines))


def _labels(year: Year) -> list[str]:
    short = pgettext("グラフの月の書き方(Djangoのdate書式)", "n月")
    return [
        dateformat.format(month.first, short) if number in LABELLED else "" for number, month in enumerate(year.months)
    ]


def legend(pictures: Sequence[Picture]) -> Mapping[Kind, str]:
    """The kinds of series that the pictures hold, with their names."""
    return {series.kind: series.name for picture in pictures for series in picture.chart.series}

"""``{% load kpi_reports %}``: the words of consult/kpi/report_words.py on a page."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.forms import BoundField
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from consult.kpi import report_words
from consult.kpi.definitions import Definition
from consult.kpi.half_year import UNDERTAKINGS, Line
from consult.kpi.period_reports import PeriodCell, PeriodRow
from consult.kpi.report_forms import HalfYearForm
from consult.kpi.words import EMPTY, say_unit
from consult.models import Correction, HalfYearText
from programme.fiscal import Month

register = template.Library()

register.filter("say_period", report_words.say_period)
register.filter("say_period_state", report_words.say_period_state)
register.filter("say_as_of", report_words.say_as_of)
register.filter("say_month_of", report_words.say_month_of)


@register.filter
def figure(definition: Definition, value: int | None) -> str:
    """ "1,204 件"; a share or a median of no rows is a dash, without a unit."""
    if value is None:
        return EMPTY
    return f"{report_words.say_number(definition.number(value))} {say_unit(definition.unit, value)}"


@register.filter
def part(definition: Definition, cell: PeriodCell) -> str:
    """As ``figure``, of one part; what is kept back is an X."""
    return report_words.KEPT_BACK if cell.kept_back else figure(definition, cell.value)


@register.simple_tag
def lines_of(definition: Definition, cells: Iterable[PeriodCell]) -> SafeString:
    """The lines of a breakdown. A year has two thousand of them: a template would take ten times as long for each."""
    line = '<tr data-key="{}"><th scope="row">{}</th><td class="number">{}</td></tr>'
    return format_html_join("", line, ((cell.key, cell.label, part(definition, cell)) for cell in cells))


@register.simple_tag
def cells_of_months(row: PeriodRow, months: Iterable[Month]) -> SafeString:
    """A figure month by month, written in one go like ``lines_of``."""
    said = (report_words.say_number(row.definition.number(row.by_month[month])) for month in months)
    return format_html_join("", '<td class="number">{}</td>', ((number,) for number in said))


@register.filter
def change(definition: Definition, correction: Correction) -> str:
    return report_words.say_change(correction, definition)


@register.filter
def undertaking_name(code: str) -> str:
    return next((str(each.name) for each in UNDERTAKINGS if each.code == code), code)


@register.filter
def texts_of(form: HalfYearForm, line: Line) -> list[tuple[BoundField, Any]]:
    """The fields of a line, each with the text that is stored now."""
    now = {HalfYearText.Column.QUALITY: line.quality, HalfYearText.Column.OUTLOOK: line.outlook}
    return [(form[f"{line.undertaking.code}-{column}"], now[column]) for column in HalfYearText.Column]

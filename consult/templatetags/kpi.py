"""``{% load kpi %}``: the words of consult/kpi/words.py on a page."""

from collections.abc import Iterable
from functools import partial

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from consult.kpi import words
from consult.kpi.definition import Definition
from consult.kpi.report import Cell
from consult.models import MonthReport
from programme.fiscal import Month

register = template.Library()


@register.simple_tag
def parts_of(definition: Definition, dimension: str, cells: Iterable[Cell]) -> SafeString:
    """The lines of a breakdown, each leading to its records. As quick as ``lines_of`` of kpi_reports, and why."""
    line = (
        '<tr><th scope="row">{}</th><td class="number" data-label="{}">{}</td>'
        '<td class="number" data-label="{}">{}</td></tr>'
    )
    here, year = _("この月"), _("年度の累計")
    said = partial(words.say_value, definition)
    return format_html_join(
        "", line, ((_name(dimension, cell), here, said(cell.value), year, said(cell.year_to_date)) for cell in cells)
    )


def _name(dimension: str, cell: Cell) -> str:
    if not cell.value:
        return cell.label
    return format_html('<a href="?{}#rows">{}</a>', urlencode({"by": dimension, "key": cell.key}), cell.label)


@register.filter
def to_month(report: MonthReport) -> Month:
    """The month of a closing."""
    return Month(report.year, report.month)


register.filter("say_month", words.say_month)
register.filter("say_fiscal_year", words.say_fiscal_year)
register.filter("say_state", words.say_state)
register.filter("say_closing", words.say_closing)
register.filter("say_counted", words.say_counted)
register.filter("say_unit", words.say_unit)
register.filter("say_value", words.say_value)
register.filter("say_more", words.say_more)
register.filter("signed", words.signed)
register.filter("say_figure", words.say_figure)
register.filter("say_old", words.say_old)
register.filter("say_new", words.say_new)
register.filter("say_share", words.say_share)
register.filter("say_kind", words.say_kind)
register.filter("say_published_days", words.say_published_days)

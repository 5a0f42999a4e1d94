"""``{% load kpi %}``: the words of consult/kpi/words.py on a page."""

from collections.abc import Iterable
from functools import cache
from urllib.parse import quote

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from consult.kpi import words
from consult.kpi.definition import Definition
from consult.kpi.lines import Line
from consult.kpi.report import Cell
from consult.models import MonthReport
from programme.fiscal import Month
from programme.wording import say_day

register = template.Library()


@register.simple_tag
def parts_of(definition: Definition, dimension: str, cells: Iterable[Cell], records: str) -> SafeString:
    """The lines of a breakdown, each leading to its ``records``. Of two hundred lines, half of a page's time would go
    into a template's or ``format_html``'s own work."""
    address = escape(f"{records}?{urlencode({'by': dimension})}&key=")
    here, year = escape(_("この月")), escape(_("年度の累計"))
    said = cache(lambda value: escape(words.say_value(definition, value)))
    lines = []
    for cell in cells:
        name: str = escape(cell.label)
        if cell.value:
            name = f'<a href="{address}{quote(cell.key)}">{name}</a>'
        lines.append(
            f'<tr><th scope="row">{name}</th><td class="number" data-label="{here}">{said(cell.value)}</td>'
            f'<td class="number" data-label="{year}">{said(cell.year_to_date)}</td></tr>'
        )
    return mark_safe("".join(lines))  # noqa: S308  (each part is escaped)


@register.simple_tag
def lines_of_records(lines: Iterable[Line]) -> SafeString:
    """Counted records in a list, each leading to its own page. In one go, too."""
    leads = _("この記録を数えた数字")
    return format_html_join(
        "", "<li>{}{}{}{}</li>", ((_day(line), line.text, _amount(line), _lead(line, leads)) for line in lines)
    )


def _day(line: Line) -> str:
    return format_html('<time datetime="{}">{}</time>', line.day.isoformat(), say_day(line.day)) if line.day else ""


def _amount(line: Line) -> str:
    return format_html(" <b>{}</b>", intcomma(line.amount)) if line.amount != 1 else ""


def _lead(line: Line, words: str) -> str:
    if not line.kind:
        return ""
    return format_html(' <a href="{}">{}</a>', reverse("kpi:record", args=[line.kind, line.row]), words)


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

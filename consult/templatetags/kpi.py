"""``{% load kpi %}``: the words of consult/kpi/words.py on a page."""

from django import template

from consult.kpi import words
from consult.models import MonthReport
from programme.fiscal import Month

register = template.Library()


@register.filter
def to_month(report: MonthReport) -> Month:
    """The month of a closing."""
    return Month(report.year, report.month)


register.filter("say_month", words.say_month)
register.filter("say_fiscal_year", words.say_fiscal_year)
register.filter("say_state", words.say_state)
register.filter("say_closing", words.say_closing)
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

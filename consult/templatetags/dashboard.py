"""``{% load dashboard %}``: the dashboard's numbers in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from consult.kpi.dashboard import words
from consult.kpi.dashboard.heat import Cell, band
from consult.kpi.suppression import is_small
from programme.widgets import WEEKDAYS
from programme.wording import say_minute

register = template.Library()

register.filter("say_outlook", words.say_outlook)
register.filter("say_goal", words.say_goal)
register.filter("say_needed", words.say_needed)
register.filter("say_pace", words.say_pace)
register.filter("say_amount", words.say_amount)


@register.filter
def say_weekday(weekday: int) -> str:
    """One sign: 0 → 月."""
    return str(WEEKDAYS[weekday])


@register.filter
def say_hour(hour: int) -> str:
    """The beginning of an hour: 9 → 09:00."""
    return say_minute(hour * 60)


@register.filter
def guarded(number: int) -> str:
    """A number of which the small ones are not said: 3 → 1–4."""
    return band(number) if is_small(number) else f"{number:,}"


@register.filter
def at(names: Mapping[Any, str], key: Any) -> str:
    return names.get(key, "")


@register.simple_tag
def heat_cells(cells: Iterable[Cell]) -> SafeString:
    """The cells of a row: a template would take several times as long for each."""
    return format_html_join("", '<td class="heat-{}">{}</td>', ((cell.level, cell.text) for cell in cells))

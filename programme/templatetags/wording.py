"""``{% load wording %}``: filters for dates and times. docs/design-system.md shows each with its result."""

import datetime as dt

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from programme import wording
from programme.postcode import say_postcode

register = template.Library()


@register.filter
def day(value: dt.date | None) -> str:
    """2026年12月3日(木)"""
    return wording.say_day(value) if value else ""


@register.filter
def moment(value: dt.datetime | None) -> str:
    """2026年12月3日(木) 10:00"""
    return wording.say_moment(value) if value else ""


@register.filter
def short(value: dt.datetime | None) -> str:
    """12/3(木) 10:00"""
    return wording.say_short(value) if value else ""


@register.filter
def until(starts_at: dt.datetime | None, ends_at: dt.datetime | None) -> str:
    """2026年12月3日(木) 10:00から11:00まで"""
    return wording.say_span(starts_at, ends_at) if starts_at and ends_at else ""


@register.filter
def clock(value: dt.datetime | dt.time | None) -> str:
    """10:00"""
    return wording.say_time(value) if value else ""


@register.filter
def minutes(value: int | None) -> str:
    """Minutes after midnight: 570 → 09:30."""
    return "" if value is None else wording.say_minute(value)


@register.filter
def era(value: dt.date | None) -> str:
    """令和8年12月3日"""
    return wording.era_day(value) if value else ""


@register.filter
def fiscal(year: int | None) -> str:
    """A fiscal year's number: 2026 → 令和8年度, "Fiscal year 2026"."""
    return wording.say_fiscal(year) if year else ""


@register.filter
def postcode(digits: str) -> str:
    """371-0027."""
    return say_postcode(digits)


@register.simple_tag
def status(label: object, kind: str = "") -> SafeString:
    """A state in a word and a sign, as components/status.html; an include for each row of a list takes longer."""
    return format_html('<span class="status{}">{}</span>', f" {kind}" if kind else "", label)

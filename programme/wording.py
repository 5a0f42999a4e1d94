"""Dates and numbers as people here write and read them."""

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache

from django.utils import dateformat, timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from programme.fiscal import reiwa
from programme.text import ascii_number

# The calendar year before an era's first year (元年).
ERAS = {
    "明治": 1867,
    "大正": 1911,
    "昭和": 1925,
    "平成": 1988,
    "令和": 2018,
    "M": 1867,
    "T": 1911,
    "S": 1925,
    "H": 1988,
    "R": 2018,
}


NUMBER = re.compile(
    r"(?:約|およそ|だいたい)?\s*(-?\d{1,18})\s*(?:人|名|件|回|分|年|月|日|歳|才)?\s*(?:くらい|ぐらい|位|ほど|程度|前後)?"
)


def read_whole_number(text: str) -> int | None:
    """The whole number in ``text``, or None: "１，２００人" → 1200. A counter word at the end is no harm, nor
    is "約10人", "10人くらい"."""
    match = NUMBER.fullmatch(ascii_number(text).replace(",", ""))
    return int(match[1]) if match else None


def read_year(text: str) -> int | None:
    """A year as people write it: "1958", "昭和33年", "S33", "令和元" → the calendar year; None for anything else."""
    match = re.fullmatch(r"(明治|大正|昭和|平成|令和|[MTSHR])?\s*(元|\d{1,4})\s*年?", ascii_number(text).upper())
    if not match:
        return None
    number = 1 if match[2] == "元" else int(match[2])
    return ERAS[match[1]] + number if match[1] else number


@lru_cache(maxsize=1000)
def _written(day: dt.date, pattern: str, language: str | None) -> str:
    """A day in the active language, which ``language`` names: calendars and lists say the same days all the time."""
    return dateformat.format(day, pattern)


def weekday(day: dt.date) -> str:
    """One sign: "木"; in English "Thu"."""
    return _written(day, "D", get_language())


def month_name(day: dt.date) -> str:
    """ "12月", "December"."""
    return _written(day, pgettext("月の書き方(Djangoのdate書式)", "n月"), get_language())


def say_month(day: dt.date) -> str:
    """The month of a day: "2026年12月", "December 2026"."""
    return _("%(year)s年%(month)s") % {"year": day.year, "month": month_name(day)}


def say_day(day: dt.date) -> str:
    """ "2026年12月3日(木)", "2026年12月3日(木曜日)", "Thu 3 December 2026". A time is taken in Tokyo."""
    if isinstance(day, dt.datetime):
        day = timezone.localtime(day)
    return _written(day, pgettext("日の書き方(Djangoのdate書式)", "Y年n月j日(D)"), get_language())


def say_time(moment: dt.datetime | dt.time) -> str:
    """ "09:00", "午前9時", "9:00 am"; in Tokyo."""
    if isinstance(moment, dt.datetime):
        moment = timezone.localtime(moment)
    return _clock(moment.hour, moment.minute, get_language())


@lru_cache(maxsize=1024)
def _clock(hour: int, minute: int, _language: str | None) -> str:
    if minute:
        pattern = pgettext("時刻の書き方(Djangoのdate書式)", "H:i")
    else:
        pattern = pgettext("ちょうどの時刻の書き方(Djangoのdate書式)", "H:i")
    half = pgettext("時刻", "午前") if hour < 12 else pgettext("時刻", "午後")
    if hour == 12:
        half = pgettext("時刻", "昼の")
    return half.join(dateformat.time_format(dt.time(hour, minute), part) for part in pattern.split("A"))


def say_minute(minute: int) -> str:
    """Minutes after midnight as a time: 570 → "09:30". A day ends at 24:00, which no clock of Python's shows."""
    return "24:00" if minute == 24 * 60 else say_time(dt.time(*divmod(minute, 60)))


def say_moment(moment: dt.datetime) -> str:
    """ "2026年12月3日(木) 10:00", in Tokyo."""
    return f"{say_day(moment)} {say_time(moment)}"


def say_short(moment: dt.datetime) -> str:
    """ "12/3(木) 10:00", for where each sign counts; in Tokyo."""
    day = _written(timezone.localdate(moment), pgettext("短い日の書き方(Djangoのdate書式)", "n/j(D)"), get_language())
    return f"{day} {say_time(moment)}"


def say_span(starts_at: dt.datetime, ends_at: dt.datetime) -> str:
    """ "2026年12月3日(木) 10:00から11:00まで"; the second day is named when it is another one."""
    first, last = timezone.localtime(starts_at), timezone.localtime(ends_at)
    end = say_time(last) if first.date() == last.date() else say_moment(last)
    return _("%(start)sから%(end)sまで") % {"start": say_moment(first), "end": end}


def say_list(things: Iterable[object]) -> str:
    """ "LINE、写真", "LINE, photos"."""
    return _("、").join(str(thing) for thing in things)


def era_year(year: int) -> str:
    """A calendar year in the era's count, from 1926 on: "令和8年", "Reiwa 8". Names the era that began in that year."""
    names = {"令和": _("令和"), "平成": _("平成"), "昭和": _("昭和")}
    era = next(name for name in names if year > ERAS[name])
    number = year - ERAS[era]
    return _("%(era)s%(number)s年") % {"era": names[era], "number": _("元") if number == 1 else number}


def say_fiscal(year: int) -> str:
    """ "令和8年度"; who reads English is told the western year."""
    return _("%(year)s年度") % {"year": year if get_language() == "en" else reiwa(year)}


def era_day(day: dt.date) -> str:
    """ "令和8年12月3日", "3 December, Reiwa 8"."""
    return _("%(year)s%(month)s%(day)s日") % {"year": era_year(day.year), "month": month_name(day), "day": day.day}

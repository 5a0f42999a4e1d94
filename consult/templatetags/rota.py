"""``{% load rota %}``: on which days something holds, and who is there, in words."""

import datetime as dt
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from consult.opening_days import say_rule
from programme.models import Closure

register = template.Library()
LEAP_YEAR = 2024


@register.filter
def closed_days(closure: Closure) -> str:
    """The days of the rule, as "毎月 第1・第3月曜日" or "毎年 12月29日"; "" when it is every day of a period."""
    if closure.rule == Closure.EVERY_DAY:
        return ""
    parts = dict(part.partition("=")[::2] for part in closure.rule.upper().split(";"))
    if set(parts) != {"FREQ", "BYMONTH", "BYMONTHDAY"} or parts["FREQ"] != "YEARLY" or "-" in closure.rule:
        return say_rule(closure.rule)
    dates = (
        dt.date(LEAP_YEAR, int(month), int(day))
        for month in parts["BYMONTH"].split(",")
        for day in parts["BYMONTHDAY"].split(",")
    )
    days = pgettext("並べる", "・").join(date_format(date, "MONTH_DAY_FORMAT") for date in dates)
    return _("毎年 %(days)s") % {"days": days}


@register.filter
def people_count(opening: Any) -> str:
    """How many people an opening has: annotated by ``with_staffing``, or what ``Tally.staffing`` says."""
    said = _("%(held)s / %(needed)s人") % {"held": opening.held, "needed": opening.shift.needed}
    if opening.asked:
        said += " ({})".format(_("お願い中 %(asked)s人") % {"asked": opening.asked})
    if opening.leaving:
        said += " ({})".format(_("代わりをさがしている %(leaving)s人") % {"leaving": opening.leaving})
    return said

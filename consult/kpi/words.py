"""How a report is said in words, the same on screen and in every export."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import get_language, npgettext
from django.utils.translation import gettext as _

from consult.kpi.definitions import DEFINITIONS, Definition
from consult.kpi.report import Report
from consult.models import Correction, ProposedCorrection
from programme.fiscal import Month
from programme.models import PublishedFigure
from programme.wording import era_year, month_name, say_day, say_moment

# What stands where there is no number. The sign of the official statistics (該当数字なし).
EMPTY = "–"


def say_month(month: Month) -> str:
    """ "2024年1月(令和6年1月)", "January 2024 (Reiwa 6)"."""
    return _("%(year)s年%(month)s(%(era)s%(month)s)") % {
        "year": month.year,
        "month": month_name(month.first),
        "era": era_year(month.year),
    }


def say_fiscal_year(year: int) -> str:
    """ "2023年度(令和5年度)"."""
    return _("%(year)s年度(%(era)s度)") % {"year": year, "era": era_year(year)}


def say_state(report: Report) -> str:
    if report.closing is None:
        return _("締め前") if report.is_over else _("途中(月が終わっていません)")
    return _("締め済み(訂正あり)") if report.corrections else _("締め済み")


def say_closing(report: Report) -> str:
    """Who closed the month and when; for an open one, as of when it was counted."""
    if report.closing is None:
        return say_counted(report.made_at)
    return _("%(when)s %(who)s") % {"when": say_moment(report.closing.closed_at), "who": report.closing.closed_by}


def say_counted(at: dt.datetime) -> str:
    """As of when what is open was counted."""
    return _("%(when)s時点の集計") % {"when": say_moment(at)}


def say_unit(unit: str, number: int) -> str:
    """A figure's unit: 人 is "person" or "people" in English. One that is none of ours stays as it is."""
    return _said(unit, number, get_language()) if unit in _UNITS else unit


@lru_cache(maxsize=4096)
def _said(unit: str, number: int, _language: str | None) -> str:
    """A page of figures says a thousand of them."""
    return _UNITS[unit](number)


_UNITS: dict[str, Callable[[int], str]] = {  # each asked alone: a page of a half-year says a thousand
    "人": lambda number: npgettext("単位", "人", "人", number),
    "件": lambda number: npgettext("単位", "件", "件", number),
    "回": lambda number: npgettext("単位", "回", "回", number),
    "団体": lambda number: npgettext("単位", "団体", "団体", number),
    "自治会": lambda number: npgettext("単位", "自治会", "自治会", number),
    "箇所": lambda number: npgettext("単位", "箇所", "箇所", number),
    "時間": lambda number: npgettext("単位", "時間", "時間", number),
    "日": lambda number: npgettext("単位", "日", "日", number),
    "円": lambda number: npgettext("単位", "円", "円", number),
}


def say_value(definition: Definition, value: int | None) -> str:
    """A figure as people read it: "1,420 件", "2.5 時間", "83.3%"; a share or a median of no rows is a dash."""
    if value is None:
        return EMPTY
    number = f"{definition.number(value):,}"
    unit = say_unit(definition.unit, value)
    return f"{number}%" if unit == "%" else f"{number} {unit}"


def say_more(definition: Definition, more: int | None) -> str:
    """A difference: "+12 件", "−3 人", "±0 件"; "" from or to no number."""
    if more is None:
        return ""
    return _sign(more) + say_value(definition, abs(more))


def signed(definition: Definition, more: int) -> str:
    """A difference without its unit: "+12", "−3"."""
    return f"{_sign(more)}{definition.number(abs(more)):,}"


def _sign(more: int) -> str:
    return "+" if more > 0 else "−" if more < 0 else "±"


def latest(code: str) -> Definition:
    """The last version of a figure, by which it is named and read."""
    return next(each for each in reversed(DEFINITIONS) if each.code == code)


def say_figure(code: str) -> str:
    """What a figure is called now."""
    return str(latest(code).name)


def say_share(share: Decimal | None) -> str:
    """ "60.5%", or nothing without a goal."""
    return "" if share is None else f"{share * 100:.1f}%"


def say_kind(definition: Definition) -> str:
    return str(PublishedFigure.Kind(definition.kind).label)


def say_published_days(figure: PublishedFigure) -> str:
    """ "2023年4月1日(土)から2024年1月31日(水)まで", or the one day for which the figure is known to hold."""
    if figure.since is None:
        return _("%(day)s時点") % {"day": say_day(figure.as_of)}
    return _("%(first)sから%(last)sまで") % {"first": say_day(figure.since), "last": say_day(figure.as_of)}


def say_old(change: Correction | ProposedCorrection) -> str:
    """What a figure was before a stated or proposed correction: "88.0 時間"."""
    return say_value(latest(change.figure), change.old)


def say_new(change: Correction | ProposedCorrection) -> str:
    """What a figure is after a stated or proposed correction: "90.0 時間"."""
    return say_value(latest(change.figure), change.new)

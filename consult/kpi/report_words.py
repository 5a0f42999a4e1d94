"""How the report of a period is said in words, the same on its page and in every file."""

from decimal import Decimal

from django.utils.translation import gettext as _

from consult.kpi.definitions import Definition
from consult.kpi.period_reports import PeriodReport
from consult.kpi.reporting_period import Period
from consult.kpi.words import EMPTY, say_counted, say_fiscal_year, say_month, say_value
from consult.models import Correction
from programme.fiscal import Month
from programme.models import Programme
from programme.wording import say_moment

# The sign of the official statistics for numbers that are kept back (秘匿).
KEPT_BACK = "X"


def say_period(period: Period) -> str:
    """ "2024年1月(令和6年1月)", "2023年度(令和5年度)", "2023年度(令和5年度)上半期", "…から…まで"."""
    if period.is_month:
        return say_month(period.first)
    year = say_fiscal_year(period.first.fiscal_year)
    if period.is_year:
        return year
    if period.half == 1:
        return _("%(year)s 上半期(4月から9月)") % {"year": year}
    if period.half == 2:
        return _("%(year)s 下半期(10月から3月)") % {"year": year}
    return _("%(first)sから%(last)sまで") % {"first": say_month(period.first), "last": say_month(period.last)}


def say_period_state(report: PeriodReport) -> str:
    if report.is_closed:
        return _("締め済み(訂正あり)") if report.corrections else _("締め済み")
    if not report.closings:
        return _("締め前") if report.is_over else _("途中(期間が終わっていません)")
    told = {"closed": len(report.closings), "months": sum(1 for _each in report.period.months())}
    return _("%(months)sか月のうち%(closed)sか月が締め済み") % told


def say_as_of(report: PeriodReport) -> str:
    """Who closed a month and when; for all else, as of when it was counted."""
    if report.closing is None:
        return say_counted(report.made_at)
    return _("%(when)s %(who)s") % {"when": say_moment(report.closing.closed_at), "who": report.closing.closed_by}


def say_number(number: int | Decimal | None) -> str:
    """ "1,204", "83.3"; a share or a median of no rows is a dash."""
    return EMPTY if number is None else f"{number:,}"


def say_figure_head(definition: Definition) -> str:
    """ "よろず相談(件)", for the head of a column."""
    return _("%(name)s(%(unit)s)") % {"name": definition.name, "unit": definition.unit}


def say_month_of(correction: Correction) -> str:
    """The month that a correction concerns."""
    return say_month(Month(correction.report.year, correction.report.month))


def say_change(correction: Correction, definition: Definition) -> str:
    """ "20→22 紙の記録が後から見つかった(2024年2月5日(月) 10:00 山田)", in the figure's unit."""
    return _("%(old)s→%(new)s %(reason)s(%(when)s %(who)s)") % {
        "old": say_value(definition, correction.old),
        "new": say_value(definition, correction.new),
        "reason": correction.reason,
        "when": say_moment(correction.at),
        "who": correction.by,
    }


def say_organisers(programme: Programme | None) -> str:
    return f"{programme.city} {programme.office} / {programme.operator}" if programme else ""


def empty_note() -> str:
    return _("対象の記録がないため、値がありません。")


def kept_back_note() -> str:
    return _("「X」は、5未満の数と、そこから計算できてしまう数です。人が特定されないように、載せていません。")

"""What the dashboard's numbers mean, in sentences."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consult.kpi.dashboard.goals import Standing
from consult.kpi.words import say_unit
from programme.wording import say_day


def say_amount(standing: Standing, number: int) -> str:
    """ "1,420件"."""
    return _("%(number)s%(unit)s") % {
        "number": f"{number:,}",
        "unit": say_unit(standing.definition.unit, number),
    }


def say_pace(standing: Standing) -> str:
    """Where the year would stand if the goal were reached in even steps, and how it stands beside that."""
    difference = standing.so_far - standing.due
    facts = {"due": say_amount(standing, standing.due), "difference": f"{abs(difference):,}"}
    if difference >= 0:
        return _("1年を同じ速さで進める場合、今日の目安は%(due)sです。目安より%(difference)s多いです。") % facts
    return _("1年を同じ速さで進める場合、今日の目安は%(due)sです。目安より%(difference)s少ないです。") % facts


def say_outlook(standing: Standing) -> str:
    """What is likely by the end of the year, never without its interval; or why that cannot be said yet."""
    found = standing.outlook
    if found is None:
        if standing.definition.is_stock or standing.year.is_over:
            return ""
        return _("記録が%(weeks)s週分しかないので、まだ予測できません。あと%(wanted)s週分の記録が必要です。") % {
            "weeks": standing.weeks,
            "wanted": standing.weeks_wanted,
        }
    return _("このペースなら、%(day)sに%(expected)sになる見込みです。5回に4回は%(low)sから%(high)sの間です。") % {
        "day": say_day(standing.year.last),
        "expected": say_amount(standing, found.expected),
        "low": f"{found.low:,}",
        "high": f"{found.high:,}",
    }


def say_goal(standing: Standing) -> str:
    """Whether the goal will be reached, as far as that can be said."""
    if not standing.missing:
        return _("目標に届きました。")
    found = standing.outlook
    if found is None:
        return _("目標まで、あと%(missing)sです。") % {"missing": say_amount(standing, standing.missing)}
    if found.low >= standing.goal.value:
        return _("目標に届く見込みが高いです。")
    if found.high < standing.goal.value:
        return _("このままでは、目標に届かない見込みです。")
    return _("目標に届くことも、届かないこともあります。")


def say_needed(standing: Standing) -> str:
    """What it would take, in the unit in which the office can act; "" when what is planned is enough."""
    if not standing.missing or standing.definition.is_stock or standing.year.is_over:
        return ""
    if standing.extra_openings:
        return ngettext(
            "目標に届くには、相談所の開設を、今の予定より週にあと%(number)s回増やします。",
            "目標に届くには、相談所の開設を、今の予定より週にあと%(number)s回増やします。",
            standing.extra_openings,
        ) % {"number": standing.extra_openings}
    if standing.extra_sessions:
        return ngettext(
            "目標に届くには、出張サポートを、今より週にあと%(number)s回増やします。",
            "目標に届くには、出張サポートを、今より週にあと%(number)s回増やします。",
            standing.extra_sessions,
        ) % {"number": standing.extra_sessions}
    if standing.rate is None or standing.outlook is None or standing.outlook.expected < standing.goal.value:
        return _("目標に届くには、これから月に%(number)sずつ必要です。") % {
            "number": say_amount(standing, standing.a_month)
        }
    return ""

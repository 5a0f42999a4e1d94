"""How a report is said in words, the same on screen and in every export."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import npgettext

from consult.kpi.definitions import Definition
from consult.kpi.report import Report, Row
from consult.models import Correction
from programme.fiscal import Month
from programme.models import PublishedFigure
from programme.wording import era_year, month_name, say_day, say_moment


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
        return _("%(when)s時点の集計") % {"when": say_moment(report.made_at)}
    return _("%(when)s %(who)s") % {"when": say_moment(report.closing.closed_at), "who": report.closing.closed_by}


def say_unit(unit: str, number: int) -> str:
    """A figure's unit: 人 is "person" or "people" in English. One that is none of ours stays as it is."""
    return {
        "人": npgettext("単位", "人", "人", number),
        "件": npgettext("単位", "件", "件", number),
        "回": npgettext("単位", "回", "回", number),
        "団体": npgettext("単位", "団体", "団体", number),
        "自治会": npgettext("単位", "自治会", "自治会", number),
    }.get(unit, unit)


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


def say_correction(correction: Correction) -> str:
    """ "20→22 紙の記録が後から見つかった(2024年2月5日(月) 10:00 山田)"."""
    return _("%(old)s→%(new)s %(reason)s(%(when)s %(who)s)") % {
        "old": correction.old,
        "new": correction.new,
        "reason": correction.reason,
        "when": say_moment(correction.at),
        "who": correction.by,
    }


def say_corrections(row: Row) -> str:
    return " / ".join(say_correction(correction) for correction in row.corrections)

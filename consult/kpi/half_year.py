"""The half-year report in the committee's own table: per undertaking 定量的, 定性的 and 今後の展開. Source: S4.

The quantities come from the ledger, the texts from coordinators. A report that was sent is fixed: its quantities are
kept as they were said, whatever is corrected later.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consult.kpi.definitions import Definition, find
from consult.kpi.period_reports import PeriodRow, period_report
from consult.kpi.report_words import say_number
from consult.kpi.reporting_period import Period
from consult.kpi.words import EMPTY, say_share, say_unit
from consult.models import HalfYearReport, HalfYearText
from programme.models import PublishedFigure
from programme.wording import say_day


@dataclass(frozen=True, slots=True)
class Undertaking:
    """A line of the committee's table, with the figures that speak of it."""

    code: str
    name: str | Promise
    figures: tuple[str, ...]


# ★ Which figures stand in which line is our proposal.
UNDERTAKINGS = (
    Undertaking(
        "supporters",
        gettext_lazy("デジタルサポーターの登録と活動"),
        ("supporters", "supporters_new", "supporters_active", "support_hours", "acceptance", "stand_ins"),
    ),
    Undertaking(
        "sessions",
        gettext_lazy("学び合い出張サポート"),
        (
            "sessions",
            "participants",
            "groups_served",
            "waiting_median",
            "waiting_p90",
            "satisfaction",
            "wanted_again",
            "feedback",
        ),
    ),
    Undertaking("desks", gettext_lazy("デジタルよろず相談所"), ("desk_openings", "consultations")),
    Undertaking(
        "courses",
        gettext_lazy("自治会タブレット支援とスマホ講座"),
        ("association_tablet", "hall_courses", "prevention_course_participants"),
    ),
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure of the half-year; None is a share or a median of no rows.

    ``year_to_date`` and ``goal`` are of the fiscal year up to the half-year's end.
    """

    definition: Definition
    value: int | None
    year_to_date: int | None
    goal: int | None
    share: Decimal | None

    @classmethod
    def of(cls, row: PeriodRow) -> "Quantity":
        goal = row.goal.value if row.goal else None
        return cls(row.definition, row.value, row.year_to_date, goal, row.share)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "Quantity":
        share = None if data["share"] is None else Decimal(data["share"])
        return cls(find(data["figure"], data["version"]), data["value"], data["year_to_date"], data["goal"], share)

    def dump(self) -> dict[str, Any]:
        return {
            "figure": self.definition.code,
            "version": self.definition.version,
            "value": self.value,
            "year_to_date": self.year_to_date,
            "goal": self.goal,
            "share": None if self.share is None else str(self.share),
        }

    def __str__(self) -> str:
        """ "よろず相談: 240件(年度累計 573件、目標 1,500件の38.2%)"."""
        told = {
            "name": self.definition.name,
            "value": self._say(self.value),
            "year": self._say(self.year_to_date),
            "goal": self._say(self.goal),
            "share": say_share(self.share) or "0%",
        }
        if self.definition.is_stock:
            return (
                _("%(name)s: 期末 %(value)s") % told
                if self.goal is None
                else _("%(name)s: 期末 %(value)s(目標 %(goal)sの%(share)s)") % told
            )
        if not self.definition.measure.partitions:  # nothing that adds up
            return _("%(name)s: %(value)s(年度では %(year)s)") % told
        if self.goal is None:
            return _("%(name)s: %(value)s(年度累計 %(year)s)") % told
        return _("%(name)s: %(value)s(年度累計 %(year)s、目標 %(goal)sの%(share)s)") % told

    def _say(self, value: int | None) -> str:
        """ "240件"; a share or a median of no rows is a dash."""
        if value is None:
            return EMPTY
        number = say_number(self.definition.number(value))
        return _("%(number)s%(unit)s") % {"number": number, "unit": say_unit(self.definition.unit, value)}


@dataclass(frozen=True, slots=True)
class Published:
    """What others printed about the half-year, beside what is counted."""

    name: str
    value: int
    unit: str
    as_of: dt.date
    source: str

    @classmethod
    def of(cls, figure: PublishedFigure) -> "Published":
        return cls(figure.name, figure.value, figure.unit, figure.as_of, figure.source)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "Published":
        return cls(**{**data, "as_of": dt.date.fromisoformat(data["as_of"])})

    def dump(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "as_of": self.as_of.isoformat(),
            "source": self.source,
        }

    def __str__(self) -> str:
        return _("公表値 %(name)s: %(value)s%(unit)s(%(day)s時点、出典 %(source)s)") % {
            "name": self.name,
            "value": say_number(self.value),
            "unit": self.unit,
            "day": say_day(self.as_of),
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One undertaking of the table. The texts are None while nobody has written them."""

    undertaking: Undertaking
    quantities: tuple[Quantity, ...]
    published: tuple[Published, ...]
    quality: HalfYearText | None
    outlook: HalfYearText | None


@dataclass(frozen=True, slots=True)
class HalfYear:
    """The table, and whether all its months are closed. ``report`` may not be stored yet.

    ``is_open``: a month of it or of its year to date is open; what is open was counted at ``made_at``.
    """

    period: Period
    report: HalfYearReport
    lines: tuple[Line, ...]
    months_closed: int
    months: int
    made_at: dt.datetime
    is_open: bool
    last_version: int

    def __str__(self) -> str:
        """Its state: "確定 2024年10月5日(土) 山田", "下書き(6か月のうち5か月が締め済み)"."""
        if self.report.fixed_at:
            return _("確定 %(day)s %(who)s") % {"day": say_day(self.report.fixed_at), "who": self.report.fixed_by}
        return _("下書き(%(months)sか月のうち%(closed)sか月が締め済み)") % {
            "months": self.months,
            "closed": self.months_closed,
        }


def half_year(period: Period) -> HalfYear:
    """The half-year's table: as it was sent when it is fixed, else as of now. ``period.half`` must be one."""
    year, half = period.first.fiscal_year, period.half
    if half is None:
        raise ValueError(f"no half-year: {period}")
    report = HalfYearReport.objects.filter(fiscal_year=year, half=half).select_related("fixed_by").first()
    report = report or HalfYearReport(fiscal_year=year, half=half)
    texts = report.current_texts() if report.pk else {}
    figures = report.figures or figures_of(period)  # a draft has none
    return HalfYear(
        period=period,
        report=report,
        lines=tuple(_line(undertaking, figures, texts) for undertaking in UNDERTAKINGS),
        months_closed=figures["months_closed"],
        months=figures["months"],
        made_at=dt.datetime.fromisoformat(figures["made_at"]),
        is_open=not report.is_fixed and figures["is_open"],
        last_version=max((text.pk for text in texts.values()), default=0),
    )


def figures_of(period: Period, *, anew: bool = False) -> dict[str, Any]:
    """What is kept of the figures when the report is sent, as JSON. ``anew``: what is open is counted now."""
    codes = {code for undertaking in UNDERTAKINGS for code in undertaking.figures}
    report = period_report(period, codes=codes, with_cells=False, anew=anew)
    return {
        "months": sum(1 for _month in report.period.months()),
        "months_closed": len(report.closings),
        "made_at": report.made_at.isoformat(),
        "is_open": report.is_open,
        "quantities": {
            undertaking.code: [
                Quantity.of(row).dump() for code in undertaking.figures if (row := report.row(code)) is not None
            ]
            for undertaking in UNDERTAKINGS
        },
        "published": {
            undertaking.code: [
                Published.of(figure).dump() for figure in report.published if figure.figure in undertaking.figures
            ]
            for undertaking in UNDERTAKINGS
        },
    }


def _line(undertaking: Undertaking, figures: Mapping[str, Any], texts: Mapping[tuple[str, str], HalfYearText]) -> Line:
    return Line(
        undertaking=undertaking,
        quantities=tuple(Quantity.load(data) for data in figures["quantities"].get(undertaking.code, ())),
        published=tuple(Published.load(data) for data in figures["published"].get(undertaking.code, ())),
        quality=texts.get((undertaking.code, HalfYearText.Column.QUALITY)),
        outlook=texts.get((undertaking.code, HalfYearText.Column.OUTLOOK)),
    )


def stored(period: Period) -> HalfYearReport:
    """The report's row, made when it is not there yet."""
    if period.half is None:
        raise ValueError(f"no half-year: {period}")
    report, _made = HalfYearReport.objects.get_or_create(fiscal_year=period.first.fiscal_year, half=period.half)
    return report

"""The dashboard and the what-if page, for coordinators and the city's officer. No names stand on either."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from consult.kpi.book import Book
from consult.kpi.dashboard import heat, pictures
from consult.kpi.dashboard.coverage import coverage
from consult.kpi.dashboard.forms import WhatIfForm
from consult.kpi.dashboard.goals import Standing, Year, planned, standings, year_of
from consult.kpi.dashboard.lately import Lately
from consult.kpi.dashboard.staffing import Staffing
from consult.kpi.dashboard.topics import compare
from consult.kpi.dashboard.weeks import Recent
from consult.kpi.dashboard.whatif import line, supporters_needed
from consult.kpi.definition import Definition
from consult.kpi.definitions import in_force
from consult.kpi.periods import fiscal_years, has_figures
from consult.models import Desk
from programme.access import UserRequest, figures_only
from programme.models import Goal

ALWAYS = ("supporters_new", "participants", "consultations")
"""the figures of the dashboard, in this order, whether or not the year has a goal for them"""
READ = (*ALWAYS, "sessions", "districts_reached")
BROKEN_DOWN = ("districts_reached",)
HOURS = ("consultations",)
DESKS_A_PAGE = 20


@figures_only
@require_GET
def dashboard(request: UserRequest) -> HttpResponse:
    """A fiscal year (``?year=2025``, the present one by default) against its goals.

    Closed months come from the ledger alone; a year whose months are all closed reads no record.
    """
    today = timezone.localdate()
    year = _chosen(request, today)
    before = year_of(year.first.year - 1, today)
    goals = _goals(year)
    codes = {*READ, *(definition.code for _goal, definition in goals)}
    months = [month for each in (before, year) for month in each.begun if has_figures(month)]
    book = Book(months, stock_months=year.begun[-1:], codes=codes, cells_of=BROKEN_DOWN)
    lately = None if year.is_over else Lately.read(today, year.last)
    weeks = lately.weeks if lately else None
    found = standings(goals, year, book, weeks)
    definitions = {definition.code: definition for definition in in_force(year.begun[-1].first)}
    trends = [pictures.trend(definitions[code], book, year, before) for code in ALWAYS]
    context = {
        "year": year,
        "years": fiscal_years(),
        "is_counted": book.is_counted or lately,
        "counted_at": min(book.counted_at, lately.at) if lately else book.counted_at,
        "closed": [month for month in year.begun if month in book.closed.closings],
        "standings": [(standing, _progress(standing, book)) for standing in found],
        "trends": trends,
        "banded": request.user.is_officer,
        "comparison": compare(today, lately.weeks.openings, lately.topics) if lately else None,
        "coverage": coverage(book, year.begun),
    }
    return render(request, "consult/kpi/dashboard/dashboard.html", context)


@figures_only
@require_GET
def hours(request: UserRequest) -> HttpResponse:
    """When people come in a fiscal year: of all desks or one (``?desk=``) by hour, and desk by desk, by weekday."""
    year = _chosen(request, timezone.localdate())
    months = [month for month in year.begun if has_figures(month)]
    book = Book(months, stock_months=[], codes=HOURS, cells_of=HOURS)
    slots, banded = heat.slots(book, months), request.user.is_officer
    # No more of a desk than its title needs.
    desks = Desk.objects.select_related("venue").only("name", "venue__name", "venue__name_en", "venue__kana")
    asked = request.GET.get("desk", "")
    chosen = get_object_or_404(desks, pk=asked if asked.isdecimal() else 0) if asked else None
    page = Paginator(desks, DESKS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "year": year,
        "is_counted": book.is_counted,
        "counted_at": book.counted_at,
        "chosen": chosen,
        "by_hour": heat.by_hour(slots, chosen.pk if chosen else None, banded=banded),
        "by_desk": heat.by_desk(slots, [desk.pk for desk in page], banded=banded) if slots else None,
        "desks": {desk.pk: desk.title for desk in page},
        "page": page,
        "banded": banded,
    }
    return render(request, "consult/kpi/dashboard/hours.html", context)


@figures_only
@require_GET
def what_if(request: HttpRequest) -> HttpResponse:
    """Openings, sessions and supporters for this year's goals, from the rates of the last weeks."""
    today = timezone.localdate()
    year = year_of(fiscal_years()[0], today)
    goals = [pair for pair in _goals(year) if pair[1].code in ("consultations", "participants")]
    book = Book(year.begun, stock_months=[], codes=READ, cells_of=())
    lately = Lately.read(today, year.last)
    weeks, staff = lately.weeks, lately.staff
    form = WhatIfForm(request.GET, _usual(weeks, year, staff))
    counted_at = min(book.counted_at, lately.at)
    context: dict[str, Any] = {"year": year, "form": form, "staff": staff, "counted_at": counted_at}
    if form.is_valid():
        lines = _lines(form.cleaned_data, standings(goals, year, book, weeks), weeks)
        context |= {"lines": lines, "people": _people(form.cleaned_data, lines, staff)}
    return render(request, "consult/kpi/dashboard/what_if.html", context)


def _chosen(request: HttpRequest, today: dt.date) -> Year:
    years = fiscal_years()
    return year_of(next((each for each in years if str(each) == request.GET.get("year")), years[0]), today)


def _goals(year: Year) -> list[tuple[Goal, Definition]]:
    """The year's goals with what they count, in the order of the definitions."""
    goals = {goal.figure: goal for goal in Goal.objects.filter(fiscal_year=year.first.year)}
    return [
        (goals[definition.code], definition)
        for definition in in_force(year.begun[-1].first)
        if definition.code in goals
    ]


def _progress(standing: Standing, book: Book) -> pictures.Picture | None:
    return None if standing.definition.is_stock else pictures.progress(standing, book)


def _usual(weeks: Recent, year: Year, staff: Staffing) -> dict[str, int]:
    """What is planned for a week, and what was usual of late."""
    return {
        "openings": round(planned(weeks.openings, year) / year.weeks_left) if year.weeks_left else 0,
        "sessions": round(sum(weeks.weekly("sessions")) / len(weeks.mondays)),
        "duties": max(1, round(staff.duties_a_month)),
    }


def _lines(asked: Mapping[str, int], found: list[Standing], weeks: Recent) -> list[dict[str, Any]]:
    """A line of the table for each goal; without an outlook while there are too few weeks with a chance."""
    lines = []
    for standing in found:
        by_opening = standing.code == "consultations"
        chances = weeks.opened() if by_opening else weeks.weekly("sessions")
        rate, used = weeks.rate(standing.code, [float(chance) for chance in chances])
        a_week = asked["openings" if by_opening else "sessions"]
        made = line(standing.so_far, standing.goal.value, rate, a_week, standing.year.weeks_left) if rate else None
        lines.append({"standing": standing, "line": made, "rate": rate, "weeks": used, "by_opening": by_opening})
    return lines


def _people(asked: Mapping[str, int], lines: list[dict[str, Any]], staff: Staffing) -> dict[str, int] | None:
    """Supporters for what was asked, and for what the goals take where that is more; None without duties to go by."""
    goals = {each["by_opening"]: each["line"].a_week for each in lines if each["line"]}
    openings = max(asked["openings"], goals.get(True, 0))
    sessions = max(asked["sessions"], goals.get(False, 0))
    if (openings and not staff.at_opening) or (sessions and not staff.at_session):
        return None
    needed, for_goals = (
        supporters_needed(
            *a_week, at_opening=staff.at_opening, at_session=staff.at_session, duties_a_month=asked["duties"]
        )
        for a_week in ((asked["openings"], asked["sessions"]), (openings, sessions))
    )
    return {
        "needed": needed,
        "active": staff.active,
        "missing": max(0, needed - staff.active),
        "for_goals": for_goals if for_goals > needed else 0,
    }

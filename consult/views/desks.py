"""The coordinator's pages: desks, their dates, and activities that are counted without a request."""

import datetime as dt
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from consult import teams
from consult.errors import ActivityLogged, NotYetHeld
from consult.forms.desks import ActivityForm, CallOffForm, DeskForm, PeriodForm
from consult.models import Activity, Desk, Opening, Reservation, StandingMember
from consult.views.rota import concerned, say_filled
from programme.access import coordinator_only
from programme.errors import Refused
from programme.fiscal import fiscal_year
from programme.models import Limits
from programme.records import record_of
from supporters.errors import RoomTaken
from supporters.models import Assignment

DESKS_A_PAGE = 6
OPENINGS_SHOWN = 5
BATCHES_SHOWN = 5
ACTIVITIES_A_PAGE = 25


@coordinator_only
def openings(request: HttpRequest) -> HttpResponse:
    """The desks with their coming openings and how many people each has."""
    today = timezone.localdate()
    coming = Opening.objects.filter(date__gte=today).with_staffing().with_cases().select_related("shift")
    desks = Desk.objects.filter(active=True).select_related("venue__district")
    desks = desks.prefetch_related(Prefetch("openings", queryset=coming, to_attr="coming"))
    context = {
        "page": Paginator(desks, DESKS_A_PAGE).get_page(request.GET.get("page")),
        "former": Desk.objects.filter(active=False),
        "first_shown": f":{OPENINGS_SHOWN}",
        "rest_shown": f"{OPENINGS_SHOWN}:",
        "today": today,
    }
    return render(request, "consult/openings.html", context)


@coordinator_only
def opening(request: HttpRequest, pk: int) -> HttpResponse:
    """One opening: its people, today's count, and what may be done with it."""
    rows = Opening.objects.with_cases().select_related("desk__venue__district", "shift")
    found = get_object_or_404(rows, pk=pk)
    team = found.shift.assignments.exclude(status=Assignment.Status.PROPOSED).select_related("supporter")
    is_to_come = found.shift.starts_at > timezone.now()
    context = {
        "opening": found,
        "team": team,
        "may_change": is_to_come and not found.is_cancelled,
        "may_reopen": is_to_come and found.is_cancelled and found.desk.active,
        "today": timezone.localdate(),
        "moves": found.reschedulings.select_related("by"),
        "reserved": found.reservations.standing().count(),
        "record": partial(record_of, found.shift, *team, called={one: one.supporter.name for one in team}),
    }
    return render(request, "consult/opening.html", context)


@coordinator_only
def call_off(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Opening.objects.select_related("desk", "shift"), pk=pk)
    form = CallOffForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            found.call_off(by=request.user, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("中止にしました。担当のサポーターにお知らせを送ります。"))
            return redirect("consult:opening", found.pk)
    return render(request, "consult/call_off.html", {"form": form, "opening": found, **concerned(found)})


@coordinator_only
def open_dates(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a desk's dates for a period: first shown (``preview``), then those that stay ticked are made."""
    desk = get_object_or_404(Desk.objects.select_related("venue__closures", "room"), pk=pk)
    periods = _periods(desk)
    initial = periods.get(request.GET.get("period", ""), periods["usual"])
    form = PeriodForm(request.POST if request.method == "POST" else None, initial=initial)
    context: dict[str, Any] = {"desk": desk, "form": form, "fiscal_years": _fiscal_years()}
    if request.method == "POST" and form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        plan = desk.plan_dates(first, last)
        ticked = request.POST.getlist("dates")
        chosen = None if "preview" in request.POST else _chosen(ticked, plan.possible)
        if chosen:
            return _make_dates(request, desk, first, last, chosen)
        if chosen is not None and (not plan.possible or _are_there(desk, ticked)):
            messages.info(request, _("新しく作る日はありませんでした。もう作ってあります。"))
            return redirect("consult:openings")
        if chosen is not None:
            form.add_error(None, _("作る日を1つ以上選んでください。"))
        context |= {"plan": plan, "ticked": set(plan.new) if chosen is None else chosen}
    context["has_team"] = StandingMember.objects.filter(team__desk=desk).exists()
    context["batches"] = desk.batches.annotate(days=Count("openings"))[:BATCHES_SHOWN]
    return render(request, "consult/open_dates.html", context)


def _chosen(texts: list[str], possible: set[dt.date]) -> set[dt.date]:
    """The dates that were ticked; a date that is no longer possible is left out, the next page shows why."""
    by_text = {day.isoformat(): day for day in possible}
    return {by_text[text] for text in texts if text in by_text}


def _are_there(desk: Desk, ticked: list[str]) -> bool:
    """Whether all dates that were ticked have been made meanwhile, as by the first of two taps."""
    there = {day.isoformat() for day in desk.openings.values_list("date", flat=True)} if ticked else set()
    return bool(ticked) and there.issuperset(ticked)


def _make_dates(request: HttpRequest, desk: Desk, first: dt.date, last: dt.date, chosen: set[dt.date]) -> HttpResponse:
    try:
        made = desk.open_dates(first, last, by=request.user, only=chosen)
    except RoomTaken as refusal:  # booked in this very moment
        messages.error(request, str(refusal))
        return redirect("consult:open_dates", desk.pk)
    if not made:
        messages.info(request, _("新しく作る日はありませんでした。もう作ってあります。"))
        return redirect("consult:openings")
    messages.success(request, _("開設日を%(count)s日分作りました。") % {"count": len(made)})
    if "team" in request.POST:
        say_filled(request, teams.fill(desk, by=request.user))
    return redirect("consult:batch", made[0].batch_id)


def _periods(desk: Desk) -> dict[str, dict[str, dt.date]]:
    """Periods to begin with: as far ahead as the programme plans, this fiscal year, the next one."""
    today = timezone.localdate()
    last_made = desk.openings.filter(date__gte=today).order_by("date").values_list("date", flat=True).last()
    first = last_made + dt.timedelta(days=1) if last_made else today
    year = fiscal_year(today)
    return {
        "usual": {"first": first, "last": max(today, first) + dt.timedelta(days=Limits.current().desk_days_ahead)},
        "this-year": {"first": today, "last": dt.date(year + 1, 3, 31)},
        "next-year": {"first": dt.date(year + 1, 4, 1), "last": dt.date(year + 2, 3, 31)},
    }


def _fiscal_years() -> list[tuple[str, int]]:
    year = fiscal_year(timezone.localdate())
    return [("this-year", year), ("next-year", year + 1)]


@coordinator_only
def desk_new(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@coordinator_only
def desk_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Desk, pk=pk))


def _edit(request: HttpRequest, desk: Desk | None) -> HttpResponse:
    """Save a desk. One that ends with openings to come is saved once these are called off with a reason."""
    form = DeskForm(request.POST if request.method == "POST" else None, instance=desk)
    ending = CallOffForm(request.POST if "end" in request.POST else None)
    left: dict[str, int] = {}
    if request.method == "POST" and form.is_valid():
        left = {} if form.cleaned_data["active"] or desk is None else _left_by(desk)
        if not left or ending.is_valid():
            try:
                saved = _save(form, by=request.user, reason=ending.cleaned_data["reason"] if left else "")
            except Refused as refusal:  # one has begun in this very moment
                ending.add_error(None, str(refusal))
            else:
                messages.success(request, _("「%(desk)s」を保存しました。") % {"desk": saved})
                return redirect("consult:openings") if desk else redirect("consult:open_dates", saved.pk)
    context = {"form": form, "desk": desk, "ending": ending, "left": left, "record": partial(record_of, desk)}
    return render(request, "consult/desk_form.html", context)


def _left_by(desk: Desk) -> dict[str, int]:
    """What an end of ``desk`` calls off: openings, and how many people and reservations of theirs. {} for nothing."""
    openings = desk.still_to_open()
    live = Assignment.objects.filter(shift__in=openings.values("shift"), status__in=Assignment.LIVE)
    people = live.exclude(status=Assignment.Status.PROPOSED).values("supporter").distinct()
    reserved = Reservation.objects.standing().filter(opening__in=openings)
    count = openings.count()
    return {"openings": count, "people": people.count(), "reserved": reserved.count()} if count else {}


@transaction.atomic
def _save(form: DeskForm, *, by: Any, reason: str) -> Desk:
    desk = form.save()
    desk.set_slots()
    if reason:
        desk.call_off_all(by=by, reason=reason)
    return desk


@coordinator_only
def activities(request: HttpRequest) -> HttpResponse:
    form = ActivityForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        facts: dict[str, Any] = form.cleaned_data
        try:
            Activity.objects.log(by=request.user, **facts)
        except ActivityLogged as refusal:
            form.add_error("name", str(refusal))
        except NotYetHeld as refusal:
            form.add_error("date", str(refusal))
        else:
            messages.success(request, _("「%(name)s」を記録しました。") % {"name": facts["name"]})
            return redirect("consult:activities")
    rows = Activity.objects.select_related("district", "logged_by")
    page = Paginator(rows, ACTIVITIES_A_PAGE).get_page(request.GET.get("page"))
    shown = partial(record_of, *page, called={row: str(row) for row in page})
    return render(request, "consult/activities.html", {"form": form, "page": page, "record": shown})

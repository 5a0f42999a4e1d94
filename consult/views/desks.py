"""The coordinator's pages: desks, their dates, and activities that are counted without a request."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.errors import ActivityLogged, NotYetHeld
from consult.forms.desks import ActivityForm, CallOffForm, DeskForm, PeriodForm
from consult.models import Activity, Desk, Opening
from programme.access import coordinator_only
from programme.errors import Refused
from programme.models import Limits
from supporters.models import Assignment

OPENINGS_SHOWN = 5
ACTIVITIES_A_PAGE = 50


@coordinator_only
def openings(request: HttpRequest) -> HttpResponse:
    """All desks with their coming openings and how many people each has."""
    today = timezone.localdate()
    coming = Opening.objects.filter(date__gte=today).with_staffing().with_cases().select_related("shift")
    desks = list(
        Desk.objects.select_related("venue__district").prefetch_related(
            Prefetch("openings", queryset=coming, to_attr="coming")
        )
    )
    context = {
        "desks": [desk for desk in desks if desk.active],
        "former": [desk for desk in desks if not desk.active],
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
    may_call_off = not found.is_cancelled and found.shift.starts_at > timezone.now()
    context = {"opening": found, "team": team, "may_call_off": may_call_off, "today": timezone.localdate()}
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
    people = found.shift.assignments.filter(status__in=Assignment.LIVE).exclude(status=Assignment.Status.PROPOSED)
    context = {"form": form, "opening": found, "people": people.select_related("supporter")}
    return render(request, "consult/call_off.html", context)


@coordinator_only
def open_dates(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a desk's dates for a period: first shown (``preview``), then made."""
    desk = get_object_or_404(Desk.objects.select_related("venue__closures"), pk=pk)
    form = PeriodForm(request.POST if request.method == "POST" else None, initial=_usual_period(desk))
    plan = None
    if request.method == "POST" and form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        plan = desk.plan_dates(first, last)
        if "preview" not in request.POST:
            made = desk.open_dates(first, last)
            if made:
                messages.success(request, _("開設日を%(count)s日分作りました。") % {"count": len(made)})
            else:
                messages.info(request, _("新しく作る日はありませんでした。もう作ってあります。"))
            return redirect("consult:openings")
    return render(request, "consult/open_dates.html", {"desk": desk, "form": form, "plan": plan})


def _usual_period(desk: Desk) -> dict[str, dt.date]:
    """From the day after the last opening, as far ahead as the programme plans."""
    today = timezone.localdate()
    last_made = desk.openings.filter(date__gte=today).order_by("date").values_list("date", flat=True).last()
    first = last_made + dt.timedelta(days=1) if last_made else today
    return {"first": first, "last": max(today, first) + dt.timedelta(days=Limits.current().desk_days_ahead)}


@coordinator_only
def desk_new(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@coordinator_only
def desk_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Desk, pk=pk))


def _edit(request: HttpRequest, desk: Desk | None) -> HttpResponse:
    form = DeskForm(request.POST if request.method == "POST" else None, instance=desk)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, _("「%(desk)s」を保存しました。") % {"desk": saved})
        return redirect("consult:openings") if desk else redirect("consult:open_dates", saved.pk)
    return render(request, "consult/desk_form.html", {"form": form, "desk": desk})


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
    return render(request, "consult/activities.html", {"form": form, "page": page})

"""The week board's pages: the week, a person for a shift, a shift for a person. Every step works without a script."""

import datetime as dt
import json
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from programme.access import UserRequest, coordinator_only
from programme.choices import FactChoice
from programme.errors import ChangedMeanwhile, Refused
from programme.models import District
from support_requests.board import sandbox
from support_requests.board.errors import NotOnShift
from support_requests.board.week import judge, people_of, places_to_go, steps_of_open, tally_after, week_of
from support_requests.forms import PeopleForm
from support_requests.models import Board, BoardStep
from supporters.asking import asked_often
from supporters.models import Shift, Supporter

PEOPLE_A_PAGE, CHOICES_A_PAGE = 20, 10
WEEK = dt.timedelta(days=7)
FIRST_YEAR, LAST_YEAR = 2000, 2999


class BoardFilter(forms.Form):
    district = FactChoice(
        label=gettext_lazy("地区"),
        queryset=District.objects.all(),
        required=False,
        empty_label=gettext_lazy("すべて"),
    )


def _monday(text: str) -> dt.date:
    """The Monday of the week in which the day ``text`` (ISO) lies; of this week for anything else."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = timezone.localdate()
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        day = timezone.localdate()
    return day - dt.timedelta(days=day.weekday())


def _day(text: str, monday: dt.date) -> dt.date | None:
    """The day ``text`` (ISO) if it lies in the week that begins with ``monday``."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if monday <= day < monday + WEEK else None


def _address(monday: dt.date, **more: object) -> str:
    query = {"week": monday.isoformat()} | {name: value for name, value in more.items() if value}
    return f"{reverse('support_requests:board')}?{urlencode(query)}"


@coordinator_only
def board(request: UserRequest) -> HttpResponse:
    """Shifts × days, or people × days, with the steps proposed and what speaks against them."""
    monday = _monday(request.GET.get("week", ""))
    boards = list(Board.objects.of(request.user, monday))
    found = next((one for one in boards if one.committed_at is None), None)
    done = {one.committed_at: one for one in boards if one.committed_at and not one.undone_at}
    form = BoardFilter(request.GET)
    district = form.cleaned_data["district"] if form.is_valid() else None
    by_people = request.GET.get("view") == "people"
    keep = {"district": district.pk if district else "", "view": "people" if by_people else ""}
    day = None if by_people else _day(request.GET.get("day", ""), monday)
    page: Any = None
    if by_people:
        page = Paginator(people_of(monday, found, district), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
        page.object_list = list(page.object_list)
    week = week_of(monday, found, district, day=day, people=page.object_list if page else None)
    context = {
        "week": week,
        "people": week.by_person(page.object_list) if page else [],
        "page": page,
        "by_people": by_people,
        "day": day,
        "board": found,
        "seen": json.dumps(week.seen),
        "last": done[max(done)] if done else None,
        "form": form,
        "today": timezone.localdate(),
        "previous_url": _address(monday - WEEK, **keep),
        "next_url": _address(monday + WEEK, **keep),
        "week_url": _address(monday, **keep),
        "shifts_url": _address(monday, district=keep["district"]),
        "people_url": _address(monday, district=keep["district"], view="people"),
        "last_day": monday + dt.timedelta(days=6),
    }
    return render(request, "support_requests/board/board.html", context)


@require_POST
@coordinator_only
def propose(request: UserRequest) -> HttpResponse:
    """One step: from a button, or dropped there. A duty that is dropped on another person passes to them: two steps."""
    monday = _monday(request.POST.get("week", ""))
    supporter, instead_of = (
        Supporter.objects.filter(pk=_key(request.POST.get(name))).first() for name in ("supporter", "instead_of")
    )
    leaves, goes = (_shift(request.POST.get(name)) for name in ("leaves", "goes"))
    if supporter is None or (leaves is None and goes is None):
        messages.error(request, str(NotOnShift()))
        return _back(request, monday, "proposals")
    how = BoardStep.How.AGREED if request.POST.get("how") == BoardStep.How.AGREED else BoardStep.How.ASK
    reason = request.POST.get("reason", "")[:200]
    step = partial(sandbox.propose, by=request.user, monday=monday, how=how, reason=reason)
    try:
        with transaction.atomic():
            if instead_of and goes:
                step(supporter=instead_of, leaves=goes, goes=None)
            step(supporter=supporter, leaves=leaves, goes=goes)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return _back(request, monday, "proposals")


def _key(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _shift(text: str | None) -> Shift | None:
    return get_object_or_404(Shift, pk=_key(text)) if text else None


def _back(request: HttpRequest, monday: dt.date, anchor: str) -> HttpResponseRedirect:
    view = "people" if request.POST.get("view") == "people" else ""
    day = _day(request.POST.get("day", ""), monday)
    address = _address(monday, view=view, district=request.POST.get("district", "")[:20], day=day)
    return HttpResponseRedirect(f"{address}#{anchor}")


@require_POST
@coordinator_only
def act(request: UserRequest, pk: int) -> HttpResponse:
    """Commit, clear or undo a board, or drop one of its steps."""
    found = get_object_or_404(Board, pk=pk, made_by=request.user)
    by: Any = request.user
    try:
        match request.POST.get("action", "").split(":"):
            case ["commit"]:
                count = sandbox.commit(found, sandbox.read_state(request.POST.get("seen", "")), by=by)
                messages.success(request, _("%(count)s件を確定しました。本人に知らせます。") % {"count": count})
            case ["undo"]:
                count = sandbox.undo(found, by=by)
                messages.success(request, _("%(count)s件を元に戻しました。本人に知らせます。") % {"count": count})
            case ["clear"]:
                Board.objects.open().filter(pk=found.pk).delete()
                messages.success(request, _("案をすべて消しました。だれにも知らせていません。"))
            case ["drop", step]:
                BoardStep.objects.filter(board=found, board__committed_at=None, pk=_key(step)).delete()
            case _other:
                messages.error(request, str(ChangedMeanwhile()))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return _back(request, found.monday, "proposals")


@coordinator_only
def people(request: UserRequest, pk: int) -> HttpResponse:
    """Who could come to a shift, as things would be after the steps, and what stands against the others."""
    shift = get_object_or_404(Shift.objects.select_related("venue"), pk=pk)
    monday = _monday(shift.local_date.isoformat())
    form = PeopleForm(request.GET)
    q = form.cleaned_data["q"] if form.is_valid() else ""
    rows = (Supporter.objects.found_by(q) if q else Supporter.objects.all()).active()
    page: Any = Paginator(rows, CHOICES_A_PAGE).get_page(request.GET.get("page"))
    steps = _steps(request, monday)
    tally = tally_after(steps, page.object_list, [shift])
    found = [tally.choice(one, shift) for one in tally.people]
    coming = {step.supporter_id for step in steps if step.goes_id == shift.pk}
    rows_of = [(one, one.supporter.pk in coming or tally.is_on(one.supporter, shift)) for one in found]
    rows_of.sort(key=lambda row: (row[1], bool(row[0].against), bool(row[0].doubts)))
    context = {"shift": shift, "monday": monday, "form": form, "page": page, "rows": rows_of, "q": q}
    context["board_url"] = _address(monday)
    return render(request, "support_requests/board/people.html", context)


@coordinator_only
def person(request: UserRequest, pk: int) -> HttpResponse:
    """Where a person could go in a week, instead of the shift ``leaves`` if one is named, or be taken off it."""
    monday = _monday(request.GET.get("week", ""))
    leaves = _shift(request.GET.get("leaves"))
    steps = _steps(request, monday)
    keys = places_to_go(monday, pk, [step for step in steps if step.supporter_id == pk])
    keys = [key for key in keys if not leaves or key != leaves.pk]
    page: Any = Paginator(keys, CHOICES_A_PAGE).get_page(request.GET.get("page"))
    shifts = Shift.objects.select_related("venue").in_bulk(page.object_list)
    places = [shifts[key] for key in page.object_list if key in shifts]
    tally = tally_after(steps, Supporter.objects.filter(pk=pk), [*places, *([leaves] if leaves else [])])
    if not tally.people:
        raise Http404
    [one] = tally.people
    if leaves:
        tally.release(one, leaves.pk)
    often = asked_often(timezone.now(), tally.limits, [pk])
    choices = [tally.choice(one, shift) for shift in places]
    judged = [(choice, judge(choice, tally, BoardStep.How.AGREED, often)) for choice in choices]
    page.object_list = sorted(judged, key=lambda row: (bool(row[1]), bool(row[0].doubts), row[0].shift.starts_at))
    context = {"one": one, "leaves": leaves, "monday": monday, "page": page, "board_url": _address(monday)}
    return render(request, "support_requests/board/person.html", context)


def _steps(request: UserRequest, monday: dt.date) -> list[BoardStep]:
    """The open board's steps."""
    return steps_of_open(Board.objects.of(request.user, monday))

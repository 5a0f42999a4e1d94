"""The rota: batches of dates, moved dates, who is put on them, standing teams; and the places that people take."""

from types import SimpleNamespace
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consult import moving, staffing, teams
from consult.errors import BookingsFall, ReasonMissing, VenueShut
from consult.forms.rota import MoveForm, PeopleFilter, ReopenForm, TeamForm
from consult.models import Desk, Opening, OpeningBatch, StandingMember, StandingTeam
from programme.access import coordinator_only
from programme.errors import Refused
from programme.wording import say_list
from supporters.asking import ask
from supporters.choosing import Tally
from supporters.models import Assignment, Supporter

PEOPLE_A_PAGE = 15


# --- Batches -------------------------------------------------------------------------------------------
@coordinator_only
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """What was made at one time; one button takes back what nobody has touched."""
    found = get_object_or_404(OpeningBatch.objects.select_related("desk"), pk=pk)
    if request.method == "POST":
        removed = found.undo(by=request.user)
        if removed:
            messages.success(request, _("開設日を%(count)s日分、元に戻しました。") % {"count": len(removed)})
        else:
            messages.info(request, _("元に戻す開設日は、もうありません。"))
        return redirect("consult:batch", pk)
    kept = found.kept()
    touched = {one.opening.pk for one in kept}
    fresh = [one for one in found.openings.select_related("shift").order_by("date") if one.pk not in touched]
    has_team = StandingMember.objects.filter(team__desk=found.desk).exists()
    return render(request, "consult/batch.html", {"batch": found, "fresh": fresh, "kept": kept, "has_team": has_team})


# --- Single dates --------------------------------------------------------------------------------------
@coordinator_only
def move(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Opening.objects.select_related("desk__venue__closures", "shift"), pk=pk)
    shift = found.shift
    now = {
        "date": found.date,
        "opens": timezone.localtime(shift.starts_at).time(),
        "closes": timezone.localtime(shift.ends_at).time(),
    }
    form = MoveForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            leaving = moving.move(
                found,
                data["date"],
                data["opens"],
                data["closes"],
                by=request.user,
                reason=data["reason"],
                although_closed=data["although_closed"],
                although_booked=data["although_booked"],
            )
        except BookingsFall as refusal:
            form.add_error("although_booked", str(refusal))
        except VenueShut as refusal:
            form.add_error("date", str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("日時を変えました。担当のサポーターと、予約した方にお知らせを送ります。"))
            if leaving:
                names = say_list(one.supporter.name for one in leaving)
                messages.warning(request, _("新しい日時に行けないため、担当から外れた人: %(names)s") % {"names": names})
            return redirect("consult:opening", found.pk)
    if not found.reservations.standing().exists():
        del form.fields["although_booked"]
    return render(request, "consult/move.html", {"form": form, "opening": found, **concerned(found)})


@coordinator_only
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a date again that was called off."""
    found = get_object_or_404(Opening.objects.select_related("desk__venue__closures", "shift"), pk=pk)
    if not found.is_cancelled:
        return redirect("consult:opening", found.pk)
    form = ReopenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            found.reopen(although_closed=form.cleaned_data["although_closed"])
        except VenueShut as refusal:
            form.add_error("although_closed", str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("この日を開き直しました。担当を決めてください。"))
            return redirect("consult:opening", found.pk)
    if not found.desk.venue.closed_on(found.date):
        del form.fields["although_closed"]
    told = found.shift.assignments.filter(
        moves__at__gte=found.shift.cancelled_at,
        moves__from_status__in=set(Assignment.LIVE) - {Assignment.Status.PROPOSED},
        moves__to_status=Assignment.Status.CANCELLED,
    )
    context = {"form": form, "opening": found, "told": told.select_related("supporter")}
    return render(request, "consult/reopen.html", context)


def concerned(opening: Opening) -> dict[str, Any]:
    """Who is told when the opening moves or stays shut."""
    live = opening.shift.assignments.filter(status__in=Assignment.LIVE).exclude(status=Assignment.Status.PROPOSED)
    return {
        "people": list(live.select_related("supporter")),
        "reserved": opening.reservations.standing().count(),
    }


@coordinator_only
def urgent(request: HttpRequest) -> HttpResponse:
    """Openings of the next 14 days without their people."""
    now = timezone.now()
    rows = Opening.objects.short_of_people(now, now + staffing.URGENT)
    rows = rows.select_related("desk__venue__district", "shift").order_by("shift__starts_at", "pk")
    page = Paginator(rows, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "consult/urgent.html", {"page": page})


@coordinator_only
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Who could go to an opening, the nearest first, and what stands against the others; put down or ask one."""
    found = get_object_or_404(Opening.objects.select_related("desk", "shift__venue"), pk=pk)
    form = PeopleFilter(request.GET)
    refused: dict[str, Any] = {}
    if request.POST.get("how") == "room":
        _make_room(request, found)
        return redirect("consult:people", found.pk)
    if request.method == "POST":
        refused = _put_or_ask(request, found)
        if not refused:
            return redirect("consult:opening", found.pk)
    q = form.cleaned_data["q"] if form.is_valid() else ""
    page: Any = Paginator(staffing.NearestFirst(found, q), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    tally = Tally(page.object_list.select_related("contact"), [found.shift])
    choices = [tally.choice(one, found.shift) for one in tally.people]
    there = {one.supporter.pk for one in choices if tally.is_on(one.supporter, found.shift)}
    choices.sort(key=lambda one: (one.supporter.pk in there, bool(one.against), bool(one.doubts)))
    context = {"opening": found, "form": form, "page": page, "choices": choices, "there": there, "refused": refused}
    context |= {"count": SimpleNamespace(**tally.staffing(found.shift)), "is_full": tally.is_full(found.shift)}
    return render(request, "consult/people.html", context)


def _make_room(request: HttpRequest, opening: Opening) -> None:
    try:
        opening.shift.make_room()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("人数を1人ふやしました。担当を選んでください。"))


def _put_or_ask(request: HttpRequest, opening: Opening) -> dict[str, Any]:
    """What the button asks for; {} when it was done, else whom it was about, why not, and the reason as typed."""
    key = request.POST.get("supporter", "")
    supporter = get_object_or_404(Supporter, pk=key if key.isdecimal() else 0)
    reason = request.POST.get("reason", "")[:200]
    try:
        if request.POST.get("how") == "ask":
            ask(opening.shift, supporter, by=request.user)
            messages.success(request, _("%(name)sさんに、お願いを送ります。") % {"name": supporter.name})
        else:
            staffing.put_down(opening, supporter, by=request.user, reason=reason)
            done = _("%(name)sさんを担当にしました。お知らせを送ります。")
            messages.success(request, done % {"name": supporter.name})
    except ReasonMissing:
        return {"supporter": supporter, "why": _("この人にお願いする理由を入力してください。"), "reason": reason}
    except Refused as refusal:
        return {"supporter": supporter, "why": str(refusal), "reason": reason}
    return {}


# --- Standing teams ------------------------------------------------------------------------------------
@coordinator_only
def standing(request: HttpRequest, pk: int) -> HttpResponse:
    """A desk's standing teams, what they would be put on now, and a form for one more team."""
    desk = get_object_or_404(Desk, pk=pk)
    form = TeamForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        team, _is_new = desk.teams.get_or_create(rule=form.rule())
        return redirect("consult:team", team.pk)
    members = Prefetch("members", StandingMember.objects.select_related("supporter"))
    context = {
        "desk": desk,
        "form": form,
        "teams": desk.teams.prefetch_related(members),
        "placements": teams.outlook(desk),
    }
    return render(request, "consult/standing.html", context)


@coordinator_only
@require_POST
def fill(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the standing teams on the desk's openings."""
    desk = get_object_or_404(Desk, pk=pk)
    say_filled(request, teams.fill(desk, by=request.user))
    return redirect("consult:standing", pk)


def say_filled(request: HttpRequest, placements: list[teams.Placement]) -> None:
    counts = {result: sum(one.result == result for one in placements) for result in teams.Result}
    facts = {
        "accepted": counts[teams.Result.ACCEPTED],
        "offered": counts[teams.Result.OFFERED],
        "skipped": counts[teams.Result.SKIPPED],
    }
    messages.success(
        request,
        _("固定の担当: 決まり %(accepted)s件、お願い %(offered)s件、入れられなかったもの %(skipped)s件。") % facts,
    )


@coordinator_only
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """One standing team: its people, and whether each agrees to be put down without being asked."""
    found = get_object_or_404(StandingTeam.objects.select_related("desk__venue__district"), pk=pk)
    if request.method == "POST":
        return _change_team(request, found)
    form = PeopleFilter(request.GET)
    q = form.cleaned_data["q"] if form.is_valid() else ""
    members = list(found.members.select_related("supporter__home_district"))
    others = Supporter.objects.found_by(q) if q else Supporter.objects.all()
    others = others.active().exclude(pk__in=[one.supporter_id for one in members]).select_related("home_district")
    page = Paginator(others, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    context = {"team": found, "members": members, "form": form, "page": page}
    return render(request, "consult/team.html", context)


def _change_team(request: HttpRequest, found: StandingTeam) -> HttpResponse:
    if request.POST.get("how") == "dissolve":
        found.delete()
        messages.success(request, _("固定の担当をやめました。もう決まった担当は、そのままです。"))
        return redirect("consult:standing", found.desk_id)
    key = request.POST.get("supporter", "")
    supporter = get_object_or_404(Supporter, pk=key if key.isdecimal() else 0)
    match request.POST.get("how"):
        case "agreed":
            found.put(supporter, agrees=True, by=request.user)
        case "ask":
            found.put(supporter, agrees=False, by=request.user)
        case "remove":
            found.drop(supporter)
        case _other:
            raise Http404
    messages.success(request, _("固定の担当を保存しました。"))
    return redirect("consult:team", found.pk)

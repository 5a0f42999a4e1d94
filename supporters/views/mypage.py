"""マイページ: what a supporter sees and tells about the own duties and time."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from notifications import links
from programme.access import signed_in
from programme.errors import Refused
from programme.models import Course, Limits, Programme
from supporters.attending import Door, door
from supporters.figures import own_figures
from supporters.forms import AbsenceForm, FreeTimesForm, LimitsForm, OwnFactsForm, ReasonForm, SkillsForm
from supporters.joining import join, open_places
from supporters.messages import OFFER
from supporters.models import Absence, Assignment, CheckIn, Shift, SpecialNeed, Supporter
from supporters.owners import links_of, owner_of, thanks_of
from supporters.services import put_right, set_free_times, set_skills
from supporters.views.registering import with_address_of_postcode
from supporters.views.replies import told

# How long a duty stays on the page, to be reported or for the thanks.
REPORTS_SINCE = dt.timedelta(days=60)
PLACES_A_PAGE = 20

MyView = Callable[..., HttpResponseBase]


def supporter_only(view: MyView) -> MyView:
    """Hands the signed-in person's own supporter to the view; who has none yet is sent to registration."""

    @signed_in
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user: Any = request.user
        supporter = Supporter.objects.filter(user=user).first()
        if supporter is None:
            return redirect("supporters:register")
        return view(request, supporter, *args, **kwargs)

    return guarded


@dataclass(frozen=True, slots=True)
class Gate:
    """What the person, or the guardian, has to do first, or nothing is asked of them."""

    courses: list[Course]
    guardian: str
    """"asked", "unasked" or "revoked" while a consent is needed and none stands, else "" """

    @property
    def is_open(self) -> bool:
        return not self.courses and not self.guardian


def _gate_of(supporter: Supporter) -> Gate:
    may_learn = supporter.status in (Supporter.Status.TRAINING, Supporter.Status.ACTIVE)
    guardian = ""
    if supporter.status != Supporter.Status.WITHDRAWN and supporter.needs_consent() and not supporter.has_consent():
        last = supporter.consents.last()
        guardian = "unasked" if last is None else "revoked" if last.revoked_at else "asked"
    return Gate(supporter.missing_courses() if may_learn else [], guardian)


@supporter_only
def home(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """What comes next, what is asked, what is to be reported, where the person stands, what it came to."""
    team = Prefetch(
        "shift__assignments", Assignment.objects.held().select_related("supporter").order_by("pk"), to_attr="team"
    )
    mine = supporter.assignments.select_related("shift__venue__district", "shift__room", "check_in").prefetch_related(
        team, "shift__topics__topic"
    )
    rows = list(mine.filter(shift__starts_at__gte=timezone.now() - REPORTS_SINCE).order_by("shift__starts_at"))
    held = [row for row in rows if row.is_held]
    now = timezone.now()
    offered = [row for row in rows if row.status == Assignment.Status.OFFERED and not row.is_overdue]
    owner_links = links_of(row.shift for row in held)
    attended = [row for row in reversed(rows) if row.status == Assignment.Status.ATTENDED]
    thanks = thanks_of(row.shift for row in attended)
    limits = Limits.current()
    cards = [_card(row, owner_links) | {"door": door(row, limits, now)} for row in held]
    duties = [one for one in cards if one["row"].shift.ends_at > now]
    past = [one for one in cards if one["row"].shift.ends_at <= now and (one["links"] or one["door"] == Door.LATE)]
    return render(
        request,
        "supporters/home.html",
        {
            "supporter": supporter,
            "gate": _gate_of(supporter),
            "places": len(open_places(supporter)) if supporter.status == Supporter.Status.ACTIVE else 0,
            "offers": [_card(row) for row in offered if row.shift.starts_at > now],
            "applied": [
                _card(row) for row in rows if row.status == Assignment.Status.APPLIED and row.shift.starts_at > now
            ],
            "next": _next(duties[0]) if duties else None,
            "duties": duties[1:],
            "past": past[::-1],
            "figures": own_figures(supporter, now),
            "reasons": CheckIn.LateBecause.choices,
            "thanks": [(row.shift, thanks[row.shift_id]) for row in attended if row.shift_id in thanks],
        },
    )


def _card(row: Assignment, owner_links: Any = None) -> dict[str, Any]:
    return {
        "row": row,
        "url": _offer_url(row),
        "team": [mate for mate in row.shift.team if mate.pk != row.pk],  # type: ignore[attr-defined]  # prefetched
        "links": (owner_links or {}).get(row.shift_id, []),
        "to_come": row.shift.starts_at > timezone.now(),
    }


def _offer_url(row: Assignment) -> str:
    return reverse("supporters:offer", args=[links.token(OFFER, row.pk)])


def _next(duty: dict[str, Any]) -> dict[str, Any]:
    """The next duty, with the way there and what the group needs."""
    shift: Shift = duty["row"].shift
    city = Programme.objects.values_list("city", flat=True).first() or ""
    today = shift.local_date == timezone.localdate()
    return {
        **duty,
        "ring": owner_of(shift).ring(shift) if today else None,
        "map_url": shift.venue.map_url(city),
        "topics": [need.topic for need in shift.topics.all()],
        "needs": [need.label for need in SpecialNeed if need in shift.needs],
        "today": today,
    }


@supporter_only
def places(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """The shifts with a place that the signed-in supporter may take, or apply for: one tap here."""
    if request.method == "POST":
        key = request.POST.get("shift", "")
        shift = get_object_or_404(Shift.objects.select_related("venue__district"), pk=key if key.isdecimal() else 0)
        try:
            row = join(shift, supporter, by=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _say_joined(row))
        return redirect("supporters:places")
    found = open_places(supporter) if supporter.status == Supporter.Status.ACTIVE else []
    page = Paginator(found, PLACES_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "supporter": supporter, "gate": _gate_of(supporter)}
    return render(request, "supporters/places.html", context)


def _say_joined(row: Assignment) -> str:
    if row.status == Assignment.Status.APPLIED:
        return _("応募しました。決まったら、お知らせします。マイページで取り消せます。")
    if row.status == Assignment.Status.OFFERED:
        return _("この活動は、もうお願いが届いています。マイページからお返事をお願いします。")
    return _("決まりました。マイページにあります。")


@supporter_only
def free_times(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """The usual week."""
    form = FreeTimesForm(request.POST or None, initial={"week": FreeTimesForm.times_of(supporter)})
    if request.method == "POST" and form.is_valid():
        set_free_times(supporter, form.free_times())
        messages.success(request, _("活動できる曜日と時間を保存しました。"))
        return redirect("supporters:home")
    return render(request, "supporters/free_times.html", {"form": form})


@supporter_only
def skills(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """What the person can teach."""
    form = SkillsForm(request.POST or None, supporter=supporter)
    if request.method == "POST" and form.is_valid():
        set_skills(supporter, form.cleaned_data["skills"])
        messages.success(request, _("教えられることを保存しました。"))
        return redirect("supporters:home")
    return render(request, "supporters/skills.html", {"form": form})


@supporter_only
def limits(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """How often and how far."""
    form = LimitsForm(request.POST or None, instance=supporter)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("回数と場所を保存しました。"))
        return redirect("supporters:home")
    return render(request, "supporters/limits.html", {"form": form})


@supporter_only
def own_facts(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Name, address, district and what the person brings; what the programme checks only the office puts right."""
    data, filled = with_address_of_postcode(request.POST) if request.method == "POST" else (None, False)
    form = OwnFactsForm(data, supporter=supporter)
    if filled:
        messages.info(request, _("郵便番号から住所を入れました。つづき(番地など)を入力してください。"))
    elif request.method == "POST" and form.is_valid():
        put_right(supporter, form.cleaned_data, by=request.user)
        messages.success(request, _("名前と住所を保存しました。"))
        return redirect("supporters:home")
    return render(request, "supporters/own_facts.html", {"form": form, "supporter": supporter})


@supporter_only
def absences(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Days on which the person cannot come after all: a list, what is promised for them, and a form for one more."""
    form = AbsenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = form.save_for(supporter)
        messages.success(request, _("お休みする日を追加しました。"))
        if promised := _promised_in(supporter.absences.filter(pk=added.pk)).count():
            say = _("このあいだに決まっている活動が%(count)s件あります。行けないものは、下の一覧からお知らせください。")
            messages.warning(request, say % {"count": promised})
        return redirect("supporters:absences")
    coming = supporter.absences.filter(ends_at__gt=timezone.now())
    rows = _promised_in(supporter.absences.all()).select_related("shift__venue")
    context = {"form": form, "absences": coming, "duties": [(row, _offer_url(row)) for row in rows]}
    return render(request, "supporters/absences.html", context)


def _promised_in(absences: QuerySet[Absence]) -> QuerySet[Assignment]:
    """What the person has said yes to and that lies in ``absences``, all theirs."""
    away = absences.filter(
        supporter=OuterRef("supporter"),
        starts_at__lt=OuterRef("shift__ends_at"),
        ends_at__gt=OuterRef("shift__starts_at"),
    )
    return Assignment.objects.upcoming().filter(Exists(away), status=Assignment.Status.ACCEPTED)


@require_POST
@supporter_only
def remove_absence(request: HttpRequest, supporter: Supporter, pk: int) -> HttpResponse:
    get_object_or_404(supporter.absences, pk=pk).delete()
    messages.success(request, _("お休みする日を取り消しました。"))
    return redirect("supporters:absences")


@supporter_only
def rest(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Pause, resume, leave, come back."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _change_status(request, supporter, reason=form.cleaned_data["reason"])
        return redirect("supporters:home")
    promised = supporter.assignments.upcoming().filter(status=Assignment.Status.ACCEPTED).count()
    return render(request, "supporters/rest.html", {"form": form, "supporter": supporter, "promised": promised})


def _change_status(request: HttpRequest, supporter: Supporter, *, reason: str) -> None:
    match request.POST.get("wish"):
        case "pause":
            with told(request, _("お休みにしました。また活動できるときに「再開する」を押してください。")):
                supporter.pause(by=request.user, reason=reason)
        case "resume":
            with told(request, _("活動を再開しました。ありがとうございます。")):
                supporter.resume(by=request.user)
        case "withdraw":
            with told(request, _("退会の手続きをしました。これまでありがとうございました。")):
                supporter.withdraw(by=request.user, reason=reason)
        case "return":
            with told(request, _("申込みを受け付けました。お帰りなさい。")):
                supporter.apply_again(by=request.user)
        case _other:
            raise Http404

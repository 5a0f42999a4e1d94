"""The log: a case in three taps; and putting one right."""

import datetime as dt
import uuid
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.codes import Codes, common_topics
from consult.errors import SameIdOtherCase
from consult.forms.log import COMMON_AT_MOST, CorrectForm, LogForm, VoidForm
from consult.models import Consultation, Opening
from consult.trail import tell
from programme.access import signed_in
from programme.errors import Refused
from programme.models import User

# How long an opening stands on the list of those that somebody forgot to log.
LATE_DAYS = 14


@signed_in
def log_home(request: HttpRequest) -> HttpResponse:
    """Today's openings that the account may log for, and the last ones; a desk's own account goes straight on."""
    today, user = timezone.localdate(), cast(User, request.user)
    mine = Opening.objects.visible_to(user).select_related("desk__venue", "shift")
    openings = list(mine.standing().filter(date=today).with_cases().order_by("shift__starts_at", "pk"))
    if user.is_desk and len(openings) == 1:
        return redirect("consult:log", openings[0].pk)
    late = mine.standing().filter(date__lt=today, date__gte=today - dt.timedelta(days=LATE_DAYS))
    coming = mine.standing().filter(date__gt=today).order_by("date", "shift__starts_at").first()
    context = {
        "openings": openings,
        "late": late.with_cases().order_by("-date", "pk"),
        "coming": coming,
        "today": today,
    }
    return render(request, "consult/log_home.html", context)


@signed_in
def log(request: HttpRequest, pk: int) -> HttpResponse:
    mine = Opening.objects.visible_to(request.user).select_related("desk__venue", "shift")
    opening = get_object_or_404(mine, pk=pk)
    if opening.date > timezone.localdate():
        return render(request, "consult/log_early.html", {"opening": opening})
    codes, common = Codes.load(), common_topics(COMMON_AT_MOST)
    form = LogForm(
        request.POST if request.method == "POST" else None, initial={"id": uuid.uuid4()}, codes=codes, common=common
    )
    if request.method == "POST" and form.is_valid():
        try:
            Consultation.objects.log(pk=form.cleaned_data["id"], opening=opening, by=request.user, **form.facts())
        except SameIdOtherCase:
            # "Back", other answers, "save": the first case is safe, and this one is one tap from being another.
            form = form.with_new_id()
            form.add_error(
                None,
                _(
                    "前の記録は保存してあります。下の内容を別の1件として記録するときは、もう一度「保存する」を押してください。"
                ),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _saved(opening))
            return redirect("consult:log", opening.pk)
    return render(request, "consult/log.html", {"form": form, "opening": opening, **_cases(request, opening)})


def _saved(opening: Opening) -> str:
    count = opening.consultations.counted().count()
    if opening.date == timezone.localdate():
        return _("記録しました(今日 %(count)s件)") % {"count": count}
    return _("記録しました(この日 %(count)s件)") % {"count": count}


def _cases(request: HttpRequest, opening: Opening) -> dict[str, object]:
    """The opening's cases, the newest first, how many count, and the one that the account has just logged."""
    cases = list(
        Consultation.objects.visible_to(request.user)
        .filter(opening=opening)
        .select_related("topic", "outcome", "logged_by", "tablet", "on_duty__supporter")
        .prefetch_related("more_topics")
        .order_by("-logged_at")
    )
    standing = [case for case in cases if not case.is_void]
    taps = (case for case in standing if case.source == Consultation.Source.TAP)
    latest = next((case for case in taps if case.logged_by_id == request.user.pk), None)
    return {
        "cases": cases,
        "count": len(standing),
        "latest": latest,
        "is_today": opening.date == timezone.localdate(),
    }


def _case(request: HttpRequest, pk: uuid.UUID) -> Consultation:
    mine = Consultation.objects.visible_to(request.user)
    return get_object_or_404(mine.select_related("topic", "outcome", "desk").prefetch_related("more_topics"), pk=pk)


def _back(case: Consultation) -> HttpResponse:
    return redirect("consult:log", case.opening_id) if case.opening_id else redirect("consult:log_home")


@signed_in
def void(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    case = _case(request, pk)
    form = VoidForm(request.POST if request.method == "POST" else None, initial={"why": VoidForm.WHY[0][0]})
    if request.method == "POST" and form.is_valid():
        try:
            case.void(by=request.user, reason=form.reason)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("記録を取り消しました。件数には入りません。"))
            return _back(case)
    return render(request, "consult/void.html", {"form": form, "case": case})


@signed_in
def correct(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    case = _case(request, pk)
    codes, common = Codes.load(), common_topics(COMMON_AT_MOST)
    form = CorrectForm(request.POST if request.method == "POST" else None, case=case, codes=codes, common=common)
    if request.method == "POST" and form.is_valid():
        try:
            changes = case.correct(by=request.user, reason=form.cleaned_data["reason"], **form.facts())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            if changes:
                messages.success(request, _("記録を直しました。前の値も残してあります。"))
            else:
                messages.info(request, _("変わったところはありませんでした。"))
            return _back(case)
    history = tell(case.changes.select_related("by"), codes)
    return render(request, "consult/correct.html", {"form": form, "case": case, "history": history})

"""The office's page of one shift: who is asked, who comes, who would like to; and what they say by telephone."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.access import coordinator_only
from programme.records import record_of
from supporters.forms import FilterForm, JoiningForm
from supporters.models import Assignment, Shift
from supporters.owners import owner_of
from supporters.views.replies import told

Status = Assignment.Status
# What the office may note for somebody in each state: see the buttons in shift.html.
ANSWERS = {
    Status.APPLIED: ("choose", "pass_over"),
    Status.OFFERED: ("accept", "decline"),
    Status.ACCEPTED: ("leave",),
    Status.STANDING_IN_WANTED: ("accept",),
    Status.DECLINED: ("take",),
    Status.LAPSED: ("take",),
    Status.RELEASED: ("take",),
    Status.CANCELLED: ("take",),
    Status.NOT_CHOSEN: ("take",),
}
# After the start, where no report says who was there.
WAS_THERE = {
    Status.ACCEPTED: ("came", "absent"),
    Status.STANDING_IN_WANTED: ("came", "absent"),
    Status.ATTENDED: ("absent",),
    Status.ABSENT: ("came",),
}


@coordinator_only
def shift(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody who was ever asked or applied, each with the answers that may be noted now."""
    found = get_object_or_404(Shift.objects.select_related("venue__district", "room"), pk=pk)
    form = JoiningForm(request.POST if "joining" in request.POST else None, initial={"joining": found.joining})
    if request.method == "POST":
        if "answer" in request.POST:
            _answer(request, found)
        elif form.is_valid():
            Shift.objects.filter(pk=pk).update(joining=form.cleaned_data["joining"])
            messages.success(request, _("空いた所の決め方を保存しました。"))
        return redirect("supporters:shift", pk)
    coming = found.cancelled_at is None and found.starts_at > timezone.now()
    rows = list(found.assignments.select_related("supporter__contact", "check_in").order_by("pk"))
    live = {row.supporter_id for row in rows if row.status in Assignment.LIVE}
    noted = found.cancelled_at is None and not coming and not owner_of(found).reports
    people = [
        (row, _answers(row, live) if coming else WAS_THERE.get(Status(row.status), ()) if noted else ())
        for row in rows
        if row.status != Status.PROPOSED
    ]
    context = {
        "shift": found,
        "people": people,
        "coming": coming,
        "form": form,
        "noted": noted,
        "who_could": FilterForm.for_shift(found) if coming else "",
        "record": partial(record_of, found, *rows, called={row: row.supporter.name for row in rows}),
    }
    return render(request, "supporters/shift.html", context)


def _answers(row: Assignment, live: set[int]) -> tuple[str, ...]:
    """Who was asked again since answers on the newer row."""
    answers = ANSWERS.get(Status(row.status), ())
    return () if answers == ("take",) and row.supporter_id in live else answers


def _answer(request: HttpRequest, found: Shift) -> None:
    """Note what somebody said by telephone, or the office's choice."""
    key = request.POST.get("assignment", "")
    row = get_object_or_404(found.assignments, pk=key if key.isdecimal() else 0)
    by: Any = request.user
    with told(request, _("記録しました。")):
        match request.POST["answer"]:
            case "accept":
                row.accept(by=by)
            case "decline":
                row.decline(by=by, reason=_("電話"))
            case "leave":
                row.want_stand_in(by=by, reason=_("電話"))
            case "choose":
                row.choose(by=by)
            case "pass_over":
                row.pass_over(by=by)
            case "came" | "absent" if not owner_of(found).reports and found.starts_at <= timezone.now():
                row.record_attendance(came=request.POST["answer"] == "came", by=by)
            case "take":
                Assignment.take(found, row.supporter, by=by, reason=_("電話"))
            case _other:
                raise Http404

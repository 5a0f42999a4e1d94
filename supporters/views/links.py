"""Pages behind a signed link, without signing in. Opening one changes nothing: its buttons do. See docs/adr/0005."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from notifications import calendars, links
from notifications.own import bad_link
from programme.errors import Refused
from programme.models import Limits
from supporters.attending import door
from supporters.forms import ReasonForm
from supporters.messages import CONSENT, LIFETIME, OFFER, own_entry
from supporters.models import Assignment, CheckIn, Consent
from supporters.situations import Situation, situation
from supporters.views.checking_in import note
from supporters.views.replies import told


def _assignment(token: str) -> Assignment:
    """Raises BadLink; Http404 when the row is gone."""
    rows = Assignment.objects.select_related("shift__venue__district", "shift__room", "supporter__user", "check_in")
    return get_object_or_404(rows, pk=links.read(OFFER, token, max_age=LIFETIME[OFFER]))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """An offer, and what became of it; the two large buttons answer it."""
    try:
        assignment = _assignment(token)
    except Refused as refusal:
        return bad_link(request, refusal)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _answer(request, assignment, reason=form.cleaned_data["reason"])
        return redirect("supporters:offer", token)
    return render(
        request,
        "supporters/offer.html",
        {
            "assignment": assignment,
            "shift": assignment.shift,
            "situation": situation(assignment),
            "team": assignment.shift.assignments.held().exclude(pk=assignment.pk).select_related("supporter"),
            "form": form,
            "token": token,
            "door": door(assignment, Limits.current(), timezone.now()),
            "reasons": CheckIn.LateBecause.choices,
        },
    )


def _answer(request: HttpRequest, assignment: Assignment, *, reason: str) -> None:
    """Call the verb of the button. What came of it the page says by itself, so only a refusal needs a message."""
    # Whoever holds the link answers for the supporter.
    by: Any = request.user if request.user.is_authenticated else assignment.supporter.user
    match request.POST.get("answer"):
        case "accept":
            with told(request):
                assignment.accept(by=by)
        case "decline":
            with told(request):
                assignment.decline(by=by, reason=reason)
        case "arrive":
            note(request, assignment, by=by, way=CheckIn.Way.PAGE)
        case "leave":
            with told(request):
                assignment.want_stand_in(by=by, reason=reason)
        case _other:
            raise Http404


@never_cache
@require_safe
def offer_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The duty as a file for one's own calendar, while it is one's own."""
    try:
        assignment = _assignment(token)
    except Refused as refusal:
        return bad_link(request, refusal)
    if situation(assignment) not in (Situation.ACCEPTED, Situation.LEAVING, Situation.UNDER_WAY):
        raise Http404
    return HttpResponse(
        calendars.publish(own_entry(assignment)),
        content_type="text/calendar; charset=utf-8; method=PUBLISH",
        headers={"Content-Disposition": f'attachment; filename="mdeji-{assignment.shift.local_date}.ics"'},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, token: str) -> HttpResponse:
    """A guardian reads what it is about, agrees, and may take it back."""
    try:
        row = get_object_or_404(
            Consent.objects.select_related("supporter", "guardian"),
            pk=links.read(CONSENT, token, max_age=LIFETIME[CONSENT]),
        )
    except Refused as refusal:
        return bad_link(request, refusal)
    if request.method == "POST":
        _decide(request, row)
        return redirect("supporters:consent", token)
    context = {"consent": row, "limits": Limits.current(), "needed": row.supporter.needs_consent()}
    return render(request, "supporters/consent.html", context)


def _decide(request: HttpRequest, row: Consent) -> None:
    match request.POST.get("answer"):
        case "give":
            with told(request):
                row.give()
        case "revoke":
            with told(request):
                row.revoke()
        case _other:
            raise Http404

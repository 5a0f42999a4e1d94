"""Reserving a slot without an account, one's own private page, and the day's list for those on duty."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from consult import reserving
from consult.errors import SlotTaken
from consult.forms.reservations import ReservationForm
from consult.messages import LIFETIME, RESERVATION, entry_of
from consult.models import Desk, Opening, Reservation
from notifications import calendars, links
from notifications.own import bad_link
from programme.access import signed_in
from programme.errors import Refused
from programme.tries import Tries

# The coming openings whose slots are offered at once.
OPENINGS_OFFERED = 4
# Within an hour from one address of the network; a hall's visitors share one.
TRIES = Tries("reservation", at_most=30, within=60 * 60)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reserve(request: HttpRequest, pk: int) -> HttpResponse:
    """The form, all on one page; a desk that takes no reservations has none."""
    desk = get_object_or_404(Desk.objects.select_related("venue__district"), pk=pk, active=True, reservable=True)
    form = ReservationForm(request.POST if request.method == "POST" else None, slots=_slots(desk))
    valid = form.is_valid()
    before = _made_before(form)  # after the slots were read: one that a first tap took just now is found here
    if before:
        return redirect("consult:reservation", links.token(RESERVATION, before.pk))
    if valid:
        if TRIES.are_over(request):
            form.add_error(None, _("ただいま予約が混み合っています。少し時間をおいて、もう一度送ってください。"))
        else:
            TRIES.count(request)
            if made := _make(request, form):
                return redirect("consult:reservation", links.token(RESERVATION, made.pk))
    return render(request, "consult/reserve.html", {"desk": desk, "form": form})


def _made_before(form: ReservationForm) -> Reservation | None:
    """What the same form has reserved already, as at a double tap; its slot may be full by now."""
    form_id = form.cleaned_data.get("form_id") if form.is_bound else None
    return Reservation.objects.filter(form_id=form_id).first() if form_id else None


def _slots(desk: Desk) -> list[reserving.Slot]:
    coming = Opening.objects.standing().coming().filter(desk=desk, slot_minutes__isnull=False)
    return reserving.slots(coming.select_related("desk", "shift")[:OPENINGS_OFFERED])


def _make(request: HttpRequest, form: ReservationForm) -> Reservation | None:
    """The reservation, or None with the refusal beside its field; everything typed stays."""
    user: Any = request.user
    try:
        made, _is_new = reserving.reserve(form.wish(), by=user if user.is_authenticated else None)
    except SlotTaken as refusal:
        form.add_error("slot", str(refusal))
    except Refused as refusal:
        form.add_error(None, str(refusal))
    else:
        return made
    return None


def _of_token(token: str) -> Reservation:
    """Raises BadLink or ExpiredLink; Http404 when the row is gone."""
    rows = Reservation.objects.select_related("opening__desk", "opening__shift__venue__district", "topic")
    return get_object_or_404(rows, pk=links.read(RESERVATION, token, max_age=LIFETIME))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reservation(request: HttpRequest, token: str) -> HttpResponse:
    """The holder's private page: the number, when and where, and the button that gives the slot back."""
    try:
        found = _of_token(token)
    except Refused as refusal:
        return bad_link(request, refusal)
    if request.method == "POST":
        try:
            reserving.cancel(found)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("予約を取り消しました。お知らせくださり、ありがとうございます。"))
        return redirect("consult:reservation", token)
    return render(request, "consult/reservation.html", {"reservation": found, "token": token})


@never_cache
@require_safe
def reservation_calendar(request: HttpRequest, token: str) -> HttpResponse:
    try:
        found = _of_token(token)
    except Refused as refusal:
        return bad_link(request, refusal)
    if found.cancelled_at:
        raise Http404
    return HttpResponse(
        calendars.publish(entry_of(found)),
        content_type="text/calendar; charset=utf-8; method=PUBLISH",
        headers={"Content-Disposition": 'attachment; filename="reservation.ics"'},
    )


@never_cache
@require_safe
@signed_in
def day_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has reserved, for those on duty, on the day alone: time, number, name and topic. Coordinators see it before
    the day too, and how to reach them."""
    user: Any = request.user
    found = get_object_or_404(Opening.objects.visible_to(user).select_related("desk", "shift__venue__district"), pk=pk)
    if not user.is_coordinator and found.date != timezone.localdate():
        raise Http404
    rows = found.reservations.standing().select_related("topic", "contact")
    for row in rows:
        row.opening = found
    return render(
        request,
        "consult/day_list.html",
        {"opening": found, "rows": rows, "office": user.is_coordinator, "today": timezone.localdate()},
    )

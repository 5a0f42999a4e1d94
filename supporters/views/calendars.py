"""The duties in a supporter's own calendar program: the page of its private address, and what lies there."""

from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from notifications import calendars, links
from supporters.messages import duty_of
from supporters.models import CalendarAddress, Supporter
from supporters.models.calendars import LOOKING_BACK
from supporters.views.mypage import supporter_only


@supporter_only
def calendar_address(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Show the address, make it, make another, or do away with it."""
    if request.method == "POST":
        _change(request, supporter)
        return redirect("supporters:calendar_address")
    address = CalendarAddress.objects.filter(supporter=supporter).first()
    return render(request, "supporters/calendar_address.html", {"address": address})


def _change(request: HttpRequest, supporter: Supporter) -> None:
    match request.POST.get("wish"):
        case "make":
            CalendarAddress.objects.get_or_create(supporter=supporter)  # two taps make one address
            messages.success(request, _("カレンダーのアドレスを作りました。"))
        case "renew":
            CalendarAddress.renew(supporter)
            messages.success(request, _("新しいアドレスにしました。前のアドレスは使えません。"))
        case "revoke":
            CalendarAddress.objects.filter(supporter=supporter).delete()
            messages.success(request, _("アドレスをなくしました。カレンダーには、もう届きません。"))
        case _other:
            raise Http404


@require_safe
def own_calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """What the holder of the address has promised, without signing in: what calendar programs fetch."""
    addresses = CalendarAddress.objects.select_related("supporter__contact")
    supporter = get_object_or_404(addresses, secret=secret).supporter
    with translation.override(supporter.contact.language):
        name = _("Mデジの活動")
    response = calendars.feed_response(request, name, _entries(supporter), cache_control="private, max-age=300")
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _entries(supporter: Supporter) -> list[calendars.Entry]:
    url = links.absolute(reverse("supporters:home"))
    since = timezone.now() - LOOKING_BACK
    held: Any = supporter.assignments.held().filter(shift__ends_at__gte=since)
    # A duty that was taken over from elsewhere has no history: it says what it says since the person has been here.
    changed_at = Coalesce(Max("moves__at"), "offered_at", "supporter__applied_at")
    held = held.select_related("shift__venue__district", "shift__room").annotate(changed_at=changed_at)
    return [
        calendars.Entry(duty_of(duty.shift, duty.entry_number, url), duty.changed_at)
        for duty in held.order_by("shift__starts_at", "pk")
    ]

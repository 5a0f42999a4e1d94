"""Feeds of the openings to subscribe to: of one desk, of a district, of all. Text that changes only with the facts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consult.models import Desk, Opening
from notifications import calendars, links
from programme.models import District
from supporters.messages import event_of

# Openings that are over stay in the feed for so long.
LOOKING_BACK = dt.timedelta(days=31)


@require_safe
def all_desks(request: HttpRequest) -> HttpResponse:
    return _feed(request, _("デジタルよろず相談所"), _openings())


@require_safe
def of_district(request: HttpRequest, code: str) -> HttpResponse:
    district = get_object_or_404(District, pk=code)
    name = _("デジタルよろず相談所 %(district)s") % {"district": district}
    return _feed(request, name, _openings(desk__venue__district=district))


@require_safe
def of_desk(request: HttpRequest, pk: int) -> HttpResponse:
    desk = get_object_or_404(Desk.objects.select_related("venue"), pk=pk)
    return _feed(request, desk.title, _openings(desk=desk))


def _openings(**which: object) -> list[Opening]:
    since = timezone.localdate() - LOOKING_BACK
    rows = Opening.objects.filter(date__gte=since, desk__active=True, **which)
    return list(rows.select_related("desk__venue", "shift__venue__district", "shift__room").order_by("date", "pk"))


def _feed(request: HttpRequest, name: str, openings: Sequence[Opening]) -> HttpResponse:
    entries = [_entry(opening) for opening in openings]
    return calendars.feed_response(request, name, entries, cache_control="public, max-age=900")


def _entry(opening: Opening) -> calendars.Entry:
    event = replace(
        event_of(opening.shift),
        uid=f"opening-{opening.pk}@mdeji",
        summary=opening.desk.title,
        description="",  # the shift's note is for its people
        url=links.absolute(reverse("consult:place", args=[opening.desk_id])),
    )
    return calendars.Entry(event, opening.changed_at, cancelled=opening.is_cancelled)

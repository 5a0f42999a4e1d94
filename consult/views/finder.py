"""The public finder: which desk is near, and when it opens next."""

import datetime as dt
from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from consult.forms.desks import FinderForm
from consult.models import Desk, Opening
from programme.geo import to_metres
from programme.models import District, Limits

DATES_SHOWN = 4
# On the list of all desks by date.
DATES_LISTED = 30


@dataclass(slots=True)
class Place:
    """A desk as the public sees it: its next openings, and the dates on which it stays shut."""

    desk: Desk
    openings: list[Opening] = field(default_factory=list)
    shut: dict[dt.date, str] = field(default_factory=dict)
    kilometres: int | None = None

    @property
    def closed(self) -> list[tuple[dt.date, str]]:
        return sorted(self.shut.items())[:DATES_SHOWN]


def finder(request: HttpRequest) -> HttpResponse:
    form = FinderForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    today = timezone.localdate()
    places = _places(today, today + dt.timedelta(days=Limits.current().desk_days_ahead))
    by_date = chosen.get("order") == FinderForm.BY_DATE
    if chosen.get("district"):
        _sort_by_distance(places, chosen["district"])
    openings = sorted(
        ((opening, place) for place in places for opening in place.openings),
        key=lambda pair: (pair[0].date, pair[0].shift.starts_at),
    )
    for place in places:
        place.openings = place.openings[:DATES_SHOWN]
    context = {"form": form, "places": places, "openings": openings[:DATES_LISTED], "by_date": by_date, "today": today}
    return render(request, "consult/finder.html", context)


def _places(first: dt.date, last: dt.date) -> list[Place]:
    desks = Desk.objects.filter(active=True).select_related("venue__district", "venue__closures")
    places = {desk.pk: Place(desk) for desk in desks.prefetch_related("venue__closures__closures")}
    for opening in Opening.objects.coming().filter(desk__active=True, date__lte=last).select_related("shift"):
        place = places[opening.desk_id]
        if opening.is_cancelled:
            place.shut[opening.date] = ""
        else:
            place.openings.append(opening)
    for place in places.values():
        place.shut = place.desk.closed_dates(first, last) | place.shut
        for opening in place.openings:  # open all the same, whatever the calendar says
            place.shut.pop(opening.date, None)
    return list(places.values())


def _sort_by_distance(places: list[Place], district: District) -> None:
    here = to_metres(district.latitude, district.longitude)
    for place in places:
        there = to_metres(*place.desk.venue.position)
        place.kilometres = round(((here[0] - there[0]) ** 2 + (here[1] - there[1]) ** 2) ** 0.5 / 1000)
    places.sort(key=lambda place: place.kilometres or 0)

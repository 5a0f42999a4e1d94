"""The public finder: which desk is near, and when it opens; and each desk's own page."""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from consult import nearby
from consult.forms.finder import DistrictForm, FinderForm
from consult.places import Place, in_order, next_places, places_between, today_and_tomorrow
from programme.geo import to_metres
from programme.map import Map, Site, draw
from programme.models import District, Limits, Programme
from programme.models.kept import kept_rows

DATES_SHOWN = 4
DATES_ON_OWN_PAGE = 12
# Places offered when none opens in the period that was asked for.
OTHERS_SHOWN = 3


def finder(request: HttpRequest) -> HttpResponse:
    districts = kept_rows(District.objects.filter(active=True))
    form = FinderForm(nearby.asked(request, districts), districts=districts)
    form.is_valid()  # a field that cannot be read says so beside it, the others still hold
    period = form.period()
    places = places_between(*(period or _planned()))
    if period:
        places = [place for place in places if place.openings]
    places = in_order(places, form.chosen_district)
    for place in places:
        place.keep(DATES_SHOWN)
    others = [] if places else in_order(next_places(), form.chosen_district)[:OTHERS_SHOWN]
    context = {
        "form": form,
        "period": period,
        "places": places,
        "others": others,
        "beyond": bool(others and period and period[0] > _planned()[1]),
        "map": _map(districts, places, form.chosen_district),
        **today_and_tomorrow(),
    }
    return nearby.remember(render(request, "consult/finder.html", context), request, form)


def place(request: HttpRequest, pk: int) -> HttpResponse:
    """A desk's own page: where it is, when it opens. It stays, with a word, when the desk was given up."""
    districts = kept_rows(District.objects.filter(active=True))
    form = DistrictForm(nearby.asked(request, districts), districts=districts)
    form.is_valid()
    places = in_order(places_between(*_planned(), pk=pk), form.chosen_district)
    if not places:
        raise Http404
    places[0].keep(DATES_ON_OWN_PAGE)
    context = {
        "place": places[0],
        "way": places[0].desk.venue.map_url(Programme.objects.values_list("city", flat=True).first() or ""),
        "map": _map(districts, places, form.chosen_district, signs="★"),
        **today_and_tomorrow(),
    }
    return render(request, "consult/place.html", context)


def _planned() -> tuple[dt.date, dt.date]:
    """The days for which openings are planned."""
    today = timezone.localdate()
    return today, today + dt.timedelta(days=Limits.current().desk_days_ahead)


def _map(
    districts: Sequence[District], places: Sequence[Place], chosen: District | None, signs: Iterable[str] | None = None
) -> Map | None:
    """The map with the places as pins, numbered as they stand in the list or with a sign for each."""
    if not districts or not places:
        return None
    points = [to_metres(*place.desk.venue.position) for place in places]
    pins = tuple(Site(str(sign), *point) for sign, point in zip(signs or itertools.count(1), points, strict=False))
    halls = tuple(Site(str(district), *to_metres(district.latitude, district.longitude)) for district in districts)
    return draw(halls, pins, chosen=districts.index(chosen) if chosen else None)

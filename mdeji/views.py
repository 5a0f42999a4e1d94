"""The front page."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from consult import nearby
from consult.forms.finder import DistrictForm
from consult.places import in_order, next_places, today_and_tomorrow
from programme.models import District, Limit, User
from programme.models.kept import kept_rows
from supporters.models import Assignment, Supporter

PLACES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Duties:
    """What a supporter is told on the front page."""

    offers: int
    """how many wait for an answer"""
    next: Assignment | None


def home(request: HttpRequest) -> HttpResponse:
    """The own work, the three doors, the phone number, and the desks that open next near the reader."""
    districts = kept_rows(District.objects.filter(active=True))
    form = DistrictForm(nearby.asked(request, districts), districts=districts)
    form.is_valid()  # a district that is not there says so beside the field; the city's next openings stand below
    context = {
        "form": form,
        "group": Limit.objects.filter(code="minimum_group_size").first(),
        "places": in_order(next_places(), form.chosen_district)[:PLACES_SHOWN],
        **today_and_tomorrow(),
        "duties": _duties(request.user) if request.user.is_authenticated else None,
    }
    return nearby.remember(render(request, "home.html", context), request, form)


def _duties(user: User) -> Duties | None:
    """None for somebody who is no supporter."""
    supporter = Supporter.objects.filter(user=user).first()
    if supporter is None:
        return None
    now = timezone.now()
    held = supporter.assignments.held().filter(shift__ends_at__gt=now).order_by("shift__starts_at")
    return Duties(
        offers=supporter.assignments.open(now).filter(shift__starts_at__gt=now).count(),
        next=held.select_related("shift__venue").first(),
    )


def no_such_page(request: HttpRequest, *args: object) -> HttpResponse:
    """Hides a page that a library brings along and nobody here needs."""
    raise Http404

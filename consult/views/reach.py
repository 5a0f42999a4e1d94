"""Whom the programme has not reached yet, and whom to look for so that it reaches more."""

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from consult.reach import places, reached_map, unreached_groups, wanted_map
from programme.access import coordinator_only
from support_requests.models import SupportRequest
from support_requests.planning.wanted import wanted

GROUPS_A_PAGE = 30


@coordinator_only
def reach(request: HttpRequest) -> HttpResponse:
    """Districts and groups that were never reached, and where one more supporter would serve more."""
    found = places()
    look_for = wanted(timezone.now())
    more: dict[str, int] = {}
    for one in look_for:
        more[one.district] = max(more.get(one.district, 0), len(one.tasks))
    last_first = SupportRequest.objects.order_by("-received_at", "-pk")
    groups = unreached_groups().select_related("district").prefetch_related(Prefetch("support_requests", last_first))
    context = {
        "places": found,
        "reached": sum(place.reached for place in found),
        "map": reached_map({place.district: place.reached for place in found}),
        "page": Paginator(groups, GROUPS_A_PAGE).get_page(request.GET.get("page")),
        "wanted": look_for,
        "wanted_map": wanted_map([place.district for place in found], more) if more else None,
    }
    return render(request, "consult/reach.html", context)

"""Whom the programme has not reached yet, and whom to look for so that it reaches more."""

from collections import Counter
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from consult.reach import places, reached_map, unreached_groups, wanted_map
from programme.access import coordinator_only
from support_requests.models import Group, SupportRequest
from support_requests.planning.wanted import wanted

GROUPS_A_PAGE = 30


@coordinator_only
def reach(request: HttpRequest) -> HttpResponse:
    """Districts and groups that were never reached, and where one more supporter would serve more."""
    unreached = list(unreached_groups().values_list("pk", "district"))
    found = places(Counter(district for _pk, district in unreached))
    look_for = wanted(timezone.now())
    more: dict[str, int] = {}
    for one in look_for:
        more[one.district] = max(more.get(one.district, 0), len(one.tasks))
    last_first = SupportRequest.objects.order_by("-received_at", "-pk")
    page: Any = Paginator([pk for pk, _district in unreached], GROUPS_A_PAGE).get_page(request.GET.get("page"))
    groups = Group.objects.select_related("district").prefetch_related(Prefetch("support_requests", last_first))
    by_key = groups.in_bulk(list(page))
    page.object_list = [by_key[pk] for pk in page if pk in by_key]
    context = {
        "places": found,
        "reached": sum(place.reached for place in found),
        "map": reached_map({place.district: place.reached for place in found}),
        "page": page,
        "wanted": look_for,
        "wanted_map": wanted_map([place.district for place in found], more) if more else None,
    }
    return render(request, "consult/reach.html", context)

"""Whom the programme has not reached yet, and whom to look for so that it reaches more."""

from collections import Counter
from typing import Any

from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from consult.reach import places, reached_map, unreached_groups, wanted_map
from programme.access import coordinator_only
from support_requests.models import Group, SupportRequest
from support_requests.planning.wanted import wanted

GROUPS_A_PAGE = 20


@coordinator_only
def reach(request: HttpRequest) -> HttpResponse:
    """Districts and groups that were never reached, and where one more supporter would serve more."""
    unreached = list(unreached_groups().values_list("pk", "district"))
    counted = "districts" in request.GET
    found = places(Counter(district for _pk, district in unreached), counted=counted)
    look_for = wanted(timezone.now())
    more: dict[str, int] = {}
    for one in look_for:
        more[one.district] = max(more.get(one.district, 0), len(one.tasks))
    page: Any = Paginator([pk for pk, _district in unreached], GROUPS_A_PAGE).get_page(request.GET.get("page"))
    newest = SupportRequest.objects.filter(group=OuterRef("pk")).order_by("-received_at", "-pk").values("pk")[:1]
    shown = Group.objects.filter(pk__in=list(page)).values(newest=Subquery(newest))
    asked = SupportRequest.objects.filter(pk__in=shown).select_related("group__district")
    of_group = {one.group_id: one for one in asked}
    page.object_list = [of_group[pk] for pk in page if pk in of_group]
    context = {
        "places": found,
        "counted": counted,
        "reached": sum(place.reached for place in found),
        "map": reached_map({place.district: place.reached for place in found}),
        "page": page,
        "wanted": look_for,
        "wanted_map": wanted_map([place.district for place in found], more) if more else None,
    }
    return render(request, "consult/reach.html", context)

"""The day as it goes: today's count per desk for coordinators, and the day's summary for a team that closes."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from consult.codes import Codes
from consult.models import Consultation, Opening
from programme.access import coordinator_only, signed_in
from programme.models.codes import CodeEntry
from programme.wording import say_time

TOPICS_SHOWN = 5


@coordinator_only
def live(request: HttpRequest) -> HttpResponse:
    """Today's openings with their counts. ``?numbers`` gives the figures alone, for the page to renew itself."""
    now = timezone.localtime()
    counted = Q(consultations__voided_at=None)
    openings: list[Any] = list(
        Opening.objects.filter(date=now.date())
        .select_related("desk__venue__district", "shift")
        .annotate(
            cases=Count("consultations", filter=counted),
            from_paper=Count("consultations", filter=counted & Q(consultations__source="paper")),
            latest=Max("consultations__logged_at", filter=counted),
        )
        .order_by("shift__starts_at", "desk__name", "pk")
    )
    total = sum(opening.cases for opening in openings)
    if "numbers" in request.GET:
        numbers = {
            opening.pk: {"count": opening.cases, "latest": say_time(opening.latest) if opening.latest else ""}
            for opening in openings
        }
        return JsonResponse({"total": total, "at": say_time(now), "openings": numbers})
    context = {"openings": openings, "total": total, "now": now}
    return render(request, "consult/live.html", context)


@signed_in
def closing(request: HttpRequest, pk: int) -> HttpResponse:
    """What the team did on one day: how many cases, about what, with which outcome. And thanks."""
    rows = Opening.objects.visible_to(request.user).select_related("desk__venue", "shift")
    opening = get_object_or_404(rows, pk=pk)
    codes = Codes.load()
    cases = Consultation.objects.counted().filter(opening=opening).order_by()
    counts = cases.aggregate(
        count=Count("pk"), paper=Count("pk", filter=Q(source="paper")), follow_up=Count("pk", filter=Q(follow_up=True))
    )
    topics = _counted(cases.values_list("topic").annotate(number=Count("pk")), codes.topics)
    context = {
        "opening": opening,
        **counts,
        "topics": topics[:TOPICS_SHOWN],
        "other_topics": sum(number for _topic, number in topics[TOPICS_SHOWN:]),
        "outcomes": _counted(cases.values_list("outcome").annotate(number=Count("pk")), codes.outcomes),
        "is_today": opening.date == timezone.localdate(),
    }
    return render(request, "consult/closing.html", context)


def _counted(rows: Iterable[tuple[str, int]], entries: Mapping[str, CodeEntry]) -> list[tuple[CodeEntry, int]]:
    """(entry, number), the commonest first."""
    order = list(entries)
    return [(entries[code], number) for code, number in sorted(rows, key=lambda row: (-row[1], order.index(row[0])))]

"""Whom the programme has not reached: districts without a held session and a desk, groups without a held session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from programme.geo import to_metres
from programme.map import NOTHING, Map, Site, draw
from programme.models import District
from support_requests.models import Group, Session, SupportRequest

REACHED = "✓"


@dataclass(frozen=True, slots=True)
class Place:
    district: District
    visited: bool
    """whether a session was held there"""
    desks: int
    """in use"""
    groups: int
    """that asked and never had a session"""
    sessions: int = 0
    """held there, ever; as far as they were counted"""

    @property
    def reached(self) -> bool:
        return bool(self.visited or self.desks)


def places(groups: Mapping[str, int], *, counted: bool = False) -> list[Place]:
    """The districts in use, in one query; with their sessions ``counted``, which reads all there ever were, in two.

    ``groups``: by code, how many asked and never had a session.
    """
    held = Session.objects.held()
    desks = Count("venues__desks", filter=Q(venues__desks__active=True))
    visited = Exists(held.filter(shift__venue__district=OuterRef("pk")))
    rows = District.objects.filter(active=True).annotate(desks=desks, visited=visited)
    by_district = held.order_by().values_list("shift__venue__district").annotate(Count("pk"))
    sessions = dict(by_district) if counted else {}
    return [Place(row, row.visited, row.desks, groups.get(row.pk, 0), sessions.get(row.pk, 0)) for row in rows]


def unreached_groups() -> "QuerySet[Group]":
    """Groups that asked and never had a session; each once, as it asked last.

    Each request brings its own row of the group: rows of one name in one district are one group.
    """
    same = Group.objects.filter(search_key=OuterRef("search_key"), district=OuterRef("district"))
    # As Session.objects.held(), from the other end: nearly all requests that were reported had somebody there.
    nobody_came = Session.objects.filter(report__attendees=0).values("request")
    served = SupportRequest.objects.filter(status=SupportRequest.Status.REPORTED).exclude(pk__in=nobody_came)
    rows = Group.objects.exclude(Exists(same.filter(pk__gt=OuterRef("pk"))))
    rows = rows.exclude(Exists(same.filter(pk__in=served.values("group"))))
    return rows.order_by("district__position", "pk")


def reached_map(reached: Mapping[District, bool]) -> Map | None:
    """✓ where help was, – where it was not."""
    return _map({district: REACHED if was else NOTHING for district, was in reached.items()})


def wanted_map(districts: Sequence[District], more: Mapping[str, int]) -> Map | None:
    """``more``, by code of a district, as +n there."""
    return _map({district: f"+{more[district.pk]}" if district.pk in more else None for district in districts})


def _map(signs: Mapping[District, str | None]) -> Map | None:
    if not signs:
        return None
    at = {district: to_metres(district.latitude, district.longitude) for district in signs}
    names = tuple(Site(str(district), *point) for district, point in at.items())
    return draw(names, tuple(Site(sign, *at[district]) for district, sign in signs.items() if sign))

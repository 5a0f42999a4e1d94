"""Whom the programme has not reached: districts without a held session and a desk, groups without a held session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet

from consult.models import Desk
from programme.geo import to_metres
from programme.map import Map, Site, draw
from programme.models import District
from support_requests.models import Group, Session

REACHED, NOT_YET = "✓", "–"


@dataclass(frozen=True, slots=True)
class Place:
    district: District
    sessions: int
    """held there, ever"""
    desks: int
    """in use"""
    groups: int
    """that asked and never had a session"""

    @property
    def reached(self) -> bool:
        return bool(self.sessions or self.desks)


def places(groups: Mapping[str, int]) -> list[Place]:
    """The districts in use, in three queries. ``groups``: by code, how many asked and never had a session."""
    held = _by("shift__venue__district", Session.objects.held())
    desks = _by("venue__district", Desk.objects.filter(active=True))
    return [
        Place(district, held.get(district.pk, 0), desks.get(district.pk, 0), groups.get(district.pk, 0))
        for district in District.objects.filter(active=True)
    ]


def _by(district: str, rows: QuerySet) -> dict[str, int]:  # type: ignore[type-arg]  # of any model
    return dict(rows.order_by().values_list(district).annotate(Count("pk")))


def unreached_groups() -> "QuerySet[Group]":
    """Groups that asked and never had a session; each once, as it asked last.

    Each request brings its own row of the group: rows of one name in one district are one group.
    """
    same = Group.objects.filter(search_key=OuterRef("search_key"), district=OuterRef("district"))
    had_one = Session.objects.held().filter(
        request__group__search_key=OuterRef("search_key"), request__group__district=OuterRef("district")
    )
    rows = Group.objects.exclude(Exists(same.filter(pk__gt=OuterRef("pk")))).exclude(Exists(had_one))
    return rows.order_by("district__position", "pk")


def reached_map(reached: Mapping[District, bool]) -> Map | None:
    """✓ where help was, – where it was not."""
    return _map({district: REACHED if was else NOT_YET for district, was in reached.items()})


def wanted_map(districts: Sequence[District], more: Mapping[str, int]) -> Map | None:
    """``more``, by code of a district, as +n there."""
    return _map({district: f"+{more[district.pk]}" if district.pk in more else None for district in districts})


def _map(signs: Mapping[District, str | None]) -> Map | None:
    if not signs:
        return None
    at = {district: to_metres(district.latitude, district.longitude) for district in signs}
    names = tuple(Site(str(district), *point) for district, point in at.items())
    return draw(names, tuple(Site(sign, *at[district]) for district, sign in signs.items() if sign))

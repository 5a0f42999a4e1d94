"""身近な場所: in which districts help was offered in the fiscal year, as a map and as a list."""

from collections.abc import Sequence
from dataclasses import dataclass

from consult.kpi.book import Book
from consult.reach import reached_map
from programme.fiscal import Month
from programme.map import Map
from programme.models import District
from programme.models.kept import kept_rows


@dataclass(frozen=True, slots=True)
class Place:
    district: District
    months: int
    """in how many months of the year help was offered there"""

    @property
    def reached(self) -> bool:
        return self.months > 0


@dataclass(frozen=True, slots=True)
class Coverage:
    places: list[Place]
    map: Map | None

    @property
    def reached(self) -> int:
        return sum(place.reached for place in self.places)


def coverage(book: Book, months: Sequence[Month]) -> Coverage:
    """Of the districts in use. No query beside those of ``book``, but for the first time."""
    districts = kept_rows(District.objects.filter(active=True))
    found = [book.breakdown("districts_reached", month).cells.get("district", {}) for month in months]
    places = [
        Place(district, sum(district.pk in cells and cells[district.pk].total > 0 for cells in found))
        for district in districts
    ]
    return Coverage(places, reached_map({place.district: place.reached for place in places}))

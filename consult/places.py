"""Where people may walk in, and when: the desks as the public sees them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.models import Desk, Opening, Rescheduling
from programme.geo import to_metres
from programme.models import District
from programme.wording import say_day


@dataclass(slots=True)
class Place:
    """A desk, its openings in a period, and the dates of its rule on which it stays shut, each with the reason."""

    desk: Desk
    openings: list[Opening] = field(default_factory=list)
    shut: dict[dt.date, str] = field(default_factory=dict)
    metres: float | None = None
    """from the reader's district"""

    @property
    def kilometres(self) -> int | None:
        return None if self.metres is None else round(self.metres / 1000)

    @property
    def next(self) -> Opening | None:
        return self.openings[0] if self.openings else None

    @property
    def later(self) -> list[Opening]:
        return self.openings[1:]

    @property
    def closed(self) -> list[tuple[dt.date, str]]:
        return sorted(self.shut.items())

    def keep(self, count: int) -> None:
        """Forget all openings but the first ``count``, and what is shut after the last of these."""
        if len(self.openings) > count:
            self.openings = self.openings[:count]
            self.shut = {date: why for date, why in self.shut.items() if date < self.openings[-1].date}


def places_between(first: dt.date, last: dt.date, *, pk: int | None = None) -> list[Place]:
    """Every desk that has not been given up, or the one with the key ``pk``, with what comes in the period."""
    desks = Desk.objects.filter(active=True) if pk is None else Desk.objects.filter(pk=pk)
    desks = desks.select_related("venue__district", "venue__closures").prefetch_related("venue__closures__closures")
    places = {desk.pk: Place(desk) for desk in desks}
    coming = Opening.objects.coming().filter(desk__in=places, date__range=(first, last))
    for opening in coming.select_related("shift"):
        place = places[opening.desk_id]
        if opening.is_cancelled:
            place.shut[opening.date] = ""
        else:
            place.openings.append(opening)
    moved = Rescheduling.objects.filter(opening__desk__in=places, from_date__range=(first, last))
    for row in moved.select_related("opening"):
        if row.opening.date != row.from_date and row.from_date >= timezone.localdate():
            gone = _("%(day)sに変わりました") % {"day": say_day(row.opening.date)}
            places[row.opening.desk_id].shut[row.from_date] = gone
    for place in places.values():
        place.shut = place.desk.closed_dates(first, last) | place.shut
        for opening in place.openings:  # open all the same, whatever the calendar says
            place.shut.pop(opening.date, None)
    return list(places.values())


def next_places() -> list[Place]:
    """Every desk that opens again, with its next opening alone."""
    of_desk = Opening.objects.standing().coming().filter(desk=OuterRef("pk")).values("pk")[:1]
    following = Desk.objects.filter(active=True).annotate(following=Subquery(of_desk)).values("following")
    openings = Opening.objects.filter(pk__in=following).select_related("shift", "desk__venue__district")
    return [Place(opening.desk, [opening]) for opening in openings]


def today_and_tomorrow() -> dict[str, dt.date]:
    """For the templates that say when a desk opens."""
    today = timezone.localdate()
    return {"today": today, "tomorrow": today + dt.timedelta(days=1)}


def in_order(places: Iterable[Place], district: District | None) -> list[Place]:
    """The nearest to ``district`` first and each with its way from there; without one, the next to open first."""
    found = list(places)
    if district is None:
        return sorted(found, key=lambda place: (place.next is None, place.next and place.next.shift.starts_at))
    x, y = to_metres(district.latitude, district.longitude)
    for place in found:
        there_x, there_y = to_metres(*place.desk.venue.position)
        place.metres = ((x - there_x) ** 2 + (y - there_y) ** 2) ** 0.5
    return sorted(found, key=lambda place: (place.metres or 0, place.next is None, place.next and place.next.date))

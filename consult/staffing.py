"""People for openings, besides the planner: by their own wish, or by the office's hand."""

import datetime as dt
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, When

from consult.errors import ReasonMissing
from consult.models import Opening
from programme.geo import to_metres
from programme.models import District
from programme.models.kept import kept_rows
from supporters.choosing import Tally
from supporters.models import Assignment, Supporter
from supporters.rules import MAY_BE_SET_ASIDE

# The next 14 days: an opening without its people is urgent.
URGENT = dt.timedelta(days=14)


def put_down(opening: Opening, supporter: Supporter, *, by: Any, reason: str) -> Assignment:
    """The office puts somebody down who has agreed, as by telephone; ``reason`` is kept.

    The person's limits and ways may be set aside with a reason, training, consent and double bookings never.
    Raises ReasonMissing when a limit stands against it and no reason is given, or what ``Assignment.take`` raises.
    """
    tally = Tally(Supporter.objects.filter(pk=supporter.pk), [opening.shift])
    if tally.choice(tally.people[0], opening.shift).doubts and not reason.strip():
        raise ReasonMissing
    despite = MAY_BE_SET_ASIDE if reason.strip() else ()
    return Assignment.take(opening.shift, supporter, by=by, reason=reason.strip(), despite=despite)


class NearestFirst(Sequence[Supporter]):
    """Active supporters, found by ``words`` if any, those whose home district is near the desk first.

    For a ``Paginator``: how many there are in each district is one query, and tells in which of them a page's people
    live. So the database looks at those alone, not at everybody.
    """

    def __init__(self, opening: Opening, words: str = "") -> None:
        here = to_metres(*opening.shift.venue.position)
        self._ways = {
            district.pk: math.dist(to_metres(district.latitude, district.longitude), here)
            for district in kept_rows(District.objects.all())
        }
        self._people = (Supporter.objects.found_by(words) if words else Supporter.objects.all()).active()

    @cached_property
    def _counts(self) -> list[tuple[str, int]]:
        """How many live in each district, the nearest first."""
        counted = self._people.order_by().values("home_district").annotate(people=Count("pk"))
        return sorted(counted.values_list("home_district", "people"), key=lambda one: self._ways[one[0]])

    def __len__(self) -> int:
        return sum(people for _district, people in self._counts)

    def __getitem__(self, part: Any) -> Any:
        """A slice is a QuerySet, which may still be told what to read along."""
        if isinstance(part, int):
            return self[part : part + 1][0]
        start, stop, _step = part.indices(len(self))
        before, homes, passed = 0, [], 0
        for district, people in self._counts:
            if passed + people <= start:
                before += people
            elif passed < stop:
                homes.append(district)
            passed += people
        order: list[Any] = ["kana", "pk"]
        if len(homes) > 1:
            order.insert(0, Case(*(When(home_district=one, then=number) for number, one in enumerate(homes))))
        return self._people.filter(home_district__in=homes).order_by(*order)[start - before : stop - before]

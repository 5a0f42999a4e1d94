"""People for openings, besides the planner: by their own wish, or by the office's hand."""

import datetime as dt
import math
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When

from consult.errors import ReasonMissing
from consult.models import Opening
from programme.geo import to_metres
from programme.models import District
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


def nearest_first(opening: Opening, words: str = "") -> QuerySet[Supporter]:
    """Active supporters, found by ``words`` if any, those whose home district is near the desk first."""
    here = to_metres(*opening.shift.venue.position)
    ways = {
        district.pk: round(math.dist(to_metres(district.latitude, district.longitude), here))
        for district in District.objects.all()
    }
    far = Case(
        *(When(home_district=code, then=Value(metres)) for code, metres in ways.items()),
        default=Value(max(ways.values(), default=0)),
        output_field=IntegerField(),
    )
    people = Supporter.objects.found_by(words) if words else Supporter.objects.all()
    return people.active().annotate(far=far).order_by("far", "kana", "pk")

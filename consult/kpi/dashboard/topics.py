"""Which topics of consultations are rising: the last eight weeks against the eight before them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q

from consult.kpi.dashboard.rising import rising
from consult.kpi.dashboard.weeks import DAY, WEEK, Openings, last_weeks
from consult.models import Consultation
from programme.models import Topic

HALF = 8


@dataclass(frozen=True, slots=True)
class RisingTopic:
    topic: Topic
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared: eight weeks from ``middle`` on with the eight before, and the openings of both."""

    first: dt.date
    middle: dt.date
    last: dt.date
    openings: tuple[int, int]
    topics: list[RisingTopic]


def counts(today: dt.date) -> dict[str, tuple[int, int]]:
    """Cases by topic in the eight weeks before, and in the last. One query, over the dates of these weeks only."""
    first, last = last_weeks(today)
    now = Q(date__gte=first + HALF * WEEK)
    cases = Consultation.objects.counted().filter(date__range=(first, last)).order_by().values("topic")
    counted = cases.annotate(before=Count("pk", filter=~now), now=Count("pk", filter=now))
    return {topic: (before, later) for topic, before, later in counted.values_list("topic", "before", "now")}


def compare(today: dt.date, openings: Openings, counts: Mapping[str, tuple[int, int]]) -> Comparison:
    """One query."""
    first, last = last_weeks(today)
    middle = first + HALF * WEEK
    opened = openings.between(first, middle - DAY), openings.between(middle, last)
    # Cases without openings are those of another way of logging: then the weeks themselves are compared.
    changes = rising(counts, opened if all(opened) else (1, 1))
    topics = Topic.objects.in_bulk([change.key for change in changes])
    found = [RisingTopic(topics[change.key], change.before, change.now) for change in changes]
    return Comparison(first, middle, last, opened, found)

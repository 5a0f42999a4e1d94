"""What the calendar says of a half-day: the matcher's rules on the people as they stand today."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from programme.models import Limits, Room, Topic
from support_requests.planning.outlook import Visit, outlook
from support_requests.slots import Slot
from supporters.models import Absence, Supporter
from tests.factories import SupporterFactory, a_hall, a_shift, an_offer, at
from tests.support_requests.asking import sent
from tests.support_requests.test_intake import page_at, reach

pytestmark = pytest.mark.usefixtures("programme_facts")

# A Monday in the middle of a month, 09:00 in Tokyo.
MONDAY = dt.datetime(2026, 6, 15, 0, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def on_monday(set_now: Callable[[dt.datetime], None]) -> None:
    set_now(MONDAY)


def said(*starts: dt.datetime, **changes: Any) -> list[str]:
    facts: dict[str, Any] = {"place": a_hall(), "participants": 5, "level": 1, "needs": [], "minutes": 60}
    facts["topics"] = [Topic.objects.get(pk="T05")]
    found = outlook(Visit(**facts | changes), starts, Limits.current())
    return [found[start].value for start in starts]


def people(number: int, **facts: Any) -> list[Supporter]:
    return SupporterFactory.create_batch(number, home_district=a_hall().district, **facts)


def test_nobody_one_and_two_are_three_words() -> None:
    assert said(at(14)) == ["hard"]
    people(1)
    assert said(at(14)) == ["few"]
    people(1)
    assert said(at(14)) == ["good"]


def test_a_larger_group_needs_more_people() -> None:
    people(2)
    assert said(at(14), participants=6) == ["few"]
    assert said(at(14), participants=11) == ["hard"]


def test_who_is_away_or_promised_elsewhere_is_not_counted() -> None:
    one, other, _third = people(3)
    Absence.objects.create(supporter=one, starts_at=at(14, 0), ends_at=at(15, 0))
    an_offer(a_shift(days=14, hour=9), other).accept(by=None)
    assert said(at(14), at(15), at(14, 22)) == ["few", "good", "hard"]


def test_topics_levels_needs_and_leads_are_asked_of_the_people() -> None:
    people(3, is_lead=False)
    assert said(at(14)) == ["hard"]
    people(1)
    assert said(at(14)) == ["few"]  # one lead
    people(1, brings=["sign"])
    assert said(at(14)) == ["good"]
    assert said(at(14), needs=["sign"]) == ["few"]
    assert said(at(14), level=3) == ["hard"]
    assert said(at(14), topics=[Topic.objects.get(pk="T16")]) == ["hard"]


def test_a_hall_whose_rooms_are_taken_is_no_place_to_meet() -> None:
    people(2)
    room = Room.objects.create(venue=a_hall(), name="和室")
    a_shift(days=14, hour=9, room=room)
    assert said(at(14), at(14, 11), at(15)) == ["hard", "good", "good"]
    Room.objects.create(venue=a_hall(), name="小", capacity=3)
    assert said(at(14)) == ["hard"]
    Room.objects.create(venue=a_hall(), name="洋室")
    assert said(at(14)) == ["good"]


def test_the_queries_grow_with_nothing() -> None:
    people(1)
    with CaptureQueriesContext(connection) as few:
        said(at(14))
    people(2)
    with CaptureQueriesContext(connection) as more:
        said(at(14), at(15), at(40, 14))
    assert len(more) == len(few)


def reads_people(queries: CaptureQueriesContext) -> bool:
    return any('FROM "supporters_supporter"' in query["sql"] for query in queries.captured_queries)


def test_the_calendar_reads_the_people_once_a_minute(client: Client) -> None:
    url, people_read = reach(client, "days"), []
    for group in ("5", "5", "6"):
        client.post(url.replace("/days/", "/group/"), sent(participants=group))
        with CaptureQueriesContext(connection) as queries:
            page = page_at(client, url)
        assert 'class="outlooks"' in page
        people_read.append(reads_people(queries))
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        page_at(client, url)
    assert people_read == [True, False, False]
    assert reads_people(queries)


def test_slots_know_their_key_and_their_starts() -> None:
    slot = Slot.of(at(14, 13, 15))
    hall = a_hall()
    hall.opens, hall.closes = dt.time(9), dt.time(14)
    assert (Slot.read(slot.key), Slot.of(at(14, 8)).band, Slot.of(at(14, 17)).band) == (slot, 0, 2)
    assert slot.usual(minutes=60) == at(14, 13, 30)
    assert slot.starts(hall, minutes=60) == [at(14, 12), at(14, 12, 30), at(14, 13)]
    assert slot.usual(hall, minutes=60) == at(14, 12)
    assert Slot.of(at(14, 18)).usual(hall, minutes=60) is None

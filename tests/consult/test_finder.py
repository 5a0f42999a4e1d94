import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from consult.models import Desk
from programme.models import User, Venue
from tests.consult.rows import a_desk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

URL = "/desks/"
MONDAYS = "FREQ=WEEKLY;BYDAY=MO"
# 2027-02-01 is a Monday, the first of its month: the halls are closed.
MORNING = dt.datetime(2027, 2, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))


@pytest.fixture(autouse=True)
def morning(set_now: Callable[[dt.datetime], None]) -> None:
    set_now(MORNING)


def a_desk_at(code: str, name: str, **facts: object) -> Desk:
    return a_desk(name, venue=Venue.objects.get(code=code), **facts)


def text_of(client: Client, **query: str) -> str:
    page = client.get(URL, query)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_the_address_is_that_of_the_desks() -> None:
    assert reverse("consult:finder") == URL


def test_a_desk_says_when_and_where_it_opens_next(client: Client) -> None:
    desk = a_desk_at("hall_chuo", "よろず相談所 中央", rule=MONDAYS)
    desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    text = text_of(client)
    assert "2027年2月8日(月) 10:00から12:00まで" in text
    assert "前橋市本町二丁目12-1" in text
    assert "毎週 月曜日" in text


def test_closed_days_and_days_called_off_are_noted(client: Client, coordinator: User) -> None:
    desk = a_desk_at("hall_chuo", "よろず相談所 中央", rule=MONDAYS)
    _first, second = desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    second.call_off(by=coordinator, reason="職員の都合")
    text = text_of(client)
    assert "2027年2月1日(月)(第1・第3月曜日)" in text
    assert "2027年2月22日(月)(中止)" in text
    assert "職員の都合" not in text  # the reason is for the team
    assert "2027年2月22日(月) 10:00" not in text


def test_a_district_puts_the_nearest_desk_first(client: Client) -> None:
    a_desk_at("hall_jonan", "相談所 城南")
    a_desk_at("hall_ogo", "相談所 大胡")
    a_desk_at("hall_miyagi", "相談所 宮城")
    places = client.get(URL, {"district": "D14"}).context["places"]
    assert [(place.desk.name, place.kilometres) for place in places] == [
        ("相談所 宮城", 0),
        ("相談所 大胡", 2),
        ("相談所 城南", 8),
    ]


def test_by_date_the_next_opening_of_all_comes_first(client: Client) -> None:
    tuesdays = a_desk_at("hall_ogo", "相談所 大胡", rule="FREQ=WEEKLY;BYDAY=TU")
    fridays = a_desk_at("hall_jonan", "相談所 城南", rule="FREQ=WEEKLY;BYDAY=FR")
    for desk in (fridays, tuesdays):
        desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 10))
    openings = client.get(URL, {"order": "date"}).context["openings"]
    assert [(opening.date.day, place.desk.name) for opening, place in openings] == [
        (2, "相談所 大胡"),
        (5, "相談所 城南"),
        (9, "相談所 大胡"),
    ]


def test_a_desk_that_has_closed_for_today_is_not_open_today(
    client: Client, set_now: Callable[[dt.datetime], None]
) -> None:
    desk = a_desk_at("hall_ogo", "相談所 大胡", rule="FREQ=WEEKLY;BYDAY=TU")
    desk.open_dates(dt.date(2027, 2, 2), dt.date(2027, 2, 9))
    set_now(dt.datetime(2027, 2, 2, 11, 59, tzinfo=ZoneInfo("Asia/Tokyo")))
    assert "2027年2月2日(火) 10:00" in text_of(client)
    set_now(dt.datetime(2027, 2, 2, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo")))
    assert "2027年2月2日(火) 10:00" not in text_of(client)


def test_a_desk_that_was_given_up_is_not_shown(client: Client) -> None:
    desk = a_desk_at("hall_ogo", "相談所 大胡", active=False)
    desk.open_dates(dt.date(2027, 2, 2), dt.date(2027, 2, 9))
    assert "相談所 大胡" not in text_of(client)
    assert "相談所 大胡" not in text_of(client, order="date")


def test_nothing_planned_yet_says_so(client: Client) -> None:
    assert "よろず相談所は、まだありません。" in text_of(client)
    a_desk_at("hall_ogo", "相談所 大胡")
    assert "次に開く日は、まだ決まっていません。" in text_of(client)
    assert "これから開く日は、まだ決まっていません。" in text_of(client, order="date")


def test_a_district_that_nobody_knows_is_no_harm(client: Client) -> None:
    a_desk_at("hall_ogo", "相談所 大胡")
    assert "相談所 大胡" in text_of(client, district="D99", order="?")


@pytest.mark.parametrize("query", [{}, {"district": "D14"}, {"order": "date"}])
def test_the_finder_asks_the_database_the_same_for_one_desk_and_for_three(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, query: dict[str, str]
) -> None:
    queries = 6 + len(query.get("district", "")[:1])  # the district is looked up as well
    for number, code in enumerate(("hall_ogo", "hall_jonan", "hall_miyagi"), start=1):
        a_desk_at(code, code).open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, number * 9))
        if number in (1, 3):
            with django_assert_num_queries(queries):
                client.get(URL, query)

"""The front page: three doors, the desks that open next near by, what is free, and the own work of who signed in."""

import datetime as dt
import gzip
import re
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from consult.models import Desk
from programme.models import Limit, Programme, Role, User, Venue
from tests.consult.rows import a_desk
from tests.factories import SupporterFactory, UserFactory, a_shift, an_offer

pytestmark = pytest.mark.django_db

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def february(programme_facts: None, set_now: Callable[[dt.datetime], None]) -> None:
    set_now(dt.datetime(2027, 2, 2, 9, tzinfo=TOKYO))


def a_desk_on(code: str, *days: int) -> Desk:
    """A desk at a hall that opens at 10:00 on ``days`` of February 2027."""
    desk = a_desk(code, venue=Venue.objects.get(code=code))
    for day in days:
        desk._open_on(dt.date(2027, 2, day), [])
    return desk


def coming(client: Client, **query: str) -> list[tuple[str, int]]:
    """The desks on the page and the day of February on which each opens."""
    return [(place.desk.name, place.next.date.day) for place in client.get("/", query).context["places"]]


@pytest.mark.usefixtures("february")
def test_without_a_district_the_next_opening_of_each_desk_of_the_city_comes_first(client: Client) -> None:
    a_desk_on("hall_jonan", 5, 6)
    a_desk_on("hall_ogo", 2, 3, 4)
    a_desk_on("hall_miyagi", 9)
    a_desk_on("hall_haga", 12)
    assert coming(client) == [("hall_ogo", 2), ("hall_jonan", 5), ("hall_miyagi", 9)]


@pytest.mark.usefixtures("february")
def test_with_a_district_the_nearest_desk_comes_first(client: Client) -> None:
    a_desk_on("hall_jonan", 2)
    a_desk_on("hall_ogo", 9)
    a_desk_on("hall_miyagi", 12)
    nearest_first = [("hall_miyagi", 12), ("hall_ogo", 9), ("hall_jonan", 2)]
    assert coming(client, district="D14") == nearest_first
    assert coming(client) == nearest_first  # remembered
    assert "近くで次に開く相談所" in client.get("/").content.decode()


@pytest.mark.usefixtures("february")
def test_what_was_called_off_or_is_over_or_given_up_is_not_next(client: Client, coordinator: User) -> None:
    shut = a_desk_on("hall_jonan", 3, 5)
    shut.openings.get(date=dt.date(2027, 2, 3)).call_off(by=coordinator, reason="雪")
    a_desk_on("hall_ogo", 1, 4)
    a_desk_on("hall_miyagi", 3)
    Desk.objects.filter(name="hall_miyagi").update(active=False)
    assert coming(client) == [("hall_ogo", 4), ("hall_jonan", 5)]


@pytest.mark.usefixtures("february")
def test_today_and_tomorrow_are_marked(client: Client) -> None:
    a_desk_on("hall_ogo", 2)
    a_desk_on("hall_jonan", 3)
    a_desk_on("hall_miyagi", 4)
    page = client.get("/").content.decode()
    chips = [card.partition("</li>")[0] for card in page.split('<p class="when">')[1:]]
    assert [("今日" in chip, "明日" in chip) for chip in chips] == [(True, False), (False, True), (False, False)]


@pytest.mark.usefixtures("february")
def test_an_unknown_district_gets_a_sentence_and_the_citys_openings(client: Client) -> None:
    a_desk_on("hall_ogo", 2)
    page = client.get("/", {"district": "あ" * 10_000}).content.decode()
    assert "その地区はありません。一覧から選んでください。" in page.partition('id="id_district_error"')[2]
    assert "hall_ogo" in page


def test_before_any_opening_is_planned_it_says_so(client: Client, programme_facts: None) -> None:
    assert "これから開く日は、まだ決まっていません。" in client.get("/").content.decode()


def test_what_it_is_and_what_it_costs_stand_in_the_words_of_the_programme(
    client: Client, programme_facts: None
) -> None:
    Programme.objects.update(city="高崎市", name="たかさきデジタル")
    Limit.objects.filter(code="minimum_group_size").update(value=5)
    page = client.get("/").content.decode()
    assert "「たかさきデジタル」は、高崎市の取り組みです。" in page
    assert "出張サポートも、よろず相談所も無料です。" in page
    assert "5人以上集まったら" in page


def own_work(client: Client) -> list[str]:
    """The buttons above the doors."""
    page = client.get("/").content.decode()
    return re.findall(r'<a class="button[^>]* href="([^"]+)"', page.partition('class="cards doors"')[0])


@pytest.mark.parametrize(
    ("role", "pages"),
    [
        (Role.MEMBER, ["supporters:register"]),
        (Role.COORDINATOR, ["office", "kpi:months"]),
        (Role.OFFICER, ["kpi:months"]),
        (Role.DESK, ["consult:log_home"]),
    ],
)
def test_who_signs_in_finds_the_own_work_above_the_doors(client: Client, role: Role, pages: list[str]) -> None:
    assert own_work(client) == []
    client.force_login(UserFactory.create(role=role))
    assert own_work(client) == [reverse(page) for page in pages]


def test_a_supporter_reads_what_is_asked_and_what_comes_next(client: Client, programme_facts: None) -> None:
    supporter = SupporterFactory.create()
    client.force_login(supporter.user)
    assert own_work(client) == [reverse("supporters:home")]
    assert "届いています" not in client.get("/").content.decode()
    for days in (9, 8):
        an_offer(a_shift(days=days, title=f"{days}日後"), supporter).accept(by=supporter.user)
    an_offer(a_shift(days=10), supporter)
    page = client.get("/").content.decode()
    assert "お願いが1件届いています。" in page
    assert "8日後" in page
    assert "9日後" not in page


# Districts, programme, smallest group, openings; signed in: session, user, home district, supporter, offers, duty.
@pytest.mark.usefixtures("february")
@pytest.mark.parametrize(("signed_in", "queries"), [(False, 4), (True, 10)])
def test_the_front_page_asks_the_database_the_same_for_one_desk_and_for_three(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, signed_in: bool, queries: int
) -> None:
    if signed_in:
        client.force_login(SupporterFactory.create().user)
    for number, code in enumerate(("hall_ogo", "hall_jonan", "hall_miyagi"), start=1):
        a_desk_on(code, *range(3, 3 + number))
        if number in (1, 3):
            with django_assert_num_queries(queries):
                client.get("/")


@pytest.mark.usefixtures("february")
@pytest.mark.parametrize("path", ["/", "/desks/?district=D14"])
def test_the_first_view_is_light(client: Client, path: str) -> None:
    for day, venue in enumerate(Venue.objects.filter(kind=Venue.Kind.HALL), start=3):
        a_desk_on(venue.code, day)
    page = client.get(path).content
    files = set(re.findall(r'(?:href|src)="/static/([^"#]+)', page.decode()))
    assert {"mdeji/tokens.css", "consult/finder.css"} < files
    over_the_wire = [gzip.compress(Path(finders.find(name)).read_bytes()) for name in files]
    assert sum(map(len, [page, *over_the_wire])) < 60_000

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from consult.models import Desk
from programme.models import District, User, Venue
from supporters.models import Shift
from tests.consult.rows import a_desk, an_opening
from tests.factories import SupporterFactory

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


def words(page: HttpResponse) -> str:
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def text_of(client: Client, **query: str) -> str:
    return words(client.get(URL, query))


def text_at(client: Client, desk: Desk) -> str:
    return words(client.get(reverse("consult:place", args=[desk.pk])))


def names(client: Client, **query: str) -> list[str]:
    return [place.desk.name for place in client.get(URL, query).context["places"]]


def chosen(client: Client, path: str = URL, **query: str) -> str | None:
    """The code of the district that the page takes for the reader's."""
    district = client.get(path, query).context["form"].chosen_district
    return district.pk if district else None


def test_a_desk_that_takes_reservations_says_so_and_how(client: Client) -> None:
    plain, reservable = a_desk("甲"), a_desk("乙", reservable=True)
    assert "予約はいりません" in text_at(client, plain)
    assert "予約はいりません" not in text_at(client, reservable)
    assert "時間を予約できます" in text_at(client, reservable)
    assert text_of(client).count("「時間を予約する」を押してください") == 1


def test_the_address_is_that_of_the_desks() -> None:
    assert reverse("consult:finder") == URL


def test_a_desk_says_when_and_where_it_opens_next(client: Client) -> None:
    desk = a_desk_at("hall_chuo", "よろず相談所 中央", rule=MONDAYS)
    desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    text = text_of(client)
    assert "2027年2月8日(月) 10:00から12:00まで そのあと 2027年2月22日(月)" in text
    assert "前橋市本町二丁目12-1" in text
    assert "毎週 月曜日" in text


def test_closed_days_and_days_called_off_are_noted(client: Client, coordinator: User) -> None:
    desk = a_desk_at("hall_chuo", "よろず相談所 中央", rule=MONDAYS)
    _first, second = desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    second.call_off(by=coordinator, reason="職員の都合")
    text = text_of(client).replace(" ", "")
    assert "2027年2月1日(月)(第1・第3月曜日)" in text
    assert "2027年2月22日(月)(中止)" in text
    assert "職員の都合" not in text  # the reason is for the team
    assert text.count("2027年2月22日(月)") == 1


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


def test_without_a_district_the_desk_that_opens_next_comes_first(client: Client) -> None:
    a_desk_at("hall_miyagi", "相談所 宮城")  # opens on no day that is planned
    for code, day in (("hall_jonan", "FR"), ("hall_ogo", "TU")):
        a_desk_at(code, code, rule=f"FREQ=WEEKLY;BYDAY={day}").open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 10))
    assert names(client) == ["hall_ogo", "hall_jonan", "相談所 宮城"]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({}, [2, 5, 9, 12]),  # the next four
        ({"when": "today"}, [2]),
        ({"when": "week"}, [2, 5]),
        ({"when": "next-week"}, [9, 12]),
        ({"when": "month"}, [2, 5, 9, 12]),
        ({"date_year": "2027", "date_month": "2", "date_day": "5"}, [5]),
        ({"date_year": "令和9", "date_month": "２", "date_day": "5日", "when": "today"}, [5]),
    ],
)
def test_a_period_or_a_day_narrows_the_openings(
    client: Client, set_now: Callable[[dt.datetime], None], query: dict[str, str], days: list[int]
) -> None:
    set_now(MORNING + dt.timedelta(days=1))
    desk = a_desk_at("hall_ogo", "相談所 大胡", rule="FREQ=WEEKLY;BYDAY=TU,FR")
    desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    (place,) = client.get(URL, query).context["places"]
    assert [opening.date.day for opening in place.openings] == days


def test_no_opening_in_the_period_says_which_come_next_and_how_to_see_all(client: Client) -> None:
    desk = a_desk_at("hall_ogo", "相談所 大胡", rule="FREQ=WEEKLY;BYDAY=FR")
    desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    page = client.get(URL, {"when": "today", "district": "D14"})
    text = page.content.decode()
    assert (page.context["places"], [place.desk for place in page.context["others"]]) == ([], [desk])
    assert "2027年2月1日(月)に開く相談所は、ありません" in text
    assert "近くで次に開く相談所" in text
    assert f'href="{reverse("consult:place", args=[desk.pk])}"' in text
    assert 'href="?district=D14"' in text
    assert "<svg viewBox" not in text


def test_a_day_beyond_those_that_are_planned_is_not_said_to_have_no_desk(client: Client) -> None:
    a_desk_at("hall_ogo", "相談所 大胡").open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    far = {"date_year": "2029", "date_month": "4", "date_day": "1"}
    assert "その日の予定は、まだ決まっていません" in text_of(client, **far)


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ({"district": "D99"}, "district", "その地区はありません。一覧から選んでください。"),
        ({"district": "あ" * 10_000}, "district", "その地区はありません。一覧から選んでください。"),
        ({"district": "\0"}, "district", "その地区はありません。一覧から選んでください。"),
        ({"when": "someday"}, "when", "いつにするかを、一覧から選んでください。"),
        (
            {"date_year": "2027", "date_month": "2", "date_day": "31"},
            "date",
            "その日付はありません。年・月・日をご確認ください。",
        ),
        ({"date_year": "2027"}, "date", "月・日を入力してください。"),
        ({"date_year": "2027", "date_month": "1", "date_day": "31"}, "date", "今日からの日付を入力してください。"),
        (
            {"date_year": "2027", "date_month": "2", "date_day": "9" * 10_000},
            "date",
            "年・月・日は数字で入力してください(例 2026年 4月 1日)。",
        ),
    ],
)
def test_nonsense_gets_a_sentence_beside_the_field_and_the_rest_still_holds(
    client: Client, query: dict[str, str], field: str, sentence: str
) -> None:
    a_desk_at("hall_ogo", "相談所 大胡").open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 9))
    page = client.get(URL, query)
    text = page.content.decode()
    assert sentence in text.partition(f'id="id_{field}_error"')[2].partition("</div>")[0]
    assert "相談所 大胡" in text
    for name, typed in query.items():
        if name.startswith("date"):
            assert f'value="{typed}"' in text  # nothing typed is lost
            assert "<details open>" in text


def test_the_chosen_district_is_remembered_until_another_or_none_is_chosen(client: Client) -> None:
    a_desk_at("hall_jonan", "城南")
    a_desk_at("hall_miyagi", "宮城")
    assert names(client, district="D14") == ["宮城", "城南"]
    assert names(client) == ["宮城", "城南"]
    assert names(client, district="D02") == ["城南", "宮城"]
    assert chosen(client, "/") == "D02"
    assert chosen(client, district="D99") is None
    assert chosen(client) == "D02"
    assert chosen(client, "/", district="") is None
    assert chosen(client) is None


def test_a_supporters_home_district_is_known_until_another_is_chosen(client: Client) -> None:
    client.force_login(SupporterFactory.create(home_district_id="D14").user)
    assert chosen(client) == "D14"
    assert chosen(client, district="D02") == "D02"
    assert chosen(client) == "D02"


def test_a_district_that_is_no_more_is_forgotten(client: Client) -> None:
    client.get(URL, {"district": "D14"})
    District.objects.filter(pk="D14").update(active=False)
    page = client.get(URL)
    assert (page.context["form"].chosen_district, page.context["form"].errors) == (None, {})


def test_the_pins_of_the_map_are_numbered_as_the_list_is(client: Client) -> None:
    for code in ("hall_jonan", "hall_ogo", "hall_miyagi"):
        a_desk_at(code, code)
    page = client.get(URL, {"district": "D14"})
    text = page.content.decode()
    listed = re.findall(r'<span class="pin">(\d)</span> <a [^>]*>(\w+)</a>', text)
    assert listed == [("1", "hall_miyagi"), ("2", "hall_ogo"), ("3", "hall_jonan")]
    pins = {mark.name: mark.point for mark in page.context["map"].pins}
    spots = {mark.name: mark.point for mark in page.context["map"].districts}
    assert pins == {"1": spots["宮城"], "2": spots["大胡"], "3": spots["城南"]}
    assert re.findall(r'<text class="number"[^>]*>(\d)<', text) == ["1", "2", "3"]
    assert re.findall(r'<text class="chosen"[^>]*>(\w+)<', text) == ["宮城"]


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
    assert "相談所 大胡" not in text_of(client, when="today")


def test_nothing_planned_yet_says_so(client: Client) -> None:
    assert "よろず相談所は、まだありません。" in text_of(client)
    a_desk_at("hall_ogo", "相談所 大胡")
    assert "次に開く日は、まだ決まっていません。" in text_of(client)
    assert "これから開く日は、まだ決まっていません。" in text_of(client, when="today")


# Districts, limits, desks, closures' rules, openings, moves, the programme; what comes instead, when nothing was found.
@pytest.mark.parametrize("query", [{}, {"district": "D14"}, {"when": "month"}])
def test_the_finder_asks_the_database_the_same_for_one_desk_and_for_three(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, query: dict[str, str]
) -> None:
    queries = 6 if "when" in query else 7
    for number, code in enumerate(("hall_ogo", "hall_jonan", "hall_miyagi"), start=1):
        a_desk_at(code, code).open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, number * 9))
        if number in (1, 3):
            with django_assert_num_queries(queries):
                client.get(URL, query)


def test_a_desks_page_says_where_it_is_and_all_its_next_dates(client: Client) -> None:
    desk = a_desk_at("hall_chuo", "よろず相談所 中央", rule=MONDAYS)
    desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 3, 8))
    longer = an_opening(desk, dt.date(2027, 2, 9)).shift
    Shift.objects.filter(pk=longer.pk).update(ends_at=longer.ends_at + dt.timedelta(hours=1))
    text = text_at(client, desk)
    assert "2027年2月8日(月) 10:00から12:00まで" in text
    assert "2027年2月9日(火) 10:00から13:00まで 2027年2月22日(月) 2027年3月8日(月)" in text  # hours where they differ
    assert "前橋市本町二丁目12-1" in text
    assert "毎週 月曜日" in text


def way(client: Client, desk: Desk) -> dict[str, list[str]]:
    """What a desk's page asks of the map app, which is all that leads to another host."""
    page = client.get(reverse("consult:place", args=[desk.pk])).content.decode()
    (link,) = re.findall(r'href="(https?://[^"]+)"', page)
    assert link.startswith("https://www.google.com/maps/search/?")
    return parse_qs(unescape(link).partition("?")[2])


def test_a_desks_page_hands_a_position_to_the_map_app_only_when_it_was_verified(client: Client) -> None:
    desk = a_desk_at("hall_ogo", "相談所 大胡")
    assert way(client, desk) == {"api": ["1"], "query": ["前橋市大胡公民館"]}
    Venue.objects.filter(pk=desk.venue_id).update(coordinates_verified=True)
    assert way(client, desk) == {"api": ["1"], "query": ["36.423185,139.163812"]}


def test_the_page_of_a_desk_that_was_given_up_says_so(client: Client) -> None:
    desk = a_desk_at("hall_ogo", "相談所 大胡")
    desk.open_dates(dt.date(2027, 2, 2), dt.date(2027, 2, 2))
    Desk.objects.update(active=False)
    text = text_at(client, desk)
    assert "この相談所は終わりました。" in text
    assert "2027年2月2日" not in text


def test_a_desk_that_never_was_has_no_page(client: Client) -> None:
    assert client.get(reverse("consult:place", args=[1])).status_code == 404

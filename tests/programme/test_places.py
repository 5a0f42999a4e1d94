"""Venues, their coordinates and the days on which they are closed."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import override

from programme.models import Closure, District, Room, Venue
from programme.models.places import dates_of, validate_rule

FIRST_AND_THIRD_MONDAY = "FREQ=MONTHLY;BYDAY=1MO,3MO"


@pytest.mark.parametrize(
    ("language", "name"),
    [("ja", "城南公民館"), ("ja-easy", "城南公民館(じょうなんこうみんかん)"), ("en", "Jonan Community Hall")],
)
def test_hall_is_called_so_that_the_reader_can_say_it(programme_facts: None, language: str, name: str) -> None:
    with override(language):
        assert str(Venue.objects.get(code="hall_jonan")) == name


def test_a_rule_gives_the_days_within_both_ends() -> None:
    days = dates_of(FIRST_AND_THIRD_MONDAY, dt.date(2026, 4, 6), dt.date(2026, 5, 4))
    assert days == [dt.date(2026, 4, 6), dt.date(2026, 4, 20), dt.date(2026, 5, 4)]


def test_a_rule_that_has_ended_gives_no_more_days() -> None:
    assert dates_of("FREQ=WEEKLY;BYDAY=MO;UNTIL=20260406", dt.date(2026, 4, 1), dt.date(2026, 4, 30)) == [
        dt.date(2026, 4, 6)
    ]


@pytest.mark.parametrize(
    "rule",
    [
        FIRST_AND_THIRD_MONDAY,
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260406",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "freq=weekly;byday=mo",
    ],
)
def test_a_rule_that_names_days_is_accepted(rule: str) -> None:
    validate_rule(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "月曜",
        "FREQ=MONTLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=SECONDLY",
        "FREQ=WEEKLY;BYDAY=MO;BYHOUR=3",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260406T000000Z",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=MO\nFREQ=DAILY",
    ],
)
def test_what_is_not_a_rule_of_days_is_refused(rule: str) -> None:
    with pytest.raises(ValidationError, match="読めません"):
        validate_rule(rule)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("FREQ=WEEKLY", "どの日かが決まりません"),
        ("FREQ=YEARLY;BYMONTH=12", "どの日かが決まりません"),
        ("FREQ=WEEKLY;BYDAY=MO;INTERVAL=2", "使えません"),
        ("FREQ=DAILY;COUNT=3", "使えません"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "どの日にも当たりません"),
    ],
)
def test_a_rule_that_depends_on_where_one_begins_to_count_is_refused(rule: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        validate_rule(rule)


def test_halls_close_on_two_mondays_and_at_new_year(programme_facts: None) -> None:
    hall = Venue.objects.get(code="hall_haga")
    assert hall.closed_on(dt.date(2026, 4, 6)) == "第1・第3月曜日"
    assert hall.closed_on(dt.date(2026, 4, 13)) is None
    assert hall.closed_on(dt.date(2026, 12, 28)) is None
    assert [hall.closed_on(dt.date(2026, 12, day)) for day in (29, 30, 31)] == ["年末"] * 3
    assert [hall.closed_on(dt.date(2027, 1, day)) for day in (1, 2, 3)] == ["年始"] * 3
    assert hall.closed_on(dt.date(2027, 1, 5)) is None


def test_closed_days_of_a_month_come_with_their_reasons(programme_facts: None) -> None:
    hall = Venue.objects.filter(closures="halls")[0]
    assert hall.closed_days(dt.date(2026, 12, 20), dt.date(2027, 1, 10)) == {
        dt.date(2026, 12, 21): "第1・第3月曜日",
        dt.date(2026, 12, 29): "年末",
        dt.date(2026, 12, 30): "年末",
        dt.date(2026, 12, 31): "年末",
        dt.date(2027, 1, 1): "年始",
        dt.date(2027, 1, 2): "年始",
        dt.date(2027, 1, 3): "年始",
        dt.date(2027, 1, 4): "第1・第3月曜日",
    }


def test_a_place_without_a_calendar_is_never_closed(programme_facts: None) -> None:
    own = Venue.objects.create(name="髙﨑さん宅", kind=Venue.Kind.OWN, district_id="D05")
    assert own.closed_on(dt.date(2027, 1, 1)) is None


def test_where_nobody_knows_the_coordinates_the_district_stands_in(programme_facts: None) -> None:
    central = Venue.objects.get(code="hall_chuo")
    centre = District.objects.get(code="D01")
    assert (central.latitude, central.longitude) == (None, None)
    assert central.position == (centre.latitude, centre.longitude)
    assert Venue.objects.get(code="hall_haga").position == (36.426548, 139.108186)


@pytest.mark.parametrize(
    "facts",
    [
        {"latitude": 36.4},
        {"opens": dt.time(9)},
        {"opens": dt.time(17), "closes": dt.time(9)},
        {"kind": "castle"},
    ],
)
def test_the_database_refuses_half_a_fact_about_a_venue(programme_facts: None, facts: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        Venue.objects.create(name="集会所", district_id="D05", **facts)


def test_a_room_is_named_with_its_venue(programme_facts: None) -> None:
    assert str(Room(venue=Venue.objects.get(code="hall_haga"), name="学習室")) == "芳賀公民館 学習室"


def test_a_closure_says_why(programme_facts: None) -> None:
    assert {str(closure) for closure in Closure.objects.all()} == {"第1・第3月曜日", "年末", "年始"}

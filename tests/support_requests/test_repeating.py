"""Monthly requests: the next month's request is made in time, once, and no longer than the group wants."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from notifications.models import Message
from programme.models import Closure, ClosureCalendar, Limit, User, Venue
from support_requests.models import Series, SupportRequest
from support_requests.repeating import continue_all
from support_requests.services import revise
from tests.factories import SupportRequestFactory
from tests.support_requests.wishes import a_wish

pytestmark = pytest.mark.usefixtures("programme_facts")

TOKYO = timezone.get_default_timezone()
# The 2nd Tuesday and the 5th Thursday of a month.
TUESDAY = dt.datetime(2026, 7, 14, 10, 0, tzinfo=TOKYO)
FIFTH = dt.datetime(2026, 7, 30, 14, 0, tzinfo=TOKYO)


@pytest.fixture(autouse=True)
def in_june(set_now: Callable[[dt.datetime], None]) -> None:
    set_now(dt.datetime(2026, 6, 15, 9, 0, tzinfo=TOKYO))


@pytest.fixture
def hall() -> Venue:
    return Venue.objects.create(name="いつも開いている館", district_id="D03")


@pytest.fixture
def first(hall: Venue) -> SupportRequest:
    series = Series.begin([TUESDAY, FIFTH], months=3)
    return SupportRequestFactory.create(wishes=[TUESDAY, FIFTH], venue=hall, series=series)


def days(starts: list[dt.datetime]) -> list[str]:
    return [f"{timezone.localtime(start):%m-%d %H:%M}" for start in starts]


def in_month(asked: SupportRequest, month: int) -> list[str]:
    assert asked.series
    return days(asked.series.starts_in(dt.date(2026, month, 1), asked.venue, minutes=asked.minutes))


def test_the_same_weekday_of_each_month_and_the_nearest_where_there_is_none(first: SupportRequest) -> None:
    assert in_month(first, 8) == ["08-11 10:00", "08-27 14:00"]
    assert in_month(first, 9) == ["09-08 10:00", "09-24 14:00"]
    assert in_month(first, 10) == ["10-13 10:00", "10-29 14:00"]  # the 5th again


def test_wishes_on_both_sides_of_the_end_of_a_month_stay_so(hall: Venue) -> None:
    best, other = dt.datetime(2026, 8, 4, 10, 0, tzinfo=TOKYO), dt.datetime(2026, 7, 28, 10, 0, tzinfo=TOKYO)
    series = Series.begin([best, other], months=3)
    assert (series.next_month, series.last_month) == (dt.date(2026, 8, 1), dt.date(2026, 9, 1))
    assert days(series.starts_in(dt.date(2026, 8, 1), hall, minutes=60)) == ["09-01 10:00", "08-25 10:00"]


def test_what_was_moved_or_clipped_in_one_month_changes_no_other(
    first: SupportRequest, set_now: Callable[[dt.datetime], None]
) -> None:
    first.times.filter(rank=1).update(starts_at=dt.datetime(2026, 8, 3, 15, 0, tzinfo=TOKYO))
    made = []
    for month in (6, 7, 8, 9):
        set_now(dt.datetime(2026, month, 30, 9, 0, tzinfo=TOKYO))
        if continue_all(dt.date(2026, month, 30)):
            made.append(days([time.starts_at for time in SupportRequest.objects.latest("pk").times.all()]))
    assert made == [["08-11 10:00", "08-27 14:00"], ["09-08 10:00", "09-24 14:00"]]


def test_before_the_first_month_is_confirmed_other_wishes_are_the_rule(first: SupportRequest) -> None:
    wednesday = dt.datetime(2026, 8, 19, 13, 0, tzinfo=TOKYO)
    wish = a_wish(starts=[wednesday], place=first.venue)
    SupportRequest.objects.update(status="received")
    revise(first, wish, by=None)
    series = Series.objects.get()
    assert (series.next_month, series.last_month) == (dt.date(2026, 9, 1), dt.date(2026, 10, 1))
    assert days(series.starts_in(series.next_month, first.venue, minutes=60)) == ["09-16 13:00"]
    SupportRequest.objects.update(status="confirmed")
    revise(first, replace(wish, starts=[dt.datetime(2026, 8, 20, 9, 0, tzinfo=TOKYO)]), by=None)
    assert days(Series.objects.get().starts_in(series.next_month, first.venue, minutes=60)) == ["09-16 13:00"]


def test_a_closed_day_gives_way_to_the_nearest_open_one(first: SupportRequest) -> None:
    first.venue.closures = ClosureCalendar.objects.create(code="test", name="休館", source="★")
    first.venue.save()
    Closure.objects.create(calendar=first.venue.closures, rule="FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=11", reason="点検")
    assert in_month(first, 8) == ["08-04 10:00", "08-27 14:00"]
    assert in_month(first, 9) == ["09-08 10:00", "09-24 14:00"]


def test_a_month_in_which_the_place_is_shut_is_left_out(first: SupportRequest) -> None:
    first.venue.closures = ClosureCalendar.objects.create(code="test", name="休館", source="★")
    first.venue.save()
    august = {"first": dt.date(2026, 8, 1), "last": dt.date(2026, 8, 31)}
    Closure.objects.create(calendar=first.venue.closures, rule=Closure.EVERY_DAY, reason="工事", **august)
    assert continue_all(dt.date(2026, 6, 30)) == 0
    assert continue_all(dt.date(2026, 7, 28)) == 1
    assert days([SupportRequest.objects.latest("pk").times.all()[0].starts_at]) == ["09-08 10:00"]


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        ((9, 0), (21, 0), ["08-11 10:00", "08-27 14:00"]),
        ((13, 10), (17, 0), ["08-11 13:15", "08-27 14:00"]),
        ((9, 0), (15, 0), ["08-11 10:00", "08-27 13:30"]),
        ((10, 0), (11, 30), ["08-11 10:00", "08-27 10:00"]),
        ((10, 0), (11, 0), []),  # an hour is too short
    ],
)
def test_a_time_at_which_the_place_is_shut_gives_way_to_the_nearest_open_one(
    first: SupportRequest, opens: tuple[int, int], closes: tuple[int, int], expected: list[str]
) -> None:
    first.venue.opens, first.venue.closes = dt.time(*opens), dt.time(*closes)
    first.venue.save()
    assert (first.minutes, in_month(first, 8)) == (90, expected)


def test_two_wishes_that_would_become_one_stay_two(hall: Venue) -> None:
    hall.opens, hall.closes = dt.time(13), dt.time(17)
    series = Series.begin([TUESDAY, TUESDAY.replace(hour=11)], months=3)
    assert days(series.starts_in(dt.date(2026, 8, 1), hall, minutes=60)) == ["08-11 13:00", "08-04 13:00"]


def test_the_group_and_the_office_are_told_of_other_times_than_usual(first: SupportRequest) -> None:
    continue_all(dt.date(2026, 6, 30))
    Venue.objects.filter(pk=first.venue.pk).update(opens=dt.time(13), closes=dt.time(17))
    continue_all(dt.date(2026, 7, 28))
    usual, other = [
        (Message.objects.get(kind="request_received", subject=f"request:{one.pk}").body, one.moves.get().reason)
        for one in SupportRequest.objects.order_by("pk")[1:]
    ]
    assert ["いつもと違う日時があります" in said for said in usual] == [False, False]
    assert ["いつもと違う日時があります" in said for said in other] == [True, True]


def test_the_next_request_is_made_in_time_and_once(first: SupportRequest) -> None:
    assert continue_all(dt.date(2026, 6, 29)) == 0  # 43 days before
    assert continue_all(dt.date(2026, 6, 30)) == 1
    assert continue_all(dt.date(2026, 6, 30)) == 0
    new = SupportRequest.objects.latest("pk")
    assert days([time.starts_at for time in new.times.all()]) == ["08-11 10:00", "08-27 14:00"]
    assert (new.status, new.group, new.participants, new.minutes) == ("confirmed", first.group, 5, 90)
    assert [(it.topic_id, it.level) for it in new.topics.all()] == [("T05", 1)]
    assert [message.kind for message in Message.objects.filter(subject=f"request:{new.pk}")] == ["request_received"]


def test_the_series_ends_with_its_last_month(first: SupportRequest) -> None:
    made = [continue_all(dt.date(2026, 6, 30) + dt.timedelta(weeks=week)) for week in range(20)]
    assert sum(made) == 2
    assert Series.objects.get().ended_at is not None


def test_what_was_never_confirmed_or_was_ended_is_not_continued(first: SupportRequest, coordinator: User) -> None:
    SupportRequest.objects.update(status="received")
    assert continue_all(dt.date(2026, 7, 1)) == 0
    SupportRequest.objects.update(status="confirmed")
    first.series.end(by=coordinator)
    assert continue_all(dt.date(2026, 7, 1)) == 0


def test_a_month_that_was_taken_back_does_not_end_the_series(first: SupportRequest) -> None:
    first.withdraw(by=None, reason="")
    assert continue_all(dt.date(2026, 7, 1)) == 1


@pytest.mark.parametrize("verb", [SupportRequest.withdraw, SupportRequest.decline])
def test_a_series_that_was_never_confirmed_ends_with_its_first_month(
    first: SupportRequest, verb: Callable[..., None]
) -> None:
    SupportRequest.objects.update(status="received")
    first.refresh_from_db()
    verb(first, by=None, reason="いたずら")
    assert continue_all(dt.date(2026, 7, 1)) == 0
    assert Series.objects.get().ended_at is not None
    assert "次の月から続きます" not in Message.objects.get(kind="request_closed").body


def test_the_migration_ends_what_was_refused_unconfirmed_before_and_nothing_else(hall: Venue) -> None:
    """Such series went on in 0.6."""
    refused, open_still, later = [
        SupportRequestFactory.create(
            status="received", wishes=[TUESDAY], venue=hall, series=Series.begin([TUESDAY], months=3)
        )
        for _ in "123"
    ]
    refused.decline(by=None, reason="いたずら")
    later.confirm(by=None)
    later.withdraw(by=None, reason="")
    Series.objects.update(ended_at=None)
    migration = import_module("support_requests.migrations.0017_refused_series_end")
    migration.end_refused(apps, None)
    ended = Series.objects.exclude(ended_at=None)
    assert [series.pk for series in ended] == [refused.series_id]
    assert open_still.series_id != refused.series_id


@pytest.mark.parametrize(("intake", "made"), [("web", 1), ("phone", 2)])
def test_several_series_of_a_group_keep_to_its_requests_a_month(first: SupportRequest, intake: str, made: int) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=1)
    wishes = [TUESDAY + dt.timedelta(days=1)]
    series = Series.begin(wishes, months=3)
    SupportRequestFactory.create(wishes=wishes, venue=first.venue, group=first.group, series=series, intake=intake)
    assert continue_all(dt.date(2026, 7, 8)) == made
    series.refresh_from_db()
    assert (series.next_month, series.ended_at) == (dt.date(2026, 9, 1), None)


def test_a_month_that_is_too_near_is_left_out(first: SupportRequest, set_now: Callable[[dt.datetime], None]) -> None:
    set_now(dt.datetime(2026, 8, 8, 9, 0, tzinfo=TOKYO))
    assert continue_all(dt.date(2026, 8, 8)) == 1
    assert days([SupportRequest.objects.latest("pk").times.all()[0].starts_at]) == ["09-08 10:00"]

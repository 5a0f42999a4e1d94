"""Monthly requests: the next month's request is made in time, once, and no longer than the group wants."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from notifications.models import Message
from programme.models import Closure, ClosureCalendar, User, Venue
from support_requests.models import Series, SupportRequest
from support_requests.repeating import continue_all, next_month
from tests.factories import SupportRequestFactory

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
    series = Series.objects.create(last_month=dt.date(2026, 9, 1))
    return SupportRequestFactory.create(wishes=[TUESDAY, FIFTH], venue=hall, series=series)


def days(starts: list[dt.datetime]) -> list[str]:
    return [f"{timezone.localtime(start):%m-%d %H:%M}" for start in starts]


def test_the_same_weekday_of_the_next_month_and_the_nearest_where_there_is_none(first: SupportRequest) -> None:
    assert days(next_month([TUESDAY, FIFTH], 1, first)) == ["08-11 10:00", "08-27 14:00"]
    assert days(next_month([TUESDAY, FIFTH], 2, first)) == ["09-08 10:00", "09-24 14:00"]


def test_a_closed_day_gives_way_to_the_nearest_open_one(first: SupportRequest) -> None:
    first.venue.closures = ClosureCalendar.objects.create(code="test", name="休館", source="★")
    first.venue.save()
    Closure.objects.create(calendar=first.venue.closures, rule="FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=11", reason="点検")
    assert days(next_month([TUESDAY], 1, first)) == ["08-04 10:00"]


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


def test_a_month_that_is_too_near_is_left_out(first: SupportRequest, set_now: Callable[[dt.datetime], None]) -> None:
    set_now(dt.datetime(2026, 8, 8, 9, 0, tzinfo=TOKYO))
    assert continue_all(dt.date(2026, 8, 8)) == 1
    assert days([SupportRequest.objects.latest("pk").times.all()[0].starts_at]) == ["09-08 10:00"]

"""Until when somebody may answer, and how often people are asked."""

import datetime as dt

import pytest
from django.utils import timezone

from programme.models import Limit, Limits
from supporters.asking import answer_by, check_asks, last_asked
from supporters.errors import AskedOften
from tests.factories import SupporterFactory, a_shift, an_offer

pytestmark = pytest.mark.usefixtures("programme_facts")

HOUR = dt.timedelta(hours=1)
TOKYO = dt.timezone(9 * HOUR)
NOON = dt.datetime(2026, 6, 15, 12, tzinfo=TOKYO)


def no_quiet_hours() -> None:
    Limit.objects.filter(code__in=["quiet_from", "quiet_until"]).update(value=0)


@pytest.mark.parametrize(
    ("left", "asked"),
    [(30 * 24, 48), (4 * 24, 48), (3 * 24, 48), (60, 36), (48, 24), (24, 12), (2, 1)],
)
def test_an_offer_leaves_time_to_ask_somebody_else(left: int, asked: int) -> None:
    no_quiet_hours()
    assert answer_by(NOON, NOON + left * HOUR, Limits.current()) == NOON + asked * HOUR


@pytest.mark.parametrize(
    ("now", "starts_at", "end"),
    [
        # Asked at night: the time counts from the morning on.
        ("15 23:00", "30 10:00", "18 08:00"),
        ("16 03:00", "30 10:00", "18 08:00"),
        # An end at night is put off to an hour after it, if somebody else can still be asked then …
        ("15 20:00", "16 22:00", "16 09:00"),
        # … else brought forward to the evening.
        ("15 12:00", "16 10:00", "15 21:00"),
        # … which in the late evening leaves no time to answer: then until halfway through the morning.
        ("15 20:10", "16 09:00", "16 08:30"),
        ("15 20:59", "16 11:30", "16 09:00"),
        # Two hours before the start nobody can wait for the morning.
        ("15 22:00", "16 00:00", "15 23:00"),
    ],
)
def test_nobody_has_to_answer_at_night(now: str, starts_at: str, end: str) -> None:
    moments = [dt.datetime.strptime(f"2026-06-{text} +0900", "%Y-%m-%d %H:%M %z") for text in (now, starts_at, end)]
    assert answer_by(moments[0], moments[1], Limits.current()) == moments[2]


def test_a_deadline_lies_between_now_and_the_start_whatever_the_hour() -> None:
    limits = Limits.current()
    for now in (NOON + hours * HOUR for hours in range(24)):
        for left in (1, 2, 5, 9, 13, 26, 47, 49, 72, 500):
            end = answer_by(now, now + left * HOUR, limits)
            assert now < end < now + left * HOUR, (now, left)


def test_nobody_is_asked_more_often_a_month_than_the_programme_allows() -> None:
    Limit.objects.filter(code="asks_a_month").update(value=2)
    person, other = SupporterFactory.create(), SupporterFactory.create()
    now, limits = timezone.now(), Limits.current()
    an_offer(a_shift(days=7), person).decline(by=None)
    check_asks(person, now, limits)
    an_offer(a_shift(days=8), person)
    with pytest.raises(AskedOften):
        check_asks(person, now, limits)
    check_asks(other, now, limits)
    check_asks(person, now + dt.timedelta(days=32), limits)


def test_the_last_time_that_somebody_was_asked_is_known() -> None:
    person = SupporterFactory.create()
    assert last_asked() == {}
    an_offer(a_shift(days=7), person)
    second = an_offer(a_shift(days=8), person)
    assert last_asked() == {person.pk: second.offered_at}

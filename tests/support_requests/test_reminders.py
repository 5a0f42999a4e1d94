"""Groups hear of their session on the eve, its people of the report that is missing: each once."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Message
from programme.models import Limit, User, Venue
from support_requests.models import SupportRequest
from support_requests.reminders import remind
from support_requests.rescheduling import reschedule
from support_requests.tasks import remind as remind_task
from tests.support_requests.booking import a_booked_session, a_planned_session

pytestmark = pytest.mark.usefixtures("programme_facts")


def told(kind: str) -> list[Message]:
    return list(Message.objects.filter(kind=kind).order_by("pk"))


def test_a_group_is_reminded_once_on_the_day_before(set_now: Any) -> None:
    session = a_booked_session()
    a_planned_session()
    start = session.shift.starts_at  # at 10 o'clock
    for moment, count in [
        (start - dt.timedelta(days=1, hours=1, minutes=1), 0),
        (start - dt.timedelta(days=1, hours=1), 1),
        (start - dt.timedelta(hours=3), 1),
        (start + dt.timedelta(minutes=1), 1),
    ]:
        set_now(moment)
        remind(moment)
        assert len(told("request_reminder")) == count
    [message] = told("request_reminder")
    assert (message.recipient, message.expires_at) == (session.request.group.contact, start)


def test_a_group_whose_session_moves_is_reminded_of_the_new_day_alone(set_now: Any, coordinator: User) -> None:
    Venue.objects.update(closures=None)
    session = a_booked_session()
    start = session.shift.starts_at
    for moment in (start - dt.timedelta(hours=22), start + dt.timedelta(days=6, hours=1)):
        set_now(moment)
        remind(moment)
        remind(moment)
        if moment < start:
            reschedule(session, start + dt.timedelta(days=7), by=coordinator, reason="会場の都合")
    states = [(message.occasion, message.state) for message in told("request_reminder")]
    days = [str(timezone.localdate(start + dt.timedelta(days=number))) for number in (0, 7)]
    assert states == list(zip(days, ["replaced", "queued"], strict=True))


def test_the_team_is_asked_once_for_a_report_that_is_missing(set_now: Any) -> None:
    session = a_booked_session(names=("支援一郎", "支援二郎"))
    due = session.shift.ends_at + dt.timedelta(hours=18)
    for moment, count in [(due - dt.timedelta(minutes=1), 0), (due, 2), (due + dt.timedelta(days=3), 2)]:
        set_now(moment)
        remind_task()
        assert len(told("report_due")) == count
    assert "/report" in told("report_due")[0].body


def test_once_there_is_a_report_nobody_is_asked_for_it_by_what_still_waits(set_now: Any, coordinator: User) -> None:
    session = a_booked_session(names=("支援一郎", "支援二郎"))
    moment = session.shift.ends_at + dt.timedelta(hours=20)
    set_now(moment)
    remind(moment)
    session.record_report(by=coordinator, attendees=3, topics=[], present=session.shift.assignments.all())
    assert [message.state for message in told("report_due")] == ["cancelled"] * 2


@pytest.mark.parametrize("why", ["reported", "called off", "long ago", "not wanted"])
def test_nobody_is_asked_for_a_report_that_is_there_or_of_no_use(set_now: Any, coordinator: User, why: str) -> None:
    session = a_booked_session()
    moment = session.shift.ends_at + dt.timedelta(hours=20)
    set_now(moment)
    match why:
        case "reported":
            session.record_report(by=coordinator, attendees=3, topics=[], present=session.shift.assignments.all())
        case "called off":
            session.shift.cancel(by=coordinator, reason="台風")
        case "long ago":
            moment += dt.timedelta(days=60)
        case "not wanted":
            Limit.objects.filter(code="report_due_hours").update(value=0)
    assert remind(moment) == 0
    assert told("report_due") == []


def test_a_sweep_takes_the_same_number_of_queries_for_one_and_for_three(set_now: Any) -> None:
    counts = []
    for number in (1, 2):
        session = max((a_booked_session() for _one in range(number * 2 - 1)), key=lambda one: one.pk)
        moment = session.shift.starts_at - dt.timedelta(hours=20)
        with CaptureQueriesContext(connection) as queries:
            set_now(moment)
            assert remind(moment) == number * 2 - 1
        counts.append(len(queries))
        SupportRequest.objects.update(status=SupportRequest.Status.HELD)
        set_now(moment - dt.timedelta(days=13))
    assert counts[0] == counts[1]

"""Somebody of a full team will not come: what becomes of the booking, and who is asked instead."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Message
from programme.models import Limit, Limits, User, Venue
from support_requests import reminders
from support_requests.models import Session, SupportRequest
from support_requests.planning import solving
from support_requests.planning.mending import given_up
from support_requests.planning.saying import say_why
from support_requests.rescheduling import reschedule
from supporters import asking, erasing
from supporters.models import Assignment
from tests.factories import SupporterFactory, a_shift, an_offer, at
from tests.support_requests.booking import a_booked_session, a_planned_session
from tests.support_requests.lifecycle import broken

pytestmark = pytest.mark.usefixtures("open_halls")

Status = Assignment.Status


@pytest.fixture
def open_halls(programme_facts: None) -> None:
    Venue.objects.update(closures=None)


def team(session: Session) -> list[tuple[str, str]]:
    return [(row.supporter.name, row.status) for row in session.shift.assignments.order_by("pk")]


def told_of_dates() -> list[str]:
    """What groups were told of their dates, in order."""
    kinds = ("request_booked", "request_moved")
    return list(Message.objects.filter(kind__in=kinds).order_by("pk").values_list("kind", flat=True))


def test_a_booking_that_loses_somebody_waits_for_its_team_again(coordinator: User, set_now: Any) -> None:
    session = a_booked_session(names=["甲", "乙"])
    session.shift.assignments.get(supporter__name="甲").take_off(by=coordinator, reason="都合")
    asked = SupportRequest.objects.get()
    move = asked.moves.latest("pk")
    assert (asked.status, move.by, move.reason, broken()) == ("planned", coordinator, "都合", [])
    set_now(session.shift.starts_at - dt.timedelta(hours=16))
    assert reminders.remind(timezone.now()) == 0


def test_whoever_comes_instead_makes_it_hold_and_the_group_hears_nothing_twice(coordinator: User) -> None:
    session = a_booked_session(names=["甲"])
    session.shift.assignments.get().take_off(by=coordinator, reason="都合")
    an_offer(session.shift, SupporterFactory(name="乙")).accept(by=None)
    assert (SupportRequest.objects.get().status, told_of_dates()) == ("booked", ["request_booked"])
    # Once it has moved meanwhile, the group is told both the time and that it holds.
    session.shift.assignments.get(supporter__name="乙").take_off(by=coordinator, reason="都合")
    reschedule(session, at(15), by=coordinator, reason="会場")
    assert told_of_dates()[1:] == ["request_moved"]
    an_offer(session.shift, SupporterFactory(name="丙")).accept(by=None)
    assert (SupportRequest.objects.get().status, told_of_dates()[2:]) == ("booked", ["request_booked"])


def test_an_erased_person_leaves_no_booking_behind_that_nobody_keeps() -> None:
    session = a_booked_session(names=["甲"])
    person = session.shift.assignments.get().supporter
    erasing.ask(person, by=person.user)
    erasing.erase(person)
    assert (SupportRequest.objects.get().status, broken()) == ("planned", [])


def test_whom_the_office_freed_is_not_asked_for_that_time_again(coordinator: User) -> None:
    session = a_booked_session(names=["甲"])
    session.shift.assignments.get().take_off(by=coordinator, reason="本人の体調のため")
    solving.sweep(timezone.now())
    assert team(session) == [("甲", Status.CANCELLED)]
    SupporterFactory(name="乙")
    freed = session.shift.assignments.get().supporter
    an_offer(session.shift, SupporterFactory(name="丙")).decline(by=None)
    solving.sweep(timezone.now())
    assert team(session)[2:] == [("乙", Status.OFFERED)]
    reschedule(session, at(15), by=coordinator, reason="会場")  # of another time the office said nothing
    session.shift.assignments.offered().get().decline(by=None)
    solving.sweep(timezone.now())
    assert session.shift.assignments.offered().get().supporter == freed


def test_a_deadline_comes_nearer_with_the_date(coordinator: User) -> None:
    session = a_planned_session(wishes=[at(30)])
    row = asking.ask(session.shift, SupporterFactory(), by=coordinator)
    reschedule(session, at(1, 9), by=coordinator, reason="会場")
    row.refresh_from_db()
    session.shift.refresh_from_db()
    soonest = asking.answer_by(timezone.now(), session.shift.starts_at, Limits.current())
    assert row.answer_by is not None
    assert abs(row.answer_by - soonest) < dt.timedelta(minutes=1)
    assert row.answer_by < session.shift.starts_at
    before = row.answer_by
    reschedule(session, at(20), by=coordinator, reason="会場")  # a longer one was never promised
    row.refresh_from_db()
    assert row.answer_by == before


def test_a_booked_session_goes_with_those_who_stay_when_no_stand_in_is_found(client: Client, coordinator: User) -> None:
    session = a_booked_session(names=["甲", "乙"])
    client.force_login(coordinator)
    page, verb = f"/requests/list/{session.request_id}/", f"/requests/list/{session.request_id}/fewer/"
    assert "引き受けた人だけで行う" not in client.get(page).content.decode()
    session.shift.assignments.get(supporter__name="甲").want_stand_in(by=None, reason="熱")
    assert "引き受けた人だけで行う" in client.get(page).content.decode()
    client.post(verb, {"fewer-reason": "1人でたりる"})
    session.shift.refresh_from_db()
    asked = SupportRequest.objects.get()
    assert (asked.status, asked.moves.latest("pk").reason, session.shift.needed) == ("booked", "1人でたりる", 1)
    assert (team(session), broken()) == ([("甲", Status.CANCELLED), ("乙", Status.ACCEPTED)], [])
    assert Message.objects.filter(kind="taken_off").count() == 1
    assert told_of_dates() == ["request_booked"]


def test_where_only_people_who_were_asked_often_enough_are_left_the_reason_says_so() -> None:
    Limit.objects.filter(code="asks_a_month").update(value=1)
    session, capped = a_planned_session(), SupporterFactory()
    an_offer(a_shift(days=40), capped).decline(by=None)
    an_offer(session.shift, SupporterFactory()).decline(by=None)
    solving.sweep(timezone.now())
    assert say_why(given_up(timezone.now()).get(shift=session.shift)).startswith(
        "行けるサポーターには、今月お願いできる回数まで"
    )
    capped.skills.all().delete()  # who could not go anyway is not the reason
    an_offer(session.shift, SupporterFactory()).decline(by=None)
    solving.sweep(timezone.now())
    assert say_why(given_up(timezone.now()).get(shift=session.shift)).startswith("この日時に行けるサポーターの中に")

"""What the office sees of a year: of a group's sessions and of a person's duties, and nobody else does."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from notifications import links
from programme.models import Limits, User
from support_requests.history import GroupHistory, group_history
from support_requests.messages import STATUS
from support_requests.models import Group, Session
from supporters.history import YEAR, History, history
from supporters.models import Assignment, Shift
from tests.factories import SupporterFactory, a_shift, an_offer
from tests.support_requests.booking import a_booked_session

pytestmark = pytest.mark.usefixtures("programme_facts")

Clock = Callable[[dt.datetime], None]
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def session() -> Session:
    return a_booked_session()


def called_off(session: Session, set_now: Clock, *, before: dt.timedelta, cause: str = Shift.Cause.GROUP) -> Group:
    """The session, called off so long before its start; afterwards it is a day later."""
    set_now(session.shift.starts_at - before)
    session.request.decline(by=None, reason="用事", cause=cause)
    set_now(session.shift.ends_at + 24 * HOUR)
    return session.request.group


# --- A group --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "late"), [(47, 1), (48, 0)])
def test_what_a_group_calls_off_within_48_hours_is_late(
    session: Session, set_now: Clock, hours: int, late: int
) -> None:
    group = called_off(session, set_now, before=hours * HOUR)
    assert group_history(group, timezone.now()) == GroupHistory(held=0, late=late, nobody=0)


@pytest.mark.parametrize("cause", ["supporters", "venue", "weather", "office"])
def test_what_others_call_off_is_not_counted_against_the_group(session: Session, set_now: Clock, cause: str) -> None:
    assert group_history(called_off(session, set_now, before=HOUR, cause=cause), timezone.now()).late == 0


def test_a_group_that_withdraws_late_is_counted(session: Session, set_now: Clock) -> None:
    set_now(session.shift.starts_at - HOUR)
    session.request.withdraw(by=None, reason="用事")
    assert group_history(session.request.group, timezone.now()).late == 1


def test_a_late_cancellation_stays_when_the_session_gets_another_time(session: Session, set_now: Clock) -> None:
    set_now(session.shift.starts_at - HOUR)
    session.request.reopen(by=None, reason="用事", cause=Shift.Cause.GROUP)
    Session.objects.filter(pk=session.pk).update(shift=a_shift(days=30))
    assert group_history(session.request.group, timezone.now()).late == 1


def test_sessions_that_were_held_and_those_to_which_nobody_came_are_told_apart(set_now: Clock) -> None:
    first, second = a_booked_session(), a_booked_session()
    type(second.request).objects.filter(pk=second.request_id).update(group=first.request.group)
    set_now(first.shift.ends_at)
    for session, attendees in ((first, 4), (second, 0)):
        session.record_report(by=None, attendees=attendees, topics=[], present=[])
    assert group_history(first.request.group, timezone.now()) == GroupHistory(held=1, late=0, nobody=1)


def test_a_year_later_it_is_forgotten(session: Session, set_now: Clock) -> None:
    group = called_off(session, set_now, before=HOUR)
    starts_at = session.shift.starts_at
    counts = [group_history(group, starts_at + YEAR + delta).late for delta in (-HOUR, dt.timedelta())]
    assert counts == [1, 0]


def test_the_office_reads_it_and_the_group_does_not(
    client: Client, coordinator: User, session: Session, set_now: Clock
) -> None:
    called_off(session, set_now, before=HOUR)
    own = client.get(f"/requests/status/{links.token(STATUS, session.request_id)}/").content.decode()
    client.force_login(coordinator)
    office = client.get(f"/requests/list/{session.request_id}/").content.decode()
    assert ["直前の取りやめ" in page for page in (own, office)] == [False, True]
    assert "行った出張サポート 0回、直前の取りやめ 1回、来た人がいなかった回 0回" in office


# --- A supporter ----------------------------------------------------------------------------------------


def wants_stand_in(duty: Assignment, set_now: Clock, *, before: dt.timedelta) -> None:
    """Say so long before the start that one cannot come. Moves bear the real clock's time, unless told."""
    moment = duty.shift.starts_at - before
    set_now(moment)
    duty.want_stand_in(by=None)
    duty.moves.filter(to_status=Assignment.Status.STANDING_IN_WANTED).update(at=moment)


def test_duties_are_counted_by_what_became_of_them(set_now: Clock) -> None:
    person = SupporterFactory.create()
    kept, late, early, absent = (an_offer(a_shift(days=days), person) for days in (7, 14, 21, 28))
    for duty in (kept, late, early, absent):
        duty.accept(by=None)
    wants_stand_in(late, set_now, before=47 * HOUR)
    late.accept(by=None)  # came after all, and was late to say
    wants_stand_in(early, set_now, before=49 * HOUR)
    set_now(absent.shift.ends_at)
    absent.record_attendance(came=False, by=None)
    assert history(person, timezone.now(), Limits.current()) == History(served=3, late=1, absent=1)


def test_saying_it_late_stays_late_when_the_duty_gets_another_time(set_now: Clock) -> None:
    person = SupporterFactory.create()
    duty = an_offer(a_shift(), person)
    duty.accept(by=None)
    wants_stand_in(duty, set_now, before=HOUR)
    later = duty.shift.starts_at + dt.timedelta(days=7)
    duty.shift.move_to(later, later + 2 * HOUR, by=None, reason="大雪")
    assert history(person, later, Limits.current()).late == 1


def test_saying_it_twice_counts_once_and_a_year_later_not_at_all(set_now: Clock) -> None:
    person = SupporterFactory.create()
    duty = an_offer(a_shift(), person)
    duty.accept(by=None)
    for _again in range(2):
        wants_stand_in(duty, set_now, before=2 * HOUR)
        duty.accept(by=None)
    counts = [history(person, duty.shift.starts_at + YEAR + delta, Limits.current()) for delta in (-HOUR, HOUR)]
    assert counts == [History(1, 1, 0), History(0, 0, 0)]


def test_the_office_reads_a_persons_year_and_the_person_does_not(client: Client, coordinator: User) -> None:
    person = SupporterFactory.create()
    client.force_login(person.user)
    own = client.get("/supporters/").content.decode()
    client.force_login(coordinator)
    office = client.get(f"/supporters/people/{person.pk}/").content.decode()
    assert ["直前に「行けなくなりました」" in page for page in (own, office)] == [False, True]
    assert Assignment.objects.count() == 0

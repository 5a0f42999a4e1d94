"""Lifecycle, permissions, messages, and what the database refuses whatever the code does."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from icalendar import Calendar

from notifications import calendars
from notifications.models import Message
from programme.errors import ChangedMeanwhile
from programme.models import Programme, User
from support_requests.errors import RequestClosed, TimePassed
from support_requests.messages import ask_to_confirm, tell_booked
from support_requests.models import Group, PreferredTime, Report, RequestTopic, Session, SupportRequest
from tests.factories import ContactFactory, GroupFactory, SupporterFactory, SupportRequestFactory, a_shift, an_offer, at
from tests.support_requests.booking import a_booked_session, a_planned_session

pytestmark = pytest.mark.usefixtures("programme_facts")


# --- The life of a request ------------------------------------------------------------------------------


def test_the_whole_life_is_recorded_with_who_and_when(
    coordinator: User, set_now: Callable[[dt.datetime], None]
) -> None:
    before = dt.datetime.now(dt.UTC)
    asked = SupportRequestFactory.create(status="received")
    asked.confirm(by=coordinator)
    asked._move("planned", by=coordinator)
    supporter, shift = SupporterFactory.create(), a_shift(purpose="session", days=14)
    session = Session.objects.create(request=asked, shift=shift)
    an_offer(shift, supporter).accept(by=supporter.user)
    set_now(shift.ends_at)
    session.record_report(by=supporter.user, attendees=4, topics=[], present=shift.assignments.held())
    moves = asked.moves.all()
    assert [(move.from_status, move.to_status, move.by) for move in moves] == [
        ("received", "confirmed", coordinator),
        ("confirmed", "planned", coordinator),
        ("planned", "booked", supporter.user),
        ("booked", "held", supporter.user),
        ("held", "reported", supporter.user),
    ]
    times = [before, *(move.at for move in moves), dt.datetime.now(dt.UTC)]
    assert times == sorted(times)


def test_a_complete_team_books_the_session_and_tells_the_group() -> None:
    session = a_planned_session(needed=2)
    an_offer(session.shift, SupporterFactory.create()).accept(by=None)
    session.request.refresh_from_db()
    assert session.request.status == "planned"
    an_offer(session.shift, SupporterFactory.create()).accept(by=None)
    session.request.refresh_from_db()
    message = Message.objects.get(kind="request_booked")
    assert session.request.status == "booked"
    assert calendars.method_of(message.calendar) == "PUBLISH"
    assert session.request.number in message.body


def test_a_new_time_is_told_anew_and_the_same_time_once() -> None:
    session = a_booked_session()
    tell_booked(session)
    assert Message.objects.filter(kind="request_booked").count() == 1
    session.shift.sequence += 1
    tell_booked(session)
    assert Message.objects.filter(kind="request_booked").count() == 2


@pytest.mark.parametrize(("verb", "kind"), [("reopen", "reopened"), ("withdraw", "closed"), ("decline", "closed")])
def test_a_booked_time_that_no_longer_holds_leaves_the_group_s_calendar(
    coordinator: User, verb: str, kind: str
) -> None:
    asked = SupportRequest.objects.get(pk=a_booked_session().request_id)
    getattr(asked, verb)(by=coordinator, reason="会場の都合")
    before, after = (
        Calendar.from_ical(Message.objects.get(kind=f"request_{name}").calendar) for name in ("booked", kind)
    )
    [came], [went] = before.walk("VEVENT"), after.walk("VEVENT")
    assert (after["METHOD"], went["STATUS"], went["UID"]) == ("CANCEL", "CANCELLED", came["UID"])
    assert went["SEQUENCE"] > came["SEQUENCE"]


def test_a_time_that_was_told_before_the_team_broke_is_taken_back_too(coordinator: User) -> None:
    """A session that moved waits for its team again, but the group knows the time."""
    asked = SupportRequest.objects.get(pk=a_booked_session().request_id)
    SupportRequest.objects.filter(pk=asked.pk).update(status=SupportRequest.Status.PLANNED)
    asked.reopen(by=coordinator, reason="会場の都合")
    assert calendars.method_of(Message.objects.get(kind="request_reopened").calendar) == "CANCEL"


def test_a_request_without_a_time_takes_nothing_out_of_a_calendar(coordinator: User) -> None:
    asked = SupportRequest.objects.get(pk=a_planned_session().request_id)
    asked.decline(by=coordinator, reason="会場の都合")
    assert Message.objects.get(kind="request_closed").calendar == ""


@pytest.mark.parametrize("status", ["reported", "withdrawn", "declined", "held"])
@pytest.mark.parametrize("verb", ["withdraw", "decline"])
def test_what_is_over_is_not_closed_again(status: str, verb: str) -> None:
    asked = SupportRequestFactory.create(status=status)
    same = {"withdraw": "withdrawn", "decline": "declined"}[verb] == status
    if same:
        getattr(asked, verb)(by=None, reason="x")
    else:
        with pytest.raises(ChangedMeanwhile):
            getattr(asked, verb)(by=None, reason="x")
    asked.refresh_from_db()
    assert (asked.status, asked.moves.count(), Message.objects.count()) == (status, 0, 0)


def test_confirming_what_is_closed_is_refused() -> None:
    with pytest.raises(RequestClosed):
        SupportRequestFactory.create(status="declined").confirm(by=None)


def test_the_last_preferred_time_ends_the_links_life_but_not_the_coordinators(
    coordinator: User, set_now: Callable[[dt.datetime], None]
) -> None:
    asked = SupportRequestFactory.create(status="received")
    set_now(at(16))
    with pytest.raises(TimePassed):
        asked.confirm(by=None)
    asked.confirm(by=coordinator)
    assert asked.status == "confirmed"


def test_a_stale_copy_does_not_move_what_has_moved() -> None:
    asked = SupportRequestFactory.create(status="confirmed")
    stale = SupportRequest.objects.get(pk=asked.pk)
    asked.withdraw(by=None, reason="")
    with pytest.raises(ChangedMeanwhile):
        stale.decline(by=None, reason="x")
    with pytest.raises(ChangedMeanwhile):
        stale._move("planned", by=None)
    assert asked.moves.count() == 1


def test_only_coordinators_see_requests(coordinator: User, officer: User) -> None:
    asked = SupportRequestFactory.create()
    assert list(SupportRequest.objects.visible_to(coordinator)) == [asked]
    for user in (officer, AnonymousUser()):
        assert list(SupportRequest.objects.visible_to(user)) == []


def test_a_name_that_grows_when_folded_is_stored() -> None:
    group = GroupFactory.create(name="㍿" * 100)
    group.refresh_from_db()
    assert (group.name, len(group.search_key)) == ("㍿" * 100, 110)


# --- Messages -------------------------------------------------------------------------------------------


def test_a_message_is_plain_text_with_the_programmes_telephone() -> None:
    Programme.objects.update(phone="027-000-0000", phone_hours="平日 9:00から17:00まで")
    ask_to_confirm(SupportRequestFactory.create(status="received", group__name="A&B〜<会>"))
    message = Message.objects.get()
    assert message.title == "出張サポートのお申し込みの確認をお願いします"
    assert "団体: A&B〜<会>" in message.body
    assert "お電話 027-000-0000 平日 9:00から17:00まで" in message.body
    assert "/requests/confirm/" in message.body
    assert "\n\n\n" not in message.body


def test_a_programme_without_a_telephone_says_nothing_of_it() -> None:
    ask_to_confirm(SupportRequestFactory.create(status="received"))
    assert "お電話" not in Message.objects.get().body


def test_who_has_no_mail_is_rung_and_gets_no_links() -> None:
    contact = ContactFactory.create(email="", phone="027-224-1111")
    session = a_booked_session(group__contact=contact)
    session.request.withdraw(by=None, reason="")
    messages = list(contact.messages.all())
    assert {message.channel for message in messages} == {"phone"}
    assert len(messages) == 2
    assert not any("http" in message.body for message in messages)


# --- The database ---------------------------------------------------------------------------------------


def refused(create: Callable[[], Any]) -> bool:
    try:
        with transaction.atomic():
            create()
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "lost"},
        {"intake": "fax"},
        {"participants": 0},
        {"minutes": 0},
    ],
)
def test_the_database_refuses_a_request_that_cannot_be(facts: dict[str, Any]) -> None:
    right = SupportRequestFactory.create()
    row = {"group": right.group, "venue": right.venue, "participants": 3, "minutes": 60}
    assert refused(lambda: SupportRequest.objects.create(**row | facts))
    assert not refused(lambda: SupportRequest.objects.create(**row))


def test_the_database_stores_a_form_once() -> None:
    form_id = uuid.uuid4()
    first = SupportRequestFactory.create(form_id=form_id)
    row = {"group": first.group, "venue": first.venue, "participants": 3, "minutes": 60}
    assert refused(lambda: SupportRequest.objects.create(**row, form_id=form_id))


def test_the_database_refuses_a_group_of_no_kind() -> None:
    group = GroupFactory.create()
    row = {"name": "x", "district": group.district, "contact": group.contact}
    assert refused(lambda: Group.objects.create(**row, kind="club"))


def test_the_database_refuses_a_rank_or_a_time_twice() -> None:
    asked = SupportRequestFactory.create()
    first = asked.times.all()[0]
    assert refused(lambda: PreferredTime.objects.create(request=asked, rank=1, starts_at=at(20)))
    assert refused(lambda: PreferredTime.objects.create(request=asked, rank=4, starts_at=first.starts_at))
    assert refused(lambda: PreferredTime.objects.create(request=asked, rank=0, starts_at=at(20)))
    assert not refused(lambda: PreferredTime.objects.create(request=asked, rank=4, starts_at=at(20)))


def test_the_database_refuses_a_topic_twice_and_a_level_unknown() -> None:
    asked = SupportRequestFactory.create()
    assert refused(lambda: RequestTopic.objects.create(request=asked, topic_id="T05"))
    assert refused(lambda: RequestTopic.objects.create(request=asked, topic_id="T01", level=4))
    assert not refused(lambda: RequestTopic.objects.create(request=asked, topic_id="T01", level=3))


def test_the_database_holds_one_session_a_request_and_one_report_a_session() -> None:
    session = a_booked_session()
    assert refused(lambda: Session.objects.create(request=session.request, shift=a_shift(days=20)))
    assert refused(lambda: Report.objects.create(session=session, attendees=1000))
    assert not refused(lambda: Report.objects.create(session=session, attendees=0))
    assert refused(lambda: Report.objects.create(session=session, attendees=3))

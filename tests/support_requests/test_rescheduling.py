"""A session moves to another time: with its team where possible, one updated invitation each."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import icalendar
import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Message
from programme.errors import ChangedMeanwhile
from programme.models import Closure, ClosureCalendar, Limit, Room, User, Venue
from support_requests.errors import ClosedOn, OffGrid, SameTime, TeamCannotCome, TimePassed, TooSoon
from support_requests.models import Inquiry, Session, SupportRequest
from support_requests.rescheduling import other_times, reschedule
from supporters.errors import RoomTaken
from supporters.models import Assignment, Claim, RoomClaim, Shift, Supporter, WeeklyWindow
from supporters.models.claims import cells
from tests.factories import ContactFactory, SupporterFactory, SupportRequestFactory, a_shift, an_offer, at
from tests.support_requests.booking import a_booked_session, a_planned_session

pytestmark = pytest.mark.usefixtures("open_halls")

Status = Assignment.Status
Clock = Callable[[dt.datetime], None]
TOKYO = timezone.get_default_timezone()


@pytest.fixture
def open_halls(programme_facts: None) -> None:
    """Whatever day it is today, no hall is closed on the days of these tests."""
    Venue.objects.update(closures=None)


def told(kind: str) -> list[Message]:
    return list(Message.objects.filter(kind=kind).order_by("pk"))


def entry(message: Message) -> Any:
    return next(one for one in icalendar.Calendar.from_ical(message.calendar).walk("VEVENT"))


def busy(name: str, session: Any, start: dt.datetime) -> None:
    """The person called ``name`` has another duty at ``start``."""
    person = Assignment.objects.get(shift=session.shift, supporter__name=name).supporter
    other = a_shift(days=(start.date() - at(0).date()).days, hour=start.astimezone(at(0).tzinfo).hour)
    an_offer(other, person).accept(by=None)


def test_the_whole_team_moves_and_the_booking_holds(coordinator: User) -> None:
    session = a_booked_session(names=["支援一郎", "支援二郎"])
    assert reschedule(session, at(15), by=coordinator, reason="会場の都合") == []
    session.refresh_from_db()
    assert (session.shift.starts_at, session.shift.minutes) == (at(15), 60)
    assert session.request.status == SupportRequest.Status.BOOKED
    assert set(session.shift.assignments.values_list("status", flat=True)) == {Status.ACCEPTED}
    assert set(Claim.objects.values_list("cell", flat=True)) == set(cells(at(15), at(15, 11)))


def test_everybody_gets_one_updated_invitation(coordinator: User) -> None:
    session = a_booked_session(names=["支援一郎", "支援二郎"])
    before = {message.recipient_id: entry(message) for message in Message.objects.exclude(calendar="")}
    reschedule(session, at(15), by=coordinator, reason="会場の都合")
    moved = [*told("moved"), *told("request_moved")]
    assert {message.recipient_id for message in moved} == set(before)
    assert len(moved) == 3
    for message in moved:
        assert entry(message)["UID"] == before[message.recipient_id]["UID"]
        assert entry(message)["SEQUENCE"] > before[message.recipient_id]["SEQUENCE"]
        assert "会場の都合" in message.body


def test_who_cannot_come_is_taken_off_and_the_request_waits_for_its_team_again(coordinator: User) -> None:
    session = a_booked_session(names=["支援一郎", "支援二郎"])
    busy("支援二郎", session, at(15))
    leaving = reschedule(session, at(15), by=coordinator, reason="")
    assert [one.supporter.name for one in leaving] == ["支援二郎"]
    session.request.refresh_from_db()
    assert session.request.status == SupportRequest.Status.PLANNED
    assert session.shift.assignments.get(supporter__name="支援一郎").status == Status.ACCEPTED
    assert [message.recipient.name for message in told("moved_off")] == [leaving[0].supporter.contact.name]
    (message,) = told("request_moved")
    assert "探しています" in message.body
    # Somebody else accepts: the group hears that the team is complete.
    an_offer(session.shift, SupporterFactory.create()).accept(by=None)
    session.request.refresh_from_db()
    assert session.request.status == SupportRequest.Status.BOOKED
    assert len(told("request_booked")) == 2


def test_a_group_that_was_told_no_time_yet_is_not_told_of_another(coordinator: User) -> None:
    session = a_planned_session()
    offer = an_offer(session.shift, SupporterFactory.create())
    reschedule(session, at(15), by=coordinator, reason="")
    assert (told("request_moved"), len(told("moved"))) == ([], 1)
    offer.refresh_from_db()
    assert offer.status == Status.OFFERED


def test_what_stands_against_a_time_is_said_and_nothing_moves(coordinator: User) -> None:
    session = a_booked_session()
    calendar = ClosureCalendar.objects.create(code="test", name="休館", source="★")
    Closure.objects.create(
        calendar=calendar, rule=f"FREQ=YEARLY;BYMONTH={at(15).month};BYMONTHDAY={at(15).day}", reason="点検"
    )
    Venue.objects.update(closures=calendar)
    for start, by, refusal in [
        (at(14), coordinator, SameTime),
        (at(15), coordinator, ClosedOn),
        (at(16, 10, 5), coordinator, OffGrid),
        (at(1), None, TooSoon),
        (at(-1), coordinator, TimePassed),
    ]:
        with pytest.raises(refusal):
            reschedule(session, start, by=by, reason="")
    session.shift.refresh_from_db()
    assert session.shift.starts_at == at(14)


def test_the_office_may_move_a_session_to_tomorrow(coordinator: User) -> None:
    session = a_booked_session()
    reschedule(session, at(2), by=coordinator, reason="")
    session.shift.refresh_from_db()
    assert session.shift.starts_at == at(2)


def test_a_request_that_was_taken_back_does_not_move(coordinator: User) -> None:
    session = a_booked_session()
    session.request.withdraw(by=None, reason="")
    with pytest.raises(ChangedMeanwhile):
        reschedule(session, at(15), by=coordinator, reason="")


def test_another_room_is_taken_when_the_own_one_is_not_free(coordinator: User) -> None:
    session = a_booked_session()
    venue = session.shift.venue
    venue.rooms.all().delete()
    first, second = (Room.objects.create(venue=venue, name=name) for name in ("第1", "第2"))
    Shift.objects.filter(pk=session.shift_id).update(room=first)
    a_shift(days=15, hour=10, venue=venue, room=first)
    reschedule(session, at(15), by=coordinator, reason="")
    session.shift.refresh_from_db()
    assert session.shift.room == second
    a_shift(days=16, hour=10, venue=venue, room=first)
    a_shift(days=16, hour=10, venue=venue, room=second)
    with pytest.raises(RoomTaken):
        reschedule(session, at(16), by=coordinator, reason="")
    assert other_times(session, [at(16)], by=coordinator) == []
    assert set(RoomClaim.objects.filter(shift=session.shift).values_list("room", flat=True)) == {second.pk}


def test_a_session_moves_only_to_where_its_people_find_a_place(coordinator: User) -> None:
    session = a_booked_session(participants=25)
    venue = session.shift.venue
    large, _small = (Room.objects.create(venue=venue, name=f"{size}", capacity=size) for size in (40, 6))
    Shift.objects.filter(pk=session.shift_id).update(room=large)
    session.shift.refresh_from_db()
    a_shift(days=15, hour=10, venue=venue, room=large)
    assert [one.starts_at for one in other_times(session, [at(15), at(16)], by=coordinator)] == [at(16)]
    with pytest.raises(RoomTaken):
        reschedule(session, at(15), by=coordinator, reason="")


def test_other_times_say_who_could_come_the_fullest_team_first(coordinator: User) -> None:
    session = a_booked_session(names=["支援一郎", "支援二郎"])
    busy("支援二郎", session, at(15))
    times = other_times(session, [at(14), at(15), at(16), at(-1)], by=coordinator)
    assert [(one.starts_at, len(one.staying), [it.name for it in one.leaving]) for one in times] == [
        (at(16), 2, []),
        (at(15), 1, ["支援二郎"]),
    ]


def test_a_group_is_offered_no_time_of_a_month_that_is_full(coordinator: User, set_now: Clock) -> None:
    set_now(dt.datetime(2026, 6, 1, 9, 0, tzinfo=TOKYO))
    Limit.objects.filter(code="requests_a_month").update(value=1)
    session = a_booked_session(wishes=[at(15)])
    june, july = at(20), at(40)
    assert len(other_times(session, [june, july], by=None)) == 2
    SupportRequestFactory.create(wishes=[at(44)], group=session.request.group)
    assert [one.starts_at for one in other_times(session, [june, july], by=None)] == [june]
    assert {one.starts_at for one in other_times(session, [june, july], by=coordinator)} == {june, july}


def only_weekdays(name: str) -> None:
    """Monday to Friday, nine to five."""
    WeeklyWindow.objects.filter(supporter__name=name).delete()
    person = Supporter.objects.get(name=name)
    for day in range(5):
        WeeklyWindow.objects.create(supporter=person, weekday=day, starts=dt.time(9), ends=dt.time(17))


def coming(weekday: int, hour: int = 10) -> dt.datetime:
    """In two to three weeks on that day of the week."""
    days = next(days for days in range(15, 22) if at(days).weekday() == weekday)
    return at(days, hour)


def test_a_group_moves_its_session_only_to_when_the_team_says_it_is_free(coordinator: User) -> None:
    session = a_booked_session(names=["支援一郎", "支援二郎"])
    only_weekdays("支援二郎")
    starts = [coming(6), coming(2), coming(3, 18), coming(3)]
    assert {one.starts_at for one in other_times(session, starts, by=None)} == {coming(2), coming(3)}
    for refused in (coming(6), coming(3, 18)):
        with pytest.raises(TeamCannotCome):
            reschedule(session, refused, by=None, reason="")
    session.shift.refresh_from_db()
    assert (session.shift.starts_at, SupportRequest.objects.get().status) == (at(14), "booked")
    assert reschedule(session, coming(3), by=None, reason="") == []


def test_a_group_moves_its_session_nowhere_when_somebody_has_another_duty_then() -> None:
    session = a_booked_session(names=["支援一郎", "支援二郎"])
    busy("支援二郎", session, at(15))
    with pytest.raises(TeamCannotCome):
        reschedule(session, at(15), by=None, reason="")
    assert session.shift.assignments.filter(status=Status.ACCEPTED).count() == 2


def test_the_office_reads_for_whom_a_time_is_unusual_and_may_take_it_all_the_same(
    client: Client, coordinator: User
) -> None:
    client.force_login(coordinator)
    session = a_booked_session(names=["支援一郎", "支援二郎"], wishes=[at(14), coming(6), coming(2)])
    only_weekdays("支援二郎")
    page = client.get(move_path(session)).content.decode()
    assert page.count("いつもの曜日・時間や場所の外の人: 支援二郎") == 1
    assert page.count("全員が行けます") == 1
    wish = coming(6).astimezone(dt.UTC).isoformat()
    done = client.post(move_path(session), {"wish": wish, "reason": "会場の都合"}, follow=True).content.decode()
    assert "行けるか確かめてほしい人: 支援二郎" in done
    session.shift.refresh_from_db()
    assert (session.shift.starts_at, SupportRequest.objects.get().status) == (coming(6), "booked")


def test_the_offices_button_pressed_twice_moves_once(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    session = a_booked_session()
    sent = {"wish": at(15).astimezone(dt.UTC).isoformat(), "reason": "会場の都合"}
    for _twice in range(2):
        assert client.post(move_path(session), sent).status_code == 302
    assert len(told("request_moved")) == 1


def test_other_times_ask_a_fixed_number_of_questions(coordinator: User, django_assert_max_num_queries: Any) -> None:
    session = a_booked_session(names=["支援一郎", "支援二郎"])
    counts = []
    for starts in ([at(15)], [at(15), at(16), at(17)]):
        with django_assert_max_num_queries(99) as asked:
            other_times(Session.objects.get(pk=session.pk), starts, by=coordinator)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def move_path(session: Any) -> str:
    return f"/requests/list/{session.request_id}/move/"


def test_the_page_says_who_could_come_when_and_moves_the_session(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    session = a_booked_session(names=["支援一郎", "支援二郎"])
    busy("支援二郎", session, at(15))
    page = client.get(move_path(session)).content.decode()
    assert "行けない人: 支援二郎" in page
    assert "全員が行けます" in page
    wish = at(15).astimezone(dt.UTC).isoformat()
    done = client.post(move_path(session), {"wish": wish, "reason": "会場の都合"}, follow=True)
    assert "担当から外れた人: 支援二郎" in done.content.decode()
    session.shift.refresh_from_db()
    assert session.shift.starts_at == at(15)


def test_another_time_than_the_wishes_can_be_typed_in(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    session = a_booked_session()
    day = at(20)
    typed = {"date_year": day.year, "date_month": day.month, "date_day": day.day, "time": "14:30"}
    missing = client.post(move_path(session), {"wish": "other", "reason": "会場の都合"})
    assert missing.context["form"].errors.keys() == {"date", "time"}
    client.post(move_path(session), {"wish": "other", "reason": "会場の都合", **typed})
    session.shift.refresh_from_db()
    assert session.shift.starts_at == at(20, 14, 30)


def test_a_page_that_is_out_of_date_says_what_happened(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    session = a_booked_session()
    session.request.withdraw(by=None, reason="")
    answer = client.post(move_path(session), {"wish": "other"}, follow=True)
    assert "状態が変わりました" in answer.content.decode()


@pytest.mark.parametrize("contact", [{"phone": "027-224-1111"}, {"phone": "090-1234-5678"}])
def test_of_what_has_not_been_told_yet_only_the_last_is(coordinator: User, contact: dict[str, str]) -> None:
    """At night an SMS waits for the morning, and so does a call until somebody makes it."""
    session = a_booked_session(group__contact=ContactFactory(email="", **contact))
    reschedule(session, at(15), by=coordinator, reason="会場の都合")
    reschedule(session, at(16), by=coordinator, reason="会場の都合")
    session.request.withdraw(by=None, reason="用事")
    for recipient in (session.request.group.contact, session.shift.assignments.get().supporter.contact):
        waiting = Message.objects.filter(recipient=recipient, state="queued")
        assert len(waiting) == 1
        assert waiting[0].kind in ("request_closed", "cancelled")


def test_the_answer_to_a_question_waits_beside_what_is_told_of_the_date(coordinator: User) -> None:
    session = a_booked_session()
    inquiry = Inquiry.objects.create(request=session.request, text="駐車場はありますか")
    inquiry.settle(by=coordinator, answer="あります")
    reschedule(session, at(15), by=coordinator, reason="会場の都合")
    waiting = Message.objects.filter(recipient=session.request.group.contact, state="queued")
    assert set(waiting.values_list("kind", flat=True)) == {"request_answered", "request_moved"}


def test_what_is_told_of_a_date_is_of_no_use_after_it(coordinator: User) -> None:
    session = a_booked_session()
    booked = Message.objects.get(kind="request_booked")
    accepted = Message.objects.get(kind="accepted")
    assert (booked.expires_at, accepted.expires_at) == (session.shift.ends_at,) * 2
    asked = an_offer(a_shift(), SupporterFactory())
    assert Message.objects.get(subject=f"assignment:{asked.pk}").expires_at == asked.answer_by

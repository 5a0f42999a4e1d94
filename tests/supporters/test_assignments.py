"""Offers and answers, seats and claims: what happens, and what the database refuses."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext

from notifications.calendars import method_of
from notifications.models import Message
from programme.errors import ChangedMeanwhile, Refused
from programme.models import Room, Topic, User
from supporters.errors import (
    AlreadyBooked,
    NotActive,
    OfferClosed,
    OfferLapsed,
    RoomTaken,
    ShiftCancelled,
    ShiftFull,
    ShiftStarted,
    WeekFull,
)
from supporters.models import Assignment, Claim, RoomClaim, Seat, Shift, ShiftTopic, Supporter
from supporters.models.claims import cells
from supporters.tasks import lapse_offers
from tests.factories import ContactFactory, SupporterFactory, a_hall, a_shift, an_offer, at

pytestmark = pytest.mark.usefixtures("programme_facts")


def claimed(assignment: Assignment) -> list[int]:
    return sorted(assignment.claims.values_list("cell", flat=True))


def accepted(shift: Shift, **facts: Any) -> Assignment:
    assignment = an_offer(shift, SupporterFactory(**facts))
    assignment.accept(by=None)
    return assignment


def kinds_told(assignment: Assignment) -> list[str]:
    told = Message.objects.filter(subject=f"assignment:{assignment.pk}").order_by("pk")
    return list(told.values_list("kind", flat=True))


# --- Saying yes ----------------------------------------------------------------------------------------
def test_who_accepts_has_a_seat_and_claims_every_quarter_of_an_hour() -> None:
    shift = a_shift()
    assignment = accepted(shift)
    assert assignment.status == Assignment.Status.ACCEPTED
    assert assignment.seat == shift.seats.get()
    assert claimed(assignment) == list(cells(shift.starts_at, shift.ends_at))
    assert len(claimed(assignment)) == 8


def test_who_accepts_is_told_with_an_invitation() -> None:
    assignment = accepted(a_shift())
    assert kinds_told(assignment) == ["offer", "accepted"]
    calendar = Message.objects.get(subject=f"assignment:{assignment.pk}", kind="accepted").calendar
    assert method_of(calendar) == "REQUEST"


def test_a_move_says_who_and_when(coordinator: User) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    assignment.accept(by=coordinator)
    move = assignment.moves.get(to_status="accepted")
    assert (move.from_status, move.by) == ("offered", coordinator)
    assert timezone.now() - move.at < dt.timedelta(minutes=1)


def test_accepting_twice_is_accepting_once() -> None:
    assignment = an_offer(a_shift(needed=2), SupporterFactory())
    for row in (assignment, Assignment.objects.get(pk=assignment.pk)):
        row.accept(by=None)
    assert assignment.moves.filter(to_status="accepted").count() == 1
    assert kinds_told(assignment) == ["offer", "accepted"]
    assert len(claimed(assignment)) == 8


def test_the_last_seat_goes_to_the_first_and_the_next_is_told_kindly() -> None:
    shift = a_shift(needed=1)
    first, second = an_offer(shift, SupporterFactory()), an_offer(shift, SupporterFactory())
    first.accept(by=None)
    with pytest.raises(ShiftFull):
        second.accept(by=None)
    second.refresh_from_db()
    assert (second.status, second.seat_id, claimed(second)) == ("offered", None, [])


def test_more_seats_than_needed_may_be_taken() -> None:
    shift = a_shift(needed=1, seats=2)
    accepted(shift)
    accepted(shift)
    assert shift.assignments.held().count() == 2


@pytest.mark.parametrize("status", ["proposed", "declined", "lapsed", "released", "cancelled", "absent"])
def test_what_is_not_offered_cannot_be_accepted(status: str) -> None:
    assignment = Assignment.objects.create(shift=a_shift(), supporter=SupporterFactory(), status=status)
    with pytest.raises(OfferClosed):
        assignment.accept(by=None)


def test_a_lapsed_offer_cannot_be_accepted_even_before_the_sweep() -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    Assignment.objects.filter(pk=assignment.pk).update(answer_by=timezone.now())
    with pytest.raises(OfferLapsed):
        assignment.accept(by=None)


def test_the_sweep_closes_only_the_offers_whose_time_is_over() -> None:
    shift = a_shift(needed=2)
    late, open_ = an_offer(shift, SupporterFactory()), an_offer(shift, SupporterFactory())
    Assignment.objects.filter(pk=late.pk).update(answer_by=timezone.now())
    assert lapse_offers() == 1
    late.refresh_from_db()
    open_.refresh_from_db()
    assert (late.status, open_.status) == ("lapsed", "offered")
    with pytest.raises(OfferClosed):
        late.accept(by=None)


def test_an_offer_answered_in_the_very_moment_does_not_lapse() -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    stale = Assignment.objects.get(pk=assignment.pk)
    assignment.accept(by=None)
    with pytest.raises(ChangedMeanwhile):
        stale.lapse()
    stale.refresh_from_db()
    assert stale.status == "accepted"


def test_a_cancelled_shift_cannot_be_accepted() -> None:
    shift = a_shift()
    assignment = an_offer(shift, SupporterFactory())
    Shift.objects.filter(pk=shift.pk).update(cancelled_at=timezone.now(), cancel_reason="台風")
    with pytest.raises(ShiftCancelled):
        assignment.accept(by=None)


def test_a_shift_that_has_begun_cannot_be_accepted(set_now: Any) -> None:
    shift = a_shift()
    assignment = an_offer(shift, SupporterFactory())
    Assignment.objects.filter(pk=assignment.pk).update(answer_by=shift.ends_at)
    set_now(shift.starts_at)
    with pytest.raises(ShiftStarted):
        assignment.accept(by=None)


def test_a_yes_that_a_rule_refuses_leaves_everything_as_it_was() -> None:
    supporter = SupporterFactory(week_limit=0)
    assignment = an_offer(a_shift(), supporter)
    with pytest.raises(WeekFull):
        assignment.accept(by=None)
    assignment.refresh_from_db()
    assert (assignment.status, assignment.seat_id, claimed(assignment)) == ("offered", None, [])


def test_the_second_of_two_overlapping_offers_is_refused_with_a_sentence() -> None:
    supporter = SupporterFactory()
    first = an_offer(a_shift(hour=10), supporter)
    second = an_offer(a_shift(hour=11), supporter)
    first.accept(by=None)
    with pytest.raises(AlreadyBooked, match="ほかの活動が決まっています"):
        second.accept(by=None)


def test_a_claim_that_another_duty_has_is_refused_though_no_rule_saw_it() -> None:
    supporter = SupporterFactory()
    other = Assignment.objects.create(shift=a_shift(hour=14), supporter=supporter)
    shift = a_shift(hour=10)
    Claim.objects.create(supporter=supporter, assignment=other, cell=cells(shift.starts_at, shift.ends_at)[-1])
    with pytest.raises(AlreadyBooked):
        an_offer(shift, supporter).accept(by=None)


def test_a_full_team_is_told_to_the_owner_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[Shift, object]] = []

    class Owner:
        def staffed(self, shift: Shift, *, by: object) -> None:
            told.append((shift, by))

    monkeypatch.setitem(__import__("supporters.owners").owners._OWNERS, "desk", Owner())
    shift = a_shift(needed=2, seats=3)
    accepted(shift)
    assert told == []
    accepted(shift)
    accepted(shift)
    assert told == [(shift, None)]


# --- Saying no -----------------------------------------------------------------------------------------
def test_declining_twice_is_declining_once() -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    assignment.decline(by=None, reason="旅行")
    assignment.decline(by=None)
    assert list(assignment.moves.filter(to_status="declined").values_list("reason", flat=True)) == ["旅行"]


def test_a_duty_cannot_be_declined_after_a_yes() -> None:
    with pytest.raises(OfferClosed, match="引き受け済み"):
        accepted(a_shift()).decline(by=None)


# --- "I can't come" ------------------------------------------------------------------------------------
def test_who_cannot_come_keeps_the_place_until_somebody_else_accepts() -> None:
    shift = a_shift()
    leaving = accepted(shift)
    leaving.want_stand_in(by=None, reason="かぜ")
    assert (leaving.status, leaving.seat, len(claimed(leaving))) == ("standing_in_wanted", shift.seats.get(), 8)


def test_a_stand_in_takes_over_the_seat_and_the_old_claims_vanish() -> None:
    shift = a_shift()
    leaving = accepted(shift)
    seat = leaving.seat
    leaving.want_stand_in(by=None)
    stand_in = an_offer(shift, SupporterFactory())
    stand_in.accept(by=None)
    leaving.refresh_from_db()
    assert (leaving.status, leaving.seat, claimed(leaving)) == ("released", None, [])
    assert (stand_in.status, stand_in.seat, len(claimed(stand_in))) == ("accepted", seat, 8)


def test_who_was_released_is_told_with_a_cancellation_that_calendars_believe() -> None:
    shift = a_shift()
    leaving = accepted(shift)
    leaving.want_stand_in(by=None)
    accepted(shift)
    message = Message.objects.get(subject=f"assignment:{leaving.pk}", kind="released")
    assert method_of(message.calendar) == "CANCEL"
    assert "SEQUENCE:1" in message.calendar


def test_a_free_seat_is_taken_before_that_of_somebody_who_leaves() -> None:
    shift = a_shift(needed=2)
    leaving = accepted(shift)
    leaving.want_stand_in(by=None)
    accepted(shift)
    leaving.refresh_from_db()
    assert leaving.status == "standing_in_wanted"


def test_who_can_come_after_all_keeps_the_duty() -> None:
    assignment = accepted(a_shift())
    assignment.want_stand_in(by=None)
    assignment.accept(by=None)
    assert (assignment.status, len(claimed(assignment))) == ("accepted", 8)


def test_who_was_released_meanwhile_cannot_come_after_all() -> None:
    shift = a_shift()
    leaving = accepted(shift)
    leaving.want_stand_in(by=None)
    accepted(shift)
    with pytest.raises(OfferClosed):
        leaving.accept(by=None)


def test_who_was_released_is_free_for_another_duty_at_that_time() -> None:
    shift = a_shift()
    leaving = accepted(shift)
    leaving.want_stand_in(by=None)
    accepted(shift)
    other = an_offer(a_shift(hour=11), leaving.supporter)
    other.accept(by=None)
    assert other.status == "accepted"


def test_asking_for_a_stand_in_twice_is_asking_once() -> None:
    assignment = accepted(a_shift())
    assignment.want_stand_in(by=None)
    assignment.want_stand_in(by=None)
    assert assignment.moves.filter(to_status="standing_in_wanted").count() == 1


def test_only_who_accepted_can_want_a_stand_in() -> None:
    with pytest.raises(OfferClosed):
        an_offer(a_shift(), SupporterFactory()).want_stand_in(by=None)


def test_it_is_too_late_for_a_stand_in_when_the_shift_has_begun(set_now: Any) -> None:
    assignment = accepted(a_shift())
    set_now(assignment.shift.starts_at)
    with pytest.raises(ShiftStarted):
        assignment.want_stand_in(by=None)


# --- Calling off, and who was there --------------------------------------------------------------------
def test_a_cancelled_shift_frees_its_people_and_its_room() -> None:
    venue = a_hall()
    room = Room.objects.create(venue=venue, name="会議室")
    shift = a_shift(needed=2, venue=venue, room=room)
    held, asked = accepted(shift), an_offer(shift, SupporterFactory())
    concerned = shift.cancel(by=None, reason="台風")
    assert {row.pk for row in concerned} == {held.pk, asked.pk}
    assert set(shift.assignments.values_list("status", "seat")) == {("cancelled", None)}
    assert not Claim.objects.exists()
    assert not RoomClaim.objects.exists()
    assert (shift.cancel_reason, shift.sequence) == ("台風", 1)


def test_cancelling_twice_concerns_nobody_the_second_time() -> None:
    shift = a_shift()
    accepted(shift)
    shift.cancel(by=None, reason="台風")
    assert Shift.objects.get(pk=shift.pk).cancel(by=None, reason="もう一度") == []
    assert Shift.objects.get(pk=shift.pk).cancel_reason == "台風"


def test_who_was_there_keeps_the_seat_and_who_was_not_gives_it_back() -> None:
    shift = a_shift(needed=2)
    came, missed = accepted(shift), accepted(shift)
    came.record_attendance(came=True, by=None)
    missed.record_attendance(came=False, by=None)
    assert (came.status, came.seat is None, len(claimed(came))) == ("attended", False, 8)
    assert (missed.status, missed.seat, claimed(missed)) == ("absent", None, [])


def test_attendance_recorded_twice_is_recorded_once_and_may_be_put_right() -> None:
    assignment = accepted(a_shift())
    for came in (True, True, False, False):
        assignment.record_attendance(came=came, by=None)
    assert list(assignment.moves.values_list("to_status", flat=True)) == ["offered", "accepted", "attended", "absent"]


def test_a_move_that_is_not_allowed_changes_nothing() -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    with pytest.raises(ChangedMeanwhile):
        assignment.record_attendance(came=True, by=None)
    assignment.refresh_from_db()
    assert assignment.status == "offered"


# --- Rooms ---------------------------------------------------------------------------------------------
def test_a_room_is_booked_once_at_a_time() -> None:
    venue = a_hall()
    room = Room.objects.create(venue=venue, name="会議室")
    a_shift(venue=venue, room=room, hour=10)
    with pytest.raises(RoomTaken, match=str(venue)):
        a_shift(venue=venue, room=room, hour=11)
    assert Shift.objects.count() == 1
    a_shift(venue=venue, room=room, hour=12)


def test_the_first_free_room_is_found_until_there_is_none() -> None:
    venue = a_hall()
    assert RoomClaim.free_room(venue, at(7, 10), at(7, 12)) is None
    rooms = [Room.objects.create(venue=venue, name=name) for name in ("第1", "第2")]
    for room in rooms:
        assert RoomClaim.free_room(venue, at(7, 10), at(7, 12)) == room
        a_shift(venue=venue, room=room)
    with pytest.raises(RoomTaken):
        RoomClaim.free_room(venue, at(7, 11), at(7, 13))
    assert RoomClaim.free_room(venue, at(7, 12), at(7, 14)) == rooms[0]


def test_a_room_is_as_large_as_its_people_need_and_no_larger() -> None:
    venue = a_hall()
    sizes = (40, 6, None, 12)
    large, small, unknown, middle = (Room.objects.create(venue=venue, name=f"{size}", capacity=size) for size in sizes)
    assert venue.rooms_for(6) == [small, middle, large, unknown]
    assert venue.rooms_for(7) == [middle, large, unknown]
    assert venue.rooms_for(7, rather=large) == [large, middle, unknown]
    assert venue.rooms_for(7, rather=small) == [middle, large, unknown]
    assert venue.rooms_for(41) == [unknown]
    unknown.delete()
    assert RoomClaim.free_room(venue, at(7, 10), at(7, 12), people=25) == large
    a_shift(venue=venue, room=large)
    with pytest.raises(RoomTaken):
        RoomClaim.free_room(venue, at(7, 10), at(7, 12), people=25)


@pytest.mark.parametrize(
    ("start", "end", "number"), [((10, 0), (10, 15), 1), ((10, 0), (10, 16), 2), ((10, 14), (10, 16), 2)]
)
def test_a_time_touches_its_quarters_of_an_hour(start: tuple[int, int], end: tuple[int, int], number: int) -> None:
    assert len(cells(at(7, *start), at(7, *end))) == number


# --- What the shift says of itself -----------------------------------------------------------------------
def test_staffing_is_counted_without_open_offers() -> None:
    full, short = a_shift(needed=1), a_shift(needed=2, days=8)
    accepted(full)
    accepted(short)
    an_offer(short, SupporterFactory())
    rows = {row.pk: (row.held, row.asked) for row in Shift.objects.with_staffing()}  # type: ignore[attr-defined]
    assert rows == {full.pk: (1, 0), short.pk: (1, 1)}
    assert list(Shift.objects.understaffed()) == [short]


# --- The database has the last word ----------------------------------------------------------------------
def refused(**facts: Any) -> None:
    """Assert that the database refuses these facts of an accepted assignment."""
    assignment = accepted(a_shift())
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.filter(pk=assignment.pk).update(**facts)


def test_the_database_refuses_two_claims_on_one_quarter_of_an_hour() -> None:
    assignment = accepted(a_shift())
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(supporter=assignment.supporter, assignment=assignment, cell=claimed(assignment)[0])


def test_the_database_refuses_two_people_on_one_seat() -> None:
    shift = a_shift()
    seat = accepted(shift).seat
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(shift=shift, supporter=SupporterFactory(), status="accepted", seat=seat)


def test_the_database_refuses_a_held_place_without_a_seat() -> None:
    refused(seat=None)


def test_the_database_refuses_a_seat_without_a_held_place() -> None:
    refused(status="declined")


def test_the_database_refuses_a_seat_of_another_shift() -> None:
    refused(seat=a_shift(days=9).seats.get())


def test_the_database_refuses_an_unknown_state() -> None:
    refused(status="maybe", seat=None)


def test_the_database_refuses_half_an_offer() -> None:
    refused(answer_by=None)
    refused(offered_at=None)


def test_the_database_refuses_an_offer_without_a_deadline() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(shift=a_shift(), supporter=SupporterFactory(), status="offered")


def test_the_database_refuses_one_person_twice_on_one_shift() -> None:
    shift = a_shift(needed=2)
    supporter = SupporterFactory()
    Assignment.objects.create(shift=shift, supporter=supporter, status="declined")
    an_offer(shift, supporter)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(shift=shift, supporter=supporter)


@pytest.mark.parametrize(
    "facts",
    [
        {"ends_at": at(7, 10)},
        {"needed": 0},
        {"needed": 100},
        {"cancelled_at": at(1)},
        {"cancel_reason": "台風"},
    ],
    ids=["ends when it starts", "needs nobody", "needs too many", "cancelled without a reason", "reason without"],
)
def test_the_database_refuses_a_shift_that_cannot_be(facts: dict[str, Any]) -> None:
    shift = a_shift()
    with pytest.raises(IntegrityError), transaction.atomic():
        Shift.objects.filter(pk=shift.pk).update(**facts)


@pytest.mark.parametrize(("key", "number"), [(1, 2), (0, 0), (100, 100)])
def test_the_database_refuses_a_seat_whose_key_is_not_its_number(key: int, number: int) -> None:
    shift = a_shift()
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(id=shift.pk * 100 + key, shift=shift, number=number)


def test_the_database_refuses_a_topic_twice_or_at_no_level() -> None:
    shift = a_shift()
    for topic, level in (("T05", 2), ("T06", 0), ("T06", 4)):
        with pytest.raises(IntegrityError), transaction.atomic():
            ShiftTopic.objects.create(shift=shift, topic=Topic.objects.get(pk=topic), level=level)


def test_the_database_refuses_a_room_twice_at_a_time() -> None:
    venue = a_hall()
    room = Room.objects.create(venue=venue, name="会議室")
    shift = a_shift(venue=venue, room=room)
    cell = cells(shift.starts_at, shift.ends_at)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        RoomClaim.objects.create(room=room, shift=a_shift(days=9), cell=cell)


def test_every_refusal_is_a_sentence_that_can_be_read() -> None:
    def all_of(kind: type[Refused]) -> list[type[Refused]]:
        return [kind, *(below for child in kind.__subclasses__() for below in all_of(child))]

    names = {
        "when": "12月10日 午前10時",
        "status": "期限切れ",
        "limit": 2,
        "other": "相談所",
        "venue": "公民館",
        "day": "12月1日",
        "opens": "9:30",
        "moment": "12月1日",
        "name": "甲",
    }
    for kind in all_of(Refused):
        if kind.__module__ == "supporters.errors":
            assert str(kind(**names)).endswith(("。", "期限切れ"))


def test_who_is_put_down_quietly_is_not_asked_by_what_still_waits() -> None:
    shift, person = a_shift(), SupporterFactory()
    an_offer(shift, person)
    Assignment.take(shift, person, by=None, quiet=True)
    assert Message.objects.get(kind="offer").state == "cancelled"


# --- In the reader's language ----------------------------------------------------------------------------
@pytest.mark.parametrize(("actor", "reader"), [("ja", "en"), ("en", "ja")])
def test_who_is_taken_off_reads_why_in_their_own_language(coordinator: User, actor: str, reader: str) -> None:
    """Whatever the language of the page on which the session was moved; the history is the office's."""
    assignment = accepted(a_shift(days=3), contact=ContactFactory(language=reader))
    Supporter.objects.filter(pk=assignment.supporter_id).update(status=Supporter.Status.PAUSED)
    with translation.override(actor):
        assignment.shift.move_to(at(4), at(4, 12), by=coordinator, reason=gettext("団体のご希望"))
    body = Message.objects.get(kind="moved_off").body
    for language, found in ((reader, True), (actor, False)):
        with translation.override(language):
            why = str(NotActive(status=Supporter.Status.PAUSED.label))
            assert (why in body, gettext("団体のご希望") in body) == (found, found)
    with translation.override("ja"):
        assert assignment.moves.get(to_status="cancelled").reason == str(NotActive(status="休止中"))

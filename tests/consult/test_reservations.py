"""Reservations: off unless a desk wants them, a slot once, told when the desk moves, forgotten after the day."""

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consult.errors import BookingsFall, NoReservations, ReservationOver, SlotTaken, TooManyReservations
from consult.messages import reservation_url
from consult.models import Desk, Opening, OpeningBatch, Reservation
from consult.moving import move
from consult.reserving import Wish, cancel, forget, reserve, slots
from notifications.models import Contact, Message
from programme.errors import Refused
from programme.models import User
from programme.wording import say_moment
from tests.consult.rows import a_desk, an_opening
from tests.engines import on_postgresql

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]


@pytest.fixture(autouse=True)
def no_counts() -> None:
    cache.clear()


def a_day(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def a_reservable(**facts: object) -> Desk:
    return a_desk(reservable=True, slot_minutes=30, **facts)


def a_wish(opening: Opening, offset: int = 0, **facts: object) -> Wish:
    """Somebody new each time, with a mail address."""
    form_id = uuid.uuid4()
    options: dict[str, object] = {"name": "髙﨑 德", "email": f"{form_id}@example.jp"} | facts
    return Wish(form_id, opening, offset, **options)  # type: ignore[arg-type]


def answers(opening: Opening, **more: object) -> dict[str, object]:
    return {
        "form_id": str(uuid.uuid4()),
        "slot": f"{opening.pk}-0",
        "name": "髙﨑 德",
        "phone": "０２７ー１２３ー４５６７",
        "topic": "T05",
    } | more


def test_a_desk_takes_no_reservations_unless_it_says_so(client: Client) -> None:
    opening = an_opening(a_desk(), a_day(3))
    assert slots([opening]) == []
    with pytest.raises(NoReservations):
        reserve(a_wish(opening))
    assert client.get(reverse("consult:reserve", args=[opening.desk_id])).status_code == 404
    assert "時間を予約する" not in client.get(reverse("consult:place", args=[opening.desk_id])).content.decode()


def test_the_slots_of_two_hours_are_four_half_hours(client: Client) -> None:
    opening = an_opening(a_reservable(), a_day(3))
    assert [(slot.offset, slot.free) for slot in slots([opening])] == [(0, 1), (30, 1), (60, 1), (90, 1)]
    reserve(a_wish(opening, 30))
    assert [slot.free for slot in slots([opening])] == [1, 0, 1, 1]


def test_a_slot_is_reserved_once_and_the_name_is_kept_as_typed() -> None:
    opening = an_opening(a_reservable(), a_day(3))
    made, is_new = reserve(a_wish(opening))
    assert (made.name, is_new) == ("髙﨑 德", True)
    with pytest.raises(SlotTaken):
        reserve(a_wish(opening))
    assert Contact.objects.filter(reservations=None, email__endswith="@example.jp").count() == 0


def test_the_database_refuses_a_second_row_for_a_slot_whatever_the_code_does() -> None:
    opening = an_opening(a_reservable(), a_day(3))
    Reservation.objects.create(opening=opening, offset=0, name="甲")
    with pytest.raises(IntegrityError), transaction.atomic():
        Reservation.objects.create(opening=opening, offset=0, name="乙")
    Reservation.objects.update(cancelled_at=timezone.now())
    Reservation.objects.create(opening=opening, offset=0, name="乙")


def test_two_places_make_room_for_two_at_one_time() -> None:
    opening = an_opening(a_reservable(slot_places=2), a_day(3))
    assert {reserve(a_wish(opening))[0].place for _person in range(2)} == {1, 2}
    with pytest.raises(SlotTaken):
        reserve(a_wish(opening))


@on_postgresql
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_sixteen_people_at_once_get_one_slot_once() -> None:
    opening = an_opening(a_reservable(), a_day(3))

    def attempt(_number: int) -> str:
        try:
            reserve(a_wish(opening))
        except Refused as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "yes"

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(attempt, range(16))) == ["SlotTaken"] * 15 + ["yes"]
    assert Reservation.objects.standing().count() == 1


@on_postgresql
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_one_person_at_once_at_eight_openings_reserves_two() -> None:
    desk = a_reservable()
    openings = [an_opening(desk, a_day(days)) for days in range(3, 11)]

    def attempt(opening: Opening) -> str:
        try:
            reserve(a_wish(opening, email="Taro@example.jp" if opening.pk % 2 else "taro@example.jp"))
        except Refused as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "yes"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, openings)) == ["TooManyReservations"] * 6 + ["yes"] * 2


def test_an_opening_taken_back_in_this_very_moment_takes_no_reservation(coordinator: User) -> None:
    opening = a_reservable().open_dates(a_day(7), a_day(20), by=coordinator)[0]
    OpeningBatch.objects.get().undo(by=coordinator)
    with pytest.raises(NoReservations):
        reserve(a_wish(opening))


def test_the_same_form_sent_twice_is_one_reservation(client: Client) -> None:
    opening = an_opening(a_reservable(), a_day(3))
    sent = answers(opening)
    url = reverse("consult:reserve", args=[opening.desk_id])
    first = client.post(url, sent)
    made = Reservation.objects.get()
    assert made.number in client.get(first["Location"]).content.decode()
    again = client.post(url, sent)  # a double tap: by now the slot is full, with the own reservation
    assert again.status_code == 302
    assert made.number in client.get(again["Location"]).content.decode()
    assert (made.name, made.contact.phone, made.topic_id) == ("髙﨑 德", "０２７ー１２３ー４５６７", "T05")
    wish = Wish(made.form_id, opening, 0, "髙﨑 德")
    assert reserve(wish) == (made, False)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"slot": ""}, "slot"),
        ({"slot": "999-0"}, "slot"),
        ({"name": ""}, "name"),
        ({"phone": ""}, "email"),
        ({"phone": "なし"}, "phone"),
        ({"email": "taro@"}, "email"),
        ({"homepage": "https://example.com"}, "homepage"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_typed_is_lost(
    client: Client, changed: dict[str, object], field: str
) -> None:
    opening = an_opening(a_reservable(), a_day(3))
    sent = answers(opening, **changed)
    form = client.post(reverse("consult:reserve", args=[opening.desk_id]), sent).context["form"]
    assert list(form.errors) == [field]
    assert (form["name"].value(), form["topic"].value()) == (sent["name"], "T05")
    assert Reservation.objects.count() == 0


def test_a_slot_taken_while_typing_is_told_at_the_slot(client: Client) -> None:
    opening = an_opening(a_reservable(), a_day(3))
    reserve(a_wish(opening))
    form = client.post(reverse("consult:reserve", args=[opening.desk_id]), answers(opening)).context["form"]
    assert list(form.errors) == ["slot"]


def test_one_person_has_two_reservations_at_most_however_the_number_is_typed() -> None:
    opening = an_opening(a_reservable(), a_day(3))
    for offset, phone in ((0, "027-123-4567"), (30, "０２７１２３４５６７")):
        reserve(a_wish(opening, offset, email="", phone=phone))
    with pytest.raises(TooManyReservations):
        reserve(a_wish(opening, 60, email="", phone="027(123)4567"))


def test_very_many_from_one_address_wait_and_lose_nothing(client: Client) -> None:
    opening = an_opening(a_reservable(slot_places=20), a_day(3))
    url = reverse("consult:reserve", args=[opening.desk_id])
    for number in range(30):
        slot = f"{opening.pk}-{number % 4 * 30}"
        claimed = {"x-forwarded-for": f"192.0.2.{number}"}  # which nobody believes
        client.post(url, answers(opening, slot=slot, phone=f"027-100-{number:04}"), headers=claimed)
    assert Reservation.objects.count() == 30
    form = client.post(url, answers(opening, phone="027-200-0000")).context["form"]
    assert "混み合っています" in str(form.non_field_errors())
    assert form["name"].value() == "髙﨑 德"


def test_the_holder_cancels_by_the_private_link_and_the_slot_is_free(client: Client) -> None:
    opening = an_opening(a_reservable(), a_day(3))
    page = client.post(reverse("consult:reserve", args=[opening.desk_id]), answers(opening, email="taro@example.jp"))
    url = page["Location"]
    assert client.get(url).status_code == 200
    assert Reservation.objects.standing().count() == 1  # looking changes nothing
    for _tap in range(2):
        client.post(url)
    assert Reservation.objects.standing().count() == 0
    assert slots([opening])[0].free == 1
    assert "予約を取り消しました" in client.get(url).content.decode()
    [message] = Message.objects.filter(kind="reservation_given_up")  # a calendar that has the entry loses it
    [made] = Reservation.objects.all()
    assert "METHOD:CANCEL" in message.calendar
    assert f"UID:reservation-{made.pk}@mdeji\r\nSEQUENCE:1" in message.calendar
    assert client.get(url[:-3] + "/").status_code == 404


def test_a_slot_that_has_begun_is_neither_reserved_nor_cancelled() -> None:
    opening = an_opening(a_reservable(), a_day(-1))
    with pytest.raises(ReservationOver):
        reserve(a_wish(opening))
    with pytest.raises(ReservationOver):
        cancel(Reservation.objects.create(opening=opening, offset=0, name="甲"))


def test_a_mail_carries_the_number_the_link_and_a_calendar_entry() -> None:
    made, _new = reserve(a_wish(an_opening(a_reservable(), a_day(3))))
    message = Message.objects.get(kind="reservation_reserved")
    assert made.number in message.body
    assert "METHOD:PUBLISH" in message.calendar
    assert "/desks/reservations/" in message.body


def test_when_the_opening_moves_who_reserved_keeps_the_slot_or_is_told_that_it_is_gone(coordinator: User) -> None:
    opening = an_opening(a_reservable(), a_day(3))
    early, late = reserve(a_wish(opening))[0], reserve(a_wish(opening, 90))[0]
    shorter: dict[str, Any] = {"by": coordinator, "reason": "会場の都合", "although_closed": True}
    with pytest.raises(BookingsFall, match="予約1件が取り消しになります: 11:30 髙﨑 德"):
        move(opening, a_day(4), dt.time(13), dt.time(14), **shorter)
    assert Reservation.objects.standing().count() == 2
    move(opening, a_day(4), dt.time(13), dt.time(14), although_booked=True, **shorter)
    early, late = (Reservation.objects.select_related("opening__shift").get(pk=one.pk) for one in (early, late))
    assert (timezone.localtime(early.starts_at).hour, early.cancelled_at) == (13, None)
    assert late.cancelled_at is not None
    kinds = {message.recipient_id: message.kind for message in Message.objects.filter(body__contains="会場の都合")}
    assert kinds == {early.contact_id: "reservation_moved", late.contact_id: "reservation_off"}


def test_a_slot_that_falls_away_is_named_by_the_time_that_was_reserved(client: Client, coordinator: User) -> None:
    opening = an_opening(a_reservable(), a_day(3))
    late, _new = reserve(a_wish(opening, 90))
    was = late.starts_at
    for day in (4, 5):  # what comes after it does not move it either
        closes = dt.time(14, day)
        allowed = {"although_closed": True, "although_booked": True}
        move(opening, a_day(day), dt.time(13), closes, by=coordinator, reason="会場の都合", **allowed)
    message = Message.objects.get(kind="reservation_off")
    assert say_moment(was) in message.title
    assert say_moment(was) in message.body
    assert f"DTSTART;TZID=Asia/Tokyo:{timezone.localtime(was):%Y%m%dT%H%M}00" in message.calendar
    assert say_moment(was) in client.get(reservation_url(late)).content.decode()


def test_when_the_opening_is_called_off_all_who_reserved_are_told(coordinator: User) -> None:
    opening = an_opening(a_reservable(), a_day(3))
    made, _new = reserve(a_wish(opening, email="", phone="027-123-4567"))
    opening.call_off(by=coordinator, reason="大雪")
    assert Reservation.objects.standing().count() == 0
    [message] = Message.objects.needs_a_person()  # somebody rings them
    assert (message.kind, message.recipient) == ("reservation_off", made.contact)
    assert "METHOD:CANCEL" in message.calendar
    assert f"UID:reservation-{made.pk}@mdeji\r\nSEQUENCE:1" in message.calendar


def test_after_the_day_name_contact_and_messages_are_gone_and_the_count_stays() -> None:
    desk = a_reservable()
    past, coming = an_opening(desk, a_day(-1)), an_opening(desk, a_day(3))
    made, _new = reserve(a_wish(coming))
    contact = Contact.objects.create(name="甲", email="a@example.jp")
    Reservation.objects.create(opening=past, offset=0, name="甲", contact=contact)
    assert forget(timezone.now()) == 1
    assert forget(timezone.now()) == 0
    assert list(past.reservations.values_list("name", "contact")) == [("", None)]
    assert not Contact.objects.filter(pk=contact.pk).exists()
    assert Contact.objects.filter(pk=made.contact_id).exists()
    forget(timezone.now() + dt.timedelta(days=5))
    assert Message.objects.count() == 0


def test_changing_the_slots_leaves_openings_with_reservations_as_they_are() -> None:
    desk = a_reservable()
    reserved, free = an_opening(desk, a_day(3)), an_opening(desk, a_day(4))
    reserve(a_wish(reserved))
    desk.slot_minutes = 15
    desk.set_slots()
    assert [Opening.objects.get(pk=one.pk).slot_minutes for one in (reserved, free)] == [30, 15]


def test_the_days_list_shows_those_on_duty_the_name_and_no_contact(
    client: Client, coordinator: User, desk_account: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    desk = a_reservable()
    desk.accounts.add(desk_account)
    today, tomorrow = an_opening(desk, a_day(0)), an_opening(desk, a_day(1))
    for offset in (0, 30, 60):
        contact = Contact.objects.create(name="甲", phone=f"027-000-00{offset:02}")
        Reservation.objects.create(opening=today, offset=offset, name=f"甲{offset}", contact=contact)
    url = reverse("consult:day_list", args=[today.pk])
    client.force_login(desk_account)
    text = client.get(url).content.decode()
    assert "甲30" in text
    assert "027-000-0030" not in text
    assert client.get(reverse("consult:day_list", args=[tomorrow.pk])).status_code == 404
    client.force_login(coordinator)
    with django_assert_num_queries(5):  # session, account, programme, opening, reservations
        assert "027-000-0030" in client.get(url).content.decode()

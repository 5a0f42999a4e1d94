"""The rota: dates shown before they are made, batches taken back, dates moved, people found, standing teams, feeds."""

import datetime as dt
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import icalendar
import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.live_server_helper import LiveServer

from consult import staffing, teams
from consult.errors import DeskEnded, OpeningCalledOff, OpeningOver, OpeningThere, ReasonMissing, VenueShut
from consult.models import Desk, Opening, OpeningBatch, StandingTeam
from consult.moving import move
from consult.teams import Result
from notifications.models import Contact, Message
from programme.errors import Refused
from programme.geo import to_metres
from programme.models import District, Limits, Room, User, Venue
from supporters.asking import ask
from supporters.errors import (
    AlreadyBooked,
    Away,
    NoSeatFree,
    NotYetOpen,
    RoomTaken,
    ShiftCancelled,
    ShiftFull,
    TooFar,
    TrainingMissing,
    WeekFull,
)
from supporters.joining import join, open_places
from supporters.models import Absence, Assignment, Claim, Consent, Shift, Supporter
from tests import calendar_clients
from tests.consult.rows import EVERY_DAY, a_desk, an_opening
from tests.engines import on_postgresql
from tests.factories import ContactFactory, SupporterFactory, a_hall, a_shift, an_offer, at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MONDAYS = "FREQ=WEEKLY;BYDAY=MO"
TEN, NOON = dt.time(10), dt.time(12)


def a_day(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def on(days: int, desk: Desk | None = None) -> Opening:
    return an_opening(desk or a_desk(), a_day(days))


# --- Dates ---------------------------------------------------------------------------------------------
def test_a_closed_date_is_shown_with_the_next_open_day_instead() -> None:
    plan = a_desk(rule=MONDAYS).plan_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    # The 8th, the next Monday, is the desk's anyway.
    assert plan.instead == {dt.date(2027, 2, 1): [dt.date(2027, 2, 2)], dt.date(2027, 2, 15): [dt.date(2027, 2, 16)]}


def test_a_monthly_desk_is_offered_the_next_same_weekday_too() -> None:
    plan = a_desk(rule="FREQ=MONTHLY;BYDAY=1MO").plan_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    assert plan.instead == {dt.date(2027, 2, 1): [dt.date(2027, 2, 8), dt.date(2027, 2, 2)]}


def test_a_date_on_which_the_room_is_booked_is_named_and_not_made() -> None:
    hall = a_hall()
    room = Room.objects.create(venue=hall, name="会議室")
    other = a_shift(days=7, venue=hall, room=room, title="スマホ講座", purpose="session")
    desk = a_desk(room=room)
    plan = desk.plan_dates(a_day(7), a_day(7))
    assert (plan.new, plan.taken) == ([], {a_day(7): [other]})
    assert desk.open_dates(a_day(7), a_day(7)) == []


def test_something_else_at_the_venue_is_shown_beside_the_date_that_is_made() -> None:
    day = dt.date(2027, 2, 9)  # the hall is open
    other = a_shift(days=(day - timezone.localdate()).days, purpose="session")
    plan = a_desk(rule=EVERY_DAY).plan_dates(day, day)
    assert (plan.new, plan.beside) == ([day], {day: [other]})


def test_only_the_ticked_dates_are_made_in_one_batch(coordinator: User) -> None:
    desk = a_desk(rule=MONDAYS)
    chosen = [dt.date(2027, 2, 8), dt.date(2027, 2, 16)]
    made = desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28), by=coordinator, only=chosen)
    assert [opening.date for opening in made] == chosen
    assert {opening.batch for opening in made} == {OpeningBatch.objects.get(made_by=coordinator)}


def test_a_plan_asks_the_same_for_a_month_and_for_a_year(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    desk = Desk.objects.select_related("venue__closures").get(pk=a_desk(rule=MONDAYS).pk)
    for days in (30, 365):
        with django_assert_num_queries(4):  # closures, openings, moved ones, bookings
            desk.plan_dates(a_day(1), a_day(days))


# --- Taking a batch back -------------------------------------------------------------------------------
def test_undoing_a_batch_takes_back_what_nobody_touched_and_says_why_the_rest_stays(coordinator: User) -> None:
    desk = a_desk()
    made = desk.open_dates(dt.date(2027, 2, 9), dt.date(2027, 2, 12), by=coordinator)
    assert len(made) == 4
    called_off, accepted, proposed, _untouched = made
    called_off.call_off(by=coordinator, reason="工事")
    supporter = SupporterFactory.create()
    an_offer(accepted.shift, supporter).accept(by=supporter.user)
    Assignment.objects.create(shift=proposed.shift, supporter=supporter)
    batch = OpeningBatch.objects.get()
    assert batch.undo(by=coordinator) == [dt.date(2027, 2, 11), dt.date(2027, 2, 12)]
    assert batch.undo(by=coordinator) == []
    assert [(one.opening, one.why) for one in batch.kept()] == [
        (called_off, "中止にした日です。"),
        (accepted, "担当の人が決まっているか、お願いをしています。"),
    ]
    assert Shift.objects.count() == 2
    # The dates are free to be made again.
    assert desk.plan_dates(dt.date(2027, 2, 9), dt.date(2027, 2, 12)).new == [
        dt.date(2027, 2, 11),
        dt.date(2027, 2, 12),
    ]


def test_undoing_twice_says_that_there_is_nothing_more_to_undo(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    a_desk().open_dates(dt.date(2027, 2, 9), dt.date(2027, 2, 10), by=coordinator)
    url = reverse("consult:batch", args=[OpeningBatch.objects.get().pk])
    assert "2日分、元に戻しました" in client.post(url, follow=True).content.decode()
    again = client.post(url, follow=True).content.decode()
    assert "もうありません" in again
    assert "0日分" not in again


def test_who_is_asked_or_comes_forward_for_a_date_just_taken_back_is_told_so(coordinator: User) -> None:
    opening = a_desk().open_dates(a_day(7), a_day(20), by=coordinator)[0]
    supporter = SupporterFactory.create()
    OpeningBatch.objects.get().undo(by=coordinator)
    with pytest.raises(ShiftCancelled):
        ask(opening.shift, supporter, by=coordinator)
    with pytest.raises(ShiftCancelled):
        join(opening.shift, supporter, by=supporter.user)


# --- Moving a date -------------------------------------------------------------------------------------
def test_moving_a_date_updates_the_calendars_of_its_people_and_frees_their_old_time(coordinator: User) -> None:
    opening = on(7)
    supporter = SupporterFactory.create()
    an_offer(opening.shift, supporter).accept(by=supporter.user)
    before = icalendar.Calendar.from_ical(Message.objects.get(kind="accepted").calendar).walk("VEVENT")[0]
    assert move(opening, a_day(8), TEN, NOON, by=coordinator, reason="会場の都合", although_closed=True) == []
    opening.refresh_from_db()
    assert (opening.date, timezone.localdate(opening.shift.starts_at)) == (a_day(8), a_day(8))
    message = Message.objects.get(kind="moved", recipient=supporter.contact)
    after = icalendar.Calendar.from_ical(message.calendar)
    [event] = after.walk("VEVENT")
    assert (after["METHOD"], event["UID"]) == ("REQUEST", before["UID"])
    assert int(event["SEQUENCE"]) > int(before["SEQUENCE"])
    assert event.decoded("DTSTART").date() == a_day(8)
    assert "会場の都合" in message.body
    assert {timezone.localdate(dt.datetime.fromtimestamp(row.cell * 900, dt.UTC)) for row in Claim.objects.all()} == {
        a_day(8)
    }


def test_who_cannot_take_the_new_time_is_taken_off_and_told(coordinator: User) -> None:
    opening = on(7)
    away, busy, asked = (SupporterFactory.create() for _person in range(3))
    Shift.objects.filter(pk=opening.shift_id).update(needed=3)
    for person in (away, busy):
        an_offer(opening.shift, person).accept(by=person.user)
    an_offer(opening.shift, asked)
    Absence.objects.create(supporter=away, starts_at=at(8, 9), ends_at=at(8, 18))
    other = a_shift(days=8)
    an_offer(other, busy).accept(by=busy.user)
    leaving = move(opening, a_day(8), TEN, NOON, by=coordinator, reason="停電", although_closed=True)
    assert {row.supporter for row in leaving} == {away, busy}
    assert {row.recipient for row in Message.objects.filter(kind="moved_off")} == {away.contact, busy.contact}
    assert [row.recipient for row in Message.objects.filter(kind="moved")] == [asked.contact]
    assert {row.supporter for row in Assignment.objects.held()} == {busy}  # on the other shift
    assert set(Claim.objects.values_list("assignment__shift", flat=True)) == {other.pk}


def test_a_date_is_not_moved_onto_another_nor_onto_a_closed_day_nor_once_it_has_begun(coordinator: User) -> None:
    desk = a_desk(rule=MONDAYS)
    opening, other = an_opening(desk, dt.date(2027, 2, 9)), an_opening(desk, dt.date(2027, 2, 10))
    for day, refusal in ((other.date, OpeningThere), (dt.date(2027, 2, 15), VenueShut)):
        with pytest.raises(refusal):
            move(opening, day, TEN, NOON, by=coordinator, reason="都合")
    with pytest.raises(ReasonMissing):
        move(opening, dt.date(2027, 2, 11), TEN, NOON, by=coordinator, reason=" ")
    with pytest.raises(OpeningOver):
        move(on(-1, desk), a_day(1), TEN, NOON, by=coordinator, reason="都合")
    opening.refresh_from_db()
    assert (opening.date, opening.reschedulings.count()) == (dt.date(2027, 2, 9), 0)


def test_the_date_that_was_moved_away_does_not_come_back_and_the_finder_says_where_it_went(
    client: Client, coordinator: User
) -> None:
    desk = a_desk()
    move(on(3, desk), a_day(4), TEN, NOON, by=coordinator, reason="都合", although_closed=True)
    assert desk.plan_dates(a_day(3), a_day(4)).new == []
    text = client.get(reverse("consult:place", args=[desk.pk])).content.decode()
    assert "に変わりました" in text


def test_moving_into_a_booked_room_changes_nothing(coordinator: User) -> None:
    hall = a_hall()
    room = Room.objects.create(venue=hall, name="会議室")
    desk = a_desk(room=room)
    opening = on(7, desk)
    a_shift(days=8, venue=hall, room=room)
    with pytest.raises(RoomTaken):
        move(opening, a_day(8), TEN, NOON, by=coordinator, reason="都合", although_closed=True)
    opening.refresh_from_db()
    assert opening.date == a_day(7)
    assert opening.shift.room_claims.count() == 8


# --- Opening again what was called off -----------------------------------------------------------------
def test_a_date_called_off_by_mistake_is_opened_again_with_nobody_on_it_and_newer_in_each_calendar(
    client: Client, coordinator: User
) -> None:
    hall = a_hall()
    room = Room.objects.create(venue=hall, name="会議室")
    opening = on(7, a_desk(room=room))
    supporter = SupporterFactory.create(name="前橋 花子")
    an_offer(opening.shift, supporter).accept(by=supporter.user)
    opening.call_off(by=coordinator, reason="まちがい")
    off = icalendar.Calendar.from_ical(Message.objects.get(kind="cancelled").calendar).walk("VEVENT")[0]
    client.force_login(coordinator)
    url = reverse("consult:reopen", args=[opening.pk])
    assert url in client.get(reverse("consult:opening", args=[opening.pk])).content.decode()
    assert "前橋 花子" in client.get(url).content.decode()
    for _tap in range(2):
        page = client.post(url, {"although_closed": "on"}, follow=True)
        assert "担当を決める" in page.content.decode()
    opening = Opening.objects.select_related("shift").get()
    assert (opening.is_cancelled, opening.date, opening.shift.room) == (False, a_day(7), room)
    assert opening.shift.sequence == 2
    assert opening.shift.room_claims.count() == 8
    assert Assignment.objects.held().count() == 0
    assert Message.objects.filter(kind="cancelled").count() == 1
    assert open_places(supporter) == [opening.shift]
    join(opening.shift, supporter, by=supporter.user)
    again = Message.objects.filter(kind="accepted").order_by("pk").last()
    assert again
    on_again = icalendar.Calendar.from_ical(again.calendar).walk("VEVENT")[0]
    assert on_again["UID"] == off["UID"]
    assert int(on_again["SEQUENCE"]) > int(off["SEQUENCE"])
    feed = client.get(reverse("consult:desk_calendar", args=[opening.desk_id])).content.decode()
    [event] = icalendar.Calendar.from_ical(feed).walk("VEVENT")
    assert (event["SEQUENCE"], str(event["STATUS"])) == (on_again["SEQUENCE"], "CONFIRMED")
    opening.call_off(by=coordinator, reason="台風")  # and is told again
    assert Message.objects.filter(kind="cancelled", recipient=supporter.contact).count() == 2


def test_a_standing_team_is_told_again_of_the_date_that_opens_again(coordinator: User) -> None:
    opening = on(7)
    person = SupporterFactory.create()
    a_team(opening.desk).put(person, agrees=True, by=coordinator)
    teams.fill(opening.desk, by=coordinator)
    opening.call_off(by=coordinator, reason="まちがい")
    opening.reopen(although_closed=True)
    assert [one.result for one in teams.fill(opening.desk, by=coordinator)] == [Result.ACCEPTED]
    assert Message.objects.filter(kind="standing", recipient=person.contact).count() == 2


def test_what_stands_against_opening_again_is_said(client: Client, coordinator: User) -> None:
    desk = a_desk()
    shut = an_opening(desk, dt.date(2027, 2, 15))  # the hall is closed
    shut.call_off(by=coordinator, reason="休館")
    client.force_login(coordinator)
    form = client.post(reverse("consult:reopen", args=[shut.pk])).context["form"]
    assert list(form.errors) == ["although_closed"]
    begun = on(3, desk)
    begun.call_off(by=coordinator, reason="まちがい")
    Shift.objects.filter(pk=begun.shift_id).update(starts_at=at(-1, 10), ends_at=at(-1, 12))
    with pytest.raises(OpeningOver):
        begun.reopen()
    Desk.objects.update(active=False)
    with pytest.raises(DeskEnded):
        shut.reopen(although_closed=True)
    assert "この日を開き直す" not in client.get(reverse("consult:opening", args=[shut.pk])).content.decode()


def test_a_date_that_was_called_off_is_named_with_the_way_out(client: Client, coordinator: User) -> None:
    desk = a_desk()
    off, other = an_opening(desk, dt.date(2027, 2, 9)), an_opening(desk, dt.date(2027, 2, 10))
    off.call_off(by=coordinator, reason="まちがい")
    with pytest.raises(OpeningCalledOff, match=r"中止にした日です。.*「この日を開き直す」"):
        move(other, off.date, TEN, NOON, by=coordinator, reason="都合")
    plan = desk.plan_dates(off.date, other.date)
    assert (plan.new, plan.there, plan.called_off) == ([], [other.date], {off.date: off.pk})
    client.force_login(coordinator)
    period = {"first_year": "2027", "first_month": "2", "first_day": "9"}
    period |= {"last_year": "2027", "last_month": "2", "last_day": "10"}
    page = client.post(reverse("consult:open_dates", args=[desk.pk]), period | {"preview": "1"}).content.decode()
    assert reverse("consult:opening", args=[off.pk]) in page
    assert reverse("consult:opening", args=[other.pk]) not in page


def test_a_batch_says_of_what_was_taken_back_that_it_was(coordinator: User) -> None:
    booked, asked = a_desk().open_dates(dt.date(2027, 2, 9), dt.date(2027, 2, 10), by=coordinator)
    booked.reservations.create(offset=0, cancelled_at=timezone.now())
    supporter = SupporterFactory.create()
    an_offer(asked.shift, supporter).decline(by=supporter.user)
    assert [one.why for one in OpeningBatch.objects.get().kept()] == [
        "取り消された予約の記録があります。",
        "担当をお願いした記録があります。",
    ]


# --- People: by their own wish, by hand ----------------------------------------------------------------
def test_a_supporter_takes_a_place_in_two_taps_from_the_own_page(client: Client) -> None:
    opening = on(7)
    supporter = SupporterFactory.create()
    client.force_login(supporter.user)
    assert reverse("supporters:places") in client.get(reverse("supporters:home")).content.decode()
    page = client.post(reverse("supporters:places"), {"shift": opening.shift_id}, follow=True)
    assert "決まりました。" in page.content.decode()
    assert Assignment.objects.held().get().supporter == supporter
    client.post(reverse("supporters:places"), {"shift": opening.shift_id})  # a double tap
    assert Assignment.objects.count() == 1


def test_only_places_that_one_may_take_are_shown() -> None:
    opening = on(7)
    free = SupporterFactory.create()
    untrained = SupporterFactory.create(ready=False)
    full_week = SupporterFactory.create(week_limit=0)
    away = SupporterFactory.create()
    Absence.objects.create(supporter=away, starts_at=at(7, 8), ends_at=at(7, 20))
    home = SupporterFactory.create(travel_limit=0)
    far = SupporterFactory.create(travel_limit=0, home_district=District.objects.order_by("position").last())
    Venue.objects.filter(pk=opening.shift.venue_id).update(
        latitude=home.home_district.latitude, longitude=home.home_district.longitude
    )
    opening = Opening.objects.select_related("shift__venue").get()
    beyond = on(Limits.current().desk_days_ahead + 1, opening.desk)
    seen = {person: open_places(person) for person in (free, home, untrained, full_week, away, far)}
    assert list(seen.values()) == [[opening.shift], [opening.shift], [], [], [], []]
    # Nor does it help to send the form of a place that is not shown.
    refusals = {untrained: TrainingMissing, full_week: WeekFull, away: Away, far: TooFar}
    for person, refusal in refusals.items():
        with pytest.raises(refusal):
            join(opening.shift, person, by=person.user)
    with pytest.raises(NotYetOpen):
        join(beyond.shift, free, by=free.user)
    assert Assignment.objects.count() == 0


def test_the_second_of_two_who_take_the_last_place_is_told_kindly() -> None:
    opening = on(7, a_desk(seats=1))
    first, second = SupporterFactory.create(), SupporterFactory.create()
    join(opening.shift, first, by=first.user)
    with pytest.raises(ShiftFull):
        join(opening.shift, second, by=second.user)
    assert open_places(second) == []


@on_postgresql
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_twelve_people_racing_for_the_last_place_get_one_yes() -> None:
    opening = on(7, a_desk(seats=1))
    people = SupporterFactory.create_batch(12)

    def take(person: object) -> str:
        try:
            join(opening.shift, person, by=None)
        except Refused as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "yes"

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(take, people)) == ["ShiftFull"] * 11 + ["yes"]


def test_the_office_puts_somebody_down_against_a_limit_with_a_reason_that_is_kept(coordinator: User) -> None:
    opening = on(7)
    tired = SupporterFactory.create(week_limit=0)
    with pytest.raises(ReasonMissing):
        staffing.put_down(opening, tired, by=coordinator, reason="")
    row = staffing.put_down(opening, tired, by=coordinator, reason="本人が電話で希望")
    assert (row.status, row.moves.last().reason, row.moves.last().by) == ("accepted", "本人が電話で希望", coordinator)


def test_where_no_seat_is_free_nobody_is_asked_and_the_office_is_told_to_make_room(
    client: Client, coordinator: User
) -> None:
    opening = on(3, a_desk(seats=1))
    sitting, lead = SupporterFactory.create(), SupporterFactory.create(is_lead=True)
    join(opening.shift, sitting, by=sitting.user)
    for refused in (
        lambda: ask(opening.shift, lead, by=coordinator),
        lambda: staffing.put_down(opening, lead, by=coordinator, reason=""),
    ):
        with pytest.raises(NoSeatFree, match="先に1人分を空けるか、人数を1人ふやしてください"):
            refused()
    assert not Message.objects.filter(recipient=lead.contact).exists()
    client.force_login(coordinator)
    url = reverse("consult:people", args=[opening.pk])
    page = client.get(url).content.decode()
    assert "この日の人数を1人ふやす" in page
    assert 'value="ask"' not in page
    for _tap in range(2):  # two taps make one seat
        client.post(url, {"how": "room"})
    opening.shift.refresh_from_db()
    assert (opening.shift.needed, opening.shift.seats.count()) == (2, 2)
    client.post(url, {"how": "put", "supporter": lead.pk})
    assert opening.shift.assignments.get(supporter=lead).status == "accepted"


def test_training_and_double_bookings_are_never_set_aside(coordinator: User) -> None:
    opening = on(7)
    untrained, busy = SupporterFactory.create(ready=False), SupporterFactory.create()
    an_offer(a_shift(days=7, hour=11), busy).accept(by=busy.user)
    for person, refusal in ((untrained, TrainingMissing), (busy, AlreadyBooked)):
        with pytest.raises(refusal):
            staffing.put_down(opening, person, by=coordinator, reason="どうしても")
    assert opening.shift.assignments.count() == 0


def test_the_people_of_all_pages_stand_by_the_way_from_their_district_then_by_name() -> None:
    opening = on(7)
    homes = [*District.objects.order_by("-position")[:4]]
    for number in range(11):
        SupporterFactory.create(home_district=homes[number % 4], kana=f"ひと{number // 2 % 3}")
    SupporterFactory.create(home_district=homes[0], status="paused")
    here = to_metres(*opening.shift.venue.position)

    def far(one: Supporter) -> float:
        return math.dist(to_metres(one.home_district.latitude, one.home_district.longitude), here)

    rows = staffing.NearestFirst(opening)
    expected = sorted(Supporter.objects.active(), key=lambda one: (far(one), one.kana, one.pk))
    assert [one for number in (1, 2, 3, 4) for one in Paginator(rows, 3).page(number)] == expected
    assert (len(rows), rows[4]) == (11, expected[4])
    assert {one.kana for one in staffing.NearestFirst(opening, expected[5].kana)[:9]} == {expected[5].kana}
    assert list(staffing.NearestFirst(opening, "だれもいない")[:3]) == []


def test_the_page_of_people_asks_the_same_for_one_and_for_three(client: Client, coordinator: User) -> None:
    opening = on(7)
    client.force_login(coordinator)
    url = reverse("consult:people", args=[opening.pk])
    counts = []
    for _number in range(3):
        SupporterFactory.create()
        with _Counted() as counted:
            assert client.get(url).status_code == 200
        counts.append(counted.count)
    assert counts[0] == counts[2]


class _Counted:
    """How many queries the block makes."""

    def __enter__(self) -> "_Counted":
        self._context = CaptureQueriesContext(connection)
        self._context.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._context.__exit__(None, None, None)
        self.count = len(self._context)


def test_the_urgent_list_has_who_lacks_people_or_a_lead_within_14_days(client: Client, coordinator: User) -> None:
    desk = a_desk(seats=1)
    short, led_by_none, complete, _far = on(2, desk), on(3, desk), on(4, desk), on(20, desk)
    for opening, lead in ((led_by_none, False), (complete, True)):
        person = SupporterFactory.create(is_lead=lead)
        join(opening.shift, person, by=person.user)
    client.force_login(coordinator)
    assert list(client.get(reverse("consult:urgent")).context["page"].object_list) == [short, led_by_none]
    assert "相談所で、担当が足りない日" in client.get(reverse("office")).content.decode()


def test_somebody_who_wants_a_stand_in_leaves_a_place_to_fill_on_every_list() -> None:
    opening = on(5, a_desk(seats=1))
    person, other = SupporterFactory.create(), SupporterFactory.create()
    join(opening.shift, person, by=person.user).want_stand_in(by=person.user)
    [row] = Opening.objects.with_staffing()
    assert (row.held, row.leaving) == (0, 1)
    assert list(Shift.objects.understaffed()) == [opening.shift]
    assert open_places(other) == [opening.shift]
    join(opening.shift, other, by=other.user)
    assert [row.supporter for row in Assignment.objects.held()] == [other]


# --- Standing teams ------------------------------------------------------------------------------------
def a_team(desk: Desk, rule: str = "") -> StandingTeam:
    return StandingTeam.objects.create(desk=desk, rule=rule)


def test_a_standing_team_is_put_down_as_each_has_agreed_and_who_is_away_is_passed_over(coordinator: User) -> None:
    desk = a_desk(seats=2)
    first, second = on(7, desk), on(8, desk)
    agreed, asked = SupporterFactory.create(name="決"), SupporterFactory.create(name="願")
    team = a_team(desk)
    team.put(agreed, agrees=True, by=coordinator)
    team.put(asked, agrees=False, by=coordinator)
    Absence.objects.create(supporter=agreed, starts_at=at(8, 8), ends_at=at(8, 20))
    foreseen = teams.outlook(desk)
    done = teams.fill(desk, by=coordinator)
    assert done == foreseen
    assert {(one.opening, one.supporter): (one.result, one.why) for one in done} == {
        (first, agreed): (Result.ACCEPTED, ""),
        (first, asked): (Result.OFFERED, ""),
        (second, agreed): (Result.SKIPPED, "都合の悪い日に入っています。"),
        (second, asked): (Result.OFFERED, ""),
    }
    assert Message.objects.filter(kind="standing", recipient=agreed.contact).count() == 1
    assert Message.objects.filter(kind="accepted").count() == 0  # all dates in one message
    assert all(one.result in (Result.THERE, Result.SKIPPED) for one in teams.fill(desk, by=coordinator))
    assert Assignment.objects.count() == 3


def test_a_team_of_each_second_tuesday_serves_no_other_day(coordinator: User) -> None:
    desk = a_desk()
    days = [an_opening(desk, day) for day in (dt.date(2027, 2, 2), dt.date(2027, 2, 9), dt.date(2027, 2, 10))]
    team = a_team(desk, "FREQ=MONTHLY;BYDAY=2TU")
    team.put(SupporterFactory.create(), agrees=True, by=coordinator)
    assert [one.opening for one in teams.fill(desk, by=coordinator)] == [days[1]]


def test_filling_twice_gives_nobody_the_place_for_which_another_member_is_being_asked(coordinator: User) -> None:
    desk = a_desk(seats=2)
    on(7, desk)
    team = a_team(desk)
    for year, agrees in ((1950, True), (1960, False), (1970, True)):
        team.put(SupporterFactory.create(birth_date=dt.date(year, 1, 1)), agrees=agrees, by=coordinator)
    results = [[one.result for one in teams.fill(desk, by=coordinator)] for _time in range(2)]
    assert results == [
        [Result.ACCEPTED, Result.OFFERED, Result.SKIPPED],
        [Result.THERE, Result.THERE, Result.SKIPPED],
    ]


@pytest.mark.parametrize("teams_of_their_own", [False, True])
def test_filling_twice_puts_nobody_down_whom_the_first_time_passed_over(
    coordinator: User, teams_of_their_own: bool
) -> None:
    """A minor counts with an adult who is asked in the same filling, also where the minor's team comes first."""
    desk = a_desk(seats=2)
    on(7, desk)
    first = a_team(desk)
    second = a_team(desk, EVERY_DAY) if teams_of_their_own else first
    minor = SupporterFactory.create(birth_date=timezone.localdate() - dt.timedelta(days=17 * 365))
    Consent.objects.create(supporter=minor, guardian=ContactFactory()).give()
    adult = SupporterFactory.create(birth_date=dt.date(1960, 1, 1))
    first.put(minor, agrees=True, by=coordinator)
    second.put(adult, agrees=False, by=coordinator)
    foreseen = teams.outlook(desk)
    assert teams.fill(desk, by=coordinator) == foreseen
    assert [(one.supporter, one.result) for one in foreseen] == [(adult, Result.OFFERED), (minor, Result.ACCEPTED)]
    assert [one.result for one in teams.fill(desk, by=coordinator)] == [Result.THERE, Result.THERE]


def test_a_limit_of_the_month_counts_the_places_that_the_same_filling_takes(coordinator: User) -> None:
    desk = a_desk()
    for day in range(8, 13):
        an_opening(desk, dt.date(2027, 2, day))
    team = a_team(desk)
    team.put(SupporterFactory.create(week_limit=9, month_limit=2), agrees=True, by=coordinator)
    results = [one.result for one in teams.fill(desk, by=coordinator)]
    assert results == [Result.ACCEPTED] * 2 + [Result.SKIPPED] * 3


def test_who_said_no_to_a_date_is_not_put_on_it_again(coordinator: User) -> None:
    desk = a_desk()
    opening, person = on(7, desk), SupporterFactory.create()
    an_offer(opening.shift, person).decline(by=person.user)
    a_team(desk).put(person, agrees=True, by=coordinator)
    assert [one.result for one in teams.fill(desk, by=coordinator)] == [Result.SKIPPED]


def test_the_outlook_asks_the_same_for_one_person_and_for_three(coordinator: User) -> None:
    desk = a_desk(seats=3)
    team = a_team(desk)
    counts = []
    for number in range(1, 4):
        on(number + 5, desk)
        team.put(SupporterFactory.create(), agrees=True, by=coordinator)
        with _Counted() as counted:
            assert len(teams.outlook(desk)) == number**2
        counts.append(counted.count)
    assert counts[0] == counts[2]


# --- Feeds ---------------------------------------------------------------------------------------------
def test_a_feed_has_the_openings_with_a_time_zone_and_follows_moves(client: Client, coordinator: User) -> None:
    desk = a_desk()
    first, second = on(3, desk), on(5, desk)
    url = reverse("consult:desk_calendar", args=[desk.pk])
    page = client.get(url)
    calendar = icalendar.Calendar.from_ical(page.content.decode())
    assert page["Content-Type"].startswith("text/calendar")
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Tokyo"]
    assert [str(event["UID"]) for event in calendar.walk("VEVENT")] == [
        f"opening-{first.pk}@mdeji",
        f"opening-{second.pk}@mdeji",
    ]
    assert client.get(url).content == page.content
    assert client.get(url, headers={"if-none-match": page["ETag"]}).status_code == 304
    move(first, a_day(4), TEN, NOON, by=coordinator, reason="都合", although_closed=True)
    second.call_off(by=coordinator, reason="工事")
    changed = client.get(url, headers={"if-none-match": page["ETag"]})
    assert changed.status_code == 200
    events = icalendar.Calendar.from_ical(changed.content.decode()).walk("VEVENT")
    assert [(int(event["SEQUENCE"]), str(event["STATUS"])) for event in events] == [(1, "CONFIRMED"), (1, "CANCELLED")]


def test_the_feeds_of_a_district_and_of_all_hold_their_desks(client: Client) -> None:
    desk = a_desk()
    on(3, desk)
    other = District.objects.exclude(pk=desk.venue.district_id)[0].pk
    here = client.get(reverse("consult:district_calendar", args=[desk.venue.district_id])).content.decode()
    there = client.get(reverse("consult:district_calendar", args=[other])).content.decode()
    everywhere = client.get(reverse("consult:calendar")).content.decode()
    assert [text.count("BEGIN:VEVENT") for text in (here, there, everywhere)] == [1, 0, 1]


def test_vdirsyncer_and_khal_follow_a_desk_s_weekly_dates(live_server: LiveServer, tmp_path: Path) -> None:
    """One date moves and ends past midnight, one is called off, a third stands as it was."""
    desk = a_desk("よろず相談所 📱", rule=MONDAYS)
    weekly = [on(days, desk) for days in (7, 14, 21)]
    program = calendar_clients.Client(tmp_path)
    program.subscribe(live_server.url + reverse("consult:desk_calendar", args=[desk.pk]))
    program.sync()
    assert program.shows("subscribed") == [
        f"{a_day(days)} 10:00 {a_day(days)} 12:00 CONFIRMED {desk.title}" for days in (7, 14, 21)
    ]
    move(weekly[0], a_day(8), dt.time(22), dt.time(23, 30), by=None, reason="夏祭り", although_closed=True)
    Shift.objects.filter(pk=weekly[0].shift_id).update(ends_at=at(9, 0, 30))
    weekly[1].call_off(by=None, reason="台風")
    program.sync()
    assert program.shows("subscribed") == [
        f"{a_day(8)} 22:00 {a_day(9)} 00:30 CONFIRMED {desk.title}",
        f"{a_day(14)} 10:00 {a_day(14)} 12:00 CANCELLED {desk.title}",
        f"{a_day(21)} 10:00 {a_day(21)} 12:00 CONFIRMED {desk.title}",
    ]


# --- Pages ---------------------------------------------------------------------------------------------
def test_moving_on_the_page_tells_a_closed_day_at_its_field_and_loses_nothing(
    client: Client, coordinator: User, set_now: Callable[[dt.datetime], None]
) -> None:
    set_now(dt.datetime(2027, 1, 20, tzinfo=dt.UTC))
    opening = an_opening(a_desk(), dt.date(2027, 2, 9))
    opening.reservations.create(
        offset=100, name="山田", contact=Contact.objects.create(name="山田", phone="027-224-1111")
    )
    Opening.objects.update(slot_minutes=20)
    client.force_login(coordinator)
    sent = {
        "date_year": "2027",
        "date_month": "2",
        "date_day": "15",
        "opens": "13:00",
        "closes": "15:00",
        "reason": "会場の都合",
    }
    url = reverse("consult:move", args=[opening.pk])
    form = client.post(url, sent).context["form"]
    assert list(form.errors) == ["date"]
    assert form["reason"].value() == "会場の都合"
    form = client.post(url, sent | {"although_closed": "on", "closes": "14:00"}).context["form"]
    assert list(form.errors) == ["although_booked"]
    page = client.post(url, sent | {"although_closed": "on"})
    assert page["Location"] == reverse("consult:opening", args=[opening.pk])
    opening.refresh_from_db()
    assert opening.date == dt.date(2027, 2, 15)

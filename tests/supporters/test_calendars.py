"""The duties in a supporter's own calendar: invitations and the private feed, read by programs of others."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import icalendar
import pytest
import vobject
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from notifications import addresses, calendars, delivery, outbox
from notifications.channels import Outcome, Receipt
from notifications.models import Channel, Contact, Message
from programme.models import User
from supporters.messages import tell_cancelled
from supporters.models import Assignment, CalendarAddress, Shift, Supporter
from tests import calendar_clients
from tests.factories import ContactFactory, SupporterFactory, a_hall, a_shift, an_offer, at

pytestmark = pytest.mark.usefixtures("programme_facts")


def accepted(shift: Shift, supporter: Supporter) -> Assignment:
    assignment = an_offer(shift, supporter)
    assignment.accept(by=None)
    return assignment


def event_in(text: str) -> icalendar.Event:
    [event] = Calendar.from_ical(text).walk("VEVENT")
    return event


def told(assignment: Assignment, kind: str) -> str:
    return Message.objects.get(kind=kind, subject=f"assignment:{assignment.pk}").calendar


def address_of(supporter: Supporter) -> str:
    """The path of the feed, on a new address."""
    return reverse("supporters:own_calendar", args=[CalendarAddress.renew(supporter).secret])


def titles(client: Client, url: str) -> list[str]:
    return [str(event["SUMMARY"]) for event in Calendar.from_ical(client.get(url).content).walk("VEVENT")]


# --- Invitations ---------------------------------------------------------------------------------------
def test_an_invitation_leads_to_its_page_rings_before_and_says_where() -> None:
    shift = a_shift(note="駐車場は裏 🚗; 2,3台")
    shift.venue.coordinates_verified = True
    shift.venue.save()
    assignment = accepted(shift, SupporterFactory())
    event = event_in(told(assignment, "accepted"))
    latitude, longitude = shift.venue.position
    assert (event["GEO"].latitude, event["GEO"].longitude) == (latitude, longitude)
    assert [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")] == [dt.timedelta(days=-1), dt.timedelta(hours=-2)]
    assert "/supporters/offer/" in str(event["URL"])
    assert str(event["DESCRIPTION"]) == f"{shift.note}\n{event['URL']}"
    assert shift.venue.address in str(event["LOCATION"])


def test_two_who_share_a_mailbox_have_an_entry_each_and_one_may_leave() -> None:
    """Had they one UID, the cancellation of the one would take the other's duty out of the calendar."""
    contact = ContactFactory()
    shift = a_shift(needed=2)
    stays, leaves = (accepted(shift, SupporterFactory(contact=contact)) for _person in range(2))
    leaves.want_stand_in(by=None)
    accepted(shift, SupporterFactory())
    cancelled = event_in(told(leaves, "released"))
    assert cancelled["UID"] == event_in(told(leaves, "accepted"))["UID"]
    assert cancelled["UID"] != event_in(told(stays, "accepted"))["UID"]


def test_who_comes_back_to_a_shift_brings_the_entry_back_with_a_higher_sequence() -> None:
    shift = a_shift()
    person, other = SupporterFactory(), SupporterFactory()
    first = accepted(shift, person)
    first.want_stand_in(by=None)
    second = accepted(shift, other)
    second.want_stand_in(by=None)
    again = accepted(shift, person)
    entries = [event_in(told(first, "accepted")), event_in(told(first, "released")), event_in(told(again, "accepted"))]
    assert len({str(entry["UID"]) for entry in entries}) == 1
    sequences = [int(entry["SEQUENCE"]) for entry in entries]
    assert sequences == sorted(set(sequences))


def test_khal_follows_an_invitation_a_move_past_midnight_and_a_cancellation(tmp_path: Path, coordinator: User) -> None:
    """A night shift: its end stands on the next day."""
    khal = calendar_clients.Client(tmp_path)
    shift = a_shift(hour=10, title="出張サポート 髙﨑; 𠮷田, 会 📱", days=7)
    assignment = accepted(shift, SupporterFactory())
    khal.take_in(told(assignment, "accepted"))
    day = at(7).date()
    assert khal.shows("imported") == [f"{day} 10:00 {day} 12:00 CONFIRMED {shift.title}"]
    shift.move_to(at(8, 22), at(9, 1), by=coordinator, reason="会場の都合")
    message = Message.objects.get(kind__startswith="moved", subject=f"assignment:{assignment.pk}")
    event = event_in(message.calendar)
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (at(8, 22), at(9, 1))
    moved = vobject.readOne(message.calendar)
    assert (moved.vevent.dtstart.value, moved.vevent.dtend.value) == (at(8, 22), at(9, 1))
    khal.take_in(message.calendar)
    assert khal.shows("imported") == [f"{at(8).date()} 22:00 {at(9).date()} 01:00 CONFIRMED {shift.title}"]
    for concerned in shift.cancel(by=coordinator, reason="台風"):
        tell_cancelled(concerned)
    khal.take_in(told(assignment, "cancelled"))
    assert khal.shows("imported") == [f"{at(8).date()} 22:00 {at(9).date()} 01:00 CANCELLED {shift.title}"]


def test_of_a_weekly_duty_one_date_moves_and_one_is_called_off_and_the_others_stay(
    tmp_path: Path, coordinator: User
) -> None:
    khal, person = calendar_clients.Client(tmp_path), SupporterFactory()
    weekly = [accepted(a_shift(hour=10, title="毎週", days=days), person) for days in (7, 14, 21)]
    for assignment in weekly:
        khal.take_in(told(assignment, "accepted"))
    first, second, third = (assignment.shift for assignment in weekly)
    second.move_to(at(15, 13), at(15, 15), by=coordinator, reason="会場の都合")
    khal.take_in(Message.objects.get(kind__startswith="moved", subject=f"assignment:{weekly[1].pk}").calendar)
    for concerned in third.cancel(by=coordinator, reason="台風"):
        tell_cancelled(concerned)
    khal.take_in(told(weekly[2], "cancelled"))
    days = [at(days).date() for days in (7, 15, 21)]
    assert khal.shows("imported") == [
        f"{days[0]} 10:00 {days[0]} 12:00 CONFIRMED 毎週",
        f"{days[1]} 13:00 {days[1]} 15:00 CONFIRMED 毎週",
        f"{days[2]} 10:00 {days[2]} 12:00 CANCELLED 毎週",
    ]
    assert first.starts_at == at(7, 10)


def proved(person: Supporter, address: str) -> None:
    """The person's new address of mail, proved by its owner."""
    contact = Contact.objects.get(pk=person.contact_id)
    contact.email = address
    addresses.change(contact)
    addresses.prove(contact, Channel.EMAIL)


def entries_to(address: str) -> list[Message]:
    return list(Message.objects.filter(kind="calendar_entry", address=address).order_by("pk"))


def a_line_user(**facts: Any) -> Supporter:
    line = {"line_id": "U" + "1" * 32, "line_linked_at": timezone.now()}
    return SupporterFactory(contact=ContactFactory(**{"email": "", **line, **facts}))


def test_who_adds_an_address_gets_the_coming_duties_into_the_calendar_there() -> None:
    person = a_line_user()
    duties = [accepted(a_shift(days=days), person) for days in (3, 5)]
    accepted(a_shift(days=7), SupporterFactory())
    assert [told(duty, "accepted") for duty in duties] == ["", ""]
    an_offer(a_shift(days=9), person)
    proved(person, "new@example.jp")
    mails = entries_to("new@example.jp")
    assert [mail.subject for mail in mails] == [f"assignment:{duty.pk}" for duty in duties]
    event = event_in(mails[0].calendar)
    assert (str(event["ATTENDEE"]), event.decoded("DTSTART")) == ("mailto:new@example.jp", duties[0].shift.starts_at)
    assert duties[0].shift.title in mails[0].title


def test_nothing_goes_into_the_calendar_of_an_address_that_nobody_proved() -> None:
    person = a_line_user()
    accepted(a_shift(days=3), person)
    contact = Contact.objects.get(pk=person.contact_id)
    contact.email = "typo@example.jp"
    addresses.change(contact)
    assert entries_to("typo@example.jp") == []


def test_an_address_that_has_the_entry_does_not_get_it_twice_and_a_former_one_gets_it_again() -> None:
    person = SupporterFactory(contact=ContactFactory(email="a@example.jp"))
    accepted(a_shift(days=3), person)
    Message.objects.filter(kind="accepted").update(state="sent", sent_at=timezone.now())
    addresses.prove(person.contact, Channel.EMAIL)
    assert entries_to("a@example.jp") == []  # the confirmation brought it
    proved(person, "b@example.jp")
    Message.objects.filter(kind="calendar_entry").update(state="sent", sent_at=timezone.now())
    proved(person, "a@example.jp")
    assert (len(entries_to("b@example.jp")), len(entries_to("a@example.jp"))) == (1, 1)


def test_who_is_told_by_line_and_reads_mail_has_the_calendar_kept_right(coordinator: User) -> None:
    person = a_line_user(email="a@example.jp", email_proved_at=timezone.now())
    with mock.patch("notifications.ladder.is_configured", return_value=True):
        assignment = accepted(a_shift(days=3), person)
        assignment.shift.move_to(at(4), at(4, 12), by=coordinator, reason="会場の都合")
        for concerned in assignment.shift.cancel(by=coordinator, reason="台風"):
            tell_cancelled(concerned)
    mails = entries_to("a@example.jp")
    assert [str(Calendar.from_ical(mail.calendar)["METHOD"]) for mail in mails] == ["REQUEST", "REQUEST", "CANCEL"]
    sequences = [int(event_in(mail.calendar)["SEQUENCE"]) for mail in mails]
    assert sequences == sorted(set(sequences))
    channels = Message.objects.filter(kind__in=["accepted", "moved", "cancelled"]).values_list("channel", flat=True)
    assert set(channels) == {Channel.LINE}
    assert mails[0].state == Message.State.REPLACED  # it had not left when the next one was written


def deliver(outcome: Outcome = Outcome.SENT) -> None:
    with (
        mock.patch("notifications.channels.email.send", return_value=Receipt(outcome)),
        mock.patch("notifications.channels.line.send", return_value=Receipt(Outcome.SENT)),
    ):
        delivery.deliver_due()


def link_line(person: Supporter) -> None:
    contact = Contact.objects.get(pk=person.contact_id)
    contact.line_id, contact.line_linked_at = "U" + "1" * 32, timezone.now()
    addresses.change(contact)


def test_a_calendar_that_was_mailed_an_invitation_follows_whoever_proved_the_address(coordinator: User) -> None:
    person = SupporterFactory(contact=ContactFactory(email="a@example.jp"))
    duty = accepted(a_shift(days=3), person)
    deliver()
    link_line(person)
    duty.shift.move_to(at(4), at(4, 12), by=coordinator, reason="会場の都合")
    deliver()
    for concerned in duty.shift.cancel(by=coordinator, reason="台風"):
        tell_cancelled(concerned)
    assert set(Message.objects.filter(kind__in=["moved", "cancelled"]).values_list("channel", flat=True)) == {"line"}
    methods = [str(Calendar.from_ical(mail.calendar)["METHOD"]) for mail in entries_to("a@example.jp")]
    assert methods == ["REQUEST", "CANCEL"]


def test_a_mail_that_had_not_left_and_goes_by_line_leaves_its_entry_behind(coordinator: User) -> None:
    person = SupporterFactory(contact=ContactFactory(email="a@example.jp", email_proved_at=timezone.now()))
    duty = accepted(a_shift(days=3), person)
    deliver()
    duty.shift.move_to(at(4), at(4, 12), by=coordinator, reason="会場の都合")
    deliver(Outcome.NOT_SENT)
    link_line(person)
    moved = Message.objects.get(kind="moved")
    [entry] = entries_to("a@example.jp")
    assert (moved.channel, entry.state) == (Channel.LINE, "queued")
    assert event_in(entry.calendar).decoded("DTSTART") == at(4)


def test_what_is_sent_again_by_line_mails_its_entry(coordinator: User) -> None:
    person = SupporterFactory(contact=ContactFactory(email="a@example.jp", email_proved_at=timezone.now()))
    accepted(a_shift(days=3), person)
    Message.objects.filter(kind="accepted").update(state="unknown")
    link_line(person)
    outbox.send_again(Message.objects.get(kind="accepted"), by=coordinator)
    assert (Message.objects.get(kind="accepted").channel, len(entries_to("a@example.jp"))) == (Channel.LINE, 1)


def test_a_mailbox_that_works_again_learns_what_was_told_otherwise_meanwhile(coordinator: User) -> None:
    contact = ContactFactory(email="a@example.jp", email_proved_at=timezone.now())
    duty = accepted(a_shift(days=3), SupporterFactory(contact=contact))
    deliver()
    outbox.suppress(Channel.EMAIL, "a@example.jp", "bounced")
    duty.shift.move_to(at(4), at(4, 12), by=coordinator, reason="会場の都合")
    assert [entry for entry in entries_to("a@example.jp") if entry.state != "cancelled"] == []
    outbox.lift(Channel.EMAIL, "a@example.jp", by=coordinator)
    [entry] = [entry for entry in entries_to("a@example.jp") if entry.state == "queued"]
    assert event_in(entry.calendar).decoded("DTSTART") == at(4)


# --- The private feed ----------------------------------------------------------------------------------
def test_the_feed_holds_what_was_promised_and_nothing_else(client: Client) -> None:
    person = SupporterFactory()
    accepted(a_shift(title="約束", days=3), person)
    an_offer(a_shift(title="返事待ち", days=4), person)
    accepted(a_shift(title="他人", days=5), SupporterFactory())
    url = address_of(person)
    response = client.get(url)
    assert titles(client, url) == ["約束"]
    assert response["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("private, max-age=300", "noindex")
    assert "ATTENDEE" not in response.content.decode()
    assert client.post(url).status_code == 405


def test_a_duty_that_was_taken_over_without_a_history_is_in_the_feed(client: Client) -> None:
    person, shift = SupporterFactory(), a_shift(title="引き継ぎ", days=3)
    Assignment.objects.create(
        shift=shift, supporter=person, status=Assignment.Status.ACCEPTED, seat=shift.seats.all()[0]
    )
    url = address_of(person)
    [event] = Calendar.from_ical(client.get(url).content).walk("VEVENT")
    assert (str(event["SUMMARY"]), event.decoded("DTSTAMP")) == ("引き継ぎ", person.applied_at.replace(microsecond=0))


def test_an_unchanged_feed_is_answered_by_304_and_not_written(client: Client) -> None:
    person = SupporterFactory()
    accepted(a_shift(days=3), person)
    url = address_of(person)
    tag = client.get(url)["ETag"]
    with mock.patch("notifications.calendars.feed") as feed:
        response = client.get(url, headers={"if-none-match": tag})
        assert (response.status_code, response["ETag"], feed.called) == (304, tag, False)


@pytest.mark.parametrize("change", ["move", "leave", "join", "venue", "note"])
def test_whatever_changes_in_the_feed_changes_its_tag(client: Client, coordinator: User, change: str) -> None:
    person, shift = SupporterFactory(), a_shift(days=3)
    duty = accepted(shift, person)
    url = address_of(person)
    tag = client.get(url)["ETag"]
    match change:
        case "move":
            shift.move_to(at(3, 14), at(3, 16), by=coordinator, reason="都合")
        case "leave":
            duty.want_stand_in(by=None)
            accepted(shift, SupporterFactory())
        case "join":
            accepted(a_shift(days=5), person)
        case "venue":
            shift.venue.name = "新しい公民館"
            shift.venue.save()
        case "note":
            Shift.objects.filter(pk=shift.pk).update(note="裏口から")
    response = client.get(url, headers={"if-none-match": tag})
    assert (response.status_code, response["ETag"] == tag) == (200, False)


def test_of_a_changed_feed_only_the_changed_entry_is_written_anew(client: Client, coordinator: User) -> None:
    person = SupporterFactory(week_limit=7, month_limit=31)
    shifts = [a_shift(days=days) for days in (3, 5, 7)]
    for shift in shifts:
        accepted(shift, person)
    url = address_of(person)
    client.get(url)
    shifts[1].move_to(at(5, 14), at(5, 16), by=coordinator, reason="都合")
    with mock.patch.object(icalendar, "Event", wraps=icalendar.Event) as written:
        client.get(url)
    assert written.call_count == 1


@pytest.mark.parametrize("given", [None, "stale"])
def test_a_feed_takes_the_same_number_of_queries_whatever_it_holds(
    client: Client, given: str | None, django_assert_num_queries: Any
) -> None:
    person = SupporterFactory(week_limit=7, month_limit=31)
    url = address_of(person)
    for days in (3, 5, 7):
        accepted(a_shift(days=days), person)
        tag = client.get(url)["ETag"]
        with django_assert_num_queries(2):
            client.get(url, headers={"if-none-match": given or tag})


def test_of_a_minor_the_feed_says_neither_age_nor_guardian(client: Client) -> None:
    person = SupporterFactory(name="若手 花", birth_date=timezone.localdate() - dt.timedelta(days=16 * 365))
    person.consents.create(guardian=ContactFactory(name="保護者 一郎", phone="090-1234-5678"), given_at=timezone.now())
    adult = SupporterFactory(name="大人 太郎")
    shift = a_shift(days=3, needed=2)
    accepted(shift, adult)
    accepted(shift, person)
    text = client.get(address_of(person)).content.decode()
    assert "BEGIN:VEVENT" in text
    for word in ("若手", "保護者", "大人", "1234", str(person.birth_date)):
        assert word not in text


def test_a_duty_leaves_the_feed_a_month_after_it(client: Client, set_now: Callable[[dt.datetime], None]) -> None:
    person, shift = SupporterFactory(), a_shift(days=3)
    accepted(shift, person)
    url = address_of(person)
    set_now(shift.ends_at + dt.timedelta(days=30))
    assert len(titles(client, url)) == 1
    set_now(shift.ends_at + dt.timedelta(days=32))
    assert titles(client, url) == []


def test_vdirsyncer_and_khal_follow_a_subscription(live_server: Any, tmp_path: Path, coordinator: User) -> None:
    """Weekly duties, a day that moves past midnight, a day that is called off, a place given to somebody else."""
    program = calendar_clients.Client(tmp_path)
    person = SupporterFactory(week_limit=7, month_limit=31)
    weekly = [a_shift(days=days, title=f"よろず相談所 📱{days}", venue=a_hall()) for days in (7, 14, 21)]
    duties = [accepted(shift, person) for shift in weekly]
    program.subscribe(live_server.url + address_of(person))
    program.sync()
    assert program.shows("subscribed") == [
        f"{at(days).date()} 10:00 {at(days).date()} 12:00 CONFIRMED よろず相談所 📱{days}" for days in (7, 14, 21)
    ]
    Shift.objects.filter(pk=weekly[0].pk).update(starts_at=at(8, 23), ends_at=at(9, 1), sequence=1)
    for concerned in weekly[1].cancel(by=coordinator, reason="台風"):
        assert concerned == duties[1]
    duties[2].want_stand_in(by=None)
    accepted(weekly[2], SupporterFactory())
    program.sync()
    assert program.shows("subscribed") == [f"{at(8).date()} 23:00 {at(9).date()} 01:00 CONFIRMED よろず相談所 📱7"]


# --- The page of the address ---------------------------------------------------------------------------
def test_the_address_is_made_renewed_and_revoked_on_its_page(client: Client) -> None:
    person = SupporterFactory()
    client.force_login(person.user)
    page = reverse("supporters:calendar_address")
    assert "readonly" not in client.get(page).content.decode()
    client.post(page, {"wish": "make"})
    first = CalendarAddress.objects.get(supporter=person)
    client.post(page, {"wish": "make"})  # a second tap
    assert CalendarAddress.objects.get(supporter=person) == first
    shown = client.get(page).content.decode()
    assert f'value="http://localhost:8000/supporters/calendar/{first.secret}.ics"' in shown
    assert f'href="webcal://localhost:8000/supporters/calendar/{first.secret}.ics"' in shown
    client.post(page, {"wish": "renew"})
    second = CalendarAddress.objects.get(supporter=person)
    feeds = [reverse("supporters:own_calendar", args=[one.secret]) for one in (first, second)]
    assert [client.get(feed).status_code for feed in feeds] == [404, 200]
    client.post(page, {"wish": "revoke"})
    assert [client.get(feed).status_code for feed in feeds] == [404, 404]
    assert client.post(page, {"wish": "perhaps"}).status_code == 404


def test_who_leaves_the_programme_leaves_no_address_behind() -> None:
    person = SupporterFactory()
    CalendarAddress.renew(person)
    person.withdraw(by=None, reason="引っ越し")
    assert not CalendarAddress.objects.exists()


def test_secrets_are_long_and_never_the_same() -> None:
    person = SupporterFactory()
    secrets = {CalendarAddress.renew(person).secret for _time in range(50)}
    assert len(secrets) == 50
    assert min(len(secret) for secret in secrets) >= 32


def test_an_entry_of_an_earlier_write_is_not_taken_for_another_s() -> None:
    """What is kept of a written entry goes by all that the entry says, the sender included."""
    event = calendars.Event("u", 0, at(1), at(1, 12), "題", "所", 36.0, 139.0)
    assert "SUMMARY:題" in calendars.publish(event)
    assert "STATUS:CANCELLED" in calendars.withdraw(event)
    assert "ATTENDEE" in calendars.request(event, "花子", "hanako@example.jp")
    assert "ATTENDEE" not in calendars.publish(event)

"""By which way somebody is told: the ladder, wishes, quiet hours, addresses that do not work."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from unittest import mock

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from notifications import delivery, outbox, pace
from notifications.channels import Outcome, Receipt, email, sms
from notifications.ladder import QuietHours, blocked_among, ways
from notifications.models import Attempt, Channel, Contact, Matter, Message, Preference, Suppression
from notifications.segments import size
from notifications.writing import Letter, Writer
from programme.errors import ChangedMeanwhile
from programme.models import User
from tests.factories import ContactFactory
from tests.notifications.conftest import a_linked_contact, a_message

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 12, 1, 3, tzinfo=dt.UTC)
NIGHT = dt.datetime(2026, 12, 1, 13, tzinfo=dt.UTC)  # 22:00 in Tokyo
EIGHT = dt.datetime(2026, 12, 1, 23, tzinfo=dt.UTC)  # 8:00 the next morning


def everything() -> Contact:
    return a_linked_contact(email="a@example.jp", phone="027-224-1111", mobile="090-1234-5678")


def channels_of(contact: Contact, *, short: bool = True, preference: Preference | None = None) -> list[str]:
    message = Message(body="本文", short="短く" if short else "")
    found = ways(contact, message=message, blocked=blocked_among([contact]), preference=preference)
    return [str(channel) for channel, _address in found]


def test_the_ladder_goes_from_line_over_mail_and_sms_to_a_call() -> None:
    assert channels_of(everything()) == ["line", "email", "sms", "phone"]


def test_a_027_number_never_gets_an_sms() -> None:
    landline = ContactFactory(email="", phone="027-224-1111")
    assert (landline.sms_number, channels_of(landline)) == ("", ["phone"])


def test_a_landline_beside_a_mobile_phone_is_called_and_the_mobile_written_to() -> None:
    contact = everything()
    assert (contact.address_on("sms"), contact.address_on("phone")) == ("+819012345678", "027-224-1111")


def test_without_a_short_text_nothing_goes_by_sms() -> None:
    assert channels_of(everything(), short=False) == ["line", "email", "phone"]


def test_the_way_somebody_likes_comes_first_and_one_liked_for_the_matter_before_it() -> None:
    contact = everything()
    contact.preferred, contact.sms_proved_at, contact.email_proved_at = Channel.SMS, NOON, NOON
    wish = Preference(contact=contact, matter=Matter.DUTY, channel=Channel.PHONE)
    assert channels_of(contact) == ["sms", "line", "email", "phone"]
    assert channels_of(contact, preference=wish) == ["phone", "sms", "line", "email"]


def test_what_nobody_has_proved_comes_after_what_was_proved_however_much_it_is_liked() -> None:
    contact = everything()
    contact.preferred, contact.email_proved_at = Channel.SMS, NOON
    assert channels_of(contact) == ["line", "email", "sms", "phone"]
    contact.line_id = ""
    assert channels_of(contact) == ["email", "sms", "phone"]
    contact.email_proved_at = None
    assert channels_of(contact) == ["sms", "email", "phone"]


def test_an_address_is_the_same_however_it_is_capitalised() -> None:
    person = ContactFactory(email="Hanako@Example.jp")
    outbox.suppress(Channel.EMAIL, "HANAKO@example.JP", Suppression.Reason.BOUNCED)
    assert (person.email, channels_of(person)) == ("hanako@example.jp", [])
    assert outbox.lift(Channel.EMAIL, "hanakO@example.jp")
    assert channels_of(person) == ["email"]


def test_what_does_not_work_is_left_out_for_everybody_who_shares_it() -> None:
    for person in (ContactFactory(email="family@example.jp"), ContactFactory(email="family@example.jp")):
        outbox.suppress(Channel.EMAIL, "family@example.jp", Suppression.Reason.BOUNCED)
        assert channels_of(person) == []
    assert Suppression.objects.count() == 1


def test_two_who_share_a_mailbox_and_a_telephone_are_told_each() -> None:
    couple = [ContactFactory(name=name, email="a@example.jp", phone="027-224-1111") for name in ("Ann", "Bob")]
    for person in couple:
        for _time in range(2):
            outbox.tell(person, kind="news", subject="x:1", template="notifications/foot.txt", context={})
    delivery.sweep()
    told = Message.objects.order_by("pk").values_list("recipient__name", "address", "state")
    assert list(told) == [("Ann", "a@example.jp", "sent"), ("Bob", "a@example.jp", "sent")]


def test_a_stop_of_a_shared_number_holds_for_both_and_what_waits_goes_another_way() -> None:
    couple = [ContactFactory(name=name, email=f"{name}@example.jp", phone="090-1234-5678") for name in ("ann", "bob")]
    for person in couple:
        a_message(Channel.SMS, person)
    outbox.suppress("sms", "+819012345678", Suppression.Reason.STOPPED)
    assert set(Message.objects.values_list("channel", "address")) == {
        ("email", "ann@example.jp"),
        ("email", "bob@example.jp"),
    }


def test_a_channel_that_is_not_configured_is_left_out(settings: Settings) -> None:
    settings.SHOW_SENT = False
    assert channels_of(everything()) == ["email", "phone"]


def test_a_duty_s_messages_cannot_be_switched_off() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Preference.objects.create(contact=everything(), matter=Matter.DUTY, wanted=False)


def tell(contact: Contact, **facts: object) -> Message:
    identity = {"kind": "greeting", "subject": "x:1", "template": "notifications/foot.txt", "context": {}}
    return outbox.tell(contact, **{**identity, **facts})  # type: ignore[arg-type]


def a_reminder(contact: Contact, **facts: object) -> Message:
    """What nobody is rung for."""
    letter = Letter(contact, "reminder_week", "x:1", "notifications/foot.txt", {}, calls=False)
    return Writer([contact]).write(replace(letter, **facts))  # type: ignore[arg-type]


def test_who_likes_to_be_rung_gets_in_writing_what_nobody_is_rung_for() -> None:
    written = a_reminder(ContactFactory(email="a@example.jp", phone="027-224-1111", preferred=Channel.PHONE))
    assert (written.channel, written.state) == ("email", "queued")
    only_rung = a_reminder(ContactFactory(email="", phone="027-224-1111"))
    assert only_rung.state == Message.State.CANCELLED


def test_what_nobody_is_rung_for_does_not_become_a_call_when_it_comes_back() -> None:
    person = ContactFactory(email="a@example.jp", phone="027-224-1111")
    letter = Letter(person, "reminder_week", "x:1", "notifications/foot.txt", {}, calls=False)
    outbox.tell_all([letter], again=[letter].copy)
    outbox.suppress(Channel.EMAIL, "a@example.jp", Suppression.Reason.BOUNCED)
    message = Message.objects.get()
    assert (message.channel, message.state) == ("email", Message.State.CANCELLED)


def test_a_question_about_what_is_over_never_becomes_a_call() -> None:
    contact = ContactFactory(email="a@example.jp", phone="027-224-1111", preferred=Channel.PHONE)
    message = tell(contact, matter=Matter.FEEDBACK)
    assert (message.channel, message.state) == ("email", "queued")
    outbox.suppress(Channel.EMAIL, "a@example.jp", Suppression.Reason.BOUNCED)
    message.refresh_from_db()
    assert message.state == Message.State.CANCELLED
    assert not Message.objects.needs_a_person().exists()


def test_news_that_somebody_does_not_want_is_kept_as_cancelled() -> None:
    contact = everything()
    Preference.objects.create(contact=contact, matter=Matter.NEWS, wanted=False)
    assert tell(contact, matter=Matter.NEWS).state == Message.State.CANCELLED
    assert tell(contact, kind="other").state == Message.State.QUEUED


def test_nobody_is_told_to_nobody() -> None:
    contact = ContactFactory(email="gone@example.jp")
    outbox.suppress(Channel.EMAIL, "gone@example.jp", Suppression.Reason.BOUNCED)
    message = tell(contact)
    assert message.state == Message.State.FAILED
    assert list(Message.objects.needs_a_person()) == [message]


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_SENT])
def test_what_fails_for_good_goes_to_the_next_way_until_a_person_rings(
    outcome: Outcome, set_now: Callable[[dt.datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_now(NOON)
    monkeypatch.setattr(delivery, "TRIES_AT_MOST", 1)
    contact = ContactFactory(email="a@example.jp", phone="090-1234-5678")
    message = a_message(Channel.EMAIL, contact)
    met = []
    with (
        mock.patch.object(email, "send", return_value=Receipt(outcome)),
        mock.patch.object(sms, "send", return_value=Receipt(outcome)),
    ):
        for _round in range(3):
            delivery.deliver(message.pk)
            message.refresh_from_db()
            met.append((message.channel, message.address, message.state))
    assert met == [
        ("sms", "+819012345678", "queued"),
        ("phone", "090-1234-5678", "queued"),
        ("phone", "090-1234-5678", "queued"),
    ]
    assert list(Message.objects.needs_a_person()) == [message]


def test_who_stops_an_address_gets_what_waits_for_it_another_way() -> None:
    contact = everything()
    waiting, sent = a_message(Channel.SMS, contact), a_message(Channel.SMS, contact, kind="b")
    Message.objects.filter(pk=sent.pk).update(state="sent", sent_at=timezone.now())
    outbox.suppress(Channel.SMS, contact.sms_number, Suppression.Reason.STOPPED)
    assert [Message.objects.get(pk=row.pk).channel for row in (waiting, sent)] == ["line", "sms"]


# --- Quiet hours ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("hours", "moment", "over"),
    [
        ((1260, 480), NOON, NOON),
        ((1260, 480), NIGHT, EIGHT),
        ((1260, 480), EIGHT - dt.timedelta(minutes=1), EIGHT),
        ((1260, 480), EIGHT, EIGHT),
        ((0, 480), NIGHT, NIGHT),
        ((0, 480), EIGHT - dt.timedelta(hours=3), EIGHT),
        ((480, 480), NIGHT, NIGHT),
    ],
)
def test_quiet_hours_end_in_the_morning(hours: tuple[int, int], moment: dt.datetime, over: dt.datetime) -> None:
    assert QuietHours(*hours).over_at(moment) == over


@pytest.mark.usefixtures("programme_facts")
def test_at_night_no_telephone_rings_and_a_mail_may_come(set_now: Callable[[dt.datetime], None]) -> None:
    set_now(NIGHT)
    assert tell(everything()).due_at == EIGHT
    assert tell(ContactFactory()).due_at == NIGHT


@pytest.mark.usefixtures("programme_facts")
def test_what_would_come_too_late_by_waiting_does_not_wait(set_now: Callable[[dt.datetime], None]) -> None:
    set_now(NIGHT)
    assert tell(everything(), expires_at=EIGHT).due_at == NIGHT


@pytest.mark.usefixtures("programme_facts")
def test_a_try_that_falls_into_the_night_waits_for_the_morning(set_now: Callable[[dt.datetime], None]) -> None:
    set_now(NIGHT)
    message = a_message(Channel.SMS)
    delivery.deliver(message.pk)
    message.refresh_from_db()
    assert (message.state, message.due_at, message.tries) == (Message.State.QUEUED, EIGHT, 0)


# --- Later facts ---------------------------------------------------------------------------------------
def test_a_later_fact_replaces_what_has_not_left() -> None:
    contact = ContactFactory()
    offer, other = tell(contact, kind="offer"), tell(contact, kind="offer", subject="x:2")
    cancelled = tell(contact, kind="cancelled", replaces=True)
    offer.refresh_from_db()
    other.refresh_from_db()
    assert (offer.state, offer.replaced_by) == (Message.State.REPLACED, cancelled)
    assert other.state == Message.State.QUEUED
    delivery.deliver(offer.pk)
    assert not Attempt.objects.exists()


def test_what_has_left_is_not_replaced() -> None:
    contact = ContactFactory()
    offer = tell(contact, kind="offer")
    delivery.deliver(offer.pk)
    tell(contact, kind="cancelled", replaces=True)
    offer.refresh_from_db()
    assert offer.state == Message.State.SENT


def test_a_call_and_what_reached_nobody_are_replaced_too() -> None:
    to_call, lost = ContactFactory(email="", phone="027-224-1111"), ContactFactory(email="gone@example.jp")
    outbox.suppress(Channel.EMAIL, "gone@example.jp", Suppression.Reason.BOUNCED)
    a_message(Channel.PHONE, to_call, kind="booked")
    a_message(Channel.PHONE, lost, kind="booked", state="failed")
    for contact in (to_call, lost):
        tell(contact, kind="moved", replaces=True)
    assert set(Message.objects.filter(kind="booked").values_list("state", flat=True)) == {"replaced"}
    assert set(Message.objects.needs_a_person().values_list("kind", flat=True)) == {"moved"}


def test_what_has_left_does_not_come_back_by_another_way_once_a_later_fact_holds() -> None:
    contact = ContactFactory(email="a@example.jp", phone="090-1234-5678")
    accepted = tell(contact, kind="accepted")
    delivery.deliver(accepted.pk)
    tell(contact, kind="cancelled", replaces=True)
    outbox.report(Attempt.objects.get(message=accepted), outbox.Report.UNDELIVERED)
    accepted.refresh_from_db()
    assert (accepted.state, accepted.channel) == (Message.State.CANCELLED, Channel.EMAIL)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.NOT_SENT])
def test_what_is_under_way_when_a_later_fact_comes_is_not_tried_again(outcome: Outcome) -> None:
    contact = ContactFactory(email="a@example.jp", phone="090-1234-5678")
    accepted = a_message(Channel.EMAIL, contact, kind="accepted")
    with mock.patch.object(email, "send") as sent:
        [claimed] = delivery._claim(Message.objects.filter(pk=accepted.pk))
        [attempt] = delivery._note((), [claimed])
        outbox.withdraw("x:1")
        delivery.settle([delivery.Answered(attempt, Receipt(outcome))])
        Message.objects.update(due_at=timezone.now())
        delivery.sweep()
    accepted.refresh_from_db()
    assert (accepted.state, sent.called) == (Message.State.CANCELLED, False)


def test_what_was_claimed_and_is_superseded_before_it_leaves_does_not_leave() -> None:
    message = a_message(Channel.EMAIL)
    taken = delivery._claim(Message.objects.filter(pk=message.pk))
    outbox.withdraw("x:1")
    assert not delivery._note((), taken)


def test_a_superseded_message_of_unknown_fate_cannot_be_sent_again(coordinator: User) -> None:
    contact = ContactFactory()
    doubtful = a_message(Channel.EMAIL, contact, state="unknown")
    tell(contact, kind="moved", replaces=True)
    with pytest.raises(ChangedMeanwhile):
        outbox.send_again(doubtful, by=coordinator)


def test_what_is_superseded_can_be_withdrawn() -> None:
    contact = ContactFactory()
    tell(contact, kind="week_before")
    tell(contact, kind="offer")
    assert outbox.withdraw("x:1", kinds=["week_before"]) == 1
    assert set(Message.objects.values_list("kind", "state")) == {("week_before", "cancelled"), ("offer", "queued")}


def test_a_message_of_no_use_any_more_is_cancelled_instead_of_sent() -> None:
    message = a_message(Channel.EMAIL, expires_at=timezone.now() - dt.timedelta(minutes=1))
    delivery.deliver(message.pk)
    delivery.sweep()
    message.refresh_from_db()
    assert (message.state, message.attempts.count()) == (Message.State.CANCELLED, 0)


def test_what_a_dead_worker_had_taken_but_not_begun_waits_again() -> None:
    message = a_message(Channel.EMAIL, state="sending", claimed_at=timezone.now() - dt.timedelta(hours=1))
    delivery.sweep()
    message.refresh_from_db()
    assert (message.state, message.attempts.count()) == (Message.State.SENT, 1)


# --- Many at once --------------------------------------------------------------------------------------
def letters(count: int, since: int = 0) -> list[Letter]:
    people = Contact.objects.bulk_create(
        Contact(name=f"{n}", email=f"p{n}@example.jp", language="ja") for n in range(since, since + count)
    )
    return [Letter(person, "news", "mailing:1", "notifications/foot.txt", {}) for person in people]


def test_many_are_written_with_the_same_number_of_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    one, three = letters(1), letters(3, since=1)
    for some in (one, three):
        with django_assert_num_queries(11):
            outbox.tell_all(some, again=some.copy)
    assert Message.objects.count() == 4


def test_telling_all_again_adds_nothing_and_changes_nothing() -> None:
    some = letters(3)
    outbox.tell_all(some, again=some.copy)
    Message.objects.update(state="sent", sent_at=timezone.now())
    outbox.tell_all(some, again=some.copy)
    assert list(Message.objects.values_list("state", flat=True)) == ["sent"] * 3


# --- Pace ----------------------------------------------------------------------------------------------
def test_a_channel_that_takes_two_a_second_gets_two_a_second(settings: Settings) -> None:
    settings.MESSAGES_PER_SECOND = {"sms": 2.0}
    moments = [pace.reserve("sms", NOON) - NOON for _message in range(3)]
    assert moments == [dt.timedelta(0), dt.timedelta(seconds=0.5), dt.timedelta(seconds=1)]
    assert pace.reserve("email", NOON) == NOON


def test_who_would_wait_long_goes_back_into_the_queue(settings: Settings) -> None:
    settings.MESSAGES_PER_SECOND = {"email": 0.01}
    first, second = a_message(Channel.EMAIL), a_message(Channel.EMAIL)
    for message in (first, second):
        delivery.deliver(message.pk)
        message.refresh_from_db()
    assert (first.state, second.state, second.tries) == (Message.State.SENT, Message.State.QUEUED, 0)
    assert second.due_at > timezone.now() + dt.timedelta(seconds=90)


# --- What an SMS costs -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("€" * 80, "GSM-7", 160, 1),
        ("あ" * 70, "UCS-2", 70, 1),
        ("あ" * 71, "UCS-2", 71, 2),
        ("あ" * 134, "UCS-2", 134, 2),
        ("あ" * 135, "UCS-2", 135, 3),
        ("𠮷" * 35, "UCS-2", 70, 1),
        ("あ" * 66 + "𠮷" + "あ" * 66, "UCS-2", 134, 3),  # the 𠮷 is not torn in two
    ],
)
def test_segments_are_counted_as_telephones_count(text: str, encoding: str, units: int, segments: int) -> None:
    counted = size(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, segments)

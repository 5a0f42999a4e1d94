"""A contact changes while messages wait: they go where the person is reached by then, never where they were."""

import datetime as dt
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from unittest import mock

import icalendar
import pytest
import vobject
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import addresses, calendars, delivery, outbox
from notifications.channels import Outcome, Receipt, email
from notifications.models import Attempt, Channel, Contact, Matter, Message, Preference, Suppression
from notifications.own import SettingsForm
from programme.models import User
from tests.engines import on_postgresql
from tests.factories import ContactFactory
from tests.notifications.conftest import a_linked_contact, a_message
from tests.notifications.test_own import ANSWERS
from tests.storming import at_once

pytestmark = pytest.mark.django_db
OLD, NEW = "+819011111111", "+819022222222"


@pytest.fixture
def person() -> Contact:
    return ContactFactory(email="", mobile="090-1111-1111", phone="027-224-1111", sms_proved_at=timezone.now())


def where(message: Message) -> tuple[str, str, str]:
    message.refresh_from_db()
    return message.channel, message.address, message.state


def test_what_waits_goes_to_the_new_number(person: Contact) -> None:
    queued, draft = a_message(Channel.SMS, person), a_message(Channel.SMS, person, state="draft", kind="news")
    person.mobile = "090-2222-2222"
    assert addresses.change(person) == ["mobile", "mobile_e164", "sms_proved_at"]
    assert (where(queued), where(draft)) == ((Channel.SMS, NEW, "queued"), (Channel.SMS, NEW, "draft"))
    assert person.sms_proved_at is None


def test_without_a_number_it_goes_the_next_way_and_in_the_end_to_a_person(person: Contact) -> None:
    queued = a_message(Channel.SMS, person)
    person.mobile = ""
    addresses.change(person)
    assert where(queued) == (Channel.PHONE, "027-224-1111", "queued")


def test_a_call_to_make_is_made_to_the_new_number() -> None:
    person = ContactFactory(email="", phone="027-224-1111")
    call = a_message(Channel.PHONE, person)
    person.phone = "027-224-2222"
    addresses.change(person)
    assert where(call) == (Channel.PHONE, "027-224-2222", "queued")


def test_who_leaves_line_is_written_to_by_mail(client: Client) -> None:
    person = a_linked_contact(email="a@example.jp")
    queued = a_message(Channel.LINE, person)
    client.post(person.settings_path, {"do": "unlink"})
    assert where(queued) == (Channel.EMAIL, "a@example.jp", "queued")


def test_what_was_taken_but_not_begun_is_taken_back_and_what_was_begun_stays(person: Contact) -> None:
    taken, begun = (a_message(Channel.SMS, person, kind=kind) for kind in ("taken", "begun"))
    messages = delivery._claim(Message.objects.all())
    delivery._note((), [message for message in messages if message.pk == begun.pk])
    person.mobile = "090-2222-2222"
    addresses.change(person)
    assert (where(taken), where(begun)) == ((Channel.SMS, NEW, "queued"), (Channel.SMS, OLD, "sending"))
    assert delivery._note((), [message for message in messages if message.pk == taken.pk]) == []


def test_what_was_begun_and_not_sent_is_tried_again_at_the_new_number(person: Contact) -> None:
    begun = a_message(Channel.SMS, person)
    [attempt] = delivery._note((), delivery._claim(Message.objects.all()))
    person.mobile = "090-2222-2222"
    addresses.change(person)
    delivery.settle([delivery.Answered(attempt, Receipt(Outcome.NOT_SENT))])
    assert where(begun) == (Channel.SMS, NEW, "queued")


def test_what_line_may_have_goes_nowhere_else() -> None:
    person = a_linked_contact(email="a@example.jp")
    queued = a_message(Channel.LINE, person, tries=1)
    facts = {"channel": "line", "address": person.line_id, "outcome": "repeat", "ended_at": timezone.now()}
    Attempt.objects.create(message=queued, **facts)
    person.line_id, person.line_linked_at = "", None
    addresses.change(person)
    assert where(queued)[2] == "unknown"


def test_a_proof_brings_what_waits_to_where_it_is_liked(person: Contact) -> None:
    Contact.objects.filter(pk=person.pk).update(
        email="a@example.jp", email_proved_at=timezone.now(), preferred="sms", sms_proved_at=None
    )
    queued = a_message(Channel.EMAIL, person)
    addresses.prove(person, Channel.SMS)
    assert where(queued) == (Channel.SMS, OLD, "queued")


def test_what_is_not_wanted_any_more_is_not_sent(client: Client, person: Contact) -> None:
    news, duty = (a_message(Channel.SMS, person, kind=matter, matter=matter) for matter in (Matter.NEWS, Matter.DUTY))
    answers = {**ANSWERS, "language": "ja", "mobile": person.mobile, "news": "never", "duty": "phone"}
    client.post(person.settings_path, answers)
    assert Preference.objects.filter(contact=person, wanted=False).count() == 1
    assert where(news)[2] == "cancelled"
    assert where(duty) == (Channel.PHONE, "027-224-1111", "queued")


def test_what_has_left_stays(person: Contact) -> None:
    sent = a_message(Channel.SMS, person, state="sent", sent_at=timezone.now())
    unknown = a_message(Channel.SMS, person, state="unknown", kind="other")
    person.mobile = "090-2222-2222"
    addresses.change(person)
    assert (where(sent)[1:], where(unknown)[1:]) == ((OLD, "sent"), (OLD, "unknown"))


def test_the_proof_of_an_old_number_is_withdrawn(person: Contact, client: Client) -> None:
    answers = {**ANSWERS, "language": "ja"}
    for mobile in ("090-2222-2222", "090-3333-3333"):
        client.post(person.settings_path, {**answers, "mobile": mobile})
        person.refresh_from_db()  # the link names the number, too
    proofs = Message.objects.filter(kind=addresses.PROVE_MOBILE).order_by("pk")
    assert list(proofs.values_list("address", "state")) == [(NEW, "cancelled"), ("+819033333333", "queued")]


def test_who_goes_back_to_an_earlier_number_proves_it_again(person: Contact, client: Client) -> None:
    """Somebody else may have had the number meanwhile; and what was asked first proves nothing any more."""
    pages = []
    for mobile in ("090-2222-2222", "090-1111-1111", "090-2222-2222"):
        person.mobile = mobile
        addresses.change(person)
        asked = Message.objects.filter(kind=addresses.PROVE_MOBILE).latest("pk")
        assert (asked.address, asked.state, person.sms_proved_at) == (person.sms_number, "queued", None)
        pages.append(path_in(asked.short, client))
    assert [client.post(page).status_code for page in pages] == [410, 410, 302]
    person.refresh_from_db()
    assert person.sms_proved_at is not None
    assert Message.objects.filter(kind=addresses.PROVE_MOBILE).count() == 3


def test_an_address_that_is_replaced_while_it_is_proved_does_not_prove_the_new_one(person: Contact) -> None:
    seen = Contact.objects.get(pk=person.pk)
    person.mobile = "090-2222-2222"
    addresses.change(person)
    addresses.prove(seen, Channel.SMS)
    person.refresh_from_db()
    assert person.sms_proved_at is None


def path_in(text: str, client: Client) -> str:
    """Where the short address in an SMS leads."""
    short = re.search(r"https?://[^/]+(/\S+)", text).group(1)
    path: str = client.get(short)["Location"]
    return path


def test_a_new_address_of_mail_is_proved_by_the_mail_that_goes_there_alone(client: Client) -> None:
    person = a_linked_contact(email="a@example.jp", email_proved_at=timezone.now())
    person.email = "b@example.jp"
    addresses.change(person)
    asked = Message.objects.get(kind="prove_mail")
    assert (where(asked), person.email_proved_at) == ((Channel.EMAIL, "b@example.jp", "queued"), None)
    assert person.settings_path not in asked.body  # it may be in a stranger's hands
    page = re.search(r"https?://[^/]+(/\S+)", asked.body).group(1)
    before = client.get(page)
    assert person.settings_path not in before.content.decode()
    person.refresh_from_db()
    assert person.email_proved_at is None  # programs that look into mails open links, too
    client.post(page)
    person.refresh_from_db()
    assert person.email_proved_at is not None
    assert "確かめました" in client.get(page).content.decode()


def test_who_has_lost_the_question_has_it_sent_again_but_not_twice_an_hour(
    client: Client, coordinator: User, set_now: Callable[[dt.datetime], None]
) -> None:
    person = ContactFactory(email="a@example.jp")
    assert 'value="ask"' in client.get(person.settings_path).content.decode()
    asked = Message.objects.filter(kind="prove_mail")
    for _tap in range(2):
        client.post(person.settings_path, {"do": "ask", "channel": "email"})
    assert asked.count() == 1
    first = re.search(r"https?://[^/]+(/\S+)", asked.get().body).group(1)
    set_now(timezone.now() + addresses.ASKED_JUST_NOW)
    client.force_login(coordinator)
    asks = {"do": "ask", "channel": "email", "key": "a@example.jp"}
    client.post(reverse("messages:contact", args=[person.pk]), asks)
    assert (asked.count(), client.get(first).status_code) == (2, 410)
    addresses.prove(person, Channel.EMAIL)
    set_now(timezone.now() + addresses.ASKED_JUST_NOW)
    client.post(person.settings_path, {"do": "ask", "channel": "email"})
    assert asked.count() == 2
    assert 'value="ask"' not in client.get(person.settings_path).content.decode()


def test_typing_numbers_in_turn_does_not_send_to_them_without_end(client: Client) -> None:
    person = ContactFactory(email="a@example.jp", email_proved_at=timezone.now())
    for turn in range(4 * addresses.ASKED_A_DAY):
        mobile = "" if turn % 2 else "090-2222-2222"
        assert client.post(person.settings_path, {**ANSWERS, "language": "ja", "mobile": mobile}).status_code == 302
        person.refresh_from_db()
    asked = Message.objects.filter(kind=addresses.PROVE_MOBILE)
    assert asked.filter(address=NEW).count() == addresses.ASKED_A_DAY
    person.mobile = "090-3333-3333"
    addresses.change(person)  # one person, another number
    other = ContactFactory(mobile="")
    other.mobile = "090-2222-2222"
    addresses.change(other)  # another person, one number
    assert asked.count() == addresses.ASKED_A_DAY


def test_settings_that_were_read_before_a_proof_do_not_undo_it() -> None:
    person = ContactFactory(email="a@example.jp")
    form = SettingsForm({**ANSWERS, "language": "en"}, instance=Contact.objects.get(pk=person.pk))
    addresses.prove(person, Channel.EMAIL)
    assert form.is_valid()
    form.save()
    person.refresh_from_db()
    assert (person.language, person.email_proved_at is None) == ("en", False)


def test_whose_address_changed_again_gets_a_link_that_opens_the_settings_on_the_same_day(client: Client) -> None:
    person = ContactFactory(email="a@example.jp", email_proved_at=timezone.now(), mobile="090-1111-1111")
    for mobile in ("090-2222-2222", "090-3333-3333"):
        former, person.mobile = person.settings_path, mobile
        addresses.change(person)
        client.post(former)
    newest = Message.objects.filter(kind="settings_link").latest("pk").body
    assert person.settings_path in newest


@pytest.fixture
def optout(client: Client) -> Callable[[Contact], object]:
    return lambda person: client.post(person.settings_path, {**ANSWERS, "language": "ja", "news": "never"})


@pytest.fixture
def reader() -> Contact:
    return ContactFactory(email="a@example.jp", email_proved_at=timezone.now(), phone="090-1234-5678")


def some_news(reader: Contact, **facts: object) -> Message:
    return a_message(Channel.EMAIL, reader, kind="news", matter=Matter.NEWS, **facts)


def test_what_was_not_sent_and_is_not_wanted_any_more_is_not_tried_again(
    reader: Contact, optout: Callable[[Contact], object]
) -> None:
    news = some_news(reader)
    [attempt] = delivery._note((), delivery._claim(Message.objects.all()))
    optout(reader)
    delivery.settle([delivery.Answered(attempt, Receipt(Outcome.NOT_SENT))])
    Message.objects.update(due_at=timezone.now())
    assert delivery._note((), delivery._claim(Message.objects.all())) == []
    assert where(news)[2] == "cancelled"


def test_what_bounced_and_is_not_wanted_any_more_goes_no_other_way(
    reader: Contact, optout: Callable[[Contact], object]
) -> None:
    news = some_news(reader, state="sent", sent_at=timezone.now())
    attempt = Attempt.objects.create(message=news, channel="email", address=reader.email, outcome="sent")
    optout(reader)
    outbox.report(attempt, "undelivered", suppressed="bounced")
    assert where(news)[2] == "cancelled"


def test_what_the_office_sends_again_heeds_the_person_s_wish(
    reader: Contact, optout: Callable[[Contact], object], coordinator: User
) -> None:
    news = some_news(reader, state="unknown")
    optout(reader)
    outbox.send_again(news, by=coordinator)
    assert where(news)[2] == "cancelled"


def test_the_question_for_a_proof_becomes_no_call(coordinator: User) -> None:
    person = ContactFactory(email="a@example.jp", phone="027-224-1111")
    person.email = "dead@example.jp"
    addresses.change(person)
    outbox.suppress(Channel.EMAIL, person.email, "bounced")
    asked = Message.objects.get(kind="prove_mail")
    with pytest.raises(outbox.NowhereToSend):
        outbox.send_again(asked, by=coordinator)
    assert where(asked) == (Channel.EMAIL, "dead@example.jp", "failed")


def test_the_proof_of_an_address_goes_by_no_other_way() -> None:
    person = a_linked_contact(email="a@example.jp")
    person.email = "b@example.jp"
    addresses.change(person)
    outbox.suppress(Channel.EMAIL, "b@example.jp", "bounced")
    assert where(Message.objects.get(kind="prove_mail")) == (Channel.EMAIL, "b@example.jp", "failed")


def test_who_asks_in_another_way_asks_once() -> None:
    person = ContactFactory(email="a@example.jp")
    person.email = "b@example.jp"
    addresses.change(person, ask=False)
    assert not Message.objects.exists()


def test_nobody_is_asked_by_a_way_that_is_off(person: Contact) -> None:
    person.mobile = "090-2222-2222"
    with mock.patch("notifications.addresses.is_configured", return_value=False):
        addresses.change(person)
    assert not Message.objects.exists()


def test_what_is_written_while_its_address_is_stopped_goes_another_way(person: Contact) -> None:
    """The stop came before the message was there to be seen, and after it was addressed."""
    Suppression.objects.create(channel=Channel.SMS, address=OLD, reason="stopped")
    queued = a_message(Channel.SMS, person)
    assert delivery._note((), delivery._claim(Message.objects.all())) == []
    assert where(queued) == (Channel.PHONE, "027-224-1111", "queued")


def test_an_invitation_is_for_the_address_that_it_goes_to() -> None:
    event = calendars.Event("1@mdeji", 0, timezone.now(), timezone.now(), "活動", "公民館", 36.4, 139.1)
    person = ContactFactory(name="支援, 花子", email="old@example.jp")
    queued = a_message(Channel.EMAIL, person, calendar=calendars.request(event, person.name, person.email))
    person.email = "new@example.jp"
    addresses.change(person)
    queued.refresh_from_db()
    [entry, _file] = [part for part in email.compose(queued).message().walk() if "calendar" in part.get_content_type()]
    text = entry.get_payload(decode=True).decode()
    [invited] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert (str(invited["ATTENDEE"]), invited["ATTENDEE"].params["CN"]) == ("mailto:new@example.jp", "支援, 花子")
    assert vobject.readOne(text).vevent.attendee.value == "mailto:new@example.jp"
    assert "old@example.jp" not in text


def test_a_later_time_is_kept(person: Contact) -> None:
    later = timezone.now() + dt.timedelta(days=3)
    queued = a_message(Channel.SMS, person, due_at=later)
    person.mobile = "090-2222-2222"
    addresses.change(person)
    queued.refresh_from_db()
    assert queued.due_at >= later
    outbox.follow(person)
    assert where(queued) == (Channel.SMS, NEW, "queued")


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_workers_that_each_settle_a_message_of_one_person_do_not_wait_for_each_other(
    programme_facts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number changed while both were with the provider: each goes on with all that waits for the person."""
    person = ContactFactory(email="", mobile="090-1111-1111", phone="027-224-1111")
    for kind in ("one", "two"):
        a_message(Channel.SMS, person, kind=kind)
    attempts = delivery._note((), delivery._claim(Message.objects.all()))
    Contact.objects.filter(pk=person.pk).update(mobile="090-2222-2222", mobile_e164=NEW)
    both, follow = threading.Barrier(2), delivery.follow

    def follow_together(contact: Contact) -> None:
        with suppress(threading.BrokenBarrierError):  # one waits for the other before it comes so far
            both.wait(1)
        follow(contact)

    monkeypatch.setattr(delivery, "follow", follow_together)
    found = Attempt.objects.select_related("message__recipient").in_bulk([attempt.pk for attempt in attempts])
    answers = [delivery.Answered(attempt, Receipt(Outcome.NOT_SENT)) for attempt in found.values()]
    assert at_once([partial(delivery.settle, [answer]) for answer in answers]) == ["done", "done"]
    assert set(Message.objects.values_list("address", "state")) == {(NEW, "queued")}

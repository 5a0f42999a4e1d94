"""A contact changes while messages wait: they go where the person is reached by then, never where they were."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from notifications import addresses, delivery, outbox
from notifications.channels import Outcome, Receipt
from notifications.models import Attempt, Channel, Contact, Matter, Message, Preference
from tests.factories import ContactFactory
from tests.notifications.conftest import a_linked_contact, a_message
from tests.notifications.test_own import ANSWERS

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


def test_a_later_time_is_kept(person: Contact) -> None:
    later = timezone.now() + dt.timedelta(days=3)
    queued = a_message(Channel.SMS, person, due_at=later)
    person.mobile = "090-2222-2222"
    addresses.change(person)
    queued.refresh_from_db()
    assert queued.due_at >= later
    outbox.follow(person)
    assert where(queued) == (Channel.SMS, NEW, "queued")

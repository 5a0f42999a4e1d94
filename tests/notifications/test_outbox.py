"""The outbox: written with the fact, delivered once, never again on a guess."""

import datetime as dt
import threading
from collections.abc import Callable
from unittest import mock

import pytest
from django.conf import settings as project_settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from notifications import delivery, mailbox, outbox
from notifications.channels import Outcome, Receipt, email
from notifications.models import Attempt, Channel, Contact, Message
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db


def tell(recipient: Contact, **facts: str) -> Message:
    identity = {"kind": "greeting", "subject": "assignment:1", **facts}
    context = {"request": {"number": "1"}}
    return outbox.tell(recipient, template="tests/greeting.txt", context=context, **identity)


@pytest.fixture(autouse=True)
def files_and_a_template(settings: Settings) -> None:
    loaders = [
        ("django.template.loaders.locmem.Loader", {"tests/greeting.txt": "こんにちは {{ recipient }}\n\n本文\n"})
    ]
    settings.EMAIL_BACKEND = "notifications.mailbox.EmailBackend"
    settings.TEMPLATES = [
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": loaders}}
    ]


def a_queued(**facts: object) -> Message:
    contact = ContactFactory()
    values = {
        "kind": "greeting",
        "subject": "x:1",
        "recipient": contact,
        "channel": Channel.EMAIL,
        "address": contact.email,
        "title": "題",
        "body": "本文\n",
    }
    return Message.objects.create(**{**values, **facts})


def answer(outcome: Outcome) -> "mock._patch[mock.MagicMock]":
    return mock.patch.object(email, "send", return_value=Receipt(outcome, "so says the provider"))


def test_the_first_line_of_the_template_is_the_title() -> None:
    contact = ContactFactory(name="髙橋𠮷子")
    message = tell(contact)
    assert (message.title, message.body, message.address) == ("こんにちは 髙橋𠮷子", "本文\n", contact.email)


def test_the_same_fact_is_told_once() -> None:
    contact = ContactFactory()
    assert tell(contact).pk == tell(contact).pk
    assert tell(contact).pk != tell(contact, occasion="2026-12-01").pk
    assert Message.objects.count() == 2


def test_the_database_refuses_a_second_message_of_the_same_identity() -> None:
    first = a_queued()
    with pytest.raises(IntegrityError), transaction.atomic():
        a_queued(recipient=first.recipient)


def test_a_message_leaves_after_the_commit_and_not_before(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with (
        mock.patch("notifications.tasks.deliver_message.delay") as delay,
        django_capture_on_commit_callbacks(execute=True),
    ):
        message = tell(ContactFactory())
        assert delay.call_args_list == []
    assert delay.call_args_list == [mock.call(message.pk)]


def test_a_lost_broker_fails_no_click(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    with (
        mock.patch("notifications.tasks.deliver_message.delay", side_effect=ConnectionError),
        django_capture_on_commit_callbacks(execute=True),
    ):
        message = tell(ContactFactory())
    assert Message.objects.get(pk=message.pk).state == Message.State.QUEUED


def test_somebody_with_a_telephone_only_is_left_to_a_coordinator() -> None:
    message = tell(ContactFactory(email="", phone="027-224-1111"))
    delivery.deliver(message.pk)
    message.refresh_from_db()
    assert (message.channel, message.state, message.address) == (Channel.PHONE, Message.State.QUEUED, "027-224-1111")


def test_a_delivered_message_is_a_file_with_its_own_id() -> None:
    message = a_queued()
    delivery.deliver(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.SENT
    assert mailbox.find(email.message_id(message)) is not None


def test_two_deliveries_of_one_message_send_it_once() -> None:
    message = a_queued()
    with answer(Outcome.SENT) as send:
        delivery.deliver(message.pk)
        delivery.deliver(message.pk)
    assert send.call_count == 1


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.SENT, Message.State.SENT),
        (Outcome.NOT_SENT, Message.State.QUEUED),
        (Outcome.REFUSED, Message.State.FAILED),
        (Outcome.UNKNOWN, Message.State.UNKNOWN),
    ],
)
def test_what_the_provider_says_decides(outcome: Outcome, state: str) -> None:
    message = a_queued()
    with answer(outcome):
        delivery.deliver(message.pk)
    message.refresh_from_db()
    attempt = message.attempts.get()
    assert (message.state, attempt.outcome, attempt.answer) == (state, outcome, "so says the provider")


def test_a_failed_try_waits_longer_each_time_and_ends(set_now: Callable[[dt.datetime], None]) -> None:
    message = a_queued()
    waits = []
    with answer(Outcome.NOT_SENT), mock.patch("random.uniform", return_value=1.0):
        for _ in range(delivery.TRIES_AT_MOST):
            now = message.due_at
            set_now(now)
            delivery.deliver(message.pk)
            message.refresh_from_db()
            waits.append(int((message.due_at - now).total_seconds()))
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 0]
    assert message.state == Message.State.FAILED


def test_a_message_that_waits_is_not_sent_early() -> None:
    message = a_queued(due_at=timezone.now() + dt.timedelta(minutes=1))
    delivery.deliver(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.QUEUED


def test_the_sweep_delivers_what_the_broker_lost() -> None:
    message = a_queued()
    delivery.sweep()
    assert Message.objects.get(pk=message.pk).state == Message.State.SENT


def left_behind(*, past_lease: bool) -> Message:
    """A message whose sender died after claiming it."""
    lease = project_settings.OUTBOX_LEASE
    ago = lease + dt.timedelta(seconds=1) if past_lease else lease / 2
    message = a_queued(state=Message.State.SENDING, claimed_at=timezone.now() - ago)
    Attempt.objects.create(message=message, started_at=message.claimed_at)
    return message


def test_a_dead_sender_s_message_that_the_mailbox_has_is_sent() -> None:
    message = left_behind(past_lease=True)
    email.send(message)
    delivery.sweep()
    message.refresh_from_db()
    assert (message.state, message.attempts.get().answer) == (Message.State.SENT, "found in the mailbox")


def test_a_dead_sender_s_message_that_the_mailbox_has_not_is_tried_again() -> None:
    message = left_behind(past_lease=True)
    delivery.sweep()
    message.refresh_from_db()
    assert message.state == Message.State.QUEUED


def test_a_mail_server_cannot_be_asked_so_a_person_looks(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    message = left_behind(past_lease=True)
    delivery.sweep()
    message.refresh_from_db()
    assert message.state == Message.State.UNKNOWN


def test_a_sender_within_its_lease_is_left_alone() -> None:
    message = left_behind(past_lease=False)
    delivery.sweep()
    message.refresh_from_db()
    assert message.state == Message.State.SENDING


# --- Several at once ------------------------------------------------------------------------------------
def test_a_process_that_slept_through_its_lease_sends_nothing() -> None:
    message = a_queued()
    taken = delivery._claim(Message.objects.all())
    Message.objects.update(state=Message.State.QUEUED)  # by the sweep, meanwhile
    with answer(Outcome.SENT) as send:
        delivery._hand_over(iter(taken))
    message.refresh_from_db()
    assert (send.call_count, message.state, message.attempts.count()) == (0, Message.State.QUEUED, 0)


def test_as_many_are_with_providers_at_once_as_set(settings: Settings) -> None:
    settings.OUTBOX_AT_ONCE = 3
    together = threading.Barrier(3)  # breaks when fewer than three come

    def send(message: Message) -> Receipt:
        together.wait(timeout=10)
        return Receipt(Outcome.SENT)

    rows = [a_queued(subject=f"x:{number}") for number in range(6)]
    with mock.patch.object(email, "send", send):
        assert delivery.deliver_due() == len(rows)
    assert set(Message.objects.values_list("state", "tries")) == {(Message.State.SENT, 1)}


def test_what_waited_too_long_for_a_sender_is_not_begun(settings: Settings) -> None:
    settings.OUTBOX_LEASE = dt.timedelta(0)  # any wait is too long
    message = a_queued()
    with answer(Outcome.SENT) as send:
        delivery.deliver(message.pk)
    message.refresh_from_db()
    assert (send.call_count, message.state, message.attempts.get().outcome) == (0, Message.State.QUEUED, "not_sent")


def test_a_fault_in_a_channel_leaves_its_message_unknown_and_the_others_sent() -> None:
    first, other = a_queued(), a_queued()
    receipts = {first.pk: RuntimeError("a fault of ours"), other.pk: Receipt(Outcome.SENT)}

    def send(message: Message) -> Receipt:
        receipt = receipts[message.pk]
        if isinstance(receipt, Exception):
            raise receipt
        return receipt

    with mock.patch.object(email, "send", send):
        delivery.deliver_due()
    for message in (first, other):
        message.refresh_from_db()
    assert (first.state, other.state) == (Message.State.UNKNOWN, Message.State.SENT)


def test_three_answers_are_noted_with_as_many_queries_as_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def answered(count: int) -> list[delivery.Answered]:
        for number in range(count):
            a_queued(subject=f"{count}:{number}")
        attempts = delivery._note((), delivery._claim(Message.objects.all()))
        return [delivery.Answered(attempt, Receipt(Outcome.SENT)) for attempt in attempts]

    one, three = answered(1), answered(3)
    with django_assert_num_queries(2):
        delivery.settle(one)
    with django_assert_num_queries(2):
        delivery.settle(three)
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.SENT}


def test_a_late_answer_does_not_overwrite_what_was_settled_meanwhile() -> None:
    message = left_behind(past_lease=True)
    attempt = Attempt.objects.select_related("message").get(message=message)
    Message.objects.filter(pk=message.pk).update(state=Message.State.SENT, sent_at=timezone.now())
    delivery.settle([delivery.Answered(attempt, Receipt(Outcome.REFUSED))])
    message.refresh_from_db()
    assert message.state == Message.State.SENT


@pytest.mark.parametrize(
    "facts", [{"state": "sending"}, {"state": "sent"}, {"state": "elsewhere"}], ids=["unclaimed", "no time", "no state"]
)
def test_the_database_refuses_half_a_fact(facts: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        a_queued(**facts)


def test_the_database_refuses_a_contact_that_cannot_be_reached() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(name="誰か")

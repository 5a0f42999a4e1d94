"""What a worker has taken but not begun may go another way: it leaves once, and by that way."""

from collections.abc import Callable

import pytest

from notifications import addresses, delivery, outbox
from notifications.channels import Outcome, Receipt
from notifications.models import Channel, Contact, Message, Suppression
from tests.factories import ContactFactory
from tests.notifications.conftest import a_message

pytestmark = pytest.mark.django_db


def moved(contact: Contact) -> None:
    contact.email = "new@example.jp"
    addresses.change(contact)


def stopped(contact: Contact) -> None:
    outbox.suppress(Channel.EMAIL, contact.email, Suppression.Reason.SUSPENDED)


@pytest.mark.parametrize(("change", "way"), [(moved, "new@example.jp"), (stopped, "+819012345678")])
def test_one_that_goes_another_way_while_it_is_taken_is_sent_once_and_there(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Contact], None], way: str
) -> None:
    taken = [
        a_message(
            Channel.EMAIL, ContactFactory(email=f"p{number}@example.jp", phone="090-1234-5678"), subject=f"x:{number}"
        )
        for number in range(outbox.TAKEN_AT_ONCE + 1)
    ]
    late, sent, note = taken[-2], list[str](), delivery._note

    def send(message: Message) -> Receipt:
        if message.pk == late.pk:
            sent.append(message.address)
        return Receipt(Outcome.SENT, "")

    def note_and_change(*args: object) -> object:
        begun = note(*args)  # type: ignore[arg-type]
        change(Contact.objects.get(pk=late.recipient_id))
        monkeypatch.setattr(delivery, "_note", note)
        return begun

    for channel in ("email", "sms"):
        monkeypatch.setattr(f"notifications.channels.{channel}.send", send)
    monkeypatch.setattr(delivery, "_note", note_and_change)
    delivery.deliver_due()
    assert sent == [way]

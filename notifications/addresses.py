"""Changing where and how somebody is reached: by this way alone, so that what has not left yet follows."""

from django.db import transaction
from django.utils import timezone

from notifications import outbox
from notifications.models import Channel, Contact, LineCode, Message

PROVE_MOBILE = "prove_mobile"
PROOFS = {Channel.EMAIL: "email_proved_at", Channel.SMS: "sms_proved_at"}


@transaction.atomic
def change(contact: Contact) -> list[str]:
    """Store ``contact`` as it was changed; the names of the fields that are others now.

    A new address is unproved, unless the time of its proof is new, too.
    """
    before = Contact.objects.select_for_update().get(pk=contact.pk)
    contact.normalise()
    for channel, proof in PROOFS.items():
        moved = contact.address_on(channel) != before.address_on(channel)
        if moved and getattr(contact, proof) == getattr(before, proof):
            setattr(contact, proof, None)
        if moved and before.address_on(channel):  # the code may be in the hands of who has it
            LineCode.objects.filter(contact=contact).delete()
        if moved and channel == Channel.SMS:
            outbox.withdraw(f"contact:{contact.pk}", kinds=[PROVE_MOBILE])
    names = [field.attname for field in Contact._meta.concrete_fields]
    changed = [name for name in names if getattr(contact, name) != getattr(before, name)]
    if changed:
        contact.save(update_fields=changed)
        outbox.follow(contact)
    return changed


@transaction.atomic
def prove(contact: Contact, channel: Channel) -> None:
    """The address there was seen to be this person's. Proving it again changes nothing."""
    proof = PROOFS[channel]
    if Contact.objects.filter(pk=contact.pk, **{proof: None}).update(**{proof: timezone.now()}):
        outbox.follow(contact)


def note_opened(message: Message | None) -> None:
    """Whoever opens the link that ``message`` brought has read what was sent there: it proves that address."""
    if message is None or message.channel not in PROOFS:
        return
    if message.address == message.recipient.address_on(message.channel):
        prove(message.recipient, Channel(message.channel))

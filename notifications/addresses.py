"""Changing where and how somebody is reached: by this way alone, so that what has not left yet follows."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from notifications import links, outbox
from notifications.channels import is_configured
from notifications.models import Channel, Contact, LineCode, Message

PROOFS = {Channel.EMAIL: "email_proved_at", Channel.SMS: "sms_proved_at"}
PROVE_MOBILE = "prove_mobile"
# The kind of message that asks for the proof; also the name of its template and of its page.
ASKS = {Channel.EMAIL: "prove_mail", Channel.SMS: PROVE_MOBILE}
PURPOSES = {Channel.EMAIL: links.MAIL, Channel.SMS: links.MOBILE}
PROOF_LASTS = timedelta(days=7)
ASKED_JUST_NOW = timedelta(hours=1)
# Who types numbers into a page must not have us send to each of them, nor again and again to one.
ASKED_A_DAY = 5


@transaction.atomic
def change(contact: Contact, *, ask: bool = True) -> list[str]:
    """Store ``contact`` as it was changed; the names of the fields that are others now.

    A new address is unproved, unless the time of its proof is new, too. Whoever reads there is asked for the proof,
    each time that it becomes the person's, also when it once was; not without ``ask``: the caller asks by itself. Nor
    after ASKED_A_DAY: then the question is sent another day, from the settings.
    """
    before = Contact.objects.select_for_update().get(pk=contact.pk)
    contact.normalise()
    moved = [channel for channel in PROOFS if contact.address_on(channel) != before.address_on(channel)]
    for channel in moved:
        if getattr(contact, PROOFS[channel]) == getattr(before, PROOFS[channel]):
            setattr(contact, PROOFS[channel], None)
        if before.address_on(channel):  # the code may be in the hands of who has it
            LineCode.objects.filter(contact=contact).delete()
        outbox.withdraw(_subject(contact), kinds=[ASKS[channel]])
    names = [field.attname for field in Contact._meta.concrete_fields]
    changed = [name for name in names if getattr(contact, name) != getattr(before, name)]
    if Channel.EMAIL in moved:  # entries lead to private pages: whoever reads there has to say first who they are
        Message.objects.filter(recipient=contact, kind=outbox.ENTRY).supersede()
    if changed:
        contact.save(update_fields=changed)
        outbox.follow(contact)
    for channel in moved:
        if contact.is_proved_on(channel):
            outbox.say_reached(contact, channel)
        elif ask:
            _ask_for_proof(contact, channel)
    return changed


@transaction.atomic
def prove(contact: Contact, channel: Channel) -> None:
    """The address that ``contact`` has there was seen to be this person's.

    Proving it again changes nothing, nor does proving one in whose place another has come meanwhile.
    """
    now = Contact.objects.select_for_update().get(pk=contact.pk)
    if now.is_proved_on(channel) or now.address_on(channel) != contact.address_on(channel):
        return
    setattr(now, PROOFS[channel], timezone.now())
    now.save(update_fields=[PROOFS[channel]])
    outbox.follow(now)
    outbox.say_reached(now, channel)


def note_opened(message: Message | None) -> None:
    """Whoever opens the link that ``message`` brought has read what was sent there: it proves that address."""
    if message is None or message.channel not in PROOFS:
        return
    if message.address == message.recipient.address_on(message.channel):
        prove(message.recipient, Channel(message.channel))


@transaction.atomic
def ask_again(contact: Contact, channel: Channel) -> bool:
    """Send the question for the proof anew, in place of those before.

    False where it was asked within the hour, or ASKED_A_DAY times.
    """
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    asked = Message.objects.filter(kind=ASKS[channel], subject=_subject(contact), address=contact.address_on(channel))
    if contact.is_proved_on(channel) or asked.filter(created_at__gt=timezone.now() - ASKED_JUST_NOW).exists():
        return False
    if _asked_enough(contact, channel):  # what was asked last is not taken back
        return False
    outbox.withdraw(_subject(contact), kinds=[ASKS[channel]])
    _ask_for_proof(contact, channel)
    return True


def asked_by(token: str, channel: Channel) -> Contact:
    """Who was sent the link with ``token`` to prove an address that is still theirs. Raises BadLink, ExpiredLink."""
    asked = Message.objects.useful(timezone.now()).filter(
        kind=ASKS[channel], occasion=links.read(PURPOSES[channel], token, max_age=PROOF_LASTS)
    )
    found = asked.select_related("recipient").first()
    # What was asked before another address took the place of this one proves nothing about who reads here now.
    if not (found and found.address and found.address == found.recipient.address_on(channel)):
        raise links.ExpiredLink
    return found.recipient


def _asked_enough(contact: Contact, channel: Channel) -> bool:
    """Whether this person, or whoever reads at their address, was asked as often as anybody is in a day."""
    asked = Message.objects.filter(kind=ASKS[channel], created_at__gt=timezone.now() - timedelta(days=1))
    same = (Q(recipient=contact), Q(address=contact.address_on(channel)))
    return any(asked.filter(whose).count() >= ASKED_A_DAY for whose in same)


def _ask_for_proof(contact: Contact, channel: Channel) -> None:
    if not contact.address_on(channel) or not is_configured(channel) or _asked_enough(contact, channel):
        return
    occasion = f"{contact.pk}-{secrets.token_hex(8)}"
    token = links.token(PURPOSES[channel], occasion)
    outbox.tell(
        contact,
        kind=ASKS[channel],
        subject=_subject(contact),
        template=f"notifications/{ASKS[channel]}.txt",
        context={"url": links.absolute(reverse(f"messages:{ASKS[channel]}", args=[token]))},
        occasion=occasion,
        expires_at=timezone.now() + PROOF_LASTS,
        only=channel,
    )


def _subject(contact: Contact) -> str:
    return f"contact:{contact.pk}"

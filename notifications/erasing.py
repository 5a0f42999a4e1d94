"""Forgetting whom messages went to: the rows stay, to be counted; texts and addresses go."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import PROTECT, Q
from django.utils import timezone

from notifications.models import AddressChange, Attempt, Channel, Contact, Message, Suppression
from notifications.models.messages import MessageQuerySet
from notifications.outbox import WAITING


def erased_contact() -> Contact:
    """What stands where a contact is needed and nobody is to be reached."""
    return Contact.objects.create(erased_at=timezone.now())


@transaction.atomic
def forget(contact: Contact, *, subjects: Collection[str], instead: Contact) -> None:
    """Forget ``contact``, to which none of the person's rows leads any more, and what was told about ``subjects``.

    Who shares it with somebody else keeps it, and what was told about others.
    """
    _blank(Message.objects.filter(recipient=contact, subject__in=subjects), instead)
    if not _is_needed(contact):
        _blank(Message.objects.filter(recipient=contact), instead)
        for channel in Channel:
            _forget_suppression(channel, contact)
        contact.delete()


def _is_needed(contact: Contact) -> bool:
    protecting = (each for each in Contact._meta.related_objects if each.on_delete is PROTECT)
    return any(
        each.related_model._base_manager.filter(**{each.field.name: contact}).exists()
        for each in protecting
        if each.related_model is not Message
    )


def _blank(rows: MessageQuerySet, instead: Contact) -> None:
    keys = list(rows.values_list("pk", flat=True))
    mine = Message.objects.filter(pk__in=keys)
    mine.filter(state__in=WAITING).update(state=Message.State.CANCELLED)
    mine.filter(subject__startswith="number:").update(subject="number:")  # a code's
    mine.update(recipient=instead, address="", title="", body="", short="", answers=[], calendar="")
    Attempt.objects.filter(message__in=keys).update(address="", answer="", provider_id="")


def _forget_suppression(channel: Channel, contact: Contact) -> None:
    """Who has the same address is still not written to."""
    address = contact.address_on(channel)
    same = Q(email=address) | Q(line_id=address) | Q(phone=address) | Q(mobile=address)
    same |= Q(phone_e164=address) | Q(mobile_e164=address)
    if address and not Contact.objects.filter(same).exclude(pk=contact.pk).exists():
        Suppression.objects.filter(channel=channel, address=address).delete()
        AddressChange.objects.filter(channel=channel, address=address).delete()

"""Where a group is reached: another address of a confirmed request is proved before it is used."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications import addresses, outbox
from notifications.models import Channel, Contact, Message
from programme.errors import ChangedMeanwhile
from support_requests.messages import (
    about_contact,
    address_to_prove,
    ask_to_confirm,
    ask_to_prove,
    asked_by,
    mail_entries,
    proof_by,
)
from support_requests.models import Group, Inquiry, Session, SupportRequest

COMING = (SupportRequest.Status.PLANNED, SupportRequest.Status.BOOKED)
FIELDS = ("name", "email", "phone", "preferred")


@transaction.atomic
def revise(asked: SupportRequest, wanted: Contact, *, to_prove: bool) -> None:
    """The group is reached at ``wanted``, which is not saved. With ``to_prove`` another address waits until somebody
    there says so: a slip of the finger, or somebody to whom the link was passed on, must not lead messages elsewhere.

    Raises AskedEnough, and TooManyInquiries when the office has to ring and has not answered much else.
    """
    group = asked.group
    wanted.normalise()
    if to_prove and _is_new(wanted, group.contact):
        waits = group.new_contact
        if waits is None or _differ(waits, wanted):
            _forget_new(group)
            _wait_for_proof(asked, wanted)
        return
    if not to_prove and not _differ(wanted, group.contact):  # the office has put right something else
        return
    _forget_new(group)
    # What is not confirmed yet asks for its own proof.
    _take_over(group.contact, wanted, ask=asked.status != asked.Status.RECEIVED)


def _differ(one: Contact, other: Contact) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in FIELDS)


def _is_new(wanted: Contact, contact: Contact) -> bool:
    """Whether messages would go where nobody has proved yet that the group reads or answers."""
    way = proof_by(wanted)
    if way in addresses.PROOFS and wanted.address_on(way) == contact.address_on(way) and contact.is_proved_on(way):
        return False
    return address_to_prove(wanted) != address_to_prove(contact)


def _wait_for_proof(asked: SupportRequest, wanted: Contact) -> None:
    wanted.language = asked.group.contact.language
    wanted.save()
    asked.group.new_contact = wanted
    asked.group.save(update_fields=["new_contact"])
    if proof_by(wanted) == Channel.PHONE:
        said = _("これからの連絡先を %(phone)s に変えたいです。(お電話で確かめてから変わります。)")
        Inquiry.objects.write(asked, said % {"phone": wanted.phone})
    else:
        ask_to_prove(asked, wanted)


def _take_over(contact: Contact, wanted: Contact, *, ask: bool) -> None:
    for name in FIELDS:
        setattr(contact, name, getattr(wanted, name))
    addresses.change(contact, ask=ask)


def _forget_new(group: Group) -> None:
    """What was sent there stays with the group."""
    waits = group.new_contact
    if waits is None:
        return
    outbox.withdraw(about_contact(group))
    Message.objects.filter(recipient=waits).update(recipient=group.contact)
    group.new_contact = None
    group.save(update_fields=["new_contact"])
    waits.delete()


@transaction.atomic
def prove(asked: SupportRequest, shown: int | None, *, by: Any) -> None:
    """The group is reached at its new address from now on: somebody opened the link there (``by`` None), or answered a
    coordinator's call. Twice is once.

    ``shown``: the pk of the contact that waited when they were asked. Raises ChangedMeanwhile when another one waits.
    """
    group = Group.objects.select_for_update(no_key=True).get(pk=asked.group_id)
    waits = group.new_contact
    if waits is None:
        return
    if waits.pk != shown:
        raise ChangedMeanwhile
    asked_there = Message.objects.filter(recipient=waits, kind="request_contact").last()
    before = {channel: group.contact.address_on(channel) for channel in addresses.PROOFS}
    _take_over(group.contact, waits, ask=by is not None)
    _forget_new(group)
    if by is None and asked_there:
        asked_there.refresh_from_db()
        addresses.note_opened(asked_there)
        for channel, address in before.items():  # the link has proved one of them
            if group.contact.address_on(channel) != address:
                addresses.ask_again(group.contact, channel)
    asked.moves.create(from_status=asked.status, to_status=asked.status, by=by, reason=_("新しい連絡先を確かめました"))


def unanswered(asked: SupportRequest) -> Contact | None:
    """Whose answer by a link is waited for, if anybody's: the group's, or that of its new address."""
    if asked.status == asked.Status.RECEIVED:
        return asked.group.contact if asked_by(asked) in addresses.PROOFS else None
    waits = asked.group.new_contact
    return waits if waits and proof_by(waits) in addresses.PROOFS else None


@transaction.atomic
def ask_again(asked: SupportRequest) -> None:
    """Send the link of proof anew: what was sent may be lost, or too old.

    Raises AskedEnough, and ChangedMeanwhile when nobody's answer is waited for any more.
    """
    now = SupportRequest.objects.select_for_update(of=("self",), no_key=True)
    asked = now.select_related("group__contact", "group__new_contact").get(pk=asked.pk)
    contact = unanswered(asked)
    if contact is None:
        raise ChangedMeanwhile
    if asked.status == asked.Status.RECEIVED:
        ask_to_confirm(asked, again=True)
    else:
        ask_to_prove(asked, contact, again=True)


def fill_calendar(contact: Contact, channel: Channel) -> None:
    """An address is read by now: if it takes mails, the booked sessions of its groups go into the calendar there."""
    if channel == Channel.EMAIL:
        sessions = Session.objects.select_related("request", "shift__venue", "shift__room").order_by("pk")
        coming = sessions.filter(request__group__contact=contact, shift__ends_at__gt=timezone.now())
        mail_entries(contact, coming.filter(shift__cancelled_at=None, request__status__in=COMING))

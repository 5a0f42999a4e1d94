"""Mails that come back: which message a delivery status notification is about, and what it says. Source: RFC 3464.

A message is known by its own id, which our Message-ID carries and, where BOUNCE_ADDRESS is set, the envelope's sender.
Both name a random UUID that only the mail's readers and carriers have seen: nobody else can claim that a mail failed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import compat32
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings

from notifications import outbox
from notifications.channels import email
from notifications.models import Attempt, Channel, Suppression

HEX = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Where a mail server notes for which of our addresses a mail came.
DELIVERED_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mail for one recipient, in the words of the mail server that says so."""

    action: str
    """failed, delayed, delivered, relayed or expanded"""
    status: str
    """such as 5.1.1"""
    addresses: frozenset[str]
    """final and original recipient, in lower case"""
    said: str


def take(content: bytes) -> str:
    """Note what a mail says about one of ours; in a line what came of it."""
    mail = message_from_bytes(content, policy=compat32)
    fates = list(_fates(mail))
    if not fates:
        return "no delivery status: nothing to do"
    attempt = _attempt(mail, frozenset[str]().union(*(fate.addresses for fate in fates)))
    if attempt is None:
        return "a delivery status, but of no mail of ours"
    for fate in fates:
        if fate.action == "failed":
            dead = email.DEAD.search(fate.status.encode()) and attempt.address.casefold() in fate.addresses
            reason = Suppression.Reason.BOUNCED if dead else ""
            outbox.report(attempt, outbox.Report.UNDELIVERED, answer=fate.said, suppressed=reason)
            return f"message {attempt.message_id} came back: {fate.said}"
        if fate.action == "delivered" and attempt.address.casefold() in fate.addresses:
            outbox.report(attempt, outbox.Report.DELIVERED, answer=fate.said)
            return f"message {attempt.message_id} arrived"
    return f"message {attempt.message_id} is still on its way: {fates[0].said}"


def _fates(mail: Mail) -> Iterator[Fate]:
    """The groups of fields of each message/delivery-status; the first, about the mail as a whole, has no action."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        for fields in part.get_payload():
            if isinstance(fields, Mail) and fields["Action"]:
                yield _fate(fields)


def _fate(fields: Mail) -> Fate:
    """``Final-Recipient: rfc822; name@example.jp`` and the like; comments and folds are left out."""
    addresses = set()
    for name in ("Final-Recipient", "Original-Recipient"):
        _type, _semicolon, address = str(fields[name] or "").partition(";")
        if address.strip():
            addresses.add((parseaddr(address.strip())[1] or address.strip()).casefold())
    status = (re.search(r"[245]\.\d{1,3}\.\d{1,3}", str(fields["Status"] or "")) or [""])[0]
    # No NUL and the like: PostgreSQL takes none.
    said = "".join(
        sign for sign in f"{status} {fields['Diagnostic-Code'] or ''}" if sign.isprintable() or sign.isspace()
    )
    action = re.match(r"\w*", str(fields["Action"]).strip())
    return Fate(action[0].casefold() if action else "", status, frozenset(addresses), " ".join(said.split())[:400])


def _attempt(mail: Mail, addresses: frozenset[str]) -> Attempt | None:
    """Our last attempt by mail at the message that ``mail`` is about: at one of ``addresses``, if any was.

    A mail that was forwarded comes back from an address that we do not know.
    """
    for found in _named(mail):
        attempts = Attempt.objects.filter(channel=Channel.EMAIL, message__uuid=UUID(found))
        if newest := list(attempts.select_related("message__recipient").order_by("-pk")):
            return next((attempt for attempt in newest if attempt.address.casefold() in addresses), newest[0])
    return None


def _named(mail: Mail) -> Iterator[str]:
    """The ids of messages of ours: in the address to which it came, and in the mail that it quotes."""
    box, _at, _domain = settings.BOUNCE_ADDRESS.partition("@")
    for name in DELIVERED_TO if box else ():
        for value in mail.get_all(name, []):
            yield from re.findall(rf"{re.escape(box)}\+({HEX})@", str(value), re.IGNORECASE)
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            quoted = part.get_payload(0)
            yield from re.findall(rf"<({HEX})@", str(quoted["Message-ID"] or "") if isinstance(quoted, Mail) else "")
        elif part.get_content_type() == "text/rfc822-headers":
            headers = message_from_bytes(_content(part), policy=compat32)
            yield from re.findall(rf"<({HEX})@", str(headers["Message-ID"] or ""))


def _content(part: Mail) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""

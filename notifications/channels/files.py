"""SMS and LINE of development: a file for each message, which the page /sent/ shows. Nothing leaves."""

from email.message import EmailMessage
from email.utils import format_datetime

from django.utils import timezone

from notifications import mailbox
from notifications.channels import Outcome, Receipt
from notifications.models import Message


def file_id(message: Message) -> str:
    return f"<{message.uuid}.{message.channel}@files>"


def write(message: Message, text: str, *, kind: str) -> Receipt:
    """Put ``text`` where /sent/ reads, under the message's own id. ``kind`` is the channel's name for the reader."""
    letter = EmailMessage()
    letter["Message-ID"] = file_id(message)
    letter["To"] = f'"{kind} {message.address}" <{message.channel}@files>'
    letter["Subject"] = " ".join(f"[{kind}] {message.title}".split())
    letter["Date"] = format_datetime(timezone.now())
    letter.set_content(text)
    mailbox.write(file_id(message), letter.as_bytes())
    return Receipt(Outcome.SENT, "written to a file")


def look_up(message: Message) -> Receipt:
    """A file is there whole or not at all."""
    if mailbox.find(file_id(message)):
        return Receipt(Outcome.SENT, "found in the mailbox")
    return Receipt(Outcome.NOT_SENT, "not in the mailbox")

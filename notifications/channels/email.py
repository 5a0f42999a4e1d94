"""Mail: SMTP in production, files in development, both through Django's mail backend."""

import re
import smtplib
import threading
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from notifications import mailbox
from notifications.calendars import addressed, method_of
from notifications.channels import CheckFailed, Outcome, Receipt
from notifications.models import Message, Suppression

# "No such mailbox", "not here any more" and the like, as enhanced codes. Source: RFC 3463, 3.2
DEAD = re.compile(rb"\b5\.1\.(1|2|3|6|10)\b|\b5\.2\.1\b")


def message_id(message: Message) -> str:
    """The Message-ID header: the same for every attempt, so that a mail can be recognised."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{message.uuid}@{domain}>"


def returns_to(message: Message) -> str:
    """The envelope's sender, to which a mail server sends what it could not deliver: it names the message."""
    if not settings.BOUNCE_ADDRESS:
        return settings.DEFAULT_FROM_EMAIL
    box, _at, domain = settings.BOUNCE_ADDRESS.partition("@")
    return f"{box}+{message.uuid}@{domain}"


def compose(message: Message) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=message.title,
        body=message.body,
        from_email=returns_to(message),
        to=[message.address],
        headers={"Message-ID": message_id(message), "From": settings.DEFAULT_FROM_EMAIL},
    )
    if message.calendar:
        entry = addressed(message.calendar, message.address)
        kind = f"text/calendar; method={method_of(entry)}"  # Django adds the charset
        mail.attach_alternative(entry, kind)
        mail.attach("invite.ics", entry, kind)
    return mail


def is_configured() -> bool:
    """Production does not start without a mail server."""
    return True


def load() -> None:
    """Nothing that takes long."""


def check() -> str:
    connection = get_connection()
    try:
        connection.open()
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        raise CheckFailed(repr(error)) from error
    if settings.EMAIL_BACKEND == "notifications.mailbox.EmailBackend":
        return f"files in {settings.MAILBOX_DIR}"
    return f"mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT}"


class _Kept:
    """A connection that is closed in good form with the thread whose mails it carries."""

    def __init__(self, connection: BaseEmailBackend) -> None:
        self.connection = connection

    def stands(self) -> bool:
        try:
            return bool(self.connection.connection.noop()[0] == 250)  # type: ignore[attr-defined]  # SMTP's
        except (AttributeError, OSError, smtplib.SMTPException):
            return False

    def __del__(self) -> None:
        self.connection.close()


_own = threading.local()


def keep_connection() -> None:
    """From now on the mails of this thread go by one connection, as long as it stands."""
    _own.kept = None


def _connection() -> BaseEmailBackend:
    """An open one. Raises OSError, SMTPException."""
    kept: _Kept | None = getattr(_own, "kept", None)
    if kept and kept.stands():
        return kept.connection
    connection = get_connection()
    connection.open()
    if hasattr(_own, "kept"):
        _own.kept = _Kept(connection)
    return connection


def send(message: Message) -> Receipt:
    """Before the connection stands nothing has left; after it, only the server's own word is certain."""
    mail = compose(message)
    try:
        mail.message()  # a header that cannot be written is found before anything leaves
    except ValueError as error:
        return Receipt(Outcome.REFUSED, repr(error))
    try:
        connection = _connection()
    except (OSError, smtplib.SMTPException) as error:
        return Receipt(Outcome.NOT_SENT, repr(error))
    receipt = _hand_over(mail, connection)
    if receipt.outcome != Outcome.SENT and hasattr(_own, "kept"):
        _own.kept = None
    elif not hasattr(_own, "kept"):
        connection.close()
    return receipt


def _hand_over(mail: EmailMultiAlternatives, connection: BaseEmailBackend) -> Receipt:
    try:
        connection.send_messages([mail])
    except smtplib.SMTPServerDisconnected as error:
        return Receipt(Outcome.UNKNOWN, repr(error))
    except smtplib.SMTPRecipientsRefused as error:
        code, words = max(error.recipients.values())
        if code < 500:
            return Receipt(Outcome.NOT_SENT, repr(error))
        return Receipt(Outcome.REFUSED, repr(error), suppress=Suppression.Reason.BOUNCED if _dead(code, words) else "")
    except smtplib.SMTPResponseException as error:
        return Receipt(Outcome.REFUSED if error.smtp_code >= 500 else Outcome.NOT_SENT, repr(error))
    except (OSError, smtplib.SMTPException) as error:
        return Receipt(Outcome.UNKNOWN, repr(error))
    return Receipt(Outcome.SENT)


def _dead(code: int, words: bytes) -> bool:
    """Whether the mailbox itself is refused. Without an enhanced code, 550 and 551 of RFC 5321 say so."""
    if re.search(rb"\b[245]\.\d+\.\d+\b", words):
        return bool(DEAD.search(words))
    return code in (550, 551)


def look_up(message: Message) -> Receipt:
    """The file mailbox knows by the Message-ID whether the mail was written; an SMTP server cannot be asked."""
    if settings.EMAIL_BACKEND != "notifications.mailbox.EmailBackend":
        return Receipt(Outcome.UNKNOWN, "the sender stopped while the mail server had the message")
    if mailbox.find(message_id(message)):
        return Receipt(Outcome.SENT, "found in the mailbox")
    return Receipt(Outcome.NOT_SENT, "not in the mailbox")

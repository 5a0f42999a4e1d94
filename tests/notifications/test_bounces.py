"""Mails that come back as mail: notifications as Postfix, Exim, Exchange and Gmail write them, shortened."""

import io
from email.utils import parseaddr
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from pytest_django import Settings

from notifications import bounces, delivery
from notifications.channels import email
from notifications.models import AddressChange, Attempt, Channel, Message, Suppression
from tests.factories import ContactFactory
from tests.notifications.conftest import a_message

pytestmark = pytest.mark.django_db
ADDRESS = "hanako@example.jp"

POSTFIX = """\
Return-Path: <>
Received: by mx.city.example.jp (Postfix) id 4Cz1; Tue,  1 Dec 2026 12:03:41 +0900 (JST)
Date: Tue,  1 Dec 2026 12:03:41 +0900 (JST)
From: MAILER-DAEMON@mx.city.example.jp (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {returns_to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="4Cz1.1796094221/mx.city.example.jp"
Message-Id: <20261201030341.4Cz1@mx.city.example.jp>

This is a MIME-encapsulated message.

--4Cz1.1796094221/mx.city.example.jp
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered to one or more recipients.

--4Cz1.1796094221/mx.city.example.jp
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.city.example.jp
X-Postfix-Queue-ID: 4Cz1
X-Postfix-Sender: rfc822; office@example.jp
Arrival-Date: Tue,  1 Dec 2026 12:03:40 +0900 (JST)

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.jp
Diagnostic-Code: smtp; 550 {status} <{address}>: Recipient address
    rejected: User unknown in virtual mailbox table

--4Cz1.1796094221/mx.city.example.jp
Content-Description: Undelivered Message
Content-Type: message/rfc822

Received: from app (localhost [127.0.0.1]) by mx.city.example.jp (Postfix) with ESMTP id 4Cz1
Subject: =?utf-8?b?6aGM?=
From: office@example.jp
To: {address}
Message-ID: {message_id}
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

Hello

--4Cz1.1796094221/mx.city.example.jp--
"""
EXCHANGE = """\
From: <postmaster@example.onmicrosoft.com>
To: <office@example.jp>
Subject: Undeliverable: =?utf-8?b?6aGM?=
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="8d1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"

--8d1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="19ab0000-aaaa-bbbb-cccc-000000000000"

--19ab0000-aaaa-bbbb-cccc-000000000000
Content-Type: text/plain; charset="us-ascii"

Your message to {address} couldn't be delivered.

--19ab0000-aaaa-bbbb-cccc-000000000000--

--8d1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
Content-Type: message/delivery-status

Reporting-MTA: dns;TYCPR01MB0000.jpnprd01.prod.outlook.com
Received-From-MTA: dns;mx.city.example.jp
Arrival-Date: Tue, 1 Dec 2026 03:03:40 +0000

Final-Recipient: rfc822;{address}
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {address} not found by SMTP address lookup

--8d1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8
Content-Type: text/rfc822-headers

Received: from mx.city.example.jp (203.0.113.5) by TYCPR01MB0000.jpnprd01.prod.outlook.com
From: office@example.jp
To: {address}
Message-ID:
 {message_id}

--8d1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8--
"""
# Quotes nothing of the mail: only the address to which it comes says which one it is about.
WITHOUT_THE_MAIL = """\
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: {returns_to}
Subject: Delivery Status Notification (Failure)
MIME-Version: 1.0
Content-Type: multipart/report; boundary="000000000000a1b2c3"; report-type=delivery-status

--000000000000a1b2c3
Content-Type: text/plain; charset="UTF-8"

Address not found

--000000000000a1b2c3
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Mon, 30 Nov 2026 19:03:40 -0800 (PST)

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Remote-MTA: dns; gmail-smtp-in.l.google.com. (2001:db8::1a, the server for the domain example.jp.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser - gsmtp
Last-Attempt-Date: Mon, 30 Nov 2026 19:03:41 -0800 (PST)

--000000000000a1b2c3--
"""


@pytest.fixture
def sent(settings: Settings) -> Message:
    """A message that left by mail, of somebody who has a mobile phone, too."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.BOUNCE_ADDRESS = "bounce@example.jp"
    message = a_message(Channel.EMAIL, ContactFactory(email=ADDRESS, phone="090-1234-5678"))
    delivery.deliver(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.SENT
    return message


def notification(text: str, message: Message, **more: str) -> bytes:
    facts = {"address": ADDRESS, "action": "failed", "status": "5.1.1"}
    facts |= {"message_id": email.message_id(message), "returns_to": email.returns_to(message)}
    return text.format(**{**facts, **more}).encode()


def where(message: Message) -> tuple[str, str, list[str]]:
    message.refresh_from_db()
    return message.channel, message.state, list(Suppression.objects.values_list("address", flat=True))


@pytest.mark.parametrize("text", [POSTFIX, EXCHANGE, WITHOUT_THE_MAIL], ids=["postfix", "exchange", "gmail"])
def test_a_mail_that_comes_back_goes_the_next_way_and_its_address_is_spared(sent: Message, text: str) -> None:
    bounces.take(notification(text, sent))
    assert where(sent) == ("sms", "queued", [ADDRESS])
    attempt = sent.attempts.get()
    assert (attempt.reported, "5.1." in attempt.answer) == ("undelivered", True)
    assert AddressChange.objects.get().what == Suppression.Reason.BOUNCED


def test_hearing_it_again_changes_nothing(sent: Message) -> None:
    for _time in range(2):
        bounces.take(notification(POSTFIX, sent))
    assert where(sent) == ("sms", "queued", [ADDRESS])


def test_a_full_mailbox_goes_the_next_way_but_is_not_given_up(sent: Message) -> None:
    bounces.take(notification(POSTFIX, sent, status="5.2.2"))
    assert where(sent) == ("sms", "queued", [])


def test_a_delay_changes_nothing(sent: Message) -> None:
    bounces.take(notification(POSTFIX, sent, action="delayed", status="4.4.1"))
    assert where(sent) == ("email", "sent", [])


def test_a_forwarded_mail_that_fails_there_says_nothing_about_our_address(sent: Message) -> None:
    bounces.take(notification(POSTFIX, sent, address="elsewhere@example.com"))
    assert where(sent) == ("sms", "queued", [])


def test_a_former_address_that_is_dead_says_nothing_about_the_present_one(sent: Message) -> None:
    before = where(sent)
    sent.attempts.update(address="former@example.jp", outcome="unknown")
    Attempt.objects.create(message=sent, channel="email", address=sent.address, outcome="sent")
    bounces.take(notification(POSTFIX, sent, address="former@example.jp"))
    assert where(sent)[:2] == before[:2]
    assert list(Suppression.objects.values_list("address", flat=True)) == ["former@example.jp"]


def test_what_names_no_message_of_ours_is_taken_and_forgotten(sent: Message) -> None:
    forged = {"message_id": "<00000000-0000-4000-8000-000000000000@example.jp>", "returns_to": "office@example.jp"}
    assert "no mail of ours" in bounces.take(notification(POSTFIX, sent, **forged))
    assert where(sent) == ("email", "sent", [])


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"Subject: Out of office\n\nI am away.", POSTFIX[:900].encode()])
def test_what_is_no_notification_is_taken_and_forgotten(sent: Message, content: bytes) -> None:
    assert "nothing to do" in bounces.take(content)
    assert where(sent) == ("email", "sent", [])


def test_a_mail_says_to_whom_it_comes_back_and_from_whom_it_is(sent: Message, settings: Settings) -> None:
    mail = email.compose(sent)
    assert mail.from_email == f"bounce+{sent.uuid}@example.jp"
    assert parseaddr(mail.message()["From"])[1] == parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_the_command_reads_a_mail_from_a_pipe(sent: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, notification(POSTFIX, sent))
    call_command("take_bounce")
    assert where(sent) == ("sms", "queued", [ADDRESS])


def test_without_a_database_the_mail_server_keeps_the_mail(sent: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: Any) -> str:
        raise OperationalError

    stdin(monkeypatch, notification(POSTFIX, sent))
    monkeypatch.setattr(bounces, "take", gone)
    with pytest.raises(SystemExit) as ended:
        call_command("take_bounce")
    assert ended.value.code == 75

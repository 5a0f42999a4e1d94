"""The mail channel against a real SMTP server on loopback that takes, refuses, defers or drops mails."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Mail
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_django import Settings

from notifications import calendars, delivery
from notifications.channels import Outcome, email
from notifications.models import Channel, Message
from tests.factories import ContactFactory
from tests.processes import a_free_port

pytestmark = pytest.mark.django_db


class Server:
    """Answers RCPT and DATA as told, and keeps what it took."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK", *, drop: bool = False) -> None:
        self.rcpt, self.data, self.drop = rcpt, data, drop
        self.taken: list[Mail] = []
        self.connections = 0

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any) -> Any:  # noqa: N802
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(message_from_bytes(envelope.content))
        if self.drop:  # the mail was taken, but the answer never comes
            server.transport.abort()
        return self.data


@contextmanager
def running(server: Server, settings: Settings) -> Iterator[None]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", a_free_port()
    settings.EMAIL_TIMEOUT = 2
    controller = Controller(server, hostname=settings.EMAIL_HOST, port=settings.EMAIL_PORT)
    controller.start()
    yield
    controller.stop()


def a_message(**facts: str) -> Message:
    contact = ContactFactory(email="hanako@example.jp")
    return Message.objects.create(
        kind="greeting",
        recipient=contact,
        channel=Channel.EMAIL,
        address=contact.email,
        body="本文\n",
        **{"subject": "x:1", "title": "出張サポート 髙﨑 𠮷", **facts},
    )


@pytest.mark.parametrize(
    ("server", "outcome"),
    [
        (Server(), Outcome.SENT),
        (Server(rcpt="550 no such user"), Outcome.REFUSED),
        (Server(rcpt="451 greylisted"), Outcome.NOT_SENT),
        (Server(data="554 spam"), Outcome.REFUSED),
        (Server(data="452 full"), Outcome.NOT_SENT),
        (Server(drop=True), Outcome.UNKNOWN),
    ],
    ids=["taken", "refused", "greylisted", "content refused", "mailbox full", "dropped after the content"],
)
def test_the_server_s_own_word_is_what_counts(server: Server, outcome: Outcome, settings: Settings) -> None:
    with running(server, settings):
        assert email.send(a_message()).outcome == outcome


def test_the_mails_of_a_group_share_their_connections(settings: Settings) -> None:
    settings.OUTBOX_AT_ONCE = 1
    server = Server()
    for number in range(3):
        a_message(subject=f"x:{number}")
    with running(server, settings):
        assert delivery.deliver_due() == 3
    assert (len(server.taken), server.connections) == (3, 1)


def test_after_a_refusal_the_next_mail_goes_by_a_new_connection(settings: Settings) -> None:
    settings.OUTBOX_AT_ONCE = 1
    server = Server(data="554 spam")
    for number in range(2):
        a_message(subject=f"x:{number}")
    with running(server, settings):
        delivery.deliver_due()
    assert server.connections == 2


def test_no_server_means_that_nothing_has_left(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", a_free_port()
    assert email.send(a_message()).outcome == Outcome.NOT_SENT


def test_a_header_that_cannot_be_written_is_refused_before_anything_leaves() -> None:
    assert email.send(a_message(title="題\r\nBcc: x@example.jp")).outcome == Outcome.REFUSED


def test_a_mail_carries_its_id_and_an_invitation_whose_method_is_the_calendar_s(settings: Settings) -> None:
    event = calendars.Event(
        uid="shift-1@mdeji",
        sequence=0,
        starts_at=dt.datetime(2026, 12, 1, 1, tzinfo=dt.UTC),
        ends_at=dt.datetime(2026, 12, 1, 2, tzinfo=dt.UTC),
        summary="出張サポート",
        location="上川淵公民館",
        latitude=36.36,
        longitude=139.1,
    )
    message = a_message(calendar=calendars.request(event, "花子", "hanako@example.jp"))
    server = Server()
    with running(server, settings):
        email.send(message)
    (mail,) = server.taken
    assert mail["Message-ID"] == email.message_id(message)
    shown, attached = (part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert (shown.get_filename(), attached.get_filename()) == (None, "invite.ics")
    for part in (shown, attached):
        said = [name for name, _value in part.get_params([])]
        assert (sorted(said), part.get_param("method")) == (["charset", "method", "text/calendar"], "REQUEST")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        assert calendars.method_of(content.decode()) == "REQUEST"

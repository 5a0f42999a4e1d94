"""A message by each channel, and the stand-ins of the providers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.utils import timezone
from pytest_django import Settings

from notifications.channels import line, sms
from notifications.models import Contact, Message
from tests.factories import ContactFactory
from tests.processes import a_free_port
from tests.standins import Fault, serving
from tests.standins.line import SECRET, Line
from tests.standins.line import TOKEN as LINE_TOKEN
from tests.standins.twilio import ACCOUNT, NUMBER, TOKEN, Twilio


def a_message(channel: str, recipient: Contact | None = None, **facts: object) -> Message:
    """A queued message with a short text, on ``channel`` at the contact's address there."""
    contact = recipient or ContactFactory(phone="090-1234-5678")
    values = {
        "kind": "greeting",
        "subject": "x:1",
        "recipient": contact,
        "channel": channel,
        "address": contact.address_on(channel),
        "title": "題",
        "body": "本文\n",
        "short": "短い本文",
    }
    return Message.objects.create(**{**values, **facts})


def a_linked_contact(**facts: object) -> Contact:
    return ContactFactory(line_id="U" + "1" * 32, line_linked_at=timezone.now(), **facts)


@pytest.fixture
def twilio(settings: Settings) -> Iterator[Callable[..., Twilio]]:
    """``twilio(Fault.BUSY, …)``: Twilio is configured, and fails so at each number's first requests."""
    with ExitStack() as stack:

        def start(*faults: Fault) -> Twilio:
            standin = Twilio(lambda _address: faults, silence=3)
            settings.TWILIO_API_URL = stack.enter_context(serving(standin, a_free_port()))
            settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
            settings.TWILIO_FROM_NUMBER = NUMBER
            settings.TWILIO_TIMEOUT = 1
            sms.client.cache_clear()
            return standin

        yield start
    sms.client.cache_clear()


@pytest.fixture
def line_api(settings: Settings) -> Iterator[Callable[..., Line]]:
    """``line_api(Fault.BUSY, …)``: LINE is configured, and fails so at each person's first requests."""
    with ExitStack() as stack:

        def start(*faults: Fault) -> Line:
            standin = Line(lambda _address: faults, silence=3)
            settings.LINE_API_URL = stack.enter_context(serving(standin, a_free_port()))
            settings.LINE_CHANNEL_ACCESS_TOKEN, settings.LINE_CHANNEL_SECRET = LINE_TOKEN, SECRET
            settings.LINE_TIMEOUT = 1
            line.client.cache_clear()
            return standin

        yield start
    line.client.cache_clear()

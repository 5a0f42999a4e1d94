"""The self-test of the channels."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from notifications.channels import sms
from tests.standins.line import Line
from tests.standins.twilio import Twilio

pytestmark = pytest.mark.django_db


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    call_command("notify_check", *arguments)
    return capsys.readouterr().out.splitlines()


def test_each_channel_says_who_the_provider_takes_us_for(
    capsys: pytest.CaptureFixture[str], twilio: Callable[[], Twilio], line_api: Callable[[], Line]
) -> None:
    twilio(), line_api()
    lines = said(capsys)
    assert lines[0] == "line: LINE account Stand-in (@standin)"
    assert lines[2] == "sms: Twilio account Stand-in: active"


def test_a_channel_without_credentials_is_off(capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
    settings.SHOW_SENT = False
    assert said(capsys, "sms") == ["sms: off (docs/operations.md names its settings)"]


def test_wrong_credentials_fail_the_command(twilio: Callable[[], Twilio], settings: Settings) -> None:
    twilio()
    settings.TWILIO_AUTH_TOKEN = "wrong"
    sms.client.cache_clear()
    with pytest.raises(CommandError, match="sms"):
        call_command("notify_check", "sms")


def test_a_message_can_be_sent_to_try(capsys: pytest.CaptureFixture[str], twilio: Callable[[], Twilio]) -> None:
    standin = twilio()
    lines = said(capsys, "sms", "--to", "+819012345678")
    assert standin.accepted == {"+819012345678": 1}
    assert lines[1].startswith("sms: sent queued")
    with pytest.raises(CommandError):
        call_command("notify_check", "sms", "--to", "+81272241111")

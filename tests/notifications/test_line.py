"""LINE through its own SDK, against a stand-in of the Messaging API on loopback."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import Settings

from notifications import delivery
from notifications.channels import CheckFailed, Outcome, line
from notifications.models import Attempt, Channel, Message
from tests.notifications.conftest import a_linked_contact, a_message
from tests.processes import a_free_port
from tests.standins import Fault
from tests.standins.line import Line

pytestmark = pytest.mark.django_db
Start = Callable[..., Line]


@pytest.fixture(autouse=True)
def by_day(set_now: Callable[[dt.datetime], None]) -> None:
    set_now(dt.datetime(2026, 12, 1, 3, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (None, Outcome.SENT),
        (Fault.BUSY, Outcome.NOT_SENT),
        (Fault.DOWN, Outcome.REPEAT),
        (Fault.GATEWAY, Outcome.REPEAT),
        (Fault.NO_SUCH, Outcome.REFUSED),
        (Fault.STOPPED, Outcome.REFUSED),
        (Fault.SILENT, Outcome.REPEAT),
        (Fault.DROPPED, Outcome.REPEAT),
    ],
)
def test_line_s_own_word_is_what_counts(line_api: Start, fault: Fault | None, outcome: Outcome) -> None:
    line_api(*[fault] if fault else [])
    assert line.send(a_message(Channel.LINE, a_linked_contact())).outcome == outcome


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.DROPPED])
def test_what_was_not_answered_is_asked_again_and_arrives_once(line_api: Start, fault: Fault) -> None:
    standin = line_api(fault)
    message = a_message(Channel.LINE, a_linked_contact())
    delivery.deliver(message.pk)
    Message.objects.update(due_at=timezone.now())
    delivery.deliver(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.SENT
    assert standin.accepted == {message.address: 1}
    assert [attempt.outcome for attempt in message.attempts.all()] == [Outcome.REPEAT, Outcome.SENT]


def test_a_key_that_line_has_forgotten_is_not_used_again(line_api: Start) -> None:
    line_api()
    message = a_message(Channel.LINE, a_linked_contact(), tries=2)
    yesterday = timezone.now() - dt.timedelta(hours=25)
    Attempt.objects.create(message=message, channel=Channel.LINE, started_at=yesterday, outcome=Outcome.REPEAT)
    assert line.send(message).outcome == Outcome.UNKNOWN


def test_what_line_took_before_a_day_of_standstill_is_not_pushed_again(
    line_api: Start, set_now: Callable[[dt.datetime], None]
) -> None:
    standin = line_api(Fault.SILENT)
    message = a_message(Channel.LINE, a_linked_contact())
    delivery.deliver(message.pk)
    set_now(timezone.now() + dt.timedelta(hours=25))
    standin.keys.clear()
    delivery.sweep()
    message.refresh_from_db()
    assert (standin.accepted, message.state) == ({message.address: 1}, Message.State.UNKNOWN)


def test_never_answered_is_never_told_by_another_way_too(line_api: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    line_api(Fault.DROPPED)
    monkeypatch.setattr(delivery, "TRIES_AT_MOST", 1)
    message = a_message(Channel.LINE, a_linked_contact())
    delivery.deliver(message.pk)
    message.refresh_from_db()
    assert (message.channel, message.state) == (Channel.LINE, Message.State.UNKNOWN)


def test_answers_are_buttons_below_the_text(line_api: Start) -> None:
    standin = line_api()
    message = a_message(Channel.LINE, a_linked_contact(), answers=[["accept", "行けます"], ["decline", "行けません"]])
    line.send(message)
    (text,) = standin.pushed[0]["messages"]
    buttons = [item["action"] for item in text["quickReply"]["items"]]
    assert text["text"] == "題\n\n本文"
    assert [(button["label"], button["data"]) for button in buttons] == [
        ("行けます", f"{message.uuid} accept"),
        ("行けません", f"{message.uuid} decline"),
    ]


def test_no_server_means_that_nothing_has_left(line_api: Start, settings: Settings) -> None:
    line_api()
    settings.LINE_API_URL = f"http://127.0.0.1:{a_free_port()}"
    line.client.cache_clear()
    assert line.send(a_message(Channel.LINE, a_linked_contact())).outcome == Outcome.NOT_SENT


def test_the_self_test_names_the_account_or_what_is_wrong(line_api: Start, settings: Settings) -> None:
    line_api()
    assert line.check() == "LINE account Stand-in (@standin)"
    settings.LINE_CHANNEL_ACCESS_TOKEN = "wrong"
    line.client.cache_clear()
    with pytest.raises(CheckFailed):
        line.check()

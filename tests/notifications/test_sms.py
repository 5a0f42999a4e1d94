"""SMS through Twilio's own SDK, against a stand-in of its API on loopback."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from notifications import delivery, mailbox, outbox
from notifications.channels import CheckFailed, Outcome, files, sms
from notifications.models import Attempt, Channel, Message, Suppression
from tests.factories import ContactFactory
from tests.notifications.conftest import a_message
from tests.processes import a_free_port
from tests.standins import Fault
from tests.standins.twilio import NUMBER, Twilio

pytestmark = pytest.mark.django_db
Start = Callable[..., Twilio]
MOBILE = "+819012345678"


@pytest.mark.parametrize(
    ("fault", "outcome", "suppressed"),
    [
        (None, Outcome.SENT, ""),
        (Fault.BUSY, Outcome.NOT_SENT, ""),
        (Fault.DOWN, Outcome.NOT_SENT, ""),
        (Fault.NO_SUCH, Outcome.REFUSED, "bounced"),
        (Fault.STOPPED, Outcome.REFUSED, "stopped"),
        (Fault.SILENT, Outcome.UNKNOWN, ""),
        (Fault.DROPPED, Outcome.UNKNOWN, ""),
        (Fault.GATEWAY, Outcome.UNKNOWN, ""),
    ],
)
def test_twilio_s_own_word_is_what_counts(
    twilio: Start, fault: Fault | None, outcome: Outcome, suppressed: str
) -> None:
    twilio(*[fault] if fault else [])
    receipt = sms.send(a_message(Channel.SMS))
    assert (receipt.outcome, receipt.suppress) == (outcome, suppressed)


def test_twilio_gets_number_text_sender_and_where_to_report(twilio: Start, settings: Settings) -> None:
    standin = twilio()
    message = a_message(Channel.SMS)
    receipt = sms.send(message)
    (sent,) = standin.messages
    assert (sent["to"], sent["body"], sent["from"], sent["sid"]) == (MOBILE, "短い本文", NUMBER, receipt.provider_id)
    assert sent["status_callback"] == f"{settings.SITE_URL}/messages/twilio/status/?message={message.uuid}"


def test_a_messaging_service_goes_before_a_number(twilio: Start, settings: Settings) -> None:
    standin = twilio()
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG" + "1" * 32
    sms.send(a_message(Channel.SMS))
    assert (standin.messages[0]["from"], standin.messages[0]["messaging_service_sid"]) == (None, "MG" + "1" * 32)


def test_no_server_means_that_nothing_has_left(twilio: Start, settings: Settings) -> None:
    twilio()
    settings.TWILIO_API_URL = f"http://127.0.0.1:{a_free_port()}"
    sms.client.cache_clear()
    assert sms.send(a_message(Channel.SMS)).outcome == Outcome.NOT_SENT


def test_wrong_credentials_are_nobody_s_bounce(twilio: Start, settings: Settings) -> None:
    twilio()
    settings.TWILIO_AUTH_TOKEN = "wrong"
    sms.client.cache_clear()
    assert sms.send(a_message(Channel.SMS)).outcome == Outcome.NOT_SENT
    with pytest.raises(CheckFailed):
        sms.check()


def test_the_self_test_names_the_account(twilio: Start) -> None:
    twilio()
    assert sms.check() == "Twilio account Stand-in: active"


def test_a_dead_sender_s_message_is_found_at_twilio(twilio: Start) -> None:
    standin = twilio(Fault.DROPPED)
    message = a_message(Channel.SMS)
    delivery.deliver(message.pk)  # accepted, but nobody was told
    message.refresh_from_db()
    assert message.state == Message.State.UNKNOWN
    receipt = sms.look_up(message)
    assert (receipt.outcome, receipt.provider_id) == (Outcome.SENT, standin.messages[0]["sid"])


def test_the_same_words_to_another_who_shares_the_number_are_not_taken_for_it(twilio: Start) -> None:
    twilio()
    delivery.deliver(a_message(Channel.SMS).pk)
    assert Attempt.objects.get().provider_id
    other = a_message(Channel.SMS)
    assert sms.look_up(other).outcome == Outcome.UNKNOWN


def test_without_an_account_an_sms_is_a_file_that_the_page_shows() -> None:
    message = a_message(Channel.SMS)
    assert sms.look_up(message).outcome == Outcome.NOT_SENT
    outbox_receipt = sms.send(message)
    assert outbox_receipt.outcome == sms.look_up(message).outcome == Outcome.SENT
    path = mailbox.find(files.file_id(message))
    assert path is not None
    assert "短い本文" in mailbox.Mail(path).text


def test_where_mail_leaves_and_no_account_is_named_sms_is_off(settings: Settings) -> None:
    settings.SHOW_SENT = False
    assert not sms.is_configured()


def test_a_number_that_is_none_is_spared_and_the_person_told_otherwise(twilio: Start) -> None:
    twilio(Fault.NO_SUCH)
    message = a_message(Channel.SMS)
    delivery.deliver(message.pk)
    message.refresh_from_db()
    assert (message.channel, message.state) == (Channel.EMAIL, Message.State.QUEUED)
    assert Suppression.objects.get().address == MOBILE
    again = outbox.tell(
        ContactFactory(email="", phone="090-1234-5678"),
        kind="x",
        subject="y:1",
        template="notifications/foot.txt",
        context={},
    )
    assert again.channel == Channel.PHONE

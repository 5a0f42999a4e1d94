"""What Twilio and LINE tell us: forged, replayed, reordered and late words change nothing."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from notifications import delivery, outbox, replies, webhooks
from notifications.channels import Outcome, Receipt, line
from notifications.models import Attempt, Channel, Contact, LineCode, Message, Suppression
from programme.errors import Refused
from tests.factories import ContactFactory
from tests.notifications.conftest import a_linked_contact, a_message
from tests.standins import Fault
from tests.standins.line import SECRET, Line
from tests.standins.twilio import TOKEN, Twilio

pytestmark = pytest.mark.django_db
Twilios = Callable[..., Twilio]
Lines = Callable[..., Line]
MOBILE = "+819012345678"
PERSON = "U" + "1" * 32


# --- Twilio --------------------------------------------------------------------------------------------
def twilio_says(client: Client, path: str, *, token: str = TOKEN, **words: str) -> int:
    signature = RequestValidator(token).compute_signature("http://localhost:8000" + path, words)
    return client.post(path, words, headers={"X-Twilio-Signature": signature}).status_code


def sent_by_sms(twilio: Twilios, *faults: Fault) -> tuple[Message, str, str]:
    """A message that Twilio accepted: the row, Twilio's id, and where it reports."""
    standin = twilio(*faults)
    message = a_message(Channel.SMS, ContactFactory(email="a@example.jp", phone="090-1234-5678"))
    delivery.deliver(message.pk)
    (sent,) = standin.messages
    return message, sent["sid"], sent["status_callback"].removeprefix("http://localhost:8000")


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.channel, message.state


def test_a_report_says_that_the_message_arrived(client: Client, twilio: Twilios) -> None:
    message, sid, path = sent_by_sms(twilio)
    assert twilio_says(client, path, MessageSid=sid, MessageStatus="delivered") == 204
    assert state_of(message) == ("sms", "delivered")


@pytest.mark.parametrize("token", ["", "another"])
def test_a_forged_report_is_refused_and_changes_nothing(client: Client, twilio: Twilios, token: str) -> None:
    message, sid, path = sent_by_sms(twilio)
    assert twilio_says(client, path, token=token, MessageSid=sid, MessageStatus="undelivered") == 403
    assert client.post(path, {"MessageSid": sid, "MessageStatus": "undelivered"}).status_code == 403
    assert state_of(message) == ("sms", "sent")


def test_a_report_whose_words_were_altered_is_refused(client: Client, twilio: Twilios) -> None:
    message, sid, path = sent_by_sms(twilio)
    words = {"MessageSid": sid, "MessageStatus": "delivered"}
    signature = RequestValidator(TOKEN).compute_signature("http://localhost:8000" + path, words)
    altered = words | {"MessageStatus": "undelivered"}
    assert client.post(path, altered, headers={"X-Twilio-Signature": signature}).status_code == 403
    assert state_of(message) == ("sms", "sent")


def test_steps_that_come_after_the_end_change_nothing(client: Client, twilio: Twilios) -> None:
    message, sid, path = sent_by_sms(twilio)
    for status in ("delivered", "sent", "queued", "delivered", "undelivered"):
        twilio_says(client, path, MessageSid=sid, MessageStatus=status, ErrorCode="30005")
    assert state_of(message) == ("sms", "delivered")
    assert not Suppression.objects.exists()


def test_an_undelivered_message_goes_the_next_way_once(client: Client, twilio: Twilios) -> None:
    message, sid, path = sent_by_sms(twilio)
    for _time in range(2):
        twilio_says(client, path, MessageSid=sid, MessageStatus="undelivered", ErrorCode="30003")
    assert state_of(message) == ("email", "queued")
    delivery.deliver(message.pk)
    twilio_says(client, path, MessageSid=sid, MessageStatus="undelivered", ErrorCode="30003")
    twilio_says(client, path, MessageSid=sid, MessageStatus="delivered")
    assert state_of(message) == ("email", "sent")
    assert message.attempts.count() == 2


@pytest.mark.parametrize("status", ["weird", "partially_delivered", ""])
def test_a_word_that_we_do_not_know_changes_nothing(
    client: Client, twilio: Twilios, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    message, sid, path = sent_by_sms(twilio)
    assert twilio_says(client, path, MessageSid=sid, MessageStatus=status, ErrorCode="30005") == 204
    assert state_of(message) == ("sms", "sent")
    assert not Suppression.objects.exists()
    assert repr(status) in caplog.text


def test_a_landline_that_twilio_finds_gets_no_further_sms(client: Client, twilio: Twilios) -> None:
    _message, sid, path = sent_by_sms(twilio)
    twilio_says(client, path, MessageSid=sid, MessageStatus="undelivered", ErrorCode="30006")
    assert (Suppression.objects.get().address, Suppression.objects.get().reason) == (MOBILE, "bounced")


@pytest.mark.parametrize(("status", "ends"), [("delivered", ("sms", "delivered")), ("failed", ("email", "queued"))])
def test_a_report_settles_what_nobody_knew(client: Client, twilio: Twilios, status: str, ends: tuple[str, str]) -> None:
    message, sid, path = sent_by_sms(twilio, Fault.DROPPED)
    assert state_of(message) == ("sms", "unknown")
    twilio_says(client, path, MessageSid=sid, MessageStatus=status, To=MOBILE)
    assert state_of(message) == ends


def test_a_report_about_a_former_number_says_nothing_about_the_present_one(client: Client, twilio: Twilios) -> None:
    message, sid, path = sent_by_sms(twilio, Fault.DROPPED)
    present = Attempt.objects.create(message=message, channel="sms", address="+818022222222", outcome="unknown")
    twilio_says(client, path, MessageSid=sid, MessageStatus="undelivered", ErrorCode="30005", To=MOBILE)
    present.refresh_from_db()
    assert (present.reported, state_of(message)) == ("", ("sms", "unknown"))
    assert list(Suppression.objects.values_list("address", flat=True)) == [MOBILE]


@pytest.mark.parametrize(("word", "ends"), [("delivered", ("sms", "delivered")), ("undelivered", ("email", "queued"))])
def test_a_report_that_is_quicker_than_the_answer_is_not_lost(word: str, ends: tuple[str, str]) -> None:
    message = a_message(Channel.SMS, ContactFactory(email="a@example.jp", phone="090-1234-5678"))
    (taken,) = delivery._claim(Message.objects.all())
    attempt = Attempt.objects.create(message=taken, channel="sms", address=taken.address)
    outbox.report(attempt, word)
    assert state_of(message) == ("sms", "sending")
    delivery.settle([delivery.Answered(attempt, Receipt(Outcome.SENT))])
    assert state_of(message) == ends


def test_a_report_on_what_a_coordinator_has_settled_changes_nothing(
    client: Client, twilio: Twilios, coordinator: Any
) -> None:
    message, sid, path = sent_by_sms(twilio, Fault.DROPPED)
    message.refresh_from_db()
    outbox.note_told(message, by=coordinator)
    twilio_says(client, path, MessageSid=sid, MessageStatus="undelivered")
    assert state_of(message) == ("sms", "delivered")


def test_a_report_about_nothing_of_ours_is_taken_and_forgotten(client: Client, twilio: Twilios) -> None:
    twilio()
    path = "/messages/twilio/status/?message=not-a-uuid"
    assert twilio_says(client, path, MessageSid="SM1", MessageStatus="delivered") == 204
    assert twilio_says(client, path, MessageStatus="delivered") == 204


def test_stop_is_heeded_and_heard_once(client: Client, twilio: Twilios) -> None:
    twilio()
    path = "/messages/twilio/incoming/"
    for sid, body in [("SM1", "STOP"), ("SM2", "START"), ("SM1", "STOP")]:  # the third is the first once more
        assert twilio_says(client, path, MessageSid=sid, From=MOBILE, Body=body) == 200
    assert not Suppression.objects.exists()
    twilio_says(client, path, MessageSid="SM3", From=MOBILE, Body=" 停止 ")
    assert Suppression.objects.get(reason="stopped").address == MOBILE


@pytest.mark.parametrize("typed", ["ＳＴＯＰ", "stop.", "Stop all!", "停止。", "ｽﾄｯﾌﾟ", "REVOKE", "opt-out"])
def test_stop_is_understood_however_it_is_typed(client: Client, twilio: Twilios, typed: str) -> None:
    twilio()
    twilio_says(client, "/messages/twilio/incoming/", MessageSid="SM1", From=MOBILE, Body=typed)
    assert Suppression.objects.get(reason="stopped").address == MOBILE


def test_start_does_not_lift_what_the_office_has_stopped(client: Client, twilio: Twilios) -> None:
    twilio()
    outbox.suppress(Channel.SMS, MOBILE, Suppression.Reason.SUSPENDED)
    twilio_says(client, "/messages/twilio/incoming/", MessageSid="SM1", From=MOBILE, Body="START")
    assert Suppression.objects.exists()


def test_whoever_writes_to_us_is_told_to_call(client: Client, twilio: Twilios) -> None:
    twilio()
    path, words = "/messages/twilio/incoming/", {"MessageSid": "SM1", "From": MOBILE, "Body": "行けません"}
    signature = RequestValidator(TOKEN).compute_signature("http://localhost:8000" + path, words)
    page = client.post(path, words, headers={"X-Twilio-Signature": signature})
    assert "お電話ください" in page.content.decode()
    assert twilio_says(client, path, token="forged", **words) == 403


def test_without_an_account_nobody_is_listened_to(client: Client) -> None:
    paths = ["/messages/twilio/status/", "/messages/twilio/incoming/", "/messages/line/"]
    assert [client.post(path).status_code for path in paths] == [404, 404, 404]


# --- LINE ----------------------------------------------------------------------------------------------
def line_says(client: Client, *events: dict[str, Any], secret: str = SECRET) -> int:
    body = json.dumps({"destination": "U0", "events": events}).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return post_to_line(client, body, signature).status_code


def post_to_line(client: Client, body: bytes, signature: str) -> HttpResponse:
    return client.post(
        "/messages/line/", body, content_type="application/json", headers={"X-Line-Signature": signature}
    )


def event(kind: str, number: int = 1, person: str = PERSON, **facts: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "mode": "active",
        "timestamp": 1_700_000_000_000,
        "source": {"type": "user", "userId": person},
        "webhookEventId": f"01EVENT{number}",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": "token",
        **facts,
    }


def text(words: str, number: int = 1, person: str = PERSON) -> dict[str, Any]:
    message = {"id": "1", "type": "text", "text": words, "quoteToken": "q"}
    return event("message", number, person, message=message)


def pressed(message: Message, word: str, number: int = 1, person: str = PERSON) -> dict[str, Any]:
    return event("postback", number, person, postback={"data": f"{message.uuid} {word}"})


def test_the_signature_is_over_the_body_as_it_came(client: Client, line_api: Lines) -> None:
    line_api()
    body = json.dumps({"destination": "U0", "events": []}).encode()
    signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    assert post_to_line(client, body, signature).status_code == 200
    assert post_to_line(client, body + b" ", signature).status_code == 403
    assert post_to_line(client, body, "").status_code == 403
    assert line_says(client, text("x"), secret="another") == 403


def wide(ascii_text: str) -> str:
    """As a Japanese keyboard gives it: ＡＢ１２."""
    return "".join(chr(ord(sign) + 0xFEE0) for sign in ascii_text)


def test_an_event_of_unknown_shape_does_not_lose_the_others(client: Client, line_api: Lines) -> None:
    line_api()
    contact = ContactFactory()
    odd = [{"type": "message"}, {}, "text", None, event("from the future", 9)]
    assert line_says(client, *odd, text(webhooks.new_code(contact))) == 200  # type: ignore[arg-type]  # that is the point
    contact.refresh_from_db()
    assert contact.line_id == PERSON


@pytest.mark.parametrize("body", [b"[]", b"{}", b"nonsense", b"\xff", b'{"events": 1}'])
def test_a_body_without_events_is_refused(client: Client, line_api: Lines, body: bytes) -> None:
    line_api()
    signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    assert post_to_line(client, body, signature).status_code == 400


def test_linking_does_not_lift_what_the_office_has_stopped(client: Client, line_api: Lines) -> None:
    line_api()
    outbox.suppress(Channel.LINE, PERSON, Suppression.Reason.SUSPENDED)
    contact = ContactFactory()
    line_says(client, text(webhooks.new_code(contact)))
    contact.refresh_from_db()
    assert (Suppression.objects.get().reason, contact.line_id) == ("suspended", "")


def test_an_unfollow_that_comes_after_the_later_follow_stops_nothing(client: Client, line_api: Lines) -> None:
    line_api()
    line_says(client, event("follow", 2, timestamp=1_700_000_002_000, follow={"isUnblocked": True}))
    late = {"timestamp": 1_700_000_001_000, "deliveryContext": {"isRedelivery": True}}
    line_says(client, event("unfollow", 1, **late))
    assert not Suppression.objects.exists()
    line_says(client, event("unfollow", 3, timestamp=1_700_000_003_000))
    assert Suppression.objects.get().reason == "stopped"
    line_says(client, event("follow", 4, timestamp=1_700_000_002_500, follow={"isUnblocked": True}))
    assert Suppression.objects.exists()


def test_a_code_links_the_chat_to_the_person_once(client: Client, line_api: Lines) -> None:
    standin = line_api()
    contact = ContactFactory(name="花子")
    code = webhooks.new_code(contact)
    line_says(client, text(f" {code.lower()[:4]} {wide(code[4:])}。"))
    contact.refresh_from_db()
    assert (contact.line_id, contact.line_linked_at is not None) == (PERSON, True)
    assert "花子" in standin.replied[0]["messages"][0]["text"]
    line_says(client, text(code, 2, "U" + "2" * 32))
    contact.refresh_from_db()
    assert contact.line_id == PERSON


def test_an_old_code_links_nobody(client: Client, line_api: Lines) -> None:
    line_api()
    contact = ContactFactory()
    code = webhooks.new_code(contact)
    LineCode.objects.update(made_at=timezone.now() - LineCode.LIFETIME - dt.timedelta(minutes=1))
    line_says(client, text(code))
    contact.refresh_from_db()
    assert contact.line_id == ""


def test_blocking_stops_line_and_coming_back_lifts_it(client: Client, line_api: Lines) -> None:
    line_api()
    message = a_message(Channel.LINE, a_linked_contact(email="a@example.jp"))
    line_says(client, event("unfollow", 1))
    assert state_of(message) == ("email", "queued")
    line_says(client, event("follow", 2, follow={"isUnblocked": False}))
    line_says(client, event("unfollow", 1))  # delivered again, late
    assert not Suppression.objects.exists()


def asked(answered: Callable[[Message, str], str], monkeypatch: pytest.MonkeyPatch) -> Message:
    monkeypatch.setitem(replies._ANSWERED, "greeting", answered)
    return a_message(Channel.LINE, a_linked_contact(), answers=[["accept", "行けます"]])


def test_a_button_calls_the_verb_once_however_often_it_is_delivered(
    client: Client, line_api: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin, heard = line_api(), []

    def answered(message: Message, word: str) -> str:
        heard.append((message.pk, word))
        return "ありがとうございます"

    message = asked(answered, monkeypatch)
    for _time in range(2):
        line_says(client, pressed(message, "accept"))
    assert heard == [(message.pk, "accept")]
    assert standin.replied[0] == {
        "replyToken": "token",
        "messages": [{"type": "text", "text": "ありがとうございます"}],
        "notificationDisabled": False,
    }


def test_nobody_answers_for_somebody_else_and_no_word_but_those_offered(
    client: Client, line_api: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    line_api()
    heard: list[str] = []
    message = asked(lambda _message, word: heard.append(word) or "", monkeypatch)
    line_says(client, pressed(message, "accept", 1, "U" + "2" * 32))
    line_says(client, pressed(message, "erase", 2))
    line_says(client, event("postback", 3, postback={"data": "nonsense"}))
    assert heard == []


def test_at_a_chat_that_the_office_has_stopped_nobody_answers_but_hears_whom_to_call(
    client: Client, line_api: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin, heard = line_api(), list[str]()
    message = asked(lambda _message, word: heard.append(word) or "", monkeypatch)
    outbox.suppress(Channel.LINE, PERSON, Suppression.Reason.SUSPENDED)
    line_says(client, pressed(message, "accept"))
    assert heard == []
    assert "お電話でお伝えください" in standin.replied[0]["messages"][0]["text"]


def test_a_refusal_is_said_in_the_chat(client: Client, line_api: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    standin = line_api()

    def refuse(message: Message, word: str) -> str:
        raise Refused

    line_says(client, pressed(asked(refuse, monkeypatch), "accept"))
    assert standin.replied[0]["messages"][0]["text"] == str(Refused())


def test_what_a_button_did_stays_when_line_takes_no_answer(client: Client, line_api: Lines, settings: Settings) -> None:
    line_api()
    contact = ContactFactory()
    code = webhooks.new_code(contact)
    settings.LINE_CHANNEL_ACCESS_TOKEN = "expired"
    line.client.cache_clear()
    assert line_says(client, text(code)) == 200
    assert Contact.objects.get(pk=contact.pk).line_id == PERSON

"""LINE's Messaging API, through its own SDK. Without a channel of ours and where mail goes to files, LINE does too."""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from urllib3.exceptions import HTTPError, NewConnectionError

from notifications.channels import CheckFailed, Outcome, Receipt, files
from notifications.models import Message

if TYPE_CHECKING:
    from linebot.v3.messaging import MessagingApi, TextMessage
    from linebot.v3.messaging.exceptions import ApiException

# LINE forgets a retry key after a day; from then on repeating would double.
KEY_LIVES = dt.timedelta(hours=23)
# Our own token or haste: nobody's address is at fault.
OURS = frozenset({401, 403, 408, 429})
# Outcomes after which LINE may have the message.
MAYBE = (Outcome.REPEAT, "")
# LINE takes as many signs in one text.
LONGEST = 5000


@cache
def client() -> "MessagingApi":
    """One client for a process. The SDK takes two seconds to load: who sends nothing by LINE need not wait."""
    from linebot.v3.messaging import ApiClient, Configuration, MessagingApi

    configuration = Configuration(host=settings.LINE_API_URL, access_token=settings.LINE_CHANNEL_ACCESS_TOKEN)
    configuration.retries = False
    return MessagingApi(ApiClient(configuration))


def by_line() -> bool:
    return bool(settings.LINE_CHANNEL_ACCESS_TOKEN and settings.LINE_CHANNEL_SECRET)


def is_configured() -> bool:
    return by_line() or settings.SHOW_SENT


def load() -> None:
    if by_line():
        import linebot.v3.messaging  # noqa: F401


def check() -> str:
    from linebot.v3.messaging.exceptions import OpenApiException

    if not by_line():
        return f"files in {settings.MAILBOX_DIR}"
    try:
        bot = client().get_bot_info(_request_timeout=settings.LINE_TIMEOUT)
    except (OpenApiException, HTTPError) as error:
        raise CheckFailed(str(error)) from error
    return f"LINE account {bot.display_name} ({bot.basic_id})"


def text_of(message: Message) -> str:
    return f"{message.title}\n\n{message.body}".strip()[:LONGEST]


def compose(message: Message) -> "TextMessage":
    """The text, and below it a button for each answer; it sends us the message's id and the word."""
    from linebot.v3.messaging import PostbackAction, QuickReply, QuickReplyItem, TextMessage

    items = [
        QuickReplyItem(action=PostbackAction(label=label[:20], displayText=label, data=f"{message.uuid} {word}"))
        for word, label in message.answers
    ]
    return TextMessage(text=text_of(message), quickReply=QuickReply(items=items) if items else None)


def send(message: Message) -> Receipt:
    """LINE knows the message by our retry key: whatever was not answered may be asked again."""
    if not by_line():
        answers = "".join(f"\n[{label}]" for _word, label in message.answers)
        return files.write(message, text_of(message) + answers, kind="LINE")
    from linebot.v3.messaging import PushMessageRequest
    from linebot.v3.messaging.exceptions import ApiException

    if message.tries and _key_is_old(message):
        return Receipt(Outcome.UNKNOWN, "the retry key is older than LINE remembers")
    request = PushMessageRequest(to=message.address, messages=[compose(message)])
    try:
        answer = client().push_message_with_http_info(
            request, x_line_retry_key=str(message.uuid), _request_timeout=settings.LINE_TIMEOUT
        )
    except ApiException as error:
        return _refusal(error)
    except NewConnectionError as error:
        return Receipt(Outcome.NOT_SENT, repr(error))
    except Exception as error:
        return Receipt(Outcome.REPEAT, repr(error))
    return Receipt(Outcome.SENT, "accepted", _request_id(answer.headers))


def _key_is_old(message: Message) -> bool:
    # Filtered here, so that attempts that were read with the message are not asked for again. What was tried before a
    # coordinator had it sent anew does not count: they know that it did not arrive.
    tried = [row for row in message.attempts.all() if row.channel == message.channel][-message.tries :]
    perhaps = [row for row in tried if row.outcome in MAYBE]
    return bool(perhaps and perhaps[0].started_at < timezone.now() - KEY_LIVES)


def _request_id(headers: object) -> str:
    found = {key.lower(): value for key, value in dict(headers or {}).items()}  # type: ignore[call-overload]  # a mapping
    return str(found.get("x-line-accepted-request-id") or found.get("x-line-request-id") or "")[:100]


def _refusal(error: "ApiException") -> Receipt:
    answer = f"{error.status}: {error.body}"
    if error.status == 409:  # this key was accepted before
        return Receipt(Outcome.SENT, answer, _request_id(error.headers))
    if error.status == 429 and "monthly limit" in str(error.body):
        return Receipt(Outcome.REFUSED, answer)
    if error.status in OURS:
        return Receipt(Outcome.NOT_SENT, answer)
    if error.status >= 500:
        return Receipt(Outcome.REPEAT, answer)
    return Receipt(Outcome.REFUSED, answer)


def look_up(message: Message) -> Receipt:
    """Sending once more with the same key tells."""
    if not by_line():
        return files.look_up(message)
    return Receipt(Outcome.REPEAT, "the sender stopped; asked again with the same retry key")


def reply(token: str, texts: Sequence[str]) -> None:
    """Answer in the chat from which an event came. Raises the SDK's ApiException or urllib3's HTTPError."""
    from linebot.v3.messaging import ReplyMessageRequest, TextMessage

    request = ReplyMessageRequest(replyToken=token, messages=[TextMessage(text=text) for text in texts])
    client().reply_message(request, _request_timeout=settings.LINE_TIMEOUT)

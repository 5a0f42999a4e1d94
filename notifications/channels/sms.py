"""SMS by Twilio, through its own SDK. Without an account and where mail goes to files, an SMS does too."""

import datetime as dt
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from requests import exceptions as http
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from notifications.channels import CheckFailed, Outcome, Receipt, files
from notifications.links import absolute
from notifications.models import Attempt, Message, Suppression

HOME = "https://api.twilio.com"
# Source: https://www.twilio.com/docs/api/errors
STOPPED = 21610
# Not a number, not reachable by our sender, not a mobile phone; unknown, landline.
DEAD = frozenset({21211, 21214, 21217, 21614, 30005, 30006})
# Our own credentials, sender or haste: nobody's address is at fault, so the message waits and is tried again.
OURS = frozenset({401, 403, 404, 408, 429})


class HttpClient(TwilioHttpClient):  # type: ignore[misc]  # the SDK is not typed
    """The SDK's own client, which may be pointed at another server than Twilio's, and keeps its connections."""

    def __init__(self) -> None:
        super().__init__(timeout=settings.TWILIO_TIMEOUT)
        if settings.TWILIO_API_URL:
            self.session.mount(settings.TWILIO_API_URL, HTTPAdapter(pool_maxsize=32))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if settings.TWILIO_API_URL:
            url = settings.TWILIO_API_URL + url.removeprefix(HOME)
        return super().request(method, url, *args, **kwargs)


@cache
def client() -> Client:
    """One client for a process: its connections are kept open."""
    return Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=HttpClient())


def by_twilio() -> bool:
    sender = settings.TWILIO_MESSAGING_SERVICE_SID or settings.TWILIO_FROM_NUMBER
    return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and sender)


def is_configured() -> bool:
    return by_twilio() or settings.SHOW_SENT


def load() -> None:
    if by_twilio():
        client().messages  # noqa: B018  (the SDK loads its parts when they are first asked for)


def check() -> str:
    if not by_twilio():
        return f"files in {settings.MAILBOX_DIR}"
    try:
        account = client().api.v2010.accounts(settings.TWILIO_ACCOUNT_SID).fetch()
    except (TwilioException, http.RequestException) as error:
        raise CheckFailed(str(error)) from error
    return f"Twilio account {account.friendly_name}: {account.status}"


def callback_url(message: Message) -> str:
    """Where Twilio reports what became of the message: it names the message, for answers that we never received."""
    return absolute(reverse("messages:twilio_status")) + "?" + urlencode({"message": message.uuid})


def send(message: Message) -> Receipt:
    """Twilio has no key of ours to know a message by: without its own answer nobody knows."""
    if not by_twilio():
        return files.write(message, message.short, kind="SMS")
    service = settings.TWILIO_MESSAGING_SERVICE_SID
    sender = {"messaging_service_sid": service} if service else {"from_": settings.TWILIO_FROM_NUMBER}
    try:
        accepted = client().messages.create(
            to=message.address, body=message.short, status_callback=callback_url(message), **sender
        )
    except (TwilioRestException, TwilioServiceException) as error:
        return _refusal(error)
    except (http.ConnectTimeout, http.InvalidURL, http.InvalidHeader) as error:
        return Receipt(Outcome.NOT_SENT, repr(error))
    except http.ConnectionError as error:
        # Refused or not found: no connection stood. Any other broken one may have carried the message.
        never_stood = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
        return Receipt(Outcome.NOT_SENT if never_stood else Outcome.UNKNOWN, repr(error))
    except Exception as error:
        return Receipt(Outcome.UNKNOWN, repr(error))
    return Receipt(Outcome.SENT, f"{accepted.status}, {accepted.num_segments} segments", accepted.sid or "")


def _refusal(error: TwilioRestException | TwilioServiceException) -> Receipt:
    """What an answer with an error means. ``code`` is Twilio's own; a gateway's page in its name has none."""
    answer = f"{error.status} {error.code}: {error}"
    if error.code == STOPPED:
        return Receipt(Outcome.REFUSED, answer, suppress=Suppression.Reason.STOPPED)
    if error.code in DEAD:
        return Receipt(Outcome.REFUSED, answer, suppress=Suppression.Reason.BOUNCED)
    if error.status in OURS or error.status == 503:
        return Receipt(Outcome.NOT_SENT, answer)
    if error.status >= 500:
        own_word = error.code not in (None, error.status)
        return Receipt(Outcome.NOT_SENT if own_word else Outcome.UNKNOWN, answer)
    return Receipt(Outcome.REFUSED, answer)


def look_up(message: Message) -> Receipt:
    """Twilio lists what it sent to a number since a day: the same words, not yet known as another message of ours.

    Not finding it proves nothing: the list may be behind.
    """
    if not by_twilio():
        return files.look_up(message)
    since = (message.claimed_at or timezone.now()) - dt.timedelta(minutes=1)
    try:
        sent = client().messages.list(to=message.address, date_sent_after=since, limit=100)
    except Exception as error:
        return Receipt(Outcome.UNKNOWN, f"the sender stopped, and Twilio cannot be asked: {error!r}")
    same = [one for one in sent if one.body == message.short and one.sid]
    known = set(Attempt.objects.filter(provider_id__in=[one.sid for one in same]).values_list("provider_id", flat=True))
    for one in same:
        if one.sid not in known:
            return Receipt(Outcome.SENT, f"found at Twilio: {one.status}", one.sid or "")
    return Receipt(Outcome.UNKNOWN, "the sender stopped while it was handing the message to Twilio")

"""What Twilio and LINE tell us: believed by its signature, and noted by its id, so that twice is once."""

import datetime as dt
import json
import logging
import secrets
import unicodedata
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from notifications import addresses, outbox, replies
from notifications.channels import line, sms
from notifications.models import AddressChange, Attempt, Channel, Contact, LineCode, Message, Suppression, WebhookEvent
from programme.errors import Refused
from programme.models import Programme

if TYPE_CHECKING:
    from linebot.v3.webhooks import Event

log = logging.getLogger(__name__)

# Twilio's own words, and those that people here would type. Source: https://help.twilio.com/articles/223134027
STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}) | frozenset(
    {"停止", "配信停止", "解除", "ストップ"}
)
START = frozenset({"START", "UNSTOP", "YES", "再開", "配信再開"})
ON_THE_WAY = frozenset({"accepted", "scheduled", "queued", "sending", "sent"})
ARRIVED = frozenset({"delivered", "read"})
LOST = frozenset({"undelivered", "failed", "canceled"})
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def _is_new(channel: str, event_id: str) -> bool:
    """Note the event in the caller's transaction. False when it was noted before."""
    try:
        with transaction.atomic():
            WebhookEvent.objects.create(channel=channel, event_id=event_id[:100])
    except IntegrityError:
        return False
    return True


def _signs(typed: str) -> str:
    """What was typed as one word of capitals: width, blanks and punctuation do no harm ("ｓｔｏｐ." is STOP)."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", typed))).upper()


# --- Twilio ------------------------------------------------------------------------------------------
def _from_twilio(request: HttpRequest) -> bool:
    if not sms.by_twilio():
        raise Http404
    # Twilio signs the address that we gave it; a proxy may have changed what this process sees of it.
    address = settings.SITE_URL + request.get_full_path()
    signature = request.headers.get("X-Twilio-Signature", "")
    return bool(RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(address, request.POST, signature))


@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest) -> HttpResponse:
    """What became of an SMS. A word about a message that we do not know is of no use and of no harm."""
    if not _from_twilio(request):
        return HttpResponseForbidden()
    sid, status = request.POST.get("MessageSid", ""), request.POST.get("MessageStatus", "")
    attempt = _attempt(sid, request.GET.get("message", ""), request.POST.get("To", ""))
    if status not in ARRIVED | LOST | ON_THE_WAY:
        log.warning("Twilio says %.40r of %.40r, which tells us nothing", status, sid)
    elif attempt and status not in ON_THE_WAY:
        code = request.POST.get("ErrorCode", "")
        number = int(code) if code.isdecimal() else 0
        reason = Suppression.Reason
        suppressed = reason.STOPPED if number == sms.STOPPED else reason.BOUNCED if number in sms.DEAD else ""
        delivered = status in ARRIVED
        outbox.report(
            attempt,
            outbox.Report.DELIVERED if delivered else outbox.Report.UNDELIVERED,
            provider_id=sid,
            answer="" if delivered else f"{status} {code}",
            suppressed="" if delivered else suppressed,
        )
    return HttpResponse(status=204)


def _attempt(sid: str, message: str, number: str) -> Attempt | None:
    """The attempt with Twilio's id, else the message's last one at ``number`` whose id never reached us."""
    if not sid:
        return None
    rows = Attempt.objects.filter(channel=Channel.SMS)
    known = rows.filter(provider_id=sid).first()
    try:
        uuid = UUID(message)
    except ValueError:
        return known
    unanswered = rows.filter(message__uuid=uuid, address=number, provider_id="", outcome__in=["", "unknown"])
    return known or unanswered.order_by("pk").last()


@csrf_exempt
@require_POST
def twilio_incoming(request: HttpRequest) -> HttpResponse:
    """An SMS to us: STOP and START are heeded; whoever writes anything else is told how to reach the office."""
    if not _from_twilio(request):
        return HttpResponseForbidden()
    answer = MessagingResponse()
    number = request.POST.get("From", "")
    word = _signs(request.POST.get("OptOutType", "") or request.POST.get("Body", ""))
    with transaction.atomic():
        if _is_new(Channel.SMS, request.POST.get("MessageSid", "")):
            if word in STOP:
                outbox.suppress(Channel.SMS, number, Suppression.Reason.STOPPED, answer=request.POST.get("Body", ""))
            elif word in START:
                outbox.lift(Channel.SMS, number, reasons=[Suppression.Reason.STOPPED])
            elif word != "HELP":  # which Twilio answers itself
                answer.message(_cannot_read())
    return HttpResponse(str(answer), content_type="text/xml")


def _cannot_read() -> str:
    return _with_phone(_("ここに書かれたことは、事務局では読めません。ご用のときは、お電話ください。"))


def _with_phone(sentence: str) -> str:
    programme = Programme.objects.first()
    return f"{sentence} {programme.phone} {programme.phone_hours}".strip() if programme else sentence


# --- LINE --------------------------------------------------------------------------------------------
@csrf_exempt
@require_POST
def line_events(request: HttpRequest) -> HttpResponse:
    """What people do in the chat with us. The signature is over the body as it came."""
    from linebot.v3.webhook import SignatureValidator

    if not line.by_line():
        raise Http404
    try:
        body = request.body.decode()
        signature = request.headers.get("X-Line-Signature", "")
        if not SignatureValidator(settings.LINE_CHANNEL_SECRET).validate(body, signature):
            return HttpResponseForbidden()
        events = list(json.loads(body)["events"])
    except (ValueError, KeyError, TypeError):  # no text, no JSON, or no events in it
        return HttpResponse(status=400)
    for one in events:
        if event := _read(one):
            _hear(event)
    return HttpResponse()


def _read(one: Any) -> "Event | None":
    """The event, None when it has no shape that we know: LINE may add new ones, and the others still count."""
    from linebot.v3.webhooks import Event

    try:
        event: Event | None = Event.from_dict(one)
    except Exception:  # whatever the SDK stumbles over
        log.warning("an event from LINE could not be read", exc_info=True)
        return None
    return event


def _hear(event: "Event") -> None:
    """One event. What we answer is lost when LINE does not take it; what it did stays done."""
    user_id = getattr(getattr(event, "source", None), "user_id", None)
    if not user_id or not getattr(event, "webhook_event_id", ""):
        return
    contact = Contact.objects.filter(line_id=user_id).order_by("pk").first()
    with transaction.atomic(), translation.override(contact.language if contact else settings.LANGUAGE_CODE):
        if not _is_new(Channel.LINE, event.webhook_event_id):
            return
        sentence = _act(event, user_id)
    token = getattr(event, "reply_token", None)
    if sentence and token:
        try:
            line.reply(token, [sentence])
        except Exception:
            log.warning("LINE did not take the answer to %s", event.webhook_event_id, exc_info=True)


def _act(event: Any, user_id: str) -> str:
    """Do what the event asks; the sentence to answer with, "" for none."""
    stopped = Suppression.objects.filter(channel=Channel.LINE, address=user_id, reason=Suppression.Reason.SUSPENDED)
    if event.type != "unfollow" and stopped.exists():
        # Who writes there may be somebody else: nothing is done at their word.
        return _with_phone(_("このLINEへのお知らせは、事務局が止めています。お電話でお伝えください。"))
    match event.type:
        case "postback":
            return _answer(event.postback.data, user_id)
        case "message" if event.message.type == "text":
            return _link(event.message.text, user_id)
        case ("follow" | "unfollow") as what:
            return _follow(user_id, what, dt.datetime.fromtimestamp(event.timestamp / 1000, dt.UTC))
        case _:
            return ""


def _follow(user_id: str, what: str, at: dt.datetime) -> str:
    """Somebody became our friend, or blocked us. What LINE delivers late says nothing about now."""
    noted = AddressChange.objects.filter(channel=Channel.LINE, address=user_id, note__in=("follow", "unfollow"))
    if noted.filter(at__gt=at).exists():
        return ""
    if what == "unfollow":
        outbox.suppress(Channel.LINE, user_id, Suppression.Reason.STOPPED, answer=what, happened_at=at)
        return ""
    if not outbox.lift(Channel.LINE, user_id, reasons=[Suppression.Reason.STOPPED], note=what, happened_at=at):
        # Noted where nothing had to be lifted, too: an "unfollow" from before may still come.
        AddressChange.objects.create(channel=Channel.LINE, address=user_id, what=AddressChange.LIFTED, note=what, at=at)
    return _("友だち追加ありがとうございます。設定のページに出ている8文字のコードを、ここに送ってください。")


def _answer(data: str, user_id: str) -> str:
    """A button below a message of ours. Only who was asked may answer."""
    uuid, _space, word = data.partition(" ")
    try:
        message = Message.objects.select_related("recipient").get(uuid=uuid, recipient__line_id=user_id)
        with transaction.atomic():
            return replies.answer(message, word)
    except Refused as refusal:
        return str(refusal)
    except (Message.DoesNotExist, ValueError, KeyError, ValidationError):
        return _("このボタンは、もう使えません。お知らせの中のページからお返事ください。")


# --- Linking a LINE account --------------------------------------------------------------------------
def new_code(contact: Contact) -> str:
    """A fresh code for this contact, valid for a day; the one before is void."""
    code = "".join(secrets.choice(CODE_LETTERS) for _letter in range(8))
    LineCode.objects.update_or_create(contact=contact, defaults={"code": code, "made_at": timezone.now()})
    return code


def code_of(contact: Contact) -> str:
    """The contact's code while it is valid, else ""."""
    since = timezone.now() - LineCode.LIFETIME
    return LineCode.objects.filter(contact=contact, made_at__gt=since).values_list("code", flat=True).first() or ""


def _link(text: str, user_id: str) -> str:
    """Whoever sends a valid code is that contact; the code works once."""
    code = _signs(text)
    found = LineCode.objects.select_for_update(of=("self",)).filter(code=code).select_related("contact").first()
    if found is None:
        return _cannot_read()
    contact = found.contact
    found.delete()
    if found.made_at < timezone.now() - LineCode.LIFETIME:
        return _("このコードは古くなりました。設定のページで、新しいコードを出してください。")
    outbox.lift(Channel.LINE, user_id, reasons=outbox.OWN_REASONS)
    contact.line_id, contact.line_linked_at = user_id, timezone.now()
    addresses.change(contact)
    with translation.override(contact.language):
        return _("%(name)sさんのお知らせを、これからLINEでもお届けします。") % {"name": contact.name}

"""The outbox: a message is written with the fact that it tells, and delivered after the commit, once.

Delivery takes three steps that a crash may separate: claim the row (queued → sending), hand the message to
the provider, note the answer. A row found "sending" after its lease is settled by asking the provider for
the message's own id; where the provider cannot tell, it becomes "unknown" for a person to look at. It is
never sent again on a guess.
"""

import datetime as dt
import logging
import random
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone, translation

from notifications import links
from notifications.channels import Outcome, Receipt, channel_of
from notifications.models import Attempt, Channel, Contact, Message
from programme import furigana
from programme.errors import ChangedMeanwhile
from programme.models import Programme, User

log = logging.getLogger(__name__)

TRIES_AT_MOST = 8
BACKOFF_FIRST = dt.timedelta(seconds=30)
BACKOFF_CEILING = dt.timedelta(hours=2)


def tell(
    recipient: Contact,
    *,
    kind: str,
    subject: str,
    template: str,
    context: Mapping[str, object],
    occasion: str = "",
    calendar: str = "",
) -> Message:
    """Write a message into the outbox, in the caller's transaction; it leaves after the commit.

    ``template`` gives the title on its first line and the text below. Telling the same
    (kind, subject, recipient, occasion) again returns the first message and sends nothing.
    """
    context = {
        "programme": Programme.objects.first(),
        **context,
        "recipient": recipient,
        "language_url": links.absolute(recipient.language_path),
    }
    with translation.override(recipient.language):
        text = render_to_string(template, context).strip()
    if recipient.language == furigana.EASY:
        text = furigana.in_text(text)
    title, _, body = text.partition("\n")
    message, created = Message.objects.get_or_create(
        kind=kind,
        subject=subject,
        recipient=recipient,
        occasion=occasion,
        defaults={
            "channel": recipient.channel,
            "address": recipient.address,
            "title": " ".join(title.split()),
            "body": body.strip() + "\n",
            "calendar": calendar,
        },
    )
    if created and message.channel != Channel.PHONE:
        _deliver_after_commit(message.pk)
    return message


def deliver(pk: int) -> None:
    """Deliver the message if it is queued and due, and nobody else is at it."""
    now = timezone.now()
    queued = Message.objects.filter(pk=pk, state=Message.State.QUEUED, due_at__lte=now).exclude(channel=Channel.PHONE)
    if queued.update(state=Message.State.SENDING, claimed_at=now, tries=F("tries") + 1) != 1:
        return
    message = Message.objects.select_related("recipient").get(pk=pk)
    attempt = Attempt.objects.create(message=message)
    receipt = channel_of(message).send(message)
    settle(message, attempt, receipt)


@transaction.atomic
def settle(message: Message, attempt: Attempt, receipt: Receipt) -> None:
    """Note what became of an attempt. Somebody who settled the row first is left alone."""
    now = timezone.now()
    attempt.ended_at, attempt.outcome, attempt.answer = now, receipt.outcome, receipt.answer[:500]
    attempt.save(update_fields=["ended_at", "outcome", "answer"])
    mine = Message.objects.filter(pk=message.pk, state=Message.State.SENDING, claimed_at=message.claimed_at)
    match receipt.outcome:
        case Outcome.SENT:
            mine.update(state=Message.State.SENT, sent_at=now)
        case Outcome.UNKNOWN:
            mine.update(state=Message.State.UNKNOWN)
        case Outcome.NOT_SENT if message.tries < TRIES_AT_MOST:
            mine.update(state=Message.State.QUEUED, due_at=now + backoff(message.tries))
        case _:
            mine.update(state=Message.State.FAILED)


def backoff(tries: int) -> dt.timedelta:
    """How long to wait after the ``tries``-th failure: doubling to a ceiling, with jitter so that waiters spread."""
    wait = min(BACKOFF_FIRST * 2.0 ** (tries - 1), BACKOFF_CEILING)
    return wait * random.uniform(0.5, 1.0)  # noqa: S311  (spreads load, keeps no secret)


def note_told(message: Message, *, by: User) -> None:
    """A coordinator has told the person, or made sure that the message arrived. Raises ChangedMeanwhile."""
    now = timezone.now()
    waiting = Message.objects.needs_a_person().filter(pk=message.pk)
    if waiting.update(state=Message.State.DELIVERED, sent_at=now, settled_by=by) != 1:
        raise ChangedMeanwhile


def send_again(message: Message, *, by: User) -> None:
    """A coordinator knows that the message did not arrive: it is sent anew. Raises ChangedMeanwhile."""
    waiting = Message.objects.needs_a_person().filter(pk=message.pk).exclude(channel=Channel.PHONE)
    # The contact may have been put right since; a person who has lost the address is rung instead.
    contact = message.recipient
    where = {"channel": contact.channel, "address": contact.address}
    if waiting.update(state=Message.State.QUEUED, due_at=timezone.now(), tries=0, settled_by=by, **where) != 1:
        raise ChangedMeanwhile
    if contact.channel != Channel.PHONE:
        _deliver_after_commit(message.pk)


def _deliver_after_commit(pk: int) -> None:
    from notifications.tasks import deliver_message

    # robust: a lost broker is logged and must not fail the click; the sweep delivers.
    transaction.on_commit(lambda: deliver_message.delay(pk), robust=True)


def sweep(*, limit: int = 500) -> int:
    """Settle what a dead worker left behind, then deliver what is due. Returns the number of messages looked at."""
    now = timezone.now()
    left = Message.objects.filter(state=Message.State.SENDING, claimed_at__lt=now - settings.OUTBOX_LEASE)
    stale = list(left.order_by("pk")[:limit])
    for message in stale:
        attempt = message.attempts.filter(ended_at=None).last() or Attempt.objects.create(message=message)
        settle(message, attempt, channel_of(message).look_up(message))
    # Those that the broker still carries are left to it for a moment.
    due = Message.objects.filter(
        state=Message.State.QUEUED, due_at__lte=now, created_at__lt=now - dt.timedelta(seconds=10)
    )
    waiting = list(due.exclude(channel=Channel.PHONE).order_by("due_at", "pk").values_list("pk", flat=True)[:limit])
    for pk in waiting:
        deliver(pk)
    return len(stale) + len(waiting)

"""One text to many: drafts that can be looked at and changed, then messages like any other."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from notifications import outbox
from notifications.models import Attempt, Channel, Contact, Mailing, Matter, Message
from notifications.models.mailings import KIND
from notifications.segments import Size, size
from notifications.writing import Writer
from programme import furigana
from programme.errors import ChangedMeanwhile
from programme.models import User


@transaction.atomic
def write_drafts(mailing: Mailing, recipients: Iterable[Contact]) -> None:
    """A draft for each recipient in place of those before; a constant number of queries for each thousand.

    What was changed for one person, and who was left out, stays as it is, as long as that person is meant. Raises
    ChangedMeanwhile when it was sent already.
    """
    if Mailing.objects.select_for_update().get(pk=mailing.pk).sent_at:
        raise ChangedMeanwhile
    own = Attempt.objects.filter(message=OuterRef("pk"), outcome=outbox.Hand.EDITED)
    before = mailing.messages.filter(state__in=(Message.State.DRAFT, Message.State.CANCELLED))
    before.filter(~Exists(own), settled_by=None).delete()
    kept = dict(before.values_list("recipient", "pk"))
    remaining = (recipient for recipient in recipients if kept.pop(recipient.pk, None) is None)
    while some := list(islice(remaining, outbox.WRITTEN_AT_ONCE)):
        writer = Writer(some)
        drafts = [_draft(mailing, recipient) for recipient in some]
        for draft in drafts:
            writer.address(draft)
        Message.objects.bulk_create(drafts)
    Message.objects.filter(pk__in=kept.values()).delete()


@transaction.atomic
def edit_draft(draft: Message, *, title: str, body: str, short: str, by: User) -> None:
    """Other words for one person. Raises ChangedMeanwhile when the draft was sent or thrown away meanwhile."""
    rows = Message.objects.filter(pk=draft.pk, state=Message.State.DRAFT)
    draft.title, draft.body, draft.short = title, body.strip() + "\n", short.strip()
    Writer([draft.recipient]).address(draft)  # without words for it an SMS cannot go
    where = {"channel": draft.channel, "address": draft.address, "state": draft.state}
    if rows.update(title=draft.title, body=draft.body, short=draft.short, **where) != 1:
        raise ChangedMeanwhile
    outbox.note_hand(draft, outbox.Hand.EDITED, by=by)


def leave_out(draft: Message, *, by: User) -> None:
    """Nothing goes to this person. Raises ChangedMeanwhile when it was sent or thrown away meanwhile."""
    rows = Message.objects.filter(pk=draft.pk, state=Message.State.DRAFT)
    if rows.update(state=Message.State.CANCELLED, settled_by=by) != 1:
        raise ChangedMeanwhile


def _draft(mailing: Mailing, recipient: Contact) -> Message:
    """Who reads English and has an English text gets that; やさしい日本語 is the Japanese with readings."""
    title, body, short = mailing.title, mailing.body, mailing.short
    if recipient.language == "en" and mailing.title_en:
        title, body, short = mailing.title_en, mailing.body_en, mailing.short_en
    elif recipient.language == furigana.EASY:
        title, body = furigana.in_text(title), furigana.in_text(body)
    return Message(
        kind=KIND,
        subject=mailing.subject,
        recipient=recipient,
        matter=Matter.NEWS,
        title=title[:200],
        body=body.strip() + "\n",
        short=short.strip(),
        state=Message.State.DRAFT,
    )


@transaction.atomic
def send(mailing: Mailing, *, still: QuerySet[Contact], by: User) -> None:
    """Every draft goes into the queue, to where and as each person wishes by now. Raises ChangedMeanwhile when sent.

    ``still`` are all who may be written to by now: nothing goes to others.
    """
    now = timezone.now()
    if Mailing.objects.filter(pk=mailing.pk, sent_at=None).update(sent_at=now, sent_by=by) != 1:
        raise ChangedMeanwhile
    drafts = mailing.messages.filter(state=Message.State.DRAFT)
    drafts.exclude(recipient__in=still).update(state=Message.State.CANCELLED)
    drafts = drafts.select_for_update(of=("self",))
    remaining = iter(drafts.select_related("recipient").order_by("pk"))
    while some := list(islice(remaining, outbox.WRITTEN_AT_ONCE)):
        writer = Writer([draft.recipient for draft in some])
        for draft in some:
            draft.state, draft.due_at = Message.State.QUEUED, now
            writer.address(draft)
        Message.objects.bulk_update(some, ["channel", "address", "state", "due_at"])
        outbox.ring_after_commit(len(some))


@transaction.atomic
def discard(mailing: Mailing) -> None:
    """Throw the text and its drafts away. Raises ChangedMeanwhile when it was sent already."""
    unsent = Mailing.objects.select_for_update().filter(pk=mailing.pk, sent_at=None)
    if not unsent.exists():
        raise ChangedMeanwhile
    mailing.messages.delete()
    unsent.delete()


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many get a mailing by which way, and what its SMS cost, in one query."""

    by_channel: dict[str, int]
    """drafts, or messages once it is sent"""
    by_state: dict[str, int]
    sms: Size
    """the longest"""
    yen: float


def outlook(mailing: Mailing) -> Outlook:
    rows = mailing.messages.order_by().values_list("channel", "state", "short").annotate(Count("pk"))
    sizes, yen = [size(mailing.short), size(mailing.short_en)], 0.0
    by_channel: dict[str, int] = {}
    by_state: dict[str, int] = {}
    for channel, state, short, count in rows:
        by_state[state] = by_state.get(state, 0) + count
        if state != Message.State.CANCELLED:
            by_channel[channel] = by_channel.get(channel, 0) + count
            if channel == Channel.SMS:
                sizes.append(size(short))
                yen += sizes[-1].yen * count
    return Outlook(by_channel, by_state, max(sizes, key=lambda one: (one.segments, one.units)), yen)

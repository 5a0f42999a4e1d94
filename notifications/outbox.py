"""The outbox: a message is written with the fact that it tells, and delivered after the commit, once.

The outbox itself is the queue; the broker only rings the bell. notifications/delivery.py answers it.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from notifications.ladder import QuietHours, is_worth_a_call, next_way
from notifications.models import AddressChange, Attempt, Channel, Contact, Matter, Message, Preference, Suppression
from notifications.models.contacts import as_stored
from notifications.models.messages import MessageQuerySet
from notifications.writing import Letter, Writer
from programme.errors import ChangedMeanwhile, Refused
from programme.models import User

TAKEN_AT_ONCE = 80
"""messages that a worker claims in one go"""
WRITTEN_AT_ONCE = 1000
BELLS_AT_MOST = 16
"""workers that are called at once; each goes on until nothing is due"""

CODE_BY_SMS = gettext_lazy("SMSで送るコード")
CODE_LASTS = dt.timedelta(minutes=30)
ENTRY = "calendar_entry"
WAITING = (Message.State.DRAFT, Message.State.QUEUED)
# Outcomes after which a provider may have the message; "": it is being asked.
PERHAPS_ARRIVED = ("", "sent", "repeat", "unknown")

Reached = Callable[[Contact, Channel], None]
_when_reached: list[Reached] = []


def when_reached(call: Reached) -> None:
    """From now on ``call`` hears whose address is read by now, in the transaction that notes it."""
    _when_reached.append(call)


def say_reached(contact: Contact, channel: Channel) -> None:
    """What ``contact`` has to know reaches their address on ``channel`` from now on."""
    for call in _when_reached:
        call(contact, channel)


# --- Writing -----------------------------------------------------------------------------------------
def tell(
    recipient: Contact,
    *,
    kind: str,
    subject: str,
    template: str,
    context: Mapping[str, object],
    occasion: str = "",
    calendar: str = "",
    matter: Matter = Matter.DUTY,
    due_at: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
    answers: Sequence[tuple[str, str | Promise]] = (),
    calls: bool = True,
    only: Channel | None = None,
    replaces: bool = False,
) -> Message:
    """Write a message into the outbox, in the caller's transaction; it leaves after the commit.

    The fields are those of a Letter. Telling the same (kind, subject, recipient, occasion) again returns the first
    message and sends nothing. With ``replaces`` this is the latest word on its subject: whatever the same recipient
    was to be told of it before is replaced by this one.

    What ``calendar`` says reaches the calendar of everybody who reads mail: who is told by another way gets the entry
    alone by mail.
    """
    identity = {"kind": kind, "subject": subject, "recipient": recipient, "occasion": occasion}
    told = Message.objects.filter(**identity).first()
    if told:
        return told
    letter = Letter(
        recipient,
        kind,
        subject,
        template,
        context,
        occasion,
        calendar,
        matter,
        due_at,
        expires_at,
        answers,
        calls,
        only,
    )
    writer = Writer([recipient])
    written = writer.write(letter)
    # Somebody may have told it meanwhile: then the first one stands.
    values = {name: getattr(written, name) for name in WRITTEN}
    message, created = Message.objects.get_or_create(**identity, defaults=values)
    if not created:
        return message
    writer.keep_links()
    if replaces:
        Message.objects.filter(subject=subject, recipient=recipient, pk__lt=message.pk).supersede(by=message)
    if _leaves_now(message):
        _deliver_after_commit(message.pk)
    _mail_its_entry(message)
    return message


def _mail_its_entry(message: Message) -> None:
    """What no mail tells any more, or yet, reaches the calendar alone."""
    if message.calendar and not message.only and message.channel != Channel.EMAIL:
        mail_entry(
            message.recipient,
            subject=message.subject,
            occasion=f"{message.pk}",
            calendar=message.calendar,
            about=message.title,
            matter=Matter(message.matter),
            expires_at=message.expires_at,
        )


def mail_entry(
    recipient: Contact,
    *,
    subject: str,
    occasion: str,
    calendar: str,
    about: str | Promise,
    matter: Matter = Matter.DUTY,
    expires_at: dt.datetime | None = None,
) -> None:
    """Mail ``calendar`` alone to an address that was proved, or that was mailed an entry for ``subject``, which would
    go on saying what holds no more; whoever has none is told by other ways.

    ``about`` says which duty it is, in the recipient's language when it is read.
    """
    if recipient.email and (recipient.is_proved_on(Channel.EMAIL) or _was_mailed_entry(recipient, subject)):
        tell(
            recipient,
            kind=ENTRY,
            subject=subject,
            template="notifications/calendar_entry.txt",
            context={"about": about},
            occasion=occasion,
            calendar=calendar,
            matter=matter,
            expires_at=expires_at,
            calls=False,
            only=Channel.EMAIL,
        )


def _was_mailed_entry(recipient: Contact, subject: str) -> bool:
    tried = Attempt.objects.filter(channel=Channel.EMAIL, address=recipient.email, outcome__in=PERHAPS_ARRIVED)
    return tried.filter(message__subject=subject, message__recipient=recipient).exclude(message__calendar="").exists()


def entries_mailed(subjects: Collection[str]) -> dict[str, str]:
    """By subject, to which address the last calendar entry goes by mail, "" where it goes another way or none; in one
    query.
    """
    rows = Message.objects.filter(subject__in=subjects).exclude(calendar="").order_by("pk")
    gone = (Message.State.CANCELLED, Message.State.REPLACED, Message.State.FAILED)
    mailed = {row.subject: row.channel == Channel.EMAIL and row.state not in gone and row.address for row in rows}
    return {subject: address or "" for subject, address in mailed.items()}


WRITTEN = (
    "matter",
    "calls",
    "only",
    "channel",
    "address",
    "title",
    "body",
    "short",
    "answers",
    "calendar",
    "state",
    "due_at",
    "expires_at",
)


def tell_all(letters: Collection[Letter], *, again: Callable[[], Iterable[Letter]]) -> int:
    """Write many messages with a constant number of queries; those told before stay as they are. Returns how many.

    Finding the words takes a while. ``again`` gives the letters anew in the transaction that writes them: what is not
    due any more is not written, and the others go the way that is best by then.
    """
    writer = Writer([letter.recipient for letter in letters])
    worded = {_what(letter): writer.write(letter) for letter in letters}
    with transaction.atomic():
        still = [letter for letter in again() if _what(letter) in worded]
        by_now = Writer([letter.recipient for letter in still])
        messages = []
        for letter in still:
            message = worded[_what(letter)]
            message.recipient, message.state = letter.recipient, Message.State.QUEUED
            message.due_at = letter.due_at or timezone.now()
            by_now.address(message)
            messages.append(message)
        Message.objects.bulk_create(messages, ignore_conflicts=True)
        writer.keep_links()
        ring_after_commit(len(messages))
    return len(messages)


def _what(letter: Letter) -> tuple[object, ...]:
    return letter.kind, letter.subject, letter.recipient.pk, letter.occasion, letter.expires_at


@transaction.atomic
def send_code(number: str, *, kind: str, template: str, context: Mapping[str, object], occasion: str = "") -> None:
    """Send an SMS to the mobile ``number`` (E.164) of somebody who waits for it, whether known to us or not.

    It goes before all others, at any hour, in the language of the page, and is of no use after CODE_LASTS. The same
    (kind, number, occasion) is sent once. Nothing is sent to a number that has stopped our messages.
    """
    now = timezone.now()
    known = Contact.objects.filter(Q(mobile_e164=number) | Q(phone_e164=number)).order_by("pk").first()
    contact = known or Contact.objects.create(name=number, phone=number)
    short = render_to_string(template, {"recipient": contact, **context}).strip()
    blocked = Suppression.objects.filter(channel=Channel.SMS, address=number).exists()
    message, created = Message.objects.get_or_create(
        kind=kind,
        subject=f"number:{number}",
        recipient=contact,
        occasion=occasion or now.isoformat(),
        defaults={
            "channel": Channel.SMS,
            "address": number,
            "title": str(CODE_BY_SMS),
            "body": "",
            "short": short,
            "is_code": True,
            "expires_at": now + CODE_LASTS,
            "state": Message.State.CANCELLED if blocked else Message.State.QUEUED,
        },
    )
    if created and not blocked:
        _deliver_after_commit(message.pk)


def withdraw(*subjects: str, kinds: Collection[str] = (), again: bool = False) -> int:
    """Tell nobody any more about ``subjects``: nothing of them, or nothing of the given kinds.

    ``again``: what nobody was told yet may be written anew, once it is true again.
    """
    rows = Message.objects.filter(subject__in=subjects)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    return rows.supersede(again=again)


# --- Another way, or none -----------------------------------------------------------------------------
def step_down(message: Message, rows: QuerySet[Message]) -> None:
    """``rows`` (the message, if its state allows) go on by the next way of the ladder, in the end to a person.

    What is of no use any more goes no further. The row knows: a later fact may have come since ``message`` was read.
    """
    now = timezone.now()
    if rows.filter(expires_at__lte=now).update(state=Message.State.CANCELLED):
        return
    _go_by(None if message.is_code else next_way(message), message, rows)


def is_unwanted(message: Message) -> bool:
    """Whether the recipient does without messages of this matter by now."""
    return message.recipient.preferences.filter(matter=message.matter, wanted=False).exists()


def _go_by(way: tuple[Channel, str] | None, message: Message, rows: QuerySet[Message]) -> None:
    if is_unwanted(message):
        rows.update(state=Message.State.CANCELLED)
        return
    if way is None:
        rows.update(state=Message.State.FAILED if is_worth_a_call(message) else Message.State.CANCELLED)
        return
    now, (channel, address) = timezone.now(), way
    due_at = QuietHours.current().due(channel, max(now, message.due_at), message.expires_at)
    moved = rows.update(
        state=Message.State.QUEUED, channel=channel, address=address, due_at=due_at, tries=0, claimed_at=None
    )
    if moved and channel != Channel.PHONE and due_at <= now:
        _deliver_after_commit(message.pk)


# --- What providers say later --------------------------------------------------------------------------
class Report:
    """A provider's word on an attempt after it was accepted. Final ones outrank the others, whichever comes first."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


@transaction.atomic
def report(attempt: Attempt, word: str, *, provider_id: str = "", answer: str = "", suppressed: str = "") -> None:
    """Note a provider's ``word``: "delivered", "undelivered", or a step on the way there.

    ``suppressed`` is a Suppression.Reason where the word says that the address itself does not work.

    Hearing it again, in another order, or late changes nothing that is settled: only an attempt without a final
    word takes one, and only a message that this attempt left as sent or unknown moves.
    """
    attempt = Attempt.objects.select_for_update(of=("self",)).select_related("message__recipient").get(pk=attempt.pk)
    if provider_id and not attempt.provider_id:
        Attempt.objects.filter(pk=attempt.pk).update(provider_id=provider_id)
    if attempt.reported in FINAL or word not in FINAL:
        return
    attempt.reported, attempt.reported_at = word, timezone.now()
    if answer:
        attempt.answer = answer[:500]
    attempt.save(update_fields=["reported", "reported_at", "answer"])
    if suppressed:
        suppress(attempt.channel, attempt.address, suppressed, answer=answer)
    apply_report(attempt)


FINAL = (Report.DELIVERED, Report.UNDELIVERED)


def apply_report(attempt: Attempt) -> None:
    """Move the message as its last attempt was reported; while it is being sent ``settle`` does so."""
    message = attempt.message
    later = Attempt.objects.filter(message=message, pk__gt=attempt.pk)
    rows = Message.objects.filter(
        ~Exists(later),
        pk=message.pk,
        state__in=(Message.State.SENT, Message.State.UNKNOWN),
        channel=attempt.channel,
        address=attempt.address,
    )
    if attempt.reported == Report.DELIVERED:
        rows.update(state=Message.State.DELIVERED, sent_at=attempt.started_at)
    elif rows.exists():
        step_down(message, rows)


@transaction.atomic
def suppress(
    channel: str,
    address: str,
    reason: str,
    *,
    answer: str = "",
    by: User | None = None,
    happened_at: dt.datetime | None = None,
) -> None:
    """Nothing is sent to ``address`` any more; what waits for it goes another way.

    A bounce does not take the place of a person's stop, nor either of the office's: who may lift it stays the same.
    """
    now, stronger = timezone.now(), STRENGTH[STRENGTH.index(reason) + 1 :]
    address = as_stored(channel, address)
    if not Suppression.objects.filter(channel=channel, address=address, reason__in=stronger).exists():
        values = {"reason": reason, "answer": answer[:500], "by": by, "since": now}
        Suppression.objects.update_or_create(channel=channel, address=address, defaults=values)
    at = happened_at or now
    AddressChange.objects.create(channel=channel, address=address, what=reason, note=answer[:500], at=at, by=by)
    _put_right(Message.objects.filter(channel=channel, address=address))


def turn_back(messages: Collection[Message]) -> Collection[Message]:
    """Of ``messages``, locked and about to leave, those that may; what was written while its address was stopped may
    not, and goes another way, and what is not wanted any more goes no way.
    """
    rows = Suppression.objects.filter(address__in={message.address for message in messages})
    stopped = set(rows.values_list("channel", "address"))
    wishes = Preference.objects.filter(contact__in={message.recipient_id for message in messages}, wanted=False)
    unwanted = set(wishes.values_list("contact", "matter"))
    if not stopped and not unwanted:
        return messages
    leaving = [
        message
        for message in messages
        if (message.recipient_id, message.matter) not in unwanted
        and ((message.channel, message.address) not in stopped or may_have_arrived(message))
    ]
    _put_right(Message.objects.filter(pk__in={message.pk for message in messages} - {one.pk for one in leaving}))
    return leaving


@transaction.atomic
def follow(contact: Contact) -> None:
    """What has not left yet goes to where ``contact`` is reached by now, and as they wish by now."""
    _put_right(Message.objects.filter(recipient=contact, is_code=False))


def _put_right(rows: MessageQuerySet) -> None:
    """Those of ``rows`` that have not begun to leave go by the way that is best by now, drafts as drafts."""
    waiting = rows.filter(state__in=[*WAITING, Message.State.SENDING]).select_related("recipient")
    found = list(waiting.select_for_update(of=("self",)).order_by("pk"))
    # Asked when they are locked: a worker notes under this lock that it hands one over.
    begun = set(Attempt.objects.filter(message__in=found, ended_at=None).values_list("message_id", flat=True))
    for message in found:
        if message.pk not in begun:
            _put_one_right(message)


def _put_one_right(message: Message) -> None:
    recipient, state = message.recipient, Message.State
    rows = Message.objects.filter(pk=message.pk)
    if is_unwanted(message):
        rows.update(state=state.CANCELLED)
        return
    way = None if message.is_code else next_way(message, after=False)
    if way == (message.channel, message.address):
        return
    if message.state == state.DRAFT:
        if way:
            rows.update(channel=way[0], address=way[1])
    elif not may_have_arrived(message):
        _go_by(way, message, rows)
        if way:
            message.channel, message.address = way
            _mail_its_entry(message)
    elif message.address != recipient.address_on(message.channel):
        rows.update(state=state.UNKNOWN)


def may_have_arrived(message: Message) -> bool:
    """Whether the provider left open if it took ``message``: then only the provider may be asked again."""
    return message.attempts.filter(channel=message.channel, address=message.address, outcome="repeat").exists()


STRENGTH = (Suppression.Reason.BOUNCED, Suppression.Reason.STOPPED, Suppression.Reason.SUSPENDED)
# What a person may take back themselves; what the office has stopped, the office lifts.
OWN_REASONS = (Suppression.Reason.BOUNCED, Suppression.Reason.STOPPED)


@transaction.atomic
def lift(
    channel: str,
    address: str,
    *,
    reasons: Collection[str] = tuple(Suppression.Reason),
    note: str = "",
    by: User | None = None,
    happened_at: dt.datetime | None = None,
) -> bool:
    """Messages go to ``address`` again. False when nothing stood against it for one of ``reasons``."""
    address = as_stored(channel, address)
    if not Suppression.objects.filter(channel=channel, address=address, reason__in=reasons).delete()[0]:
        return False
    at = happened_at or timezone.now()
    AddressChange.objects.create(
        channel=channel, address=address, what=AddressChange.LIFTED, note=note[:500], at=at, by=by
    )
    if channel == Channel.EMAIL:  # what other ways have told meanwhile, the calendar does not know
        for contact in Contact.objects.filter(email=address).order_by("pk"):
            say_reached(contact, Channel.EMAIL)
    return True


# --- By hand -----------------------------------------------------------------------------------------
@transaction.atomic
def note_told(message: Message, *, by: User, note: str = "") -> None:
    """A coordinator has told the person, or made sure that the message arrived.

    Raises OutOfDate when it does not hold any more, and ChangedMeanwhile.
    """
    now = timezone.now()
    waiting = Message.objects.needs_a_person().filter(pk=message.pk)
    if waiting.update(state=Message.State.DELIVERED, sent_at=now, settled_by=by) != 1:
        raise _settled_otherwise(message)
    note_hand(message, Hand.TOLD, by=by, note=note)


class NowhereToSend(Refused):
    sentence = gettext_lazy("このお知らせを送れる宛先がありません。宛先を直してから、もう一度送ってください。")


class OutOfDate(ChangedMeanwhile):
    sentence = gettext_lazy(
        "このお知らせは、もう今のことではありません(時間が過ぎたか、あとのお知らせに替わりました)。"
        "何も送っていません。今のことは、その人の「本人への連絡」で見られます。"
    )


def _settled_otherwise(message: Message) -> ChangedMeanwhile:
    """Why nobody needs to be told ``message`` by hand any more."""
    settled = Message.objects.useful(timezone.now()).filter(pk=message.pk).exists()
    return ChangedMeanwhile() if settled else OutOfDate()


class Hand:
    """What a coordinator did about a message: the outcome of an attempt that no channel made."""

    TOLD = "told"
    AGAIN = "again"
    EDITED = "edited"


def note_hand(message: Message, outcome: str, *, by: User, note: str = "") -> None:
    """Keep who did what, when and why. Without a channel: it says nothing about any."""
    now = timezone.now()
    answer = ": ".join(filter(None, [str(by), note.strip()]))[:500]
    Attempt.objects.create(message=message, started_at=now, ended_at=now, outcome=outcome, answer=answer)


@transaction.atomic
def send_again(message: Message, *, by: User, note: str = "") -> None:
    """A coordinator knows that the message did not arrive: it is sent anew, unless the person does without it by now.

    Raises as ``note_told``, and NowhereToSend where only a way that does not work may bring it.
    """
    waiting = Message.objects.needs_a_person().filter(pk=message.pk)
    waiting = waiting.exclude(channel=Channel.PHONE, state="queued")
    # The contact may have been put right since; a person who has lost the address is rung instead.
    anew = Message(
        recipient=message.recipient,
        matter=message.matter,
        body=message.body,
        short=message.short,
        calls=message.calls,
        only=message.only,
        due_at=timezone.now(),
    )
    Writer([message.recipient]).address(anew)
    if message.only and anew.state == Message.State.FAILED:
        raise NowhereToSend
    anew.state = Message.State.CANCELLED if is_unwanted(message) else Message.State.QUEUED
    where = {"channel": anew.channel, "address": anew.address, "due_at": anew.due_at}
    if waiting.update(state=anew.state, tries=0, settled_by=by, **where) != 1:
        raise _settled_otherwise(message)
    note_hand(message, Hand.AGAIN, by=by, note=note)
    if _leaves_now(anew):
        _deliver_after_commit(message.pk)
    if anew.state == Message.State.QUEUED:
        message.channel, message.address = anew.channel, anew.address
        _mail_its_entry(message)


# --- The bell ----------------------------------------------------------------------------------------
def _leaves_now(message: Message) -> bool:
    queued = message.state == Message.State.QUEUED and message.channel != Channel.PHONE
    return queued and message.due_at <= timezone.now()


def _deliver_after_commit(pk: int) -> None:
    from notifications.tasks import deliver_message

    # robust: a lost broker is logged and must not fail the click; the sweep delivers.
    transaction.on_commit(lambda: deliver_message.delay(pk), robust=True)


def ring_after_commit(messages: int) -> None:
    """Call workers for this many messages, when they are written."""
    transaction.on_commit(lambda: ring(messages), robust=True)


def ring(messages: int, **options: Any) -> None:
    """Call as many workers as this many messages keep busy. ``options`` are Celery's."""
    from notifications.tasks import deliver_due

    for _bell in range(min(-(-messages // TAKEN_AT_ONCE), BELLS_AT_MOST)):
        deliver_due.apply_async(**options)

"""Delivering what is due in the outbox, each message once.

Whoever hears the bell takes the messages that are due, a few at a time, and each goes through three steps that a crash
may separate: note that it is handed over, hand it to the provider, note the answer. Several messages are with providers
at once. What comes back together is noted together, in the transaction that notes which ones leave next: the busier
the database, the less it is asked for each message. What a dead worker had taken but not begun waits again. What it
had begun is settled by asking the provider for the message's own id; where the provider cannot tell, it becomes
"unknown" for a person to look at. It is never sent again on a guess. See docs/adr/0002, 0023 and 0028.
"""

import datetime as dt
import logging
import random
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import or_
from queue import Empty, SimpleQueue
from typing import NamedTuple, Self

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, prefetch_related_objects
from django.utils import timezone

from notifications import journal, pace
from notifications.channels import Outcome, Receipt, channel_of, email
from notifications.ladder import RINGING, QuietHours
from notifications.models import Attempt, Message
from notifications.models.messages import MessageQuerySet
from notifications.outbox import (
    TAKEN_AT_ONCE,
    WAITING,
    apply_report,
    follow,
    may_have_arrived,
    ring,
    step_down,
    suppress,
    turn_back,
)

log = logging.getLogger(__name__)

TRIES_AT_MOST = 8
BACKOFF_CEILING = dt.timedelta(hours=2)
ROUND = 60.0
"""seconds after which a worker that delivers lets other tasks come first"""
AHEAD = 16
"""messages noted for each sender: the one that it has at a provider, and those that follow"""
PATIENCE = 0.5
"""seconds that an answer waits for others to be noted with it, as long as the senders have enough to do"""


class Answered(NamedTuple):
    """An attempt, with its message, and what the provider said."""

    attempt: Attempt
    receipt: Receipt


class Ready(NamedTuple):
    """A claimed message and the moment at which it may leave."""

    message: Message
    at: dt.datetime


# --- Taking ------------------------------------------------------------------------------------------
def deliver(pk: int) -> None:
    """Deliver the message if it is queued and due, and nobody else is at it."""
    _hand_over(iter(_claim(Message.objects.filter(pk=pk))))


def deliver_due(*, seconds: float = ROUND) -> int:
    """Deliver what is due until nothing is left or ``seconds`` have passed. Returns the number of messages."""
    deadline = time.monotonic() + seconds
    handed = _hand_over(_due_until(deadline))
    if time.monotonic() >= deadline:
        ring(1)
    return handed


def _due_until(deadline: float) -> Iterator[Message]:
    while time.monotonic() < deadline and (taken := _claim(Message.objects.all())):
        yield from taken


def _claim(among: MessageQuerySet) -> list[Message]:
    """Take some due messages for this worker alone."""
    now = timezone.now()
    with transaction.atomic():
        due = among.due(now).select_for_update(skip_locked=True).order_by("-is_code", "due_at", "pk")
        taken = list(due[:TAKEN_AT_ONCE])
        if taken:
            claimed = Message.objects.filter(pk__in=[message.pk for message in taken])
            claimed.update(state=Message.State.SENDING, claimed_at=now)
    for message in taken:
        message.state, message.claimed_at = Message.State.SENDING, now
    # A channel may look at earlier attempts, and must not ask the database.
    prefetch_related_objects([message for message in taken if message.tries], "attempts")
    return taken


def _ours(messages: Collection[Message], *states: Message.State) -> MessageQuerySet:
    """The rows that are in one of ``states`` and that nobody has taken back, or taken anew, since this claim."""
    claims = defaultdict(list)
    for message in messages:
        claims[message.claimed_at].append(message.pk)
    ours = (Q(claimed_at=at, pk__in=keys) for at, keys in claims.items())
    return Message.objects.filter(reduce(or_, ours, Q(pk__in=())), state__in=states or (Message.State.SENDING,))


def _ready(taken: Iterable[Message]) -> Iterator[Ready]:
    """Those that may leave now or soon; the others go back into the queue."""
    quiet: QuietHours | None = None
    for message in taken:
        now = timezone.now()
        if message.channel in RINGING and not message.is_code:
            quiet = quiet or QuietHours.current()
            due_at = quiet.due(message.channel, now, message.expires_at)
        else:
            due_at = now
        at = max(due_at, pace.reserve(message.channel, now))
        if at > now + pace.WORTH_WAITING:
            _ours([message]).update(state=Message.State.QUEUED, due_at=at)
        else:
            yield Ready(message, at)


# --- Handing over --------------------------------------------------------------------------------------
def _hand_over(taken: Iterator[Message]) -> int:
    """Keep as many messages with providers as OUTBOX_AT_ONCE says until ``taken`` ends. Returns how many.

    Some more are noted as handed over and wait for a sender, so that none idles while the database is asked.
    """
    at_once = settings.OUTBOX_AT_ONCE
    coming, held, handed, under_way = _ready(taken), list[Ready](), 0, 0
    answered: list[Answered] = []
    with journal.writing() as book, _Senders(at_once, book) as senders:
        while True:
            while len(held) + under_way < AHEAD * at_once and (ready := next(coming, None)):
                held.append(ready)
            now = timezone.now()
            leaving = [ready.message for ready in held if ready.at <= now]
            held = [ready for ready in held if ready.at > now]
            begun = _note(answered, leaving)
            senders.send(begun)
            under_way, handed = under_way + len(begun), handed + len(leaving)
            if not held and not under_way:
                return handed
            seconds = (min(ready.at for ready in held) - timezone.now()).total_seconds() if held else None
            answered = senders.back(under_way, seconds)
            under_way -= len(answered)


class _Senders:
    """Threads of their own ask the providers. They must not ask the database: their connections would stay open."""

    def __init__(self, at_once: int, book: journal.Journal) -> None:
        self._at_once, self._book = at_once, book
        self._pool = ThreadPoolExecutor(at_once, initializer=email.keep_connection)
        self._answers: SimpleQueue[Answered] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        # After a fault of ours, what has not begun does not begin any more.
        self._pool.shutdown(cancel_futures=True)

    def send(self, attempts: Sequence[Attempt]) -> None:
        if attempts:
            self._book.noted(attempts)
        for attempt in attempts:
            self._pool.submit(self._send, attempt)

    def _send(self, attempt: Attempt) -> None:
        self._answers.put(Answered(attempt, self._receipt(attempt)))

    def _receipt(self, attempt: Attempt) -> Receipt:
        if timezone.now() > attempt.started_at + settings.OUTBOX_LEASE / 2:
            # Providers are slow. Begun now, it could outlast the lease, and the sweep would take it for left behind.
            return Receipt(Outcome.NOT_SENT, "waited too long for a sender")
        try:
            self._book.begun(attempt)
        except OSError as error:
            return Receipt(Outcome.NOT_SENT, repr(error))
        try:
            receipt = channel_of(attempt.message).send(attempt.message)
            self._book.answered(attempt, receipt)
        except Exception as error:  # a fault of ours may have come after the provider had the message
            log.exception("a channel raised")
            receipt = Receipt(Outcome.UNKNOWN, repr(error))
        return receipt

    def back(self, under_way: int, seconds: float | None) -> list[Answered]:
        """What has come back, when only a few are still under way, after PATIENCE, or after so many seconds."""
        if not under_way:
            time.sleep(max(0, seconds or 0))
            return []
        answers: list[Answered] = []
        deadline = None if seconds is None else time.monotonic() + max(0, seconds)
        while True:
            try:
                enough = answers and under_way - len(answers) <= 2 * self._at_once
                left = 0 if enough else None if deadline is None else max(0, deadline - time.monotonic())
                answers.append(self._answers.get(timeout=left))
            except Empty:
                return answers
            patient = time.monotonic() + PATIENCE
            deadline = patient if len(answers) == 1 and (deadline is None or patient < deadline) else deadline


def _note(answered: Sequence[Answered], leaving: Sequence[Message]) -> Sequence[Attempt]:
    """Note what came back, and that these are handed over now as far as they are still ours: in one transaction."""
    if not answered and not leaving:
        return ()
    with transaction.atomic():
        if answered:
            settle(answered, leaving)
        now = timezone.now()
        rows = _ours(leaving).useful(now).select_for_update().order_by("pk") if leaving else Message.objects.none()
        # One that went another way in between may be there twice, as it was and as it is.
        ours = set(rows.values_list("pk", "claimed_at"))
        going = [message for message in leaving if (message.pk, message.claimed_at) in ours]
        return Attempt.objects.bulk_create(
            Attempt(message=message, channel=message.channel, address=message.address, started_at=now)
            for message in (turn_back(going) if going else ())
        )


# --- Noting the answers ----------------------------------------------------------------------------------
@transaction.atomic(savepoint=False)
def settle(answered: Sequence[Answered], leaving: Sequence[Message] = ()) -> None:
    """Note what became of attempts. Whatever somebody else has settled first is left alone.

    ``leaving``: what the same transaction hands over next.
    """
    now = timezone.now()
    for attempt, receipt in answered:
        attempt.ended_at, attempt.outcome, attempt.answer = now, receipt.outcome, receipt.answer[:500]
        attempt.provider_id = receipt.provider_id
    # One statement, however many: the rows are there.
    Attempt.objects.bulk_create(
        [attempt for attempt, _receipt in answered],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["ended_at", "outcome", "answer", "provider_id"],
    )
    if any(receipt.outcome != Outcome.SENT for _attempt, receipt in answered):
        _hold(answered, leaving)
    if sent := [attempt for attempt, receipt in answered if receipt.outcome == Outcome.SENT]:
        _note_sent(sent, now)
    for attempt, receipt in answered:
        if receipt.outcome != Outcome.SENT:
            _note_other(attempt, receipt, now)


def _hold(answered: Sequence[Answered], leaving: Sequence[Message]) -> None:
    """Lock in their order all rows that settling may move, those of others for the same people and addresses, too: two
    workers, each of whom comes upon a row of the other's, would wait for each other for ever."""
    keys = {attempt.message_id for attempt, _receipt in answered} | {message.pk for message in leaving}
    waiting = Message.objects.filter(state__in=[*WAITING, Message.State.SENDING]).values_list("pk", flat=True)
    if changed := [attempt.message.recipient_id for attempt, _receipt in answered if _has_moved(attempt.message)]:
        keys.update(waiting.filter(recipient__in=changed))
    if stopped := [attempt.address for attempt, receipt in answered if receipt.suppress]:
        keys.update(waiting.filter(address__in=stopped))
    list(Message.objects.filter(pk__in=keys).select_for_update().order_by("pk").values_list("pk"))


def _has_moved(message: Message) -> bool:
    """Whether the person's address was changed while the provider was asked."""
    return message.address != message.recipient.address_on(message.channel)


def _note_sent(attempts: Sequence[Attempt], now: dt.datetime) -> None:
    """Sent; unless the provider's report of an attempt has come before its answer."""
    state = Message.State
    # The attempts' rows are ours since they were noted: a report has come by now, or waits for our commit.
    early = Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).exclude(reported="")
    # An answer that comes too late still tells more than not knowing.
    rows = _ours([attempt.message for attempt in attempts], state.SENDING, state.UNKNOWN)
    values = {"state": state.SENT, "sent_at": now, "tries": F("tries") + 1}
    if rows.filter(~Exists(early.filter(message=OuterRef("pk")))).update(**values) == len(attempts):
        return
    reported = list(early.select_related("message"))
    rows.filter(pk__in=[attempt.message_id for attempt in reported]).update(**values)
    for attempt in reported:
        apply_report(attempt)


def _note_other(attempt: Attempt, receipt: Receipt, now: dt.datetime) -> None:
    message = attempt.message
    rows, tries = _ours([message]), message.tries + 1
    match receipt.outcome:
        case Outcome.UNKNOWN:
            rows.update(state=Message.State.UNKNOWN, tries=tries)
        case Outcome.NOT_SENT | Outcome.REPEAT if tries < TRIES_AT_MOST:
            rows.update(state=Message.State.QUEUED, tries=tries, due_at=now + backoff(tries))
            if _has_moved(message):
                follow(message.recipient)
        case Outcome.REPEAT:
            rows.update(state=Message.State.UNKNOWN, tries=tries)
        case Outcome.NOT_SENT if may_have_arrived(message):
            rows.update(state=Message.State.UNKNOWN, tries=tries)
        case _:
            # First the address, so that the ladder leaves it out, whoever shares it.
            if receipt.suppress:
                suppress(attempt.channel, attempt.address, receipt.suppress, answer=receipt.answer)
            step_down(message, rows)


def backoff(tries: int) -> dt.timedelta:
    """How long to wait after the ``tries``-th failure: doubling to a ceiling, with jitter so that waiters spread."""
    wait: dt.timedelta = min(settings.OUTBOX_BACKOFF * 2.0 ** (tries - 1), BACKOFF_CEILING)
    return wait * random.uniform(0.5, 1.0)  # noqa: S311  (spreads load, keeps no secret)


# --- What was left behind ----------------------------------------------------------------------------------
def sweep(*, limit: int = 500) -> int:
    """Settle what a dead worker left behind, then deliver what is due. Returns the number of messages looked at."""
    now = timezone.now()
    state = Message.State
    for told in journal.left_behind():
        _take_over(told)
    begun = Attempt.objects.filter(message=OuterRef("pk"), ended_at=None)
    with transaction.atomic():
        left = Message.objects.filter(state=state.SENDING, claimed_at__lt=now - settings.OUTBOX_LEASE)
        # Locked before it is asked what was begun: a process that slept may be noting it in this moment.
        held = list(left.select_for_update(skip_locked=True).order_by("pk")[:limit].values_list("pk", flat=True))
        Message.objects.filter(~Exists(begun), pk__in=held).update(state=state.QUEUED)
    Message.objects.filter(state=state.QUEUED, expires_at__lte=now).update(state=state.CANCELLED)
    silent = Attempt.objects.filter(
        ended_at=None, started_at__lt=now - settings.OUTBOX_LEASE, message__state=state.SENDING
    )
    stale = list(silent.select_related("message__recipient").order_by("pk")[:limit])
    for attempt in stale:
        settle([Answered(attempt, channel_of(attempt.message).look_up(attempt.message))])
    due = Message.objects.due(now).count()
    # A bell that nobody heard before the next sweep is of no use any more.
    ring(due - TAKEN_AT_ONCE, expires=settings.OUTBOX_SWEEP.total_seconds())
    return len(stale) + deliver_due()


@transaction.atomic
def _take_over(told: journal.Left) -> None:
    """What a killed process was answered is noted; what it never began counts as not begun."""
    attempts = Attempt.objects.filter(pk__in=told.keys, ended_at=None).select_related("message__recipient")
    answered, never_begun = [], []
    for attempt, receipt in told.matching(attempts):
        if receipt:
            answered.append(Answered(attempt, receipt))
        else:
            never_begun.append(attempt.pk)
    Attempt.objects.filter(pk__in=never_begun, ended_at=None).delete()
    if answered:
        settle(answered)

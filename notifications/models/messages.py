"""The outbox: a message is a row first, then a delivery."""

import datetime as dt
import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.models.contacts import Channel, Contact, Matter


class MessageQuerySet(models.QuerySet["Message"]):
    def useful(self, now: dt.datetime) -> Self:
        """What may still be told at ``now``: its time is not over, and no later fact has taken its place."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def due(self, now: dt.datetime) -> Self:
        """What a worker may deliver at ``now``; calls are a person's."""
        return self.useful(now).filter(state=Message.State.QUEUED, due_at__lte=now).exclude(channel=Channel.PHONE)

    def supersede(self, *, by: "Message | None" = None, again: bool = False) -> int:
        """None of these is told any more, be it that ``by`` says what holds now. Returns how many had not left.

        What has left stays as it is, and goes no further: neither again nor by another way. ``again``: what nobody was
        told gives its identity free, so that it may be written anew once it is true again.
        """
        now, state = timezone.now(), Message.State
        self.useful(now).update(expires_at=now)
        if again:
            # Asked when they are locked: a worker notes under this lock that it hands one over.
            begun = Attempt.objects.filter(Q(ended_at=None) | Q(outcome="repeat"), message=OuterRef("pk"))
            kept = self.filter(~Exists(begun), state__in=[state.DRAFT, state.QUEUED, state.SENDING, state.FAILED])
            kept.update(occasion=Concat("occasion", Value("~"), Cast("pk", CharField())))
        untold = self.filter(state__in=[state.DRAFT, state.QUEUED, state.FAILED])
        return untold.update(state=state.REPLACED if by else state.CANCELLED, replaced_by=by)

    def needs_a_person(self, now: Any = None) -> Self:
        """Calls to make, and messages that failed or of which nobody knows whether they arrived.

        What is of no use any more needs nobody: its time is over, or a later message says what holds now.
        """
        now = now or timezone.now()
        return self.useful(now).filter(
            Q(channel=Channel.PHONE, state=Message.State.QUEUED, due_at__lte=now)
            | Q(state__in=[Message.State.FAILED, Message.State.UNKNOWN]),
            is_code=False,
        )


class Message(models.Model):
    """Something that one person is told once. The four columns of ``message_once`` are its identity."""

    class State(models.TextChoices):
        DRAFT = "draft", _("下書き")
        QUEUED = "queued", _("送信待ち")
        SENDING = "sending", _("送信中")
        SENT = "sent", _("送信済み")
        DELIVERED = "delivered", _("到着")
        FAILED = "failed", _("失敗")
        UNKNOWN = "unknown", _("不明(確認が必要)")
        CANCELLED = "cancelled", _("取消")
        REPLACED = "replaced", _("差し替え")

    # The provider's idempotency key: the Message-ID of a mail, LINE's retry key.
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)  # the row it is about, such as "assignment:12"
    recipient = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="messages")
    occasion = models.CharField(max_length=60, blank=True)  # tells repeats apart, such as a date or a round
    matter = models.CharField(max_length=10, choices=Matter.choices, default=Matter.DUTY)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=254)
    title = models.CharField(max_length=200)
    body = models.TextField()
    short = models.TextField(blank=True)  # what an SMS says; without it no SMS is sent
    # Words with which the person may answer in a chat: [[word for the verb, label], …].
    answers = models.JSONField(default=list, blank=True)
    # Somebody waits for it before a screen: it leaves first, at any hour, by this way alone, and no page shows it.
    is_code = models.BooleanField(default=False)
    # Whether a coordinator rings where nothing else reaches; for some reminders nobody does.
    calls = models.BooleanField(default=True)
    # The one way it may take: what proves an address, and what only a mail can carry. "": any.
    only = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    calendar = models.TextField(blank=True)  # an iCalendar object to attach; its METHOD is the MIME method
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)  # not before this: the first try, or the next
    # Of no use after this, because its time is over or a later fact holds: cancelled instead of sent.
    expires_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # since it was queued, or queued again by a person
    replaced_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaces")
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("メッセージ")
        verbose_name_plural = _("メッセージ")
        ordering = ["-created_at", "-pk"]
        constraints = [
            # The subject first: what is known of one is looked for, too, whatever kinds of messages there are.
            models.UniqueConstraint(fields=["subject", "kind", "recipient", "occasion"], name="message_once"),
            models.CheckConstraint(
                name="message_state_known",
                condition=Q(
                    state__in=[
                        "draft",
                        "queued",
                        "sending",
                        "sent",
                        "delivered",
                        "failed",
                        "unknown",
                        "cancelled",
                        "replaced",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="message_claimed_while_sending", condition=~Q(state="sending") | Q(claimed_at__isnull=False)
            ),
            models.CheckConstraint(
                name="message_sent_has_time", condition=~Q(state__in=["sent", "delivered"]) | Q(sent_at__isnull=False)
            ),
            models.CheckConstraint(
                name="message_replaced_by_none_but_the_replaced",
                condition=Q(replaced_by=None) | Q(state="replaced"),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-is_code", "due_at"], name="message_due"),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.address}"

    @property
    def is_useful(self) -> bool:
        """As ``MessageQuerySet.useful``, now."""
        return self.expires_at is None or self.expires_at > timezone.now()


class Attempt(models.Model):
    """One try at handing a message to its provider, and what the provider said then and later; or what a person did."""

    # The first five are those of notifications.channels.Outcome; the others are a coordinator's doing, by no channel.
    OUTCOMES = (
        ("sent", _("受け付けられました")),
        ("not_sent", _("送れませんでした(またためします)")),
        ("repeat", _("返事がありません(またためします)")),
        ("refused", _("断られました")),
        ("unknown", _("届いたか分かりません")),
        ("told", _("伝えました")),
        ("again", _("もう一度送りました")),
        ("edited", _("この人への文を直しました")),
    )
    REPORTS = (("delivered", _("届きました")), ("undelivered", _("届きませんでした")))

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    address = models.CharField(max_length=254, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, blank=True, choices=OUTCOMES)
    answer = models.CharField(max_length=500, blank=True)
    provider_id = models.CharField(max_length=100, blank=True, db_index=True)
    reported = models.CharField(max_length=100, blank=True, choices=REPORTS)  # the provider's later word
    reported_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S} {self.outcome}"


class WebhookEvent(models.Model):
    """Something that a provider told us, noted so that hearing it again changes nothing."""

    channel = models.CharField(max_length=10, choices=Channel.choices)
    event_id = models.CharField(max_length=100)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "event_id"], name="webhook_event_once")]

    def __str__(self) -> str:
        return f"{self.channel} {self.event_id}"


class Pace(models.Model):
    """When the next message may leave on a channel that takes only so many a second."""

    channel = models.CharField(max_length=10, choices=Channel.choices, primary_key=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.channel}: {self.next_at}"

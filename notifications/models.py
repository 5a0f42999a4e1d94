"""Contacts, and the outbox: a message is a row first, then a delivery."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from notifications import links
from notifications.phones import e164


class Channel(models.TextChoices):
    EMAIL = "email", _("メール")
    PHONE = "phone", _("電話(コーディネーターがかけます)")


def language_in_use() -> str:
    """The language of the page, for the contact that is entered on it."""
    return get_language() or settings.LANGUAGE_CODE


class Contact(models.Model):
    """Where somebody can be reached. Several people may share an address or a number: neither is a key."""

    name = models.CharField(_("名前"), max_length=100)
    email = models.EmailField(_("メールアドレス"), blank=True)
    phone = models.CharField(_("電話番号"), max_length=40, blank=True)
    phone_e164 = models.CharField(max_length=16, blank=True, editable=False, db_index=True)
    email_proved_at = models.DateTimeField(null=True, blank=True, editable=False)
    language = models.CharField(
        _("お知らせのことば"), max_length=10, choices=settings.LANGUAGES, default=language_in_use
    )

    class Meta:
        verbose_name = _("連絡先")
        verbose_name_plural = _("連絡先")
        constraints = [models.CheckConstraint(name="contact_reachable", condition=~Q(email="", phone=""))]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.phone_e164 = e164(self.phone)
        super().save(*args, **kwargs)

    @property
    def language_path(self) -> str:
        """Where whoever has the link chooses the language of the messages."""
        return reverse("messages:language", args=[links.token(links.LANGUAGE, self.pk)])

    @property
    def channel(self) -> Channel:
        return Channel.EMAIL if self.email else Channel.PHONE

    @property
    def address(self) -> str:
        return self.email or self.phone


class MessageQuerySet(models.QuerySet["Message"]):
    def needs_a_person(self) -> Self:
        """Calls to make, and messages that failed or of which nobody knows whether they arrived."""
        return self.filter(
            Q(channel=Channel.PHONE, state=Message.State.QUEUED)
            | Q(state__in=[Message.State.FAILED, Message.State.UNKNOWN])
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

    # The provider's idempotency key: the Message-ID of a mail.
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)  # the row it is about, such as "assignment:12"
    recipient = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="messages")
    occasion = models.CharField(max_length=60, blank=True)  # tells repeats apart, such as a date or a round
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=254)
    title = models.CharField(max_length=200)
    body = models.TextField()
    calendar = models.TextField(blank=True)  # an iCalendar object to attach; its METHOD is the MIME method
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # since it was queued, or queued again by a person
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("メッセージ")
        verbose_name_plural = _("メッセージ")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "recipient", "occasion"], name="message_once"),
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
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="message_due")]

    def __str__(self) -> str:
        return f"{self.kind} → {self.address}"


class Attempt(models.Model):
    """One try at handing a message to its provider."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, blank=True)
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S} {self.outcome}"

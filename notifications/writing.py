"""A letter becomes a message: its words in the recipient's language, by the way that reaches them."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from notifications import links, short_links
from notifications.ladder import Blocked, QuietHours, blocked_among, is_worth_a_call, preferences_of, ways
from notifications.models import Channel, Contact, Matter, Message, Preference, ShortLink
from programme import furigana
from programme.models import Programme


@dataclass(frozen=True, slots=True)
class Letter:
    """Something to tell one person. (kind, subject, recipient, occasion) is its identity: it is told once.

    ``template`` gives the title on its first line and the text below. Where ``x.sms.txt`` stands beside
    ``x.txt``, it gives the words of an SMS; without it no SMS is sent, and without text below the title
    nothing but an SMS, which is what the proof of a number is. ``answers`` are (word, label): what the person
    may answer in a chat (notifications/replies.py). It leaves at ``due_at`` (None: at once), and not after
    ``expires_at``. Without ``calls`` no coordinator is asked to ring those whom nothing else reaches. With ``only``
    it goes by that channel or not at all.
    """

    recipient: Contact
    kind: str
    subject: str
    template: str
    context: Mapping[str, object]
    occasion: str = ""
    calendar: str = ""
    matter: Matter = Matter.DUTY
    due_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    answers: Sequence[tuple[str, str | Promise]] = ()
    calls: bool = True
    only: Channel | None = None


class Writer:
    """Writes messages for ``letters``; what it needs to know of their recipients it reads in four queries."""

    def __init__(self, recipients: Collection[Contact]) -> None:
        self._programme = Programme.objects.first()
        self._blocked: Blocked = blocked_among(recipients)
        self._preferences: dict[tuple[int, str], Preference] = preferences_of(recipients)
        self._quiet = QuietHours.current()
        self._short_links: list[ShortLink] = []

    def write(self, letter: Letter) -> Message:
        """The message, not saved: queued, or cancelled when the person does not want such, or failed without a way."""
        recipient = letter.recipient
        with translation.override(recipient.language):
            title, body, short = self._words(letter)
            answers = [[word, str(label)] for word, label in letter.answers]
        message = Message(
            kind=letter.kind,
            subject=letter.subject,
            recipient=recipient,
            occasion=letter.occasion,
            matter=letter.matter,
            title=title,
            body=body,
            short=short,
            answers=answers,
            calendar=letter.calendar,
            due_at=letter.due_at or timezone.now(),
            expires_at=letter.expires_at,
            calls=letter.calls,
            only=letter.only or "",
        )
        self.address(message)
        return message

    def keep_links(self) -> None:
        """Save where the short addresses in what was written lead, in one query; with the messages."""
        ShortLink.objects.bulk_create(self._short_links)
        self._short_links = []

    def address(self, message: Message) -> None:
        """Give an unsaved ``message`` its channel, address, state and time."""
        recipient = message.recipient
        preference = self._preferences.get((recipient.pk, message.matter))
        found = ways(recipient, message=message, blocked=self._blocked, preference=preference)
        if found:
            message.channel, message.address = found[0]
            message.due_at = self._quiet.due(message.channel, message.due_at, message.expires_at)
        else:
            message.channel, message.address = Channel.PHONE, recipient.address
            # A draft is looked at before it is sent; then somebody rings, or finds out how to.
            if message.state == Message.State.QUEUED:
                message.state = Message.State.FAILED if is_worth_a_call(message) else Message.State.CANCELLED
        if preference and not preference.wanted:
            message.state = Message.State.CANCELLED

    def _words(self, letter: Letter) -> tuple[str, str, str]:
        recipient = letter.recipient
        context = {
            "programme": self._programme,
            **letter.context,
            "recipient": recipient,
            "settings_url": links.absolute(recipient.settings_path),
        }
        text = render_to_string(letter.template, dict(context)).strip()
        try:
            short = render_to_string(str(PurePosixPath(letter.template).with_suffix(".sms.txt")), dict(context))
        except TemplateDoesNotExist:
            short = SafeString()
        if recipient.language == furigana.EASY:
            text = furigana.in_text(text)
        title, _, body = text.partition("\n")
        said, made = short_links.shorten(short.strip())
        self._short_links += made
        return " ".join(title.split()), body.strip() + "\n", said

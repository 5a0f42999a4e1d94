"""By which way somebody is told: the one they like, else LINE, mail, SMS, and in the end a coordinator who rings."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.utils import timezone

from notifications.channels import is_configured
from notifications.models import Channel, Contact, Matter, Message, Preference, Suppression
from programme.models import Limit

# Those that make a telephone ring or buzz at night; a mail waits to be fetched.
RINGING = (Channel.LINE, Channel.SMS)

Blocked = frozenset[tuple[str, str]]


def is_worth_a_call(message: Message) -> bool:
    """Whether a coordinator rings those whom nothing else reaches: for a question about what is over, nobody does."""
    return message.calls and message.matter != Matter.FEEDBACK


def ways(
    contact: Contact, *, message: Message, blocked: Blocked, preference: Preference | None = None
) -> list[tuple[Channel, str]]:
    """Each channel that can bring ``message`` to ``contact`` now, with the address there, the first to be tried first.

    A channel is left out where the person has no address on it, where it is not configured, where the address is
    ``blocked``, where the message takes another way ``only``, and where the message has no words for it: SMS needs the
    short text, the others the long one. What nobody has proved comes after what was proved, however much it is liked:
    it may be somebody else's. Nobody is rung, however much they like it, for what is not worth a call.
    """
    wished = [preference.channel if preference else "", contact.preferred]
    order = dict.fromkeys([*(Channel(value) for value in wished if value), *Channel])
    if message.only:
        order = dict.fromkeys([Channel(message.only)])
    if not is_worth_a_call(message):
        order.pop(Channel.PHONE, None)
    found = []
    for channel in order:
        address = contact.address_on(channel)
        words = message.short if channel == Channel.SMS else message.body.strip()
        possible = address and words and is_configured(channel)
        if possible and (str(channel), address) not in blocked:
            found.append((channel, address))

    def rank(way: tuple[Channel, str]) -> int:
        if way[0] == Channel.PHONE and Channel.PHONE not in wished:
            return 2
        return 0 if contact.is_proved_on(way[0]) else 1

    return sorted(found, key=rank)


def reads_letters(contact: Contact) -> bool:
    """Whether a longer text reaches ``contact`` in writing; else somebody would have to ring."""
    found = ways(contact, message=Message(body="…"), blocked=blocked_among([contact]))
    return any(channel != Channel.PHONE for channel, _address in found)


def blocked_among(contacts: Iterable[Contact]) -> Blocked:
    """The addresses of these contacts to which nothing may be sent, in one query."""
    addresses = {contact.address_on(channel) for contact in contacts for channel in Channel} - {""}
    return frozenset(Suppression.objects.filter(address__in=addresses).values_list("channel", "address"))


def preferences_of(contacts: Collection[Contact]) -> dict[tuple[int, str], Preference]:
    """By contact and matter, in one query."""
    rows = Preference.objects.filter(contact__in=contacts)
    return {(row.contact_id, row.matter): row for row in rows}


def next_way(message: Message, *, after: bool = True) -> tuple[Channel, str] | None:
    """The first way that was not tried for ``message`` yet; None when nothing is left.

    Its present one counts as tried; not so with ``after=False``, which asks what is best for it now.
    """
    contact, present = message.recipient, (message.channel, message.address)
    tried = set(message.attempts.values_list("channel", "address"))
    tried = tried | {present} if after else tried - {present}
    preference = contact.preferences.filter(matter=message.matter).first()
    for way in ways(contact, message=message, blocked=blocked_among([contact]), preference=preference):
        if way not in tried:
            return way
    return None


class QuietHours:
    """The hours in which no telephone rings for a message. Minutes after 00:00 in Tokyo."""

    CODES = ("quiet_from", "quiet_until")

    def __init__(self, quiet_from: int, quiet_until: int) -> None:
        self.quiet_from, self.quiet_until = quiet_from, quiet_until

    @classmethod
    def current(cls) -> "QuietHours":
        """As the programme has set them, in one query; none where they were never loaded."""
        values = dict(Limit.objects.filter(code__in=cls.CODES).values_list("code", "value"))
        return cls(values.get("quiet_from", 0), values.get("quiet_until", 0))

    def over_at(self, moment: dt.datetime) -> dt.datetime:
        """``moment`` itself by day; at night the end of the quiet hours."""
        local = timezone.localtime(moment)
        minute = local.hour * 60 + local.minute
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        end = midnight + dt.timedelta(minutes=self.quiet_until)
        if self.quiet_from <= self.quiet_until:
            return end if self.quiet_from <= minute < self.quiet_until else moment
        if minute < self.quiet_until:
            return end
        return end + dt.timedelta(days=1) if minute >= self.quiet_from else moment

    def due(self, channel: str, moment: dt.datetime, expires_at: dt.datetime | None) -> dt.datetime:
        """When a message of ``moment`` may leave. What would come too late by waiting does not wait."""
        if channel not in RINGING:
            return moment
        later = self.over_at(moment)
        return moment if expires_at and later >= expires_at else later

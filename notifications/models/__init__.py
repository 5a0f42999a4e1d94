from notifications.models.contacts import (
    AddressChange,
    Channel,
    Contact,
    LineCode,
    Matter,
    Preference,
    Suppression,
    language_in_use,
)
from notifications.models.mailings import Mailing
from notifications.models.messages import Attempt, Message, Pace, WebhookEvent
from notifications.models.short_links import ShortLink

__all__ = [
    "AddressChange",
    "Attempt",
    "Channel",
    "Contact",
    "LineCode",
    "Mailing",
    "Matter",
    "Message",
    "Pace",
    "Preference",
    "ShortLink",
    "Suppression",
    "WebhookEvent",
    "language_in_use",
]

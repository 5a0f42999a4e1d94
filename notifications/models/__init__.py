from notifications.models.contacts import Channel, Contact, LineCode, Matter, Preference, Suppression, language_in_use
from notifications.models.mailings import Mailing
from notifications.models.messages import Attempt, Message, Pace, WebhookEvent

__all__ = [
    "Attempt",
    "Channel",
    "Contact",
    "LineCode",
    "Mailing",
    "Matter",
    "Message",
    "Pace",
    "Preference",
    "Suppression",
    "WebhookEvent",
    "language_in_use",
]

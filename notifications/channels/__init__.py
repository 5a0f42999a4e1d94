"""How a message leaves: one module per channel, each with ``is_configured``, ``check``, ``send`` and ``look_up``."""

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from notifications.models import Message

# The telephone is a person's: it has no module.
SENDING = ("line", "email", "sms")


class Outcome(StrEnum):
    SENT = "sent"
    NOT_SENT = "not_sent"  # certainly not; may be tried again
    REPEAT = "repeat"  # perhaps; the provider knows the message's own key, so trying again cannot double it
    REFUSED = "refused"  # certainly not; trying again is of no use
    UNKNOWN = "unknown"  # perhaps: never tried again without a person's word


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider said, in its own words in ``answer``."""

    outcome: Outcome
    answer: str = ""
    provider_id: str = ""
    suppress: str = ""  # a Suppression.Reason: the address itself does not work, nothing more is sent there


class ChannelModule(Protocol):
    def is_configured(self) -> bool:
        """Whether the environment names what the channel needs."""

    def load(self) -> None:
        """Load what sending needs, where that takes long."""

    def check(self) -> str:
        """Ask the provider whether the credentials hold; what it answered, in a line. Raises CheckFailed."""

    def send(self, message: "Message") -> Receipt:
        """Hand the message to the provider, its attempts prefetched: asks the database nothing. Raises nothing."""

    def look_up(self, message: "Message") -> Receipt:
        """What became of a message whose sender died, asked by its own id."""


class CheckFailed(Exception):  # noqa: N818  (it is an answer, not a failure of ours)
    """The provider could not be reached, or does not know us; the text says why."""


def module(channel: str) -> ChannelModule:
    """The module of a channel that sends; ModuleNotFoundError for the telephone."""
    return cast(ChannelModule, import_module(f"notifications.channels.{channel}"))


def channel_of(message: "Message") -> ChannelModule:
    return module(message.channel)


def is_configured(channel: str) -> bool:
    return channel == "phone" or module(channel).is_configured()

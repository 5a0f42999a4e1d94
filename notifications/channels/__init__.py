"""How a message leaves: one module per channel, each with ``send`` and ``look_up``."""

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from notifications.models import Message


class Outcome(StrEnum):
    SENT = "sent"
    NOT_SENT = "not_sent"  # certainly not; may be tried again
    REFUSED = "refused"  # certainly not; trying again is of no use
    UNKNOWN = "unknown"  # perhaps: never tried again without a person's word


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider said, in its own words in ``answer``."""

    outcome: Outcome
    answer: str = ""


class ChannelModule(Protocol):
    def send(self, message: "Message") -> Receipt:
        """Hand the message to the provider. Raises nothing: every failure is a receipt."""

    def look_up(self, message: "Message") -> Receipt:
        """What became of a message whose sender died, asked by its own id."""


def channel_of(message: "Message") -> ChannelModule:
    return cast(ChannelModule, import_module(f"notifications.channels.{message.channel}"))

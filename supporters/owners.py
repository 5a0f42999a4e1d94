"""How a shift tells the app that owns it. See docs/adr/0004.

A shift is the same whatever it is for; what a session or a desk opening makes of a full team is their
own business, in a layer above. They register here when Django starts, and the verbs of an assignment
call them in the same transaction.
"""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from supporters.models import Shift


class Owner(Protocol):
    """What the app above does when the staffing of one of its shifts changes."""

    def staffed(self, shift: "Shift", *, by: Any) -> None:
        """The shift has just reached the number of people that it needs."""


_OWNERS: dict[str, Owner] = {}


def register(purpose: str, owner: Owner) -> None:
    _OWNERS[purpose] = owner


def owner_of(shift: "Shift") -> Owner:
    """The owner registered for the shift's purpose; KeyError names a purpose that nobody registered."""
    return _OWNERS[shift.purpose]

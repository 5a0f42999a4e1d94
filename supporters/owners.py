"""How a shift tells the app that owns it. See docs/adr/0004.

A shift is the same whatever it is for; what a session or a desk opening makes of a full team is their
own business, in a layer above. They register here when Django starts, and the verbs of an assignment
call them in the same transaction.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from supporters.models import Shift, Supporter


@dataclass(frozen=True, slots=True)
class Link:
    """A page that somebody on a shift may open now, such as its report."""

    label: str
    url: str


class Owner(Protocol):
    """What the app above knows and does about its shifts."""

    reports: bool
    """whether the team reports afterwards who was there; where it does not, who checked in was"""

    def staffed(self, shift: "Shift", *, by: Any) -> None:
        """The shift has just reached the number of people that it needs."""

    def unstaffed(self, shift: "Shift", *, by: Any, reason: str) -> None:
        """The shift has just come to have fewer people than it needs: somebody of a full team will not come."""

    def links(self, shifts: Collection["Shift"]) -> dict[int, list[Link]]:
        """By the shift's key: what its people have to do there now. In a fixed number of queries."""

    def thanks(self, shifts: Collection["Shift"]) -> dict[int, str]:
        """By the shift's key: what those who were helped wrote to its people. In a fixed number of queries."""

    def ring(self, shift: "Shift") -> Link | None:
        """Whom its people may ring on the day, besides the office; None: nobody."""

    def helped(self, shifts: Collection["Shift"]) -> tuple[str, str]:
        """Whom the shifts helped: what is counted, and how many with the unit. In a fixed number of queries."""

    def kept(self, shifts: Collection["Shift"]) -> dict[int, list["Supporter"]]:
        """By the shift's key: who is to serve there by a standing arrangement, though not put down yet.

        Their places and their time are left to them. With their skills, in a fixed number of queries.
        """


_OWNERS: dict[str, Owner] = {}


def register(purpose: str, owner: Owner) -> None:
    _OWNERS[purpose] = owner


def owner_of(shift: "Shift") -> Owner:
    """The owner registered for the shift's purpose; KeyError names a purpose that nobody registered."""
    return _OWNERS[shift.purpose]


def purposes_without_report() -> list[str]:
    """The purposes of shifts where a check-in alone proves that somebody was there."""
    return [purpose for purpose, owner in _OWNERS.items() if not owner.reports]


def links_of(shifts: Iterable["Shift"]) -> dict[int, list[Link]]:
    """By the shift's key: the links that its owner gives; shifts without any are left out."""
    return {key: links for owner, mine in _owned(shifts) for key, links in owner.links(mine).items()}


def thanks_of(shifts: Iterable["Shift"]) -> dict[int, str]:
    """By the shift's key: the thanks for it; shifts without any are left out."""
    return {key: words for owner, mine in _owned(shifts) for key, words in owner.thanks(mine).items()}


def helped_by(shifts: Iterable["Shift"]) -> list[tuple[str, str]]:
    """What each owner counts of its shifts: people (人) and consultations (件) are never added up."""
    return [owner.helped(mine) for owner, mine in _owned(shifts)]


def kept_of(shifts: Iterable["Shift"]) -> dict[int, list["Supporter"]]:
    """By the shift's key: for whom the owner keeps places; shifts without any are left out."""
    return {key: people for owner, mine in _owned(shifts) for key, people in owner.kept(mine).items()}


def _owned(shifts: Iterable["Shift"]) -> list[tuple[Owner, list["Shift"]]]:
    owned: dict[str, list[Shift]] = defaultdict(list)
    for shift in shifts:
        owned[shift.purpose].append(shift)
    return [(_OWNERS[purpose], mine) for purpose, mine in owned.items()]

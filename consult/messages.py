"""What those are told who have reserved at a desk, and who serves at it; wordings in templates/consult/messages/."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone

from notifications import calendars, links
from notifications.outbox import tell, withdraw
from supporters.messages import duty_of, event_of

if TYPE_CHECKING:
    from consult.models import Desk, Reservation
    from supporters.models import Shift, Supporter

RESERVATION = "reservation"
# How long the private link works; what it names is erased after the day.
LIFETIME = timedelta(days=400)


def reservation_url(reservation: "Reservation") -> str:
    """The private page of a reservation: look, and cancel."""
    return links.absolute(reverse("consult:reservation", args=[links.token(RESERVATION, reservation.pk)]))


def entry_of(reservation: "Reservation") -> calendars.Event:
    """The slot as a calendar entry."""
    opening = reservation.opening
    shift, starts_at = opening.shift, reservation.starts_at
    return replace(
        event_of(shift),
        uid=f"reservation-{reservation.pk}@mdeji",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=opening.slot_minutes or 0),
        summary=opening.desk.title,
        description="",  # the shift's note is for its people
        url=reservation_url(reservation),
    )


def _tell(reservation: "Reservation", kind: str, *, occasion: str = "", calendar: str = "", **context: object) -> None:
    if reservation.contact is None:
        return
    tell(
        reservation.contact,
        kind=f"reservation_{kind}",
        subject=f"reservation:{reservation.pk}",
        template=f"consult/messages/{kind}.txt",
        context={
            "reservation": reservation,
            "opening": reservation.opening,
            "desk": reservation.opening.desk,
            "url": reservation_url(reservation),
            **context,
        },
        occasion=occasion,
        calendar=calendar,
        expires_at=reservation.opening.shift.ends_at,
        replaces=True,
    )


def tell_reserved(reservation: "Reservation") -> None:
    _tell(reservation, "reserved", calendar=calendars.publish(entry_of(reservation)))


def tell_reservation_moved(reservation: "Reservation", *, reason: str) -> None:
    """The slot is at another time now. Twice, when the opening is moved twice."""
    occasion = str(reservation.opening.shift.sequence)
    entry = calendars.publish(entry_of(reservation))
    _tell(reservation, "moved", occasion=occasion, calendar=entry, reason=reason)


def tell_reservation_off(reservation: "Reservation", *, reason: str) -> None:
    _tell_last(reservation, "off", reason=reason)


def tell_reservation_given_up(reservation: "Reservation") -> None:
    """The holder has cancelled it: what waits to be told of it is of no use, and a calendar that has it loses it."""
    withdraw(f"reservation:{reservation.pk}")
    # Nobody else has it in a calendar, and the screen has said so.
    if reservation.contact and reservation.contact.email:
        _tell_last(reservation, "given_up")


def _tell_last(reservation: "Reservation", kind: str, *, reason: str = "") -> None:
    """A reservation that is gone never comes back: this is its calendar entry's last word."""
    event = entry_of(reservation)
    entry = calendars.withdraw(replace(event, sequence=event.sequence + 1))
    finder_url = links.absolute(reverse("consult:finder"))
    _tell(reservation, kind, calendar=entry, reason=reason, finder_url=finder_url)


def tell_standing(supporter: "Supporter", desk: "Desk", shifts: "Sequence[Shift]") -> None:
    """All dates for which somebody was put down by their standing consent, in one message with one calendar."""
    url = links.absolute(reverse("supporters:home"))
    entries = [calendars.Entry(duty_of(shift, supporter.pk, url), timezone.now()) for shift in shifts]
    keys = sorted(shift.pk for shift in shifts)
    tell(
        supporter.contact,
        kind="standing",
        subject=f"supporter:{supporter.pk}",
        template="consult/messages/standing.txt",
        context={"desk": desk, "shifts": shifts, "url": url},
        occasion=f"{desk.pk}.{keys[0]}-{keys[-1]}.{len(keys)}.{sum(shift.sequence for shift in shifts)}",
        calendar=calendars.feed(desk.name, entries) if supporter.contact.email else "",
    )

"""Reserving a slot at a desk: first come, first served; told when the desk moves or stays shut; forgotten after it.

Who reserves needs no account. The number that the page shows confirms it; a mail carries the same and a private link.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from consult.errors import NoReservations, ReservationOver, SlotTaken, TooManyReservations
from consult.messages import (
    tell_reservation_given_up,
    tell_reservation_moved,
    tell_reservation_off,
    tell_reserved,
)
from consult.models.desks import Opening
from consult.models.reservations import Reservation
from notifications.models import Contact, Message
from notifications.phones import e164
from programme.models import Topic
from supporters.models import Shift

# Standing reservations of one mail address or phone number.
AT_MOST = 2
# After the day of the opening the names and contacts are kept for so many days.
KEPT_DAYS = 1


@dataclass(frozen=True, slots=True)
class Slot:
    opening: Opening
    offset: int
    """minutes after the opening's start"""
    free: int
    """how many may still reserve it"""

    @property
    def starts_at(self) -> dt.datetime:
        return self.opening.shift.starts_at + dt.timedelta(minutes=self.offset)

    @property
    def key(self) -> str:
        return f"{self.opening.pk}-{self.offset}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for. Name and numbers exactly as typed; one of ``email`` and ``phone`` at least."""

    form_id: uuid.UUID
    opening: Opening
    offset: int
    name: str
    email: str = ""
    phone: str = ""
    topic: Topic | None = None


def slots(openings: Iterable[Opening]) -> list[Slot]:
    """The slots still to come of openings that take reservations, taken ones too; openings read with shift and desk.

    One query.
    """
    openings = [one for one in openings if one.slot_minutes and one.desk.reservable and not one.is_cancelled]
    taken: dict[tuple[int, int], int] = defaultdict(int)
    rows = Reservation.objects.standing().filter(opening__in=openings)
    for opening_id, offset in rows.values_list("opening_id", "offset"):
        taken[opening_id, offset] += 1
    now = timezone.now()
    found = []
    for one in openings:
        minutes = one.slot_minutes or 0
        for offset in range(0, one.shift.minutes - minutes + 1, minutes):
            slot = Slot(one, offset, max(0, one.slot_places - taken[one.pk, offset]))
            if slot.starts_at > now:
                found.append(slot)
    return found


@transaction.atomic
def reserve(wish: Wish, *, by: Any = None) -> tuple[Reservation, bool]:
    """Take the slot: (the reservation, whether it is new). The same form sent twice is one reservation.

    Of many who want the last place of a slot the first has it. Raises SlotTaken, NoReservations,
    TooManyReservations, ReservationOver.
    """
    _queue_of(wish)
    try:
        shift = Shift.objects.select_for_update(no_key=True).get(pk=wish.opening.shift_id)  # whoever waits, waits here
    except Shift.DoesNotExist as error:  # its date was taken back in this very moment
        raise NoReservations from error
    before = Reservation.objects.filter(form_id=wish.form_id).first()
    if before:
        return before, False
    opening = Opening.objects.select_related("desk", "shift").get(pk=wish.opening.pk)
    _check(wish, opening, shift)
    taken = set(opening.reservations.standing().filter(offset=wish.offset).values_list("place", flat=True))
    place = next((number for number in range(1, opening.slot_places + 1) if number not in taken), None)
    if place is None:
        raise SlotTaken
    contact = Contact.objects.create(name=wish.name, email=wish.email, phone=wish.phone)
    try:
        with transaction.atomic():
            reservation = Reservation.objects.create(
                form_id=wish.form_id,
                opening=opening,
                offset=wish.offset,
                place=place,
                name=wish.name,
                contact=contact,
                topic=wish.topic,
                made_by=by,
            )
    except IntegrityError as error:
        raise SlotTaken from error
    if wish.email:  # who gave a number only has read it on the screen, or heard it
        tell_reserved(reservation)
    return reservation, True


def _queue_of(wish: Wish) -> None:
    """Until the transaction ends nobody else reserves with the same address or number, at whichever desk.

    AT_MOST counts over all openings, so a shift's lock does not do. SQLite has one writer at a time as it is.
    """
    if connection.vendor != "postgresql":
        return
    keys = {wish.email.lower(), e164(wish.phone) or wish.phone} - {""}
    with connection.cursor() as cursor:
        for key in sorted(keys):  # always in this order, and before the shift, so that nobody waits in a ring
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"reservation:{key}"])


def _check(wish: Wish, opening: Opening, shift: Shift) -> None:
    if shift.cancelled_at or not opening.slot_minutes or not opening.desk.reservable:
        raise NoReservations
    if wish.offset % opening.slot_minutes or wish.offset + opening.slot_minutes > shift.minutes:
        raise NoReservations
    if shift.starts_at + dt.timedelta(minutes=wish.offset) <= timezone.now():
        raise ReservationOver
    same = Q()
    if wish.email:
        same |= Q(contact__email__iexact=wish.email)
    if wish.phone:
        same |= Q(contact__phone_e164=e164(wish.phone)) if e164(wish.phone) else Q(contact__phone=wish.phone)
    if Reservation.objects.coming().filter(same).count() >= AT_MOST:
        raise TooManyReservations(most=AT_MOST)


@transaction.atomic
def cancel(reservation: Reservation) -> None:
    """The holder does not come: the slot is free again. Saying it twice is saying it once. Raises ReservationOver."""
    if reservation.cancelled_at is None and reservation.is_over:
        raise ReservationOver
    changed = Reservation.objects.standing().filter(pk=reservation.pk).update(cancelled_at=timezone.now())
    reservation.refresh_from_db()
    if changed:
        tell_reservation_given_up(reservation)


def shorten(opening: Opening, minutes: int, *, reason: str) -> None:
    """The opening will last ``minutes`` only: later slots fall away, and who had one is told of the time it was."""
    for reservation in beyond(opening, minutes):
        _drop(reservation, reason=reason)


def beyond(opening: Opening, minutes: int) -> list[Reservation]:
    """The reservations for which there is no time when the opening lasts ``minutes`` only, the earliest first."""
    late = [one for one in _standing(opening) if one.offset + (opening.slot_minutes or 0) > minutes]
    for reservation in late:
        reservation.opening = opening
    return late


def follow(opening: Opening, *, by: Any, reason: str) -> None:
    """The opening was moved: who has reserved keeps the slot and is told. ``shorten`` goes before the move."""
    for reservation in _standing(opening):
        reservation.opening = opening
        tell_reservation_moved(reservation, reason=reason)


def let_go(opening: Opening, *, by: Any, reason: str) -> None:
    """The opening was called off: nobody's slot stands, and all are told."""
    for reservation in _standing(opening):
        reservation.opening = opening
        _drop(reservation, reason=reason)


def _standing(opening: Opening) -> list[Reservation]:
    return list(opening.reservations.standing().filter(contact__isnull=False).select_related("contact"))


def _drop(reservation: Reservation, *, reason: str) -> None:
    rows = Reservation.objects.standing().filter(pk=reservation.pk)
    rows.update(cancelled_at=timezone.now(), cancel_reason=reason)
    tell_reservation_off(reservation, reason=reason)


def forget(now: dt.datetime) -> int:
    """Erase names, contacts and messages of past days' reservations; the rows stay, to count. Returns how many."""
    until = timezone.localdate(now) - dt.timedelta(days=KEPT_DAYS)
    over = Reservation.objects.filter(opening__date__lte=until).exclude(name="", contact=None)
    count = 0
    for reservation in over:
        with transaction.atomic():
            contact = reservation.contact
            Reservation.objects.filter(pk=reservation.pk).update(name="", contact=None)
            if contact:
                Message.objects.filter(recipient=contact).delete()
                contact.delete()
            count += 1
    return count

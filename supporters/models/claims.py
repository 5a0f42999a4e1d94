"""Holds on 15 minutes of a person's time and of a room. UNIQUE, so nobody and no room is in two places at once."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import IntegrityError, models, transaction

from programme.models import Room, Venue
from supporters.errors import AlreadyBooked, RoomTaken
from supporters.models.people import Supporter

if TYPE_CHECKING:
    from supporters.models.assignments import Assignment
    from supporters.models.shifts import Shift

CELL = dt.timedelta(minutes=15)


def cells(starts_at: dt.datetime, ends_at: dt.datetime) -> range:
    """The 15-minute cells, counted from 1970, that [starts_at, ends_at) touches."""
    length = int(CELL.total_seconds())
    return range(int(starts_at.timestamp()) // length, -(-int(ends_at.timestamp()) // length))


class Claim(models.Model):
    """A held assignment's hold on 15 minutes of a person's time: UNIQUE, so nobody is in two places at once."""

    supporter = models.ForeignKey(Supporter, on_delete=models.PROTECT, related_name="claims")
    cell = models.IntegerField()
    assignment = models.ForeignKey("Assignment", on_delete=models.CASCADE, related_name="claims")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supporter", "cell"], name="person_in_one_place")]

    def __str__(self) -> str:
        return f"{self.supporter_id}@{self.cell}"

    @classmethod
    def stake(cls, assignment: "Assignment", shift: "Shift") -> None:
        """Claim the shift's cells for the assignment's supporter. Raises AlreadyBooked."""
        try:
            with transaction.atomic():
                Claim.objects.bulk_create(
                    Claim(supporter_id=assignment.supporter_id, cell=cell, assignment=assignment)
                    for cell in cells(shift.starts_at, shift.ends_at)
                )
        except IntegrityError as error:
            raise AlreadyBooked from error


class RoomClaim(models.Model):
    """A shift's hold on 15 minutes of a room: UNIQUE, so no room is booked twice."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="claims")
    cell = models.IntegerField()
    shift = models.ForeignKey("Shift", on_delete=models.CASCADE, related_name="room_claims")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "cell"], name="room_booked_once")]

    def __str__(self) -> str:
        return f"{self.room_id}@{self.cell}"

    @classmethod
    def book(cls, shift: "Shift") -> None:
        """Claim the shift's room for its time. Raises RoomTaken."""
        try:
            with transaction.atomic():
                RoomClaim.objects.bulk_create(
                    RoomClaim(room=shift.room, cell=cell, shift=shift) for cell in cells(shift.starts_at, shift.ends_at)
                )
        except IntegrityError as error:
            raise RoomTaken(venue=shift.venue) from error

    @classmethod
    def free_room(
        cls, venue: Venue, starts_at: dt.datetime, ends_at: dt.datetime, *, people: int = 0, rather: Room | None = None
    ) -> Room | None:
        """The first of ``venue.rooms_for`` so many that is free for the whole time; None when the venue has no rooms.

        Raises RoomTaken.
        """
        span = cells(starts_at, ends_at)
        taken = set(cls.objects.filter(room__venue=venue, cell__in=span).values_list("room_id", flat=True))
        free = [room for room in venue.rooms_for(people, rather=rather) if room.pk not in taken]
        if not free and venue.rooms.exists():
            raise RoomTaken(venue=venue)
        return next(iter(free), None)

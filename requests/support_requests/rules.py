"""What a request must keep to. Forms ask here to put the sentence at the field, ``services`` to refuse."""

import datetime as dt
from collections.abc import Container

from django.utils import timezone

from programme.models import Limits, Room, Venue
from programme.wording import say_day, say_time
from support_requests.errors import (
    ClosedOn,
    ContactMissing,
    OffGrid,
    OutsideHours,
    RoomTooSmall,
    SameTimeTwice,
    TooFar,
    TooFewPeople,
    TooManyPeople,
    TooSoon,
    VenueShut,
    WrongLength,
)
from supporters.models.claims import CELL

GRID = int(CELL.total_seconds()) // 60  # minutes


def check_people(number: int, limits: Limits) -> None:
    """Raises TooFewPeople or TooManyPeople. Checked when somebody asks; who came is counted afterwards."""
    if number < limits.minimum_group_size:
        raise TooFewPeople(minimum=limits.minimum_group_size)
    if number > limits.maximum_group_size:
        raise TooManyPeople(maximum=limits.maximum_group_size)


def check_room(number: int, place: Venue | None, room: Room | None) -> None:
    """Raises RoomTooSmall; where no room is chosen, it names the largest of the place."""
    rooms = [room] if room else list(place.rooms.all()) if place and place.pk else []
    if rooms and not any(one.holds(number) for one in rooms):
        largest = max(rooms, key=lambda one: one.capacity or 0)
        raise RoomTooSmall(room=largest, capacity=largest.capacity)


def check_length(minutes: int, limits: Limits) -> None:
    """Raises WrongLength."""
    if not limits.session_minutes_shortest <= minutes <= limits.session_minutes_longest:
        raise WrongLength(shortest=limits.session_minutes_shortest, longest=limits.session_minutes_longest)


def check_contact(*, email: str, phone: str) -> None:
    """Raises ContactMissing: one of the two is enough."""
    if not (email or phone):
        raise ContactMissing


def possible_days(limits: Limits) -> list[dt.date]:
    """The days for which somebody may ask today."""
    today = timezone.localdate()
    return [today + dt.timedelta(days=ahead) for ahead in range(limits.days_ahead, limits.days_ahead_furthest + 1)]


def check_start(
    starts_at: dt.datetime,
    *,
    minutes: int,
    place: Venue,
    limits: Limits,
    taken: Container[dt.datetime] = (),
) -> None:
    """Raises TooSoon, TooFar, OffGrid, ClosedOn or OutsideHours.

    ``taken`` are times that were taken in on an earlier day: they came early enough then.
    """
    day, days = timezone.localdate(starts_at), possible_days(limits)
    if day < days[0] and starts_at not in taken:
        raise TooSoon(first=say_day(days[0]))
    if day > days[-1]:
        raise TooFar(last=say_day(days[-1]))
    if starts_at.minute % GRID or starts_at.second or starts_at.microsecond:
        raise OffGrid
    if reason := place.closed_on(day):
        raise ClosedOn(venue=place, day=say_day(day), reason=reason)
    check_hours(starts_at, minutes=minutes, place=place, refusal=OutsideHours)


def check_hours(starts_at: dt.datetime, *, minutes: int, place: Venue, refusal: type[VenueShut] = VenueShut) -> None:
    """Raises ``refusal`` when the place is shut at that time of a day."""
    if place.opens and place.closes and not place.open_for(starts_at, minutes):
        raise refusal(venue=place, opens=say_time(place.opens), closes=say_time(place.closes))


def check_all_different(starts: list[dt.datetime]) -> None:
    """Raises SameTimeTwice."""
    if len(set(starts)) < len(starts):
        raise SameTimeTwice

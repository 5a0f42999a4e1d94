"""Half-days as groups choose them from the calendar: a morning, an afternoon or an evening of a day."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from programme.models import Venue
from programme.wording import say_day

STEP = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the day: its first and last start, and the one that is proposed."""

    name: str | Promise
    first: dt.time
    last: dt.time
    usual: dt.time

    def starts(self, place: Venue | None = None, *, minutes: int) -> list[dt.time]:
        """Half-hourly starts from which ``minutes`` end before ``place`` closes; all where it has no hours."""
        day = dt.date.min
        moment, last = dt.datetime.combine(day, self.first), dt.datetime.combine(day, self.last)
        times = []
        while moment <= last:
            times.append(moment.time())
            moment += STEP
        return [time for time in times if place is None or place.is_within_hours(time, minutes)]

    def proposed(self, place: Venue | None = None, *, minutes: int) -> dt.time | None:
        """The start to propose; None where the place is shut all that time."""
        starts = self.starts(place, minutes=minutes)
        return self.usual if self.usual in starts else starts[0] if starts else None


BANDS = (
    Band(_("午前"), dt.time(9), dt.time(11, 30), dt.time(10)),
    Band(_("午後"), dt.time(12), dt.time(16, 30), dt.time(13, 30)),
    Band(_("夜"), dt.time(17), dt.time(20), dt.time(18)),
)


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """``band`` is the number of its part of the day, from 0."""

    day: dt.date
    band: int

    @classmethod
    def of(cls, moment: dt.datetime) -> Self:
        """The slot in which an aware time lies."""
        local = timezone.localtime(moment)
        begun = [number for number, band in enumerate(BANDS) if local.time() >= band.first]
        return cls(local.date(), begun[-1] if begun else 0)

    @classmethod
    def read(cls, key: str) -> Self | None:
        """The slot of a key, or None for any other text."""
        day, _dot, band = key.partition(".")
        try:
            slot = cls(dt.date.fromisoformat(day), int(band))
        except ValueError:
            return None
        return slot if slot.key == key and slot.band in range(len(BANDS)) else None

    @property
    def key(self) -> str:
        return f"{self.day.isoformat()}.{self.band}"

    def __str__(self) -> str:
        return f"{say_day(self.day)} {BANDS[self.band].name}"

    def at(self, time: dt.time) -> dt.datetime:
        """The aware moment of a time on the slot's day."""
        return timezone.make_aware(dt.datetime.combine(self.day, time))

    def starts(self, place: Venue | None = None, *, minutes: int) -> list[dt.datetime]:
        """The starts of its part of the day."""
        return [self.at(time) for time in BANDS[self.band].starts(place, minutes=minutes)]

    def usual(self, place: Venue | None = None, *, minutes: int) -> dt.datetime | None:
        """The start to propose; None where the place is shut all that time."""
        time = BANDS[self.band].proposed(place, minutes=minutes)
        return self.at(time) if time else None


def slots_of(days: Iterable[dt.date]) -> list[Slot]:
    return [Slot(day, band) for day in days for band in range(len(BANDS))]

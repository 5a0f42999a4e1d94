"""When people come: consultations by desk, weekday and hour, as a table that is also a picture.

Closed months give the cells that were frozen with them, open ones what is counted now.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _

from consult.kpi.book import Book
from consult.kpi.dimensions import DESK_HOUR
from programme.fiscal import Month

LEVELS = 4
# What the officer reads instead of a number that could point to single people, or be reckoned back to one.
BANDS = ((0, 0), (1, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, 199), (200, 499), (500, 999))


class Slot(NamedTuple):
    """A desk's hour of a weekday: 10 stands for 10:00 to 10:59, weekday 0 for Monday."""

    desk: int
    weekday: int
    hour: int


@dataclass(frozen=True, slots=True)
class Cell:
    """``level`` is 0 for none, 1 to LEVELS by the share of the fullest cell."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Heat:
    """``cells[row][column]``: hours or desks down, weekdays across."""

    rows: list[int]
    weekdays: list[int]
    cells: list[list[Cell]]

    @property
    def lines(self) -> list[tuple[int, list[Cell]]]:
        return list(zip(self.rows, self.cells, strict=True))


def slots(book: Book, months: Iterable[Month]) -> Counter[Slot]:
    """Consultations of the months by slot. A case of an hour that nobody noted has none."""
    together: Counter[str] = Counter()
    for month in months:
        for key, number in book.breakdown("consultations", month).totals(DESK_HOUR).items():
            together[key] += number
    found: Counter[Slot] = Counter()
    for key, number in together.items():
        if slot := _read(key):
            found[slot] = number
    return found


@lru_cache(maxsize=20_000)
def _read(key: str) -> Slot | None:
    """Each look reads the same keys: every desk's hours, week by week."""
    parts = key.split("-")
    if len(parts) == len(Slot._fields) and all(part.isdigit() for part in parts):
        return Slot(*map(int, parts))
    return None


def by_hour(slots: Mapping[Slot, int], desk: int | None, *, banded: bool) -> Heat | None:
    """Hours down, weekdays across, of one desk or of all; None when there is nothing."""
    counts: Counter[tuple[int, int]] = Counter()
    for slot, number in slots.items():
        if desk in (None, slot.desk):
            counts[slot.hour, slot.weekday] += number
    if not counts:
        return None
    hours = [hour for hour, _weekday in counts]
    return _heat(counts, list(range(min(hours), max(hours) + 1)), banded=banded)


def by_desk(slots: Mapping[Slot, int], desks: Iterable[int], *, banded: bool) -> Heat:
    """Desks down, in the order given, weekdays across."""
    counts: Counter[tuple[int, int]] = Counter()
    for slot, number in slots.items():
        counts[slot.desk, slot.weekday] += number
    return _heat(counts, list(desks), banded=banded)


def _heat(counts: Mapping[tuple[int, int], int], rows: list[int], *, banded: bool) -> Heat:
    highest = max(counts.values(), default=0)
    weekdays = sorted({*range(5), *(weekday for _row, weekday in counts)})
    cells = [[_cell(counts.get((row, weekday), 0), highest, banded=banded) for weekday in weekdays] for row in rows]
    return Heat(rows, weekdays, cells)


def _cell(number: int, highest: int, *, banded: bool) -> Cell:
    level = -(-number * LEVELS // highest) if number else 0
    return Cell(band(number) if banded else f"{number:,}", level)


def band(number: int) -> str:
    """ "0", "1–4", "5–9" … "1,000–"."""
    for low, high in BANDS:
        if number <= high:
            return str(low) if low == high else f"{low}–{high}"
    return _("1,000以上")

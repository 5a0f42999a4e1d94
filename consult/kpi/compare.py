"""Why a figure differs from last month's: the parts of its breakdowns that grew or shrank, the largest first."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from consult.kpi.book import Book
from consult.kpi.definition import Definition
from consult.kpi.dimensions import DIMENSIONS, Labels
from consult.kpi.tally import Tally
from programme.fiscal import Month

PARTS_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One cell of a breakdown in both months."""

    label: str
    before: int | None
    now: int | None

    @property
    def more(self) -> int | None:
        """None where one of them is no number."""
        return _more(self.before, self.now)


@dataclass(frozen=True, slots=True)
class Parts:
    """What changed in one dimension; ``rest`` is how many more cells changed than are named."""

    name: str | Promise
    parts: tuple[Part, ...]
    rest: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure in two months. ``flows``: for a stock, what came and went by (definition, value)."""

    definition: Definition
    previous: Month
    before: int | None
    now: int | None
    by: tuple[Parts, ...]
    flows: tuple[tuple[Definition, int | None], ...] = ()

    @property
    def more(self) -> int | None:
        return _more(self.before, self.now)


def _more(before: int | None, now: int | None) -> int | None:
    return None if before is None or now is None else now - before


# What makes a stock of one month that of the next.
FLOWS = {"supporters": ("supporters_new", "supporters_returned", "supporters_withdrawn")}


def compare(book: Book, month: Month, definition: Definition, labels: Mapping[str, Labels]) -> Comparison:
    """``month`` against the one before. ``book`` holds both, with the figure and its ``FLOWS``."""
    now = {each.code: each for each in book.definitions(month)}
    flows = [now[code] for code in FLOWS.get(definition.code, ()) if code in now]
    return Comparison(
        definition=definition,
        previous=month.previous,
        before=book.value(definition, month.previous),
        now=book.value(definition, month),
        by=tuple(
            _parts(book, definition, month, dimension, labels[dimension])
            for dimension in definition.by
            if DIMENSIONS[dimension].listed
        ),
        flows=tuple((flow, book.value(flow, month)) for flow in flows),
    )


def _parts(book: Book, definition: Definition, month: Month, code: str, labels: Labels) -> Parts:
    then, now = (book.breakdown(definition.code, each).cells.get(code, {}) for each in (month.previous, month))
    dimension, measure = DIMENSIONS[code], definition.measure
    every = [
        Part(
            dimension.label(key, labels),
            then.get(key, Tally()).value(measure),
            now.get(key, Tally()).value(measure),
        )
        for key in sorted(then.keys() | now.keys())
    ]
    changed = sorted((part for part in every if part.more), key=lambda part: (-abs(part.more or 0), part.label))
    return Parts(dimension.name, tuple(changed[:PARTS_AT_MOST]), max(0, len(changed) - PARTS_AT_MOST))

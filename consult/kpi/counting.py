"""Counting: the figures and their breakdowns from the raw rows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from consult.kpi.definition import Definition
from consult.kpi.dimensions import UNKNOWN
from consult.kpi.statement import LIST, ROWS, Found, Part, run
from consult.kpi.tally import Breakdown, Measure, Tally
from programme.fiscal import Month

Key = tuple[str, Month]  # a figure's code, and a month


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure with the rows behind it: (id, amount) pairs by day and id. The measure makes the value of them."""

    rows: tuple[tuple[str, int], ...]
    measure: Measure = Measure.SUM

    @classmethod
    def of(cls, found: Iterable[tuple[Any, str, int]], measure: Measure = Measure.SUM) -> "Counted":
        """From (day, id, amount); an id that comes again on a later day is the same row."""
        amounts: dict[str, int] = {}
        for _day, row, amount in sorted(found, key=lambda each: (each[0], len(each[1]), each[1])):
            amounts.setdefault(row, amount)
        return cls(tuple(amounts.items()), measure)

    @classmethod
    def stored(cls, pairs: Iterable[Iterable[Any]], measure: Measure = Measure.SUM) -> "Counted":
        """As a JSON column gives it back."""
        return cls(tuple((row, amount) for row, amount in pairs), measure)

    @property
    def value(self) -> int | None:
        return Tally.of(self.rows).value(self.measure)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a figure is stated from: its rows, and the breakdown of the same rows."""

    counted: Counted
    breakdown: Breakdown


@dataclass(frozen=True, slots=True)
class Listed:
    """A figure as it is frozen: ``counted`` is the JSON of [id, amount] of each row, and never parsed here."""

    counted: str
    breakdown: Breakdown


def state(definitions: Collection[Definition], first: dt.date, last: dt.date) -> dict[str, Statement]:
    """Each figure of the period with its rows and its breakdown.

    All of one state of the database, but for more figures than one statement can hold (consult/kpi/statement.py).
    """
    rows: dict[str, list[tuple[str, str, int]]] = defaultdict(list)

    def keep(found: Found) -> None:
        rows[found.code].append((found.key or "", found.item or "", found.total))

    cells = _cells(definitions, first, last, ROWS, keep)
    counted = {each.code: Counted.of(rows[each.code], each.measure) for each in definitions}
    return {code: Statement(found, cells[code]) for code, found in counted.items()}


def listed(definitions: Collection[Definition], first: dt.date, last: dt.date) -> dict[str, Listed]:
    """The same with rows that the database has written down: here they take no more room than their text."""
    texts: dict[str, str] = {}

    def keep(found: Found) -> None:
        texts[found.code] = found.item or ""

    cells = _cells(definitions, first, last, LIST, keep)
    return {code: Listed(texts.get(code, "[]"), breakdown) for code, breakdown in cells.items()}


def _cells(
    definitions: Collection[Definition], first: dt.date, last: dt.date, also: str, keep: Callable[[Found], None]
) -> dict[str, Breakdown]:
    """The breakdown of each figure; what is told ``also`` goes to ``keep``."""
    measures = {definition.code: definition.measure for definition in definitions}
    made = {code: Breakdown() for code in measures}
    for found in run([Part(each, first, last, Month.of(last)) for each in definitions], also=also):
        if found.dimension == also:
            keep(found)
        else:
            _take(made[found.code], found, measures[found.code])
    return made


def breakdowns(parts: Iterable[Part]) -> dict[Key, Breakdown]:
    """The breakdowns of figures by code and month; a month without rows is missing."""
    parts = list(parts)
    measures = {part.definition.code: part.definition.measure for part in parts}
    made: dict[Key, Breakdown] = defaultdict(Breakdown)
    for found in run(parts):
        if found.month is not None:
            _take(made[found.code, found.month], found, measures[found.code])
    return made


def _take(breakdown: Breakdown, found: Found, measure: Measure) -> None:
    tally = breakdown.at(found.dimension, found.key or UNKNOWN)
    if measure.keeps_amounts:
        tally.add_amount(int(found.item or 0), found.number)
    tally.add(total=found.total, number=found.number, item=found.item if measure.keeps_rows else None)

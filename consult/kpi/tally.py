"""What counted rows come to, in a form that can be added up: months make a year, cells stand beside their whole.

A median of months is not the median of the year, nor is a share the mean of shares. So what is kept of a month is not
the figure but its tally, from which the figure of any number of months is computed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Measure(StrEnum):
    """How the amounts of the counted rows become the figure: a whole number, or none where no row says anything."""

    SUM = "sum"  # all amounts together
    DISTINCT = "distinct"  # the same row once in any period (実数), by its largest amount
    SHARE = "share"  # of rows with amount 1 or 0: how many of 1,000 have 1, rounded down
    REACH = "reach"  # as SHARE, but each row once in any period, by its largest amount
    MEDIAN = "median"  # half of the rows have this amount or less (nearest rank)
    P90 = "p90"  # nine of ten rows have this amount or less (nearest rank)

    @property
    def keeps_rows(self) -> bool:
        """Whether a tally has to remember which rows were counted."""
        return self in (Measure.DISTINCT, Measure.REACH)

    @property
    def keeps_amounts(self) -> bool:
        """Whether a tally has to remember how many rows had each amount."""
        return self in (Measure.MEDIAN, Measure.P90)

    @property
    def partitions(self) -> bool:
        """Whether cells sum to the figure, unless their dimension overlaps. No rows are then 0, else no number."""
        return self in (Measure.SUM, Measure.DISTINCT)


_NONE: dict[Any, int] = {}
"""of the many tallies that need neither members nor amounts"""


@dataclass(slots=True)
class Tally:
    """``members`` (row to amount) and ``amounts`` (amount to number of rows) are filled where a measure needs them."""

    total: int = 0
    number: int = 0
    members: dict[str, int] = field(default_factory=lambda: _NONE)
    amounts: dict[int, int] = field(default_factory=lambda: _NONE)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, int]]) -> "Tally":
        """From (id, amount) of each row."""
        tally = cls()
        for row, amount in rows:
            tally.add(item=row, total=amount, number=1)
            tally.add_amount(amount, 1)
        return tally

    def add(self, *, total: int, number: int, item: str | None = None) -> None:
        self.total += total
        self.number += number
        if item is not None:
            self._add_member(item, total)

    def add_amount(self, amount: int, number: int) -> None:
        if self.amounts is _NONE:
            self.amounts = {}
        self.amounts[amount] = self.amounts.get(amount, 0) + number

    def _add_member(self, row: str, amount: int) -> None:
        if self.members is _NONE:
            self.members = {}
        self.members[row] = max(amount, self.members.get(row, amount))

    def take(self, other: "Tally") -> None:
        """Add the rows of another period."""
        self.total += other.total
        self.number += other.number
        if self.members:
            members = self.members
            for row, amount in other.members.items():  # a year has thousands
                known = members.get(row)
                if known is None or amount > known:
                    members[row] = amount
        elif other.members:
            self.members = dict(other.members)
        for amount, number in other.amounts.items():
            self.add_amount(amount, number)

    def value(self, measure: Measure) -> int | None:
        """The figure; None for a share or a median of no rows."""
        match measure:
            case Measure.SUM:
                return self.total
            case Measure.DISTINCT:
                return sum(self.members.values())
            case Measure.SHARE:
                return 1000 * self.total // self.number if self.number else None
            case Measure.REACH:
                return 1000 * sum(self.members.values()) // len(self.members) if self.members else None
            case Measure.MEDIAN:
                return self._rank(50)
            case Measure.P90:
                return self._rank(90)

    def _rank(self, percent: int) -> int | None:
        """The smallest amount that at least ``percent`` of the rows do not exceed."""
        passed = 0
        for amount in sorted(self.amounts):
            passed += self.amounts[amount]
            if 100 * passed >= percent * sum(self.amounts.values()):
                return amount
        return None

    # --- In the ledger ---------------------------------------------------------------------------------
    def dump(self, measure: Measure) -> Any:
        """As JSON: what ``value(measure)`` needs, and no more."""
        if measure.keeps_rows:
            return sorted([row, amount] for row, amount in self.members.items())
        if measure.keeps_amounts:
            return sorted([amount, number] for amount, number in self.amounts.items())
        return [self.total, self.number]

    @classmethod
    def load(cls, measure: Measure, data: Any) -> "Tally":
        if measure.keeps_rows:
            return cls(sum(amount for _row, amount in data), len(data), members=dict(data))
        if measure.keeps_amounts:
            total = sum(amount * number for amount, number in data)
            return cls(total, sum(number for _amount, number in data), amounts=dict(data))
        total, number = data
        return cls(total, number)


class Cells(Mapping[str, dict[str, Tally]]):
    """The tallies of a figure's cells by dimension, each dimension worked out when it is first asked for: a page shows
    few of them, and the hours of a hundred desks are long."""

    def __init__(self, dimensions: Iterable[str], work_out: Callable[[str], dict[str, Tally]]) -> None:
        self._known: dict[str, dict[str, Tally] | None] = dict.fromkeys(dimensions)
        self._work_out = work_out

    def __getitem__(self, dimension: str) -> dict[str, Tally]:
        found = self._known[dimension]
        if found is None:
            found = self._known[dimension] = self._work_out(dimension)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@dataclass(slots=True)
class Breakdown:
    """The tally of a figure, and those of its cells: by dimension and key."""

    whole: Tally = field(default_factory=Tally)
    cells: Mapping[str, dict[str, Tally]] = field(default_factory=dict)
    _stored: Mapping[str, Any] = field(default_factory=dict, compare=False)  # the cells of a sum, as in the ledger

    def totals(self, dimension: str) -> dict[str, int]:
        """What each cell sums to; of a sum in the ledger, where they are many, without a tally for each."""
        if dimension in self._stored:
            return {key: total for key, (total, _number) in self._stored[dimension].items()}
        return {key: tally.total for key, tally in self.cells.get(dimension, {}).items()}

    def at(self, dimension: str, key: str) -> Tally:
        """The tally of a cell, made when it is not there; of the whole for dimension ""."""
        if not dimension:
            return self.whole
        if dimension not in self.cells:
            self.cells = {**self.cells, dimension: {}}
        return self.cells[dimension].setdefault(key, Tally())

    @classmethod
    def together(cls, parts: Iterable["Breakdown"]) -> "Breakdown":
        """That of all periods of ``parts``, none of which changes."""
        every = list(parts)

        def work_out(dimension: str) -> dict[str, Tally]:
            cells: defaultdict[str, Tally] = defaultdict(Tally)
            for part in every:
                if dimension in part._stored:
                    for key, (total, number) in part._stored[dimension].items():
                        cells[key].add(total=total, number=number)
                    continue
                for key, tally in part.cells.get(dimension, {}).items():
                    cells[key].take(tally)
            return dict(cells)

        found = cls(cells=Cells((dimension for part in every for dimension in part.cells), work_out))
        for part in every:
            found.whole.take(part.whole)
        return found

    def dump(self, measure: Measure) -> dict[str, Any]:
        """As JSON for the ledger: {"all": …, "by": {dimension: {key: …}}}."""
        return {
            "all": self.whole.dump(measure),
            "by": {
                dimension: {key: tally.dump(measure) for key, tally in tallies.items()}
                for dimension, tallies in self.cells.items()
            },
        }

    @classmethod
    def load(cls, measure: Measure, data: Mapping[str, Any]) -> "Breakdown":
        by = data["by"]

        def work_out(dimension: str) -> dict[str, Tally]:
            return {key: Tally.load(measure, tally) for key, tally in by[dimension].items()}

        return cls(Tally.load(measure, data["all"]), Cells(by, work_out), by if measure is Measure.SUM else {})

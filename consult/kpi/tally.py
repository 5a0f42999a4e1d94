"""What counted rows come to, in a form that can be added up: months make a year, cells stand beside their whole.

A median of months is not the median of the year, nor is a share the mean of shares. So what is kept of a month is not
the figure but its tally, from which the figure of any number of months is computed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
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


@dataclass(slots=True)
class Tally:
    """``members`` (row to amount) and ``amounts`` (amount to number of rows) are filled where a measure needs them."""

    total: int = 0
    number: int = 0
    members: dict[str, int] = field(default_factory=dict)
    amounts: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, rows: Iterable[tuple[str, int]]) -> "Tally":
        """From (id, amount) of each row."""
        tally = cls()
        for row, amount in rows:
            tally.add(item=row, total=amount, number=1)
            tally.amounts[amount] += 1
        return tally

    def add(self, *, total: int, number: int, item: str | None = None) -> None:
        self.total += total
        self.number += number
        if item is not None:
            self.members[item] = max(total, self.members.get(item, total))

    def take(self, other: "Tally") -> None:
        """Add the rows of another period."""
        self.total += other.total
        self.number += other.number
        for row, amount in other.members.items():
            self.members[row] = max(amount, self.members.get(row, amount))
        for amount, number in other.amounts.items():
            self.amounts[amount] += number

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
            return cls(total, sum(number for _amount, number in data), amounts=defaultdict(int, data))
        total, number = data
        return cls(total, number)


@dataclass(slots=True)
class Breakdown:
    """The tally of a figure, and those of its cells: by dimension and key."""

    whole: Tally = field(default_factory=Tally)
    cells: dict[str, dict[str, Tally]] = field(default_factory=dict)

    def at(self, dimension: str, key: str) -> Tally:
        """The tally of a cell, made when it is not there; of the whole for dimension ""."""
        return self.cells.setdefault(dimension, {}).setdefault(key, Tally()) if dimension else self.whole

    @classmethod
    def together(cls, parts: Iterable["Breakdown"]) -> "Breakdown":
        """That of all periods of ``parts``, none of which changes."""
        found = cls()
        for part in parts:
            found.whole.take(part.whole)
            for dimension, tallies in part.cells.items():
                for key, tally in tallies.items():
                    found.at(dimension, key).take(tally)
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
        return cls(
            Tally.load(measure, data["all"]),
            {
                dimension: {key: Tally.load(measure, tally) for key, tally in tallies.items()}
                for dimension, tallies in data["by"].items()
            },
        )

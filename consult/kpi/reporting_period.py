"""The periods of which figures are reported: a month, a fiscal year, a half of one, or from one month to another."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from consult.kpi.definitions import PROGRAMME_BEGAN
from consult.kpi.periods import has_figures, present
from programme.fiscal import Month


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """Whole months, ``first`` to ``last``. Written "2024-01", "2023FY", "2023H1" or "2024-04..2024-09"."""

    first: Month
    last: Month

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"ends before it begins: {self.first}..{self.last}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """ValueError for what is no period. "2023-04..2024-03" is read as well, and is "2023FY"."""
        if found := re.fullmatch(r"([0-9]{4})FY", text):
            return cls.of_year(int(found[1]))
        if found := re.fullmatch(r"([0-9]{4})H([12])", text):
            return cls.of_half(int(found[1]), int(found[2]))
        first, dots, last = text.partition("..")
        return cls(Month.parse(first), Month.parse(last if dots else first))

    @classmethod
    def of(cls, month: Month) -> Self:
        return cls(month, month)

    @classmethod
    def of_year(cls, year: int) -> Self:
        return cls(Month(year, 4), Month(year + 1, 3))

    @classmethod
    def of_half(cls, year: int, half: int) -> Self:
        """Half 1 is April to September, half 2 October to March."""
        return cls(Month(year, 4), Month(year, 9)) if half == 1 else cls(Month(year, 10), Month(year + 1, 3))

    def __str__(self) -> str:
        if self.is_month:
            return str(self.first)
        if self.is_year:
            return f"{self.first.year}FY"
        return f"{self.first.fiscal_year}H{self.half}" if self.half else f"{self.first}..{self.last}"

    @property
    def is_month(self) -> bool:
        return self.first == self.last

    @property
    def is_year(self) -> bool:
        return self == Period.of_year(self.first.year)

    @property
    def half(self) -> int | None:
        """1 or 2 for a half of a fiscal year."""
        year = self.first.fiscal_year
        return next((half for half in (1, 2) if self == Period.of_half(year, half)), None)

    @property
    def fiscal_year(self) -> int | None:
        """The one in which all of it lies."""
        return self.first.fiscal_year if self.first.fiscal_year == self.last.fiscal_year else None

    @property
    def is_there(self) -> bool:
        """Whether it has begun, and not before the programme."""
        return has_figures(self.first)

    @property
    def begun(self) -> "Period":
        """Without the months that lie in the future. Only of a period that is there."""
        return Period(self.first, min(self.last, present()))

    def months(self) -> Iterator[Month]:
        month = self.first
        while month <= self.last:
            yield month
            month = month.next


def usual_periods() -> list[Period]:
    """Fiscal years and their halves, as far as they have begun; the latest first."""
    years = range(present().fiscal_year, Month.of(PROGRAMME_BEGAN).fiscal_year - 1, -1)
    found = [
        period for year in years for period in (Period.of_year(year), Period.of_half(year, 2), Period.of_half(year, 1))
    ]
    return [period for period in found if period.is_there]

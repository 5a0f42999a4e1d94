"""Days, months and fiscal years of the programme, all in Tokyo's time.

The fiscal year (年度) runs from 1 April to 31 March: January 2024 lies in fiscal year 2023 (令和5年度)
although the calendar year is 令和6年. Source: Local Autonomy Act, art. 208.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Self

from django.utils import timezone

REIWA_STARTS = 2019


def fiscal_year(day: dt.date) -> int:
    """The fiscal year in which ``day`` lies, as the calendar year in which it began."""
    return day.year if day.month >= 4 else day.year - 1


def reiwa(year: int) -> str:
    """A calendar or fiscal year from 2019 on in the era's count: 2023 → 令和5, 2019 → 令和元."""
    number = year - REIWA_STARTS + 1
    return f"令和{'元' if number == 1 else number}"


def fiscal_year_name(year: int) -> str:
    return f"{reiwa(year)}年度"


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month in Tokyo. ``str(Month(2024, 1)) == "2024-01"``."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1900 <= self.year <= 2999):
            raise ValueError(f"no such month: {self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "2024-01"; ValueError for anything else."""
        year, dash, month = text.partition("-")
        if not (dash and len(year) == 4 and len(month) == 2 and (year + month).isascii() and (year + month).isdigit()):
            raise ValueError(f"not a month of the form YYYY-MM: {text!r}")
        return cls(int(year), int(month))

    @classmethod
    def of(cls, day: dt.date) -> Self:
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, self.month, 1)

    @property
    def last(self) -> dt.date:
        return self.next.first - dt.timedelta(days=1)

    @property
    def next(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month.of(self.first - dt.timedelta(days=1))

    @property
    def fiscal_year(self) -> int:
        return fiscal_year(self.first)

    @property
    def fiscal_year_first(self) -> dt.date:
        return dt.date(self.fiscal_year, 4, 1)


def start_of(day: dt.date) -> dt.datetime:
    """Midnight at which ``day`` begins in Tokyo, aware."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def span(first: dt.date, last: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The half-open interval of aware times [start of ``first``, start of the day after ``last``)."""
    return start_of(first), start_of(last + dt.timedelta(days=1))

"""Counting: the figures from the raw rows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, DateField, Sum, Value
from django.db.models.functions import TruncMonth

from consult.kpi.definitions import Definition, versions
from consult.kpi.rows import Rows
from programme.fiscal import Month


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure with the rows behind it: (id, amount) pairs by day and id. The amounts sum to the value."""

    rows: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, found: Iterable[tuple[dt.date, str, int]]) -> "Counted":
        """From (day, id, amount); an id that comes again on a later day is the same row."""
        amounts: dict[str, int] = {}
        for _day, row, amount in sorted(found, key=lambda each: (each[0], len(each[1]), each[1])):
            amounts.setdefault(row, amount)
        return cls(tuple(amounts.items()))

    @classmethod
    def stored(cls, pairs: Iterable[Iterable[Any]]) -> "Counted":
        """As a JSON column gives it back."""
        return cls(tuple((row, amount) for row, amount in pairs))

    @property
    def value(self) -> int:
        return sum(amount for _row, amount in self.rows)

    @property
    def ids(self) -> list[str]:
        return [row for row, _amount in self.rows]


def count(definitions: Iterable[Definition], first: dt.date, last: dt.date) -> dict[str, Counted]:
    """Each figure of the period with its rows. One query, so that all figures show one state of the database."""
    found: dict[str, list[tuple[dt.date, str, int]]] = {definition.code: [] for definition in definitions}
    parts = [
        _with_code(definition, first, last).values_list("code", "day", "row", "amount") for definition in definitions
    ]
    for code, day, row, amount in _one_query(parts):
        found[code].append((day, _plain(row), amount))
    return {code: Counted.of(rows) for code, rows in found.items()}


def flows_by_month(first: dt.date, last: dt.date) -> dict[tuple[str, Month], int]:
    """The flows that months sum up, by code and month; a month without any is missing. One query."""
    parts = [
        _with_month(definition, starts, ends)
        .values("code", "month")
        .annotate(total=Sum("amount"))
        .values_list("code", "month", "total")
        for definition, starts, ends in versions(first, last)
        if not definition.is_stock and not definition.distinct
    ]
    return {(code, Month.of(month)): total for code, month, total in _one_query(parts)}


def members_by_month(first: dt.date, last: dt.date) -> dict[tuple[str, Month], set[str]]:
    """The distinct rows of the flows that count each row once (実数), by code and month. One query."""
    parts = [
        _with_month(definition, starts, ends).values_list("code", "month", "row").distinct()
        for definition, starts, ends in versions(first, last)
        if definition.distinct
    ]
    members: dict[tuple[str, Month], set[str]] = defaultdict(set)
    for code, month, row in _one_query(parts):
        members[code, Month.of(month)].add(_plain(row))
    return members


def _with_code(definition: Definition, first: dt.date, last: dt.date) -> Rows:
    rows: Rows = definition.rows(first, last).annotate(code=Value(definition.code, output_field=CharField()))
    return rows


def _with_month(definition: Definition, first: dt.date, last: dt.date) -> Rows:
    rows: Rows = _with_code(definition, first, last).annotate(month=TruncMonth("day", output_field=DateField()))
    return rows


def _one_query(parts: list[Rows]) -> Iterable[tuple[Any, ...]]:
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else [row for part in parts for row in part]


def _plain(row: str) -> str:
    """One spelling for UUIDs, which PostgreSQL writes with hyphens and SQLite without."""
    return row.replace("-", "")

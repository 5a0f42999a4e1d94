"""The last weeks as the forecast needs them, and what the rota has planned until the end of the fiscal year.

Read from the records by their dates, so the cost is that of WEEKS weeks, however long the history is.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from django.db.models import CharField, Count, Sum, Value

from consult.kpi.dashboard.forecast import Rate, Week, rate
from consult.kpi.definitions import PROGRAMME_BEGAN, versions
from consult.models import Desk, Opening
from programme.models.places import dates_of

WEEKS = 16
"""two times eight: topics are compared half by half"""
WEEK = dt.timedelta(days=7)
DAY = dt.timedelta(days=1)


def daily(codes: Iterable[str], first: dt.date, last: dt.date) -> dict[tuple[str, dt.date], int]:
    """What the flows of ``codes`` come to on each day from ``first`` to ``last``. One query."""
    wanted = set(codes)
    parts: list[Any] = [
        definition.rows(starts, ends)
        .annotate(code=Value(definition.code, output_field=CharField()))
        .values("code", "day")
        .annotate(total=Sum("amount"))
        .values_list("code", "day", "total")
        for definition, starts, ends in versions(first, last)
        if definition.code in wanted
    ]
    if not parts:
        return {}
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return {(code, day): total for code, day, total in rows}


def last_weeks(today: dt.date) -> tuple[dt.date, dt.date]:
    """Monday of the first and Sunday of the last of the WEEKS weeks that are over."""
    last = today - dt.timedelta(days=today.weekday() + 1)
    return last - WEEKS * WEEK + DAY, last


@dataclass(frozen=True, slots=True)
class Openings:
    """Openings that stand, by date; and those that the desks' rules give beyond the dates already made."""

    made: Mapping[dt.date, int]
    by_rule: Mapping[dt.date, int]

    def between(self, first: dt.date, last: dt.date) -> int:
        return sum(
            number for dates in (self.made, self.by_rule) for day, number in dates.items() if first <= day <= last
        )


def openings(first: dt.date, last: dt.date, today: dt.date) -> Openings:
    """From ``first`` to ``last``. Four queries, however many desks and dates there are."""
    made: Counter[dt.date] = Counter()
    latest: dict[int, dt.date] = {}
    dates = Opening.objects.filter(date__range=(first, last)).order_by()
    standing = dates.standing().values("desk", "date").annotate(number=Count("pk"))
    for key, day, number in standing.values_list("desk", "date", "number"):
        made[day] += number
        latest[key] = max(day, latest.get(key, day))
    by_rule: Counter[dt.date] = Counter()
    for desk in (
        Desk.objects.filter(active=True).select_related("venue__closures").prefetch_related("venue__closures__closures")
    ):
        starts = max(latest.get(desk.pk, today), today) + DAY
        if starts <= last:
            shut = desk.venue.closed_days(starts, last)
            by_rule.update(day for day in dates_of(desk.rule, starts, last) if day not in shut)
    return Openings(made, by_rule)


def _dump(numbers: Mapping[dt.date, int]) -> dict[str, int]:
    return {day.isoformat(): number for day, number in numbers.items()}


def _load(numbers: Mapping[str, int]) -> dict[dt.date, int]:
    return {dt.date.fromisoformat(day): number for day, number in numbers.items()}


@dataclass(frozen=True)
class Recent:
    """``counts`` by code and day. A figure that began inside of the weeks is judged from its first week on."""

    first: dt.date
    last: dt.date
    counts: Mapping[tuple[str, dt.date], int]
    openings: Openings
    older: frozenset[str]
    """the figures of which something was counted before these weeks"""

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        counts: dict[str, dict[dt.date, int]] = defaultdict(dict)
        for (code, day), number in self.counts.items():
            counts[code][day] = number
        return {
            "days": [self.first.isoformat(), self.last.isoformat()],
            "counts": {code: _dump(numbers) for code, numbers in counts.items()},
            "made": _dump(self.openings.made),
            "by_rule": _dump(self.openings.by_rule),
            "older": sorted(self.older),
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        first, last = map(dt.date.fromisoformat, data["days"])
        return cls(
            first=first,
            last=last,
            counts={
                (code, day): number for code, days in data["counts"].items() for day, number in _load(days).items()
            },
            openings=Openings(_load(data["made"]), _load(data["by_rule"])),
            older=frozenset(data["older"]),
        )

    @cached_property
    def mondays(self) -> list[dt.date]:
        return [self.first + number * WEEK for number in range(WEEKS)]

    def weekly(self, code: str) -> list[int]:
        sums: dict[dt.date, int] = defaultdict(int)
        for (each, day), number in self.counts.items():
            if each == code:
                sums[day - dt.timedelta(days=day.weekday())] += number
        return [sums[monday] for monday in self.mondays]

    def opened(self) -> list[int]:
        return [self.openings.between(monday, monday + WEEK - DAY) for monday in self.mondays]

    def rate(self, code: str, chances: Sequence[float]) -> tuple[Rate | None, int]:
        """The rate of a figure by the chances of each week, and how many weeks there were to judge by."""
        weeks = [Week(count, chance) for count, chance in zip(self.weekly(code), chances, strict=True)]
        if code not in self.older:
            begun = next((number for number, week in enumerate(weeks) if week.count), len(weeks))
            weeks = weeks[begun:]
        weeks = [week for week in weeks if week.chances > 0]
        return rate(weeks), len(weeks)


def recent(codes: Sequence[str], today: dt.date, ends: dt.date) -> Recent:
    """The weeks before ``today``, and the rota until ``ends``."""
    first, last = last_weeks(today)
    return Recent(
        first=first,
        last=last,
        counts=daily(codes, first, last),
        openings=openings(first, ends, today),
        older=_counted_before(codes, first),
    )


def _counted_before(codes: Sequence[str], day: dt.date) -> frozenset[str]:
    return frozenset(
        definition.code
        for definition, starts, ends in versions(PROGRAMME_BEGAN, day - DAY)
        if definition.code in codes and definition.rows(starts, ends).exists()
    )

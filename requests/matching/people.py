"""The supporters as arrays, one entry per person in the order of the problem's list."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from .geometry import Ints, Places, places_of
from .problem import Problem, Supporter

__all__ = ["Calendar", "DayRows", "People", "calendar_of", "people_of"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which week and month (both counted from 0) a day of the problem belongs to."""

    weekday: Ints
    """[days] 0 = Monday"""
    week: Ints
    """[days] Monday-based week, 0 = the week of day 0"""
    month: Ints
    """[days] calendar month, 0 = the month of day 0"""


def calendar_of(problem: Problem) -> Calendar:
    """The weeks and months of the days 0 … days − 1."""
    first = problem.start_date
    days = [first + timedelta(days=d) for d in range(problem.days)]
    number = np.arange(problem.days, dtype=np.int64) + first.weekday()
    months = [day.year * 12 + day.month - first.year * 12 - first.month for day in days]
    return Calendar(number % 7, number // 7, np.array(months, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class DayRows:
    """Intervals of one day, of whoever has one."""

    person: Ints
    start: Ints
    end: Ints
    venue: Ints
    """index of the venue of a booking; −1 for an exception"""


@dataclass(frozen=True, slots=True)
class People:
    """What the rules ask about people.  P people, T topics, W weeks, M months."""

    places: Places
    x: Ints
    y: Ints
    max_travel: Ints
    active: Bools
    adult: Bools
    lead: Bools
    """adult leads only (H9)"""
    newcomer: Bools
    level: NDArray[np.int8]
    """[P, T] 0 where the person has not the topic"""
    attrs: dict[str, Bools]
    scarce: dict[str, Bools]
    """the part of `attrs` that is to be spared"""
    before: Ints
    """assignments this fiscal year, bookings included"""
    week_left: Ints
    """[P, W] how many assignments the week still takes; never negative"""
    month_left: Ints
    """[P, M]"""
    window: NDArray[np.int16]
    """[N, 2, 7, P] from and to of the n-th merged window of a weekday; empty ones are (0, −1)"""
    exceptions: dict[int, DayRows]
    bookings: dict[int, DayRows]

    def fits_windows(self, who: Ints, weekday: int, start: int, end: int) -> Bools:
        """Of the people `who`: whose weekly windows hold [start, end] (H5)."""
        opens, closes = self.window[:, 0, weekday][:, who], self.window[:, 1, weekday][:, who]
        return np.asarray(((opens <= start) & (closes >= end)).any(axis=0), dtype=np.bool_)

    def absent(self, day: int, start: int, end: int) -> Ints:
        """Who has an exception during [start, end] (H5)."""
        rows = self.exceptions.get(day)
        if rows is None:
            return np.zeros(0, dtype=np.int64)
        return rows.person[(rows.start < end) & (rows.end > start)]

    def taken(self, day: int, start: int, end: int, venue: int) -> Ints:
        """Who cannot come to `venue` during [start, end] because of a booking (H6)."""
        rows = self.bookings.get(day)
        if rows is None:
            return np.zeros(0, dtype=np.int64)
        gap = self.places.gap(rows.venue, np.full_like(rows.venue, venue))
        return rows.person[(rows.start < end + gap) & (rows.end + gap > start)]


def people_of(problem: Problem, calendar: Calendar) -> People:
    """The arrays of a problem's supporters."""
    people = problem.supporters

    def numbers(field: str) -> Ints:
        return np.array([getattr(p, field) for p in people], dtype=np.int64)

    def truths(field: str) -> Bools:
        return np.array([getattr(p, field) for p in people], dtype=np.bool_)

    column = {topic: j for j, topic in enumerate(problem.topics)}
    level = np.zeros((len(people), len(column)), dtype=np.int8)
    for i, person in enumerate(people):
        for topic, reached in person.skills:
            level[i, column[topic]] = reached
    names = {name for task in problem.tasks for name in task.needs} | set(problem.params.scarce)
    attrs = {name: np.array([name in p.attrs for p in people], dtype=np.bool_) for name in sorted(names)}
    adult = ~truths("minor")
    week_left, month_left = _limits(problem, calendar)
    return People(
        places=places_of(problem),
        x=numbers("x"),
        y=numbers("y"),
        max_travel=numbers("max_travel"),
        active=truths("active"),
        adult=adult,
        lead=truths("lead") & adult,
        newcomer=truths("newcomer"),
        level=level,
        attrs=attrs,
        scarce={name: attrs[name] for name in problem.params.scarce},
        before=numbers("history") + np.array([len(p.booked) for p in people], dtype=np.int64),
        week_left=week_left,
        month_left=month_left,
        window=_windows(people),
        exceptions=_by_day([(d, i, f, t, -1) for i, p in enumerate(people) for d, f, t in p.exceptions]),
        bookings=_by_day([(d, i, f, t, v) for i, p in enumerate(people) for d, f, t, v in p.booked]),
    )


def _limits(problem: Problem, calendar: Calendar) -> tuple[Ints, Ints]:
    people, first = problem.supporters, problem.start_date
    weeks, months = int(calendar.week[-1]) + 1, int(calendar.month[-1]) + 1
    week = np.repeat(np.array([[p.max_week] for p in people], dtype=np.int64).reshape(-1, 1), weeks, 1)
    month = np.repeat(np.array([[p.max_month] for p in people], dtype=np.int64).reshape(-1, 1), months, 1)
    # Bookings before day 0 or after the last day still count in a week or month that reaches in.
    for i, person in enumerate(people):
        for day, *_ in person.booked:
            date = first + timedelta(days=day)
            w = (day + first.weekday()) // 7
            m = date.year * 12 + date.month - first.year * 12 - first.month
            if 0 <= w < weeks:
                week[i, w] -= 1
            if 0 <= m < months:
                month[i, m] -= 1
    return np.maximum(week, 0), np.maximum(month, 0)


def _windows(people: tuple[Supporter, ...]) -> NDArray[np.int16]:
    merged: dict[tuple[int, int], list[list[int]]] = defaultdict(list)
    for i, person in enumerate(people):
        for weekday, start, end in sorted(person.windows):
            kept = merged[i, weekday]
            if kept and start <= kept[-1][1]:
                kept[-1][1] = max(kept[-1][1], end)
            else:
                kept.append([start, end])
    most = max((len(spans) for spans in merged.values()), default=0)
    window = np.zeros((most, 2, 7, len(people)), dtype=np.int16)
    window[:, 1] = -1
    for (i, weekday), spans in merged.items():
        for n, span in enumerate(spans):
            window[n, :, weekday, i] = span
    return window


def _by_day(rows: list[tuple[int, int, int, int, int]]) -> dict[int, DayRows]:
    if not rows:
        return {}
    table = np.array(sorted(rows), dtype=np.int64)
    days, first = np.unique(table[:, 0], return_index=True)
    parts = np.split(table[:, 1:], first[1:])
    return {int(d): DayRows(*(part[:, c].copy() for c in range(4))) for d, part in zip(days, parts, strict=True)}

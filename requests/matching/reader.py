"""Read a problem from JSON, and say exactly where it is wrong.

Shape, ranges and references are checked here, once, so that no other module has
to; `path` in the errors is the place in the file.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from .fields import (
    bool_field,
    date_field,
    each,
    id_field,
    int_field,
    names_field,
    number,
    object_field,
    rows_field,
    text_field,
)
from .problem import Costs, Params, Previous, Problem, ProblemError, Supporter, Task, Venue

__all__ = ["FORMAT", "problem_from_dict", "read_problem"]

FORMAT = "mdeji-matching-1"

DAY = 1440
FAR = 10_000_000
"""metres; coordinates beyond it cannot be on one map, and their squares stay in 64 bits"""
MUCH = 1_000_000
"""counts, weights and costs beyond it are mistakes, and sums of them stay exact"""
CROWD = 100
"""people; a larger team is a mistake"""
REQUIREMENTS = 16
"""topics and needs of one task; finding a team that meets all of very many has no bound in time"""
LARGEST = 1 << 30
"""bytes of a file when unpacked; a nation's has 70 million"""
LONG = 3660
"""days; the longest span of a problem, and how far away any day may be"""


def read_problem(source: Path) -> Problem:
    """Read a problem file, plain or gzip (told by its content, not by its name).

    Raises ProblemError when it cannot be read or is inconsistent.
    """
    try:
        data = source.read_bytes()
        if data[:2] == b"\x1f\x8b":
            with gzip.open(source) as stream:
                data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ProblemError(f"larger than {LARGEST >> 20} MB")
        raw = json.loads(data, parse_constant=_no_constant, object_pairs_hook=_once)
    except ProblemError:
        raise
    except OSError as error:
        raise ProblemError(error.strerror or "the gzip stream is damaged") from None
    except (EOFError, zlib.error):
        raise ProblemError("the gzip stream is damaged") from None
    except UnicodeDecodeError as error:
        raise ProblemError(f"not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise ProblemError(f"not JSON: {error.msg} (line {error.lineno})") from None
    except MemoryError:
        raise ProblemError("too large for this machine's memory") from None
    except RecursionError:
        raise ProblemError("not a problem: nested too deeply") from None
    except ValueError:
        raise ProblemError("not a problem: a number is too long") from None
    return problem_from_dict(raw)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ProblemError(f"an object has {next(name for name in names if names.count(name) > 1)} twice")
    return found


def _no_constant(name: str) -> Any:
    raise ProblemError(f"not JSON: {name} is not a number that JSON knows")


def problem_from_dict(raw: Any) -> Problem:
    """The problem that a decoded file holds; raises ProblemError with the path."""
    if type(raw) is not dict:
        raise ProblemError("not a problem: an object is expected")
    if raw.get("format") != FORMAT:
        raise ProblemError(f'must be "{FORMAT}"', "format")
    start_date = date_field(raw, "start_date")
    try:
        start_date + timedelta(days=2 * LONG), start_date - timedelta(days=2 * LONG)
    except OverflowError:
        raise ProblemError("lies outside the calendar", "start_date") from None
    days = int_field(raw, "days", 1, LONG)
    found = object_field(raw, "params")
    try:
        params = _params(found)
    except ProblemError as error:
        raise error.under("params") from None
    topics = names_field(raw, "topics")
    venues = each(raw, "venues", _venue)
    facts = _Facts(frozenset(topics), len(venues), params.grid, days)
    supporters = each(raw, "supporters", facts.supporter)
    people = _unique("supporters", (one.id for one in supporters))
    tasks = each(raw, "tasks", facts.task)
    _unique("tasks", (one.id for one in tasks))
    by_id = {task.id: task for task in tasks}
    previous = each(raw, "previous", lambda one: _previous(one, by_id, people))
    told: set[str] = set()
    for i, one in enumerate(previous):
        if one.task in told:
            raise ProblemError(f"task {one.task} stands there twice", f"previous[{i}].task")
        told.add(one.task)
    name = text_field(raw, "name")
    return Problem(name, start_date, days, params, topics, venues, supporters, tasks, previous)


def _unique(where: str, ids: Iterable[str]) -> frozenset[str]:
    seen: set[str] = set()
    for i, one in enumerate(ids):
        if one in seen:
            raise ProblemError(f"{one} stands there twice", f"{where}[{i}].id")
        seen.add(one)
    return frozenset(seen)


def _params(raw: dict[str, Any]) -> Params:
    grid = int_field(raw, "grid", 1, DAY)
    if DAY % grid:
        raise ProblemError(f"must divide a day of {DAY} minutes", "grid")
    weights = object_field(raw, "q")
    names = ("rank", "fair", "travel", "overkill", "mentor", "stability")
    try:
        costs = Costs(**{name: int_field(weights, name, 0, MUCH) for name in names})
    except ProblemError as error:
        raise error.under("q") from None
    return Params(
        grid=grid,
        buffer=int_field(raw, "buffer", 0, DAY),
        minor_latest_end=int_field(raw, "minor_latest_end", 0, DAY),
        travel_base=int_field(raw, "travel_base", 0, DAY),
        travel_num=int_field(raw, "travel_num", 0, MUCH),
        travel_den=int_field(raw, "travel_den", 1, MUCH),
        scarce=names_field(raw, "scarce"),
        scarce_cost=int_field(raw, "scarce_cost", 0, 1000),
        q=costs,
    )


def _venue(raw: dict[str, Any]) -> Venue:
    return Venue(
        int_field(raw, "x", -FAR, FAR),
        int_field(raw, "y", -FAR, FAR),
        text_field(raw, "district"),
        text_field(raw, "muni"),
    )


class _Facts:
    """What supporters and tasks refer to."""

    def __init__(self, topics: frozenset[str], venues: int, grid: int, days: int) -> None:
        self.topics = topics
        self.venues = venues
        self.grid = grid
        self.days = days

    def supporter(self, raw: dict[str, Any]) -> Supporter:
        skills = object_field(raw, "skills")
        for topic, level in skills.items():
            self._topic(topic, f"skills.{topic}")
            number(level, f"skills.{topic}", 1, 3)
        return Supporter(
            id=id_field(raw, "id"),
            x=int_field(raw, "x", -FAR, FAR),
            y=int_field(raw, "y", -FAR, FAR),
            areas=names_field(raw, "areas"),
            max_travel=int_field(raw, "max_travel", 0, MUCH),
            skills=tuple(skills.items()),
            windows=tuple(
                (number(row[0], f"windows[{i}][0]", 0, 6), *self._span(row, f"windows[{i}]"))
                for i, row in enumerate(rows_field(raw, "windows", 3))
            ),
            exceptions=tuple(
                (_day(row, f"exceptions[{i}]"), *self._span(row, f"exceptions[{i}]"))
                for i, row in enumerate(rows_field(raw, "exceptions", 3))
            ),
            booked=tuple(
                (
                    _day(row, f"booked[{i}]"),
                    *self._span(row, f"booked[{i}]"),
                    self._venue_index(row[3], f"booked[{i}][3]"),
                )
                for i, row in enumerate(rows_field(raw, "booked", 4))
            ),
            max_week=int_field(raw, "max_week", 0, MUCH),
            max_month=int_field(raw, "max_month", 0, MUCH),
            minor=bool_field(raw, "minor"),
            lead=bool_field(raw, "lead"),
            newcomer=bool_field(raw, "newcomer"),
            attrs=names_field(raw, "attrs"),
            history=int_field(raw, "history", 0, MUCH),
            active=bool_field(raw, "active"),
        )

    def task(self, raw: dict[str, Any]) -> Task:
        kind = text_field(raw, "kind")
        if kind not in ("session", "desk"):
            raise ProblemError('must be "session" or "desk"', "kind")
        k = int_field(raw, "k", 1, CROWD)
        dur = int_field(raw, "dur", 1, DAY)
        self._on_grid(dur, "dur")
        topics = rows_field(raw, "topics", 2)
        needs = names_field(raw, "needs")
        if len(topics) + len(needs) > REQUIREMENTS:
            raise ProblemError(f"more than {REQUIREMENTS} topics and needs", "topics")
        for i, (topic, level) in enumerate(topics):
            if type(topic) is not str:
                raise ProblemError("a text is expected", f"topics[{i}][0]")
            self._topic(topic, f"topics[{i}][0]")
            number(level, f"topics[{i}][1]", 1, 3)
            if any(topic == other for other, _ in topics[:i]):
                raise ProblemError(f"{topic} stands there twice", f"topics[{i}][0]")
        return Task(
            id=id_field(raw, "id"),
            kind=kind,
            venue=self._venue_index(raw.get("venue"), "venue"),
            starts=self._starts(raw),
            dur=dur,
            participants=int_field(raw, "participants", 0, MUCH),
            k=k,
            kmax=int_field(raw, "kmax", k, CROWD),
            topics=tuple((topic, level) for topic, level in topics),
            lead=bool_field(raw, "lead"),
            needs=needs,
            first_time=bool_field(raw, "first_time"),
            submitted=int_field(raw, "submitted", -LONG, LONG),
            deadline=int_field(raw, "deadline", -LONG, LONG),
            weight=int_field(raw, "weight", 1, MUCH),
        )

    def _starts(self, raw: dict[str, Any]) -> tuple[tuple[int, int], ...]:
        starts = []
        for i, (day, minute) in enumerate(rows_field(raw, "starts", 2)):
            number(day, f"starts[{i}][0]", 0, self.days - 1)
            number(minute, f"starts[{i}][1]", 0, DAY - 1)
            self._on_grid(minute, f"starts[{i}][1]")
            starts.append((day, minute))
            if (day, minute) in starts[:-1]:
                raise ProblemError("the same start stands there twice", f"starts[{i}]")
        return tuple(starts)

    def _span(self, row: list[Any], path: str) -> tuple[int, int]:
        start = number(row[1], f"{path}[1]", 0, DAY)
        end = number(row[2], f"{path}[2]", 0, DAY)
        self._on_grid(start, f"{path}[1]")
        self._on_grid(end, f"{path}[2]")
        if start >= end:
            raise ProblemError(f"must end after its start, {start}–{end}", path)
        return start, end

    def _on_grid(self, minutes: int, path: str) -> None:
        if minutes % self.grid:
            raise ProblemError(f"{minutes} is off the grid of {self.grid} minutes", path)

    def _topic(self, topic: str, path: str) -> None:
        if topic not in self.topics:
            raise ProblemError(f"{topic} is not one of the problem's topics", path)

    def _venue_index(self, value: object, path: str) -> int:
        if not self.venues:
            raise ProblemError("names a venue, but the problem has none", path)
        return number(value, path, 0, self.venues - 1)


def _day(row: list[Any], path: str) -> int:
    # A booking or a holiday outside the span is no mistake: its week may reach in.
    return number(row[0], f"{path}[0]", -LONG, LONG)


def _previous(raw: dict[str, Any], tasks: Mapping[str, Task], people: frozenset[str]) -> Previous:
    task = text_field(raw, "task")
    if task not in tasks:
        raise ProblemError(f"there is no task {task}", "task")
    start = int_field(raw, "start", 0, MUCH)
    if start >= len(tasks[task].starts):
        raise ProblemError(f"task {task} has only {len(tasks[task].starts)} starts", "start")
    team = names_field(raw, "team")
    for i, one in enumerate(team):
        if one not in people:
            raise ProblemError(f"there is no supporter {one}", f"team[{i}]")
    status = text_field(raw, "status")
    if status not in ("accepted", "proposed"):
        raise ProblemError('must be "accepted" or "proposed"', "status")
    return Previous(task, start, team, status)

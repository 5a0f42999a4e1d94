"""Which figures there are, and which version of each holds when. docs/kpi.md says how to change a definition.

A definition that ever held stays in ``DEFINITIONS``: closed months keep the version under which they were closed.
A changed one is added below with the next version and the first day of the month from which it holds.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from consult.kpi.definition import PROGRAMME_BEGAN, Area, Countable, Definition, Kind
from consult.kpi.figures.desks import ACTIVITIES, DESKS, PLACES
from consult.kpi.figures.sessions import SESSIONS
from consult.kpi.figures.supporters import DUTIES, SUPPORTERS

__all__ = [
    "DEFINITIONS",
    "PROGRAMME_BEGAN",
    "Area",
    "Countable",
    "Definition",
    "Kind",
    "find",
    "in_force",
    "position",
    "versions",
]

DEFINITIONS = (*SUPPORTERS, *SESSIONS, *DESKS, *PLACES, *ACTIVITIES, *DUTIES)


def versions(first: dt.date, last: dt.date) -> Iterator[tuple[Definition, dt.date, dt.date]]:
    """Each definition that holds at some time of the period, with the days of the period on which it holds."""
    alike: dict[str, list[Definition]] = defaultdict(list)
    for definition in DEFINITIONS:
        alike[definition.code].append(definition)
    for definition in DEFINITIONS:
        later = [other.since for other in alike[definition.code] if other.version > definition.version]
        starts = max(first, definition.since)
        ends = min([last, *(since - dt.timedelta(days=1) for since in later)])
        if starts <= ends:
            yield definition, starts, ends


def in_force(day: dt.date) -> list[Definition]:
    """The definitions that hold on ``day``, in the order of ``DEFINITIONS``."""
    return [definition for definition, _first, _last in versions(day, day)]


def position(code: str) -> int:
    """Where the figure stands in a report."""
    return [definition.code for definition in DEFINITIONS].index(code)


def find(code: str, version: int) -> Definition:
    """KeyError for one that never was."""
    for definition in DEFINITIONS:
        if definition.code == code and definition.version == version:
            return definition
    raise KeyError(code, version)

"""What is to be matched: people, places, tasks, and what people were told before.

All numbers are integers.  A *day* is counted from `Problem.start_date` (day 0);
a *minute* is counted from 00:00 of its day; an interval `[start, end]` may touch
another one without overlapping it.  Every object is immutable, so a problem can
be handed to other threads and hashed into the record of a plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = [
    "Assignment",
    "Costs",
    "Params",
    "Previous",
    "Problem",
    "ProblemError",
    "Supporter",
    "Task",
    "Venue",
]


class ProblemError(ValueError):
    """The input cannot be read, or contradicts itself.

    `path` is the place in the input, written as in `tasks[3].starts[0]` (empty
    for the whole input); `message` is one line that says what is wrong there.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def under(self, parent: str) -> ProblemError:
        """The same error, seen from the object that holds the faulty one."""
        if not self.path:
            return ProblemError(self.message, parent)
        joint = "" if self.path.startswith("[") else "."
        return ProblemError(self.message, f"{parent}{joint}{self.path}")

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class Costs:
    """Weights of the secondary objective Q, which is minimised (no units)."""

    rank: int = 30
    """per place that the chosen start stands lower on the task's list"""
    fair: int = 3
    """per unit of after² − before² of a person's assignments this fiscal year"""
    travel: int = 1
    """per minute from a member's home to the venue"""
    overkill: int = 5
    """per level that a member has above the needed one, and per `scarce_cost`"""
    mentor: int = 40
    """gained per newcomer who serves at least once beside an adult lead"""
    stability: int = 200
    """per member of a proposed team who loses that task at that start"""


@dataclass(frozen=True, slots=True)
class Params:
    """Rules that hold for the whole problem."""

    grid: int = 15
    """minutes; every time in the problem is a multiple of it"""
    buffer: int = 10
    """minutes added to the travel between two different venues"""
    minor_latest_end: int = 1200
    """minute of the day by which a minor's task has to end"""
    travel_base: int = 5
    """minutes, the fixed part of a journey"""
    travel_num: int = 13
    """`travel_num / travel_den` is the minutes per metre of straight line"""
    travel_den: int = 5000
    scarce: tuple[str, ...] = ("sign", "pt")
    """attributes to be spared for the tasks that need them"""
    scarce_cost: int = 2
    """levels of overkill that count for one scarce attribute not needed"""
    q: Costs = Costs()


@dataclass(frozen=True, slots=True)
class Venue:
    """A place where tasks happen; tasks and bookings name it by its index."""

    x: int
    """metres east of the map's origin"""
    y: int
    """metres north of the map's origin"""
    district: str
    muni: str


@dataclass(frozen=True, slots=True)
class Supporter:
    """A person who helps."""

    id: str
    x: int
    """metres, home"""
    y: int
    areas: tuple[str, ...]
    """districts or municipalities where the person goes; none means anywhere"""
    max_travel: int
    """minutes from home to the venue, one way"""
    skills: tuple[tuple[str, int], ...]
    """(topic, level 1–3)"""
    windows: tuple[tuple[int, int, int], ...]
    """(weekday 0 = Monday, from minute, to minute), free every week"""
    exceptions: tuple[tuple[int, int, int], ...]
    """(day, from minute, to minute), not free"""
    booked: tuple[tuple[int, int, int, int], ...]
    """(day, from minute, to minute, venue index), promised already"""
    max_week: int
    """bookings and assignments per Monday-based week"""
    max_month: int
    """bookings and assignments per calendar month"""
    minor: bool
    lead: bool
    newcomer: bool
    attrs: tuple[str, ...]
    history: int
    """assignments this fiscal year before this problem"""
    active: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A session or a desk shift that wants a team."""

    id: str
    kind: str
    """`session` (a group asked for it) or `desk` (a walk-in desk)"""
    venue: int
    """index into `Problem.venues`"""
    starts: tuple[tuple[int, int], ...]
    """(day, minute), the most wanted first"""
    dur: int
    """minutes"""
    participants: int
    k: int
    """smallest team"""
    kmax: int
    """largest team"""
    topics: tuple[tuple[str, int], ...]
    """(topic, level 1–3) that some member has to have"""
    lead: bool
    """needs an adult lead"""
    needs: tuple[str, ...]
    """attributes that some member has to have"""
    first_time: bool
    submitted: int
    """day on which it was asked for; negative before the first day"""
    deadline: int
    """last day on which it may start"""
    weight: int
    """what serving it is worth"""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task that is served: at which of its starts, by whom."""

    task: str
    start: int
    """index into the task's starts"""
    team: tuple[str, ...]
    """ids of supporters, in the order of the problem's list"""


@dataclass(frozen=True, slots=True)
class Previous:
    """What people have been told before this plan is made."""

    task: str
    start: int
    team: tuple[str, ...]
    status: str
    """`accepted` (stays exactly as it is) or `proposed` (kept if nothing is lost)"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One month (or another span of days) of an area."""

    name: str
    start_date: date
    days: int
    params: Params
    topics: tuple[str, ...]
    venues: tuple[Venue, ...]
    supporters: tuple[Supporter, ...]
    tasks: tuple[Task, ...]
    previous: tuple[Previous, ...] = ()

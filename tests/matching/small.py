"""Problems small enough for brute force, and the brute force."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from matching import Assignment, Problem, problem_from_dict

from . import checker

TOPICS = ["general", "tablet"]
PARAMS = {
    "grid": 15,
    "buffer": 10,
    "minor_latest_end": 1080,
    "travel_base": 5,
    "travel_num": 13,
    "travel_den": 5000,
    "scarce": ["sign", "pt"],
    "scarce_cost": 2,
    "q": {"rank": 30, "fair": 3, "travel": 1, "overkill": 5, "mentor": 40, "stability": 200},
}
# Day 0 is a Saturday and day 2 the first of a month: weeks and months both turn within three days.
START = "2026-05-30"
DAYS = 3
MINUTES = [900, 960, 1020]


@st.composite
def supporters(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Somebody who can do most things, now and then not."""
    skills = draw(st.dictionaries(st.sampled_from(TOPICS), st.integers(1, 3), min_size=1))
    return {
        "id": f"s{number}",
        "x": draw(st.sampled_from([0, 0, 900, 4000])),
        "y": 0,
        "areas": draw(st.sampled_from([[], [], ["北"], ["市"]])),
        "max_travel": draw(st.sampled_from([10, 60, 60])),
        "skills": skills,
        "windows": [
            [weekday, 900, 1200] for weekday in draw(st.sets(st.sampled_from([5, 6, 0]), min_size=2, max_size=3))
        ],
        "exceptions": draw(st.sampled_from([[], [], [], [[1, 0, 1440]], [[0, 900, 960]]])),
        "booked": draw(st.sampled_from([[], [], [], [[0, 900, 960, 0]], [[2, 1020, 1080, 1]]])),
        "max_week": draw(st.integers(1, 2)),
        "max_month": draw(st.integers(1, 3)),
        "minor": draw(st.sampled_from([False, False, False, True])),
        "lead": draw(st.booleans()),
        "newcomer": draw(st.booleans()),
        "attrs": draw(st.sampled_from([[], [], ["sign"], ["woman"]])),
        "history": draw(st.integers(0, 4)),
        "active": draw(st.sampled_from([True, True, True, True, False])),
    }


@st.composite
def tasks(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """A task of one or two people with one or two starts."""
    k = draw(st.sampled_from([1, 1, 2, 2, 3]))
    topics = draw(st.dictionaries(st.sampled_from(TOPICS), st.integers(1, 2), min_size=1))
    start = st.tuples(st.integers(0, DAYS - 1), st.sampled_from(MINUTES)).map(list)
    return {
        "id": f"t{number}",
        "kind": draw(st.sampled_from(["session", "desk"])),
        "venue": draw(st.integers(0, 1)),
        "starts": draw(st.lists(start, min_size=1, max_size=2, unique_by=tuple)),
        "dur": draw(st.sampled_from([60, 120])),
        "participants": 4,
        "k": k,
        "kmax": k + draw(st.integers(0, 1)),
        "topics": [[topic, level] for topic, level in topics.items()],
        "lead": draw(st.booleans()),
        "needs": draw(st.sampled_from([[], [], [], ["sign"], ["woman"]])),
        "first_time": False,
        "submitted": draw(st.integers(-9, -1)),
        "deadline": draw(st.sampled_from([2, 2, 2, 1])),
        "weight": draw(st.integers(1, 9)),
    }


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to five people and four tasks, some of them already told."""
    people = [draw(supporters(i)) for i in range(draw(st.integers(1, 5)))]
    wanted = [draw(tasks(i)) for i in range(draw(st.integers(1, 4)))]
    raw = {
        "format": "mdeji-matching-1",
        "name": "small",
        "start_date": START,
        "days": DAYS,
        "params": PARAMS,
        "topics": TOPICS,
        "venues": [
            {"x": 0, "y": 0, "district": "北", "muni": "市"},
            {"x": 3000, "y": 0, "district": "南", "muni": "市"},
        ],
        "supporters": people,
        "tasks": wanted,
        "previous": [],
    }
    problem = problem_from_dict(raw)
    told = draw(st.sampled_from([None, None, "accepted", "proposed"]))
    if told:
        # A plan of one task that is possible; as a proposal it may since have become impossible.
        every = list(options(problem, 0))
        if every:
            one = draw(st.sampled_from(every))
            raw["previous"] = [{"task": one.task, "start": one.start, "team": list(one.team), "status": told}]
    if told == "proposed":
        raw["previous"] += [
            {"task": t["id"], "start": 0, "team": [people[-1]["id"]], "status": told} for t in wanted[1:2]
        ]
    return problem_from_dict(raw)


def options(problem: Problem, t: int) -> Iterator[Assignment]:
    """All ways to serve task t when nothing else is planned."""
    task = problem.tasks[t]
    for start in range(len(task.starts)):
        fitting = [p for p in problem.supporters if checker.may(problem, p, task, start) is None]
        for size in range(task.k, task.kmax + 1):
            for team in combinations(fitting, size):
                if not checker.team_faults(task, team):
                    yield Assignment(task.id, start, tuple(p.id for p in team))


def plans(problem: Problem) -> Iterator[tuple[Assignment, ...]]:
    """All valid plans."""

    def from_(t: int, made: tuple[Assignment, ...]) -> Iterator[tuple[Assignment, ...]]:
        if t == len(problem.tasks):
            if not checker.faults(problem, made):
                yield made
            return
        yield from from_(t + 1, made)
        for one in options(problem, t):
            longer = (*made, one)
            if all(fault.startswith("H13") for fault in checker.faults(problem, longer)):
                yield from from_(t + 1, longer)

    return from_(0, ())


def best(problem: Problem) -> tuple[int, int]:
    """The greatest served weight, and the smallest Q that comes with it."""
    worth = ((checker.served_weight(problem, p), -checker.q_value(problem, p)) for p in plans(problem))
    weight, minus_q = max(worth)
    return weight, -minus_q

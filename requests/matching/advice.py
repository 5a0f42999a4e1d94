"""Why this person, why not that one, and who would come next: answers from the arrays.

No solver is run: each answer changes the plan in one place and counts what changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from .candidates import Candidates, candidates_of, requirements
from .clock import Left, is_over, unlimited
from .diary import Diary
from .explain import diary_of
from .objective import positions, promised
from .plan import Plan
from .problem import Problem, ProblemError
from .team import missing_bits

__all__ = ["NextBest", "WhyNot", "in_the_way", "next_best", "next_best_of_all", "why_not"]


@dataclass(frozen=True, slots=True)
class NextBest:
    """Somebody who could serve a task, and what that would cost the plan."""

    supporter: str
    start: int
    """index into the task's starts"""
    replaces: str | None
    """the member who would go; None: the person comes in addition"""
    leaves: tuple[str, ...]
    """ids of tasks that the person would have to leave"""
    weight: int
    """served weight that would be lost by leaving them (0: their teams do without)"""
    q: int
    """by how much Q would grow (negative: it would be better)"""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """How a person stands to a task."""

    chosen: bool
    start: int | None
    """index of the start that this is about; None when the task has none"""
    rule: str | None
    """the first hard rule that fails, `H2` … `H12`; None when the person could come"""
    leaves: tuple[str, ...]
    """ids of the tasks that keep the person busy (H6, H7)"""
    only: tuple[str, ...]
    """of a member: the requirements that nobody else in the team meets"""
    swap: NextBest | None
    """what it would cost to take the person; of a member: the cheapest other one instead"""


def next_best(problem: Problem, plan: Plan, task_id: str, limit: int = 10) -> tuple[NextBest, ...]:
    """People outside the team who could serve the task, the least costly first.

    Of a served task: who could take a member's place, or come in addition, at the
    planned start.  Of an unserved one: who fits any of its starts, and what they would
    have to leave (one person alone may not be enough).
    """
    diary = diary_of(candidates_of(problem), plan)
    return _next_best(diary, _task(diary.candidates, task_id), limit)


def next_best_of_all(
    problem: Problem, plan: Plan, limit: int = 3, left: Left = unlimited
) -> dict[str, tuple[NextBest, ...]]:
    """The same for every task of the problem, by its id; for those that are reached before `left` is over."""
    diary = diary_of(candidates_of(problem), plan)
    reached = takewhile(lambda _: not is_over(left), enumerate(problem.tasks))
    return {task.id: _next_best(diary, t, limit) for t, task in reached}


def _next_best(diary: Diary, t: int, limit: int) -> tuple[NextBest, ...]:
    found = [one for s in _starts(diary, t) for one in _offers(diary, t, s)]
    best: dict[str, NextBest] = {}
    for one in sorted(found, key=lambda n: (n.weight, n.q, n.start)):
        best.setdefault(one.supporter, one)
    return tuple(best.values())[:limit]


def why_not(problem: Problem, plan: Plan, task_id: str, supporter_id: str) -> WhyNot:
    """Why a person was chosen for a task, or was not; raises ProblemError for unknown ids."""
    diary = diary_of(candidates_of(problem), plan)
    c = diary.candidates
    t = _task(c, task_id)
    if supporter_id not in c.person_index:
        raise ProblemError(f"there is no supporter {supporter_id}")
    p = c.person_index[supporter_id]
    starts = _starts(diary, t)
    if not len(starts):
        return WhyNot(chosen=False, start=None, rule=None, leaves=(), only=(), swap=None)
    if t in diary.served and p in diary.served[t][1]:
        return _chosen(diary, t, p)
    answers = [_not_chosen(diary, t, s, p) for s in starts]
    # Of several starts: the one at which the person comes closest.
    return min(answers, key=lambda a: (a.rule is not None, not a.leaves, a.start))


def _task(c: Candidates, task_id: str) -> int:
    if task_id not in c.task_index:
        raise ProblemError(f"there is no task {task_id}")
    return c.task_index[task_id]


def _starts(diary: Diary, t: int) -> list[int]:
    return [diary.served[t][0]] if t in diary.served else list(diary.candidates.starts(t))


def _chosen(diary: Diary, t: int, p: int) -> WhyNot:
    c = diary.candidates
    s, team = diary.served[t]
    others = tuple(m for m in team if m != p)
    lacking = missing_bits(c.meets[positions(c, s, others)], int(c.every[s]))
    codes = requirements(c.problem.tasks[t])
    only = tuple(code for bit, code in enumerate(codes) if lacking >> bit & 1)
    name = c.problem.supporters[p].id
    offers = [one for one in _offers(diary, t, s, out=p) if one.replaces == name]
    best = min(offers, key=lambda n: (n.weight, n.q), default=None)
    return WhyNot(chosen=True, start=int(c.rank[s]), rule=None, leaves=(), only=only, swap=best)


def _not_chosen(diary: Diary, t: int, s: int, p: int) -> WhyNot:
    c = diary.candidates
    rank = int(c.rank[s])
    if p not in c.person[c.pairs(s)]:
        return WhyNot(chosen=False, start=rank, rule=static_rule(c, s, p), leaves=(), only=(), swap=None)
    leaves, rule = in_the_way(diary, s, p)
    tasks = tuple(c.problem.tasks[o].id for o in leaves)
    offers = _offers(diary, t, s, only=p)
    if offers:
        best = min(offers, key=lambda n: (n.weight, n.q))
        return WhyNot(chosen=False, start=rank, rule=rule, leaves=tasks, only=(), swap=best)
    # Nobody can go for this person: the team would lack what the one who goes brings.
    return WhyNot(chosen=False, start=rank, rule=rule or "H2", leaves=tasks, only=(), swap=None)


def static_rule(c: Candidates, s: int, p: int) -> str | None:
    """The first hard rule that keeps a person from a start whatever else is planned."""
    people, problem = c.people, c.problem
    task = problem.tasks[int(c.task[s])]
    person, venue = problem.supporters[p], problem.venues[task.venue]
    who = np.array([p], dtype=np.int64)
    day, start, end = int(c.day[s]), int(c.start[s]), int(c.end[s])
    places = people.places
    if not person.active:
        return "H3"
    if person.areas and venue.district not in person.areas and venue.muni not in person.areas:
        return "H4"
    if places.from_home(person.x, person.y, task.venue) > person.max_travel:
        return "H4"
    if not people.fits_windows(who, int(c.calendar.weekday[day]), start, end)[0]:
        return "H5"
    if p in people.absent(day, start, end):
        return "H5"
    if p in people.taken(day, start, end, task.venue):
        return "H6"
    if not (people.week_left[p, c.week[s]] and people.month_left[p, c.month[s]]):
        return "H7"
    if not {topic for topic, _ in person.skills} & {topic for topic, _ in task.topics}:
        return "H8"
    if person.minor and end > problem.params.minor_latest_end:
        return "H11"
    return "H12" if day > task.deadline else None


def in_the_way(diary: Diary, s: int, p: int) -> tuple[list[int], str | None]:
    """Tasks that the person would have to leave for start s, and the rule that says so."""
    c = diary.candidates
    own = [o for o in diary.starts_of.get(p, []) if c.task[o] != c.task[s]]
    clash = [o for o in own if diary.clash(s, o)]
    if clash:
        return sorted(int(c.task[o]) for o in clash), "H6"
    full = [
        {o for o in own if of[o] == of[s]}
        for of, spare in ((c.week, diary.week_left[p, c.week[s]]), (c.month, diary.month_left[p, c.month[s]]))
        if spare <= 0
    ]
    if not full:
        return [], None
    # Leaving one that counts for all that is full is enough; where a week straddles two months there may be none.
    ways = [both] if (both := set.intersection(*full)) else full
    least = {min(way, key=lambda o: (c.problem.tasks[c.task[o]].weight, c.task[o])) for way in ways if way}
    return sorted(int(c.task[o]) for o in least), "H7"


def _offers(diary: Diary, t: int, s: int, out: int | None = None, only: int | None = None) -> list[NextBest]:
    """Who could come to start s, in whose place; `out` and `only` name the one to go or come."""
    c = diary.candidates
    team = diary.served[t][1] if t in diary.served else ()
    size = c.problem.tasks[t].kmax
    found = []
    for p in c.person[c.pairs(s)].tolist():
        if p in team or (only is not None and p != only):
            continue
        leaves, _ = in_the_way(diary, s, p)
        ways: list[int | None] = list(team) if out is None else [out]
        if out is None and len(team) < size:
            ways.append(None)
        for gone in ways:
            new = tuple(sorted({*team, p} - {gone}))
            if t in diary.served and missing_bits(c.meets[positions(c, s, new)], int(c.every[s])):
                continue
            found.append(_priced(diary, t, s, p, gone, new, leaves))
    return found


def _priced(
    diary: Diary, t: int, s: int, p: int, gone: int | None, team: tuple[int, ...], leaves: Iterable[int]
) -> NextBest:
    """Change the plan, count, and change it back."""
    c, supporters, tasks = diary.candidates, diary.candidates.problem.supporters, diary.candidates.problem.tasks
    before = {o: diary.served[o] for o in (t, *leaves) if o in diary.served}
    people = {m for _, members in before.values() for m in members} | set(team)
    old = _part_of_q(diary, people, (t, *leaves))
    lost = 0
    for o in leaves:
        start, members = before[o]
        rest = tuple(m for m in members if m != p)
        diary.remove(o)
        if len(rest) >= tasks[o].k and not missing_bits(c.meets[positions(c, start, rest)], int(c.every[start])):
            diary.add(start, rest)
        else:
            lost += tasks[o].weight
    if t in before:
        diary.remove(t)
    diary.add(s, team)
    new = _part_of_q(diary, people, (t, *leaves))
    for o in (t, *leaves):
        if o in diary.served:
            diary.remove(o)
    for start, members in before.values():
        diary.add(start, members)
    return NextBest(
        supporter=supporters[p].id,
        start=int(c.rank[s]),
        replaces=None if gone is None else supporters[gone].id,
        leaves=tuple(tasks[o].id for o in leaves),
        weight=lost,
        q=new - old,
    )


def _part_of_q(diary: Diary, people: set[int], tasks: Iterable[int]) -> int:
    """The terms of Q in which these people and tasks appear."""
    c, costs = diary.candidates, diary.candidates.problem.params.q
    total = 0
    told = promised(c)
    for t in tasks:
        start, team = diary.served.get(t, (-1, ()))
        if team:
            total += costs.rank * int(c.rank[start]) + int(c.cost[positions(c, start, team)].sum())
        if t in told:
            kept = set(told[t][1]) & set(team) if told[t][0] == start else set()
            total += costs.stability * (len(told[t][1]) - len(kept))
    for p in people:
        starts = diary.starts_of.get(p, [])
        total += costs.fair * len(starts) * (2 * int(c.people.before[p]) + len(starts))
        if c.people.newcomer[p] and any(c.people.lead[list(diary.served[int(c.task[s])][1])].any() for s in starts):
            total -= costs.mentor
    return total

"""Whom to look for: "one more person with these topics, here, then: n more requests".

Each answer comes with its witness, a valid plan for the problem with that person.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from .candidates import candidates_of, requirements
from .clock import Left, is_over, unlimited
from .diary import Diary
from .explain import diary_of
from .greedy import insert
from .plan import Plan
from .problem import Problem, Supporter
from .record import plan_of
from .team import missing_bits, smallest_cover

__all__ = ["Recruit", "recruits"]

DAY = 1440
PER_WEEK, PER_MONTH = 1, 4
"""what an imagined person gives: once a week"""

Profile = tuple[str, int, tuple[str, ...]]
"""(district, weekday, requirements that the person has to meet)"""


@dataclass(frozen=True, slots=True)
class Recruit:
    """A person who is not there yet, and what would be served with that person."""

    supporter: Supporter
    """who it would be: topics with levels, district, one weekly window, attributes"""
    tasks: tuple[str, ...]
    """ids of the tasks served in addition"""
    weight: int
    """their weight"""
    witness: Plan
    """a valid plan for `replace(problem, supporters=(*problem.supporters, supporter))`"""


def recruits(problem: Problem, plan: Plan, limit: int = 5, left: Left = unlimited) -> tuple[Recruit, ...]:
    """The people whose joining would serve most, best first, beside the plan as it is.

    What is counted is insertion into the plan; a new plan may serve still more. Those
    that are found before `left` is over.
    """
    diary = diary_of(candidates_of(problem), plan)
    wanted = _profiles(diary)
    found = []
    # Twice as many as asked for are tried: the estimate may count two tasks of one week.
    for profile in sorted(wanted, key=lambda p: (-_worth(diary, wanted[p]), p))[: 2 * limit]:
        if is_over(left):
            break
        recruit = _with(diary, plan, profile, wanted[profile])
        if recruit.tasks:
            found.append(recruit)
    found.sort(key=lambda r: (-r.weight, r.supporter.id))
    return tuple(found[:limit])


def _profiles(diary: Diary) -> dict[Profile, list[int]]:
    """Profiles of one person who would complete a team, with the starts they would serve."""
    c = diary.candidates
    found: dict[Profile, list[int]] = defaultdict(list)
    for t, task in enumerate(c.problem.tasks):
        if t in diary.served or not task.topics:
            continue
        for s in c.starts(t):
            # Nobody's window goes beyond midnight.
            if c.day[s] > task.deadline or c.end[s] > DAY:
                continue
            free = c.meets[c.pairs(s)][diary.free(s)]
            whole = int(c.every[s])
            lacking = missing_bits(free, whole)
            if len(free) + 1 < task.k:
                continue
            # Where each requirement is met but no team meets all, the new person meets everything.
            bring = lacking if smallest_cover(free, whole & ~lacking, task.kmax - 1) is not None else whole
            codes = tuple(code for bit, code in enumerate(requirements(task)) if bring >> bit & 1)
            levels = tuple(f"{code}:{dict(task.topics)[code[6:]]}" if code[:6] == "topic:" else code for code in codes)
            if not any(code[:6] == "topic:" for code in codes):
                levels = (*levels, f"topic:{task.topics[0][0]}:{task.topics[0][1]}")
            venue = c.problem.venues[task.venue]
            weekday = int(c.calendar.weekday[c.day[s]])
            found[venue.district, weekday, tuple(sorted(levels))].append(int(s))
    return found


def _worth(diary: Diary, starts: list[int]) -> int:
    """The most weight that one start per week could bring."""
    c = diary.candidates
    best: dict[int, int] = {}
    for s in starts:
        week, weight = int(c.week[s]), c.problem.tasks[int(c.task[s])].weight
        best[week] = max(best.get(week, 0), weight)
    return sum(best.values())


def _with(diary: Diary, plan: Plan, profile: Profile, starts: list[int]) -> Recruit:
    c = diary.candidates
    problem = c.problem
    person = _person(diary, profile, starts)
    larger = replace(problem, supporters=(*problem.supporters, person))
    other = diary_of(candidates_of(larger), plan)
    tasks = sorted({int(c.task[s]) for s in starts}, key=lambda t: (-problem.tasks[t].weight, t))
    bound = plan.bound + _possible(other)
    more = tuple(problem.tasks[t].id for t in tasks if insert(other, t))
    weight = sum(problem.tasks[c.task_index[name]].weight for name in more)
    return Recruit(person, more, weight, plan_of(other, bound))


def _possible(diary: Diary) -> int:
    """What one more person may add to the bound at most: all that is not served."""
    return sum(task.weight for t, task in enumerate(diary.candidates.problem.tasks) if t not in diary.served)


def _person(diary: Diary, profile: Profile, starts: list[int]) -> Supporter:
    c = diary.candidates
    district, weekday, codes = profile
    topics = [code.split(":") for code in codes if code.startswith("topic:")]
    venue = c.problem.venues[int(c.venue[starts[0]])]
    return Supporter(
        id="+" + "/".join((district, str(weekday), *codes)),
        x=venue.x,
        y=venue.y,
        areas=(district,),
        max_travel=60,
        skills=tuple((":".join(parts[1:-1]), int(parts[-1])) for parts in topics),
        windows=((weekday, int(min(c.start[starts])), int(max(c.end[starts]))),),
        exceptions=(),
        booked=(),
        max_week=PER_WEEK,
        max_month=PER_MONTH,
        minor=False,
        lead="lead" in codes,
        newcomer=False,
        attrs=tuple(code[5:] for code in codes if code.startswith("need:")),
        history=0,
        active=True,
    )

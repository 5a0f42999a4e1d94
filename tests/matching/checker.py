"""An independent judge of plans: plain loops over the rules as they are written.

It shares nothing with the matcher but the problem objects, so that a mistake in
the arrays or the model cannot hide here too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import combinations
from math import isqrt

from matching import Assignment, Params, Problem, Supporter, Task

Point = tuple[int, int]


def travel(params: Params, a: Point, b: Point) -> int:
    """Minutes from a to b."""
    if a == b:
        return 0
    metres = isqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)
    return params.travel_base + -(-params.travel_num * metres // params.travel_den)


def spot(problem: Problem, venue: int) -> Point:
    """Where a venue is."""
    return problem.venues[venue].x, problem.venues[venue].y


def day_of(problem: Problem, day: int) -> date:
    """The calendar date of a day."""
    return problem.start_date + timedelta(days=day)


def week_of(problem: Problem, day: int) -> date:
    """The Monday of a day's week."""
    return day_of(problem, day) - timedelta(days=day_of(problem, day).weekday())


def month_of(problem: Problem, day: int) -> tuple[int, int]:
    """The calendar month of a day."""
    return day_of(problem, day).year, day_of(problem, day).month


def free_by_windows(problem: Problem, person: Supporter, day: int, start: int, end: int) -> bool:
    """H5, minute by minute of the grid."""
    weekday = day_of(problem, day).weekday()
    return all(
        any(w == weekday and f <= minute and minute + 1 <= t for w, f, t in person.windows)
        for minute in range(start, end)
    ) and not any(d == day and f < end and start < t for d, f, t in person.exceptions)


def apart(problem: Problem, a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    """H6: whether one person can do both (day, from, to, venue)."""
    if a[0] != b[0]:
        return True
    if a[3] == b[3]:
        gap = 0
    else:
        gap = travel(problem.params, spot(problem, a[3]), spot(problem, b[3])) + problem.params.buffer
    return a[2] + gap <= b[1] or b[2] + gap <= a[1]


def may(problem: Problem, person: Supporter, task: Task, start: int) -> str | None:
    """The first rule that keeps a person from a start whatever else is planned, or None."""
    day, minute = task.starts[start]
    venue, end = problem.venues[task.venue], minute + task.dur
    if not person.active:
        return "H3"
    if person.areas and not {venue.district, venue.muni} & set(person.areas):
        return "H4"
    if travel(problem.params, (person.x, person.y), spot(problem, task.venue)) > person.max_travel:
        return "H4"
    if not free_by_windows(problem, person, day, minute, end):
        return "H5"
    if not all(apart(problem, b, (day, minute, end, task.venue)) for b in person.booked):
        return "H6"
    if sum(week_of(problem, b[0]) == week_of(problem, day) for b in person.booked) >= person.max_week:
        return "H7"
    booked = sum(month_of(problem, b[0]) == month_of(problem, day) for b in person.booked)
    if booked >= person.max_month:
        return "H7"
    if not {topic for topic, _ in task.topics} & dict(person.skills).keys():
        return "H8"
    if person.minor and end > problem.params.minor_latest_end:
        return "H11"
    if day > task.deadline:
        return "H12"
    return None


def team_faults(task: Task, team: Iterable[Supporter]) -> list[str]:
    """What a team lacks for a task (H8–H11), as the codes of the explanations."""
    team = list(team)
    faults = [] if any(not p.minor for p in team) else ["adult"]
    if task.lead and not any(p.lead and not p.minor for p in team):
        faults.append("lead")
    for topic, level in task.topics:
        if not any(dict(p.skills).get(topic, 0) >= level for p in team):
            faults.append(f"topic:{topic}")
    return faults + [f"need:{n}" for n in task.needs if not any(n in p.attrs for p in team)]


def faults(problem: Problem, assignments: Iterable[Assignment]) -> list[str]:
    """Every hard rule that a plan breaks; empty for a valid plan."""
    assignments = list(assignments)
    people = {p.id: p for p in problem.supporters}
    tasks = {t.id: t for t in problem.tasks}
    found = []
    for task_id, times in Counter(a.task for a in assignments).items():
        if times > 1 or task_id not in tasks:
            found.append(f"H1 {task_id}")
    doing: dict[str, list[tuple[int, int, int, int]]] = defaultdict(list)
    for one in assignments:
        task = tasks[one.task]
        if len(set(one.team)) != len(one.team) or not set(one.team) <= people.keys():
            found.append(f"H1 {one}")
            continue
        if not task.k <= len(one.team) <= task.kmax:
            found.append(f"H2 {one}")
        day, minute = task.starts[one.start]
        for name in one.team:
            rule = may(problem, people[name], task, one.start)
            if rule:
                found.append(f"{rule} {name} at {one}")
            doing[name].append((day, minute, minute + task.dur, task.venue))
        found += [f"{fault} {one}" for fault in team_faults(task, (people[p] for p in one.team))]
    for name, times_ in doing.items():
        person = people[name]
        found += [f"H6 {name} {a} {b}" for a, b in combinations(times_, 2) if not apart(problem, a, b)]
        all_ = [*times_, *person.booked]
        weeks = Counter(week_of(problem, t[0]) for t in all_)
        months = Counter(month_of(problem, t[0]) for t in all_)
        here = {week_of(problem, t[0]) for t in times_}
        now = {month_of(problem, t[0]) for t in times_}
        found += [f"H7 {name} week {w}" for w in here if weeks[w] > person.max_week]
        found += [f"H7 {name} month {m}" for m in now if months[m] > person.max_month]
    made = {a.task: a for a in assignments}
    for told in problem.previous:
        if told.status == "accepted":
            kept = made.get(told.task)
            if kept is None or kept.start != told.start or set(kept.team) != set(told.team):
                found.append(f"H13 {told.task}")
    return found


def served_weight(problem: Problem, assignments: Iterable[Assignment]) -> int:
    """The first objective."""
    weight = {t.id: t.weight for t in problem.tasks}
    return sum(weight[a.task] for a in assignments)


def q_value(problem: Problem, assignments: Iterable[Assignment]) -> int:
    """The second objective, term by term."""
    assignments = list(assignments)
    params, costs = problem.params, problem.params.q
    people = {p.id: p for p in problem.supporters}
    tasks = {t.id: t for t in problem.tasks}
    rank = sum(a.start for a in assignments)
    new = Counter(p for a in assignments for p in a.team)
    fair = 0
    for name, times in new.items():
        before = people[name].history + len(people[name].booked)
        fair += (before + times) ** 2 - before**2
    minutes = over = 0
    mentored = set()
    for one in assignments:
        task = tasks[one.task]
        team = [people[p] for p in one.team]
        led = any(p.lead and not p.minor for p in team)
        for person in team:
            minutes += travel(params, (person.x, person.y), spot(problem, task.venue))
            skills = dict(person.skills)
            over += sum(max(0, skills.get(topic, 0) - level) for topic, level in task.topics)
            spared = set(person.attrs) & set(params.scarce) - set(task.needs)
            over += params.scarce_cost * len(spared)
            if person.newcomer and led:
                mentored.add(person.id)
    made = {a.task: a for a in assignments}
    lost = 0
    for told in problem.previous:
        if told.status == "proposed":
            now = made.get(told.task)
            kept = set(now.team) if now is not None and now.start == told.start else set()
            lost += len(set(told.team) - kept)
    return (
        costs.rank * rank
        + costs.fair * fair
        + costs.travel * minutes
        + costs.overkill * over
        - costs.mentor * len(mentored)
        + costs.stability * lost
    )


def reasons(problem: Problem, assignments: Iterable[Assignment]) -> dict[str, list[dict[str, object]]]:
    """The explanations of all tasks that are not served."""
    assignments = list(assignments)
    served = {a.task for a in assignments}
    return {
        task.id: [_reason(problem, assignments, task, i) for i in range(len(task.starts))]
        for task in problem.tasks
        if task.id not in served
    }


def _reason(problem: Problem, assignments: list[Assignment], task: Task, start: int) -> dict[str, object]:
    if task.starts[start][0] > task.deadline:
        return {"start": start, "level": "deadline", "missing": []}
    fitting = [p for p in problem.supporters if may(problem, p, task, start) is None]
    missing = _missing(task, fitting)
    if missing:
        return {"start": start, "level": "static", "missing": missing}
    free = [p for p in fitting if _still_free(problem, assignments, p, task, start)]
    return {"start": start, "level": "busy", "missing": _missing(task, free)}


def _still_free(problem: Problem, assignments: list[Assignment], person: Supporter, task: Task, start: int) -> bool:
    tasks = {t.id: t for t in problem.tasks}
    times = list(person.booked)
    for one in assignments:
        if person.id in one.team:
            other = tasks[one.task]
            day, minute = other.starts[one.start]
            times.append((day, minute, minute + other.dur, other.venue))
    day, minute = task.starts[start]
    wanted = (day, minute, minute + task.dur, task.venue)
    week = sum(week_of(problem, t[0]) == week_of(problem, day) for t in times)
    month = sum(month_of(problem, t[0]) == month_of(problem, day) for t in times)
    return all(apart(problem, t, wanted) for t in times) and week < person.max_week and month < person.max_month


def _missing(task: Task, fitting: list[Supporter]) -> list[str]:
    codes = (["size"] if len(fitting) < task.k else []) + team_faults(task, fitting)
    if codes:
        return codes
    sizes = range(task.k, min(task.kmax, len(fitting)) + 1)
    if any(not team_faults(task, team) for k in sizes for team in combinations(fitting, k)):
        return []
    return ["combo"]

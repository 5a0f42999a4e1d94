"""Whose turn it is: among people who would serve a plan equally well, whoever was asked the longest ago."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import matching
from programme.models import Limits
from supporters.asking import asked_often
from supporters.models import Supporter

NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def least_asked_first(
    problem: matching.Problem, plan: matching.Plan, last_asked: Mapping[int, dt.datetime]
) -> matching.Plan:
    """The same plan with members changed for equals (same weight, same Q) who were asked less lately, or never.

    ``last_asked``: by the supporter's key.
    """

    def asked(supporter: str) -> dt.datetime:
        return last_asked.get(int(supporter), NEVER)

    while True:
        ranked = matching.next_best_of_all(problem, plan, limit=len(problem.supporters))
        equals = [
            (asked(one.supporter), task, one.replaces, one.supporter)
            for task, people in ranked.items()
            for one in people
            if one.replaces and not one.leaves and one.q == 0 and asked(one.supporter) < asked(one.replaces)
        ]
        if not equals:
            return plan
        _asked, task, gone, comes = min(equals)
        plan = replace(plan, assignments=tuple(_changed(one, task, gone, comes) for one in plan.assignments))


def barred_by_asks(problem: matching.Problem, plan: matching.Plan, now: dt.datetime) -> dict[str, set[int]]:
    """By task that is not served: its starts at which it could be, had nobody been asked as often as anybody may be.

    Without the people of the plan's other teams: a careful answer.
    """
    served, busy = {one.task for one in plan.assignments}, {key for one in plan.assignments for key in one.team}
    left = tuple(task for task in problem.tasks if task.id not in served)
    often = asked_often(now, Limits.current()) if left else ()
    month = dict(Supporter.objects.filter(pk__in=often).values_list("pk", "month_limit"))
    if not month:
        return {}
    idle = [one for one in problem.supporters if one.id not in busy]
    people = tuple(replace(one, max_month=month.get(int(one.id), one.max_month)) for one in idle)
    found = matching.greedy(replace(problem, supporters=people, tasks=left))
    return {one.task: {one.start} for one in found.assignments}


def _changed(one: matching.Assignment, task: str, gone: str, comes: str) -> matching.Assignment:
    if one.task != task:
        return one
    return replace(one, team=tuple(comes if member == gone else member for member in one.team))

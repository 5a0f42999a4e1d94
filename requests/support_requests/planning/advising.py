"""Answers about a plan: who could go instead, why somebody is not in it, and whom to look for.

The ranked people and the recruits are computed by the worker and kept with the plan; "why not this person" is
asked of the same facts later, and not answered when they have changed.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import matching
from support_requests.models import Plan, PlannedTask
from support_requests.planning.errors import NotReady, PlanOutdated
from support_requests.planning.problem import Mapped, problem_hash, problem_of, task_key

OTHERS_SHOWN = 5
RECRUITS_SHOWN = 5

Record = dict[str, Any]


def others_of(key: str, mapped: Mapped, ranked: Sequence[matching.NextBest]) -> list[Record]:
    """The next best people for one task, as ``PlannedTask.others`` keeps them."""
    return [
        {
            "supporter": int(one.supporter),
            "starts_at": mapped[key].starts[one.start].astimezone(dt.UTC).isoformat(),
            "replaces": None if one.replaces is None else int(one.replaces),
            "leaves": list(one.leaves),
            "weight": one.weight,
            "q": one.q,
        }
        for one in ranked
    ]


def recruits_of(problem: matching.Problem, mapped: Mapped, found: matching.Plan) -> list[Record]:
    """Whom to look for, each with the witness: which tasks the person would serve, when and with whom."""
    answers = matching.recruits(problem, found, RECRUITS_SHOWN)
    return [_recruit(one, mapped) for one in answers]


def _recruit(one: matching.Recruit, mapped: Mapped) -> Record:
    person = one.supporter
    ((weekday, start, end),) = person.windows
    witness = {a.task: a for a in one.witness.assignments}
    return {
        "district": person.areas[0],
        "weekday": weekday,
        "from": start,
        "to": end,
        "topics": [list(skill) for skill in person.skills],
        "lead": person.lead,
        "needs": list(person.attrs),
        "weight": one.weight,
        "tasks": [
            {
                "key": key,
                "starts_at": mapped[key].starts[witness[key].start].astimezone(dt.UTC).isoformat(),
                "team": [int(member) for member in witness[key].team if member != person.id],
            }
            for key in one.tasks
        ],
    }


def why_not(task: PlannedTask, supporter: int) -> tuple[matching.WhyNot, Mapped]:
    """How a supporter stands to a task of a plan.

    Raises PlanOutdated when the facts have changed since, NotReady for somebody whom the matcher is not given.
    """
    plan = task.plan
    problem, mapped = _problem(plan)
    key = task_key(request_id=task.request_id, shift_id=task.shift_id)
    if problem_hash(problem) != plan.problem_hash or not mapped[key].starts:
        raise PlanOutdated
    if all(one.id != str(supporter) for one in problem.supporters):
        raise NotReady
    return matching.why_not(problem, _as_solved(plan, mapped), key, str(supporter)), mapped


def _problem(plan: Plan) -> tuple[matching.Problem, Mapped]:
    # As of the moment at which it was made: only facts that have changed make a difference, not the clock.
    if plan.claimed_at is None:
        raise PlanOutdated
    return problem_of(plan, plan.claimed_at)


def _as_solved(plan: Plan, mapped: Mapped) -> matching.Plan:
    made = []
    for one in plan.tasks.filter(starts_at__isnull=False).prefetch_related("team").order_by("pk"):
        key = task_key(request_id=one.request_id, shift_id=one.shift_id)
        start = next(i for i, moment in enumerate(mapped[key].starts) if moment == one.starts_at)
        made.append(matching.Assignment(key, start, tuple(str(member.supporter_id) for member in one.team.all())))
    return matching.Plan(tuple(made), plan.served_weight or 0, plan.q or 0, plan.bound or 0)

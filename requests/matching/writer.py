"""Write problems and plans in their file formats."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .advice import NextBest
from .plan import Plan
from .problem import Problem, Supporter
from .reader import FORMAT
from .recruit import Recruit

__all__ = ["PLAN_FORMAT", "person_to_dict", "plan_to_dict", "problem_to_dict", "to_json"]

PLAN_FORMAT = "mdeji-plan-1"


def problem_to_dict(problem: Problem) -> dict[str, Any]:
    """The problem as `problem_from_dict` reads it."""
    params = problem.params
    fields = ("grid", "buffer", "minor_latest_end", "travel_base", "travel_num", "travel_den")
    return {
        "format": FORMAT,
        "name": problem.name,
        "start_date": problem.start_date.isoformat(),
        "days": problem.days,
        "params": {
            **{name: getattr(params, name) for name in fields},
            "scarce": list(params.scarce),
            "scarce_cost": params.scarce_cost,
            "q": {name: getattr(params.q, name) for name in params.q.__slots__},
        },
        "topics": list(problem.topics),
        "venues": [_plain(venue) for venue in problem.venues],
        "supporters": [person_to_dict(person) for person in problem.supporters],
        "tasks": [_plain(task) for task in problem.tasks],
        "previous": [_plain(one) for one in problem.previous],
    }


def person_to_dict(person: Supporter) -> dict[str, Any]:
    """A supporter as a problem file holds one."""
    return {**_plain(person), "skills": dict(person.skills)}


def _plain(thing: Any) -> dict[str, Any]:
    return {name: _lists(getattr(thing, name)) for name in thing.__slots__}


def _lists(value: Any) -> Any:
    return [_lists(one) for one in value] if isinstance(value, tuple) else value


def plan_to_dict(
    plan: Plan,
    explanations: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    others: Mapping[str, Sequence[NextBest]] | None = None,
    recruited: Sequence[Recruit] | None = None,
) -> dict[str, Any]:
    """The plan as a file holds it; with the results of `explain`, `next_best_of_all` and `recruits`, if given."""
    found: dict[str, Any] = {
        "format": PLAN_FORMAT,
        "assignments": [_plain(one) for one in plan.assignments],
        "served_weight": plan.served_weight,
        "q": plan.q,
        "bound": plan.bound,
        "q_bound": plan.q_bound,
        "changed": list(plan.changed),
    }
    if explanations is not None:
        found["explain"] = {task: list(records) for task, records in explanations.items()}
    if others is not None:
        found["next_best"] = {task: [_plain(one) for one in people] for task, people in others.items()}
    if recruited is not None:
        found["recruits"] = [
            {
                "supporter": person_to_dict(one.supporter),
                "tasks": list(one.tasks),
                "weight": one.weight,
                "witness": [_plain(assignment) for assignment in one.witness.assignments],
            }
            for one in recruited
        ]
    return found


def to_json(found: Mapping[str, Any]) -> str:
    """The same text for the same content, on any machine."""
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n"

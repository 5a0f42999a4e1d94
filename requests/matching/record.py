"""From a diary to the plan that is handed out."""

from __future__ import annotations

from .diary import Diary
from .objective import quality
from .plan import Plan

__all__ = ["changed", "plan_of"]


def plan_of(diary: Diary, bound: int, q_bound: int | None = None) -> Plan:
    """The diary as a plan."""
    c = diary.candidates
    return Plan(
        assignments=diary.assignments(),
        served_weight=diary.served_weight,
        q=quality(c, diary.served),
        bound=bound,
        q_bound=q_bound,
        changed=changed(diary),
    )


def changed(diary: Diary) -> tuple[str, ...]:
    """Ids of people who lose or gain a task against `previous`, in the order of the problem."""
    c = diary.candidates
    told = set()
    for one in c.problem.previous:
        s = int(c.task_first[c.task_index[one.task]]) + one.start
        told |= {(c.person_index[p], s) for p in one.team}
    if not told:
        return ()
    now = {(p, s) for s, team in diary.served.values() for p in team}
    return tuple(c.problem.supporters[p].id for p in sorted({p for p, _ in told ^ now}))

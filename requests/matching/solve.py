"""From a problem to a plan: greedy first, then served weight, then Q."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from .candidates import Candidates, candidates_of
from .diary import Diary
from .greedy import first_come, spare
from .highs import minimise
from .model import weight_model
from .objective import quality
from .plan import Plan, Progress, ProgressReport
from .problem import Problem
from .quality import quality_model
from .settled import settle

__all__ = ["greedy", "solve"]


def greedy(problem: Problem) -> Plan:
    """The plan that first come, first served makes; its bound counts what is possible at all."""
    candidates = candidates_of(problem)
    diary = settle(candidates)
    first_come(diary)
    return plan_of(diary, possible_weight(candidates))


def possible_weight(candidates: Candidates) -> int:
    """Weight of the tasks that an empty plan could serve: the simplest bound."""
    tasks = candidates.problem.tasks
    return sum(tasks[t].weight for t in np.unique(candidates.task[candidates.possible]))


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


def solve(
    problem: Problem,
    time_limit: float | None = None,
    stop_gap: float = 0.0,
    workers: int = 1,
    progress: ProgressReport | None = None,
) -> Plan:
    """A plan of the greatest served weight, and of those one with the smallest Q.

    `time_limit` (seconds of the wall clock) and `stop_gap` (fraction of the bound)
    stop earlier; the plan is valid then too, and never worse than greedy.  Without
    a time limit the result depends on the problem alone, whatever `workers` is.
    Raises ProblemError when accepted assignments contradict the rules.
    """
    began = time.monotonic()

    def left() -> float | None:
        return None if time_limit is None else time_limit - (time.monotonic() - began)

    report = progress or _silent
    candidates = candidates_of(problem)
    base = settle(candidates)
    diary = base.copy()
    first_come(diary)
    other = base.copy()
    spare(other)
    if other.served_weight > diary.served_weight:
        diary = other
    bound = possible_weight(candidates)
    report(Progress("greedy", diary.served_weight, bound))
    tasks = np.array([t for t in range(len(problem.tasks)) if t not in base.served], dtype=np.int64)
    bound = min(bound, _raise_weight(base, diary, tasks, stop_gap, left))
    report(Progress("weight", diary.served_weight, bound))
    q_bound = _lower_q(base, diary, tasks, left)
    plan = plan_of(diary, bound, q_bound if diary.served_weight == bound else None)
    report(Progress("quality", plan.served_weight, plan.bound, plan.q))
    return plan


def _silent(_: Progress) -> None:
    return None


def _raise_weight(
    base: Diary, diary: Diary, tasks: np.typing.NDArray[np.int64], gap: float, left: Callable[[], float | None]
) -> int:
    c = base.candidates
    model = weight_model(base, tasks, strong=False)
    settled = base.served_weight
    if not len(model.starts):
        return settled
    weight = np.array([c.problem.tasks[t].weight for t in c.task[model.starts]], dtype=np.float64)
    cost = np.zeros(model.columns)
    cost[: len(weight)] = -weight
    answer = minimise(cost, model.rows, start=model.values_of(diary), seconds=left(), gap=gap)
    if answer.values is not None and -answer.objective > diary.served_weight - settled + 0.5:
        model.write(answer.values, diary)
    return settled + int(np.floor(-answer.bound + 1e-6))


def _lower_q(
    base: Diary, diary: Diary, tasks: np.typing.NDArray[np.int64], left: Callable[[], float | None]
) -> int | None:
    c = base.candidates
    model = weight_model(base, tasks, strong=False)
    if not len(model.starts):
        return quality(c, base.served)
    full = quality_model(base, model, diary.served_weight - base.served_weight)
    start = full.values_of(diary)
    answer = minimise(
        full.cost, full.model.rows, upper=full.upper, whole=full.whole, start=start, seconds=left()
    )
    now, constant = quality(c, diary.served), quality(c, base.served)
    if answer.values is not None:
        better = diary.copy()
        full.model.write(answer.values, better)
        if quality(c, better.served) < now:
            full.model.write(answer.values, diary)
    return constant + int(np.ceil(answer.bound - 1e-6))

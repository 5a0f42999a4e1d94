"""From a problem to a plan: greedy first, then served weight, then Q."""

from __future__ import annotations

import time

import numpy as np

from .candidates import Candidates, candidates_of
from .columns import Left, lower_quality
from .diary import Diary
from .geometry import Ints
from .greedy import first_come, spare
from .highs import minimise
from .model import scope_of, teams_in, values_of, weight_rows
from .objective import quality
from .plan import Plan, Progress, ProgressReport
from .problem import Problem
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


def _raise_weight(base: Diary, diary: Diary, tasks: Ints, gap: float, left: Left) -> int:
    c = base.candidates
    scope = scope_of(base, tasks)
    settled = base.served_weight
    if not len(scope.starts):
        return settled
    weight = np.array([c.problem.tasks[t].weight for t in c.task[scope.starts]], dtype=np.float64)
    cost = np.concatenate((-weight, np.zeros(len(scope.pairs))))
    rows = weight_rows(base, scope)
    answer = minimise(cost, rows, start=values_of(diary, scope), seconds=left(), gap=gap)
    if answer.values is not None and -answer.objective > diary.served_weight - settled + 0.5:
        rewrite(diary, tasks, teams_in(c, scope, answer.values))
    return settled + int(np.floor(-answer.bound + 1e-6))


def rewrite(diary: Diary, tasks: Ints, teams: list[tuple[int, tuple[int, ...]]]) -> None:
    """Put (start, members) into the diary, in place of what it has for these tasks."""
    for t in tasks.tolist():
        if t in diary.served:
            diary.remove(t)
    for s, members in teams:
        diary.add(s, members)


def _lower_q(base: Diary, diary: Diary, tasks: Ints, left: Left) -> int:
    c = base.candidates
    scope = scope_of(base, tasks)
    answer = lower_quality(base, scope, diary, left)
    constant = quality(c, base.served)
    if answer is None:
        return constant
    who = c.person[scope.pairs]
    teams = [(int(scope.starts[i]), tuple(who[list(team)].tolist())) for i, team in answer.teams]
    better = diary.copy()
    rewrite(better, tasks, teams)
    if quality(c, better.served) < quality(c, diary.served):
        rewrite(diary, tasks, teams)
    return constant + int(np.ceil(answer.bound - 1e-6))

"""From a problem to a plan: greedy first, then served weight, then Q."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .candidates import Candidates, candidates_of
from .clock import Left, countdown, is_over, less
from .diary import Diary
from .exact import best_quality, best_weight
from .greedy import fill, first_come, keep_proposed, spare
from .large import plan_large
from .part import Executor
from .plan import Plan, Progress, ProgressReport
from .problem import Problem
from .record import plan_of
from .settled import settle

__all__ = ["greedy", "solve"]

AT_ONCE = 800
"""starts that are solved at once; larger areas are cut (a city of 250 supporters has 300)"""


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


def solve(
    problem: Problem,
    time_limit: float | None = None,
    stop_gap: float = 0.0,
    workers: int = 1,
    progress: ProgressReport | None = None,
    executor: Executor | None = None,
) -> Plan:
    """A plan of the greatest served weight, and of those one with the smallest Q.

    `time_limit` (seconds of the wall clock) and `stop_gap` (fraction of the bound)
    stop earlier; the plan is valid then too, and never worse than greedy.  Without
    a time limit the result depends on the problem alone, whatever `workers` is: they are
    threads, unless an `executor` says where the parts of a large area are solved.
    Raises ProblemError when accepted assignments contradict the rules.
    """
    left = countdown(time_limit)
    report = progress or _silent
    candidates = candidates_of(problem)
    base = settle(candidates)
    diary = _start(base, left)
    bound = possible_weight(candidates)
    report(Progress("greedy", diary.served_weight, bound))
    open_ = np.unique(candidates.task[candidates.possible])
    tasks = open_[[t not in base.served for t in open_.tolist()]] if len(open_) else open_
    q_bound = None
    if is_over(left):
        pass
    elif int(candidates.possible.sum()) > AT_ONCE:
        with ThreadPoolExecutor(workers) as threads:
            bound = min(bound, plan_large(base, diary, tasks, stop_gap, left, executor or threads, report))
    else:
        whole = left()
        most = left if whole is None else less(left, whole / 3)
        bound = min(bound, best_weight(base, diary, tasks, stop_gap, most))
        fill(diary, [t for t in tasks.tolist() if t not in diary.served])
        report(Progress("weight", diary.served_weight, bound))
        q_bound = best_quality(base, diary, tasks, left)
        # A bound of Q holds for this weight; with more weight Q may be anything.
        q_bound = q_bound if diary.served_weight == bound else None
    # Lowering Q may have freed the very people whom a task lacked.
    fill(diary, [t for t in tasks.tolist() if t not in diary.served])
    plan = plan_of(diary, bound, q_bound)
    report(Progress("quality", plan.served_weight, plan.bound, plan.q))
    return plan


def _start(base: Diary, left: Left) -> Diary:
    """The best of the quick plans; of equal ones that which keeps most of what was proposed."""
    kept, near, spared = base.copy(), base.copy(), base.copy()
    first_come(near)
    if is_over(left):
        return near
    keep_proposed(kept)
    spare(kept)
    spare(spared)
    return max((kept, spared, near), key=lambda diary: diary.served_weight)


def _silent(_: Progress) -> None:
    return None

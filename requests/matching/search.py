"""Raising served weight and lowering Q part by part, on any number of workers.

A pass cuts the area into blocks and plans them in batches: the blocks of a batch
see the same plan, belong to different people (`parts.allowed_pairs`) and can
therefore be solved side by side; their answers are written in order.  The result
does not depend on the number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from .clock import Left
from .columns import lower_quality
from .diary import Diary
from .geometry import Ints
from .highs import minimise
from .model import Floats, scope_of, teams_in, values_of, weight_rows, weights_of
from .parts import allowed_pairs, pairs_of
from .people import Bools

__all__ = ["Work", "lower_q", "raise_weight", "rewrite", "run_pass"]

BATCH = 4
"""blocks planned from the same state; fixed, so that workers change nothing"""

SCALE = 20
"""weight is counted in twentieths, so that prices may be rounded to whole numbers"""
SPARE = 0.8
"""share of the price that a block pays for people who are wanted elsewhere too; with 1 it
would not care what is served at prices without loss"""

Teams = list[tuple[int, tuple[int, ...]]]
"""(start, indices of the members)"""


@dataclass(frozen=True, slots=True)
class Work:
    """How much work a block may take (not time, so that the result is always the same)."""

    nodes: int
    """of the branch and bound tree"""
    gap: float
    """relative, at which a block is good enough"""
    price: Floats
    """[N] what each pair's person is worth elsewhere, in weight"""
    among: Bools
    """[N] the pairs that may be used; those of the present plan may always"""
    demand: Ints
    """[people] how many of these pairs each person has"""


Step = Callable[[Diary, Ints, Bools, Work, Left], Callable[[], Teams | None]]
"""Prepares a block's model (in turn), and returns what solves it (side by side)."""


def run_pass(diary: Diary, blocks: Sequence[Ints], step: Step, work: Work, left: Left, workers: int) -> None:
    """Improve the diary block by block."""
    batches = -(-len(blocks) // BATCH)
    with ThreadPoolExecutor(workers) as pool:
        for i in range(batches):
            # Neighbouring blocks stand next to each other in the list: a batch takes distant ones.
            batch = list(blocks[i::batches])
            allowed = allowed_pairs(diary, batch, work.among)
            jobs = [step(diary, tasks, allowed, work, left) for tasks in batch]
            for tasks, teams in zip(batch, pool.map(_call, jobs), strict=True):
                if teams is not None:
                    rewrite(diary, tasks, teams)
            remaining = left()
            if remaining is not None and remaining <= 0:
                return


def _call(job: Callable[[], Teams | None]) -> Teams | None:
    return job()


def rewrite(diary: Diary, tasks: Ints, teams: Teams) -> None:
    """Put teams into the diary, in place of what it has for these tasks."""
    for t in tasks.tolist():
        if t in diary.served:
            diary.remove(t)
    for s, members in teams:
        diary.add(s, members)


def raise_weight(diary: Diary, tasks: Ints, allowed: Bools, work: Work, left: Left) -> Callable[[], Teams | None]:
    """Serve more weight by these tasks, and of equal plans one that spares wanted people.

    The second may lower the weight a little for what the neighbours gain by it; whoever
    calls keeps the best plan.
    """
    c = diary.candidates
    held = [(t, diary.served[t]) for t in tasks.tolist() if t in diary.served]
    for t, _ in held:
        diary.remove(t)
    scope = scope_of(diary, tasks, allowed)
    rows = weight_rows(diary, scope)
    for _, (s, members) in held:
        diary.add(s, members)
    weight = weights_of(c, scope)
    start = values_of(diary, scope)
    mine = pairs_of(c, tasks)
    here = np.bincount(c.person[mine[work.among[mine]]], minlength=len(work.demand))
    price = np.where((here < work.demand)[c.person[scope.pairs]], work.price[scope.pairs], 0.0)
    cost = np.concatenate((-SCALE * weight, np.round(SPARE * SCALE * price)))

    def solve() -> Teams | None:
        remaining = left()
        if not len(weight) or (remaining is not None and remaining <= 0):
            return None
        answer = minimise(cost, rows, start=start, seconds=remaining, nodes=work.nodes, gap=work.gap)
        if answer.values is None:
            return None
        return teams_in(c, scope, answer.values)

    return solve


def lower_q(diary: Diary, tasks: Ints, allowed: Bools, work: Work, left: Left) -> Callable[[], Teams | None]:
    """Lower Q by these tasks and keep their served weight."""
    c = diary.candidates
    base = diary.copy()
    rewrite(base, tasks, [])
    scope = scope_of(base, tasks, allowed)
    now = diary.copy()

    def solve() -> Teams | None:
        remaining = left()
        if remaining is not None and remaining <= 0:
            return None
        answer = lower_quality(base, scope, now, left, work.nodes, prove=False)
        if answer is None:
            return None
        who = c.person[scope.pairs]
        return [(int(scope.starts[i]), tuple(who[list(team)].tolist())) for i, team in answer.teams]

    return solve

"""Raising served weight and lowering Q part by part, on any number of workers.

A pass cuts the area into blocks and plans them in batches: the blocks of a batch
see the same plan, belong to different people (`parts.allowed_pairs`) and can
therefore be solved side by side, wherever the executor has them solved; their answers
are written in order.  The result does not depend on the number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from .clock import Left, end_of, is_over
from .diary import Diary
from .geometry import Ints
from .model import Floats, Scope, scope_of, values_of, weight_rows, weights_of
from .objective import Served
from .part import Executor, Found, Part, QualityPart, WeightPart, solve_part
from .parts import allowed_pairs, pairs_of
from .people import Bools
from .quality_model import Team, quality_model

__all__ = ["Work", "lower_q", "put", "raise_weight", "remove", "run_pass"]

BATCH = 8
"""blocks planned from the same state; fixed, so that workers change nothing"""

SCALE = 20
"""weight is counted in twentieths, so that prices may be rounded to whole numbers"""
SPARE = 0.8
"""share of the price that a block pays for people who are wanted elsewhere too; with 1 it
would not care what is served at prices without loss"""


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


Step = Callable[[Diary, Ints, Bools, Work, Left], tuple[Scope, Part]]
"""makes the message that asks for a block to be planned anew, and says which starts and pairs its places are"""


def run_pass(
    diary: Diary,
    blocks: Sequence[Ints],
    step: Step,
    work: Work,
    left: Left,
    executor: Executor,
    after: Callable[[], None] | None = None,
) -> None:
    """Improve the diary block by block; `after` is called after each batch."""
    batches = -(-len(blocks) // BATCH)
    for i in range(batches):
        # Neighbouring blocks stand next to each other in the list: a batch takes distant ones.
        batch = sorted(blocks[i::batches], key=len, reverse=True)  # the longest first: the others fill the gaps
        allowed = allowed_pairs(diary, batch, work.among)
        steps = (step(diary, tasks, allowed, work, left) for tasks in batch)
        for tasks, (scope, teams) in zip(batch, _answers(steps, executor), strict=True):
            if isinstance(teams, list):
                put(diary, tasks, scope, teams)
        if after:
            after()
        if is_over(left):
            return


def _answers(steps: Iterable[tuple[Scope, Part]], executor: Executor) -> list[tuple[Scope, Found]]:
    """All parts' answers, before any is written; workers solve the first while the next are being built."""
    scopes: list[Scope] = []

    def parts() -> Iterator[Part]:
        for scope, part in steps:
            scopes.append(scope)
            yield part

    found = list(executor.map(solve_part, parts()))
    return list(zip(scopes, found, strict=True))


def put(diary: Diary, tasks: Ints, scope: Scope, teams: Sequence[Team]) -> None:
    """Put teams of the scope's places into the diary, in place of what it has for these tasks."""
    remove(diary, tasks)
    who = diary.candidates.person[scope.pairs]
    for i, members in teams:
        diary.add(int(scope.starts[i]), who[list(members)].tolist())


def remove(diary: Diary, tasks: Ints) -> None:
    """Strike what the diary has for these tasks."""
    for t in tasks.tolist():
        if t in diary.served:
            diary.remove(t)


def raise_weight(diary: Diary, tasks: Ints, allowed: Bools, work: Work, left: Left) -> tuple[Scope, Part]:
    """Serve more weight by these tasks, and of equal plans one that spares wanted people.

    The second may lower the weight a little for what the neighbours gain by it; whoever
    calls keeps the best plan.
    """
    c = diary.candidates
    with _without(diary, tasks):
        scope = scope_of(diary, tasks, allowed)
        rows = weight_rows(diary, scope)
    mine = pairs_of(c, tasks)
    here = np.bincount(c.person[mine[work.among[mine]]], minlength=len(work.demand))
    price = np.where((here < work.demand)[c.person[scope.pairs]], work.price[scope.pairs], 0.0)
    cost = np.concatenate((-SCALE * weights_of(c, scope), np.round(SPARE * SCALE * price)))
    return scope, WeightPart(cost, rows, values_of(diary, scope), scope, work.nodes, work.gap, end_of(left))


def lower_q(diary: Diary, tasks: Ints, allowed: Bools, work: Work, left: Left) -> tuple[Scope, Part]:
    """Lower Q by these tasks and keep their served weight."""
    with _without(diary, tasks) as held:
        scope = scope_of(diary, tasks, allowed)
        model = quality_model(diary, scope, held)
    return scope, QualityPart(model, work.nodes, end_of(left))


@contextmanager
def _without(diary: Diary, tasks: Ints) -> Iterator[Served]:
    """The diary as if it had nothing for these tasks; gives what it has."""
    held = {t: diary.served[t] for t in tasks.tolist() if t in diary.served}
    remove(diary, tasks)
    yield held
    for s, members in held.values():
        diary.add(s, members)

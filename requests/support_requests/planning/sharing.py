"""A large plan is solved part by part by whichever Celery workers are free; one worker alone gives the same plan.

The worker that makes the plan writes each part down, asks for help, and solves itself what nobody has taken: there is
always somebody who goes on, also with one worker or without a broker, and nobody waits for a worker that died.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator

from django.db import transaction
from django.utils import timezone

import matching
from support_requests.models import Plan, PlanPart

PATIENCE = dt.timedelta(seconds=15)
"""after which a part that another worker took is solved here too; a part takes a few seconds"""
PAUSE = 0.05
"""seconds between two looks at what others have answered"""


class SharedParts:
    """What ``matching.solve`` hands its parts to: see ``matching.Executor``."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def map(
        self, fn: Callable[[matching.Part], matching.Found], parts: Iterable[matching.Part], /
    ) -> Iterator[matching.Found]:
        """The answers in the order of the parts. ``fn`` is pure: who solves a part, and how often, changes nothing."""
        asked = list(parts)
        rows = PlanPart.objects.bulk_create(PlanPart(plan=self.plan, asked=matching.pack(part)) for part in asked)
        mine = {row.pk: part for row, part in zip(rows, asked, strict=True)}
        for row in rows[1:]:
            _ask_for_help(row.pk)
        for key, part in mine.items():
            if _claim(key):
                _answer(key, fn(part))
        of_these = PlanPart.objects.filter(pk__in=mine)
        unanswered = of_these.filter(answered_at=None)
        while unanswered.exists():
            for key in unanswered.filter(claimed_at__lt=timezone.now() - PATIENCE).values_list("pk", flat=True):
                _answer(key, fn(mine[key]))
            time.sleep(PAUSE)
        answers = dict(of_these.values_list("pk", "answer"))
        of_these.delete()
        return iter([matching.unpack(answers[key]) for key in mine])


def help_with(pk: int) -> None:
    """Solve part ``pk`` unless somebody else has taken it, or its plan is made already."""
    part = PlanPart.objects.filter(pk=pk, claimed_at=None).first()
    if part is not None and _claim(pk):
        _answer(pk, matching.solve_part(matching.unpack(part.asked)))


def _ask_for_help(pk: int) -> None:
    from support_requests.tasks import solve_part

    # robust: without a broker the parts are solved here, one after the other.
    transaction.on_commit(lambda: solve_part.delay(pk), robust=True)


def _claim(pk: int) -> bool:
    return PlanPart.objects.filter(pk=pk, claimed_at=None).update(claimed_at=timezone.now()) == 1


def _answer(pk: int, found: matching.Found) -> None:
    """The first answer stays; a second one is the same."""
    rows = PlanPart.objects.filter(pk=pk, answered_at=None)
    rows.update(answer=matching.pack(found), answered_at=timezone.now())

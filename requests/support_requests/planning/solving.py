"""Running the matcher for a plan: claimed by one worker, stored whole or not at all."""

import datetime as dt
import logging
from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import matching
from programme.errors import ChangedMeanwhile
from programme.fiscal import Month
from programme.models import Limits
from support_requests.errors import PlanNotReady
from support_requests.models import Draw, Plan, PlannedMember, PlannedTask, PlanPart
from support_requests.planning.advising import OTHERS_SHOWN, others_of, recruits_of
from support_requests.planning.approving import approve, carry_out, left_behind
from support_requests.planning.drawing import Decision, decide
from support_requests.planning.errors import PeriodOver, PeriodTooLong
from support_requests.planning.mending import mend, stand_minors_down
from support_requests.planning.problem import Asked, Mapped, problem_hash, problem_of, request_hash
from support_requests.planning.sharing import SharedParts
from support_requests.planning.turns import barred_by_asks, least_asked_first
from supporters.asking import last_asked

log = logging.getLogger(__name__)

TIME_LIMIT = 60.0
"""seconds that the matcher may search; the best plan found by then is valid and is shown with its gap"""
LEASE = dt.timedelta(minutes=5)
"""how long a plan may stand as "solving" before its worker is taken for dead; well over TIME_LIMIT"""
TRIES_AT_MOST = 3
"""workers that may die over one plan before it is given up"""
JUST_NOW = dt.timedelta(seconds=10)
"""a plan this young is still on its way through the broker"""


def request_plan(first: dt.date, last: dt.date, *, by: Any) -> Plan:
    """Ask for a plan of everything that is open from ``first`` to ``last``; a worker makes it.

    Asking for the same days again while one is being made returns that one: a double tap is one plan.
    Raises PeriodOver and PeriodTooLong.
    """
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    if last < max(first, tomorrow):
        raise PeriodOver
    longest = Limits.current().days_ahead_furthest
    if (last - first).days >= longest:
        raise PeriodTooLong(days=longest)
    with transaction.atomic():
        at_work = Plan.objects.filter(
            first=first, last=last, mends=None, status__in=(Plan.Status.WAITING, Plan.Status.SOLVING)
        )
        plan = at_work.first()
        if plan is None:
            plan = Plan.objects.create(first=first, last=last, created_by=by)
            _queue(plan.pk)
    return plan


@transaction.atomic
def try_again(plan: Plan, *, by: Any) -> None:
    """Put a plan that failed back into the queue. Doing so twice is doing it once."""
    if plan.status == Plan.Status.FAILED:
        plan._move(Plan.Status.WAITING, by=by, claimed_at=None, message="")
        _queue(plan.pk)


def _queue(pk: int) -> None:
    from support_requests.tasks import solve_plan

    # robust: a lost broker is logged and must not fail the click; the sweep solves what waits.
    transaction.on_commit(lambda: solve_plan.delay(pk), robust=True)


def sweep(now: dt.datetime) -> int:
    """Solve and carry out what the broker lost or a dead worker left behind, and plan anew what was declined.

    Returns how many plans were looked at.
    """
    Draw.objects.commit()
    stale = list(Plan.objects.filter(status=Plan.Status.SOLVING, claimed_at__lt=now - LEASE).order_by("pk"))
    for plan in stale:
        _take_back(plan)
    waiting = Plan.objects.filter(status=Plan.Status.WAITING, created_at__lt=now - JUST_NOW).order_by("pk")
    keys = list(waiting.values_list("pk", flat=True))
    mended = mend(now)
    if mended is not None:
        keys.append(mended.pk)
    for pk in keys:
        solve(pk)
    unfinished = left_behind(now)
    for pk in unfinished:
        carry_out(pk)
    stand_minors_down(now)
    return len(stale) + len(keys) + len(unfinished)


@transaction.atomic
def _take_back(plan: Plan) -> None:
    if not _still_mine(plan):
        log.info("plan %s was finished or taken up anew just before it was taken back", plan.pk)
        return
    died = plan.moves.filter(from_status=Plan.Status.SOLVING, to_status=Plan.Status.WAITING).count() + 1
    if died >= TRIES_AT_MOST:
        message = _("計算が何度も途中で止まりました。期間を短くしてお試しください。")
        plan._move(Plan.Status.FAILED, by=None, message=message)
    else:
        plan._move(Plan.Status.WAITING, by=None, claimed_at=None)


def solve(pk: int) -> None:
    """Make plan ``pk`` if it waits and no other worker has it. Never raises for what the facts contain."""
    plan = Plan.objects.filter(pk=pk, status=Plan.Status.WAITING).first()
    if plan is None:
        return
    now = timezone.now()
    try:
        plan._move(Plan.Status.SOLVING, by=None, claimed_at=now)
    except ChangedMeanwhile:
        return
    try:
        problem, mapped = problem_of(plan, now)
        found = matching.solve(
            problem, time_limit=TIME_LIMIT, progress=partial(_report, plan), executor=SharedParts(plan)
        )
        mends = plan.mends.exists()
        draw, decided = None, Decision(found, [], {})
        if mends:
            decided = Decision(least_asked_first(problem, found, last_asked()), [], {})
        else:
            draw = Draw.objects.of(Month.of(timezone.localdate(now)))
            decided = decide(problem, mapped, found, draw)
        answers = _answers(problem, mapped, decided.plan, now)
    except Exception:  # whatever it is, the coordinator shall not wait for it for ever
        log.exception("plan %s could not be made", pk)
        _fail(plan)
    else:
        _store(plan, problem, mapped, decided, answers, draw=draw)
        if mends:
            _ask_next(plan)
    finally:
        PlanPart.objects.filter(plan=plan).delete()  # what was left when it failed


def _ask_next(plan: Plan) -> None:
    try:
        approve(plan, by=None)
    except PlanNotReady:
        log.info("plan %s was decided by somebody else in this moment", plan.pk)


def _report(plan: Plan, progress: matching.Progress) -> None:
    """Write down how far it is, for whoever looks at the page meanwhile."""
    mine = Plan.objects.filter(pk=plan.pk, status=Plan.Status.SOLVING, claimed_at=plan.claimed_at)
    mine.update(
        progress={"stage": progress.stage, "served_weight": progress.served_weight, "bound": progress.bound},
    )


@dataclass(frozen=True)
class _Answers:
    """What the coordinator may ask about the plan, answered while the arrays are at hand."""

    reasons: dict[str, list[Any]]
    others: dict[str, list[Any]]
    recruits: list[Any]
    capped: dict[str, set[int]]


def _answers(problem: matching.Problem, mapped: Mapped, found: matching.Plan, now: dt.datetime) -> _Answers:
    ranked = matching.next_best_of_all(problem, found, OTHERS_SHOWN)
    return _Answers(
        reasons=matching.explain(problem, found),
        others={key: others_of(key, mapped, people) for key, people in ranked.items()},
        recruits=recruits_of(problem, mapped, found),
        capped=barred_by_asks(problem, found, now),
    )


def _why(one: dict[str, Any], without_room: Collection[int], capped: Collection[int]) -> tuple[str, list[str]]:
    """The level of an answer about one start, and what was missing."""
    if one["start"] in without_room:
        return "room", []
    return ("asked", []) if one["start"] in capped else (one["level"], one["missing"])


def _still_mine(plan: Plan) -> bool:
    """Locks the plan; False when it was taken for dead meanwhile and given to somebody else."""
    mine = Plan.objects.select_for_update().filter(pk=plan.pk, status=Plan.Status.SOLVING, claimed_at=plan.claimed_at)
    return mine.first() is not None


@transaction.atomic
def _fail(plan: Plan) -> None:
    if _still_mine(plan):
        message = _("計算の途中で問題が起きました。もう一度お試しのうえ、続くときは管理者にお知らせください。")
        plan._move(Plan.Status.FAILED, by=None, message=message)


@transaction.atomic
def _store(
    plan: Plan, problem: matching.Problem, mapped: Mapped, decided: Decision, answers: _Answers, *, draw: Draw | None
) -> None:
    if not _still_mine(plan):
        log.warning("plan %s was made twice; the later result is dropped", plan.pk)
        return
    found = decided.plan
    served = {one.task: one for one in found.assignments}
    tasks, members = [], []
    for key, asked in mapped.items():
        one = served.get(key)
        task = PlannedTask(
            plan=plan,
            request=asked.request,
            shift_id=asked.shift_id,
            asked_hash=request_hash(asked.request) if asked.request else "",
            starts_at=asked.starts[one.start] if one else None,
            explanation=[]
            if one
            else _reasons(
                asked,
                answers.reasons.get(key, []),
                decided.without_room.get(key, set()),
                answers.capped.get(key, set()),
            ),
            others=answers.others.get(key, []),
        )
        tasks.append(task)
        members += [PlannedMember(task=task, supporter_id=int(pk)) for pk in (one.team if one else ())]
    PlannedTask.objects.bulk_create(tasks)
    PlannedMember.objects.bulk_create(members)
    plan._move(
        Plan.Status.READY,
        by=None,
        served_weight=found.served_weight,
        bound=found.bound,
        q=found.q,
        q_bound=found.q_bound,
        problem_hash=problem_hash(problem),
        version=matching.version(),
        recruits=answers.recruits,
        draw=draw,
        contests=[asdict(one) for one in decided.contests],
    )


def _reasons(
    asked: Asked, records: list[Any], without_room: Collection[int], capped: Collection[int]
) -> list[dict[str, Any]]:
    """Per wished start, the earliest first: when, on which level it failed, and what was missing."""
    found = [
        (
            asked.starts[one["start"]],
            *_why(one, without_room, capped),
        )
        for one in records
    ]
    found += [(one.starts_at, one.level, []) for one in asked.dropped]
    return [
        {"starts_at": starts_at.astimezone(dt.UTC).isoformat(), "level": level, "missing": missing}
        for starts_at, level, missing in sorted(found, key=lambda one: one[0])
    ]

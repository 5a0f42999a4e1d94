"""What a coordinator's approval does: each part of the plan becomes shifts and offers, if the facts still allow it."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import matching
from programme.errors import ChangedMeanwhile, Refused
from programme.fiscal import span
from programme.models import Limits
from support_requests.errors import PlanNotReady, RequestChanged, TimePassed, VenueClosed
from support_requests.models import Plan, PlannedTask, Session, SupportRequest
from support_requests.planning.errors import (
    AlreadyStaffed,
    AskedElsewhere,
    DoesNotFit,
    FactsChanged,
    MemberRefused,
    NotInTeam,
    PlannedElsewhere,
    RequestEdited,
    ShiftMoved,
)
from support_requests.planning.problem import problem_of, request_hash, task_key
from support_requests.planning.staffing import counted, waits
from supporters.asking import answer_by, check_asks
from supporters.errors import ShiftCancelled
from supporters.models import Assignment, RoomClaim, Shift, Supporter
from supporters.rules import check

OUTCOME_LENGTH = 300


@transaction.atomic
def approve(plan: Plan, *, by: Any) -> int:
    """Apply what can still be applied, each part in a savepoint of its own. Returns how many parts were.

    A part that the facts no longer allow is left as it was, with the sentence why in ``outcome``.
    Of two approvals at once the first wins. Raises PlanNotReady.
    """
    _leave_ready(plan, Plan.Status.APPROVED, by=by)
    people = _lock(plan)
    limits, facts = Limits.current(), _Facts(plan, timezone.now())
    applied = 0
    left = plan.tasks.filter(starts_at__isnull=False, approved_at=None)
    for task in left.prefetch_related("team").order_by("pk"):
        applied += _try(task, people, limits, facts, by=by)
    return applied


@transaction.atomic
def approve_one(task: PlannedTask, *, by: Any) -> bool:
    """Apply one part; the rest of the plan waits as before, and is approved when nothing is left of it.

    Returns whether it was done; if not, ``outcome`` says why. Twice is once. Raises PlanNotReady.
    """
    plan = Plan.objects.select_for_update().get(pk=task.plan_id)
    task.refresh_from_db()
    if task.approved_at:
        return True
    if plan.status != Plan.Status.READY or task.starts_at is None:
        raise PlanNotReady(status=plan.get_status_display())
    people = _lock(plan)
    if not _try(task, people, Limits.current(), _Facts(plan, timezone.now()), by=by):
        return False
    task.outcome, task.approved_at, task.approved_by = "", timezone.now(), by
    task.save(update_fields=["outcome", "approved_at", "approved_by"])
    if not plan.tasks.filter(starts_at__isnull=False, approved_at=None).exists():
        _leave_ready(plan, Plan.Status.APPROVED, by=by)
    return True


@transaction.atomic
def override(task: PlannedTask, instead_of: Supporter, supporter: Supporter, *, reason: str, by: Any) -> None:
    """Send ``supporter`` instead of ``instead_of``; ``reason`` stays with the plan. Nobody is asked yet.

    Raises PlanNotReady, NotInTeam, PlannedElsewhere, and DoesNotFit when the new team does not keep the rules.
    """
    plan = Plan.objects.select_for_update().get(pk=task.plan_id)
    task.refresh_from_db()
    if plan.status != Plan.Status.READY or task.starts_at is None or task.approved_at:
        raise PlanNotReady(status=plan.get_status_display())
    member = task.team.filter(supporter=instead_of).first()
    if member is None or task.team.filter(supporter=supporter).exists():
        raise NotInTeam
    day = span(timezone.localdate(task.starts_at), timezone.localdate(task.starts_at))
    others = plan.tasks.filter(team__supporter=supporter, starts_at__gte=day[0], starts_at__lt=day[1], approved_at=None)
    if other := others.select_related("request__group", "shift").first():
        raise PlannedElsewhere(title=other.request.group if other.request else other.shift)
    team = [one.supporter for one in task.team.exclude(pk=member.pk).select_related("supporter")]
    if not _Facts(plan, timezone.now()).allow(task, [*team, supporter]):
        raise DoesNotFit
    member.supporter = supporter
    member.save(update_fields=["supporter"])
    task.overrides.create(instead_of=instead_of, supporter=supporter, reason=reason, by=by)


def _try(task: PlannedTask, people: dict[int, Supporter], limits: Limits, facts: "_Facts", *, by: Any) -> bool:
    """Apply a part in a savepoint of its own; where that is refused, note why."""
    try:
        with transaction.atomic():
            _apply(task, [people[member.supporter_id] for member in task.team.all()], limits, facts, by=by)
    except Refused as refusal:
        task.outcome = str(refusal)[:OUTCOME_LENGTH]
        task.save(update_fields=["outcome"])
        return False
    return True


def _lock(plan: Plan) -> dict[int, Supporter]:
    """Lock all that the plan touches, for all parts at once; returns its people as they are now, by key.

    Shifts, then people, then requests, each by key: whoever accepts an offer locks them in this order,
    so that nobody waits in a ring; and of two plans that ask one person, the second sees what the first asked.
    """
    tasks = plan.tasks.filter(starts_at__isnull=False)
    shifts = Shift.objects.select_for_update(no_key=True).filter(pk__in=tasks.values("shift"))
    list(shifts.order_by("pk"))
    people = Supporter.objects.select_for_update(no_key=True).filter(pk__in=tasks.values("team__supporter"))
    found = {one.pk: one for one in people.order_by("pk")}
    requests = SupportRequest.objects.select_for_update(no_key=True).filter(pk__in=tasks.values("request"))
    list(requests.order_by("pk"))
    return found


def discard(plan: Plan, *, by: Any) -> None:
    """Put a plan away; nothing of it happens. Discarding twice is discarding once. Raises PlanNotReady."""
    plan.refresh_from_db()
    if plan.status != Plan.Status.DISCARDED:
        _leave_ready(plan, Plan.Status.DISCARDED, by=by)


def _leave_ready(plan: Plan, to: Plan.Status, *, by: Any) -> None:
    try:
        plan._move(to, by=by)
    except ChangedMeanwhile as error:
        plan.refresh_from_db()
        raise PlanNotReady(status=plan.get_status_display()) from error


class _Facts:
    """The matcher's problem as it is now: does what was planned still keep its rules?"""

    def __init__(self, plan: Plan, now: dt.datetime) -> None:
        self._problem, self._mapped = problem_of(plan, now)
        self._tasks = {task.id: task for task in self._problem.tasks}
        self._people = {one.id: one for one in self._problem.supporters}

    def allow(self, task: PlannedTask, team: list[Supporter]) -> bool:
        """Whether exactly ``team`` may serve ``task`` at its time: free, within reach, and together able to."""
        key = task_key(request_id=task.request_id, shift_id=task.shift_id)
        now = self._tasks.get(key)
        people = [self._people[str(one.pk)] for one in team if str(one.pk) in self._people]
        if now is None or task.starts_at not in self._mapped[key].starts or len(people) < len(team):
            return False
        start = now.starts[self._mapped[key].starts.index(task.starts_at)]
        alone = replace(now, starts=(start,), k=len(team), kmax=len(team))
        return bool(matching.greedy(replace(self._problem, supporters=tuple(people), tasks=(alone,))).assignments)


def _apply(task: PlannedTask, team: list[Supporter], limits: Limits, facts: _Facts, *, by: Any) -> None:
    now = timezone.now()
    if task.starts_at is None or task.starts_at <= now:
        raise TimePassed
    # Adults first: a minor may be asked only where an adult is, or is being asked.
    team = sorted(team, key=lambda one: one.birth_date)
    shift = _session_shift(task, task.starts_at, team, by=by) if task.request_id else _standing_shift(task, team, now)
    deadline = answer_by(now, shift.starts_at, limits)
    for supporter in team:
        _offer(shift, supporter, now, deadline, limits, by=by)
    if not facts.allow(task, team):  # last: the rules above name what has changed
        raise FactsChanged


def _session_shift(task: PlannedTask, starts_at: dt.datetime, team: list[Supporter], *, by: Any) -> Shift:
    """The request's session with a shift at the planned time. Raises Refused when the facts have changed."""
    request = SupportRequest.objects.get(planned=task)
    if request.status != SupportRequest.Status.CONFIRMED:
        raise RequestChanged(group=request.group, status=request.get_status_display())
    if request_hash(request) != task.asked_hash:
        raise RequestEdited
    ends_at = starts_at + dt.timedelta(minutes=request.minutes)
    reason = request.venue.closed_on(timezone.localdate(starts_at))
    if reason:
        raise VenueClosed(venue=request.venue, reason=reason)
    shift = Shift.plan(
        purpose=Session.PURPOSE,
        title=request.title,
        venue=request.venue,
        room=RoomClaim.free_room(request.venue, starts_at, ends_at, rather=request.room),
        starts_at=starts_at,
        ends_at=ends_at,
        needed=len(team),
        topics=[(one.topic, one.level) for one in request.topics.select_related("topic")],
        needs=request.needs,
        note=request.remarks[:500],
    )
    # A request that was planned before and came back has its session still.
    Session.objects.update_or_create(request=request, defaults={"shift": shift})
    request._move(SupportRequest.Status.PLANNED, by=by)
    return shift


def _standing_shift(task: PlannedTask, team: list[Supporter], now: dt.datetime) -> Shift:
    shift = Shift.objects.get(planned=task)
    if shift.cancelled_at:
        raise ShiftCancelled
    if shift.starts_at != task.starts_at:
        raise ShiftMoved
    if shift.needed - shift.assignments.filter(counted(now)).count() < len(team):
        raise AlreadyStaffed
    return shift


def _offer(
    shift: Shift, supporter: Supporter, now: dt.datetime, deadline: dt.datetime, limits: Limits, *, by: Any
) -> None:
    try:
        check(supporter, shift)
        check_asks(supporter, now, limits)
        _check_offers(supporter, shift, now)
    except Refused as refusal:
        raise MemberRefused(name=supporter.name, reason=refusal) from refusal
    Assignment.objects.create(shift=shift, supporter=supporter).offer(by=by, answer_by=deadline)


def _check_offers(supporter: Supporter, shift: Shift, now: dt.datetime) -> None:
    """Nobody is asked for two things at once, and nobody twice for the same one."""
    at_once = waits(now) & Q(shift__starts_at__lt=shift.ends_at, shift__ends_at__gt=shift.starts_at)
    if supporter.assignments.filter(at_once | Q(shift=shift, status__in=Assignment.LIVE)).exists():
        raise AskedElsewhere

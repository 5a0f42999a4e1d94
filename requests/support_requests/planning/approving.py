"""What a coordinator's approval does: each part of the plan becomes shifts and offers, if the facts still allow it."""

import datetime as dt
import logging
from collections.abc import Collection
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from programme.errors import ChangedMeanwhile, Refused
from programme.fiscal import span
from programme.models import Limits
from support_requests import rules
from support_requests.errors import PlanNotReady, TimePassed, VenueClosed
from support_requests.models import Plan, PlannedMember, PlannedTask, Session, SupportRequest
from support_requests.planning.errors import (
    AlreadyStaffed,
    AskedElsewhere,
    DoesNotFit,
    FactsChanged,
    MemberRefused,
    NotCarriedOut,
    NotInTeam,
    PlannedElsewhere,
)
from support_requests.planning.staffing import counted, waits
from support_requests.planning.today import Facts, check_request, check_shift
from supporters.asking import answer_by, check_asks
from supporters.models import Assignment, RoomClaim, Shift, Supporter
from supporters.rules import check

log = logging.getLogger(__name__)

OUTCOME_LENGTH = 300
AT_ONCE = 20
"""parts that one transaction carries out, and for which a page may wait"""
UNTRIED = Q(starts_at__isnull=False, approved_at=None, outcome="")
"""of parts: planned, and neither carried out nor refused yet"""
NOBODY_AT_WORK = dt.timedelta(seconds=30)


def approve(plan: Plan, *, by: Any) -> int:
    """Carry the whole plan out, here and now. Returns how many parts could be.

    A part that the facts no longer allow is left as it was, with the sentence why in ``outcome``.
    Of two approvals at once the first wins. Raises PlanNotReady.
    """
    _leave_ready(plan, Plan.Status.APPROVING, by=by)
    applied = carry_out(plan.pk)
    plan.refresh_from_db()
    return applied


@transaction.atomic
def approve_in_background(plan: Plan, *, by: Any) -> None:
    """As ``approve``, by a worker: hundreds of parts take longer than anybody waits for a page. Raises PlanNotReady."""
    from support_requests.tasks import carry_out_plan

    _leave_ready(plan, Plan.Status.APPROVING, by=by)
    # robust: a lost broker must not fail the click; the sweep carries out what was left.
    transaction.on_commit(lambda: carry_out_plan.delay(plan.pk), robust=True)


def carry_out(pk: int) -> int:
    """Ask the people of all parts of approved plan ``pk`` that were not tried yet. Returns how many parts could be.

    Some parts at a time, each time in a transaction of its own: whoever looks sees how far it is, whoever dies over it
    loses little, and two at once take turns.
    """
    applied = 0
    while (more := _carry_out_some(pk)) is not None:
        applied += more
    return applied


@transaction.atomic
def _carry_out_some(pk: int) -> int | None:
    """The next parts; None when nothing is left to do."""
    plan = Plan.objects.select_for_update().get(pk=pk)
    if plan.status != Plan.Status.APPROVING:
        return None
    by = plan.moves.filter(to_status=Plan.Status.APPROVING).latest("pk").by
    tasks = list(plan.tasks.filter(UNTRIED).prefetch_related("team").order_by("pk")[:AT_ONCE])
    if not tasks:
        plan._move(Plan.Status.APPROVED, by=by)
        return None
    people = _lock(tasks)
    facts = Facts(plan, timezone.now(), people)
    limits = Limits.current()
    return sum(_try(task, people, limits, facts, by=by) for task in tasks)


def left_behind(now: dt.datetime) -> list[int]:
    """Approved plans over which nobody has been seen working for a while: the broker or a worker lost them."""
    lately = now - NOBODY_AT_WORK
    plans = Plan.objects.filter(status=Plan.Status.APPROVING).exclude(moves__at__gt=lately)
    return list(plans.exclude(tasks__approved_at__gt=lately).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def approve_one(task: PlannedTask, *, by: Any) -> bool:
    """Apply one part; the rest of the plan waits as before, and is approved when every part of it has been tried.

    Returns whether it was done; if not, ``outcome`` says why. Twice is once. Raises PlanNotReady.
    """
    plan = Plan.objects.select_for_update().get(pk=task.plan_id)
    task.refresh_from_db()
    if task.approved_at:
        return True
    if plan.status != Plan.Status.READY or task.starts_at is None:
        raise PlanNotReady(status=plan.get_status_display())
    people = _lock([task])
    done = _try(task, people, Limits.current(), Facts(plan, timezone.now(), people), by=by)
    if not plan.tasks.filter(UNTRIED).exists() and plan.tasks.exclude(approved_at=None).exists():
        _leave_ready(plan, Plan.Status.APPROVING, by=by)
        plan._move(Plan.Status.APPROVED, by=by)
    return done


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
    team = [one.supporter for one in task.team.exclude(pk=member.pk).select_related("supporter")] + [supporter]
    facts = Facts(plan, timezone.now(), [one.pk for one in team])
    for other in plan.tasks.filter(team__supporter=supporter, starts_at__isnull=False, approved_at=None):
        facts.take(other, [supporter])
    if not facts.allow(task, team):
        raise DoesNotFit
    member.supporter = supporter
    member.save(update_fields=["supporter"])
    task.overrides.create(instead_of=instead_of, supporter=supporter, reason=reason, by=by)


def _try(task: PlannedTask, people: dict[int, Supporter], limits: Limits, facts: Facts, *, by: Any) -> bool:
    """Apply a part in a savepoint of its own; where that is refused, note why."""
    try:
        with transaction.atomic():
            _apply(task, [people[member.supporter_id] for member in task.team.all()], limits, facts, by=by)
    except OperationalError:
        raise  # the whole transaction is lost, and tried again
    except Refused as refusal:
        task.outcome = str(refusal)[:OUTCOME_LENGTH]
    except Exception:  # whatever it is, the other parts shall not wait for it for ever
        log.exception("part %s of plan %s could not be carried out", task.pk, task.plan_id)
        task.outcome = str(NotCarriedOut())
    else:
        task.outcome, task.approved_at, task.approved_by = "", timezone.now(), by
    task.save(update_fields=["outcome", "approved_at", "approved_by"])
    return not task.outcome


def _lock(tasks: Collection[PlannedTask]) -> dict[int, Supporter]:
    """Lock all that the parts touch, for all of them at once; returns their people as they are now, by key.

    Shifts, then people, then requests, each by key: whoever accepts an offer locks them in this order,
    so that nobody waits in a ring; and of two plans that ask one person, the second sees what the first asked.
    """
    keys = [task.pk for task in tasks]
    shifts = Shift.objects.select_for_update(no_key=True).filter(pk__in=[task.shift_id for task in tasks])
    list(shifts.order_by("pk"))
    members = PlannedMember.objects.filter(task__in=keys).values("supporter")
    people = Supporter.objects.select_for_update(no_key=True).filter(pk__in=members)
    found = {one.pk: one for one in people.order_by("pk")}
    requests = SupportRequest.objects.select_for_update(no_key=True).filter(pk__in=[one.request_id for one in tasks])
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


def _apply(task: PlannedTask, team: list[Supporter], limits: Limits, facts: Facts, *, by: Any) -> None:
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
    facts.take(task, team)


def _session_shift(task: PlannedTask, starts_at: dt.datetime, team: list[Supporter], *, by: Any) -> Shift:
    """The request's session with a shift at the planned time. Raises Refused when the facts have changed."""
    request = SupportRequest.objects.get(planned=task)
    check_request(task, request)
    ends_at = starts_at + dt.timedelta(minutes=request.minutes)
    reason = request.venue.closed_on(timezone.localdate(starts_at))
    if reason:
        raise VenueClosed(venue=request.venue, reason=reason)
    rules.check_hours(starts_at, minutes=request.minutes, place=request.venue)
    shift = Shift.plan(
        purpose=Session.PURPOSE,
        title=request.title,
        venue=request.venue,
        room=RoomClaim.free_room(request.venue, starts_at, ends_at, people=request.participants, rather=request.room),
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
    check_shift(task, shift)
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

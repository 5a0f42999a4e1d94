"""Proposing, committing and undoing steps of the week board. See docs/adr/0029."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from programme.errors import Refused
from programme.fiscal import span
from programme.wording import say_list, say_short
from support_requests.board.errors import (
    BoardStale,
    MovedOn,
    NothingProposed,
    NotOnShift,
    OtherWeek,
    ReasonNeeded,
    StepRefused,
)
from support_requests.models import Board, BoardStep
from supporters.asking import ask
from supporters.choosing import Tally
from supporters.models import Assignment, Shift, Supporter
from supporters.models.shifts import ShiftQuerySet
from supporters.rules import MAY_BE_SET_ASIDE

Status = Assignment.Status
# Whoever is one of these can be moved or taken off.
ON = (Status.APPLIED, Status.OFFERED, Status.ACCEPTED, Status.STANDING_IN_WANTED)
# By shift's key: when it is ("" when it was called off), and by person's key how they stand.
State = dict[str, tuple[str, dict[str, str]]]


def shifts_of_week(monday: dt.date) -> ShiftQuerySet:
    """Standing shifts of the week that begins with ``monday``, the earliest first, with venue and district."""
    start, end = span(monday, monday + dt.timedelta(days=6))
    rows = Shift.objects.standing().filter(starts_at__gte=start, starts_at__lt=end)
    return rows.select_related("venue__district").order_by("starts_at", "pk")


# --- Proposing -----------------------------------------------------------------------------------------
@transaction.atomic
def propose(
    *, by: Any, monday: dt.date, supporter: Supporter, leaves: Shift | None, goes: Shift | None, how: str, reason: str
) -> None:
    """Add a step to the coordinator's open board of the week; nothing happens to anybody yet.

    Whoever is on ``leaves`` by a step alone is moved in that step. Raises OtherWeek, NotOnShift.
    """
    for shift in (leaves, goes):
        if shift and not shifts_of_week(monday).filter(pk=shift.pk, starts_at__gt=timezone.now()).exists():
            raise OtherWeek
    if leaves == goes:
        return
    board, _new = Board.objects.open().get_or_create(made_by=by, monday=monday, committed_at=None)
    Board.objects.select_for_update().get(pk=board.pk)
    mine = board.steps.filter(supporter=supporter)
    came = mine.filter(goes=leaves).first() if leaves else None
    if leaves and came is None and not _is_on(supporter, leaves):
        raise NotOnShift
    left = mine.filter(leaves=goes).first() if goes else None
    if left and left == came:  # back to where the person came from
        left.delete()
        return
    if left:
        left.leaves = None
        _keep(left)
    if goes and (left or mine.filter(goes=goes).exists() or _is_on(supporter, goes)):
        goes = None  # there already
    step = came or (mine.filter(leaves=leaves).first() if leaves else None) or BoardStep(board=board, leaves=leaves)
    step.supporter, step.goes, step.how, step.reason = supporter, goes, how or BoardStep.How.ASK, reason.strip()
    _keep(step)


def _is_on(supporter: Supporter, shift: Shift) -> bool:
    return shift.assignments.filter(supporter=supporter, status__in=ON).exists()


def _keep(step: BoardStep) -> None:
    """Save it, or drop it when it moves nobody."""
    if step.leaves or step.goes:
        step.save()
    elif step.pk:
        step.delete()


# --- What a page has seen ------------------------------------------------------------------------------
def state_of(shifts: Collection[int]) -> State:
    """How ``shifts`` stand now, for comparing later."""
    rows = Assignment.objects.filter(shift__in=shifts).order_by().values_list("shift_id", "supporter_id", "status")
    return state_from(Shift.objects.filter(pk__in=shifts), rows)


def state_from(shifts: Iterable[Shift], rows: Iterable[tuple[int, int, str]]) -> State:
    """As ``state_of``, of what was read already: who (``rows``: shift, person, status) stands how on ``shifts``."""
    found: State = {str(one.pk): (one.starts_at.isoformat() if one.cancelled_at is None else "", {}) for one in shifts}
    for shift, supporter, status in rows:
        if status in ON and str(shift) in found:
            found[str(shift)][1][str(supporter)] = status
    return found


def touched(board: Board) -> set[int]:
    """Keys of the shifts that the board's steps change."""
    steps = board.steps.values_list("leaves", "goes")
    return {key for pair in steps for key in pair if key is not None}


def read_state(text: str) -> State | None:
    """What ``json.dumps(state_of(…))`` wrote; None for anything else."""
    try:
        read = json.loads(text)
        return {
            str(int(key)): (at, {str(int(one)): status for one, status in who.items()})
            for key, (at, who) in read.items()
        }
    except (ValueError, TypeError, AttributeError):
        return None


def differences(before: State, now: State) -> list[str]:
    """What changed from ``before`` to ``now``, a sentence each."""
    keys = sorted(before.keys() | now.keys(), key=int)
    shifts = Shift.objects.in_bulk([int(key) for key in keys])
    people = {key for state in (before, now) for _at, who in state.values() for key in who}
    names = {str(pk): name for pk, name in Supporter.objects.filter(pk__in=people).values_list("pk", "name")}
    labels = dict(Status.choices)
    found = []
    for key in keys:
        shift = shifts.get(int(key))
        title = f"{shift.title} {say_short(shift.starts_at)}" if shift else key
        (at, who), (at_now, who_now) = before.get(key, ("", {})), now.get(key, ("", {}))
        if at != at_now:
            found.append(f"{title}: {say_short(shift.starts_at) if shift and at_now else _off()}")
        for one in sorted(who.keys() | who_now.keys()):
            if who.get(one) != who_now.get(one):
                states = [str(labels.get(state.get(one, ""), "―")) for state in (who, who_now)]
                found.append(f"{title}: {names.get(one, one)} {states[0]} → {states[1]}")
    return found


def _off() -> str:
    return str(Status.CANCELLED.label)


# --- Committing and undoing ----------------------------------------------------------------------------
@transaction.atomic
def commit(board: Board, seen: State | None, *, by: Any) -> int:
    """Do all steps, or none. ``seen``: how the touched shifts stood on the page. Returns how many steps were done.

    Committing twice is committing once. Raises NothingProposed, BoardStale or StepRefused.
    """
    board = Board.objects.select_for_update().get(pk=board.pk)
    steps = list(board.steps.select_related("supporter", "leaves__venue__district", "goes__venue__district"))
    if board.committed_at:
        return len(steps)
    if not steps:
        raise NothingProposed
    keys = touched(board)
    _lock(keys, steps)
    now = state_of(keys)
    if seen is None or seen != now:
        raise BoardStale(changes=say_list(differences(seen or {}, now)))
    for step in steps:  # who leaves makes room for who comes
        if step.leaves:
            _try(step, step.leaves, lambda step=step: _leave(step, by=by))
    # Adults first: a minor may be seated only where one is.
    for step in sorted(steps, key=lambda one: one.supporter.birth_date):
        if step.goes:
            _try(step, step.goes, lambda step=step: _come(step, by=by))
    for step in steps:
        step.save()
    board.committed_at = timezone.now()
    board.save(update_fields=["committed_at"])
    return len(steps)


def _lock(keys: Collection[int], steps: list[BoardStep]) -> None:
    """Shifts, then people, each by key, as whoever accepts an offer locks them."""
    list(Shift.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))
    people = Supporter.objects.select_for_update(no_key=True).filter(pk__in=[one.supporter_id for one in steps])
    list(people.order_by("pk"))


def _try(step: BoardStep, shift: Shift, verb: Any) -> None:
    try:
        verb()
    except Refused as refusal:
        title = f"{shift.title} {say_short(shift.starts_at)}"
        raise StepRefused(name=step.supporter.name, shift=title, reason=refusal) from refusal


def _leave(step: BoardStep, *, by: Any) -> None:
    row = step.leaves.assignments.filter(supporter=step.supporter, status__in=ON).first() if step.leaves else None
    if row is None:
        raise NotOnShift
    step.left, step.left_status = row, row.status
    row.take_off(by=by, reason="" if step.goes else step.reason)


def _come(step: BoardStep, *, by: Any) -> None:
    if step.goes is None:
        return
    if step.how == BoardStep.How.ASK:
        step.made = ask(step.goes, step.supporter, by=by)
    else:
        doubts = Tally(Supporter.objects.filter(pk=step.supporter_id), [step.goes])
        if doubts.choice(doubts.people[0], step.goes).doubts and not step.reason:
            raise ReasonNeeded
        despite = MAY_BE_SET_ASIDE if step.reason else ()
        step.made = Assignment.take(step.goes, step.supporter, by=by, reason=step.reason, despite=despite)
    step.made_status = step.made.status


@transaction.atomic
def undo(board: Board, *, by: Any) -> int:
    """Take all of a committed board back, or nothing. Returns how many steps. Twice is once.

    Raises MovedOn when somebody has answered since, or a rule stands against putting somebody back.
    """
    board = Board.objects.select_for_update().get(pk=board.pk)
    steps = list(board.steps.select_related("supporter", "leaves", "goes", "left", "made"))
    if board.committed_at is None or board.undone_at:
        return 0
    _lock(touched(board), steps)
    if changes := [sentence for step in steps for sentence in _moved_on(step)]:
        raise MovedOn(changes=say_list(changes))
    try:
        for step in steps:
            if step.made:
                step.made.take_off(by=by, reason="")
        for step in sorted(steps, key=lambda one: one.supporter.birth_date):
            if step.left and step.leaves:
                _put_back(step, step.leaves, by=by)
    except Refused as refusal:
        raise MovedOn(changes=str(refusal)) from refusal
    board.undone_at = timezone.now()
    board.save(update_fields=["undone_at"])
    return len(steps)


def _moved_on(step: BoardStep) -> list[str]:
    expected: Mapping[Assignment | None, str] = {step.made: step.made_status, step.left: Status.CANCELLED}
    rows = [(row, status) for row, status in expected.items() if row and row.status != status]
    return [f"{step.supporter.name}: {row.get_status_display()}" for row, _status in rows]


def _put_back(step: BoardStep, shift: Shift, *, by: Any) -> None:
    if step.left_status == Status.APPLIED:
        Assignment.apply(shift, step.supporter, by=by)
    elif step.left_status == Status.OFFERED:
        ask(shift, step.supporter, by=by)
    else:
        Assignment.take(shift, step.supporter, by=by, despite=MAY_BE_SET_ASIDE)

"""What was planned, held against the facts as they are now: does it still keep its rules, and if not, why."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace

import matching
from programme.errors import Refused
from support_requests.errors import RequestChanged, TimePassed
from support_requests.models import Plan, PlannedTask, SupportRequest
from support_requests.planning.errors import (
    AlreadyStaffed,
    FactsChanged,
    MemberRefused,
    NotReady,
    RequestEdited,
    ShiftMoved,
)
from support_requests.planning.problem import problem_of, request_hash, task_key
from support_requests.planning.saying import say_obstacle, say_rule
from supporters.errors import NotActive, ShiftCancelled
from supporters.models import Shift, Supporter


def check_request(task: PlannedTask, request: SupportRequest) -> None:
    """Raise RequestChanged or RequestEdited when ``task`` was planned for another state or other wishes of it."""
    if request.status != SupportRequest.Status.CONFIRMED:
        raise RequestChanged(group=request.group, status=request.get_status_display())
    if request_hash(request) != task.asked_hash:
        raise RequestEdited


def check_shift(task: PlannedTask, shift: Shift) -> None:
    """Raise ShiftCancelled or ShiftMoved when ``task`` was planned for another time of it."""
    if shift.cancelled_at:
        raise ShiftCancelled
    if shift.starts_at != task.starts_at:
        raise ShiftMoved


class Facts:
    """The matcher's problem as it is now, with nobody but ``people`` (keys), read in a constant number of queries."""

    def __init__(self, plan: Plan, now: dt.datetime, people: Collection[int]) -> None:
        self._now = now
        self._problem, self._mapped = problem_of(plan, now, people)
        self._tasks = {task.id: task for task in self._problem.tasks}
        self._people = {one.id: one for one in self._problem.supporters}

    def allow(self, task: PlannedTask, team: Sequence[Supporter]) -> bool:
        """Whether exactly ``team`` may serve ``task`` at its time: free, within reach, and together able to."""
        alone = self._alone(task, team)
        return alone is not None and bool(matching.greedy(alone).assignments)

    def take(self, task: PlannedTask, team: Sequence[Supporter]) -> None:
        """From now on ``team`` serves ``task``: whoever is in it is busy then, and has one duty less to give."""
        alone = self._alone(task, team)
        if alone:
            (one,) = alone.tasks
            ((day, start),) = one.starts
            for person in alone.supporters:
                booked = (*person.booked, (day, start, start + one.dur, one.venue))
                self._people[person.id] = replace(person, booked=booked)

    def against(self, task: PlannedTask, team: Sequence[Supporter]) -> str:
        """Why approving ``task`` would be refused now, or nothing. ``task`` is read with its request or shift."""
        try:
            if task.starts_at is None or task.starts_at <= self._now:
                raise TimePassed
            if task.request:
                check_request(task, task.request)
            elif task.shift:
                check_shift(task, task.shift)
                self._check_places(task, team)
        except Refused as refusal:
            return str(refusal)
        asked = self._mapped.get(_key(task))
        dropped = next((one for one in asked.dropped if one.starts_at == task.starts_at), None) if asked else None
        if dropped:
            return say_obstacle(dropped.level, [], {})
        return "" if self.allow(task, team) else self._of_members(task, team)

    def _check_places(self, task: PlannedTask, team: Sequence[Supporter]) -> None:
        now = self._tasks.get(_key(task))
        if now is None or now.k < len(team):
            raise AlreadyStaffed

    def _of_members(self, task: PlannedTask, team: Sequence[Supporter]) -> str:
        """The first of the team who cannot go, and the first rule that says so."""
        for one in team:
            if one.status != Supporter.Status.ACTIVE:
                return str(MemberRefused(name=one.name, reason=NotActive(status=one.get_status_display())))
            if str(one.pk) not in self._people:
                return str(MemberRefused(name=one.name, reason=NotReady()))
        alone = self._alone(task, team)
        if alone:
            nobody = matching.Plan((), 0, 0, 0)
            for one in team:
                rule = matching.why_not(alone, nobody, alone.tasks[0].id, str(one.pk)).rule
                if rule not in (None, "H2"):  # H2: the others are missing too, as nobody is planned
                    return str(MemberRefused(name=one.name, reason=say_rule(rule)))
        return str(FactsChanged())

    def _alone(self, task: PlannedTask, team: Sequence[Supporter]) -> matching.Problem | None:
        """``task`` at its time and ``team`` as the whole problem; None where one of them is not in it."""
        now, asked = self._tasks.get(_key(task)), self._mapped.get(_key(task))
        people = [self._people[str(one.pk)] for one in team if str(one.pk) in self._people]
        if now is None or asked is None or task.starts_at not in asked.starts or len(people) < len(team):
            return None
        start = now.starts[asked.starts.index(task.starts_at)]
        alone = replace(now, starts=(start,), k=len(team), kmax=len(team))
        return replace(self._problem, supporters=tuple(people), tasks=(alone,))


def _key(task: PlannedTask) -> str:
    return task_key(request_id=task.request_id, shift_id=task.shift_id)

"""What a plan would change, against the facts as they stand now: by activity and by person, before anybody approves it.

A plan never takes anybody off and moves no activity that is settled: it settles requests, fills places, and frees who
waits for a stand-in.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q

from programme.fiscal import span
from support_requests.models import Plan, Session
from support_requests.planning.pages import Row
from support_requests.planning.staffing import counted
from support_requests.planning.today import Facts
from supporters.models import Assignment, Shift, Supporter


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one activity: "settled", "moved", "filled", or "left_out"."""

    kind: str
    kept: list[Supporter]
    """on it, or being asked, already: nothing changes for them"""
    freed: list[Supporter]
    """who waits for a stand-in, and is free once somebody says yes"""
    before: dt.datetime | None
    """when it was to be before: it moves"""
    against: str
    """why it would be left out now"""


@dataclass(slots=True)
class PersonChange:
    """What becomes of one person's duties in the period."""

    supporter: Supporter
    asked: list[Row] = field(default_factory=list)
    kept: int = 0
    """duties that the person has, or is being asked for"""
    freed: list[Row] = field(default_factory=list)
    left_out: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Changes:
    counts: Counter[str]
    """activities by the kind of their change"""
    people: list[PersonChange]
    untouched: int
    """activities of the period that stay as they are"""
    staying: int
    """people whose duties in the period stay as they are"""

    @property
    def asked(self) -> int:
        return sum(1 for one in self.people if one.asked)

    @property
    def freed(self) -> int:
        return sum(1 for one in self.people if one.freed)


def changes_of(plan: Plan, rows: Sequence[Row], now: dt.datetime) -> Changes:
    """``rows``: what of the plan waits for approval; each learns its ``change``. In a constant number of queries."""
    on_it, before = _on_shifts(rows, now), _times_before(rows)
    facts = Facts(plan, now, {member.supporter.pk for row in rows for member in row.team})
    people: dict[int, PersonChange] = {}
    for row in rows:
        team = [member.supporter for member in row.team]
        kept, freed = on_it.get(row.task.shift_id or 0, ([], []))
        was = before.get(row.task.request_id or 0)
        against = facts.against(row.task, team)
        kind = "left_out" if against else "filled" if row.shift else "moved" if was else "settled"
        row.change = Change(kind, kept, freed, was, against)
        for one in team:
            person = people.setdefault(one.pk, PersonChange(one))
            (person.left_out if against else person.asked).append(row)
        for one in () if against else freed:
            people.setdefault(one.pk, PersonChange(one)).freed.append(row)
    duties = _duties(plan, now)
    for pk, person in people.items():
        person.kept = duties.get(pk, 0) - len(person.freed)
    touched = {row.task.shift_id for row in rows if row.task.shift_id}
    start, end = span(plan.first, plan.last)
    standing = Shift.objects.standing().filter(starts_at__gte=start, starts_at__lt=end).exclude(pk__in=touched)
    return Changes(
        counts=Counter(row.change.kind for row in rows if row.change),
        people=sorted(people.values(), key=lambda one: (one.supporter.kana, one.supporter.pk)),
        untouched=standing.count(),
        staying=len(duties.keys() - people.keys()),
    )


def _on_shifts(rows: Sequence[Row], now: dt.datetime) -> dict[int, tuple[list[Supporter], list[Supporter]]]:
    """By shift: who stays on it, and who waits for a stand-in."""
    found: dict[int, tuple[list[Supporter], list[Supporter]]] = defaultdict(lambda: ([], []))
    wanted = Q(status=Assignment.Status.STANDING_IN_WANTED)
    on = Assignment.objects.filter(counted(now) | wanted, shift__in=[row.task.shift_id for row in rows])
    for one in on.select_related("supporter").order_by("pk"):
        found[one.shift_id][one.status == Assignment.Status.STANDING_IN_WANTED].append(one.supporter)
    return found


def _times_before(rows: Sequence[Row]) -> dict[int, dt.datetime]:
    """By request: when it was to be before it came back to be planned, where that is another time than now."""
    sessions = Session.objects.filter(request__in=[row.task.request_id for row in rows])
    times = dict(sessions.values_list("request_id", "shift__starts_at"))
    planned = {row.task.request_id: row.task.starts_at for row in rows}
    return {key: at for key, at in times.items() if at != planned[key]}


def _duties(plan: Plan, now: dt.datetime) -> dict[int, int]:
    """By supporter: to how many duties of the period the person is bound, or asked for."""
    start, end = span(plan.first, plan.last)
    bound = counted(now) | Q(status=Assignment.Status.STANDING_IN_WANTED)
    rows = Assignment.objects.filter(bound, shift__starts_at__gte=start, shift__starts_at__lt=end)
    return dict(rows.order_by().values_list("supporter_id").annotate(duties=Count("pk")))

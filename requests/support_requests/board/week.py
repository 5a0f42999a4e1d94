"""A week as the board shows it: who is where, what the steps would make of it, and what stands against each."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.errors import Refused
from programme.models import District
from programme.wording import say_short
from support_requests.board.errors import NoPlaceLeft
from support_requests.board.sandbox import ON, State, shifts_of_week, state_from
from support_requests.models import Board, BoardStep
from support_requests.models.boards import BoardQuerySet
from supporters.asking import asked_often
from supporters.choosing import Choice, Tally
from supporters.errors import AskedOften
from supporters.models import Assignment, Shift, Supporter
from supporters.models.shifts import ShiftQuerySet
from supporters.rules import MAY_BE_SET_ASIDE

SHIFTS_A_DAY, SHIFTS_AT_MOST = 5, 120
"""shown of a day: among the days of a week, and by itself"""
SEEN = (*ON, Assignment.Status.ATTENDED)
Status = Assignment.Status
# What the board shows of a shift, and the rules look at.
_SHOWN = (
    "title",
    "starts_at",
    "ends_at",
    "needed",
    "needs_lead",
    "cancelled_at",
    "venue__name",
    "venue__name_en",
    "venue__kana",
    "venue__latitude",
    "venue__longitude",
    "venue__district__latitude",
    "venue__district__longitude",
)


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody on a shift: as things are, or as a step would have it."""

    key: int
    name: str
    is_lead: bool
    label: str
    said_yes: bool
    leaves: bool = False
    comes: bool = False


@dataclass(slots=True)
class Place:
    """A shift of the week with its people after the steps."""

    shift: Shift
    is_over: bool
    seated: list[Seated] = field(default_factory=list)

    @property
    def coming(self) -> int:
        """How many have said yes and stay, or would come."""
        return sum(one.comes or (one.said_yes and not one.leaves) for one in self.seated)

    @property
    def is_short(self) -> bool:
        return self.coming < self.shift.needed

    @property
    def filled(self) -> str:
        return _("%(need)s人中%(have)s人") % {"need": self.shift.needed, "have": self.coming}


Duty = tuple[Place, Seated]


@dataclass(frozen=True, slots=True)
class Day:
    """Some of a day's shifts, and how many more it has."""

    day: dt.date
    places: list[Place]
    hidden: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A step and what speaks against it: ``hard`` stops the commit, ``soft`` needs somebody who knows better."""

    step: BoardStep
    hard: list[str]
    soft: list[str]


@dataclass(frozen=True, slots=True)
class Week:
    """``days``: each day with its places; ``proposals``: the steps; ``seen``: how the shifts of these stand."""

    monday: dt.date
    days: list[Day]
    proposals: list[Proposal]
    seen: State

    @property
    def has_hard(self) -> bool:
        return any(one.hard for one in self.proposals)

    def by_person(self, people: Iterable[Supporter]) -> list[tuple[Supporter, list[tuple[dt.date, list[Duty]]]]]:
        """``people`` × days, each with the places."""
        found: dict[tuple[int, dt.date], list[Duty]] = defaultdict(list)
        for of in self.days:
            for place in of.places:
                for one in place.seated:
                    found[one.key, of.day].append((place, one))
        return [(one, [(of.day, found.get((one.pk, of.day), [])) for of in self.days]) for one in people]


def week_of(
    monday: dt.date,
    board: Board | None,
    district: District | None = None,
    *,
    day: dt.date | None = None,
    people: Collection[Supporter] | None = None,
) -> Week:
    """In a fixed number of queries: some shifts of each day, of ``day`` alone all, or those on which ``people`` are.

    All that a step touches is shown; then come those that are short of people, then the earliest.
    """
    now = timezone.now()
    steps = list(board.steps.all()) if board else []
    touched = {key for step in steps for key in (step.leaves_id, step.goes_id) if key}
    week = shifts_of_week(monday)
    days = [monday + dt.timedelta(days=number) for number in range(7)] if day is None else [day]
    hidden: Counter[dt.date] = Counter()
    if people is None:
        shown, hidden = _chosen(week, days, touched, district)
        of = Q(shift__in=shown | touched)
    else:
        of = Q(shift__in=touched) | Q(shift__in=week.order_by(), supporter__in=people)
    seated = Assignment.objects.filter(of, status__in=SEEN).order_by("pk")
    rows = list(seated.values_list("shift", "supporter", "supporter__name", "supporter__is_lead", "status"))
    if people is not None:
        shown = {shift for shift, *_who in rows}
    shifts = {one.pk: one for one in week.filter(pk__in=shown | touched).only(*_SHOWN)}
    gone = touched - shifts.keys()  # called off or moved to another week
    named = shifts | Shift.objects.select_related("venue__district").in_bulk(gone) if gone else shifts
    tally = _complete(steps, named)
    places = {one.pk: Place(one, is_over=one.starts_at <= now) for one in shifts.values()}
    _seat(places, rows, steps)
    by_day: dict[dt.date, list[Place]] = defaultdict(list)
    for place in places.values():
        by_day[place.shift.local_date].append(place)
    return Week(
        monday=monday,
        days=[Day(one, by_day[one], hidden[one]) for one in days],
        proposals=_proposals(steps, tally, places) if tally else [],
        seen=state_from([named[key] for key in touched if key in named], ((one[0], one[1], one[4]) for one in rows)),
    )


def _complete(steps: Sequence[BoardStep], shifts: Mapping[int, Shift]) -> Tally | None:
    """Give ``steps`` their people and, of ``shifts``, those that they name. Returns by what they are judged."""
    if not steps:
        return None
    of = {step.supporter_id for step in steps}
    named = {key for step in steps for key in (step.leaves_id, step.goes_id) if key}
    tally = Tally(Supporter.objects.filter(pk__in=of), [shifts[key] for key in named if key in shifts])
    people = {one.pk: one for one in tally.people}
    for step in steps:
        step.supporter = people[step.supporter_id]
        step.leaves, step.goes = (shifts.get(key or 0) for key in (step.leaves_id, step.goes_id))
    return tally


def _chosen(
    week: ShiftQuerySet, days: Sequence[dt.date], touched: Collection[int], district: District | None
) -> tuple[set[int], Counter[dt.date]]:
    """Which shifts of ``days`` are shown, and how many of each day are not."""
    rows: Any = week.with_staffing().order_by()
    if district:
        rows = rows.filter(venue__district=district)
    by_day: dict[dt.date, list[tuple[bool, bool, dt.datetime, int]]] = defaultdict(list)
    for pk, starts_at, needed, held in rows.values_list("pk", "starts_at", "needed", "held"):
        by_day[timezone.localdate(starts_at)].append((pk not in touched, held >= needed, starts_at, pk))
    most = SHIFTS_AT_MOST if len(days) == 1 else SHIFTS_A_DAY
    shown = {pk for day in days for *_order, pk in sorted(by_day[day])[:most]}
    return shown, Counter({day: max(0, len(by_day[day]) - most) for day in days})


def people_of(monday: dt.date, board: Board | None, district: District | None) -> QuerySet[Supporter]:
    """Who has a duty in the week, or comes by a step, by name."""
    week = shifts_of_week(monday).order_by()
    if district:
        week = week.filter(venue__district=district)
    on = Assignment.objects.filter(shift__in=week, status__in=SEEN).order_by()
    coming = BoardStep.objects.filter(board=board).values("supporter") if board else ()
    return Supporter.objects.filter(Q(pk__in=on.values("supporter")) | Q(pk__in=coming)).order_by("kana", "pk")


def steps_of_open(boards: BoardQuerySet) -> list[BoardStep]:
    """What judging needs of the open one's steps: who leaves which shift for which. In one query."""
    rows = BoardStep.objects.filter(board__in=boards.open()).select_related("supporter")
    return list(rows.only("leaves", "goes", "supporter__birth_date"))


def places_to_go(monday: dt.date, person: int, steps: Iterable[BoardStep]) -> list[int]:
    """Keys of the week's shifts to come on which the person is not, nor would be after their ``steps``.

    Those with a free place first.
    """
    there = (*Assignment.STAYING, Status.OFFERED, Status.APPLIED)
    on = Assignment.objects.filter(supporter=person, status__in=there).order_by()
    on = on.exclude(shift__in=[step.leaves_id for step in steps if step.leaves_id])
    coming = shifts_of_week(monday).filter(starts_at__gt=timezone.now()).exclude(pk__in=on.values("shift"))
    coming = coming.exclude(pk__in=[step.goes_id for step in steps if step.goes_id]).with_staffing().order_by()
    rows = coming.values_list("pk", "starts_at", "needed", "held")  # type: ignore[misc]  # annotated
    return [pk for _is_full, _at, pk in sorted((held >= needed, at, pk) for pk, at, needed, held in rows)]


def _seat(places: Mapping[int, Place], rows: Iterable[tuple[int, int, str, bool, str]], steps: list[BoardStep]) -> None:
    """Put on ``places`` who is there (``rows``: shift, person, name, whether a lead, status), and who would come."""
    labels = {status: str(status.label) for status in Status}
    leaving = {(step.leaves_id, step.supporter_id) for step in steps}
    for shift, person, name, is_lead, status in rows:
        if shift in places:
            said_yes, leaves = status in Assignment.STAYING, (shift, person) in leaving
            places[shift].seated.append(Seated(person, name, is_lead, labels[Status(status)], said_yes, leaves))
    for step in steps:
        if place := places.get(step.goes_id or 0):
            one, how = step.supporter, str(step.get_how_display())
            place.seated.append(Seated(one.pk, one.name, one.is_lead, how, said_yes=False, comes=True))


def tally_after(steps: Sequence[BoardStep], people: QuerySet[Supporter], shifts: Sequence[Shift]) -> Tally:
    """The facts as they would be after ``steps``, for judging one more: somebody of ``people`` on one of ``shifts``.

    Of the steps those count that are about these people or these shifts.
    """
    tally = Tally(people, shifts)
    known, of = {one.pk: one for one in shifts}, {one.pk for one in tally.people}
    elsewhere = {step.goes_id for step in steps if step.supporter_id in of and step.goes_id} - known.keys()
    if elsewhere:
        known |= Shift.objects.select_related("venue__district").in_bulk(elsewhere)
    for step in steps:
        if step.leaves_id:
            tally.release(step.supporter, step.leaves_id)
    for step in steps:
        if goes := known.get(step.goes_id or 0):
            tally.promise(step.supporter, goes)
    return tally


def _proposals(steps: list[BoardStep], tally: Tally, places: Mapping[int, Place]) -> list[Proposal]:
    often = asked_often(timezone.now(), tally.limits, [one.pk for one in tally.people])
    for step in steps:
        if step.leaves:
            tally.release(step.supporter, step.leaves.pk)
    found = {}
    # As a commit does it: adults first.
    for step in sorted(steps, key=lambda one: one.supporter.birth_date):
        hard, soft = [], []
        if step.leaves and (place := places.get(step.leaves.pk)):
            soft += _left_behind(place)
        if step.goes:
            choice = tally.choice(step.supporter, step.goes)
            refusals = judge(choice, tally, step.how, often)
            hard += [str(one) for one in refusals]
            # With a reason the office decides; who is only asked decides for themselves.
            soft += [str(one) for one in choice.doubts if one not in refusals]
            tally.promise(step.supporter, step.goes)
        if step.how == BoardStep.How.AGREED and step.reason:
            soft = [_("%(doubt)s(理由: %(reason)s)") % {"doubt": one, "reason": step.reason} for one in soft]
        found[step.pk] = Proposal(step, hard, soft)
    return [found[step.pk] for step in steps]


def judge(choice: Choice, tally: Tally, how: str, often: set[int]) -> list[Refused]:
    """What stops the step ``how``, in the words of the verbs that would do it."""
    found = list(choice.against)
    if tally.seats(choice.shift) <= 0:
        found.append(NoPlaceLeft())
    if how == BoardStep.How.ASK:
        found += [one for one in choice.doubts if isinstance(one, MAY_BE_SET_ASIDE)]
        if choice.supporter.pk in often:
            found.append(AskedOften(limit=tally.limits.asks_a_month))
    return found


def _left_behind(place: Place) -> list[str]:
    """What the shift is short of after the steps."""
    shift = place.shift
    facts = {"title": f"{shift.title} {say_short(shift.starts_at)}", "have": place.coming, "need": shift.needed}
    found = []
    if place.is_short:
        found.append(_("「%(title)s」の人がたりません(%(need)s人中%(have)s人)。自動で次の人にお願いします。") % facts)
    staying = [one for one in place.seated if not one.leaves]
    if shift.needs_lead and staying and not any(one.is_lead for one in staying):
        found.append(_("「%(title)s」のリーダーがいません。") % facts)
    return found

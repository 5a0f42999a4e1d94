"""A week as the board shows it: who is where, what the steps would make of it, and what stands against each."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.errors import Refused
from programme.models import District
from programme.wording import say_short
from support_requests.board.errors import NoPlaceLeft
from support_requests.board.sandbox import ON, shifts_of_week
from support_requests.models import Board, BoardStep
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


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody on a shift: as things are, or as a step would have it."""

    supporter: Supporter
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
    """``days``: each day with its places; ``proposals``: the steps."""

    monday: dt.date
    days: list[Day]
    proposals: list[Proposal]

    @property
    def has_hard(self) -> bool:
        return any(one.hard for one in self.proposals)

    def by_person(self, people: Iterable[Supporter]) -> list[tuple[Supporter, list[tuple[dt.date, list[Duty]]]]]:
        """``people`` × days, each with the places."""
        found: dict[tuple[int, dt.date], list[Duty]] = defaultdict(list)
        for of in self.days:
            for place in of.places:
                for one in place.seated:
                    found[one.supporter.pk, of.day].append((place, one))
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
    steps = steps_of(board)
    touched = {one.pk for step in steps for one in (step.leaves, step.goes) if one}
    week = shifts_of_week(monday)
    days = [monday + dt.timedelta(days=number) for number in range(7)] if day is None else [day]
    hidden: Counter[dt.date] = Counter()
    if people is None:
        shown, hidden = _chosen(week, days, touched, district)
    else:
        on = Assignment.objects.filter(supporter__in=people, shift__in=week.order_by(), status__in=SEEN).order_by()
        shown = touched | set(on.values_list("shift_id", flat=True))
    seated = Assignment.objects.filter(status__in=SEEN).select_related("supporter").order_by("pk")
    rows = Prefetch("assignments", seated, to_attr="rows")
    shifts = list(week.filter(pk__in=shown | touched).prefetch_related(rows))
    places = {one.pk: _place(one, steps, now) for one in shifts}
    by_day: dict[dt.date, list[Place]] = defaultdict(list)
    for place in places.values():
        by_day[place.shift.local_date].append(place)
    return Week(
        monday=monday,
        days=[Day(one, by_day[one], hidden[one]) for one in days],
        proposals=_proposals(steps, [one for one in shifts if one.pk in touched], places),
    )


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


def steps_of(board: Board | None) -> list[BoardStep]:
    if board is None:
        return []
    return list(board.steps.select_related("supporter", "leaves__venue__district", "goes__venue__district"))


def places_to_go(monday: dt.date, one: Supporter, steps: Collection[BoardStep]) -> QuerySet[Shift]:
    """The week's shifts to come on which ``one`` is not, nor would be after ``steps``: with a free place first."""
    there = (*Assignment.STAYING, Status.OFFERED, Status.APPLIED)
    on = Assignment.objects.filter(supporter=one, status__in=there).order_by()
    on = on.exclude(shift__in=[step.leaves_id for step in steps if step.leaves_id])
    coming = shifts_of_week(monday).with_staffing().filter(starts_at__gt=timezone.now())
    coming = coming.exclude(pk__in=on.values("shift")).exclude(pk__in=[step.goes_id for step in steps if step.goes_id])
    is_full = ExpressionWrapper(Q(held__gte=F("needed")), output_field=BooleanField())
    return coming.order_by(is_full, "starts_at", "pk")


def _place(shift: Shift, steps: Iterable[BoardStep], now: dt.datetime) -> Place:
    leaving = {step.supporter_id for step in steps if step.leaves_id == shift.pk}
    place = Place(shift, is_over=shift.starts_at <= now)
    for row in shift.rows:  # type: ignore[attr-defined]  # by Prefetch
        seated = Seated(
            row.supporter,
            str(Status(row.status).label),
            said_yes=row.status in Assignment.STAYING,
            leaves=row.supporter_id in leaving,
        )
        place.seated.append(seated)
    for step in steps:
        if step.goes_id == shift.pk:
            place.seated.append(Seated(step.supporter, str(step.get_how_display()), said_yes=False, comes=True))
    return place


def tally_after(steps: Sequence[BoardStep], people: Iterable[int], shifts: Sequence[Shift]) -> Tally:
    """The facts as they would be after ``steps``, for judging one more: somebody of ``people`` on one of ``shifts``."""
    touched = [one for step in steps for one in (step.leaves, step.goes) if one]
    of = list({one.pk: one for one in (*shifts, *touched)}.values())
    tally = Tally(Supporter.objects.filter(pk__in={*people, *(step.supporter_id for step in steps)}), of)
    by_key = {one.pk: one for one in tally.people}
    for step in steps:
        if step.leaves:
            tally.release(by_key[step.supporter_id], step.leaves)
    for step in steps:
        if step.goes:
            tally.promise(by_key[step.supporter_id], step.goes)
    return tally


def _proposals(steps: list[BoardStep], shifts: list[Shift], places: dict[int, Place]) -> list[Proposal]:
    if not steps:
        return []
    tally = Tally(Supporter.objects.filter(pk__in=[step.supporter_id for step in steps]), shifts)
    by_key = {one.pk: one for one in tally.people}
    often = asked_often(timezone.now(), tally.limits)
    for step in steps:
        if step.leaves:
            tally.release(by_key[step.supporter_id], step.leaves)
    found = {}
    # As a commit does it: adults first.
    for step in sorted(steps, key=lambda one: one.supporter.birth_date):
        hard, soft = [], []
        if step.leaves and (place := places.get(step.leaves.pk)):
            soft += _left_behind(place)
        if step.goes:
            choice = tally.choice(by_key[step.supporter_id], step.goes)
            refusals = judge(choice, tally, step.how, often)
            hard += [str(one) for one in refusals]
            # With a reason the office decides; who is only asked decides for themselves.
            soft += [str(one) for one in choice.doubts if one not in refusals]
            tally.promise(by_key[step.supporter_id], step.goes)
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
    staying = [one.supporter for one in place.seated if not one.leaves]
    if shift.needs_lead and staying and not any(one.is_lead for one in staying):
        found.append(_("「%(title)s」のリーダーがいません。") % facts)
    return found

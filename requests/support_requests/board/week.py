"""A week as the board shows it: who is where, what the steps would make of it, and what stands against each."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Prefetch
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
from supporters.rules import MAY_BE_SET_ASIDE

SHIFTS_AT_MOST = 120
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


@dataclass(frozen=True, slots=True)
class Proposal:
    """A step and what speaks against it: ``hard`` stops the commit, ``soft`` needs somebody who knows better."""

    step: BoardStep
    hard: list[str]
    soft: list[str]


@dataclass(frozen=True, slots=True)
class Week:
    """``days``: each day with its places; ``people``: each person with the places by day; ``proposals``: the steps."""

    monday: dt.date
    days: list[tuple[dt.date, list[Place]]]
    proposals: list[Proposal]
    hidden: int

    @property
    def places(self) -> list[Place]:
        return [place for _day, places in self.days for place in places]

    @property
    def has_hard(self) -> bool:
        return any(one.hard for one in self.proposals)

    def by_person(self) -> list[tuple[Supporter, list[list[tuple[Place, Seated]]]]]:
        """People × days, those with anything in the week."""
        found: dict[Supporter, dict[dt.date, list[tuple[Place, Seated]]]] = defaultdict(lambda: defaultdict(list))
        for day, places in self.days:
            for place in places:
                for one in place.seated:
                    found[one.supporter][day].append((place, one))
        days = [day for day, _places in self.days]
        people = sorted(found, key=lambda one: (one.kana, one.pk))
        return [(one, [found[one][day] for day in days]) for one in people]


def week_of(monday: dt.date, board: Board | None, district: District | None = None) -> Week:
    """In a fixed number of queries. Of very many shifts the first are shown, and all that a step touches."""
    now = timezone.now()
    steps = _steps(board)
    rows = Prefetch(
        "assignments",
        Assignment.objects.filter(status__in=(*ON, Status.ATTENDED)).select_related("supporter").order_by("pk"),
        to_attr="rows",
    )
    shifts = list(shifts_of_week(monday).prefetch_related(rows))
    touched = {one.pk for step in steps for one in (step.leaves, step.goes) if one}
    wanted = [one for one in shifts if district is None or one.venue.district_id == district.pk or one.pk in touched]
    shown = [one for number, one in enumerate(wanted) if number < SHIFTS_AT_MOST or one.pk in touched]
    places = {one.pk: _place(one, steps, now) for one in shown}
    days = [monday + dt.timedelta(days=number) for number in range(7)]
    return Week(
        monday=monday,
        days=[(day, [place for place in places.values() if place.shift.local_date == day]) for day in days],
        proposals=_proposals(steps, [one for one in shifts if one.pk in touched], places),
        hidden=len(wanted) - len(shown),
    )


def _steps(board: Board | None) -> list[BoardStep]:
    if board is None:
        return []
    return list(board.steps.select_related("supporter", "leaves__venue__district", "goes__venue__district"))


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
    """The facts as they would be after ``steps``, for judging one more."""
    tally = Tally(Supporter.objects.filter(pk__in={*people, *(step.supporter_id for step in steps)}), shifts)
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

"""Standing teams: the same people each 2nd Tuesday, put on a desk's openings as each of them has agreed."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.messages import tell_standing
from consult.models import Desk, Opening, StandingMember, StandingTeam
from consult.models.desks import OpeningQuerySet
from programme.errors import Refused
from programme.models import Limits
from programme.models.places import dates_of
from supporters.asking import ask
from supporters.choosing import Tally
from supporters.errors import Away
from supporters.models import Assignment, Shift, Supporter
from supporters.rules import MAY_BE_SET_ASIDE


class Result(StrEnum):
    THERE = "there"  # asked already, or has the place
    ACCEPTED = "accepted"  # put down, by the standing consent
    OFFERED = "offered"  # asked, as every time
    LATER = "later"  # will be asked when the day is nearer
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Placement:
    """What becomes of one member on one date of the team's, and why not."""

    opening: Opening
    supporter: Supporter
    result: Result
    why: str = ""


def outlook(desk: Desk) -> list[Placement]:
    """What ``fill`` would do now, in the order of the dates; asks the database a fixed number of questions."""
    return _outlook(Opening.objects.filter(desk=desk))


def expected(shifts: Collection[Shift]) -> dict[int, list[Supporter]]:
    """By shift: the members of standing teams whom ``fill`` would put down or ask for it, now or when it is nearer."""
    found: dict[int, list[Supporter]] = defaultdict(list)
    for placement in _outlook(Opening.objects.filter(shift__in=shifts)):
        if placement.result in (Result.ACCEPTED, Result.OFFERED, Result.LATER):
            found[placement.opening.shift_id].append(placement.supporter)
    return found


def _outlook(openings: OpeningQuerySet) -> list[Placement]:
    found = openings.standing().filter(shift__starts_at__gt=timezone.now(), desk__teams__members__isnull=False)
    coming = list(found.distinct().select_related("shift__venue__district").order_by("date", "pk"))
    if not coming:
        return []
    desks = {opening.desk_id for opening in coming}
    members = StandingMember.objects.filter(team__desk__in=desks).select_related("team")
    by_desk: dict[int, list[StandingMember]] = defaultdict(list)
    for member in members.order_by("team", "supporter__birth_date", "pk"):
        by_desk[member.team.desk_id].append(member)
    people = Supporter.objects.filter(standing_places__team__desk__in=desks).distinct().select_related("contact")
    planner = _Planner(Tally(people.prefetch_related("skills"), [opening.shift for opening in coming]))
    dates = [opening.date for opening in coming]
    days = {team: _days(team, dates) for team in {one.team for its in by_desk.values() for one in its}}
    return [
        planner.place(opening, member)
        for opening in coming
        for member in planner.adults_first(opening, by_desk[opening.desk_id])
        if opening.date in days[member.team]
    ]


def _days(team: StandingTeam, dates: list[dt.date]) -> set[dt.date]:
    return set(dates_of(team.rule, dates[0], dates[-1]) if team.rule else dates)


class _Planner:
    """Places one member after another; each place taken counts for the next."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.people = {one.pk: one for one in tally.people}
        self.offers_until = timezone.localdate() + dt.timedelta(days=Limits.current().desk_days_ahead)
        self._wanted: dict[int, int] = defaultdict(int)

    def adults_first(self, opening: Opening, members: list[StandingMember]) -> list[StandingMember]:
        """The members in their order, but the minors last: each goes with an adult, who may be of another team."""
        age = self.tally.limits.adult_age
        return sorted(members, key=lambda one: self.people[one.supporter_id].is_minor_on(opening.date, age))

    def place(self, opening: Opening, member: StandingMember) -> Placement:
        person, shift = self.people[member.supporter_id], opening.shift
        if self.tally.is_on(person, shift):
            return Placement(opening, person, Result.THERE)
        no = self.tally.said_no(person, shift) or next(self._against(person, shift), None)
        if no:
            return Placement(opening, person, Result.SKIPPED, str(no))
        if self.tally.seats(shift) - self.tally.asked(shift) - self._wanted[shift.pk] <= 0:
            return Placement(opening, person, Result.SKIPPED, _("人数がそろっています。"))
        if member.agreed_at:
            self.tally.promise(person, shift)
            return Placement(opening, person, Result.ACCEPTED)
        if opening.date > self.offers_until:
            return Placement(opening, person, Result.LATER, _("日が近くなったら、お願いを送れます。"))
        self._wanted[shift.pk] += 1
        self.tally.ask(person, shift)
        return Placement(opening, person, Result.OFFERED)

    def _against(self, person: Supporter, shift: Shift) -> Iterator[Refused]:
        """The usual week and the usual ways do not count: the standing place was agreed."""
        choice = self.tally.choice(person, shift)
        yield from choice.against
        yield from (it for it in choice.doubts if isinstance(it, (Away, *MAY_BE_SET_ASIDE)))


@transaction.atomic
def fill(desk: Desk, *, by: Any) -> list[Placement]:
    """Put the desk's standing teams on its openings to come: by standing consent at once, the others are asked.

    Who is away, has said no to the very date, or may not is passed over, with the reason. Doing it again changes
    nothing. Each person is told once, with all dates; a place is not taken without its person being told. Returns
    what became of each member and date.
    """
    _queue_of(desk)
    done = [_put(placement, by=by) for placement in outlook(desk)]
    fresh: dict[Supporter, list[Shift]] = defaultdict(list)
    for placement in done:
        if placement.result == Result.ACCEPTED:
            fresh[placement.supporter].append(placement.opening.shift)
    for supporter, shifts in fresh.items():
        tell_standing(supporter, desk, shifts)
    return done


def _queue_of(desk: Desk) -> None:
    """Lock the coming shifts, then the people, by key, so that nobody who takes a place waits in a ring."""
    coming = Opening.objects.standing().filter(desk=desk, shift__starts_at__gt=timezone.now())
    list(Shift.objects.select_for_update(no_key=True).filter(pk__in=coming.values("shift")).order_by("pk"))
    members = StandingMember.objects.filter(team__desk=desk)
    people = Supporter.objects.select_for_update(no_key=True).filter(pk__in=members.values("supporter"))
    list(people.order_by("pk"))


def _put(placement: Placement, *, by: Any) -> Placement:
    shift, supporter = placement.opening.shift, placement.supporter
    try:
        if placement.result == Result.ACCEPTED:
            Assignment.take(shift, supporter, by=by, reason=_("固定の担当"), quiet=True)
        elif placement.result == Result.OFFERED:
            ask(shift, supporter, by=by)
    except Refused as refusal:  # somebody was faster, or the facts have changed
        return replace(placement, result=Result.SKIPPED, why=str(refusal))
    return placement

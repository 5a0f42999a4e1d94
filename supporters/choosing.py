"""Who may take which place, for lists: the rules for many people or many shifts, in a fixed number of queries."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from programme.errors import Refused
from programme.fiscal import span
from programme.geo import to_metres, travel_minutes
from programme.models import Course, Limits
from supporters.errors import Away, NotUsuallyFree, SaidNo, TooFar
from supporters.models import Absence, Assignment, Shift, Supporter
from supporters.rules import MAY_BE_SET_ASIDE, Known, Mate, days_around, mate_of, refusals

NO = (Assignment.Status.DECLINED, Assignment.Status.LAPSED, Assignment.Status.RELEASED)


@dataclass(frozen=True, slots=True)
class Choice:
    """A person and a place: what stands against it, and what the office may set aside when it knows better."""

    supporter: Supporter
    shift: Shift
    against: list[Refused]
    doubts: list[Refused]


def choices(supporters: QuerySet[Supporter], shifts: Sequence[Shift]) -> list[Choice]:
    """Each of ``supporters`` with each of ``shifts`` (read with venue and district) on which they are not already.

    By person, then by shift, as given. What somebody promised counts against all of the shifts, but the shifts do not
    count against each other: ``Tally`` does that.
    """
    tally = Tally(supporters, shifts)
    return [tally.choice(one, shift) for one in tally.people for shift in shifts if not tally.is_on(one, shift)]


class Tally:
    """The facts about some people and some shifts, read once; a promise made meanwhile may be added."""

    def __init__(self, supporters: QuerySet[Supporter], shifts: Sequence[Shift]) -> None:
        self.limits = Limits.current()
        self._courses = set(Course.objects.filter(required=True).values_list("pk", flat=True))
        days = [shift.local_date for shift in shifts] or [timezone.localdate()]
        start, end = span(*days_around(min(days), max(days)))
        absences = Prefetch("absences", queryset=Absence.objects.filter(starts_at__lt=end, ends_at__gt=start))
        related = supporters.select_related("home_district", "contact")
        self.people = list(related.prefetch_related("areas", "windows", "consents", "completions", absences))
        self._duties: dict[int, list[Shift]] = defaultdict(list)
        held = Assignment.objects.held().filter(supporter__in=self.people)
        for row in held.filter(shift__starts_at__lt=end, shift__ends_at__gt=start).select_related(
            "shift__venue__district"
        ):
            self._duties[row.supporter_id].append(row.shift)
        self._mates: dict[int, list[Mate]] = defaultdict(list)
        self._rows: dict[tuple[int, int], Assignment] = {}
        for row in Assignment.objects.filter(shift__in=shifts).select_related("supporter").order_by("pk"):
            self._rows[row.supporter_id, row.shift_id] = row
            if mate := mate_of(row):
                self._mates[row.shift_id].append(mate)
        self._seats: dict[int, int] = defaultdict(int)
        for shift_id in Shift.objects.filter(pk__in=[one.pk for one in shifts], seats__assignment=None).values_list(
            "pk", flat=True
        ):
            self._seats[shift_id] += 1

    def is_on(self, supporter: Supporter, shift: Shift) -> bool:
        """Whether the person is asked already, or has a place and means to come."""
        row = self._rows.get((supporter.pk, shift.pk))
        waiting = (Assignment.Status.OFFERED, Assignment.Status.APPLIED)
        return row is not None and row.status in (*Assignment.STAYING, *waiting)

    def said_no(self, supporter: Supporter, shift: Shift) -> Refused | None:
        """The no that the person gave for this very shift, if any."""
        row = self._rows.get((supporter.pk, shift.pk))
        return SaidNo(status=row.get_status_display()) if row and row.status in NO else None

    def promise(self, supporter: Supporter, shift: Shift) -> None:
        """From now on the person counts as being on the shift."""
        self._duties[supporter.pk].append(shift)
        self._seats[shift.pk] -= 1
        self._mates[shift.pk].append(Mate(0, supporter.pk, supporter.birth_date, held=True))

    def ask(self, supporter: Supporter, shift: Shift) -> None:
        """From now on the person counts as asked for the shift."""
        self._mates[shift.pk].append(Mate(0, supporter.pk, supporter.birth_date, held=False))

    def release(self, supporter: Supporter, shift: Shift) -> None:
        """From now on the person counts as not being on the shift."""
        before = len(self._mates[shift.pk])
        self._duties[supporter.pk] = [one for one in self._duties[supporter.pk] if one.pk != shift.pk]
        held = any(mate.supporter_id == supporter.pk and mate.held for mate in self._mates[shift.pk])
        self._mates[shift.pk] = [mate for mate in self._mates[shift.pk] if mate.supporter_id != supporter.pk]
        if held and len(self._mates[shift.pk]) < before:
            self._seats[shift.pk] += 1
        self._rows.pop((supporter.pk, shift.pk), None)

    def seats(self, shift: Shift) -> int:
        """How many seats nobody has."""
        return self._seats[shift.pk]

    def asked(self, shift: Shift) -> int:
        """How many of these people have an offer for it that they have not answered."""
        offered = (row for (_person, key), row in self._rows.items() if key == shift.pk)
        return sum(row.status == Assignment.Status.OFFERED for row in offered)

    def choice(self, supporter: Supporter, shift: Shift) -> Choice:
        known = Known(
            limits=self.limits,
            trained=self._courses <= {row.course_id for row in supporter.completions.all()},
            consented=supporter.has_consent(),
            duties=self._duties[supporter.pk],
            mates=self._mates[shift.pk],
            free_seats=self._seats[shift.pk],
        )
        against: list[Refused] = []
        doubts = list(_doubts(supporter, shift, self.limits))
        for refusal in refusals(supporter, shift, known):
            (doubts if isinstance(refusal, MAY_BE_SET_ASIDE) else against).append(refusal)
        return Choice(supporter, shift, against, doubts)


def _doubts(supporter: Supporter, shift: Shift, limits: Limits) -> Iterable[Refused]:
    """What the person said about the own time and ways, and the office may know better about."""
    if any(one.starts_at < shift.ends_at and one.ends_at > shift.starts_at for one in supporter.absences.all()):
        yield Away()
    if not is_usually_free(supporter, shift):
        yield NotUsuallyFree()
    if not is_in_reach(supporter, shift, limits):
        yield TooFar()


def is_usually_free(supporter: Supporter, shift: Shift) -> bool:
    start, end = timezone.localtime(shift.starts_at), timezone.localtime(shift.ends_at)
    last = end.time() if end.date() == start.date() else dt.time.max
    return any(
        window.weekday == start.weekday() and window.starts <= start.time() and window.ends >= last
        for window in supporter.windows.all()
    )


def is_in_reach(supporter: Supporter, shift: Shift, limits: Limits) -> bool:
    """Within the districts, if the person named any, and the travelling time that the person set."""
    areas = {district.pk for district in supporter.areas.all()}
    home = supporter.home_district
    pace = limits.pace_of(supporter.travel_by)
    minutes = travel_minutes(to_metres(home.latitude, home.longitude), to_metres(*shift.venue.position), pace)
    return minutes <= supporter.travel_limit and (not areas or shift.venue.district_id in areas)


def places_for(supporter: Supporter, shifts: Sequence[Shift]) -> list[Shift]:
    """Those of ``shifts`` on which the person may take a place by their own wish: allowed, not away, within reach.

    The usual week is no bar: who offers to come knows.
    """
    found = choices(Supporter.objects.filter(pk=supporter.pk), shifts)
    return [one.shift for one in found if not one.against and all(isinstance(it, NotUsuallyFree) for it in one.doubts)]

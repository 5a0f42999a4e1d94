"""Who may take which place, for lists: the rules for many people or many shifts, in a fixed number of queries."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from programme.errors import Refused
from programme.fiscal import span
from programme.geo import to_metres, travel_minutes
from programme.models import Course, District, Limits, Venue
from programme.models.kept import kept_rows
from supporters.errors import Away, NotUsuallyFree, SaidNo, TooFar
from supporters.models import (
    Absence,
    Assignment,
    Consent,
    Seat,
    Shift,
    Supporter,
    TrainingCompletion,
    WeeklyWindow,
)
from supporters.rules import MAY_BE_SET_ASIDE, Known, Mate, days_around, mate_of, refusals

NO = (Assignment.Status.DECLINED, Assignment.Status.LAPSED, Assignment.Status.RELEASED)


# What ``supporters.rules`` looks at.
_OF_A_DUTY = (
    "supporter_id",
    "shift__title",
    "shift__starts_at",
    "shift__ends_at",
    "shift__venue__latitude",
    "shift__venue__longitude",
    "shift__venue__district_id",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A person and a place: what stands against it, and what the office may set aside when it knows better."""

    supporter: Supporter
    shift: Shift
    against: list[Refused]
    doubts: list[Refused]


def choices(supporters: QuerySet[Supporter], shifts: Sequence[Shift]) -> list[Choice]:
    """Each of ``supporters`` with each of ``shifts`` (read with its venue) on which they are not already.

    By person, then by shift, as given. What somebody promised counts against all of the shifts, but the shifts do not
    count against each other: ``Tally`` does that.
    """
    tally = Tally(supporters, shifts)
    return [tally.choice(one, shift) for one in tally.people for shift in shifts if not tally.is_on(one, shift)]


class Tally:
    """The facts about some people and some shifts, read once; a promise made meanwhile may be added."""

    def __init__(self, supporters: QuerySet[Supporter], shifts: Sequence[Shift]) -> None:
        self.limits = Limits.current()
        self._courses = {course.pk for course in kept_rows(Course.objects.filter(required=True))}
        days = [shift.local_date for shift in shifts] or [timezone.localdate()]
        start, end = span(*days_around(min(days), max(days)))
        self.people = list(supporters)
        districts = {one.pk: one for one in kept_rows(District.objects.all())}
        for person in self.people:
            person.home_district = districts[person.home_district_id]
        for shift in shifts:
            shift.venue.district = districts[shift.venue.district_id]
        of = {"supporter__in": self.people}
        done = TrainingCompletion.objects.filter(**of).values_list("supporter", "course")
        self._done = _by_person(done)
        self._areas = _by_person(Supporter.areas.through.objects.filter(**of).values_list("supporter", "district"))
        windows = WeeklyWindow.objects.filter(**of, weekday__in={day.weekday() for day in days}).order_by()
        self._windows = _by_person(windows.values_list("supporter", "weekday", "starts", "ends"))
        absences = Absence.objects.filter(**of, starts_at__lt=end, ends_at__gt=start).order_by()
        self._absences = _by_person(absences.values_list("supporter", "starts_at", "ends_at"))
        self._duties: dict[int, list[Shift]] = defaultdict(list)
        held = Assignment.objects.held().filter(**of, shift__starts_at__lt=end, shift__ends_at__gt=start)
        for row in held.select_related("shift__venue").only(*_OF_A_DUTY):
            row.shift.venue.district = districts[row.shift.venue.district_id]
            self._duties[row.supporter_id].append(row.shift)
        self._keys = {shift.pk for shift in shifts}
        self._taken: Counter[int] = Counter()

    # What follows is read when somebody wants to know.
    @cached_property
    def _found(self) -> list[Assignment]:
        """Who is on the shifts, was asked, or said no."""
        rows = Assignment.objects.filter(shift__in=self._keys).select_related("supporter")
        return list(rows.only("shift", "status", "answer_by", "supporter__birth_date").order_by("pk"))

    @cached_property
    def _rows(self) -> dict[tuple[int, int], Assignment]:
        """The newest of each person and shift."""
        return {(row.supporter_id, row.shift_id): row for row in self._found}

    @cached_property
    def _mates(self) -> dict[int, list[Mate]]:
        """By shift: with whom somebody would go."""
        found: dict[int, list[Mate]] = defaultdict(list)
        for row in self._found:
            if mate := mate_of(row):
                found[row.shift_id].append(mate)
        return found

    @cached_property
    def _free(self) -> Counter[int]:
        """By shift: how many seats nobody has."""
        free = Seat.objects.filter(shift__in=self._keys, assignment=None).order_by()
        return Counter(free.values_list("shift", flat=True))

    @cached_property
    def _consented(self) -> set[int]:
        """For whom a guardian's consent stands."""
        consents = Consent.objects.filter(Consent.VALID, supporter__in=self.people).order_by()
        return set(consents.values_list("supporter", flat=True))

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
        self._taken[shift.pk] += 1
        self._mates[shift.pk].append(Mate(0, supporter.pk, supporter.birth_date, held=True))

    def ask(self, supporter: Supporter, shift: Shift) -> None:
        """From now on the person counts as asked for the shift."""
        self._mates[shift.pk].append(Mate(0, supporter.pk, supporter.birth_date, held=False))

    def release(self, supporter: Supporter, shift: int) -> None:
        """From now on the person counts as not being on the shift with this key."""
        self._duties[supporter.pk] = [one for one in self._duties[supporter.pk] if one.pk != shift]
        mates = self._mates[shift]
        self._mates[shift] = [mate for mate in mates if mate.supporter_id != supporter.pk]
        if any(mate.supporter_id == supporter.pk and mate.held for mate in mates):
            self._taken[shift] -= 1
        self._rows.pop((supporter.pk, shift), None)

    def seats(self, shift: Shift) -> int:
        """How many seats nobody has."""
        return self._free[shift.pk] - self._taken[shift.pk]

    def is_full(self, shift: Shift) -> bool:
        """As ``Shift.is_full``, after what was promised meanwhile: no seat is free, and nobody wants a stand-in."""
        return self.seats(shift) <= 0 and not self.staffing(shift)["leaving"]

    def staffing(self, shift: Shift) -> dict[str, Any]:
        """The shift and what ``supporters.models.shifts.staffing`` counts."""
        rows = self._rows_of(shift)
        return {
            "shift": shift,
            "held": sum(row.status in Assignment.STAYING for row in rows),
            "leaving": sum(row.status == Assignment.Status.STANDING_IN_WANTED for row in rows),
            "asked": sum(row.status == Assignment.Status.OFFERED and not row.is_overdue for row in rows),
        }

    def asked(self, shift: Shift) -> int:
        """How many of these people have an offer for it that they have not answered."""
        return sum(row.status == Assignment.Status.OFFERED for row in self._rows_of(shift))

    def _rows_of(self, shift: Shift) -> list[Assignment]:
        return [row for (_person, key), row in self._rows.items() if key == shift.pk]

    def choice(self, supporter: Supporter, shift: Shift) -> Choice:
        is_minor = supporter.is_minor_on(shift.local_date, self.limits.adult_age)
        known = Known(
            limits=self.limits,
            trained=self._courses <= {course for (course,) in self._done[supporter.pk]},
            consented=not is_minor or supporter.pk in self._consented,
            duties=self._duties[supporter.pk],
            mates=self._mates[shift.pk] if is_minor else [],
            free_seats=self.seats(shift) if is_minor else 0,
        )
        against: list[Refused] = []
        doubts = list(self._doubts(supporter, shift))
        for refusal in refusals(supporter, shift, known):
            (doubts if isinstance(refusal, MAY_BE_SET_ASIDE) else against).append(refusal)
        return Choice(supporter, shift, against, doubts)

    def _doubts(self, supporter: Supporter, shift: Shift) -> Iterable[Refused]:
        """What the person said about the own time and ways, and the office may know better about."""
        if any(starts < shift.ends_at and ends > shift.starts_at for starts, ends in self._absences[supporter.pk]):
            yield Away()
        if not _is_usually_free(self._windows[supporter.pk], shift):
            yield NotUsuallyFree()
        areas = {district for (district,) in self._areas[supporter.pk]}
        if not _is_in_reach(supporter, areas, shift.venue, self.limits):
            yield TooFar()


def _by_person(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    """``rows`` by their first column, a person's key; each without it."""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for person, *facts in rows:
        found[person].append(tuple(facts))
    return found


def _is_usually_free(windows: Iterable[tuple[Any, ...]], shift: Shift) -> bool:
    """Whether one of ``windows`` (weekday, start, end) holds the whole shift."""
    start, end = timezone.localtime(shift.starts_at), timezone.localtime(shift.ends_at)
    last = end.time() if end.date() == start.date() else dt.time.max
    return any(
        weekday == start.weekday() and starts <= start.time() and ends >= last for weekday, starts, ends in windows
    )


def _is_in_reach(supporter: Supporter, areas: Collection[str], venue: Venue, limits: Limits) -> bool:
    """Within the districts, if the person named any, and the travelling time that the person set."""
    home = supporter.home_district
    pace = limits.pace_of(supporter.travel_by)
    minutes = travel_minutes(to_metres(home.latitude, home.longitude), to_metres(*venue.position), pace)
    return minutes <= supporter.travel_limit and (not areas or venue.district_id in areas)


def venues_in_reach(supporter: Supporter, venues: Iterable[Venue]) -> list[Venue]:
    """Those of ``venues``, read with their districts, to which the person would go."""
    areas, limits = set(supporter.areas.values_list("pk", flat=True)), Limits.current()
    return [venue for venue in venues if _is_in_reach(supporter, areas, venue, limits)]


def places_for(supporter: Supporter, shifts: Sequence[Shift]) -> list[Shift]:
    """Those of ``shifts`` on which the person may take a place by their own wish: allowed, not away, within reach.

    The usual week is no bar: who offers to come knows.
    """
    found = choices(Supporter.objects.filter(pk=supporter.pk), shifts)
    return [one.shift for one in found if not one.against and all(isinstance(it, NotUsuallyFree) for it in one.doubts)]

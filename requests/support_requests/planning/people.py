"""Supporters as the matcher sees them: what they can do, where they go, when they are free, what they promised."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from django.db.models import Count, Prefetch, Q

import matching
from programme.fiscal import Month
from programme.geo import at_other_pace, to_metres
from programme.models import Limits, Programme, Venue
from support_requests.planning.days import MIDNIGHT, Period, Span, down, minute_of, up
from support_requests.planning.staffing import not_again
from supporters.asking import asked_often
from supporters.models import Absence, Assignment, Shift, Supporter

ANYTHING = 1


def union_name(topics: Iterable[str]) -> str:
    """The name of "at least one of these topics, at any level", which the matcher takes for a topic of its own."""
    return "any:" + ",".join(sorted(topics))


@dataclass
class Places:
    """The venues of a problem, numbered in the order in which they come up."""

    municipality: str
    venues: list[matching.Venue] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of_programme(cls) -> Self:
        return cls(Programme.objects.values_list("municipality_code", flat=True).first() or "")

    def number(self, venue: Venue) -> int:
        if venue.pk not in self._numbers:
            self._numbers[venue.pk] = len(self.venues)
            x, y = to_metres(*venue.position)
            self.venues.append(matching.Venue(x=x, y=y, district=venue.district_id, muni=self.municipality))
        return self._numbers[venue.pk]


@dataclass(frozen=True)
class Supply:
    """Who could go anywhere in a period: the people as the matcher sees them, and the places of their promises."""

    places: Places
    people: tuple[matching.Supporter, ...]

    @classmethod
    def over(cls, period: Period, now: dt.datetime, limits: Limits) -> Self:
        places = Places.of_programme()
        return cls(places, matched_people(period, now, limits, places, {}))


@dataclass(frozen=True)
class Promises:
    """What one person has promised, was asked, or has done."""

    booked: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(day, from minute, to minute, venue), in the whole weeks and months around the period"""
    not_again: list[Span] = field(default_factory=list)
    """times of shifts that the person has refused"""


def sendable(period: Period, limits: Limits, of: Q) -> list[Supporter]:
    """Active, trained people ``of`` all, minors only with a guardian's standing consent, as the matcher asks."""
    start, end = period.span
    people = (
        Supporter.objects.filter(of)
        .active()
        .trained()
        .select_related("home_district")
        .prefetch_related(
            "areas",
            "skills",
            "windows",
            "consents",
            Prefetch("absences", queryset=Absence.objects.filter(starts_at__lt=end, ends_at__gt=start)),
        )
        .order_by("pk")
    )
    return [one for one in people if one.has_consent() or not one.is_minor_on(period.first, limits.adult_age)]


def matched_people(
    period: Period,
    now: dt.datetime,
    limits: Limits,
    places: Places,
    unions: Mapping[str, frozenset[str]],
    kept: Iterable[tuple[int, Shift]] = (),
    team: Collection[int] | None = None,
) -> tuple[matching.Supporter, ...]:
    """The people for a problem over ``period``. ``unions``: see ``union_name``; an empty set means everybody.

    ``kept``: (person's key, shift) for whom time is kept as if it were promised. With ``team``, keys of people, nobody
    else is read.
    """
    who, theirs = (Q(), Q()) if team is None else (Q(pk__in=team), Q(supporter__in=team))
    promises, done = _promises(period, now, places, theirs), _done(period, now, theirs)
    often = asked_often(now, limits)
    for key, shift in kept:
        promises[key].booked.append((*period.place(shift.starts_at, shift.ends_at), places.number(shift.venue)))
    nothing = Promises()
    return tuple(
        replace(one, max_month=0) if int(one.id) in often else one
        for one in (
            _matched(one, period, limits, unions, promises.get(one.pk, nothing), *done.get(one.pk, (0, 0)))
            for one in sendable(period, limits, who)
        )
    )


def _matched(
    one: Supporter,
    period: Period,
    limits: Limits,
    unions: Mapping[str, frozenset[str]],
    promises: Promises,
    this_year: int,
    ever: int,
) -> matching.Supporter:
    x, y = to_metres(one.home_district.latitude, one.home_district.longitude)
    skills = sorted((skill.topic_id, skill.level) for skill in one.skills.all())
    known = {topic for topic, _ in skills}
    skills += [(name, ANYTHING) for name, topics in unions.items() if not topics or topics & known]
    absences = [span for absence in one.absences.all() for span in period.split(absence.starts_at, absence.ends_at)]
    return matching.Supporter(
        id=str(one.pk),
        x=x,
        y=y,
        areas=tuple(sorted(district.pk for district in one.areas.all())),
        # The matcher lets everybody drive: how far somebody goes on foot becomes the minutes of driving there.
        max_travel=at_other_pace(one.travel_limit, limits.pace_of(one.travel_by), limits.pace_car),
        skills=tuple(skills),
        windows=tuple(_windows(one)),
        exceptions=tuple(sorted({*absences, *promises.not_again})),
        booked=tuple(sorted(promises.booked)),
        max_week=one.week_limit,
        max_month=one.month_limit,
        # Who comes of age within the period goes along as a minor until the next plan: the careful side.
        minor=one.is_minor_on(period.first, limits.adult_age),
        lead=one.is_lead,
        newcomer=ever == 0,
        attrs=tuple(dict.fromkeys(one.brings)),
        history=this_year,
        active=True,
    )


def _windows(one: Supporter) -> Iterable[Span]:
    """Weekly free times, narrowed to the grid; 23:59 stands for the end of the day."""
    for window in one.windows.all():
        starts, ends = up(minute_of(window.starts)), minute_of(window.ends)
        ends = MIDNIGHT if ends == MIDNIGHT - 1 else down(ends)
        if starts < ends:
            yield window.weekday, starts, ends


def _promises(period: Period, now: dt.datetime, places: Places, theirs: Q) -> dict[int, Promises]:
    start, end = period.whole().span
    found: dict[int, Promises] = defaultdict(Promises)
    asked = (
        Assignment.objects.filter(theirs, shift__starts_at__gte=start, shift__starts_at__lt=end)
        .filter(Q(status__in=(*Assignment.HELD, Assignment.Status.OFFERED)) | not_again())
        .select_related("shift__venue__district")
        .order_by("pk")
    )
    for assignment in asked:
        shift, promises = assignment.shift, found[assignment.supporter_id]
        span = period.place(shift.starts_at, shift.ends_at)
        waiting = assignment.answer_by is not None and assignment.answer_by > now
        if assignment.is_held or (assignment.status == Assignment.Status.OFFERED and waiting):
            promises.booked.append((*span, places.number(shift.venue)))
        else:
            promises.not_again.append(span)
    return found


def _done(period: Period, now: dt.datetime, theirs: Q) -> dict[int, tuple[int, int]]:
    """By supporter: duties served, desks' too, of the fiscal year that are not among the bookings, and of all time."""
    year = Month.of(period.first).fiscal_year_first
    start, wide = Period(year, year).span[0], period.whole().span
    this_year = Q(shift__starts_at__gte=start, shift__starts_at__lt=wide[0])
    rows = (
        Assignment.objects.served(now)
        .filter(theirs)
        .values("supporter_id")
        .annotate(this_year=Count("pk", filter=this_year), ever=Count("pk"))
    )
    return {row["supporter_id"]: (row["this_year"], row["ever"]) for row in rows}

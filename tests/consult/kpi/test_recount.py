"""Random small programmes: each figure equals a recount in plain Python that shares nothing with the queries."""

import datetime as dt
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consult.kpi.report import report
from consult.models import Activity
from programme.fiscal import Month
from programme.models import User
from tests.consult.kpi.records import a_consultation, a_group, a_session, a_supporter, an_activity, tokyo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

# Two fiscal years meet in the middle; 2024 has a leap day.
FIRST, LAST = dt.date(2024, 2, 20), dt.date(2024, 5, 10)
MONTHS = [Month(2024, 2), Month(2024, 3), Month(2024, 4), Month(2024, 5)]

days = st.dates(FIRST, LAST)
spans = st.tuples(days, st.none() | st.integers(0, 60)).map(
    lambda pair: (pair[0], None if pair[1] is None else pair[0] + dt.timedelta(days=pair[1]))
)


def one_open_at_most(person: list[tuple[dt.date, dt.date | None]]) -> bool:
    return sum(ended_on is None for _started_on, ended_on in person) <= 1


@dataclass
class World:
    """A programme: registrations by person; sessions (time, group, attendees, cancelled); and so on."""

    people: list[list[tuple[dt.date, dt.date | None]]] = field(default_factory=list)
    sessions: list[tuple[dt.datetime, int, int | None, bool]] = field(default_factory=list)
    consultations: list[tuple[dt.date, bool]] = field(default_factory=list)
    activities: list[tuple[str, dt.date, int]] = field(default_factory=list)


worlds = st.builds(
    World,
    people=st.lists(st.lists(spans, min_size=1, max_size=3).filter(one_open_at_most), max_size=4),
    sessions=st.lists(
        st.tuples(
            st.builds(lambda day, minute: tokyo(day, *divmod(minute, 60)), days, st.sampled_from([0, 600, 1439])),
            st.integers(0, 1),
            st.none() | st.integers(0, 9),
            st.booleans(),
        ),
        max_size=5,
    ),
    consultations=st.lists(st.tuples(days, st.booleans()), max_size=5),
    activities=st.lists(st.tuples(st.sampled_from(Activity.Kind.values), days, st.integers(0, 30)), max_size=5),
)


def store(world: World, user: User) -> None:
    for person in world.people:
        a_supporter(*person)
    groups = [a_group(), a_group()]
    for starts_at, group, attendees, cancelled in world.sessions:
        a_session(starts_at, group=groups[group], attendees=attendees, cancelled=cancelled)
    for day, voided in world.consultations:
        a_consultation(day, voided_by=user if voided else None)
    for kind, day, attendees in world.activities:
        an_activity(kind, day, attendees=attendees)


def recount(world: World, first: dt.date, last: dt.date) -> dict[str, int]:
    """Day by day and row by row."""
    period = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    eve = dt.timedelta(days=1)
    registered = [registered_days(person) for person in world.people]
    held = [
        (group, attendees)
        for starts_at, group, attendees, cancelled in world.sessions
        if attendees and not cancelled and starts_at.date() in period
    ]

    def activities(kind: str) -> list[int]:
        return [attendees for each, day, attendees in world.activities if each == kind and day in period]

    return {
        "supporters": sum(last in person for person in registered),
        "supporters_new": sum(min(person, default=None) in period for person in registered),
        "supporters_returned": sum(
            day in person and day - eve not in person and day > min(person) for person in registered for day in period
        ),
        "supporters_withdrawn": sum(
            day not in person and day - eve in person for person in registered for day in period
        ),
        "sessions": len(held),
        "participants": sum(attendees for _group, attendees in held),
        "groups_served": len({group for group, _attendees in held}),
        "consultations": sum(day in period and not voided for day, voided in world.consultations),
        "association_tablet": len(activities("association_tablet")),
        "hall_courses": len(activities("hall_course")),
        "prevention_course_participants": sum(activities("prevention_course")),
    }


def registered_days(person: list[tuple[dt.date, dt.date | None]]) -> set[dt.date]:
    """The days at whose end the person was registered, up to long after the last month."""
    days = set()
    for started_on, ended_on in person:
        day = started_on
        while day < (ended_on or dt.date(2024, 9, 1)):
            days.add(day)
            day += dt.timedelta(days=1)
    return days


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds)
def test_each_figure_equals_a_recount_in_plain_python(coordinator: User, world: World) -> None:
    with transaction.atomic():
        store(world, coordinator)
        reports = [report(month) for month in MONTHS]
        transaction.set_rollback(True)
    for found in reports:
        month = found.month
        by_month = recount(world, month.first, month.last)
        to_date = recount(world, month.fiscal_year_first, month.last)
        assert {row.definition.code: row.value for row in found.rows} == by_month
        assert {row.definition.code: row.year_to_date for row in found.rows} == to_date
    for before, after in pairwise(reports):
        assert after.row("supporters").value == (
            before.row("supporters").value
            + after.row("supporters_new").value
            + after.row("supporters_returned").value
            - after.row("supporters_withdrawn").value
        )

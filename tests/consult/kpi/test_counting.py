"""What each figure counts, row by row."""

import datetime as dt

import pytest

from consult.kpi.counting import count
from consult.kpi.definitions import DEFINITIONS, in_force, versions
from consult.models import Activity
from programme.fiscal import Month
from programme.models import Figure, User
from tests.consult.kpi.records import a_consultation, a_group, a_session, a_supporter, an_activity, some_of_each, tokyo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MARCH, APRIL = Month(2024, 3), Month(2024, 4)


def values(month: Month) -> dict[str, int]:
    """The figures of ``month`` that are not 0."""
    counted = count(in_force(month.first), month.first, month.last)
    return {code: figure.value for code, figure in counted.items() if figure.value}


# --- The list of definitions ---------------------------------------------------------------------------
def test_every_figure_with_a_goal_or_a_publication_has_a_definition() -> None:
    assert set(Figure.values) <= {definition.code for definition in DEFINITIONS}


def test_each_version_of_a_figure_begins_once_and_with_a_month() -> None:
    assert len({(definition.code, definition.version) for definition in DEFINITIONS}) == len(DEFINITIONS)
    assert len({(definition.code, definition.since) for definition in DEFINITIONS}) == len(DEFINITIONS)
    assert {definition.since.day for definition in DEFINITIONS} == {1}


def test_a_definition_holds_until_the_eve_of_its_next_version() -> None:
    held = {(definition.code, first, last) for definition, first, last in versions(MARCH.first, APRIL.last)}
    assert held == {(definition.code, MARCH.first, APRIL.last) for definition in DEFINITIONS}


# --- Supporters ----------------------------------------------------------------------------------------
def test_a_supporter_who_leaves_and_comes_back_is_new_once() -> None:
    a_supporter((dt.date(2024, 3, 5), dt.date(2024, 3, 20)), (dt.date(2024, 4, 10), None))
    assert values(MARCH) == {"supporters_new": 1, "supporters_withdrawn": 1}
    assert values(APRIL) == {"supporters": 1, "supporters_returned": 1}
    assert values(Month(2024, 5)) == {"supporters": 1}


def test_who_leaves_on_the_last_day_is_no_longer_registered_at_its_end() -> None:
    a_supporter((dt.date(2023, 4, 1), dt.date(2024, 3, 31)))
    assert values(Month(2024, 2)) == {"supporters": 1}
    assert values(MARCH) == {"supporters_withdrawn": 1}


def test_who_leaves_on_the_first_of_the_next_month_is_still_counted_on_the_last_day() -> None:
    a_supporter((dt.date(2023, 4, 1), dt.date(2024, 4, 1)))
    assert values(MARCH) == {"supporters": 1}
    assert values(APRIL) == {"supporters_withdrawn": 1}


def test_leaving_and_coming_back_on_one_day_is_neither() -> None:
    a_supporter((dt.date(2023, 4, 1), dt.date(2024, 3, 10)), (dt.date(2024, 3, 10), None))
    assert values(MARCH) == {"supporters": 1}


def test_a_registration_taken_back_on_its_first_day_counts_nowhere() -> None:
    a_supporter((dt.date(2024, 3, 10), dt.date(2024, 3, 10)))
    assert values(MARCH) == {}


def test_registrations_that_overlap_are_one_person() -> None:
    a_supporter((dt.date(2024, 3, 10), dt.date(2024, 4, 20)), (dt.date(2024, 3, 15), dt.date(2024, 4, 20)))
    assert values(MARCH) == {"supporters": 1, "supporters_new": 1}
    assert values(APRIL) == {"supporters_withdrawn": 1}


def test_two_registrations_that_begin_again_on_one_day_are_one_return() -> None:
    again = dt.date(2024, 3, 10)
    a_supporter((dt.date(2023, 4, 1), dt.date(2023, 5, 1)), (again, dt.date(2024, 3, 20)), (again, None))
    assert values(MARCH) == {"supporters": 1, "supporters_returned": 1}


def test_leap_day_is_the_last_day_of_its_february() -> None:
    a_supporter((dt.date(2024, 2, 29), None))
    assert values(Month(2024, 2)) == {"supporters": 1, "supporters_new": 1}


# --- Sessions ------------------------------------------------------------------------------------------
def test_sessions_people_and_groups_are_three_counts() -> None:
    group = a_group()
    a_session(tokyo(dt.date(2024, 3, 5)), attendees=7, group=group)
    a_session(tokyo(dt.date(2024, 3, 6)), attendees=4, group=group)
    assert values(MARCH) == {"sessions": 2, "participants": 11, "groups_served": 1}


def test_a_session_that_was_cancelled_or_had_nobody_or_was_not_reported_is_none() -> None:
    a_session(tokyo(dt.date(2024, 3, 5)), attendees=0)
    a_session(tokyo(dt.date(2024, 3, 5)), attendees=None)
    a_session(tokyo(dt.date(2024, 3, 5)), attendees=5, cancelled=True)
    assert values(MARCH) == {}


def test_the_last_session_of_march_and_the_first_of_april_lie_at_tokyos_midnight() -> None:
    a_session(tokyo(dt.date(2024, 3, 31), 23, 59), attendees=3)
    a_session(tokyo(dt.date(2024, 4, 1), 0, 0), attendees=4)
    assert values(MARCH) == {"sessions": 1, "participants": 3, "groups_served": 1}
    assert values(APRIL) == {"sessions": 1, "participants": 4, "groups_served": 1}


# --- The log -------------------------------------------------------------------------------------------
def test_a_consultation_is_one_however_many_topics_it_had() -> None:
    a_consultation(dt.date(2024, 3, 31), more_topics=3)
    assert values(MARCH) == {"consultations": 1}
    assert values(APRIL) == {}


def test_a_voided_consultation_is_not_counted(coordinator: User) -> None:
    a_consultation(dt.date(2024, 3, 31), voided_by=coordinator)
    assert values(MARCH) == {}


def test_tablet_help_counts_associations_and_courses_count_courses_or_people() -> None:
    an_activity(Activity.Kind.ASSOCIATION_TABLET, dt.date(2024, 3, 1), attendees=20)
    an_activity(Activity.Kind.HALL_COURSE, dt.date(2024, 3, 31), attendees=15)
    an_activity(Activity.Kind.PREVENTION_COURSE, dt.date(2024, 3, 31), attendees=12)
    an_activity(Activity.Kind.PREVENTION_COURSE, dt.date(2024, 4, 1), attendees=9)
    assert values(MARCH) == {"association_tablet": 1, "hall_courses": 1, "prevention_course_participants": 12}
    assert values(APRIL) == {"prevention_course_participants": 9}


def test_the_amounts_of_the_counted_rows_sum_to_the_figure() -> None:
    some_of_each(2, dt.date(2024, 3, 9))
    for figure in count(in_force(MARCH.first), MARCH.first, MARCH.last).values():
        assert figure.value == sum(amount for _row, amount in figure.rows)
        assert len(set(figure.ids)) == len(figure.ids) > 0


def test_counted_rows_stand_by_day_and_a_group_by_its_first_session() -> None:
    groups = [a_group(), a_group()]
    late = a_session(tokyo(dt.date(2024, 3, 20)), group=groups[0], attendees=2)
    early = a_session(tokyo(dt.date(2024, 3, 5)), group=groups[1], attendees=3)
    again = a_session(tokyo(dt.date(2024, 3, 25)), group=groups[1], attendees=4)
    found = count(in_force(MARCH.first), MARCH.first, MARCH.last)
    assert found["participants"].rows == ((str(early.pk), 3), (str(late.pk), 2), (str(again.pk), 4))
    assert found["groups_served"].rows == ((str(groups[1].pk), 1), (str(groups[0].pk), 1))

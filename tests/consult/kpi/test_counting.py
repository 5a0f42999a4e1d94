"""What each figure counts, row by row."""

import datetime as dt
import json
from collections.abc import Iterable

import pytest

from consult.kpi.counting import Counted, listed, state
from consult.kpi.definition import Area, Definition
from consult.kpi.definitions import DEFINITIONS, in_force, versions
from consult.kpi.report import report
from consult.models import Activity
from programme.fiscal import Month
from programme.models import Figure, User
from tests.consult.kpi.records import a_consultation, a_group, a_session, a_supporter, an_activity, some_of_each, tokyo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

ONE_SESSION = {"sessions": 1, "groups_served": 1, "requests_received": 1, "requests_served": 1}

MARCH, APRIL = Month(2024, 3), Month(2024, 4)


def count(definitions: Iterable[Definition], month: Month) -> dict[str, Counted]:
    return {code: found.counted for code, found in state(definitions, month.first, month.last).items()}


def values(month: Month, *areas: Area) -> dict[str, int]:
    """The figures of ``month`` that are not 0, except how many districts were reached; of ``areas`` if any is told."""
    wanted = [each for each in in_force(month.first) if each.area in (areas or set(Area) - {Area.PLACES})]
    counted = count(wanted, month)
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


def test_each_dimension_of_a_figure_has_a_key_of_its_own() -> None:
    """Two of one key would be one grouping set, and the cells of one of them would be lost."""
    for definition in DEFINITIONS:
        keys = {definition.key(dimension) for dimension in ("", *definition.by)}
        assert (definition.code, len(keys)) == (definition.code, len(definition.by) + 1)


# --- What groups said ----------------------------------------------------------------------------------
def test_the_better_two_of_the_four_faces_are_content() -> None:
    for helpful, again in [(4, 4), (3, 2), (2, 3), (1, 1)]:
        a_session(tokyo(MARCH.first), feedback=(helpful, again))
    a_session(tokyo(MARCH.first))  # said nothing
    a_session(tokyo(MARCH.first), attendees=0, feedback=(4, 4))  # was not held
    a_session(tokyo(APRIL.first), feedback=(4, 1))
    asked = ("feedback", "satisfaction", "wanted_again")
    assert [[values(month)[code] for code in asked] for month in (MARCH,)] == [[4, 500, 500]]
    assert (values(APRIL)["satisfaction"], values(APRIL).get("wanted_again")) == (1000, None)


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


def test_who_turns_18_on_the_first_of_april_is_a_minor_in_march_and_of_age_in_april() -> None:
    supporter = a_supporter((dt.date(2024, 3, 5), None))
    supporter.birth_date = dt.date(2006, 4, 1)
    supporter.save()
    found = [report(month).row("supporters").cells["adult"] for month in (MARCH, APRIL)]
    assert [[cell.key for cell in cells] for cells in found] == [["minor"], ["adult"]]


def test_the_rows_of_a_cell_are_those_that_it_counts() -> None:
    there, _elsewhere = a_consultation(dt.date(2024, 3, 5)), a_consultation(dt.date(2024, 3, 5), topic_id="T01")
    consultations = next(each for each in DEFINITIONS if each.code == "consultations")
    cell = consultations.rows_at(MARCH.first, MARCH.last, "topic", "T05")
    assert list(cell) == [there]
    assert consultations.rows_at(MARCH.first, MARCH.last, "device", "unknown").count() == 2


# --- Sessions ------------------------------------------------------------------------------------------
def test_sessions_people_and_groups_are_three_counts() -> None:
    group = a_group()
    a_session(tokyo(dt.date(2024, 3, 5)), attendees=7, group=group)
    a_session(tokyo(dt.date(2024, 3, 6)), attendees=4, group=group)
    assert values(MARCH) == {
        "sessions": 2,
        "participants": 11,
        "groups_served": 1,
        "requests_received": 2,
        "requests_served": 2,
    }


def test_a_session_that_was_cancelled_or_had_nobody_or_was_not_reported_is_none() -> None:
    a_session(tokyo(dt.date(2024, 3, 5)), attendees=0)
    a_session(tokyo(dt.date(2024, 3, 5)), attendees=None)
    a_session(tokyo(dt.date(2024, 3, 5)), attendees=5, cancelled=True)
    assert values(MARCH) == {"requests_received": 3}


def test_the_last_session_of_march_and_the_first_of_april_lie_at_tokyos_midnight() -> None:
    a_session(tokyo(dt.date(2024, 3, 31), 23, 59), attendees=3)
    a_session(tokyo(dt.date(2024, 4, 1), 0, 0), attendees=4)
    assert values(MARCH) == {
        "sessions": 1,
        "participants": 3,
        "groups_served": 1,
        "requests_received": 1,
        "requests_served": 1,
    }
    assert values(APRIL) == {
        "sessions": 1,
        "participants": 4,
        "groups_served": 1,
        "requests_received": 1,
        "requests_served": 1,
    }


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
    assert values(MARCH) == {
        "association_tablet": 1,
        "hall_courses": 1,
        "hall_course_participants": 15,
        "prevention_courses": 1,
        "prevention_course_participants": 12,
    }
    assert values(APRIL) == {"prevention_courses": 1, "prevention_course_participants": 9}


def test_the_amounts_of_the_counted_rows_sum_to_the_figure() -> None:
    some_of_each(2, dt.date(2024, 3, 9))
    additive = [each for each in in_force(MARCH.first) if each.measure.partitions]
    for figure in count(additive, MARCH).values():
        assert figure.value == sum(amount for _row, amount in figure.rows)
        assert len({row for row, _amount in figure.rows}) == len(figure.rows) > 0


def test_counted_rows_stand_by_day_and_a_group_by_its_first_session() -> None:
    groups = [a_group(), a_group()]
    late = a_session(tokyo(dt.date(2024, 3, 20)), group=groups[0], attendees=2)
    early = a_session(tokyo(dt.date(2024, 3, 5)), group=groups[1], attendees=3)
    again = a_session(tokyo(dt.date(2024, 3, 25)), group=groups[1], attendees=4)
    found = count(in_force(MARCH.first), MARCH)
    assert found["participants"].rows == ((str(early.pk), 3), (str(late.pk), 2), (str(again.pk), 4))
    assert found["groups_served"].rows == ((str(groups[1].pk), 1), (str(groups[0].pk), 1))


def test_rows_that_the_database_writes_down_are_the_rows_that_are_stated() -> None:
    some_of_each(12, dt.date(2024, 3, 1))  # ids of one digit and of two
    group = a_group()
    for day in (25, 9):
        a_session(tokyo(dt.date(2024, 3, day)), group=group, attendees=2)
    definitions = in_force(MARCH.first)
    stated = state(definitions, MARCH.first, MARCH.last)
    written = listed(definitions, MARCH.first, MARCH.last)
    for code, each in stated.items():
        canonical = json.dumps([list(pair) for pair in each.counted.rows], separators=(",", ":"))
        assert (code, written[code].counted) == (code, canonical)
        assert (code, written[code].breakdown) == (code, each.breakdown)

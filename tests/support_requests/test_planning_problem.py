"""The matcher's problem is what the database says, each hard rule's data included."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import matching
from notifications.models import Contact
from programme.geo import PACE_METRES, TRAVEL_BASE, to_metres, travel_minutes
from programme.models import Closure, ClosureCalendar, District, Limits, Room, Topic
from support_requests.models import PreferredTime, RequestTopic, Session, SupportRequest
from support_requests.planning.problem import build_problem, problem_hash, request_hash
from support_requests.planning.weights import session_weight, shift_weight
from supporters.models import (
    Absence,
    Assignment,
    Consent,
    Shift,
    Skill,
    Supporter,
    TrainingCompletion,
    WeeklyWindow,
)
from tests.factories import SupporterFactory, SupportRequestFactory, a_hall, a_shift, an_offer, at

pytestmark = pytest.mark.usefixtures("programme_facts")

# A Monday in the middle of a month, 09:00 in Tokyo.
MONDAY = dt.datetime(2026, 6, 15, 0, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def on_monday(set_now: Callable[[dt.datetime], None]) -> None:
    set_now(MONDAY)


def build(days: int = 28) -> matching.Problem:
    """The problem from tomorrow on."""
    return build_problem(at(1).date(), at(days).date(), timezone.now())[0]


def the_task(**span: int) -> matching.Task:
    return build(**span).tasks[0]


def the_person() -> matching.Supporter:
    return build().supporters[0]


def minutes(hour: int, minute: int = 0) -> int:
    return hour * 60 + minute


def accepted(shift: Shift, supporter: Supporter) -> Assignment:
    assignment = an_offer(shift, supporter)
    assignment.accept(by=None)
    return assignment


def the_hall_closes_on(day: dt.date) -> None:
    hall = a_hall()
    hall.closures = ClosureCalendar.objects.create(code="test", name="休館", source="★")
    hall.save()
    Closure.objects.create(
        calendar=hall.closures, rule=f"FREQ=YEARLY;BYMONTH={day.month};BYMONTHDAY={day.day}", reason="点検"
    )


# --- Requests ------------------------------------------------------------------------------------------


def test_an_open_request_is_a_session_with_its_wished_times() -> None:
    request = SupportRequestFactory(participants=11, needs=["sign"])
    RequestTopic.objects.create(request=request, topic_id="T12", level=2)
    task = the_task()
    assert (task.id, task.kind, task.participants) == (f"request:{request.pk}", "session", 11)
    assert task.starts == ((13, minutes(10)), (14, minutes(10)), (15, minutes(10)))
    assert (task.dur, task.k, task.kmax) == (90, 3, 4)
    assert (task.topics, task.needs, task.lead) == ((("T05", 1), ("T12", 2)), ("sign",), True)


def test_the_problem_is_one_that_the_matchers_own_reader_accepts() -> None:
    SupportRequestFactory(needs=["sign", "woman"])
    shift = a_shift(needed=2, topics=[])
    person = SupporterFactory(brings=["woman"])
    accepted(shift, person)
    SupporterFactory()
    problem = build()
    assert matching.problem_from_dict(matching.problem_to_dict(problem)) == problem


@pytest.mark.parametrize("status", [status for status in SupportRequest.Status if status != "confirmed"])
def test_a_request_that_is_not_confirmed_is_not_planned(status: str) -> None:
    SupportRequestFactory(status=status)
    assert build().tasks == ()


@pytest.mark.parametrize(("participants", "size"), [(3, 1), (5, 1), (6, 2), (30, 6)])
def test_one_supporter_goes_for_every_five_people_begun(participants: int, size: int) -> None:
    SupportRequestFactory(participants=participants)
    task = the_task()
    assert (task.k, task.kmax) == (size, size + 1)


def test_times_that_have_passed_or_lie_outside_the_period_are_not_tried() -> None:
    SupportRequestFactory(wishes=[at(-1), at(40), at(5)])
    _, mapped = build_problem(at(1).date(), at(28).date(), timezone.now())
    (asked,) = mapped.values()
    assert the_task().starts == ((4, minutes(10)),)
    assert asked.starts == (at(5),)
    assert [(one.starts_at, one.level) for one in asked.dropped] == [(at(-1), "past"), (at(40), "outside")]


def test_a_day_on_which_the_venue_is_closed_is_not_tried() -> None:
    the_hall_closes_on(at(14).date())
    SupportRequestFactory()
    assert the_task().starts == ((14, minutes(10)), (15, minutes(10)))


def test_a_time_outside_the_hours_of_the_venue_is_not_tried_and_said_when_none_is_left() -> None:
    hall = a_hall()
    hall.opens, hall.closes = dt.time(10, 30), dt.time(17)
    hall.save()
    SupportRequestFactory(wishes=[at(14, 10), at(14, 15), at(14, 16)])
    assert the_task().starts == ((13, minutes(15)),)
    PreferredTime.objects.exclude(rank=1).delete()
    problem, mapped = build_problem(at(1).date(), at(28).date(), timezone.now())
    assert [one.level for asked in mapped.values() for one in asked.dropped] == ["hours"]
    assert problem.tasks == ()


def test_a_time_at_which_every_room_is_booked_is_not_tried() -> None:
    hall = a_hall()
    room = Room.objects.create(venue=hall, name="和室")
    SupportRequestFactory(wishes=[at(14, 10), at(14, 13)])
    a_shift(days=14, hour=11, room=room, needed=1)
    assert [task.starts for task in build().tasks if task.kind == "session"] == [((13, minutes(13)),)]


def test_a_request_whose_times_are_all_gone_is_reported_but_not_solved() -> None:
    request = SupportRequestFactory(wishes=[at(-3), at(-2)])
    problem, mapped = build_problem(at(1).date(), at(28).date(), timezone.now())
    assert problem.tasks == ()
    assert [one.level for one in mapped[f"request:{request.pk}"].dropped] == ["past", "past"]


def test_a_request_whose_times_lie_behind_the_period_waits_for_another_plan() -> None:
    SupportRequestFactory(wishes=[at(40)])
    assert build_problem(at(1).date(), at(28).date(), timezone.now())[1] == {}


def test_a_time_off_the_grid_is_widened_to_it() -> None:
    SupportRequestFactory(wishes=[at(14, 10, 10)], minutes=50)
    task = the_task()
    assert (task.starts, task.dur) == (((13, minutes(10)),), 60)


# --- Weights -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waited", "first_time", "weight"), [(0, False, 10), (6, False, 12), (6, True, 17), (30, False, 20), (90, True, 25)]
)
def test_a_request_counts_more_the_longer_it_waits_and_for_a_group_never_visited(
    waited: int, *, first_time: bool, weight: int
) -> None:
    assert session_weight(waited=waited, first_time=first_time) == weight


def test_a_shift_counts_more_in_the_last_week() -> None:
    assert (shift_weight(days_left=7), shift_weight(days_left=8)) == (30, 20)


def test_a_group_that_was_visited_is_not_a_first_time() -> None:
    held = SupportRequestFactory(status=SupportRequest.Status.BOOKED)
    session = Session.objects.create(request=held, shift=a_shift(purpose="session", days=-30))
    session.record_report(by=None, attendees=4, topics=[], present=[])
    SupportRequestFactory(group=held.group, received_at=timezone.now() - dt.timedelta(days=9))
    task = the_task()
    assert (task.first_time, task.weight, task.submitted) == (False, 13, -10)


# --- Shifts --------------------------------------------------------------------------------------------


def test_a_shift_without_anybody_is_a_task_with_one_start() -> None:
    shift = a_shift(days=7, needed=2, topics=[(Topic.objects.get(pk="T12"), 2)], needs=["pt"])
    task = the_task()
    assert (task.id, task.kind, task.starts, task.dur) == (f"shift:{shift.pk}", "desk", ((6, minutes(10)),), 120)
    assert (task.k, task.kmax, task.topics, task.lead) == (2, 2, (("T12", 2),), True)
    assert (task.needs, task.weight) == (("pt",), 30)


def test_of_a_shift_only_what_nobody_on_it_covers_is_asked_for() -> None:
    topics = [(Topic.objects.get(pk="T05"), 2), (Topic.objects.get(pk="T12"), 1)]
    shift = a_shift(needed=3, topics=topics, needs=["pt", "sign"])
    accepted(shift, SupporterFactory(brings=["pt"]))
    task = the_task()
    assert (task.k, task.kmax, task.lead, task.needs) == (2, 2, False, ("sign",))
    assert task.topics == (("T12", 1), ("any:T05,T12", 1))


def test_whoever_knows_any_topic_of_a_covered_shift_may_join_it() -> None:
    shift = a_shift(needed=2)
    accepted(shift, SupporterFactory())
    knows, does_not = SupporterFactory(), SupporterFactory()
    does_not.skills.all().delete()
    problem = build()
    skills = {one.id: one.skills for one in problem.supporters}
    assert problem.tasks[0].topics == (("any:T05", 1),)
    assert skills[str(knows.pk)] == (("T05", 2), ("any:T05", 1))
    assert skills[str(does_not.pk)] == ()


def test_anybody_may_join_a_shift_without_topics() -> None:
    a_shift(topics=[])
    SupporterFactory().skills.all().delete()
    problem = build()
    assert (problem.tasks[0].topics, problem.supporters[0].skills) == ((("any:", 1),), (("any:", 1),))
    assert len(matching.solve(problem).assignments) == 1


def test_an_open_offer_counts_as_a_filled_place_and_a_lapsed_one_does_not(
    set_now: Callable[[dt.datetime], None],
) -> None:
    an_offer(a_shift(needed=1), SupporterFactory())
    assert build().tasks == ()
    set_now(MONDAY + dt.timedelta(days=1, minutes=1))
    assert [task.k for task in build().tasks] == [1]


def test_a_member_who_is_a_lead_but_a_minor_does_not_lead() -> None:
    shift = a_shift(needed=3)
    accepted(shift, SupporterFactory(is_lead=False))
    minor = SupporterFactory(is_lead=True, birth_date=dt.date(2010, 1, 1))
    Consent.objects.create(supporter=minor, guardian=Contact.objects.all()[0], given_at=timezone.now())
    accepted(shift, minor)
    assert (the_task().k, the_task().lead) == (1, True)


def test_a_place_for_which_a_stand_in_is_wanted_is_to_be_filled() -> None:
    assignment = accepted(a_shift(needed=1), SupporterFactory())
    assert build().tasks == ()
    assignment.want_stand_in(by=None)
    assert [task.k for task in build().tasks] == [1]


def test_cancelled_and_past_shifts_are_not_planned() -> None:
    a_shift(days=7).cancel(by=None, reason="台風")
    a_shift(days=-7)
    assert build_problem(at(-10).date(), at(28).date(), timezone.now())[0].tasks == ()


# --- People --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["applied", "training", "paused", "withdrawn"])
def test_only_active_people_are_sent(status: str) -> None:
    SupporterFactory(status=status)
    assert build().supporters == ()


def test_nobody_is_sent_without_the_required_training() -> None:
    person = SupporterFactory()
    TrainingCompletion.objects.filter(supporter=person).delete()
    assert build().supporters == ()


def test_a_minor_is_sent_only_with_a_consent_that_stands() -> None:
    minor = SupporterFactory(birth_date=dt.date(2010, 1, 1))
    assert build().supporters == ()
    consent = Consent.objects.create(supporter=minor, guardian=minor.contact, given_at=timezone.now())
    assert [one.minor for one in build().supporters] == [True]
    Consent.objects.filter(pk=consent.pk).update(revoked_at=timezone.now())
    assert build().supporters == ()


def test_eighteen_on_the_first_day_is_adult() -> None:
    SupporterFactory(birth_date=dt.date(2008, 6, 16))
    assert the_person().minor is False


def test_a_person_carries_limits_areas_and_what_they_bring() -> None:
    person = SupporterFactory(brings=["sign"], week_limit=1, month_limit=4, travel_limit=25)
    person.areas.set(["D02", "D01"])
    found = the_person()
    assert (found.max_week, found.max_month, found.max_travel) == (1, 4, 25)
    assert (found.areas, found.attrs, found.lead, found.skills) == (("D01", "D02"), ("sign",), True, (("T05", 2),))


def test_home_is_the_district_and_journeys_take_as_long_as_the_rules_say() -> None:
    district = District.objects.get(pk="D02")
    SupporterFactory(home_district=district)
    SupportRequestFactory()
    problem = build()
    home, venue = problem.supporters[0], problem.venues[0]
    assert (home.x, home.y) == to_metres(district.latitude, district.longitude)
    assert (venue.x, venue.y, venue.district) == (*to_metres(*a_hall().position), a_hall().district_id)
    params = problem.params
    metres = int(((home.x - venue.x) ** 2 + (home.y - venue.y) ** 2) ** 0.5)
    minutes = params.travel_base - (-params.travel_num * metres // params.travel_den)
    assert minutes == travel_minutes((home.x, home.y), (venue.x, venue.y), Limits.current().pace_car)


@pytest.mark.parametrize("way", ["bicycle", "transit", "foot"])
def test_how_far_somebody_comes_depends_on_how_they_travel(way: str) -> None:
    limits = Limits.current()
    person = SupporterFactory(travel_by=way, travel_limit=45)
    as_driving = the_person().max_travel
    assert as_driving < person.travel_limit
    # As far as it takes 45 minutes by that way, to within one minute of driving.
    metres = (as_driving - TRAVEL_BASE) * PACE_METRES // limits.pace_car
    further = metres + PACE_METRES // limits.pace_car + 1
    pace = limits.pace_of(way)
    assert travel_minutes((0, 0), (metres, 0), pace) <= 45 < travel_minutes((0, 0), (further, 0), pace)


@pytest.mark.parametrize("way", ["", "car"])
def test_who_drives_or_does_not_say_comes_as_far_as_the_limit_says(way: str) -> None:
    SupporterFactory(travel_by=way, travel_limit=45)
    assert the_person().max_travel == 45


def test_the_limits_are_the_programmes() -> None:
    limits, params = Limits.current(), build().params
    assert (params.buffer, params.minor_latest_end) == (limits.travel_buffer, limits.minor_latest_end)


def test_weekly_times_are_narrowed_to_the_grid() -> None:
    person = SupporterFactory()
    person.windows.all().delete()
    for weekday, starts, ends in ((0, dt.time(9, 5), dt.time(12, 20)), (1, dt.time(18), dt.time(23, 59))):
        WeeklyWindow.objects.create(supporter=person, weekday=weekday, starts=starts, ends=ends)
    assert the_person().windows == ((0, minutes(9, 15), minutes(12, 15)), (1, minutes(18), 1440))


def test_an_absence_is_clipped_to_the_period_and_cut_into_days() -> None:
    person = SupporterFactory()
    Absence.objects.create(supporter=person, starts_at=at(-5), ends_at=at(2, 9, 50))
    Absence.objects.create(supporter=person, starts_at=at(60), ends_at=at(61))
    assert the_person().exceptions == ((0, 0, 1440), (1, 0, minutes(10)))


def test_promises_and_open_offers_of_the_whole_weeks_and_months_around_are_bookings() -> None:
    person = SupporterFactory()
    done = accepted(a_shift(days=1), person)
    Shift.objects.filter(pk=done.shift_id).update(starts_at=at(-14), ends_at=at(-14, 12))  # 1 June: the same month
    before = accepted(a_shift(days=2), person)
    Shift.objects.filter(pk=before.shift_id).update(starts_at=at(-15), ends_at=at(-15, 12))  # 31 May
    an_offer(a_shift(days=9), person)
    assert the_person().booked == ((-15, minutes(10), minutes(12), 0), (8, minutes(10), minutes(12), 0))


def test_nobody_is_asked_again_for_what_they_refused() -> None:
    person = SupporterFactory()
    an_offer(a_shift(days=9), person).decline(by=None)
    assert (the_person().exceptions, the_person().booked) == (((8, minutes(10), minutes(12)),), ())


def test_history_counts_what_was_attended_this_fiscal_year_and_is_no_booking() -> None:
    person, new = SupporterFactory(), SupporterFactory()
    for days in (-20, -100, -10):  # 26 May, 7 March (the year before), 5 June (this month: a booking)
        assignment = accepted(a_shift(days=3), person)
        Shift.objects.filter(pk=assignment.shift_id).update(starts_at=at(days), ends_at=at(days, 12))
        assignment.claims.all().delete()
        assignment.record_attendance(came=True, by=None)
    found = {one.id: one for one in build().supporters}
    assert (found[str(person.pk)].history, len(found[str(person.pk)].booked), found[str(person.pk)].newcomer) == (
        1,
        1,
        False,
    )
    assert (found[str(new.pk)].history, found[str(new.pk)].newcomer) == (0, True)


# --- The whole -----------------------------------------------------------------------------------------


def test_the_same_facts_give_the_same_hash_and_other_facts_another() -> None:
    person = SupporterFactory()
    SupportRequestFactory()
    first = problem_hash(build())
    assert (problem_hash(build()), len(first)) == (first, 64)
    Skill.objects.filter(supporter=person).update(level=3)
    assert problem_hash(build()) != first


def test_a_changed_wish_changes_the_requests_hash() -> None:
    request = SupportRequestFactory()
    before = request_hash(request)
    PreferredTime.objects.filter(request=request, rank=1).update(starts_at=at(20))
    assert request_hash(SupportRequest.objects.get(pk=request.pk)) != before


def _row() -> None:
    SupportRequestFactory(needs=["sign"])
    person = SupporterFactory()
    person.areas.add("D01")
    Absence.objects.create(supporter=person, starts_at=at(3), ends_at=at(4))
    accepted(a_shift(days=9, needed=2), person)
    a_shift(days=10)


def _queries(run: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        run()
    return len(queries)


def test_the_number_of_queries_does_not_grow_with_the_rows() -> None:
    _row()
    one = _queries(build)
    _row()
    _row()
    assert _queries(build) == one

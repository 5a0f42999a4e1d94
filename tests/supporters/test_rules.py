"""Who may take a shift: minors, training, limits, travel."""

import datetime as dt
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.utils import timezone

from notifications.models import Contact
from programme.fiscal import start_of
from programme.models import District, Limit, Limits, Venue
from supporters.errors import (
    AdultMissing,
    AlreadyBooked,
    ConsentMissing,
    MonthFull,
    NotActive,
    TooFarApart,
    TooLateForMinor,
    TrainingMissing,
    WeekFull,
)
from supporters.models import Assignment, Consent, Shift, Supporter
from supporters.rules import check, way_between
from tests.factories import ContactFactory, SupporterFactory, a_hall, a_shift, an_offer, at

pytestmark = pytest.mark.usefixtures("programme_facts")


def day_of(shift: Shift, years_ago: int, days: int = 0) -> dt.date:
    """The day ``years_ago`` years before the shift's, and ``days`` days later."""
    return shift.local_date - relativedelta(years=years_ago) + dt.timedelta(days=days)


def a_minor(shift: Shift, *, consent: bool = True, **facts: Any) -> Supporter:
    """Somebody who is 16 on the day of the shift, with a guardian's consent unless told otherwise."""
    minor = SupporterFactory(birth_date=day_of(shift, 16), **facts)
    row = Consent.objects.create(supporter=minor, guardian=ContactFactory())
    if consent:
        row.give()
    return minor


def hold(shift: Shift, supporter: Supporter) -> Assignment:
    """``supporter`` has a seat on ``shift``, whatever the rules say."""
    seat = shift.seats.filter(assignment=None)[0]
    return Assignment.objects.create(shift=shift, supporter=supporter, status="accepted", seat=seat)


# --- Active and trained --------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["applied", "training", "paused", "withdrawn"])
def test_only_active_supporters_are_sent(status: str) -> None:
    supporter = SupporterFactory(status=status)
    with pytest.raises(NotActive, match=str(Supporter.Status(status).label)):
        check(supporter, a_shift())


def test_nobody_is_sent_without_the_required_training() -> None:
    with pytest.raises(TrainingMissing):
        check(SupporterFactory(ready=False), a_shift())


def test_an_active_trained_adult_may_go() -> None:
    check(SupporterFactory(), a_shift())


# --- Minors --------------------------------------------------------------------------------------------
def test_who_turns_18_on_the_day_of_the_activity_is_adult() -> None:
    shift = a_shift()
    check(SupporterFactory(birth_date=day_of(shift, 18)), shift)


def test_who_turns_18_on_the_day_after_is_a_minor() -> None:
    shift = a_shift()
    with pytest.raises(ConsentMissing):
        check(SupporterFactory(birth_date=day_of(shift, 18, days=1)), shift)


@pytest.mark.parametrize(
    ("day", "minor"),
    [(dt.date(2026, 2, 28), True), (dt.date(2026, 3, 1), False), (dt.date(2028, 2, 28), False)],
)
def test_who_is_born_on_29_february_turns_18_on_1_march(day: dt.date, minor: bool) -> None:
    assert Supporter(birth_date=dt.date(2008, 2, 29)).is_minor_on(day) is minor


@pytest.mark.parametrize(
    ("born", "of_age"),
    [
        (dt.date(2008, 2, 29), dt.date(2026, 3, 1)),
        (dt.date(2008, 2, 28), dt.date(2026, 2, 28)),
        (dt.date(2010, 12, 31), dt.date(2028, 12, 31)),
    ],
)
def test_the_day_of_coming_of_age_is_the_first_on_which_one_is_adult(born: dt.date, of_age: dt.date) -> None:
    supporter = Supporter(birth_date=born)
    assert supporter.comes_of_age_on() == of_age
    assert supporter.is_minor_on(of_age - dt.timedelta(days=1)) is True
    assert supporter.is_minor_on(of_age) is False


@pytest.mark.parametrize(("born", "is_adult"), [(dt.date(2010, 2, 28), True), (dt.date(2010, 3, 1), False)])
def test_an_adult_beside_a_minor_on_29_february_is_told_by_birth_date(
    born: dt.date, is_adult: bool, set_now: Any
) -> None:
    set_now(start_of(dt.date(2028, 2, 20)))
    shift = a_shift(needed=2, days=9)
    assert shift.local_date == dt.date(2028, 2, 29)
    hold(shift, SupporterFactory(birth_date=born))
    minor = a_minor_born(dt.date(2012, 1, 1))
    if is_adult:
        check(minor, shift)
    else:
        with pytest.raises(AdultMissing):
            check(minor, shift)


def a_minor_born(day: dt.date) -> Supporter:
    minor = SupporterFactory(birth_date=day)
    Consent.objects.create(supporter=minor, guardian=ContactFactory()).give()
    return minor


def test_a_minor_with_consent_may_go_with_an_adult() -> None:
    shift = a_shift(needed=2)
    hold(shift, SupporterFactory())
    check(a_minor(shift), shift)


def test_a_minor_whose_guardian_was_only_asked_may_not_go() -> None:
    shift = a_shift(needed=2)
    hold(shift, SupporterFactory())
    with pytest.raises(ConsentMissing):
        check(a_minor(shift, consent=False), shift)


def test_a_revoked_consent_blocks_and_a_new_one_opens_again() -> None:
    shift = a_shift(needed=2)
    hold(shift, SupporterFactory())
    minor = a_minor(shift)
    minor.consents.get().revoke()
    with pytest.raises(ConsentMissing):
        check(Supporter.objects.get(pk=minor.pk), shift)
    Consent.objects.create(supporter=minor, guardian=Contact.objects.all()[0]).give()
    check(Supporter.objects.get(pk=minor.pk), shift)


@pytest.mark.parametrize(("minute", "late"), [(0, False), (1, True)])
def test_a_minor_may_stay_until_eight_and_not_a_minute_longer(minute: int, late: bool) -> None:
    shift = a_shift(hour=17, needed=2)
    Shift.objects.filter(pk=shift.pk).update(ends_at=at(7, 20, minute))
    shift.refresh_from_db()
    hold(shift, SupporterFactory())
    minor = a_minor(shift)
    if late:
        with pytest.raises(TooLateForMinor):
            check(minor, shift)
    else:
        check(minor, shift)


def test_a_minor_may_not_stay_past_midnight() -> None:
    shift = a_shift(hour=19, needed=2)
    Shift.objects.filter(pk=shift.pk).update(ends_at=at(8, 1))
    shift.refresh_from_db()
    hold(shift, SupporterFactory())
    with pytest.raises(TooLateForMinor):
        check(a_minor(shift), shift)


def test_a_minor_may_not_go_alone() -> None:
    shift = a_shift(needed=1)
    with pytest.raises(AdultMissing):
        check(a_minor(shift), shift)


def test_two_minors_may_not_go_together() -> None:
    shift = a_shift(needed=2)
    hold(shift, a_minor(shift))
    with pytest.raises(AdultMissing):
        check(a_minor(shift), shift)


def test_a_minor_may_accept_before_the_adult_who_was_asked_has_answered() -> None:
    shift = a_shift(needed=2)
    an_offer(shift, SupporterFactory())
    check(a_minor(shift), shift)


def test_a_minor_may_not_take_the_last_seat_from_the_adult_who_was_asked() -> None:
    shift = a_shift(needed=1)
    an_offer(shift, SupporterFactory())
    with pytest.raises(AdultMissing):
        check(a_minor(shift), shift)


def test_a_second_minor_may_not_take_the_seat_that_an_adult_was_asked_for() -> None:
    shift = a_shift(needed=2)
    hold(shift, a_minor(shift))
    an_offer(shift, SupporterFactory())
    with pytest.raises(AdultMissing):
        check(a_minor(shift), shift)


def test_a_minor_may_not_stand_in_for_the_only_adult() -> None:
    shift = a_shift(needed=2)
    adult = hold(shift, SupporterFactory())
    hold(shift, a_minor(shift))
    adult.want_stand_in(by=None)
    stand_in = an_offer(shift, a_minor(shift))
    with pytest.raises(AdultMissing):
        stand_in.accept(by=None)
    adult.refresh_from_db()
    assert adult.status == "standing_in_wanted"


def test_a_minor_may_stand_in_for_a_minor_beside_an_adult() -> None:
    shift = a_shift(needed=2)
    hold(shift, SupporterFactory())
    leaving = hold(shift, a_minor(shift))
    leaving.want_stand_in(by=None)
    stand_in = an_offer(shift, a_minor(shift))
    stand_in.accept(by=None)
    assert stand_in.status == "accepted"


def test_a_minor_who_can_come_after_all_needs_the_consent_still() -> None:
    shift = a_shift(needed=2)
    hold(shift, SupporterFactory())
    minor = a_minor(shift)
    assignment = hold(shift, minor)
    minor.consents.get().revoke()
    assignment.refresh_from_db()
    assert assignment.status == "standing_in_wanted"
    with pytest.raises(ConsentMissing):
        assignment.accept(by=None)


def test_a_minor_who_can_come_after_all_needs_an_adult_still() -> None:
    shift = a_shift(needed=2)
    adult = hold(shift, SupporterFactory())
    assignment = hold(shift, a_minor(shift))
    assignment.want_stand_in(by=None)
    adult.record_attendance(came=False, by=None)  # gives the seat back
    with pytest.raises(AdultMissing):
        assignment.accept(by=None)
    an_offer(shift, SupporterFactory())
    assignment.accept(by=None)
    assert assignment.status == "accepted"


def test_the_age_of_adults_is_the_programmes() -> None:
    Limit.objects.filter(code="adult_age").update(value=20)
    shift = a_shift()
    with pytest.raises(ConsentMissing):
        check(SupporterFactory(birth_date=day_of(shift, 19)), shift)


# --- How often -----------------------------------------------------------------------------------------
def monday_of_a_whole_week() -> int:
    """Days until a Monday whose week lies in one month, at least two weeks ahead."""
    days = 14
    while at(days).weekday() != 0 or at(days).month != at(days + 6).month:
        days += 1
    return days


def test_the_week_runs_from_monday_to_sunday() -> None:
    monday = monday_of_a_whole_week()
    supporter = SupporterFactory(week_limit=1)
    hold(a_shift(days=monday + 6), supporter)
    with pytest.raises(WeekFull, match=r"1回"):
        check(supporter, a_shift(days=monday))
    check(supporter, a_shift(days=monday + 7))
    check(supporter, a_shift(days=monday - 1))


def test_the_month_runs_from_the_first_to_the_last() -> None:
    first = (at(40).replace(day=1) + dt.timedelta(days=32)).replace(day=1).date()
    ahead = (first - timezone.localdate()).days
    supporter = SupporterFactory(week_limit=7, month_limit=1)
    hold(a_shift(days=ahead), supporter)
    with pytest.raises(MonthFull, match=r"1回"):
        check(supporter, a_shift(days=ahead + 20))
    check(supporter, a_shift(days=ahead - 1))


def test_an_evening_in_tokyo_counts_for_its_own_day() -> None:
    monday = monday_of_a_whole_week()
    supporter = SupporterFactory(week_limit=1)
    hold(a_shift(days=monday, hour=0), supporter)  # Sunday by the clock of Greenwich
    with pytest.raises(WeekFull):
        check(supporter, a_shift(days=monday + 6, hour=21))


def test_only_held_duties_count_towards_the_limit() -> None:
    monday = monday_of_a_whole_week()
    supporter = SupporterFactory(week_limit=1)
    an_offer(a_shift(days=monday), supporter)
    Assignment.objects.create(shift=a_shift(days=monday + 1), supporter=supporter, status="declined")
    check(supporter, a_shift(days=monday + 2))


# --- Where and when ------------------------------------------------------------------------------------
def far_halls() -> tuple[Venue, Venue]:
    """The two halls farthest apart from west to east."""
    halls = sorted(Venue.objects.filter(kind="hall").select_related("district"), key=lambda hall: hall.position[1])
    return halls[0], halls[-1]


def test_two_shifts_at_one_venue_may_touch() -> None:
    supporter = SupporterFactory()
    hold(a_shift(hour=10), supporter)
    check(supporter, a_shift(hour=12))
    check(supporter, a_shift(hour=8))


def test_two_shifts_may_not_overlap_by_a_minute() -> None:
    supporter = SupporterFactory()
    shift = a_shift(hour=10)
    hold(shift, supporter)
    Shift.objects.filter(pk=shift.pk).update(ends_at=at(7, 12, 1))
    with pytest.raises(AlreadyBooked):
        check(supporter, a_shift(hour=12))


@pytest.mark.parametrize("first_hour", [10, 14])
def test_between_two_venues_there_is_time_to_travel(first_hour: int) -> None:
    west, east = far_halls()
    needed = way_between(west, east, Limits.current().pace_car, Limits.current().travel_buffer)
    supporter = SupporterFactory()
    shift = a_shift(hour=12, venue=west)
    other = a_shift(hour=first_hour, venue=east)
    gap = needed - dt.timedelta(minutes=1)
    start = shift.ends_at + gap if first_hour == 14 else shift.starts_at - gap - dt.timedelta(hours=2)
    Shift.objects.filter(pk=other.pk).update(starts_at=start, ends_at=start + dt.timedelta(hours=2))
    hold(shift, supporter)
    other.refresh_from_db()
    with pytest.raises(TooFarApart, match="よろず相談所"):
        check(supporter, other)
    minute = dt.timedelta(minutes=1 if first_hour == 14 else -1)
    Shift.objects.filter(pk=other.pk).update(starts_at=start + minute, ends_at=start + dt.timedelta(hours=2) + minute)
    other.refresh_from_db()
    check(supporter, other)


def test_the_way_is_none_at_one_venue_and_travel_with_a_margin_elsewhere() -> None:
    west, east = far_halls()
    assert way_between(west, west, 26, 15) == dt.timedelta(0)
    assert way_between(west, east, 26, 15) == way_between(east, west, 26, 0) + dt.timedelta(minutes=15)
    assert way_between(west, east, 26, 0) > dt.timedelta(minutes=20)


def test_who_walks_needs_more_time_between_two_venues_than_who_drives() -> None:
    west, east = far_halls()
    limits = Limits.current()
    driven = way_between(west, east, limits.pace_car, limits.travel_buffer)
    other = a_shift(hour=14, venue=east)
    by_car, on_foot = SupporterFactory(travel_by="car"), SupporterFactory(travel_by="foot")
    for person in (by_car, on_foot):
        before = a_shift(hour=9, venue=west)
        hold(before, person)
    start = before.ends_at + driven
    Shift.objects.filter(pk=other.pk).update(starts_at=start, ends_at=start + dt.timedelta(hours=2))
    other.refresh_from_db()
    check(by_car, other)
    with pytest.raises(TooFarApart):
        check(on_foot, other)


def test_an_unknown_place_is_taken_for_its_district() -> None:
    hall = a_hall()
    own = Venue.objects.create(kind=Venue.Kind.OWN, name="集会所", district=District.objects.order_by("position")[3])
    assert own.position == (own.district.latitude, own.district.longitude)
    assert way_between(hall, own, 26, 10) > dt.timedelta(minutes=10)

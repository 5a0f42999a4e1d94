"""Whatever changes a record of a month that is over, the database notes which days it touches."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from consult.kpi import ledger, watch
from consult.models import Activity, Consultation, Touch
from programme.fiscal import Month
from programme.models import User
from support_requests.models import Feedback, Report
from supporters.models import Assignment, Registration, Shift
from tests.consult.kpi.records import DAY, a_consultation, a_session, a_supporter, an_activity
from tests.factories import SupporterFactory, an_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

EVER = dt.date(9999, 12, 31)


def touched(by: Callable[[], object]) -> set[tuple[str, dt.date | None, dt.date | None]]:
    """What ``by()`` leaves: (table, first day, last day)."""
    Touch.objects.all().delete()
    by()
    return {(touch.source.partition("_")[2], touch.first, touch.until) for touch in Touch.objects.all()}


def test_a_late_case_touches_its_day() -> None:
    assert touched(a_consultation) == {("consultation", DAY, DAY)}


def test_a_case_that_moves_to_another_day_touches_both() -> None:
    case, other = a_consultation(), DAY - dt.timedelta(days=40)
    move = Consultation.objects.filter(pk=case.pk).update
    assert touched(lambda: move(date=other)) == {("consultation", DAY, DAY), ("consultation", other, other)}


def test_a_voided_a_changed_and_a_deleted_record_touch_their_day(coordinator: User) -> None:
    course = an_activity(Activity.Kind.PREVENTION_COURSE)
    day = {("activity", DAY, DAY)}
    assert touched(lambda: Activity.objects.filter(pk=course.pk).update(attendees=3)) == day
    assert touched(course.delete) == day


def test_raw_sql_touches_too() -> None:
    a_consultation()
    with connection.cursor() as cursor:
        assert touched(lambda: cursor.execute("UPDATE consult_consultation SET follow_up = follow_up")) == {
            ("consultation", DAY, DAY)
        }


def test_records_of_the_present_month_touch_nothing_before_its_last_day(
    set_now: Callable[[dt.datetime], None],
) -> None:
    today = timezone.localdate()
    if Month.of(today).last > today:
        assert touched(lambda: a_consultation(today)) == set()
    assert touched(lambda: a_consultation(Month.of(today).next.last)) == set()


def test_a_late_report_touches_the_session_and_a_cancelled_one_its_day() -> None:
    session = a_session(attendees=None)
    report = touched(lambda: Report.objects.create(session=session, attendees=5))
    assert report == {("requests_report", None, None)}
    assert Touch.objects.get().ref == session.pk
    cancel = {"cancelled_at": timezone.now(), "cancel_reason": "大雪"}
    assert touched(lambda: Shift.objects.filter(pk=session.shift_id).update(**cancel)) == {("shift", DAY, DAY)}


def test_what_a_group_says_late_touches_its_session() -> None:
    session = a_session()
    said = touched(lambda: Feedback.objects.create(session=session, helpful=4, again=4))
    assert said == {("requests_feedback", None, None)}
    assert Touch.objects.get().ref == session.pk
    assert touched(lambda: Feedback.objects.update(helpful=1)) == {("requests_feedback", None, None)}


def test_the_day_of_a_session_is_tokyos() -> None:
    """23:30 UTC on 30 April is 8:30 on 1 May in Tokyo."""
    session = a_session(dt.datetime(2024, 4, 30, 23, 30, tzinfo=dt.UTC))
    may = dt.date(2024, 5, 1)
    assert touched(lambda: Shift.objects.filter(pk=session.shift_id).update(title="x")) == {("shift", may, may)}


def test_attendance_put_right_touches_its_shift() -> None:
    session = a_session()
    offer = an_offer(session.shift, SupporterFactory())
    assert touched(lambda: Assignment.objects.filter(pk=offer.pk).update(status="declined")) == {
        ("assignment", None, None)
    }
    assert {touch.ref for touch in Touch.objects.all()} == {session.shift_id}


def test_a_late_registration_touches_every_day_from_its_start_even_after_its_end() -> None:
    assert touched(lambda: a_supporter((DAY, None))) == {("registration", DAY, EVER)}
    assert touched(lambda: a_supporter((DAY, DAY + dt.timedelta(days=9)))) == {("registration", DAY, EVER)}
    assert touched(Registration.objects.all()[0].delete) == {("registration", DAY, EVER)}


def test_leaving_today_touches_no_earlier_month() -> None:
    a_supporter((DAY, None))
    today = timezone.localdate()
    found = touched(lambda: Registration.objects.update(ended_on=today))
    # On a month's last day the present month counts as over: its close may be under way at midnight.
    assert found <= {("registration", today, EVER)}


def test_a_registration_put_right_touches_the_days_between_its_ends_or_all_from_its_start() -> None:
    left = DAY + dt.timedelta(days=60)
    a_supporter((DAY, left))
    earlier, later = DAY - dt.timedelta(days=40), left + dt.timedelta(days=40)
    assert touched(lambda: Registration.objects.update(started_on=earlier)) == {("registration", earlier, EVER)}
    assert touched(lambda: Registration.objects.update(ended_on=later)) == {("registration", left, later)}
    # From the day on which it began it holds on no day: the person's next registration is the first.
    assert touched(lambda: Registration.objects.update(ended_on=earlier)) == {("registration", earlier, EVER)}
    other = a_supporter()
    assert touched(lambda: Registration.objects.update(supporter=other)) == {("registration", earlier, EVER)}


def test_many_rows_of_one_statement_are_noted_by_their_days() -> None:
    for _each in range(3):
        a_consultation()
    a_consultation(DAY + dt.timedelta(days=1))
    found = touched(lambda: Consultation.objects.update(follow_up=True))
    assert {first for _source, first, _until in found} == {DAY, DAY + dt.timedelta(days=1)}


def test_every_watched_table_has_its_triggers() -> None:
    """A migration that rebuilds a table on SQLite drops them; migrate sets them again."""
    assert watch.install(connection) == []


def test_a_trigger_that_was_lost_is_set_again_and_all_closed_months_count_as_touched(coordinator: User) -> None:
    ledger.close_month(Month(2024, 5), by=coordinator)
    with connection.cursor() as cursor:
        on_table = " ON consult_activity" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER touch_consult_activity_update{on_table}")
    config = apps.get_app_config("consult")
    assert touched(lambda: watch.after_migrate(config, using="default")) == {("", None, None)}
    assert touched(lambda: watch.after_migrate(config, using="default")) == set()
    course = an_activity(Activity.Kind.PREVENTION_COURSE)
    assert touched(lambda: Activity.objects.filter(pk=course.pk).update(attendees=3)) == {("activity", DAY, DAY)}


def test_a_trigger_of_an_earlier_version_is_set_anew(coordinator: User) -> None:
    ledger.close_month(Month(2024, 5), by=coordinator)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            earlier = "LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$"
            cursor.execute(f"CREATE OR REPLACE FUNCTION touch_consult_activity() RETURNS trigger {earlier}")
        else:
            name = "touch_consult_activity_update"
            cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(f"CREATE TRIGGER {name} AFTER UPDATE ON consult_activity BEGIN SELECT 1; END")
    config = apps.get_app_config("consult")
    assert touched(lambda: watch.after_migrate(config, using="default")) == {("", None, None)}
    assert watch.install(connection) == []
    course = an_activity(Activity.Kind.PREVENTION_COURSE)
    assert touched(lambda: Activity.objects.filter(pk=course.pk).update(attendees=3)) == {("activity", DAY, DAY)}

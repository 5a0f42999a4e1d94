"""A case is stored once, never lost, and changed only with a reason."""

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from consult.codes import common_topics
from consult.errors import (
    NotYetOpen,
    OtherDay,
    PersonalData,
    ReasonMissing,
    SameIdOtherCase,
    Voided,
)
from consult.models import Consultation, Desk, MonthReport, Opening
from programme.models import AgeBand, Outcome, Topic, User
from tests.consult.rows import an_opening
from tests.engines import on_postgresql

pytestmark = pytest.mark.django_db

Log = Callable[..., Consultation]
TOKYO = ZoneInfo("Asia/Tokyo")


def topics(*codes: str) -> list[Topic]:
    return list(Topic.objects.filter(pk__in=codes))


def close_month(day: dt.date, by: User) -> None:
    MonthReport.objects.create(year=day.year, month=day.month, closed_by=by, sha256="0" * 64)


def test_a_case_has_the_facts_that_were_typed(opening: Opening, desk_account: User, log_case: Log) -> None:
    case = log_case(
        "T05",
        "partly",
        more_topics=topics("T03", "T05", "T01"),
        age_band=AgeBand.objects.get(pk="A80"),
        minutes=20,
        follow_up=True,
        note="2回目",
    )
    case.refresh_from_db()
    assert (case.topic_id, case.outcome_id, case.age_band_id) == ("T05", "partly", "A80")
    assert (case.minutes, case.follow_up, case.note, case.source) == (20, True, "2回目", "tap")
    assert (case.desk, case.opening, case.date) == (opening.desk, opening, timezone.localdate())
    assert case.logged_by == desk_account
    # The main topic is not named a second time.
    assert [topic.pk for topic in case.more_topics.all()] == ["T01", "T03"]


def test_the_same_case_sent_three_times_is_one_row(opening: Opening, log_case: Log) -> None:
    pk = uuid.uuid4()
    rows = [log_case(pk=pk, more_topics=topics("T03", "T01")) for _time in range(3)]
    assert [row.pk for row in rows] == [pk, pk, pk]
    assert opening.consultations.count() == 1
    assert rows[2].more_topics.count() == 2


def test_only_the_first_of_the_same_cases_is_new(opening: Opening, desk_account: User) -> None:
    facts = {"topic": Topic.objects.get(pk="T05"), "outcome": Outcome.objects.get(pk="solved")}
    pk = uuid.uuid4()
    new = [Consultation.objects.log(pk=pk, opening=opening, by=desk_account, **facts)[1] for _time in range(2)]
    assert new == [True, False]


def test_the_same_id_with_other_facts_is_refused_and_changes_nothing(log_case: Log) -> None:
    first = log_case("T05")
    with pytest.raises(SameIdOtherCase):
        log_case("T06", pk=first.pk)
    with pytest.raises(SameIdOtherCase):
        log_case("T05", pk=first.pk, more_topics=topics("T06"))
    first.refresh_from_db()
    assert first.topic_id == "T05"
    assert first.more_topics.count() == 0


def test_a_case_sent_again_after_its_correction_is_known(log_case: Log, coordinator: User) -> None:
    first = log_case("T05")
    first.correct(by=coordinator, reason="押しまちがい", topic=Topic.objects.get(pk="T06"))
    again = log_case("T05", pk=first.pk)
    assert (again.pk, again.topic_id) == (first.pk, "T06")


def test_a_case_sent_again_after_it_was_made_void_stays_void(log_case: Log, coordinator: User) -> None:
    first = log_case()
    first.void(by=coordinator, reason="押しまちがい")
    assert log_case(pk=first.pk).is_void
    assert Consultation.objects.counted().count() == 0


def test_a_case_sent_again_with_a_clock_put_right_is_the_same_case(opening: Opening, log_case: Log) -> None:
    first = log_case(happened_at=opening.shift.starts_at)
    again = log_case(pk=first.pk, happened_at=opening.shift.ends_at)
    assert again.happened_at == opening.shift.starts_at


@on_postgresql
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_the_same_case_sent_in_parallel_is_one_row(opening: Opening, desk_account: User) -> None:
    facts = {"topic": Topic.objects.get(pk="T05"), "outcome": Outcome.objects.get(pk="solved")}
    others, pk = topics("T01", "T03"), uuid.uuid4()

    def send(_number: int) -> bool:
        try:
            return Consultation.objects.log(pk=pk, opening=opening, by=desk_account, more_topics=others, **facts)[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(send, range(24)))
    assert sorted(new) == [False] * 23 + [True]
    assert opening.consultations.count() == 1
    assert opening.consultations.get().more_topics.count() == 2


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        (dt.datetime(2026, 11, 30, 14, 59, tzinfo=dt.UTC), dt.date(2026, 11, 30)),  # 23:59 in Tokyo
        (dt.datetime(2026, 11, 30, 15, 1, tzinfo=dt.UTC), dt.date(2026, 12, 1)),  # 00:01 in Tokyo
    ],
)
def test_the_day_of_a_case_is_tokyos_day_of_its_time(
    utc: dt.datetime,
    day: dt.date,
    desk: Desk,
    desk_account: User,
    log_case: Log,
    set_now: Callable[[dt.datetime], None],
) -> None:
    set_now(dt.datetime(2026, 12, 5, 12, tzinfo=TOKYO))
    case = log_case(opening=an_opening(desk, day), happened_at=utc)
    assert case.date == day
    assert timezone.localdate(case.happened_at) == day


def test_a_time_on_another_day_than_the_openings_is_refused(opening: Opening, log_case: Log) -> None:
    with pytest.raises(OtherDay):
        log_case(happened_at=opening.shift.starts_at - dt.timedelta(days=1))
    assert opening.consultations.count() == 0


def test_a_case_logged_on_a_later_day_counts_on_the_day_of_the_opening(desk: Desk, log_case: Log) -> None:
    late = an_opening(desk, timezone.localdate() - dt.timedelta(days=3))
    case = log_case(opening=late)
    assert (case.date, case.happened_at) == (late.date, late.shift.starts_at)
    assert timezone.localdate(case.logged_at) == timezone.localdate()


def test_nothing_is_logged_for_an_opening_to_come(desk: Desk, log_case: Log) -> None:
    tomorrow = an_opening(desk, timezone.localdate() + dt.timedelta(days=1))
    with pytest.raises(NotYetOpen):
        log_case(opening=tomorrow)


def test_several_topics_on_a_case_never_multiply_it(log_case: Log) -> None:
    log_case("T05", more_topics=topics("T01", "T02", "T03"))
    log_case("T05")
    log_case("T06", more_topics=topics("T05"))
    assert Consultation.objects.counted().count() == 3
    assert Opening.objects.with_cases().get().cases == 3
    assert Consultation.objects.common_topics(6) == ["T05", "T06"]


def test_common_topics_are_those_of_the_last_90_days(desk: Desk, log_case: Log) -> None:
    today = timezone.localdate()
    old = an_opening(desk, today - dt.timedelta(days=90))
    recent = an_opening(desk, today - dt.timedelta(days=89))
    for _time in range(3):
        log_case("T09", opening=old)
    log_case("T07", opening=recent)
    void = log_case("T08")
    void.void(by=void.logged_by, reason="練習")
    assert Consultation.objects.common_topics(6) == ["T07"]


def test_common_topics_are_asked_every_ten_minutes(settings: Any, set_now: Any, log_case: Log) -> None:
    settings.COUNTS_KEPT = 100
    begun = timezone.now().replace(hour=3)  # noon in Tokyo
    for topic in ("T07", "T07", "T09"):
        log_case(topic)
    for minutes, found in ((0, ["T07", "T09"]), (10, ["T07", "T09"]), (11, ["T09", "T07"])):
        set_now(begun + dt.timedelta(minutes=minutes))
        assert common_topics(6) == found
        log_case("T09")


def test_a_note_with_a_phone_number_is_refused(opening: Opening, log_case: Log) -> None:
    with pytest.raises(PersonalData):
        log_case(note="090-1234-5678に電話")
    assert opening.consultations.count() == 0


# --- Void and correct --------------------------------------------------------------------------------
def test_making_void_keeps_the_row_with_its_reason_and_counts_it_no_more(log_case: Log, coordinator: User) -> None:
    case = log_case()
    case.void(by=coordinator, reason=" 押しまちがい ")
    row = Consultation.objects.get(pk=case.pk)
    assert (row.void_reason, row.voided_by, row.is_void) == ("押しまちがい", coordinator, True)
    assert Consultation.objects.counted().count() == 0


def test_making_void_twice_keeps_the_first_reason(log_case: Log, coordinator: User, desk_account: User) -> None:
    case = log_case()
    seen_before = Consultation.objects.get(pk=case.pk)
    case.void(by=coordinator, reason="押しまちがい")
    seen_before.void(by=desk_account, reason="練習")
    row = Consultation.objects.get(pk=case.pk)
    assert (row.void_reason, row.voided_by) == ("押しまちがい", coordinator)


def test_making_void_without_a_reason_is_refused(log_case: Log, coordinator: User) -> None:
    case = log_case()
    with pytest.raises(ReasonMissing):
        case.void(by=coordinator, reason="  ")
    assert Consultation.objects.counted().count() == 1


def test_a_correction_keeps_old_and_new_value_with_the_reason(log_case: Log, coordinator: User) -> None:
    case = log_case("T05", minutes=10, more_topics=topics("T01"))
    case.correct(
        by=coordinator,
        reason="聞きまちがい",
        topic=Topic.objects.get(pk="T06"),
        outcome=Outcome.objects.get(pk="solved"),
        minutes=None,
        more_topics=topics("T02", "T01"),
    )
    case.refresh_from_db()
    assert (case.topic_id, case.minutes) == ("T06", None)
    assert [topic.pk for topic in case.more_topics.all()] == ["T01", "T02"]
    changes = {(change.field, change.old, change.new, change.reason, change.by) for change in case.changes.all()}
    assert changes == {
        ("topic", "T05", "T06", "聞きまちがい", coordinator),
        ("minutes", "10", "", "聞きまちがい", coordinator),
        ("more_topics", "T01", "T01,T02", "聞きまちがい", coordinator),
    }


def test_a_correction_that_changes_nothing_leaves_no_trace(log_case: Log, coordinator: User) -> None:
    case = log_case("T05")
    assert case.correct(by=coordinator, reason="?", topic=Topic.objects.get(pk="T05")) == []
    assert case.changes.count() == 0


def test_a_second_topic_that_becomes_the_main_one_is_named_once(log_case: Log, coordinator: User) -> None:
    case = log_case("T05", more_topics=topics("T06", "T01"))
    case.correct(by=coordinator, reason="逆だった", topic=Topic.objects.get(pk="T06"))
    assert [topic.pk for topic in case.more_topics.all()] == ["T01"]


def test_a_correction_needs_a_reason_and_a_case_that_stands(log_case: Log, coordinator: User) -> None:
    case = log_case("T05")
    with pytest.raises(ReasonMissing):
        case.correct(by=coordinator, reason="", topic=Topic.objects.get(pk="T06"))
    case.void(by=coordinator, reason="練習")
    with pytest.raises(Voided):
        case.correct(by=coordinator, reason="?", topic=Topic.objects.get(pk="T06"))


def test_no_reason_keeps_how_to_find_a_person(log_case: Log, coordinator: User) -> None:
    case = log_case("T05")
    for reason in ("本人 090-1234-5678", "taro@example.com"):
        with pytest.raises(PersonalData):
            case.void(by=coordinator, reason=reason)
        with pytest.raises(PersonalData):
            case.correct(by=coordinator, reason=reason, topic=Topic.objects.get(pk="T06"))
    assert (Consultation.objects.counted().count(), case.changes.count()) == (1, 0)


def test_a_correction_cannot_move_a_case_to_another_desk(log_case: Log, coordinator: User, desk: Desk) -> None:
    case = log_case()
    with pytest.raises(ValueError, match="desk"):
        case.correct(by=coordinator, reason="?", desk=None)


def test_a_note_cannot_be_corrected_into_a_phone_number(log_case: Log, coordinator: User) -> None:
    case = log_case(note="2回目")
    with pytest.raises(PersonalData):
        case.correct(by=coordinator, reason="?", note="０９０１２３４５６７８")
    case.refresh_from_db()
    assert case.note == "2回目"


def test_a_case_of_a_closed_month_is_corrected_and_voided_with_its_trail(
    log_case: Log, coordinator: User, opening: Opening
) -> None:
    """The figures stay; the ledger proposes a correction (tests/consult/kpi/test_proposals.py)."""
    case = log_case("T05")
    assert case.is_frozen is False
    close_month(opening.date, coordinator)
    assert case.is_frozen is True
    case.correct(by=coordinator, reason="押しまちがい", topic=Topic.objects.get(pk="T06"))
    case.void(by=coordinator, reason="二重に記録した")
    case.refresh_from_db()
    assert [(each.old, each.new) for each in case.changes.all()] == [("T05", "T06")]
    assert (case.topic_id, case.void_reason) == ("T06", "二重に記録した")


def test_a_case_of_a_closed_month_is_still_taken(log_case: Log, coordinator: User, opening: Opening) -> None:
    close_month(opening.date, coordinator)
    assert log_case().pk == opening.consultations.get().pk


def test_another_months_closing_hinders_nothing(log_case: Log, coordinator: User, opening: Opening) -> None:
    close_month(opening.date.replace(year=opening.date.year - 1), coordinator)
    case = log_case()
    case.void(by=coordinator, reason="練習")
    assert case.is_void

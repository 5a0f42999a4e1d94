"""The log over the API: stored once however often it is sent, each row with its own result."""

import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consult.models import Consultation, Desk, Opening
from programme.models import Topic, User
from tests.consult.rows import APART, an_opening
from tests.factories import SupporterFactory, an_offer

pytestmark = pytest.mark.django_db

Log = Callable[..., Consultation]
URL = "/api/v1/consultations/"
FINE: dict[str, Any] = {"voided": False, "errors": {}, "told": ""}


@pytest.fixture
def tablet(client: Client, desk_account: User) -> Client:
    client.force_login(desk_account)
    return client


def a_row(opening: Opening, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "opening": opening.pk, "topic": "T05", "outcome": "solved"} | more


def send(client: Client, rows: Any) -> tuple[int, Any]:
    answer = client.post(URL, rows, content_type="application/json")
    return answer.status_code, answer.json()


def test_a_case_is_created_then_found(tablet: Client, opening: Opening, desk_account: User) -> None:
    row = a_row(opening, more_topics=["T01"], device="iphone", minutes=20, note="2回目", source="paper")
    assert send(tablet, row) == (201, {"id": row["id"], "status": "created", **FINE})
    assert send(tablet, row) == (200, {"id": row["id"], "status": "exists", **FINE})
    case = opening.consultations.get()
    assert (case.topic_id, case.device_id, case.minutes, case.note) == ("T05", "iphone", 20, "2回目")
    assert (case.source, case.logged_by, case.desk) == ("paper", desk_account, opening.desk)
    assert [topic.pk for topic in case.more_topics.all()] == ["T01"]


def test_the_devices_time_is_kept_and_read_with_its_offset(tablet: Client, opening: Opening) -> None:
    moment = opening.shift.starts_at + dt.timedelta(minutes=7)
    send(tablet, a_row(opening, happened_at=moment.astimezone(dt.UTC).isoformat()))
    case = opening.consultations.get()
    assert (case.happened_at, case.date) == (moment, opening.date)


def test_a_batch_sent_again_is_there_once(tablet: Client, opening: Opening) -> None:
    rows = [a_row(opening) for _row in range(3)]
    status, results = send(tablet, rows)
    assert (status, [result["status"] for result in results]) == (201, ["created"] * 3)
    status, results = send(tablet, list(reversed(rows)))
    assert (status, [result["status"] for result in results]) == (200, ["exists"] * 3)
    assert opening.consultations.count() == 3


def test_the_same_row_twice_in_a_batch_is_one_case(tablet: Client, opening: Opening) -> None:
    row = a_row(opening)
    status, results = send(tablet, [row, row])
    assert (status, [result["status"] for result in results]) == (207, ["created", "exists"])
    assert opening.consultations.count() == 1


def test_a_refused_row_says_why_and_holds_up_no_other(tablet: Client, opening: Opening) -> None:
    good, again = a_row(opening), a_row(opening)
    send(tablet, again)
    bad = a_row(opening, topic="T77", minutes=0, note="090-1234-5678")
    status, results = send(tablet, [good, bad, again, "?", a_row(opening, id="?")])
    assert status == 207
    assert [result["status"] for result in results] == ["created", "refused", "exists", "refused", "refused"]
    assert [result["id"] for result in results] == [good["id"], bad["id"], again["id"], None, "?"]
    assert set(results[1]["errors"]) == {"topic", "minutes", "note"}
    assert results[1]["errors"]["topic"] == ["この符号はありません: T77"]
    assert opening.consultations.count() == 2


@pytest.mark.parametrize("field", ["id", "topic", "note"])
def test_half_a_sign_is_an_error_that_is_told(tablet: Client, opening: Opening, field: str) -> None:
    sent = json.dumps([a_row(opening, **{field: "\ud800"})])
    answer = tablet.post(URL, sent, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])
    assert "読めない文字" in answer.json()["detail"]
    assert (
        send(tablet, a_row(opening, note="よく笑う人\U0001f600"))[0] == 201
    )  # a whole sign that JSON writes as two halves


@pytest.mark.parametrize("depth", [500, 900, 100_000])
def test_brackets_without_end_are_refused_and_break_nothing(tablet: Client, opening: Opening, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    topic = json.dumps(a_row(opening, topic="?")).replace('"?"', nested)
    for sent in (nested, topic):
        assert tablet.post(URL, sent, content_type="application/json").status_code in (207, 400)
    assert opening.consultations.count() == 0


def test_a_case_that_was_made_void_meanwhile_is_there_and_said_to_be_void(
    tablet: Client, opening: Opening, coordinator: User
) -> None:
    rows = [a_row(opening), a_row(opening)]
    send(tablet, rows)
    Consultation.objects.get(pk=rows[0]["id"]).void(by=coordinator, reason="練習")
    _status, results = send(tablet, rows)
    assert [(result["status"], result["voided"]) for result in results] == [("exists", True), ("exists", False)]


def test_the_same_id_with_other_facts_is_refused(tablet: Client, opening: Opening) -> None:
    row = a_row(opening)
    send(tablet, row)
    status, result = send(tablet, row | {"topic": "T06"})
    assert (status, result["status"]) == (400, "refused")
    assert result["errors"]["non_field_errors"] == ["同じ番号の別の記録が、もうあります。画面を開き直してください。"]
    assert opening.consultations.get().topic_id == "T05"


def test_a_clock_a_day_off_is_refused_with_a_sentence(tablet: Client, opening: Opening) -> None:
    wrong = (timezone.now() - dt.timedelta(days=1)).isoformat()
    status, result = send(tablet, a_row(opening, happened_at=wrong))
    assert status == 400
    assert "端末の日付と時刻をご確認ください。" in result["errors"]["non_field_errors"][0]


def test_another_desks_account_writes_nothing_and_learns_nothing(
    client: Client, opening: Opening, other_desk_account: User, log_case: Log
) -> None:
    known = log_case()
    client.force_login(other_desk_account)
    refusal = {"opening": ["この端末では、この相談所の記録はできません。"]}
    for row in (a_row(opening), a_row(opening, id=str(known.pk)), a_row(opening) | {"opening": 10**12}):
        assert send(client, row) == (400, {"id": row["id"], "status": "refused", **FINE, "errors": refusal})
    assert Consultation.objects.count() == 1
    assert client.get(URL, {"opening": opening.pk}).json()["count"] == 0


def test_a_supporter_writes_for_openings_of_own_duties_alone(
    client: Client, opening: Opening, on_duty: User, desk: Desk
) -> None:
    yesterday = an_opening(desk, timezone.localdate() - dt.timedelta(days=1))
    client.force_login(on_duty)
    status, results = send(client, [a_row(opening), a_row(yesterday)])
    assert (status, [result["status"] for result in results]) == (207, ["created", "refused"])


def test_nobody_signed_in_is_turned_away(client: Client, opening: Opening) -> None:
    assert client.post(URL, a_row(opening), content_type="application/json").status_code == 401
    assert client.get(URL).status_code == 401
    assert Consultation.objects.count() == 0


def test_a_form_of_another_site_cannot_write(opening: Opening, desk_account: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(desk_account)
    assert strict.post(URL, a_row(opening), content_type="application/json").status_code == 403


@pytest.mark.parametrize("body", ["", "null", "3", '"T05"', "{", "[[]]", "[null]"])
def test_a_body_that_is_no_case_is_never_an_error_page(tablet: Client, programme_facts: None, body: str) -> None:
    answer = tablet.post(URL, body, content_type="application/json")
    assert answer.status_code in (400, 207)
    assert answer.json() != {}


def test_a_batch_has_at_most_200_rows(tablet: Client, opening: Opening) -> None:
    status, answer = send(tablet, [a_row(opening)] * 201)
    assert (status, answer) == (400, {"detail": "一度に送れるのは200件までです。"})
    assert opening.consultations.count() == 0


def test_an_empty_batch_is_no_harm(tablet: Client, programme_facts: None) -> None:
    assert send(tablet, []) == (200, [])


# --- Reading -----------------------------------------------------------------------------------------
def test_the_cases_of_an_opening_are_shown_with_their_codes(tablet: Client, opening: Opening, log_case: Log) -> None:
    case = log_case("T05", more_topics=[Topic.objects.get(pk="T01")])
    void = log_case("T06")
    void.void(by=void.logged_by, reason="練習")
    answer = tablet.get(URL, {"opening": opening.pk}).json()
    assert answer["count"] == 2
    by_id = {row["id"]: row for row in answer["results"]}
    shown = by_id[str(case.pk)]
    assert (shown["topic"], shown["more_topics"], shown["outcome"]) == ("T05", ["T01"], "solved")
    assert (shown["date"], shown["opening"]) == (opening.date.isoformat(), opening.pk)
    assert by_id[str(void.pk)]["void_reason"] == "練習"


@pytest.mark.parametrize("opening", ["x", "-1", "１", "", "9" * 30])
def test_an_opening_that_is_no_number_is_refused(tablet: Client, programme_facts: None, opening: str) -> None:
    assert tablet.get(URL, {"opening": opening}).status_code == 400


def test_a_hundred_cases_make_a_page(tablet: Client, opening: Opening, log_case: Log) -> None:
    for _case in range(101):
        log_case()
    first = tablet.get(URL).json()
    assert (first["count"], len(first["results"])) == (101, 100)
    assert len(tablet.get(first["next"]).json()["results"]) == 1


def test_reading_asks_the_database_the_same_for_one_case_and_for_three(
    tablet: Client, opening: Opening, log_case: Log, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 2, 3):
        log_case(more_topics=[Topic.objects.get(pk="T01")])
        if number in (1, 3):
            with django_assert_num_queries(5):  # session, account, count, cases, second topics
                tablet.get(URL, {"opening": opening.pk})


def test_a_batch_costs_the_same_however_many_rows_it_has(
    tablet: Client, opening: Opening, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    send(tablet, a_row(opening))  # the codes are looked up once
    for count in (1, 3, 100):
        rows = [a_row(opening) for _row in range(count)]
        with django_assert_num_queries(4 + APART):  # session, account, opening, INSERT with day sheets
            send(tablet, rows)
        with django_assert_num_queries(5 + APART):  # and which of them were there
            send(tablet, rows)
    assert opening.consultations.count() == 1 + 1 + 3 + 100


def test_second_topics_and_names_of_a_batch_cost_four_queries_more(
    tablet: Client, opening: Opening, on_duty: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    send(tablet, a_row(opening))
    duty = opening.shift.assignments.get().pk
    for count in (1, 3, 100):
        rows = [a_row(opening, more_topics=["T01", "T06", "T05"], on_duty=duty) for _row in range(count)]
        # session, account, opening, team, savepoint, INSERT with day sheets, INSERT, release
        with django_assert_num_queries(8 + APART):
            send(tablet, rows)
    assert Consultation.more_topics.through.objects.count() == 2 * (1 + 3 + 100)


# --- Clocks, moved days, late arrivals ---------------------------------------------------------------
def test_a_clock_that_is_hours_off_is_put_right_and_both_times_are_kept(tablet: Client, opening: Opening) -> None:
    now = timezone.now()
    wrong = dt.timedelta(hours=-30)
    tapped, sent = now + wrong - dt.timedelta(seconds=5), now + wrong
    assert send(tablet, a_row(opening, device_time=tapped.isoformat(), sent_at=sent.isoformat()))[0] == 201
    case = opening.consultations.get()
    assert (case.device_time, case.sent_at, case.date) == (tapped, sent, opening.date)
    assert timezone.localdate(case.happened_at) == opening.date
    assert abs(case.happened_at - now) < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "clock", ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "?", 7, None]
)
def test_no_clock_is_wrong_enough_to_lose_a_case(tablet: Client, opening: Opening, clock: object) -> None:
    status, result = send(tablet, a_row(opening, device_time=clock, sent_at=timezone.now().isoformat()))
    assert (status, result["errors"]) == (201, {})
    assert timezone.localdate(opening.consultations.get().happened_at) == opening.date


@pytest.mark.parametrize("clock", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+09:00"])
def test_a_time_beyond_all_sense_is_as_none(tablet: Client, opening: Opening, clock: str) -> None:
    assert send(tablet, a_row(opening, happened_at=clock))[0] == 201
    assert timezone.localdate(opening.consultations.get().happened_at) == opening.date


def test_what_the_device_worked_out_counts_when_it_is_on_the_day(tablet: Client, opening: Opening) -> None:
    moment = opening.shift.starts_at + dt.timedelta(minutes=3)
    raw = moment - dt.timedelta(days=400)
    send(tablet, a_row(opening, happened_at=moment.isoformat(), device_time=raw.isoformat()))
    case = opening.consultations.get()
    assert (case.happened_at, case.device_time) == (moment, raw)


@pytest.mark.parametrize("arrives", ["2026-11-30T14:59:59Z", "2026-11-30T15:00:01Z"])
def test_a_case_of_the_last_of_the_month_counts_in_it_on_whichever_side_of_midnight_it_arrives(
    tablet: Client, desk: Desk, set_now: Callable[[dt.datetime], None], arrives: str
) -> None:
    now = dt.datetime.fromisoformat(arrives)  # 23:59:59 and 00:00:01 in Tokyo
    set_now(now)
    last = an_opening(desk, dt.date(2026, 11, 30))
    tapped = dt.datetime(2026, 11, 30, 14, 59, 58, tzinfo=dt.UTC)
    row = a_row(last, day="2026-11-30", device_time=tapped.isoformat(), sent_at=now.isoformat())
    assert send(tablet, row)[0] == 201
    case = last.consultations.get()
    assert (case.date, case.happened_at) == (dt.date(2026, 11, 30), tapped)


def test_a_case_of_a_day_that_was_called_off_is_stored_and_told(
    tablet: Client, opening: Opening, coordinator: User
) -> None:
    opening.shift.cancel(by=coordinator, reason="大雪のため")
    status, result = send(tablet, a_row(opening))
    assert (status, result["told"]) == (201, "この開設日は中止になっています。相談は記録しました。")


def test_a_case_of_a_day_that_was_moved_meanwhile_counts_on_the_day_it_happened(
    tablet: Client, opening: Opening
) -> None:
    day, later = opening.date, opening.date + dt.timedelta(days=7)
    shift = opening.shift
    opening.reschedulings.create(
        from_date=day, from_starts_at=shift.starts_at, from_ends_at=shift.ends_at, reason="会場の都合"
    )
    Opening.objects.filter(pk=opening.pk).update(date=later)
    status, result = send(tablet, a_row(opening, day=day.isoformat(), device_time=timezone.now().isoformat()))
    assert status == 201
    assert "に移りました。" in result["told"]
    assert opening.consultations.get().date == day
    assert send(tablet, a_row(opening, day=later.isoformat()))[0] == 400  # that day has not come


@pytest.mark.parametrize("days_off", [-4000, -1, 1])
def test_a_day_on_which_the_opening_never_stood_does_not_count(tablet: Client, opening: Opening, days_off: int) -> None:
    day = opening.date + dt.timedelta(days=days_off)
    rows = [a_row(opening, day=day.isoformat()), a_row(opening, day=opening.date.isoformat())]
    status, results = send(tablet, rows)
    assert (status, [result["told"] for result in results]) == (201, ["", ""])
    assert {case.date for case in opening.consultations.all()} == {opening.date}


def test_a_supporter_brings_what_was_logged_before_the_duty_was_called_off(
    client: Client, opening: Opening, on_duty: User, off_duty: User, coordinator: User
) -> None:
    duty = opening.shift.assignments.get()
    duty.moves.create(from_status="offered", to_status="accepted", by=on_duty)
    opening.shift.cancel(by=coordinator, reason="大雪のため")
    client.force_login(on_duty)
    assert send(client, a_row(opening))[0] == 201
    assert client.get(f"{URL}summary/", {"opening": opening.pk}).status_code == 404  # to write, not to read
    client.force_login(off_duty)
    assert send(client, a_row(opening))[0] == 400


def test_who_tapped_the_own_name_is_kept_and_a_stranger_is_left_out(
    tablet: Client, opening: Opening, on_duty: User
) -> None:
    duty = opening.shift.assignments.get()
    asked = an_offer(opening.shift, SupporterFactory.create())  # and has not said yes
    mine, strange, early = (a_row(opening, on_duty=key) for key in (duty.pk, 10**9, asked.pk))
    assert send(tablet, [mine, strange, early])[0] == 201
    kept = dict(opening.consultations.values_list("pk", "on_duty"))
    assert kept == {uuid.UUID(mine["id"]): duty.pk, uuid.UUID(strange["id"]): None, uuid.UUID(early["id"]): None}


def test_one_id_with_two_contents_in_one_batch_is_the_first_of_them(tablet: Client, opening: Opening) -> None:
    first = a_row(opening)
    status, results = send(tablet, [first, first | {"topic": "T07"}, first])
    assert (status, [row["status"] for row in results]) == (207, ["created", "refused", "exists"])
    assert opening.consultations.get().topic_id == "T05"


def test_rows_in_any_order_and_any_mixture_end_as_one_case_each(tablet: Client, opening: Opening) -> None:
    rows = [a_row(opening, note=f"{number}件目") for number in range(12)]
    for batch in (rows[6:] + rows[:3], rows[::-1], [rows[4]] * 5, rows[::2] + rows[1::2]):
        results = send(tablet, batch)[1]
        assert {row["status"] for row in results} <= {"created", "exists"}
    assert opening.consultations.count() == 12


def test_every_answer_says_the_servers_time(tablet: Client, opening: Opening) -> None:
    for answer in (
        tablet.get("/api/v1/desk/"),
        tablet.post(URL, "{", content_type="application/json"),
        Client().get(URL),
    ):
        moment = dt.datetime.fromisoformat(answer.headers["X-Server-Time"])
        assert abs(moment - timezone.now()) < dt.timedelta(seconds=30)


# --- What a device takes along -----------------------------------------------------------------------
def test_a_device_takes_along_all_that_it_needs_in_three_languages(
    tablet: Client, opening: Opening, on_duty: User
) -> None:
    facts = tablet.get("/api/v1/desk/").json()
    [known] = facts["openings"]
    duty = opening.shift.assignments.get()
    assert (known["id"], known["day"], known["people"]) == (
        opening.pk,
        opening.date.isoformat(),
        [{"id": duty.pk, "name": "当番"}],
    )
    topics = {topic["code"]: topic for topic in facts["topics"]}
    assert set(topics["T05"]["name"]) == {"ja", "ja-easy", "en"}
    for code in ("T13", "T16", "T18", "T19"):  # My Number, passwords, payment, fraud: the rule and whom to call
        assert all(topics[code]["advice"][language] for language in ("ja", "ja-easy", "en"))
    assert all(len(set(rule.values())) == 3 for rule in facts["rules"])
    assert facts["limits"] == {"minutes": 600, "note": 100, "rows": 200}


def test_two_of_the_same_family_name_are_told_apart(tablet: Client, opening: Opening, on_duty: User) -> None:
    seated = opening.shift.assignments.get()
    other = SupporterFactory.create(name="見本 花子")
    seated.supporter.name = "見本 一郎"
    seated.supporter.save()
    assert tablet.get("/api/v1/desk/").json()["openings"][0]["people"] == [{"id": seated.pk, "name": "見本"}]
    seat = opening.shift.seats.last()
    type(seated).objects.create(shift=opening.shift, supporter=other)
    type(seated).objects.filter(supporter=other).update(status="accepted", seat=seat)
    names = [person["name"] for person in tablet.get("/api/v1/desk/").json()["openings"][0]["people"]]
    assert names == ["見本 一郎", "見本 花子"]


def test_the_facts_cost_the_same_for_one_opening_and_for_three(
    tablet: Client, desk: Desk, opening: Opening, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for ahead in (0, 1, 2):
        if ahead:
            an_opening(desk, timezone.localdate() + dt.timedelta(days=ahead))
        if ahead != 1:
            # session, account, openings, people, desks, five lists, common topics
            with django_assert_num_queries(11):
                assert len(tablet.get("/api/v1/desk/").json()["openings"]) == ahead + 1


def test_the_summary_is_there_to_compare_with_at_closing(tablet: Client, opening: Opening, log_case: Log) -> None:
    log_case("T05")
    log_case("T05", source="paper")
    void = log_case("T06")
    void.void(by=void.logged_by, reason="練習")
    assert tablet.get(f"{URL}summary/", {"opening": opening.pk}).json() == {
        "opening": opening.pk,
        "day": opening.date.isoformat(),
        "count": 2,
        "voided": 1,
        "paper": 1,
        "by_topic": {"T05": 2},
    }

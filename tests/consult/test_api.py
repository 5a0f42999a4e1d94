"""The log over the API: stored once however often it is sent, each row with its own result."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consult.models import Consultation, Desk, Opening
from programme.models import Topic, User
from tests.consult.rows import an_opening

pytestmark = pytest.mark.django_db

Log = Callable[..., Consultation]
URL = "/api/v1/consultations/"


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
    assert send(tablet, row) == (201, {"id": row["id"], "status": "created", "errors": {}})
    assert send(tablet, row) == (200, {"id": row["id"], "status": "exists", "errors": {}})
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
        assert send(client, row) == (400, {"id": row["id"], "status": "refused", "errors": refusal})
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
    assert client.post(URL, a_row(opening), content_type="application/json").status_code == 403
    assert client.get(URL).status_code == 403
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


def test_each_further_row_of_a_batch_costs_no_more_than_storing_it(
    tablet: Client, opening: Opening, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # session, account, five lists, openings; then savepoint, insert, release for each row.
    with django_assert_num_queries(8 + 3):
        send(tablet, [a_row(opening)])
    with django_assert_num_queries(8 + 3 * 3):
        send(tablet, [a_row(opening) for _row in range(3)])

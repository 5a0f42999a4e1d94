"""The day sheet: marks on paper become cases, and nothing counts twice."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext, override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from consult.errors import OnSheet, PersonalData, ReasonMissing, SheetEntered
from consult.models import Consultation, Opening
from consult.models.devices import Invitation
from consult.models.intake import Case, Place
from consult.models.paper import DaySheet, DaySheetEntry, Tally
from consult.paper import SheetSaysNothing, _without_tapped, enter, reckon
from programme.models import Topic, User
from programme.own_reasons import say_reason
from tests.engines import on_postgresql

pytestmark = pytest.mark.django_db

Log = Callable[..., Consultation]


def standing(opening: Opening) -> Counter[tuple[str, str]]:
    """(source, topic): how many cases count."""
    return Counter(opening.consultations.counted().order_by().values_list("source", "topic"))


def test_a_sheet_on_top_of_taps_adds_all_its_marks(opening: Opening, coordinator: User, log_case: Log) -> None:
    log_case("T05")
    enter(opening, {"T05": {"solved": 2}, "T07": {"unrecorded": 1}}, includes_taps=False, by=coordinator)
    assert standing(opening) == {("tap", "T05"): 1, ("paper", "T05"): 2, ("paper", "T07"): 1}
    case = opening.consultations.filter(source="paper", topic="T07").get()
    assert (case.date, case.outcome_id, case.logged_by) == (opening.date, "unrecorded", coordinator)


def test_a_sheet_that_has_the_taps_in_it_adds_what_they_lack(
    opening: Opening, coordinator: User, log_case: Log
) -> None:
    for topic in ("T05", "T05", "T07"):
        log_case(topic)
    tally: Tally = {"T05": {"solved": 4}, "T07": {"solved": 1}, "T01": {"partly": 1}}
    enter(opening, tally, includes_taps=True, by=coordinator)
    assert standing(opening) == {("tap", "T05"): 2, ("tap", "T07"): 1, ("paper", "T05"): 2, ("paper", "T01"): 1}


def test_a_case_marked_under_another_topic_than_it_was_tapped_under_counts_once(
    opening: Opening, coordinator: User, log_case: Log
) -> None:
    log_case("T06")
    log_case("T05")
    enter(opening, {"T05": {"solved": 2}}, includes_taps=True, by=coordinator)
    assert opening.consultations.counted().count() == 2


def test_entering_a_sheet_twice_stores_it_once(opening: Opening, coordinator: User) -> None:
    tally: Tally = {"T05": {"solved": 3}}
    entries = {enter(opening, tally, includes_taps=False, by=coordinator).pk for _time in range(3)}
    assert len(entries) == 1
    assert standing(opening) == {("paper", "T05"): 3}


def test_a_corrected_sheet_takes_rows_back_with_its_reason_and_adds_others(
    opening: Opening, coordinator: User, desk_account: User
) -> None:
    enter(opening, {"T05": {"solved": 3}}, includes_taps=False, by=coordinator)
    corrected: Tally = {"T05": {"solved": 1}, "T07": {"partly": 1}}
    with pytest.raises(ReasonMissing):
        enter(opening, corrected, includes_taps=False, by=desk_account)
    assert standing(opening) == {("paper", "T05"): 3}
    entry = enter(opening, corrected, includes_taps=False, by=desk_account, reason="数えまちがい")
    assert standing(opening) == {("paper", "T05"): 1, ("paper", "T07"): 1}
    assert (entry.added, entry.voided, entry.by, entry.reason) == (1, 2, desk_account, "数えまちがい")
    assert {row.void_reason for row in opening.consultations.exclude(voided_at=None)} == {"数えまちがい"}
    # And back again: rows that were taken back stay so, new ones take their place.
    enter(opening, {"T05": {"solved": 3}}, includes_taps=False, by=coordinator, reason="やはり3件")
    assert standing(opening) == {("paper", "T05"): 3}
    assert [trail.by for trail in DaySheet.objects.get().entries.all()] == [coordinator, desk_account, coordinator]


def test_taps_that_arrive_after_the_sheet_do_not_count_twice(
    opening: Opening, coordinator: User, log_case: Log
) -> None:
    log_case("T05")
    enter(opening, {"T05": {"solved": 3}, "T07": {"solved": 2}}, includes_taps=True, by=coordinator)
    assert opening.consultations.counted().count() == 5
    for topic in ("T05", "T05", "T07"):  # a tablet that was offline all day
        log_case(topic)
    assert standing(opening) == {("tap", "T05"): 3, ("tap", "T07"): 1, ("paper", "T07"): 1}
    for _case in range(2):
        log_case("T07")
    assert standing(opening) == {("tap", "T05"): 3, ("tap", "T07"): 3}  # more taps than marks: each of them counts


def test_a_case_sent_as_from_paper_once_the_sheet_was_entered_is_told_to_go_there(
    client: Client, opening: Opening, coordinator: User
) -> None:
    client.force_login(coordinator)

    def send(*rows: dict[str, object]) -> list[tuple[str, object]]:
        answer = client.post("/api/v1/consultations/", list(rows), content_type="application/json")
        return [(row["status"], row["errors"]) for row in answer.json()]

    def a_row(source: str) -> dict[str, object]:
        facts = {"topic": "T05", "outcome": "solved", "source": source}
        return {"id": str(uuid.uuid4()), "opening": opening.pk, **facts}

    early, late = a_row("paper"), a_row("paper")
    assert send(early) == [("created", {})]
    enter(opening, {"T05": {"solved": 3}}, includes_taps=True, by=coordinator)  # the early one is one of the three
    assert send(late, a_row("tap"), early) == [
        ("refused", {"non_field_errors": [str(SheetEntered())]}),
        ("created", {}),
        ("exists", {}),
    ]
    assert opening.consultations.counted().count() == 3


def test_reasons_of_the_systems_own_are_said_in_the_language_of_the_page(
    client: Client, opening: Opening, coordinator: User, log_case: Log
) -> None:
    log_case("T07").void(by=coordinator, reason="押しまちがい。二度目")
    enter(opening, {"T05": {"solved": 1}}, includes_taps=True, by=coordinator)
    log_case("T05")
    with override("en"):
        english = gettext("押しまちがい")
    assert say_reason(english) == "押しまちがい"
    client.force_login(coordinator)
    client.cookies["django_language"] = "en"
    page = client.get(reverse("consult:paper", args=[opening.pk])).content.decode()
    assert "あとから届いた" not in page
    log = client.get(reverse("consult:log", args=[opening.pk])).content.decode()
    assert f"{english}。二度目" in log


def test_taps_whose_sender_died_before_they_met_the_sheet_meet_it_when_they_are_sent_again(
    opening: Opening, coordinator: User, log_case: Log
) -> None:
    case, twice = log_case("T05"), {"pk": uuid.uuid4()}
    log_case("T05", **twice)
    enter(opening, {"T05": {"solved": 3}}, includes_taps=True, by=coordinator)
    for _mark in range(2):  # as if they had been entered while the two cases were on their way
        paper = {"pk": uuid.uuid4(), "source": "paper"}
        log_case("T05", **paper)
    assert opening.consultations.counted().count() == 5
    log_case("T05", **twice)
    assert standing(opening) == {("tap", "T05"): 2, ("paper", "T05"): 1}
    assert not Consultation.objects.get(pk=case.pk).is_void


def test_rows_from_paper_are_taken_back_by_whoever_sent_the_cases(
    opening: Opening, coordinator: User, desk_account: User, log_case: Log
) -> None:
    enter(opening, {"T05": {"solved": 1}}, includes_taps=True, by=coordinator)
    log_case("T05")
    assert opening.consultations.exclude(voided_at=None).get().voided_by == desk_account
    assert [entry.by for entry in DaySheet.objects.get().entries.all()] == [coordinator, desk_account]


def test_rows_from_paper_that_a_tablets_cases_stand_for_are_taken_back_by_the_tablet(
    opening: Opening, coordinator: User
) -> None:
    tablet = Invitation.objects.make(desk=opening.desk, name="受付", by=coordinator)[0].accept()[0]
    enter(opening, {"T05": {"solved": 2}}, includes_taps=True, by=coordinator)
    place = Place.of(Opening.objects.filter(pk=opening.pk))[opening.pk]
    case = Case(pk=uuid.uuid4(), place=place, topic="T05", outcome="solved")
    Consultation.objects.log_many([case], by=None, tablet=tablet)
    entered, met = DaySheet.objects.get().entries.all()
    assert (entered.by, entered.tablet) == (coordinator, None)
    assert (met.by, met.tablet, met.voided) == (None, tablet, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        DaySheetEntry.objects.filter(pk=met.pk).update(tablet=None)


def test_a_sheet_that_met_taps_is_what_it_would_be_if_it_were_entered_after_them(
    opening: Opening, coordinator: User, log_case: Log
) -> None:
    tally: Tally = {"T05": {"solved": 2, "partly": 2}, "T07": {"unrecorded": 3}}
    enter(opening, tally, includes_taps=True, by=coordinator)
    for topic, outcome in (("T05", "partly"), ("T07", "solved"), ("T01", "solved")):
        log_case(topic, outcome=outcome)
        plan = reckon(opening, tally, includes_taps=True)
        assert (plan.add, plan.take_back) == ({}, {})
    assert opening.consultations.counted().count() == 7


def test_a_sheet_with_fewer_marks_than_taps_is_doubted_before_it_is_saved(
    office: Client, opening: Opening, log_case: Log
) -> None:
    log_case("T05")
    log_case("T05")
    url = reverse("consult:paper", args=[opening.pk])
    for marks, includes, doubted in ((1, "included", True), (2, "included", False), (1, "on_top", False)):
        answer = office.post(url, {"n_T05_solved": marks, "includes": includes, "preview": "1"})
        assert ("少なくなっています" in answer.content.decode()) is doubted


@on_postgresql
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_paper_entered_while_taps_arrive_counts_nothing_twice(
    opening: Opening, coordinator: User, desk_account: User, turn: int
) -> None:
    place = Place.of(Opening.objects.filter(pk=opening.pk))[opening.pk]
    start = threading.Barrier(4)

    def tap() -> None:
        start.wait()
        for _case in range(3):
            case = Case(pk=uuid.uuid4(), place=place, topic="T05", outcome="solved")
            Consultation.objects.log_many([case], by=desk_account)
        connection.close()

    def write() -> None:
        start.wait()
        enter(opening, {"T05": {"solved": 6}, "T07": {"solved": 4}}, includes_taps=True, by=coordinator)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for work in (tap, write, tap, tap)]:
            done.result()
    assert opening.consultations.counted().count() == 10
    assert opening.consultations.counted().filter(source="tap").count() == 9


def test_taps_that_arrive_after_a_sheet_of_other_cases_take_nothing_back(
    opening: Opening, coordinator: User, log_case: Log
) -> None:
    enter(opening, {"T05": {"solved": 3}}, includes_taps=False, by=coordinator)
    log_case("T05")
    assert opening.consultations.counted().count() == 4


def test_the_reason_of_a_sheet_keeps_no_way_to_find_a_person(opening: Opening, coordinator: User) -> None:
    enter(opening, {"T05": {"solved": 3}}, includes_taps=False, by=coordinator)
    with pytest.raises(PersonalData):
        enter(opening, {"T05": {"solved": 1}}, includes_taps=False, by=coordinator, reason="090-1234-5678に聞いた")
    assert standing(opening) == {("paper", "T05"): 3}


def test_an_empty_sheet_is_refused_and_an_emptied_one_is_not(opening: Opening, coordinator: User) -> None:
    with pytest.raises(SheetSaysNothing):
        enter(opening, {}, includes_taps=False, by=coordinator)
    assert not DaySheet.objects.exists()
    enter(opening, {"T05": {"solved": 1}}, includes_taps=False, by=coordinator)
    enter(opening, {}, includes_taps=False, by=coordinator, reason="別の日の紙だった")
    assert opening.consultations.counted().count() == 0


def test_a_row_of_a_sheet_is_put_right_on_the_sheet(opening: Opening, coordinator: User) -> None:
    enter(opening, {"T05": {"solved": 1}}, includes_taps=False, by=coordinator)
    case = opening.consultations.get()
    with pytest.raises(OnSheet):
        case.void(by=coordinator, reason="練習")
    with pytest.raises(OnSheet):
        case.correct(by=coordinator, reason="練習", follow_up=True)
    assert standing(opening) == {("paper", "T05"): 1}


def test_a_tapped_case_that_is_taken_back_leaves_what_the_paper_says(
    opening: Opening, coordinator: User, log_case: Log
) -> None:
    first = log_case("T05")
    enter(opening, {"T05": {"solved": 3}, "T07": {"solved": 2}}, includes_taps=True, by=coordinator)
    late = log_case("T07")
    for case in (late, first):
        case.void(by=coordinator, reason="押しまちがい")
        assert opening.consultations.counted().count() == 5
    assert standing(opening) == {("paper", "T05"): 3, ("paper", "T07"): 2}
    last = DaySheetEntry.objects.last()
    assert last is not None
    assert (last.by, last.added, last.reason) == (coordinator, 1, "画面の記録の取り消しとの数合わせ")


def test_a_tapped_case_that_is_corrected_leaves_what_the_paper_says(
    opening: Opening, coordinator: User, log_case: Log
) -> None:
    case = log_case("T05")
    enter(opening, {"T05": {"solved": 1}, "T07": {"solved": 1}}, includes_taps=True, by=coordinator)
    case.correct(by=coordinator, reason="押しまちがい", topic=Topic.objects.get(pk="T07"))
    assert standing(opening) == {("tap", "T07"): 1, ("paper", "T05"): 1}


def test_a_tapped_case_taken_back_beside_a_sheet_of_other_cases_is_one_less(
    opening: Opening, coordinator: User, log_case: Log
) -> None:
    case = log_case("T05")
    enter(opening, {"T05": {"solved": 3}}, includes_taps=False, by=coordinator)
    case.void(by=coordinator, reason="押しまちがい")
    assert opening.consultations.counted().count() == 3


MARKS = st.dictionaries(
    st.tuples(st.sampled_from(["T01", "T05", "T07"]), st.sampled_from(["solved", "partly"])), st.integers(1, 6)
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(marks=MARKS, taps=MARKS)
def test_the_opening_has_as_many_cases_as_the_larger_of_both(
    marks: dict[tuple[str, str], int], taps: dict[tuple[str, str], int]
) -> None:
    written, tapped = Counter(marks), Counter(taps)
    added = _without_tapped(written, tapped)
    assert tapped.total() + added.total() == max(written.total(), tapped.total())
    assert added <= written


# --- Pages -------------------------------------------------------------------------------------------
def typed(*, includes: str = "on_top", **numbers: object) -> dict[str, object]:
    return {f"n_{cell}": number for cell, number in numbers.items()} | {"includes": includes}


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def test_the_page_first_says_what_would_happen_then_does_it(office: Client, opening: Opening, log_case: Log) -> None:
    log_case("T05")
    url, sent = reverse("consult:paper", args=[opening.pk]), typed(includes="", T05_solved="３", T07_partly="1")
    asked = office.post(url, sent | {"preview": ""})
    assert "同じ相談を2回数えないためです。" in asked.content.decode()
    assert asked.context["form"]["n_T05_solved"].value() == "３"  # nothing typed is lost
    page = office.post(url, sent | {"includes": "included", "preview": ""})
    assert (page.context["plan"].added, page.context["plan"].total) == (3, 4)
    assert opening.consultations.count() == 1
    done = office.post(url, sent | {"includes": "included", "save": ""}, follow=True)
    assert "この日の相談は、合わせて4件です。" in done.content.decode()
    assert opening.consultations.counted().count() == 4
    assert "加えた記録 3件、取り消した記録 0件" in done.content.decode()


@pytest.mark.parametrize("number", ["x", "-1", "201", "1.5"])
def test_a_number_that_is_none_is_told_at_its_field(office: Client, opening: Opening, number: str) -> None:
    page = office.post(reverse("consult:paper", args=[opening.pk]), typed(T05_solved=number) | {"save": ""})
    assert set(page.context["form"].errors) == {"n_T05_solved"}
    assert opening.consultations.count() == 0


def test_an_empty_grid_says_so(office: Client, opening: Opening) -> None:
    for button in ("preview", "save"):
        page = office.post(reverse("consult:paper", args=[opening.pk]), typed() | {button: ""})
        assert "数字を1つも入れていません。" in page.content.decode()


def test_paper_entered_before_the_taps_of_its_day_arrive_says_whether_they_are_in_it(
    office: Client, opening: Opening, log_case: Log
) -> None:
    url = reverse("consult:paper", args=[opening.pk])
    asked = office.post(url, typed(includes="", T05_solved=3) | {"save": ""})
    assert asked.context["form"].errors["includes"]
    office.post(url, typed(includes="included", T05_solved=3) | {"save": ""})
    for _case in range(3):
        log_case("T05")
    assert standing(opening) == {("tap", "T05"): 3}


def test_other_numbers_ask_for_a_reason(office: Client, opening: Opening) -> None:
    url = reverse("consult:paper", args=[opening.pk])
    office.post(url, typed(T05_solved=2) | {"save": ""})
    page = office.post(url, typed(T05_solved=1) | {"save": ""})
    assert page.context["form"].errors["reason"] == ["理由を入力してください。"]
    office.post(url, typed(T05_solved=1) | {"save": "", "reason": "数えまちがい"})
    assert opening.consultations.counted().count() == 1


def test_the_sheet_has_a_row_for_each_topic_and_a_code_of_the_opening(office: Client, opening: Opening) -> None:
    page = office.get(reverse("consult:sheet", args=[opening.pk]))
    assert page.content.count(b"<tr>") >= 23
    assert b'class="qr"' in page.content
    assert "記入なし" not in page.content.decode()


def test_the_page_asks_the_same_however_many_cases_there_are(
    office: Client, opening: Opening, log_case: Log, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 2, 3):
        log_case(pk=uuid.uuid4())
        if number in (1, 3):
            # session, account, opening, five lists, sheet, taps, count, programme
            with django_assert_num_queries(12):
                office.get(reverse("consult:paper", args=[opening.pk]))

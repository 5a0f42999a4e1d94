"""The log's pages: three taps, nothing twice, nothing typed is lost."""

import datetime as dt
import re
import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consult.models import Consultation, Desk, MonthReport, Opening
from programme.models import Topic, User
from tests.consult.rows import an_opening

pytestmark = pytest.mark.django_db

Log = Callable[..., Consultation]


@pytest.fixture
def tablet(client: Client, desk_account: User) -> Client:
    """A browser signed in with the desk's account."""
    client.force_login(desk_account)
    return client


def log_url(opening: Opening) -> str:
    return reverse("consult:log", args=[opening.pk])


def answers(**more: object) -> dict[str, object]:
    return {"id": str(uuid.uuid4()), "topic": "T05", "outcome": "solved"} | more


def text_of(page: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def test_topic_outcome_save_is_a_case(tablet: Client, opening: Opening, desk_account: User) -> None:
    page = tablet.post(log_url(opening), answers(), follow=True)
    assert page.redirect_chain == [(log_url(opening), 302)]
    assert "記録しました(今日 1件)" in page.content.decode()
    case = opening.consultations.get()
    assert (case.topic_id, case.outcome_id, case.logged_by) == ("T05", "solved", desk_account)


def test_each_page_brings_an_id_of_its_own(tablet: Client, opening: Opening) -> None:
    ids = {re.search(r'name="id" value="([^"]+)"', tablet.get(log_url(opening)).content.decode())[1] for _x in "ab"}  # type: ignore[index]
    assert len(ids) == 2
    assert all(uuid.UUID(value) for value in ids)


def test_a_double_tap_stores_once_and_says_the_same(tablet: Client, opening: Opening) -> None:
    sent = answers(note="2回目", more_topics=["T01", "T03"])
    pages = [tablet.post(log_url(opening), sent, follow=True) for _tap in range(3)]
    assert all("記録しました(今日 1件)" in page.content.decode() for page in pages)
    assert opening.consultations.count() == 1


def test_going_back_and_saving_other_answers_asks_once_more_and_then_stores_both(
    tablet: Client, opening: Opening
) -> None:
    sent = answers()
    tablet.post(log_url(opening), sent)
    page = tablet.post(log_url(opening), sent | {"topic": "T06", "note": "写真"})
    assert "前の記録は保存してあります。" in page.content.decode()
    form = page.context["form"]
    assert (form["topic"].value(), form["note"].value()) == ("T06", "写真")
    fresh = re.search(r'name="id" value="([^"]+)"', page.content.decode())
    assert fresh is not None
    assert fresh[1] != sent["id"]
    tablet.post(log_url(opening), answers(topic="T06", note="写真", id=fresh[1]))
    assert sorted(case.topic_id for case in opening.consultations.all()) == ["T05", "T06"]


def test_all_that_may_be_said_is_kept(tablet: Client, opening: Opening) -> None:
    more = {
        "more_topics": ["T01", "T05"],
        "device": "iphone",
        "age_band": "A80",
        "visit": "again",
        "minutes": "２０分",
        "follow_up": "on",
        "note": "次は写真",
    }
    tablet.post(log_url(opening), answers(**more))
    case = opening.consultations.get()
    assert (case.device_id, case.age_band_id, case.visit_id) == ("iphone", "A80", "again")
    assert (case.minutes, case.follow_up, case.note) == (20, True, "次は写真")
    assert [topic.pk for topic in case.more_topics.all()] == ["T01"]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("topic", "", "相談の内容を1つ選んでください。"),
        ("outcome", "", "結果を1つ選んでください。"),
        ("minutes", "二十", "数字で入力してください(例 3)。"),
        ("minutes", "0", "1 以上"),
        ("minutes", "601", "600 以下"),
        ("note", "090-1234-5678", "個人のことは書かないでください。"),
        ("note", "あ" * 101, "100字までで入力してください(今 101字)。"),
    ],
)
def test_a_wrong_answer_is_told_at_its_field_and_nothing_typed_is_lost(
    tablet: Client, opening: Opening, field: str, typed: str, sentence: str
) -> None:
    sent = answers(note="写真の整理", minutes="15", device="ipad") | {field: typed}
    page = tablet.post(log_url(opening), sent)
    form = page.context["form"]
    assert list(form.errors) == [field]
    assert sentence in page.content.decode()
    kept = {name: form[name].value() for name in ("topic", "outcome", "note", "minutes", "device", "id")}
    assert kept == {name: sent[name] for name in kept}
    assert opening.consultations.count() == 0


def test_an_answer_below_the_fold_opens_the_fold(tablet: Client, opening: Opening) -> None:
    assert "<details>" in tablet.get(log_url(opening)).content.decode()
    page = tablet.post(log_url(opening), answers(topic="", note="写真"))
    assert "<details open>" in page.content.decode()


def test_a_code_that_nobody_knows_is_refused_kindly(tablet: Client, opening: Opening) -> None:
    page = tablet.post(log_url(opening), answers(topic="T77", id="not-an-id"))
    assert page.status_code == 200
    assert set(page.context["form"].errors) == {"topic", "id"}


def test_common_topics_come_first(tablet: Client, opening: Opening, log_case: Log) -> None:
    for topic in ("T19", "T19", "T07"):
        log_case(topic)
    groups = tablet.get(log_url(opening)).context["form"].fields["topic"].choices
    assert [str(name) for name, _tiles in groups] == ["よくある相談", "ほかの相談"]
    assert [code for code, _tile in groups[0][1]] == ["T19", "T07"]
    assert [code for code, _tile in groups[1][1]][:3] == ["T01", "T02", "T03"]
    assert len(groups[0][1]) + len(groups[1][1]) == Topic.objects.count()


def test_other_topics_are_folded_until_one_of_them_is_chosen(tablet: Client, opening: Opening, log_case: Log) -> None:
    log_case("T19")
    folded = r"<details{}>\s*<summary>ほかの相談</summary>"
    assert re.search(folded.format(""), tablet.get(log_url(opening)).content.decode())
    page = tablet.post(log_url(opening), answers(topic="T05", outcome=""))
    assert re.search(folded.format(" open"), page.content.decode())
    page = tablet.post(log_url(opening), answers(topic="T19", outcome=""))
    assert re.search(folded.format(""), page.content.decode())


def test_without_any_case_yet_all_topics_are_at_hand(tablet: Client, opening: Opening) -> None:
    assert "ほかの相談" not in tablet.get(log_url(opening)).content.decode()


def test_topics_out_of_use_are_not_offered(tablet: Client, opening: Opening) -> None:
    Topic.objects.filter(pk="T15").update(active=False)
    assert "T15" not in dict(tablet.get(log_url(opening)).context["form"].fields["topic"].choices)


@pytest.mark.parametrize("code", ["T13", "T16", "T18", "T19", "T98"])
def test_topics_of_safety_say_their_rule_and_whom_to_call(tablet: Client, opening: Opening, code: str) -> None:
    hint = Topic.objects.get(pk=code).hint
    assert len(hint) > 10
    page = tablet.get(log_url(opening)).content.decode()
    for name in ("topic", "more_topics"):  # as the main topic and as a second one
        tile = page.partition(f'name="{name}" value="{code}"')[2].partition("</label>")[0]
        assert f'<small class="rule">{hint}</small>' in tile


def test_the_pages_cases_are_there_with_undo(tablet: Client, opening: Opening, log_case: Log) -> None:
    kept, void = log_case("T05", more_topics=[Topic.objects.get(pk="T01")]), log_case("T06")
    void.void(by=void.logged_by, reason="二重に記録した")
    page = tablet.get(log_url(opening))
    assert page.context["count"] == 1
    assert {case.pk for case in page.context["cases"]} == {kept.pk, void.pk}
    assert page.context["latest"] == kept
    content = page.content.decode()
    assert reverse("consult:void", args=[kept.pk]) in content
    assert reverse("consult:void", args=[void.pk]) not in content
    assert "二重に記録した" in content


def test_an_opening_to_come_says_when_it_can_be_logged(tablet: Client, desk: Desk) -> None:
    tomorrow = an_opening(desk, timezone.localdate() + dt.timedelta(days=1))
    assert "その日になってから記録できます" in tablet.get(log_url(tomorrow)).content.decode()
    tablet.post(log_url(tomorrow), answers())
    assert tomorrow.consultations.count() == 0


def test_an_earlier_day_is_logged_as_that_day_and_says_so(tablet: Client, desk: Desk) -> None:
    late = an_opening(desk, timezone.localdate() - dt.timedelta(days=2))
    assert "今日ではなく、" in tablet.get(log_url(late)).content.decode()
    page = tablet.post(log_url(late), answers(), follow=True)
    assert "記録しました(この日 1件)" in page.content.decode()
    assert late.consultations.get().date == late.date


def test_a_day_that_was_called_off_still_takes_a_case(tablet: Client, desk: Desk, coordinator: User) -> None:
    opening = an_opening(desk, timezone.localdate())
    opening.shift.cancel(by=coordinator, reason="大雪のため")
    assert "中止になっています" in tablet.get(log_url(opening)).content.decode()
    tablet.post(log_url(opening), answers())
    assert opening.consultations.count() == 1


def test_a_team_logs_and_sees_its_openings_cases_together(
    client: Client, opening: Opening, on_duty: User, log_case: Log
) -> None:
    log_case()
    client.force_login(on_duty)
    page = client.post(log_url(opening), answers(), follow=True)
    assert "記録しました(今日 2件)" in page.content.decode()
    assert page.context["count"] == 2
    assert page.context["latest"].logged_by == on_duty


# --- Home --------------------------------------------------------------------------------------------
def test_a_desks_account_goes_straight_to_todays_opening(tablet: Client, opening: Opening) -> None:
    page = tablet.get(reverse("consult:log_home"))
    assert (page.status_code, page["Location"]) == (302, log_url(opening))


def test_a_desks_account_without_an_opening_today_is_told_the_next(tablet: Client, desk: Desk) -> None:
    coming = an_opening(desk, timezone.localdate() + dt.timedelta(days=2))
    text = text_of(tablet.get(reverse("consult:log_home")).content)
    assert "今日の相談所はありません。次は" in text
    assert f"{coming.date.month}月{coming.date.day}日" in text


def test_home_lists_todays_and_recent_openings_that_one_may_log_for(
    client: Client, opening: Opening, on_duty: User, desk: Desk
) -> None:
    an_opening(desk, timezone.localdate() - dt.timedelta(days=3))  # not this supporter's
    client.force_login(on_duty)
    page = client.get(reverse("consult:log_home"))
    assert page.context["openings"] == [opening]
    assert list(page.context["late"]) == []


def test_home_lists_what_a_coordinator_may_have_forgotten(
    client: Client, opening: Opening, coordinator: User, desk: Desk
) -> None:
    today = timezone.localdate()
    an_opening(desk, today - dt.timedelta(days=15))
    recent = an_opening(desk, today - dt.timedelta(days=14))
    client.force_login(coordinator)
    page = client.get(reverse("consult:log_home"))
    assert (page.context["openings"], list(page.context["late"])) == ([opening], [recent])


# --- Void and correct --------------------------------------------------------------------------------
def test_undo_takes_the_case_out_with_its_reason(tablet: Client, opening: Opening, log_case: Log) -> None:
    case = log_case()
    url = reverse("consult:void", args=[case.pk])
    assert tablet.get(url).status_code == 200
    case.refresh_from_db()
    assert not case.is_void  # looking changes nothing
    page = tablet.post(url, {"why": "押しまちがい"}, follow=True)
    assert page.redirect_chain == [(log_url(opening), 302)]
    assert "記録を取り消しました。" in page.content.decode()
    case.refresh_from_db()
    assert case.void_reason == "押しまちがい"
    assert "もう取り消されています" in tablet.get(url).content.decode()


def test_undo_for_another_reason_asks_for_words(tablet: Client, log_case: Log) -> None:
    case = log_case()
    url = reverse("consult:void", args=[case.pk])
    assert list(tablet.post(url, {"why": "other"}).context["form"].errors) == ["words"]
    assert list(tablet.post(url, {}).context["form"].errors) == ["why"]
    tablet.post(url, {"why": "other", "words": "別の日の相談だった"})
    case.refresh_from_db()
    assert case.void_reason == "別の日の相談だった"


def test_a_correction_shows_what_stands_and_keeps_the_old_value(
    tablet: Client, opening: Opening, log_case: Log
) -> None:
    case = log_case("T05", more_topics=[Topic.objects.get(pk="T01")], minutes=10, note="2回目")
    url = reverse("consult:correct", args=[case.pk])
    form = tablet.get(url).context["form"]
    assert (form["topic"].value(), form["more_topics"].value(), form["note"].value()) == ("T05", ["T01"], "2回目")
    sent = {"topic": "T05", "outcome": "referred", "more_topics": ["T01"], "minutes": "10", "note": "2回目"}
    page = tablet.post(url, sent | {"reason": "結果を押しまちがえた"}, follow=True)
    assert "記録を直しました。" in page.content.decode()
    case.refresh_from_db()
    assert case.outcome_id == "referred"
    text = text_of(tablet.get(url).content)
    assert "結果: 解決 → 他窓口案内 (結果を押しまちがえた" in text


def test_a_correction_without_reason_is_told_at_the_field(tablet: Client, log_case: Log) -> None:
    case = log_case("T05")
    page = tablet.post(reverse("consult:correct", args=[case.pk]), {"topic": "T06", "outcome": "solved"})
    assert page.context["form"].errors == {"reason": ["直す理由を入力してください。"]}
    assert page.context["form"]["topic"].value() == "T06"


def test_before_a_case_of_a_closed_month_is_changed_the_page_says_that_the_figures_stay(
    tablet: Client, log_case: Log, coordinator: User, opening: Opening
) -> None:
    case, day = log_case("T05"), opening.date
    pages = [reverse(name, args=[case.pk]) for name in ("consult:void", "consult:correct")]
    sentence = "コーディネーターが確かめて「訂正」してから変わります。"
    assert [sentence in tablet.get(page).content.decode() for page in pages] == [False, False]
    MonthReport.objects.create(year=day.year, month=day.month, closed_by=coordinator, sha256="0" * 64)
    assert [sentence in tablet.get(page).content.decode() for page in pages] == [True, True]
    assert tablet.post(pages[0], {"why": "押しまちがい"}).status_code == 302
    case.refresh_from_db()
    assert case.is_void


def test_a_topic_out_of_use_stays_on_the_case_that_has_it(tablet: Client, log_case: Log) -> None:
    case = log_case("T15")
    Topic.objects.filter(pk="T15").update(active=False)
    sent = {"topic": "T15", "outcome": "referred", "reason": "結果を押しまちがえた"}
    tablet.post(reverse("consult:correct", args=[case.pk]), sent)
    case.refresh_from_db()
    assert (case.topic_id, case.outcome_id) == ("T15", "referred")


# --- Speed -------------------------------------------------------------------------------------------
def test_the_log_asks_the_database_the_same_for_one_case_and_for_three(
    tablet: Client, opening: Opening, log_case: Log, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    log_case(more_topics=[Topic.objects.get(pk="T01")])
    with django_assert_num_queries(LOG_QUERIES):
        tablet.get(log_url(opening))
    for topic in ("T06", "T07"):
        log_case(topic, more_topics=[Topic.objects.get(pk="T02")])
    with django_assert_num_queries(LOG_QUERIES):
        tablet.get(log_url(opening))


def test_home_asks_the_same_for_one_opening_and_for_three(
    client: Client, desk: Desk, coordinator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(coordinator)
    for days in (1, 2, 3):
        an_opening(desk, timezone.localdate() - dt.timedelta(days=days))
        if days in (1, 3):
            with django_assert_num_queries(HOME_QUERIES):
                client.get(reverse("consult:log_home"))


# session, account, programme for the frame; then the page's own.
LOG_QUERIES = 12
HOME_QUERIES = 6

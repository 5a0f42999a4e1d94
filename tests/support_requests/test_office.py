"""The coordinator's pages: the list, one request, and requests by telephone."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Message
from programme.models import User
from programme.wording import say_day, say_moment, say_short
from support_requests.messages import ask_to_confirm
from support_requests.models import SupportRequest
from tests.factories import ContactFactory, GroupFactory, SupportRequestFactory, UserFactory, at
from tests.support_requests.asking import sent
from tests.support_requests.booking import a_booked_session

pytestmark = pytest.mark.usefixtures("programme_facts")


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


# --- Who may --------------------------------------------------------------------------------------------

PAGES = ["list/", "phone/", "list/{pk}/", "list/{pk}/slip/"]


@pytest.mark.parametrize("page", PAGES)
def test_the_offices_pages_are_the_coordinators(client: Client, coordinator: User, officer: User, page: str) -> None:
    path = "/requests/" + page.format(pk=SupportRequestFactory.create().pk)
    answers = [client.get(path).status_code]
    for user in (UserFactory.create(), officer, coordinator):
        client.force_login(user)
        answers.append(client.get(path).status_code)
    assert answers == [302, 404, 404, 200]


@pytest.mark.parametrize("verb", ["confirm", "decline", "withdraw"])
def test_nobody_else_moves_a_request(client: Client, verb: str) -> None:
    asked = SupportRequestFactory.create(status="received")
    path, data = f"/requests/list/{asked.pk}/{verb}/", {"decline-reason": "x", "withdraw-reason": "x"}
    answers = [client.post(path, data).status_code]
    client.force_login(UserFactory.create())
    answers.append(client.post(path, data).status_code)
    asked.refresh_from_db()
    assert (answers, asked.status) == ([302, 404], "received")


@pytest.mark.parametrize("verb", ["confirm", "decline", "withdraw"])
def test_opening_a_verbs_address_changes_nothing(office: Client, verb: str) -> None:
    asked = SupportRequestFactory.create(status="received")
    assert office.get(f"/requests/list/{asked.pk}/{verb}/").status_code == 405
    asked.refresh_from_db()
    assert asked.status == "received"


# --- The list -------------------------------------------------------------------------------------------


def names(client: Client, **query: str) -> list[str]:
    """The groups on the list, in its order."""
    page = client.get("/requests/list/", query).content.decode()
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', page)


def test_the_list_shows_what_is_under_way_those_that_wait_longest_first(office: Client) -> None:
    for days, (status, name) in enumerate(
        [("confirmed", "新しい会"), ("withdrawn", "やめた会"), ("booked", "決まった会"), ("reported", "済んだ会")]
    ):
        SupportRequestFactory.create(group__name=name, status=status, received_at=at(-days))
    assert names(office) == ["決まった会", "新しい会"]
    assert names(office, status="all") == ["済んだ会", "決まった会", "やめた会", "新しい会"]
    assert names(office, status="withdrawn") == ["やめた会"]
    assert names(office, status="nonsense") == ["決まった会", "新しい会"]


def test_the_list_says_how_long_a_group_has_been_waiting(office: Client) -> None:
    SupportRequestFactory.create(received_at=at(-3))
    assert "3日前" in office.get("/requests/list/").content.decode()


def test_a_group_is_found_by_name_number_leader_and_telephone(office: Client) -> None:
    contact = ContactFactory.create(name="髙橋𠮷子", phone="０２７ー２２４ー１１１１")
    asked = SupportRequestFactory.create(group=GroupFactory.create(name="ﾋﾏﾜﾘ会 髙井", contact=contact))
    SupportRequestFactory.create(group__name="よその会", group__contact__name="山田")
    for words in (
        "ひまわり",
        "高井",
        "髙橋",
        asked.number,
        str(asked.pk),
        "027-224-1111",
        "２２４ー１１１１",
        "2241111",
    ):
        assert names(office, words=words) == ["ﾋﾏﾜﾘ会 髙井"], words
    assert names(office, words="9" * 40) == []
    assert names(office, words="見つからない") == []


def test_long_lists_have_pages_that_keep_the_filter(office: Client) -> None:
    for number in range(21):
        SupportRequestFactory.create(group__name=f"会{number:02}", received_at=at(-30 + number), status="withdrawn")
    first = office.get("/requests/list/?status=withdrawn").content.decode()
    assert "status=withdrawn&amp;page=2" in first
    assert names(office, status="withdrawn", page="2") == ["会20"]
    assert names(office, status="withdrawn", page="x")[0] == "会00"


def test_the_lists_queries_do_not_grow_with_its_rows(office: Client) -> None:
    SupportRequestFactory.create()
    one = queries(office, "/requests/list/")
    for _ in range(2):
        SupportRequestFactory.create()
    assert queries(office, "/requests/list/") == one


def test_the_details_queries_do_not_grow_with_the_story(office: Client, coordinator: User) -> None:
    small, large = (
        a_booked_session(taken_by=coordinator).request,
        a_booked_session(names=["山田", "林", "森"], taken_by=coordinator).request,
    )
    few = queries(office, f"/requests/list/{small.pk}/")
    for topic in ("T01", "T09"):
        large.topics.create(topic_id=topic)
    large.moves.create(from_status="received", to_status="confirmed", by=coordinator)
    large.moves.create(from_status="confirmed", to_status="planned", by=coordinator)
    assert queries(office, f"/requests/list/{large.pk}/") == few


# --- One request ----------------------------------------------------------------------------------------


def test_the_page_tells_the_whole_story(office: Client, coordinator: User) -> None:
    session = a_booked_session(names=["髙橋𠮷子"], note="車いす1台", needs=["sign"])
    page = office.get(f"/requests/list/{session.request.pk}/").content.decode()
    for fact in (
        "車いす1台",
        "手話",
        "髙橋𠮷子 (引き受け済み)",
        "出張サポートの日にちが決まりました",
        session.request.number,
    ):
        assert fact in page, fact


@pytest.mark.parametrize("do", ["decline", "withdraw", "reopen", "publish"])
def test_the_form_of_what_is_rarely_done_is_made_when_its_link_is_followed(office: Client, do: str) -> None:
    page = f"/requests/list/{a_booked_session().request.pk}/"
    seen, asked = office.get(page).content.decode(), office.get(page, {"do": do}).content.decode()
    assert f'href="{page}?do={do}#{do}"' in seen
    assert f'<section id="{do}">' not in seen
    assert f'<section id="{do}">' in asked
    assert (
        office.get(page, {"do": "fewer"}).content.decode().count("<section id=") == 1
    )  # nothing to decide: the record


def test_a_coordinator_who_reached_the_group_confirms_its_request(office: Client, coordinator: User) -> None:
    asked = SupportRequestFactory.create(status="received")
    page = office.post(f"/requests/list/{asked.pk}/confirm/", follow=True).content.decode()
    asked.refresh_from_db()
    assert "確認済みにしました。" in page
    assert (asked.status, asked.moves.get().by, asked.group.contact.email_proved_at) == ("confirmed", coordinator, None)


def test_a_group_that_was_reached_by_phone_is_not_rung_for_the_confirmation_again(
    office: Client, coordinator: User
) -> None:
    contact = ContactFactory.create(email="", phone="027-224-1111")
    asked = SupportRequestFactory.create(status="received", group=GroupFactory.create(contact=contact))
    ask_to_confirm(asked)
    assert Message.objects.needs_a_person().exists()
    office.post(f"/requests/list/{asked.pk}/confirm/")
    assert not Message.objects.needs_a_person().exists()


def test_confirming_twice_is_once(office: Client) -> None:
    asked = SupportRequestFactory.create(status="received")
    for _ in range(2):
        office.post(f"/requests/list/{asked.pk}/confirm/")
    assert (asked.moves.count(), Message.objects.count()) == (1, 1)


def test_a_declined_group_is_told_why(office: Client, coordinator: User) -> None:
    asked = SupportRequestFactory.create()
    office.post(f"/requests/list/{asked.pk}/decline/", {"decline-reason": "サポーターが足りないため"})
    asked.refresh_from_db()
    move, message = asked.moves.get(), Message.objects.get()
    assert (asked.status, move.by, move.reason) == ("declined", coordinator, "サポーターが足りないため")
    assert "理由: サポーターが足りないため" in message.body
    assert "お受けできませんでした" in message.title


def test_a_group_whose_day_is_called_off_reads_which_day() -> None:
    session = a_booked_session()
    session.request.decline(by=None, reason="大雪のため", cause="weather")
    message = Message.objects.get(kind="request_closed")
    starts_at = session.shift.starts_at
    assert message.title == f"{say_day(session.shift.local_date)}の出張サポートは行いません"
    assert f"{say_short(starts_at)}の出張サポートは行いません" in message.short
    assert (say_moment(starts_at) in message.body, "お受けできません" in message.body) == (True, False)


@pytest.mark.parametrize("verb", ["decline", "withdraw"])
def test_the_office_gives_a_reason(office: Client, verb: str) -> None:
    asked = SupportRequestFactory.create()
    page = office.post(f"/requests/list/{asked.pk}/{verb}/", {f"{verb}-reason": " "}).content.decode()
    asked.refresh_from_db()
    assert asked.status == "confirmed"
    assert page.count("＊理由を入力してください。") == 1
    assert page.count(f'<section id="{verb}">') == 1


def test_a_group_that_rings_is_taken_off_by_the_coordinator(office: Client, coordinator: User) -> None:
    asked = SupportRequestFactory.create()
    office.post(f"/requests/list/{asked.pk}/withdraw/", {"withdraw-reason": "電話で連絡"})
    asked.refresh_from_db()
    assert (asked.status, asked.moves.get().by) == ("withdrawn", coordinator)


def test_a_stale_page_is_told_what_happened(office: Client) -> None:
    asked = SupportRequestFactory.create()
    asked.withdraw(by=None, reason="")
    page = office.post(f"/requests/list/{asked.pk}/decline/", {"decline-reason": "x"}, follow=True).content.decode()
    asked.refresh_from_db()
    assert "ほかの人の操作で状態が変わりました。" in page
    assert asked.status == "withdrawn"
    page = office.post(f"/requests/list/{asked.pk}/confirm/", follow=True).content.decode()
    assert "このお申し込みは「取り下げ」になっています。" in page


def test_a_request_that_is_over_has_no_buttons_to_close_it(office: Client) -> None:
    asked = SupportRequestFactory.create(status="withdrawn")
    assert "/decline/" not in office.get(f"/requests/list/{asked.pk}/").content.decode()


# --- By telephone and on paper --------------------------------------------------------------------------


def test_a_landline_alone_is_taken_in_confirmed(office: Client, coordinator: User) -> None:
    page = office.post("/requests/phone/", sent(email="", intake="phone"), follow=True).content.decode()
    asked = SupportRequest.objects.get()
    assert (asked.status, asked.intake, asked.taken_by) == ("confirmed", "phone", coordinator)
    assert asked.number in page
    assert f"/requests/list/{asked.pk}/slip/" in page


def test_paper_is_told_from_telephone(office: Client) -> None:
    office.post("/requests/phone/", sent(intake="paper"))
    assert SupportRequest.objects.get().intake == "paper"


def test_the_coordinators_form_keeps_what_was_typed_too(office: Client) -> None:
    page = office.post("/requests/phone/", sent(participants="2", leader="髙橋𠮷子", intake="paper")).content.decode()
    assert 'value="髙橋𠮷子"' in page
    assert re.search(r'value="paper"[^>]* checked', page)
    assert SupportRequest.objects.count() == 0


def test_a_double_tap_takes_a_caller_in_once(office: Client) -> None:
    data = sent(intake="phone")
    office.post("/requests/phone/", data)
    page = office.post("/requests/phone/", data, follow=True).content.decode()
    assert "この用紙は、もう登録されています。" in page
    assert SupportRequest.objects.count() == 1


def test_the_coordinators_times_are_in_quarters_of_an_hour(office: Client) -> None:
    page = office.get("/requests/phone/").content.decode()
    assert 'value="10:15"' in page
    assert 'value="10:15"' not in office.get("/requests/").content.decode()


def test_the_slip_says_what_the_group_must_know(office: Client) -> None:
    asked = SupportRequestFactory.create(group__contact__name="髙橋𠮷子")
    page = office.get(f"/requests/list/{asked.pk}/slip/").content.decode()
    for fact in (asked.number, "髙橋𠮷子", str(asked.venue), "5人", "slip.css", "希望の日時"):
        assert fact in page, fact


def test_the_slip_of_a_booked_session_says_its_time(office: Client, set_now: Callable[[dt.datetime], None]) -> None:
    session = a_booked_session()
    page = office.get(f"/requests/list/{session.request.pk}/slip/").content.decode()
    start = timezone.localtime(session.shift.starts_at)
    assert "決まった日時" in page
    assert f"{start:%Y}年{start.month}月{start.day}日" in page

"""The group's private pages: links that prove, show, and take back."""

import datetime as dt
import re
import time
import uuid
from collections.abc import Callable
from unittest import mock

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from notifications import calendars, links, outbox
from notifications.addresses import ASKED_A_DAY
from notifications.models import Channel, Message, Suppression
from programme.models import Device, Level, User, Venue
from programme.wording import say_moment
from support_requests.messages import CONFIRM, STATUS, ask_to_confirm, confirm_key, confirm_url, status_url
from support_requests.models import Session, SupportRequest
from support_requests.rescheduling import reschedule
from support_requests.services import receive
from supporters.models import Assignment, Claim
from tests.factories import ContactFactory, GroupFactory, SupportRequestFactory, a_shift, an_offer, at
from tests.support_requests.booking import a_booked_session, a_planned_session
from tests.support_requests.wishes import a_wish

pytestmark = pytest.mark.usefixtures("programme_facts")


def path_of(url: str) -> str:
    return "/requests/" + url.partition("/requests/")[2]


def old_token(purpose: str, asked: SupportRequest, *, days: int) -> str:
    with mock.patch.object(signing.time, "time", return_value=time.time() - days * 86400):
        return links.token(purpose, confirm_key(asked) if purpose == CONFIRM else asked.pk)


@pytest.fixture
def waiting() -> SupportRequest:
    """A request whose contact has not been proved yet."""
    return SupportRequestFactory.create(status="received")


# --- Confirming -----------------------------------------------------------------------------------------


def test_opening_the_link_changes_nothing(client: Client, waiting: SupportRequest) -> None:
    page = client.get(path_of(confirm_url(waiting))).content.decode()
    waiting.refresh_from_db()
    assert "この内容で申し込みます" in page
    assert (waiting.status, waiting.moves.count(), Message.objects.count()) == ("received", 0, 0)


def test_the_button_confirms_and_proves_the_address(client: Client, waiting: SupportRequest) -> None:
    ask_to_confirm(waiting)
    response = client.post(path_of(confirm_url(waiting)))
    waiting.refresh_from_db()
    move = waiting.moves.get()
    assert response["Location"].startswith("/requests/status/")
    assert waiting.status == "confirmed"
    assert waiting.group.contact.email_proved_at is not None
    assert (move.from_status, move.to_status, move.by) == ("received", "confirmed", None)
    assert {message.kind for message in Message.objects.all()} == {"request_confirm", "request_received"}


def test_a_link_that_came_by_sms_proves_the_number_and_not_the_address(client: Client, waiting: SupportRequest) -> None:
    contact = waiting.group.contact
    contact.mobile = "090-1234-5678"
    contact.save()
    ask_to_confirm(waiting)
    outbox.suppress(Channel.EMAIL, contact.email, Suppression.Reason.BOUNCED)
    client.post(path_of(confirm_url(waiting)))
    contact.refresh_from_db()
    assert (contact.email_proved_at, contact.sms_proved_at is None) == (None, False)


def test_a_second_press_says_that_it_is_confirmed_already(client: Client, waiting: SupportRequest) -> None:
    path = path_of(confirm_url(waiting))
    client.post(path, follow=True)
    page = client.post(path, follow=True).content.decode()
    assert "このお申し込みの確認は、もう済んでいます。" in page
    assert (waiting.moves.count(), Message.objects.count()) == (1, 1)
    assert "もう済んでいます" in client.get(path).content.decode()


def test_a_request_taken_back_cannot_be_confirmed(client: Client, waiting: SupportRequest) -> None:
    waiting.withdraw(by=None, reason="")
    page = client.post(path_of(confirm_url(waiting)), follow=True).content.decode()
    waiting.refresh_from_db()
    assert "このお申し込みは「取り下げ」になっています。" in page
    assert waiting.status == "withdrawn"


def test_a_request_whose_times_have_passed_cannot_be_confirmed_by_link(
    client: Client, waiting: SupportRequest, set_now: Callable[[dt.datetime], None]
) -> None:
    path = path_of(confirm_url(waiting))
    set_now(at(17))
    page = client.post(path, follow=True).content.decode()
    waiting.refresh_from_db()
    assert "予定の時間がもう過ぎています。" in page
    assert waiting.status == "received"


def test_an_old_link_says_so(client: Client, waiting: SupportRequest) -> None:
    response = client.post(f"/requests/confirm/{old_token(CONFIRM, waiting, days=15)}/")
    waiting.refresh_from_db()
    assert (response.status_code, waiting.status) == (410, "received")
    assert "このリンクの期限が過ぎました。" in response.content.decode()


def asked_again(client: Client, asked: SupportRequest) -> str:
    url = path_of(status_url(asked)) + "again/"
    return client.post(url, follow=True).content.decode()


@pytest.mark.parametrize("page", ["status", "thanks"])
def test_a_link_that_was_lost_is_sent_again_to_the_same_address(
    client: Client, waiting: SupportRequest, page: str
) -> None:
    ask_to_confirm(waiting)
    url = path_of(status_url(waiting))
    assert f'action="{url}again/"' in client.get(url.replace("status", page)).content.decode()
    for _tap in range(2):
        assert "もう一度送りました" in asked_again(client, waiting)
    assert [message.address for message in Message.objects.all()] == [waiting.group.contact.email] * 2
    client.post(path_of(confirm_url(waiting)))
    waiting.group.contact.refresh_from_db()
    assert waiting.group.contact.is_proved_on(Channel.EMAIL)
    assert "もう一度送る" not in client.get(path_of(status_url(waiting))).content.decode()
    assert "もう一度送りました" not in asked_again(client, waiting)


def test_a_link_is_sent_again_only_so_often_a_day(
    client: Client, waiting: SupportRequest, set_now: Callable[[dt.datetime], None]
) -> None:
    ask_to_confirm(waiting)
    for minute in range(ASKED_A_DAY + 1):
        set_now(timezone.now() + dt.timedelta(minutes=minute))
        page = asked_again(client, waiting)
    assert "きょうはもう何度もお送りしました" in page
    assert Message.objects.count() == ASKED_A_DAY


def test_an_old_link_leads_to_a_new_one(client: Client, waiting: SupportRequest) -> None:
    old = f"/requests/confirm/{old_token(CONFIRM, waiting, days=15)}/"
    page = client.get(old).content.decode()
    assert "メールのリンクを、もう一度押してみてください。" not in page
    found = re.search(r'href="(/requests/status/[^"]+/again/)"', page)
    assert found
    assert waiting.group.contact.email in client.get(found[1]).content.decode()
    client.post(found[1])
    assert Message.objects.get().address == waiting.group.contact.email
    waiting.confirm(by=None)
    assert "/again/" not in client.get(old).content.decode()


def test_a_new_address_is_asked_again_too(client: Client) -> None:
    asked = SupportRequestFactory.create(status="confirmed")
    asked.group.new_contact = ContactFactory.create(email="new@example.jp")
    asked.group.save()
    assert "もう一度送る" in client.get(path_of(status_url(asked))).content.decode()
    asked_again(client, asked)
    message = Message.objects.get()
    assert (message.kind, message.address) == ("request_contact", "new@example.jp")


def test_whoever_waits_for_a_call_is_sent_nothing(client: Client) -> None:
    contact = ContactFactory.create(email="", phone="027-224-1111")
    asked = SupportRequestFactory.create(status="received", group=GroupFactory.create(contact=contact))
    assert "もう一度送る" not in client.get(path_of(status_url(asked))).content.decode()
    asked_again(client, asked)
    assert Message.objects.count() == 0


def test_a_link_in_its_last_day_works(client: Client, waiting: SupportRequest) -> None:
    client.post(f"/requests/confirm/{old_token(CONFIRM, waiting, days=13)}/")
    waiting.refresh_from_db()
    assert waiting.status == "confirmed"


@pytest.mark.parametrize(
    "page", ["confirm/{}/", "status/{}/", "status/{}/withdraw/", "status/{}/session.ics", "thanks/{}/"]
)
def test_an_altered_link_opens_nothing(client: Client, waiting: SupportRequest, page: str) -> None:
    other = SupportRequestFactory.create()
    purpose = CONFIRM if page.startswith("confirm") else STATUS
    key, rest = links.token(purpose, waiting.pk).split(".", 1)
    for altered in (f"{other.pk}.{rest}", f"{key}.{rest[:-3]}", "x", f"{key}.{rest}𠮷"):
        response = client.get("/requests/" + page.format(altered))
        assert response.status_code == 404
        assert "このリンクは正しく読み取れませんでした。" in response.content.decode()


def test_a_link_serves_one_purpose(client: Client, waiting: SupportRequest) -> None:
    assert client.post(f"/requests/confirm/{links.token(STATUS, waiting.pk)}/").status_code == 404
    assert client.get(f"/requests/status/{links.token(CONFIRM, confirm_key(waiting))}/").status_code == 404
    waiting.refresh_from_db()
    assert waiting.status == "received"


def test_the_link_of_a_request_that_is_no_more_opens_nothing(client: Client) -> None:
    assert client.get(f"/requests/status/{links.token(STATUS, 999)}/").status_code == 404


# --- Status ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("received", "メールでの確認をお待ちしています。"),
        ("confirmed", "日にちとサポーターを調整しています。"),
        ("planned", "サポーターの返事を待っています。"),
        ("withdrawn", "このお申し込みは取り消されています。"),
        ("declined", "今回はお受けできませんでした。"),
    ],
)
def test_the_status_page_says_in_words_where_it_stands(client: Client, status: str, sentence: str) -> None:
    asked = SupportRequestFactory.create(status=status)
    assert sentence in client.get(path_of(status_url(asked))).content.decode()


@pytest.mark.parametrize(
    ("facts", "group_reads", "office_reads"),
    [
        ({"phone": ""}, "お届けしたメールのリンクから", "確認のメールへのお返事"),
        ({"phone": "027-224-1111"}, "お届けしたメールのリンクから", "確認のメールへのお返事"),
        ({"email": "", "phone": "027-224-1111"}, "お電話をお待ちください", "お電話を待っている方です"),
        ({"phone": "027-224-1111", "preferred": "phone"}, "お電話をお待ちください", "お電話を待っている方です"),
        ({"email": "", "phone": "090-1111-2222"}, "SMSでの確認をお待ちしています", "確認のSMSへのお返事"),
        (
            {"phone": "090-1111-2222", "preferred": "sms"},
            "SMSでの確認をお待ちしています",
            "確認のSMSへのお返事",
        ),
    ],
)
def test_both_sides_read_by_which_way_the_proof_was_asked_for(
    client: Client, coordinator: User, facts: dict[str, str], group_reads: str, office_reads: str
) -> None:
    asked, _is_new = receive(a_wish(**facts))
    assert group_reads in client.get(path_of(status_url(asked))).content.decode()
    client.force_login(coordinator)
    assert office_reads in client.get(f"/requests/list/{asked.pk}/").content.decode()


def test_a_session_that_moved_before_its_team_was_complete_shows_its_new_time(
    client: Client, coordinator: User
) -> None:
    session = a_booked_session(names=["支援一郎", "支援二郎"])
    busy = Assignment.objects.get(supporter__name="支援二郎").supporter
    an_offer(a_shift(days=21, hour=10), busy).accept(by=None)
    reschedule(session, at(21), by=coordinator, reason="")
    asked = SupportRequest.objects.get()
    assert asked.status == "planned"
    link = path_of(status_url(asked))
    page = client.get(link).content.decode()
    assert "サポーターを探しています" in page
    assert say_moment(at(21)) in page
    assert say_moment(at(14)) not in page
    assert "支援一郎" not in page
    assert f"DTSTART;TZID=Asia/Tokyo:{at(21):%Y%m%dT%H%M%S}" in client.get(f"{link}session.ics").content.decode()
    client.force_login(coordinator)
    slip = client.get(f"/requests/list/{asked.pk}/slip/").content.decode()
    assert (say_moment(at(21)) in slip, say_moment(at(14)) in slip) == (True, False)


def test_a_plan_that_nobody_was_told_of_shows_no_time(client: Client) -> None:
    session = a_planned_session()
    link = path_of(status_url(session.request))
    page = client.get(link).content.decode()
    assert "日にちの案ができました" in page
    assert "新しい日時" not in page
    assert client.get(f"{link}session.ics").status_code == 404


def test_a_booked_request_shows_time_place_and_people(client: Client) -> None:
    session = a_booked_session(names=["髙橋𠮷子", "林次郎"])
    page = client.get(path_of(status_url(session.request))).content.decode()
    for fact in (
        "髙橋𠮷子さん",
        "林次郎さん",
        str(session.shift.venue),
        "充電しておいてください",
        "カレンダーに入れる",
    ):
        assert fact in page


def test_once_a_session_is_over_its_page_offers_nothing_that_cannot_be_done(
    client: Client, set_now: Callable[[dt.datetime], None]
) -> None:
    session = a_booked_session()
    set_now(session.shift.ends_at)
    page = client.get(path_of(status_url(session.request))).content.decode()
    assert "終わりました。" in page
    assert "感想をお聞かせください" in page
    for gone in ("楽しみにしています", "充電しておいてください", "other-time/", "withdraw/"):
        assert gone not in page


def test_nothing_of_a_team_is_shown_before_it_is_complete(client: Client) -> None:
    session = a_booked_session(names=["髙橋𠮷子"])
    SupportRequest.objects.filter(pk=session.request.pk).update(status="planned")
    assert "髙橋𠮷子" not in client.get(path_of(status_url(session.request))).content.decode()


def test_the_pages_of_a_link_are_kept_by_no_cache(client: Client, waiting: SupportRequest) -> None:
    assert "no-store" in client.get(path_of(status_url(waiting)))["Cache-Control"]


def test_the_calendar_file_is_published_not_requested(client: Client) -> None:
    session = a_booked_session()
    response = client.get(path_of(status_url(session.request)) + "session.ics")
    text = response.content.decode()
    assert response["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert calendars.method_of(text) == "PUBLISH"
    assert f"UID:{session.shift.uid}" in text
    assert "BEGIN:VTIMEZONE" in text
    assert "ATTENDEE" not in text


def test_there_is_no_calendar_file_before_and_after_the_booking(client: Client) -> None:
    session = a_booked_session()
    path = path_of(status_url(session.request)) + "session.ics"
    session.request.withdraw(by=None, reason="")
    assert client.get(path).status_code == 404
    assert client.get(path_of(status_url(SupportRequestFactory.create())) + "session.ics").status_code == 404


# --- Taking it back -------------------------------------------------------------------------------------


def test_a_group_takes_its_request_back_after_a_second_look(client: Client) -> None:
    asked = SupportRequestFactory.create()
    path = path_of(status_url(asked)) + "withdraw/"
    assert "取り消さずに戻る" in client.get(path).content.decode()
    asked.refresh_from_db()
    assert asked.status == "confirmed"
    page = client.post(path, {"reason": "人が集まらないため"}, follow=True).content.decode()
    asked.refresh_from_db()
    move = asked.moves.get()
    assert "お申し込みを取り消しました。" in page
    assert (asked.status, move.reason, move.by) == ("withdrawn", "人が集まらないため", None)


def test_the_time_that_falls_away_stands_on_the_page_and_in_the_mail(client: Client, coordinator: User) -> None:
    session = a_booked_session()
    reschedule(session, at(20), by=coordinator, reason="")
    path = path_of(status_url(session.request)) + "withdraw/"
    page = client.get(path).content.decode()
    assert (say_moment(at(20)) in page, say_moment(at(14)) in page) == (True, False)
    client.post(path, {})
    mail = Message.objects.get(kind="request_closed").body
    assert (say_moment(at(20)) in mail, say_moment(at(14)) in mail) == (True, False)


def test_the_wishes_of_what_was_never_booked_stand_in_the_mail(client: Client) -> None:
    asked = SupportRequestFactory.create()
    client.post(path_of(status_url(asked)) + "withdraw/", {})
    assert say_moment(at(14)) in Message.objects.get(kind="request_closed").body


def test_taking_back_needs_no_reason(client: Client) -> None:
    asked = SupportRequestFactory.create()
    client.post(path_of(status_url(asked)) + "withdraw/", {})
    asked.refresh_from_db()
    assert asked.status == "withdrawn"


def test_taking_back_twice_is_once(client: Client) -> None:
    asked = SupportRequestFactory.create()
    path = path_of(status_url(asked)) + "withdraw/"
    for _ in range(2):
        assert client.post(path, {}, follow=True).status_code == 200
    assert asked.moves.count() == 1
    assert "取り消しの必要はありません" in client.get(path).content.decode()


def test_a_cancelled_session_frees_its_people_and_tells_them_and_the_group(client: Client) -> None:
    session = a_booked_session(names=["髙橋𠮷子", "林次郎"])
    client.post(path_of(status_url(session.request)) + "withdraw/", {"reason": "大雪のため"})
    session.shift.refresh_from_db()
    assert Claim.objects.count() == 0
    assert [it.status for it in session.shift.assignments.all()] == ["cancelled", "cancelled"]
    assert session.shift.cancel_reason == "大雪のため"
    kinds = Message.objects.filter(kind__in=["cancelled", "request_closed"]).values_list("kind", flat=True)
    assert sorted(kinds) == ["cancelled", "cancelled", "request_closed"]


def test_a_session_that_has_begun_cannot_be_taken_back(client: Client, set_now: Callable[[dt.datetime], None]) -> None:
    session = a_booked_session()
    set_now(session.shift.starts_at)
    page = client.post(path_of(status_url(session.request)) + "withdraw/", {}, follow=True).content.decode()
    assert "予定の時間がもう過ぎています。" in page
    assert SupportRequest.objects.get().status == "booked"
    assert Session.objects.get().shift.cancelled_at is None


def test_a_declined_request_says_why_and_one_taken_back_says_what_it_is(client: Client, coordinator: User) -> None:
    declined, withdrawn = SupportRequestFactory.create_batch(2)
    declined.decline(by=coordinator, reason="満員のため")
    assert "満員のため" in client.get(path_of(status_url(declined))).content.decode()
    withdrawn.withdraw(by=None, reason="")
    url = f"{path_of(status_url(withdrawn))}change/{uuid.uuid4()}/check/"
    page = client.get(url, follow=True).content.decode()
    assert f"このお申し込みは「{withdrawn.get_status_display()}」になっています。" in page
    assert "日時の案ができたため" not in page


@pytest.mark.parametrize("page", ["confirm", "status"])
def test_all_that_was_asked_for_is_read_before_it_is_confirmed(client: Client, page: str) -> None:
    wish = a_wish(needs=["sign"], wheelchair=True, devices=list(Device.objects.all()[:1]))
    asked, _is_new = receive(wish)
    url = confirm_url(asked) if page == "confirm" else status_url(asked)
    shown = client.get(path_of(url)).content.decode()
    level = Level.objects.get(rank=2)
    for said in (str(wish.topics[0]), str(level), str(wish.devices[0]), "手話", "車いすの方がいます"):
        assert said in shown


def test_the_calendar_has_no_position_that_nobody_verified(client: Client) -> None:
    session = a_booked_session()
    for verified in (True, False):
        Venue.objects.update(coordinates_verified=verified)
        file = client.get(path_of(status_url(session.request)) + "session.ics").content.decode()
        assert ("GEO:" in file) is verified


def test_a_declined_request_is_not_taken_back(client: Client, coordinator: User) -> None:
    asked = SupportRequestFactory.create()
    asked.decline(by=coordinator, reason="満員のため")
    client.post(path_of(status_url(asked)) + "withdraw/", {}, follow=True)
    asked.refresh_from_db()
    assert asked.status == "declined"


def test_mails_say_nothing_of_other_people(client: Client) -> None:
    other = GroupFactory.create(name="よその会", contact__name="山田太郎")
    SupportRequestFactory.create(group=other)
    session = a_booked_session(names=["髙橋𠮷子"])
    session.request.withdraw(by=None, reason="")
    for message in Message.objects.filter(recipient=session.request.group.contact):
        for name in ("髙橋𠮷子", "よその会", "山田太郎"):
            assert name not in message.title + message.body + message.calendar
    assert timezone.now() < session.shift.starts_at

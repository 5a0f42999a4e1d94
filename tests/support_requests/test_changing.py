"""What a group does by its private link besides looking: change its request, move its session, write to the office."""

import datetime as dt
import re
import uuid
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import links
from notifications.addresses import ASKED_A_DAY
from notifications.models import Contact, Message
from programme.models import Closure, Room, User, Venue
from programme.steps import CHECK
from support_requests import contacts
from support_requests.messages import STATUS, status_url
from support_requests.models import Inquiry, Plan, Series, SupportRequest
from support_requests.planning.approving import approve
from support_requests.planning.solving import solve
from support_requests.services import revise
from support_requests.slots import Slot
from support_requests.views.changing import ChangeView
from support_requests.views.intake import TRIES
from supporters.models import WeeklyWindow
from tests.factories import SupporterFactory, SupportRequestFactory, UserFactory, a_hall, at
from tests.support_requests.asking import open_days
from tests.support_requests.booking import a_booked_session
from tests.support_requests.wishes import a_wish

pytestmark = pytest.mark.usefixtures("programme_facts")


def path_of(asked: SupportRequest, page: str = "") -> str:
    return "/requests/" + status_url(asked).partition("/requests/")[2] + page


def page_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.headers.get("Location")
    return response.content.decode()


@pytest.fixture
def asked() -> SupportRequest:
    days = open_days()
    wishes = [at((day - at(0).date()).days) for day in days[2:4]]
    return SupportRequestFactory.create(wishes=wishes, group__contact__phone="027-224-1111", note="車が2台", minutes=60)


@pytest.fixture
def office(coordinator: User) -> Client:
    client = Client()
    client.force_login(coordinator)
    return client


# --- Changing -------------------------------------------------------------------------------------------


def test_all_that_was_said_stands_on_the_summary_and_sending_it_changes_nothing(
    client: Client, asked: SupportRequest
) -> None:
    link = path_of(asked)
    change = f"{link}change/{uuid.uuid4()}/{CHECK}/"
    starts = [time.starts_at for time in asked.times.all()]
    page = page_of(client, change)
    for fact in (asked.group.name, asked.group.contact.name, "車が2台", str(Slot.of(starts[0])), "10:00"):
        assert fact in page
    assert client.get(change).status_code == 200
    assert SupportRequest.objects.get().moves.count() == 0
    assert client.post(change)["Location"] == link
    now = SupportRequest.objects.get()
    assert [time.starts_at for time in now.times.all()] == starts
    assert (now.venue_id, now.note, now.status) == (asked.venue_id, "車が2台", "confirmed")


def test_another_time_is_chosen_from_the_calendar(client: Client, asked: SupportRequest) -> None:
    draft, day = uuid.uuid4(), open_days()[6]
    change = path_of(asked, f"change/{draft}/")
    assert f'value="{Slot.of(asked.times.all()[0].starts_at).key}"' in page_of(client, change + "days/")
    assert client.post(change + "days/", {"slots": [f"{day.isoformat()}.1"]})["Location"] == change + "times/"
    time = re.search(rf'value="({day.isoformat()}T14:30:00[^"]*)"', page_of(client, change + "times/"))
    assert time
    client.post(change + "times/", {"time_1": time[1], "minutes": "90"})
    client.post(change + "check/")
    now = SupportRequest.objects.get()
    assert [f"{timezone.localtime(it.starts_at):%d %H:%M}" for it in now.times.all()] == [f"{day:%d} 14:30"]
    assert (now.minutes, now.moves.get().by, now.moves.get().reason) == (90, None, "内容を直しました")


def by_the_office(asked: SupportRequest, coordinator: User, **facts: object) -> None:
    """The office puts something right."""
    asked = SupportRequest.objects.get(pk=asked.pk)
    contact, starts = asked.group.contact, [time.starts_at for time in asked.times.all()]
    said = {"leader": contact.name, "email": contact.email, "phone": contact.phone, "note": asked.note} | facts
    revise(asked, a_wish(place=asked.venue, starts=starts, taken=frozenset(starts), **said), by=coordinator)


def test_what_was_begun_before_the_office_put_something_right_is_begun_anew_and_loses_nothing(
    client: Client, asked: SupportRequest, coordinator: User
) -> None:
    link = path_of(asked)
    change = f"{link}change/{uuid.uuid4()}/"
    client.post(f"{change}helps/", {"note": "車が3台"})
    by_the_office(asked, coordinator, participants=7)
    for page in (client.get(f"{change}{CHECK}/"), client.post(f"{change}{CHECK}/")):
        said = page.content.decode()
        assert "今の内容から始める" in said
        assert "この内容に変える" not in said
        assert f'href="{link}"' in said
        assert "車が3台" in said
    assert "開いているあいだに、お申し込みの内容が変わりました。" in said
    assert (SupportRequest.objects.get().note, SupportRequest.objects.get().participants) == ("車が2台", 7)
    for _twice in range(2):
        assert client.post(f"{change}{CHECK}/", {"anew": "1"})["Location"] == f"{change}{CHECK}/"
    said = page_of(client, f"{change}{CHECK}/")
    for words in ("<dd>7</dd>", "車が2台", "まだ使っていない入力があります", "車が3台"):
        assert words in said
    assert "車が3台" in page_of(client, f"{change}helps/")
    client.post(f"{change}helps/", {"note": "車が3台"})
    assert "まだ使っていない" not in page_of(client, f"{change}{CHECK}/")
    client.post(f"{change}{CHECK}/")
    now = SupportRequest.objects.get()
    assert (now.note, now.participants) == ("車が3台", 7)


def test_a_change_in_one_tab_is_not_undone_by_an_older_one_in_another(client: Client, asked: SupportRequest) -> None:
    older, newer = (path_of(asked, f"change/{uuid.uuid4()}/") for _tab in range(2))
    seen = re.search(r'name="seen" value="([^"]+)"', page_of(client, f"{older}helps/"))
    assert seen
    client.post(f"{newer}helps/", {"note": "車が4台", "wheelchair": "on"})
    client.post(f"{newer}{CHECK}/")
    client.post(f"{older}helps/", {"note": "車が3台", "seen": seen[1]})
    assert "今の内容から始める" in client.post(f"{older}{CHECK}/").content.decode()
    assert (SupportRequest.objects.get().note, SupportRequest.objects.get().wheelchair) == ("車が4台", True)


def test_what_two_people_with_the_link_say_alike_is_no_news(client: Client, asked: SupportRequest) -> None:
    link = path_of(asked)
    pages = [(who, f"{link}change/{uuid.uuid4()}/") for who in (client, Client())]
    for who, change in pages:
        who.post(f"{change}helps/", {"note": "車が3台"})
    for who, change in pages:
        assert who.post(f"{change}{CHECK}/")["Location"] == link
    assert asked.moves.count() == 1


def test_an_address_that_was_proved_meanwhile_is_in_nobodys_way(client: Client, asked: SupportRequest) -> None:
    change_contact(client, asked, email="new@example.jp")
    change = path_of(asked, f"change/{uuid.uuid4()}/")
    client.post(f"{change}helps/", {"note": "車が3台"})
    client.post(link_of(proofs()[0]))
    client.post(f"{change}{CHECK}/")
    now = SupportRequest.objects.get()
    assert (now.note, now.group.contact.email) == ("車が3台", "new@example.jp")


def test_what_is_typed_into_a_change_outlives_reload_and_back_and_is_gone_on_with(
    client: Client, asked: SupportRequest
) -> None:
    link, change = path_of(asked), path_of(asked, f"change/{uuid.uuid4()}/")
    assert "とちゅうまで" not in page_of(client, link)
    client.post(f"{change}helps/", {"note": "車が3", "keep": "1"})
    for _reload in "12":
        assert "車が3" in page_of(client, f"{change}helps/")
    assert "車が2台" in page_of(client, f"{change}{CHECK}/")  # not sent yet
    begun = re.search(r'href="([^"]+)">続きから入力する', page_of(client, link))
    assert begun
    assert begun[1] == f"{change}helps/"
    assert "とちゅうまで" not in page_of(Client(), link)
    client.post(f"{change}helps/", {"note": "車が3台"})
    assert f'href="{change}{CHECK}/">続きから入力する' in page_of(client, link)
    client.post(f"{change}{CHECK}/")
    assert "とちゅうまで" not in page_of(client, link)
    assert SupportRequest.objects.get().note == "車が3台"


def test_a_change_that_another_one_overtook_is_gone_on_with_from_what_holds_now(
    client: Client, asked: SupportRequest
) -> None:
    link, mine = path_of(asked), path_of(asked, f"change/{uuid.uuid4()}/")
    client.post(f"{mine}helps/", {"note": "車が3", "keep": "1"})
    other, change = Client(), path_of(asked, f"change/{uuid.uuid4()}/")
    other.post(f"{change}helps/", {"note": "車が4台"})
    other.post(f"{change}{CHECK}/")
    assert f'href="{mine}{CHECK}/">続きから入力する' in page_of(client, link)
    client.post(f"{mine}{CHECK}/", {"anew": "1"})
    page = page_of(client, f"{mine}{CHECK}/")
    assert "車が4台" in page
    assert re.search(r"<dd>(<p>)?車が3(</p>)?</dd>", page)


def test_both_see_which_times_the_hall_has_no_hours_or_day_for_any_more(
    client: Client, office: Client, asked: SupportRequest
) -> None:
    pages = {path_of(asked): client, f"/requests/list/{asked.pk}/": office}
    said = ("会場が開いている時間の外です。", "会場がお休みの日です。")
    assert [words for path, who in pages.items() for words in said if words in page_of(who, path)] == []
    hall, day = asked.venue, timezone.localdate(asked.times.all()[1].starts_at)
    hall.opens, hall.closes = dt.time(13), dt.time(17)
    hall.save()
    Closure.objects.create(calendar=hall.closures, rule=Closure.EVERY_DAY, first=day, last=day, reason="工事")
    for path, who in pages.items():
        page = page_of(who, path)
        assert [page.count(words) for words in said] == [1, 1]
    SupportRequest.objects.update(status="withdrawn")
    assert said[0] not in page_of(client, path_of(asked))


def test_what_is_planned_is_not_changed_by_this_page(client: Client, asked: SupportRequest) -> None:
    SupportRequest.objects.update(status="planned")
    link = path_of(asked)
    assert client.get(f"{link}change/{uuid.uuid4()}/check/")["Location"] == link


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("booked", "日時の案ができたため"),
        ("withdrawn", "「取り下げ」になっています"),
        ("reported", "新しくお申し込みください"),
    ],
)
def test_a_change_that_comes_too_late_reads_why(client: Client, asked: SupportRequest, status: str, said: str) -> None:
    SupportRequest.objects.update(status=status)
    page = client.get(path_of(asked, f"change/{uuid.uuid4()}/check/"), follow=True).content.decode()
    assert said in page
    assert ("日時の案ができたため" in page) == (status == "booked")


def test_only_who_changed_the_times_reads_that_the_other_months_keep_theirs(
    client: Client, asked: SupportRequest
) -> None:
    SupportRequest.objects.update(series=Series.begin([at(14)], months=12))
    said, day = "日時を変えたのは、この月の分だけです。", open_days()[6]
    for step, data, reads in (
        ("helps", {"note": "車が3台"}, False),
        ("days", {"slots": [f"{day.isoformat()}.1"]}, True),
    ):
        change = path_of(asked, f"change/{uuid.uuid4()}/")
        client.post(f"{change}{step}/", data)
        client.get(f"{change}times/")
        client.post(f"{change}times/", {"minutes": "60"}) if reads else None
        page = client.post(f"{change}{CHECK}/", follow=True).content.decode()
        assert (said in page) == reads


def test_one_link_changes_no_other_request(client: Client, asked: SupportRequest) -> None:
    other = SupportRequestFactory.create(wishes=[time.starts_at for time in asked.times.all()], minutes=60)
    draft = uuid.uuid4()
    client.post(path_of(asked, f"change/{draft}/helps/"), {"note": "ひみつ"})
    assert "ひみつ" in page_of(client, path_of(asked, f"change/{draft}/check/"))
    assert "ひみつ" not in page_of(client, path_of(other, f"change/{draft}/check/"))


def test_a_change_asks_not_for_how_many_months(client: Client, asked: SupportRequest) -> None:
    assert "毎月" not in page_of(client, path_of(asked, f"change/{uuid.uuid4()}/times/"))
    assert [field for step in ChangeView.steps for field in step.fields if field == "months"] == []


# --- Another address --------------------------------------------------------------------------------------


def change_contact(client: Client, asked: SupportRequest, **typed: str) -> None:
    """The group sends the page of its contact anew, and all of it."""
    link, draft, contact = path_of(asked), uuid.uuid4(), asked.group.contact
    before = {"leader": contact.name, "email": contact.email, "phone": contact.phone}
    client.post(f"{link}change/{draft}/contact/", before | typed)
    assert client.post(f"{link}change/{draft}/{CHECK}/")["Location"] == link
    asked.refresh_from_db()


def proofs() -> list[Message]:
    return list(Message.objects.filter(kind="request_contact").order_by("pk"))


def link_of(message: Message) -> str:
    found = re.search(r"/requests/contact/[^/]+/", message.body)
    assert found
    return found[0]


def test_another_address_is_used_once_somebody_there_has_said_so(client: Client, asked: SupportRequest) -> None:
    old, group = asked.group.contact.email, asked.group
    change_contact(client, asked, email="new@example.jp", leader="新しい代表")
    page = page_of(client, path_of(asked))
    assert "新しい連絡先の確認をお待ちしています" in page
    assert "new@example.jp" in page
    (message,) = proofs()
    assert (message.address, message.channel) == ("new@example.jp", "email")
    group.contact.refresh_from_db()
    assert (group.contact.email, group.contact.name) == (old, group.contact.name)
    Inquiry.objects.write(asked, "質問").settle(by=UserFactory(), answer="はい")
    assert Message.objects.get(kind="request_answered").address == old
    link = link_of(message)
    assert "この連絡先に変えます" in page_of(client, link)
    group.contact.refresh_from_db()
    assert group.contact.email == old, "a look at the page changes nothing"
    for _twice in range(2):
        assert "/requests/status/" in client.post(link)["Location"]
    assert "もう済んでいます" in page_of(client, link)
    group.contact.refresh_from_db()
    assert (group.contact.email, group.contact.name) == ("new@example.jp", "新しい代表")
    assert group.contact.email_proved_at is not None
    assert "新しい連絡先の確認をお待ちしています" not in page_of(client, path_of(asked))
    assert [move.reason for move in asked.moves.all()] == ["内容を直しました", "新しい連絡先を確かめました"]
    assert [told.recipient for told in proofs()] == [group.contact]
    assert not Contact.objects.filter(pk=message.recipient_id).exists()


def test_another_mobile_is_proved_by_an_sms(client: Client, asked: SupportRequest) -> None:
    contact = asked.group.contact
    contact.email, contact.phone = "", "090-1111-2222"
    contact.save()
    change_contact(client, asked, phone="０８０ー３３３３ー４４４４")
    (message,) = proofs()
    assert (message.address, message.channel) == ("+818033334444", "sms")
    contacts.prove(asked, asked.group.new_contact_id, by=None)
    contact.refresh_from_db()
    assert (contact.phone, contact.sms_proved_at is None) == ("０８０ー３３３３ー４４４４", False)


def test_who_proves_another_mail_gets_the_booked_session_into_the_calendar_there_and_is_asked_for_the_mobile() -> None:
    session = a_booked_session()
    Message.objects.filter(kind="request_booked").update(state="sent", sent_at=timezone.now())
    contact = session.request.group.contact
    wanted = Contact(name=contact.name, email="new@example.jp", phone="090-7777-7777", language="ja")
    contacts.revise(session.request, wanted, to_prove=True)
    asked = SupportRequest.objects.get(pk=session.request_id)
    contacts.prove(asked, asked.group.new_contact_id, by=None)
    contact.refresh_from_db()
    [entry] = Message.objects.filter(address="new@example.jp", kind="calendar_entry")
    assert (entry.calendar.count("METHOD:PUBLISH"), entry.subject) == (1, f"request:{asked.pk}")
    assert (contact.email_proved_at is None, contact.sms_proved_at) == (False, None)
    assert [told.address for told in Message.objects.filter(kind="prove_mobile")] == ["+819077777777"]


def test_for_a_landline_the_office_is_told_to_ring(client: Client, office: Client, asked: SupportRequest) -> None:
    contact = asked.group.contact
    old = contact.email
    change_contact(client, asked, email="", phone="027-224-2222")
    assert proofs() == []
    assert "事務局がお電話して確かめます。" in page_of(client, path_of(asked))
    assert "027-224-2222" in Inquiry.objects.get().text
    page = page_of(office, f"/requests/list/{asked.pk}/")
    assert "新しい連絡先の確認待ち" in page
    assert old in page
    office.post(f"/requests/list/{asked.pk}/contact/", {"contact": asked.group.new_contact_id})
    contact.refresh_from_db()
    assert (contact.email, contact.phone) == ("", "027-224-2222")
    assert asked.moves.latest("pk").by == User.objects.get(role="coordinator")
    assert "新しい連絡先の確認待ち" not in page_of(office, f"/requests/list/{asked.pk}/")


def test_what_is_typed_next_takes_the_place_of_what_waits(client: Client, asked: SupportRequest) -> None:
    old = asked.group.contact.email
    change_contact(client, asked, email="first@example.jp")
    draft = uuid.uuid4()
    assert "first@example.jp" in page_of(client, path_of(asked, f"change/{draft}/{CHECK}/"))
    client.post(path_of(asked, f"change/{draft}/{CHECK}/"))  # something else was changed: it is asked once
    assert len(proofs()) == 1
    change_contact(client, asked, email="second@example.jp")
    first, second = proofs()
    assert (first.state, second.address) == ("cancelled", "second@example.jp")
    assert client.post(link_of(first)).status_code != 302  # proves nothing any more
    change_contact(client, asked, email=old)
    assert SupportRequest.objects.get().group.new_contact is None
    assert client.post(link_of(second)).status_code != 302
    change_contact(client, asked, email="second@example.jp")  # once more
    client.post(link_of(proofs()[-1]))
    assert SupportRequest.objects.get().group.contact.email == "second@example.jp"


def test_a_former_addresss_link_proves_no_other_that_waits(client: Client, asked: SupportRequest) -> None:
    change_contact(client, asked, email="second@example.jp")
    (proof,) = proofs()
    client.post(link_of(proof))
    change_contact(client, asked, email="third@example.jp")
    assert client.post(link_of(proof)).status_code != 302
    group = SupportRequest.objects.get().group
    assert (group.contact.email, group.new_contact and group.new_contact.email) == (
        "second@example.jp",
        "third@example.jp",
    )


def test_the_office_confirms_the_number_that_it_saw(client: Client, office: Client, asked: SupportRequest) -> None:
    old = asked.group.contact.email
    change_contact(client, asked, email="", phone="027-224-2222")
    assert f'name="contact" value="{asked.group.new_contact_id}"' in page_of(office, f"/requests/list/{asked.pk}/")
    seen = {"contact": asked.group.new_contact_id}
    change_contact(client, asked, email="", phone="027-224-3333")
    page = office.post(f"/requests/list/{asked.pk}/contact/", seen, follow=True).content.decode()
    assert "ほかの人の操作で状態が変わりました" in page
    group = SupportRequest.objects.get().group
    assert (group.contact.email, group.new_contact and group.new_contact.phone) == (old, "027-224-3333")


def test_no_form_writes_to_number_after_number(client: Client, asked: SupportRequest) -> None:
    SupportRequest.objects.update(status="received")
    for number in range(ASKED_A_DAY):
        change_contact(client, asked, email="", phone=f"080-7000-000{number}")
    change = path_of(asked, f"change/{uuid.uuid4()}/")
    client.post(f"{change}contact/", {"leader": "代表", "email": "", "phone": "080-7000-9999"})
    page = client.post(f"{change}{CHECK}/").content.decode()
    assert "確認のお願いを、きょうはもう何度もお送りしました。" in page
    assert "080-7000-9999" in page  # nothing typed is lost
    assert Message.objects.filter(kind="request_confirm").count() == ASKED_A_DAY
    assert not Contact.objects.filter(phone="080-7000-9999").exists()


def test_a_new_address_is_asked_so_often_a_day(client: Client, asked: SupportRequest) -> None:
    for turn in range(ASKED_A_DAY):
        change_contact(client, asked, email="victim@example.jp", leader=f"代表{turn}")
    draft = path_of(asked, f"change/{uuid.uuid4()}/")
    client.post(f"{draft}contact/", {"leader": "ほかの代表", "email": "victim@example.jp", "phone": ""})
    assert "お急ぎのときは、お電話ください。" in client.post(f"{draft}{CHECK}/").content.decode()
    assert Message.objects.filter(address="victim@example.jp").count() == ASKED_A_DAY


def test_changes_from_one_place_are_counted_as_forms_are(client: Client, asked: SupportRequest) -> None:
    for _ in range(TRIES.at_most):
        TRIES.count("127.0.0.1")
    page = client.post(path_of(asked, f"change/{uuid.uuid4()}/{CHECK}/")).content.decode()
    assert "短い時間にたくさん送られたため" in page
    assert not asked.moves.exists()


def test_who_wants_to_be_rung_from_now_on_is_rung_first(client: Client, office: Client, asked: SupportRequest) -> None:
    contact = asked.group.contact
    change_contact(client, asked, phone="027-999-0000")
    contact.refresh_from_db()
    assert contact.phone == "027-999-0000", "messages go by mail as before"
    change_contact(client, asked, phone="027-999-0000", preferred="phone")
    contact.refresh_from_db()
    assert (contact.preferred, proofs()) == ("", [])
    assert "027-999-0000" in Inquiry.objects.get().text
    assert "事務局がお電話して確かめます。" in page_of(client, path_of(asked))
    office.post(f"/requests/list/{asked.pk}/contact/", {"contact": asked.group.new_contact_id})
    contact.refresh_from_db()
    assert (contact.preferred, contact.phone) == ("phone", "027-999-0000")


def test_a_mail_link_proves_no_landline_that_is_to_be_rung(client: Client, asked: SupportRequest) -> None:
    change_contact(client, asked, email="new@example.jp")
    (proof,) = proofs()
    change_contact(client, asked, email="new@example.jp", phone="027-999-0000", preferred="phone")
    assert client.post(link_of(proof)).status_code != 302
    assert SupportRequest.objects.get().group.contact.preferred == ""


def test_who_goes_back_to_an_address_that_was_proved_waits_for_nothing(client: Client, asked: SupportRequest) -> None:
    Contact.objects.update(email_proved_at=timezone.now(), preferred="phone")
    asked.refresh_from_db()
    change_contact(client, asked, preferred="email")
    assert (asked.group.contact.preferred, asked.group.new_contact, proofs()) == ("email", None, [])


def test_the_office_puts_right_something_else_and_the_new_address_still_waits(
    client: Client, asked: SupportRequest, coordinator: User
) -> None:
    change_contact(client, asked, email="waits@example.jp")
    (proof,) = proofs()
    contact, starts = asked.group.contact, [time.starts_at for time in asked.times.all()]
    facts = {"leader": contact.name, "email": contact.email, "phone": contact.phone, "participants": 7}
    revise(asked, a_wish(place=asked.venue, starts=starts, taken=frozenset(starts), **facts), by=coordinator)
    assert SupportRequest.objects.get().participants == 7
    client.post(link_of(proof))
    assert SupportRequest.objects.get().group.contact.email == "waits@example.jp"


def test_what_the_office_types_and_what_reaches_the_same_address_holds_at_once(
    client: Client, office: Client, asked: SupportRequest, coordinator: User
) -> None:
    contact = asked.group.contact
    change_contact(client, asked, leader="別の代表", phone="027-224-3333", email=contact.email.upper())
    contact.refresh_from_db()
    assert (contact.name, contact.phone) == ("別の代表", "027-224-3333")
    change_contact(client, asked, email="waits@example.jp")
    starts = [time.starts_at for time in asked.times.all()]
    wish = a_wish(email="heard@example.jp", place=asked.venue, starts=starts, taken=frozenset(starts))
    revise(asked, wish, by=coordinator)
    contact.refresh_from_db()
    assert contact.email == "heard@example.jp"
    assert SupportRequest.objects.get().group.new_contact is None
    assert Contact.objects.filter(email="waits@example.jp").count() == 0


def test_the_link_that_asks_for_an_address_opens_nothing_else(client: Client, asked: SupportRequest) -> None:
    change_contact(client, asked, email="new@example.jp")
    token = link_of(proofs()[0]).split("/")[3]
    for page in ("status", "confirm"):
        assert client.get(f"/requests/{page}/{token}/").status_code != 200


# --- Another time for a session that is fixed -------------------------------------------------------------


def test_a_booked_session_moves_to_a_time_that_suits_its_whole_team(client: Client) -> None:
    session = a_booked_session()
    link = path_of(session.request)
    offered = re.findall(r'name="starts_at" value="([^"]+)"', page_of(client, f"{link}other-time/"))
    assert offered
    assert client.post(f"{link}other-time/", {"starts_at": offered[0]})["Location"] == link
    session.shift.refresh_from_db()
    assert session.shift.starts_at == dt.datetime.fromisoformat(offered[0])
    assert SupportRequest.objects.get().status == "booked"
    page = client.post(f"{link}other-time/", {"starts_at": "2020-01-06T10:00:00+09:00"}).content.decode()
    assert "その日時は、今は選べません。" in page
    assert "は候補にありません" not in page


def test_the_times_nearest_to_the_present_one_and_to_the_wishes_are_offered(client: Client) -> None:
    Venue.objects.update(closures=None)
    session = a_booked_session(wishes=[at(40), at(41), at(70)])
    page = page_of(client, path_of(session.request, "other-time/"))
    offered = [dt.datetime.fromisoformat(it) for it in re.findall(r'name="starts_at" value="([^"]+)"', page)]
    days = [(start - at(0)).days for start in offered]
    assert (len(days), days) == (12, sorted(days))
    assert {39, 41, 42, 69, 70, 71} <= set(days)
    assert set(days) <= {*range(34, 48), *range(64, 77)}


def test_the_button_pressed_twice_moves_once_and_says_so(client: Client) -> None:
    session = a_booked_session()
    path = path_of(session.request, "other-time/")
    offered = re.findall(r'name="starts_at" value="([^"]+)"', page_of(client, path))
    for _twice in range(2):
        page = client.post(path, {"starts_at": offered[-1]}, follow=True).content.decode()
        assert "日時を変えました。" in page
        assert "今と同じ日時" not in page
    assert Message.objects.filter(kind="request_moved").count() == 1


def test_a_time_that_was_taken_while_the_page_was_open_is_refused_in_words(client: Client) -> None:
    session = a_booked_session()
    path = path_of(session.request, "other-time/")
    start = re.findall(r'name="starts_at" value="([^"]+)"', page_of(client, path))[-1]
    with mock.patch("support_requests.views.changing._offered", return_value=[dt.datetime.fromisoformat(start)]):
        WeeklyWindow.objects.all().delete()
        page = client.post(path, {"starts_at": start}, follow=True).content.decode()
    assert "サポーターの全員は行けなくなりました" in page


def test_a_request_without_a_session_has_no_time_to_move(client: Client, asked: SupportRequest) -> None:
    link = path_of(asked)
    assert client.get(f"{link}other-time/")["Location"] == link


# --- Writing to the office ----------------------------------------------------------------------------------


def test_a_group_writes_and_the_office_answers(client: Client, office: Client, asked: SupportRequest) -> None:
    client.post(path_of(asked, "write/"), {"text": "駐車場は\nありますか"})
    assert "お返事をお待ちください" in page_of(client, path_of(asked))
    assert "団体からの連絡" in page_of(office, "/office/")
    assert asked.group.name in page_of(office, "/requests/list/?status=inquiries")
    inquiry = Inquiry.objects.get()
    assert "駐車場は<br>ありますか" in page_of(office, f"/requests/list/{asked.pk}/")
    office.post(f"/requests/list/inquiries/{inquiry.pk}/", {f"inquiry-{inquiry.pk}-answer": "3台とめられます"})
    message = Message.objects.get(kind="request_answered")
    assert "3台とめられます" in message.body
    assert message.recipient == asked.group.contact
    assert "3台とめられます" in page_of(client, path_of(asked))
    assert asked.group.name not in page_of(office, "/requests/list/?status=inquiries")


def test_what_was_settled_by_telephone_is_told_to_nobody(office: Client, asked: SupportRequest) -> None:
    inquiry = Inquiry.objects.write(asked, "質問")
    office.post(f"/requests/list/inquiries/{inquiry.pk}/", {})
    inquiry.refresh_from_db()
    assert (inquiry.answer, inquiry.settled_at is None, Message.objects.count()) == ("", False, 0)
    page = office.post(f"/requests/list/inquiries/{inquiry.pk}/", {}, follow=True).content.decode()
    assert "ほかの人の操作で状態が変わりました" in page


def test_the_same_words_are_written_once_and_many_are_too_many(client: Client, asked: SupportRequest) -> None:
    for _ in range(2):
        client.post(path_of(asked, "write/"), {"text": "同じ質問"})
    assert Inquiry.objects.count() == 1
    for number in range(5):
        page = client.post(path_of(asked, "write/"), {"text": f"質問{number}"}).content.decode()
    assert Inquiry.objects.count() == Inquiry.AT_MOST
    assert "まだお返事していません" in page
    assert "質問4" in page


def test_an_empty_message_is_asked_for_its_words(client: Client, asked: SupportRequest) -> None:
    assert "伝えたいことを入力してください。" in client.post(path_of(asked, "write/"), {"text": " "}).content.decode()


def test_the_queries_of_the_status_page_and_of_the_offices_grow_with_nothing(
    client: Client, office: Client, asked: SupportRequest
) -> None:
    def queries() -> list[int]:
        found = []
        for browser, path in ((client, path_of(asked)), (office, f"/requests/list/{asked.pk}/")):
            with CaptureQueriesContext(connection) as seen:
                page_of(browser, path)
            found.append(len(seen))
        return found

    def more() -> None:
        """One that waits, one that was answered by a message, one that was settled."""
        _waiting, answered, settled = (Inquiry.objects.write(asked, f"質問{uuid.uuid4()}") for _ in range(3))
        answered.settle(by=User.objects.get(), answer="はい")
        settled.settle(by=User.objects.get())

    more()
    few = queries()
    more()
    more()
    assert queries() == few


# --- Series ---------------------------------------------------------------------------------------------


def test_taking_back_one_month_or_all(client: Client, office: Client, asked: SupportRequest) -> None:
    series = Series.begin([at(14)], months=12)
    SupportRequest.objects.update(series=series)
    assert f"{series.says}まで" in page_of(client, path_of(asked))
    assert "このあとの月の分も" in page_of(client, path_of(asked, "withdraw/"))
    client.post(path_of(asked, "withdraw/"), {"reason": ""})
    series.refresh_from_db()
    assert series.ended_at is None
    SupportRequest.objects.update(status="confirmed")
    client.post(path_of(asked, "withdraw/"), {"reason": "", "series": "1"})
    series.refresh_from_db()
    assert series.ended_at is not None
    assert office.post(f"/requests/list/{asked.pk}/end-series/").status_code == 302


@pytest.fixture
def next_one(asked: SupportRequest) -> SupportRequest:
    """The request of the month after ``asked``, made already."""
    asked.series = Series.begin([at(14)], months=12)
    asked.save()
    return SupportRequestFactory.create(wishes=[at(60)], group=asked.group, series=asked.series)


def test_taking_back_all_takes_back_the_next_month_and_says_so(
    client: Client, asked: SupportRequest, next_one: SupportRequest
) -> None:
    assert next_one.number in page_of(client, path_of(asked, "withdraw/"))
    page = client.post(path_of(asked, "withdraw/"), {"reason": "", "series": "1"}, follow=True).content.decode()
    assert f"もう作られていたお申し込みも取り消しました: {next_one.number}" in page
    assert {it.status for it in SupportRequest.objects.all()} == {"withdrawn"}
    told = Message.objects.get(kind="request_closed", subject=f"request:{next_one.pk}")
    assert "毎月のお申し込みをやめたため" in told.body


def test_the_office_ends_a_series_with_what_was_made_of_it_already(
    office: Client, asked: SupportRequest, next_one: SupportRequest
) -> None:
    assert next_one.number in page_of(office, f"/requests/list/{asked.pk}/")
    page = office.post(f"/requests/list/{asked.pk}/end-series/", follow=True).content.decode()
    assert f"もう作られていたお申し込みも取り消しました: {next_one.number}" in page
    assert [it.status for it in SupportRequest.objects.order_by("pk")] == ["confirmed", "withdrawn"]


def test_a_series_is_ended_from_a_month_that_was_taken_back(
    client: Client, asked: SupportRequest, next_one: SupportRequest
) -> None:
    link = path_of(asked, "end-series/")
    client.post(path_of(asked, "withdraw/"), {"reason": ""})
    assert "次の月から続きます" in Message.objects.get(kind="request_closed").body
    assert "end-series/" in page_of(client, path_of(asked))
    assert "end-series/" in page_of(client, path_of(asked, "withdraw/"))
    assert next_one.number in page_of(client, link)
    client.post(link)
    next_one.refresh_from_db()
    assert (next_one.status, Series.objects.get().ended_at is None) == ("withdrawn", False)
    assert "end-series/" not in page_of(client, path_of(asked))
    assert "/requests/status/" in client.get(link)["Location"]


# --- The slip -------------------------------------------------------------------------------------------


def test_the_slip_leads_to_the_status_page_by_its_qr_code(office: Client, asked: SupportRequest) -> None:
    page = page_of(office, f"/requests/list/{asked.pk}/slip/")
    assert 'aria-label="お申し込みのようすを見るQRコード"' in page
    assert links.read(STATUS, path_of(asked).split("/")[3]) == str(asked.pk)


def test_the_wished_room_is_booked_and_the_team_told_of_a_wheelchair(asked: SupportRequest, coordinator: User) -> None:
    _first, wished = (Room.objects.create(venue=a_hall(), name=name) for name in ("洋室", "和室"))
    SupportRequest.objects.update(room=wished, wheelchair=True)
    SupporterFactory.create(home_district=a_hall().district)
    plan = Plan.objects.create(first=at(1).date(), last=at(28).date())
    solve(plan.pk)
    plan.refresh_from_db()
    assert approve(plan, by=coordinator) == 1
    shift = SupportRequest.objects.get().session.shift
    assert (shift.room, shift.note) == (wished, "車いすの方がいます。車が2台")

"""A request that changes on its way: put right by a coordinator, or given another time."""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Message
from programme.errors import ChangedMeanwhile
from programme.models import User, Venue
from programme.steps import CHECK
from support_requests.errors import NobodyAccepted, TimePassed
from support_requests.forms import RevisionForm
from support_requests.messages import ask_to_confirm, confirm_url, status_url
from support_requests.models import Session, SupportRequest
from supporters.errors import AdultMissing
from supporters.models import Claim, Consent, Shift
from tests.factories import SupporterFactory, SupportRequestFactory, an_offer, at
from tests.support_requests.asking import open_days, sent
from tests.support_requests.booking import a_booked_session, a_planned_session

pytestmark = pytest.mark.usefixtures("programme_facts")


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def path_of(asked: SupportRequest, verb: str) -> str:
    return f"/requests/list/{asked.pk}/{verb}/"


def as_shown(asked: SupportRequest) -> dict[str, Any]:
    """What a browser sends when nothing is changed on the page."""
    form, data = RevisionForm(asked=asked), {}
    for bound in form:
        value = bound.value()
        if bound.name.startswith("start_"):
            day, time = bound.field.widget.decompress(value)  # type: ignore[attr-defined]
            data |= {f"{bound.name}_day": day, f"{bound.name}_time": time}
        elif value is not None:
            data[bound.name] = getattr(value, "pk", value)
    return data


# --- Put right ------------------------------------------------------------------------------------------


@pytest.fixture
def asked() -> SupportRequest:
    days = open_days()
    wishes = [at((day - at(0).date()).days) for day in days[2:4]]
    return SupportRequestFactory.create(wishes=wishes, group__contact__phone="027-224-1111")


def test_what_a_group_tells_is_put_right_and_the_history_says_by_whom(
    office: Client, coordinator: User, asked: SupportRequest
) -> None:
    day = open_days()[5].isoformat()
    data = sent(participants="９人", leader="髙橋𠮷子", start_1=(day, "13:15"), start_2=("", ""), start_3=("", ""))
    data |= {"topics": ["T09"], "level": "L2", "seen": as_shown(asked)["seen"]}
    page = office.post(path_of(asked, "revise"), data, follow=True)
    asked = SupportRequest.objects.get()
    move = asked.moves.get()
    assert "内容を直しました。" in page.content.decode()
    assert (asked.participants, asked.group.contact.name, asked.status) == (9, "髙橋𠮷子", "confirmed")
    assert [(it.topic_id, it.level) for it in asked.topics.all()] == [("T09", 2)]
    assert [(it.rank, f"{timezone.localtime(it.starts_at):%M}") for it in asked.times.all()] == [(1, "15")]
    assert (move.from_status, move.to_status, move.by) == ("confirmed", "confirmed", coordinator)


def test_a_page_on_which_nothing_was_changed_changes_nothing(office: Client, asked: SupportRequest) -> None:
    before = (asked.venue_id, asked.minutes, [it.starts_at for it in asked.times.all()], Venue.objects.count())
    response = office.post(path_of(asked, "revise"), as_shown(asked))
    asked = SupportRequest.objects.get()
    assert response.status_code == 302
    assert (asked.venue_id, asked.minutes, [it.starts_at for it in asked.times.all()], Venue.objects.count()) == before


def test_a_place_of_their_own_stays_the_same_place_until_its_address_changes(
    office: Client, asked: SupportRequest
) -> None:
    own = Venue.objects.create(kind="own", name="集会所", address="石倉町1", district_id="D07")
    SupportRequest.objects.filter(pk=asked.pk).update(venue=own)
    data = as_shown(SupportRequest.objects.get())
    office.post(path_of(asked, "revise"), data)
    assert SupportRequest.objects.get().venue == own
    office.post(path_of(asked, "revise"), data | {"own_address": "石倉町2"})
    moved = SupportRequest.objects.get().venue
    assert (moved.pk == own.pk, moved.address, moved.name) == (False, "石倉町2", "集会所")


def test_a_time_that_was_taken_in_early_enough_is_not_refused_later(
    office: Client, asked: SupportRequest, set_now: Callable[[dt.datetime], None]
) -> None:
    data = as_shown(asked)
    first = asked.times.all()[0].starts_at
    set_now(first - dt.timedelta(days=2))
    assert office.post(path_of(asked, "revise"), data).status_code == 302
    other = timezone.localtime(first + dt.timedelta(minutes=15))
    page = office.post(path_of(asked, "revise"), data | {"start_1_time": f"{other:%H:%M}"}).content.decode()
    assert "準備に日数がかかります。" in page


def test_a_new_mail_address_is_not_proved_by_the_old_one(office: Client, asked: SupportRequest) -> None:
    contact = asked.group.contact
    type(contact).objects.update(email_proved_at=at(0))
    office.post(path_of(asked, "revise"), as_shown(asked))
    contact.refresh_from_db()
    assert contact.email_proved_at == at(0)
    office.post(path_of(asked, "revise"), as_shown(asked) | {"email": "neu@example.jp"})
    contact.refresh_from_db()
    assert (contact.email, contact.email_proved_at) == ("neu@example.jp", None)


def test_what_is_wrong_is_said_at_its_field_and_stores_nothing(office: Client, asked: SupportRequest) -> None:
    page = office.post(path_of(asked, "revise"), as_shown(asked) | {"participants": "2"}).content.decode()
    assert "＊出張サポートは3人以上でお申し込みください。" in page
    assert (SupportRequest.objects.get().participants, asked.moves.count()) == (5, 0)


def by_its_link(asked: SupportRequest, step: str, data: dict[str, Any]) -> None:
    """The group changes a page of its request."""
    change = f"/requests/{status_url(asked).partition('/requests/')[2]}change/{uuid.uuid4()}/"
    group = Client()
    group.post(f"{change}{step}/", data)
    if step == "days":
        group.post(f"{change}times/", {"minutes": "90"})
    assert "/change/" not in group.post(f"{change}{CHECK}/")["Location"]


def test_what_the_group_changed_while_the_offices_page_was_open_is_not_undone(
    office: Client, asked: SupportRequest
) -> None:
    opened = as_shown(asked)
    by_its_link(asked, "group", opened | {"participants": "9"})
    SupportRequest.objects.update(note="車が2台")
    typed = opened | {"note": "階段が使えません", "topics": ["T05", "T09"]}
    page = office.post(path_of(asked, "revise"), typed).content.decode()
    now = SupportRequest.objects.get()
    assert (now.participants, now.note) == (9, "車が2台")
    assert "<dd>車が2台</dd>" in page
    assert "開いているあいだに、お申し込みの内容が変わりました。" in page
    assert "9人" in page
    assert "下の入力とちがうところ: 参加する人数、学びたいこと、伝えておきたいこと" in page
    assert "階段が使えません" in page
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen
    assert [page.count(f'value="{topic}" id="id_topics_') for topic in ("T05", "T09")] == [1, 1]
    assert office.post(path_of(asked, "revise"), typed | {"seen": seen[1], "participants": "9"}).status_code == 302
    now = SupportRequest.objects.get()
    assert (now.participants, now.note, now.topics.count()) == (9, "階段が使えません", 2)


def test_the_days_that_the_group_chose_meanwhile_stay(office: Client, asked: SupportRequest) -> None:
    opened, day = as_shown(asked), open_days()[7]
    by_its_link(asked, "days", {"slots": [f"{day.isoformat()}.0"]})
    office.post(path_of(asked, "revise"), opened | {"note": "電話で聞いた"})
    assert [timezone.localdate(time.starts_at) for time in SupportRequest.objects.get().times.all()] == [day]


def test_a_page_without_what_it_showed_is_looked_at_again(office: Client, asked: SupportRequest) -> None:
    page = office.post(path_of(asked, "revise"), as_shown(asked) | {"participants": "9", "seen": ""})
    assert "今の内容を見てください" in page.content.decode()


def test_the_offices_button_pressed_twice_changes_once(office: Client, asked: SupportRequest) -> None:
    typed = as_shown(asked) | {"participants": "9"}
    assert [office.post(path_of(asked, "revise"), typed).status_code for _twice in range(2)] == [302, 302]
    assert asked.moves.count() == 1


def test_what_is_planned_is_not_put_right(office: Client, asked: SupportRequest) -> None:
    data = as_shown(asked)
    SupportRequest.objects.update(status="planned")
    assert "内容を直せません" in office.get(path_of(asked, "revise")).content.decode()
    office.post(path_of(asked, "revise"), data | {"participants": "9"})
    assert (SupportRequest.objects.get().participants, asked.moves.count()) == (5, 0)


def test_the_office_is_told_when_all_wishes_have_passed(
    office: Client, asked: SupportRequest, set_now: Callable[[dt.datetime], None]
) -> None:
    page = f"/requests/list/{asked.pk}/"
    assert "希望の日時が過ぎました" not in office.get(page).content.decode()
    set_now(asked.times.all()[1].starts_at)
    assert "希望の日時が過ぎました" in office.get(page).content.decode()


@pytest.mark.parametrize("verb", ["revise", "reopen"])
def test_only_the_office_changes_a_request(client: Client, officer: User, asked: SupportRequest, verb: str) -> None:
    SupportRequest.objects.update(status="booked" if verb == "reopen" else "confirmed")
    answers = [client.post(path_of(asked, verb), {"reopen-reason": "x"}).status_code]
    client.force_login(officer)
    answers.append(client.post(path_of(asked, verb), {"reopen-reason": "x"}).status_code)
    assert (answers, asked.moves.count()) == ([302, 404], 0)


# --- Another time ---------------------------------------------------------------------------------------


def test_a_booked_time_is_given_up_and_everybody_told(office: Client, coordinator: User) -> None:
    session = a_booked_session(names=["髙橋𠮷子", "林次郎"])
    office.post(
        path_of(session.request, "reopen"), {"reopen-reason": "会場が使えなくなったため", "reopen-cause": "venue"}
    )
    asked, shift = SupportRequest.objects.get(), Shift.objects.get()
    move = asked.moves.order_by("pk").last()
    assert move is not None
    assert (asked.status, move.from_status, move.by, move.reason) == (
        "confirmed",
        "booked",
        coordinator,
        "会場が使えなくなったため",
    )
    assert (shift.cancelled_at is not None, Claim.objects.count()) == (True, 0)
    assert Message.objects.filter(kind="cancelled").count() == 2
    assert "会場が使えなくなったため" in Message.objects.get(kind="request_reopened").body
    assert "会場が使えなくなったため、中止にします。" in Message.objects.filter(kind="cancelled")[0].body
    assert shift.cancel_cause == Shift.Cause.VENUE


def test_after_a_new_time_is_booked_the_group_is_told_it_and_sees_only_that() -> None:
    session = a_booked_session()
    old = session.shift
    session.request.reopen(by=None, reason="変更")
    new = Shift.plan(
        purpose=Session.PURPOSE,
        title="出張サポート",
        venue=old.venue,
        starts_at=at(20),
        ends_at=at(20, 11),
        needed=1,
    )
    Session.objects.filter(pk=session.pk).update(shift=new)
    SupportRequest.objects.update(status="planned")
    an_offer(new, SupporterFactory.create()).accept(by=None)
    assert SupportRequest.objects.get().status == "booked"
    assert Message.objects.filter(kind="request_booked").count() == 2


def test_a_team_that_could_not_be_won_is_given_up_without_a_word_to_the_group(
    set_now: Callable[[dt.datetime], None],
) -> None:
    session = a_planned_session(needed=2)
    an_offer(session.shift, SupporterFactory.create()).accept(by=None)
    set_now(session.shift.starts_at)
    session.request.reopen(by=None, reason="人がそろわなかったため")
    assert SupportRequest.objects.get().status == "confirmed"
    assert Message.objects.filter(kind="request_reopened").count() == 0
    assert Claim.objects.count() == 0


def test_a_session_that_has_begun_is_reported_not_moved(set_now: Callable[[dt.datetime], None]) -> None:
    session = a_booked_session()
    set_now(session.shift.starts_at)
    with pytest.raises(TimePassed):
        session.request.reopen(by=None, reason="x")
    assert Claim.objects.count() > 0


@pytest.mark.parametrize("status", ["received", "confirmed", "reported", "withdrawn", "declined"])
def test_what_has_no_time_cannot_be_given_another(status: str) -> None:
    asked = SupportRequestFactory.create(status=status)
    with pytest.raises(ChangedMeanwhile):
        asked.reopen(by=None, reason="x")
    assert asked.moves.count() == 0


def test_giving_up_a_time_needs_a_reason(office: Client) -> None:
    session = a_booked_session()
    page = office.post(path_of(session.request, "reopen"), {"reopen-reason": ""}).content.decode()
    assert "＊理由を入力してください。" in page
    assert SupportRequest.objects.get().status == "booked"


@pytest.mark.parametrize("verb", ["decline", "withdraw"])
def test_a_reopened_request_is_closed_though_its_old_time_has_passed(
    set_now: Callable[[dt.datetime], None], verb: str
) -> None:
    session = a_booked_session()
    session.request.reopen(by=None, reason="変更")
    set_now(session.shift.starts_at)
    asked = SupportRequest.objects.get()
    getattr(asked, verb)(by=None, reason="都合")
    assert (asked.is_closed, asked.moves.count()) == (True, 3)


def test_a_team_that_could_not_be_won_in_time_is_declined_afterwards(set_now: Callable[[dt.datetime], None]) -> None:
    session = a_planned_session(needed=2)
    an_offer(session.shift, SupporterFactory.create()).accept(by=None)
    set_now(session.shift.starts_at)
    session.request.decline(by=None, reason="人がそろわなかったため")
    assert (SupportRequest.objects.get().status, Claim.objects.count()) == ("declined", 0)


# --- With those who have said yes -----------------------------------------------------------------------


def test_a_partly_won_team_is_booked_with_a_reason_and_the_group_is_told(office: Client, coordinator: User) -> None:
    session = a_planned_session(needed=2)
    an_offer(session.shift, SupporterFactory.create()).accept(by=None)
    an_offer(session.shift, SupporterFactory.create())
    assert "引き受けた人だけで行う" in office.get(f"/requests/list/{session.request.pk}/").content.decode()
    office.post(path_of(session.request, "fewer"), {"fewer-reason": "4人なので1人でたりる"})
    asked, shift = SupportRequest.objects.get(), Shift.objects.get()
    move = asked.moves.order_by("pk").last()
    assert move is not None
    assert (asked.status, shift.needed, move.by, move.reason) == ("booked", 1, coordinator, "4人なので1人でたりる")
    assert Message.objects.filter(kind="request_booked").count() == 1


def test_nobody_goes_with_fewer_without_a_reason(office: Client) -> None:
    session = a_planned_session(needed=2)
    an_offer(session.shift, SupporterFactory.create()).accept(by=None)
    page = office.post(path_of(session.request, "fewer"), {"fewer-reason": ""}).content.decode()
    assert ("＊理由を入力してください。" in page, SupportRequest.objects.get().status) == (True, "planned")


def test_going_with_fewer_needs_somebody_a_time_to_come_and_a_waiting_request(
    set_now: Callable[[dt.datetime], None],
) -> None:
    session = a_planned_session(needed=2)
    with pytest.raises(NobodyAccepted):
        session.go_with_fewer(by=None, reason="x")
    an_offer(session.shift, SupporterFactory.create()).accept(by=None)
    set_now(session.shift.starts_at)
    with pytest.raises(TimePassed):
        session.go_with_fewer(by=None, reason="x")
    session.request.reopen(by=None, reason="x")
    with pytest.raises(ChangedMeanwhile):
        session.go_with_fewer(by=None, reason="x")


def test_a_minor_does_not_go_alone() -> None:
    session = a_planned_session(needed=2)
    minor = SupporterFactory.create(birth_date=timezone.localdate() - dt.timedelta(days=16 * 365), is_lead=False)
    Consent.objects.create(supporter=minor, guardian=minor.contact, given_at=timezone.now())
    an_offer(session.shift, SupporterFactory.create())
    an_offer(session.shift, minor).accept(by=None)
    with pytest.raises(AdultMissing):
        session.go_with_fewer(by=None, reason="x")
    assert SupportRequest.objects.get().status == "planned"


def test_only_a_booked_session_asks_for_a_report(set_now: Callable[[dt.datetime], None]) -> None:
    session = a_planned_session(needed=2)
    an_offer(session.shift, SupporterFactory.create()).accept(by=None)
    set_now(session.shift.starts_at)
    assert Session.objects.links([session.shift]) == {}
    SupportRequest.objects.update(status="booked")
    assert list(Session.objects.links([session.shift])) == [session.shift.pk]


# --- A new address --------------------------------------------------------------------------------------


def test_a_new_address_is_asked_to_confirm_and_the_old_link_proves_it_no_more(
    office: Client, asked: SupportRequest
) -> None:
    SupportRequest.objects.update(status="received")
    asked.refresh_from_db()
    ask_to_confirm(asked)
    old = "/requests/" + confirm_url(asked).partition("/requests/")[2]
    office.post(path_of(asked, "revise"), as_shown(asked) | {"email": "neu@example.jp"})
    told = Message.objects.filter(kind="request_confirm").order_by("pk")
    asked = SupportRequest.objects.get()
    assert (told.count(), told[1].address) == (2, "neu@example.jp")
    assert (office.post(old).status_code, SupportRequest.objects.get().status) == (404, "received")
    office.post("/requests/" + confirm_url(asked).partition("/requests/")[2])
    assert SupportRequest.objects.get().status == "confirmed"

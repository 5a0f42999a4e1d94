"""The group's form: each sentence at its field, nothing typed is lost, and one request for one form."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from notifications.addresses import ASKED_A_DAY
from notifications.models import Message
from programme.models import Closure, Limit, Limits, Topic, User, Venue
from programme.wording import say_day
from support_requests.forms import IntakeForm, PhoneInForm
from support_requests.models import Group, SupportRequest
from support_requests.rules import possible_days
from support_requests.slots import Slot
from support_requests.views.intake import IntakeView
from tests.factories import a_hall
from tests.steps import url_of
from tests.support_requests.asking import closed_day, fill_in, in_query, open_days, sent

pytestmark = pytest.mark.usefixtures("programme_facts")


def reach(client: Client, slug: str) -> str:
    """The address of a page of a new form, with everything before it answered."""
    data = sent()
    for step in IntakeView.steps[: [step.slug for step in IntakeView.steps].index(slug)]:
        client.post(url_of(IntakeView, data["form_id"], step.slug), data)
    return url_of(IntakeView, data["form_id"], slug)


def page_at(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def errors(**changes: Any) -> dict[str, list[str]]:
    return {name: list(sentences) for name, sentences in IntakeForm(in_query(sent(**changes))).errors.items()}


def office_errors(**changes: Any) -> dict[str, list[str]]:
    form = PhoneInForm(sent(intake="phone", **changes))
    return {name: list(sentences) for name, sentences in form.errors.items()}


def test_a_right_form_becomes_a_request_that_waits_for_its_confirmation(client: Client) -> None:
    days = open_days()
    response = fill_in(client, sent(needs=["sign"], note="車いす1台"))
    asked = SupportRequest.objects.get()
    assert response.redirect_chain[-1][0].startswith("/requests/thanks/")
    assert (asked.status, asked.intake, asked.participants, asked.minutes) == ("received", "web", 5, 60)
    assert (asked.group.name, asked.group.contact.name, asked.venue) == ("ひまわり会", "前橋花子", a_hall())
    assert (asked.needs, asked.note) == (["sign"], "車いす1台")
    assert [(wanted.topic_id, wanted.level) for wanted in asked.topics.all()] == [("T05", 1)]
    starts = [timezone.localtime(time.starts_at) for time in asked.times.all()]
    assert [(start.date(), start.hour) for start in starts] == [(day, 10) for day in days[1:4]]


def test_the_page_shows_no_topic_that_is_out_of_scope(client: Client) -> None:
    out_of_scope = Topic.objects.filter(in_scope=False)[0]
    page = page_at(client, reach(client, "topics"))
    assert f'value="{out_of_scope.pk}"' not in page
    assert 'value="T05"' in page


def test_opening_the_form_stores_nothing(client: Client) -> None:
    client.get("/requests/")
    assert (SupportRequest.objects.count(), Group.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("group_name", "団体・グループの名前を入力してください。"),
        ("district", "地区を選んでください。"),
        ("leader", "代表の方のお名前を入力してください。"),
        ("participants", "参加する人数を入力してください。だいたいの数でかまいません。"),
        ("venue", "場所を選んでください。"),
        ("minutes", "1回の時間を選んでください。"),
        ("topics", "1つ以上選んでください。わからないときは「その他」を選んでください。"),
        ("level", "あてはまるものを1つ選んでください。"),
        ("kind", "団体の種類を選んでください。"),
    ],
)
def test_what_is_missing_is_said_at_its_field(field: str, sentence: str) -> None:
    assert errors(**{field: ""}) == {field: [sentence]}


@pytest.mark.parametrize(
    ("typed", "number"),
    [("5", 5), ("５", 5), ("１０人", 10), (" 3 ", 3), ("約１０人", 10), ("10人くらい", 10), ("5人か6人", None)],
)
def test_people_are_counted_as_people_type_numbers(typed: str, number: int | None) -> None:
    form = IntakeForm(in_query(sent(participants=typed)))
    assert form.is_valid() is (number is not None)
    assert form.cleaned_data.get("participants") == number


def test_what_a_browser_filled_into_the_trap_can_be_seen_and_emptied(client: Client) -> None:
    data = sent(homepage="http://autofill.example")
    page = fill_in(client, data).content.decode()
    trap = re.search(r'<input[^>]*name="homepage"[^>]*>', page)
    assert "この欄は空のままにして" in page
    assert trap
    assert "tabindex" not in trap[0]
    assert '<div class="visually-hidden">' not in page
    assert fill_in(client, data | {"homepage": ""}).redirect_chain[-1][0].startswith("/requests/thanks/")


def test_a_postcode_that_nobody_knows_is_named(client: Client) -> None:
    own = {"venue": "own", "own_name": "集会所", "own_postcode": "371-9999", "own_address": ""}
    assert "この郵便番号の町は見つかりませんでした" in errors(**own)["own_address"][0]
    assert errors(**own | {"own_postcode": ""})["own_address"] == ["住所を入力してください。"]


def test_a_keyboard_gets_past_the_calendar_in_one_step(client: Client) -> None:
    page = page_at(client, reach(client, "days"))
    assert page.index('href="#after-slots"') < page.index('type="checkbox"')
    assert page.rindex('type="checkbox"') < page.index('id="after-slots"')


@pytest.mark.parametrize(("language", "said"), [("en", "1st and 3rd Monday"), ("ja", "第1・第3月曜日")])
def test_why_a_hall_is_closed_is_said_in_the_language_of_the_page(client: Client, language: str, said: str) -> None:
    assert said in page_at(client, f"{reach(client, 'days')}?lang={language}")
    Closure.objects.filter(reason="第1・第3月曜日").update(reason="床の工事")
    days = possible_days(Limits.current())
    with override(language):
        assert "床の工事" in a_hall().closed_days(days[0], days[-1]).values()


def test_too_few_people_are_told_how_many_and_where_else_to_go() -> None:
    sentence = (
        "出張サポートは3人以上でお申し込みください。"
        "人数がたりないときは、予約のいらない「よろず相談所」をご利用ください。"
    )
    assert errors(participants="2") == {"participants": [sentence]}


def test_the_least_number_is_the_programmes_own() -> None:
    Limit.objects.filter(code="minimum_group_size").update(value=6)
    assert list(errors(participants="5")) == ["participants"]
    assert errors(participants="6") == {}


def test_a_very_large_group_is_asked_to_ring() -> None:
    most = Limits.current().maximum_group_size
    sentence = f"ウェブでのお申し込みは{most}人までです。それより多いときは、お電話でご相談ください。"
    assert errors(participants=str(most + 1)) == {"participants": [sentence]}
    assert errors(participants=str(most)) == {}


def test_without_mail_and_phone_one_of_them_is_asked_for() -> None:
    assert errors(email="", phone="") == {"email": ["メールアドレスか電話番号の、どちらかを入力してください。"]}


@pytest.mark.parametrize("contact", [{"email": ""}, {"phone": ""}])
def test_mail_or_phone_alone_is_enough(contact: dict[str, str]) -> None:
    assert errors(**contact) == {}


@pytest.mark.parametrize(
    "typed",
    [
        "０２７－２２４－１１１１",
        "０２７ー２２４ー１１１１",
        "027〜224〜1111",
        "027-224-1111",
        "0272241111",
        "027−224−1111",
    ],
)
def test_a_phone_number_is_kept_as_typed_and_found_however_typed(client: Client, typed: str) -> None:
    fill_in(client, sent(phone=typed))
    contact = SupportRequest.objects.get().group.contact
    assert (contact.phone, contact.phone_e164) == (typed, "+81272241111")


def test_what_is_no_phone_number_is_said_at_the_field() -> None:
    assert errors(phone="224-1111") == {"phone": ["電話番号を市外局番から入力してください。例:027-224-1111"]}


def test_a_mail_address_in_wide_letters_is_read_as_meant(client: Client) -> None:
    fill_in(client, sent(email="ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"))
    assert SupportRequest.objects.get().group.contact.email == "hanako@example.jp"


def test_what_is_no_mail_address_is_said_at_the_field() -> None:
    assert list(errors(email="hanako.example.jp")) == ["email"]


@pytest.mark.parametrize("name", ["𠮷野家の会", "髙﨑さんと栁澤さん", "神社〜A&B<c>", "ｶﾅ会"])
def test_names_are_stored_exactly_as_typed(client: Client, name: str) -> None:
    fill_in(client, sent(group_name=name, leader=name))
    group = Group.objects.get()
    assert (group.name, group.contact.name) == (name, name)
    assert name in Message.objects.get().body


# --- The place ------------------------------------------------------------------------------------------


def test_a_place_of_their_own_becomes_a_venue_in_the_groups_district(client: Client) -> None:
    fill_in(client, sent(venue="own", own_name="髙井町自治会館", own_address="高井町1-2-3"))
    venue = SupportRequest.objects.get().venue
    assert (venue.kind, venue.name, venue.address, venue.district_id) == ("own", "髙井町自治会館", "高井町1-2-3", "D03")


def test_a_place_of_their_own_in_another_district(client: Client) -> None:
    fill_in(client, sent(venue="own", own_name="集会所", own_address="石倉町1", own_district="D07"))
    assert SupportRequest.objects.get().venue.district_id == "D07"


def test_a_place_of_their_own_needs_name_and_address() -> None:
    assert errors(venue="own") == {
        "own_name": ["場所の名前を入力してください。"],
        "own_address": ["住所を入力してください。"],
    }


def test_other_groups_places_are_nobody_elses_choice(client: Client) -> None:
    own = Venue.objects.create(kind=Venue.Kind.OWN, name="だれかの家", district_id="D03", address="x")
    assert "だれかの家" not in page_at(client, reach(client, "place"))
    assert errors(venue=str(own.pk)) == {"venue": ["場所を選び直してください。"]}


# --- The times, from the calendar -----------------------------------------------------------------------


def test_half_days_and_their_times_become_wishes_in_the_order_of_time(client: Client) -> None:
    days = open_days()
    starts = {"start_1": (days[4].isoformat(), "14:00"), "start_2": (days[2].isoformat(), "09:30")}
    fill_in(client, sent(**starts, start_3=("", "")))
    wishes = [timezone.localtime(time.starts_at) for time in SupportRequest.objects.get().times.all()]
    assert [(wish.date(), f"{wish:%H:%M}") for wish in wishes] == [(days[2], "09:30"), (days[4], "14:00")]


def test_the_best_day_comes_first(client: Client) -> None:
    days = open_days()
    fill_in(client, sent(best=f"{days[3].isoformat()}.0"))
    wishes = [timezone.localdate(time.starts_at) for time in SupportRequest.objects.get().times.all()]
    assert wishes == [days[3], days[1], days[2]]


def test_a_day_is_needed_and_more_than_three_are_too_many() -> None:
    days = [f"{day.isoformat()}.1" for day in open_days()[:4]]
    assert errors(slots=[]) == {"slots": ["都合のよい日を、1つ以上選んでください。"]}
    assert errors(slots=days) == {"slots": ["3つまで選べます。選びすぎたものを外してください。"]}
    assert errors(slots=days[:3]) == {}


@pytest.mark.parametrize(
    "nonsense", ["2026-02-31.0", "x", "2020-01-06.0", "2026-12-03.3", "2026-12-03.00", "0001-01-01.0"]
)
def test_what_the_calendar_does_not_offer_is_refused(nonsense: str) -> None:
    assert list(errors(slots=[nonsense])) == ["slots"]


def test_a_closed_day_cannot_be_ticked_and_is_refused_with_its_reason(client: Client) -> None:
    day = closed_day()
    page = page_at(client, reach(client, "days"))
    assert f'value="{day.isoformat()}.0"' not in page
    assert f'value="{open_days()[0].isoformat()}.0"' in page
    slot = Slot(day, 0)
    assert errors(slots=[slot.key]) == {"slots": [f"{slot}は選べません({a_hall().closed_on(day)})。"]}


def test_half_days_outside_the_hours_of_a_hall_cannot_be_ticked(client: Client) -> None:
    Venue.objects.filter(pk=a_hall().pk).update(opens=dt.time(9), closes=dt.time(17))
    day = open_days()[1]
    page = page_at(client, reach(client, "days"))
    assert f'value="{day.isoformat()}.1"' in page
    assert f'value="{day.isoformat()}.2"' not in page
    assert list(errors(slots=[f"{day.isoformat()}.2"])) == ["slots"]


def test_each_weekday_of_the_calendar_has_its_reading_in_easy_japanese(client: Client) -> None:
    page = page_at(client, f"{reach(client, 'days')}?lang=ja-easy")
    heads = "".join(re.findall(r'<th scope="row">.*?</th>', page))
    found = set(re.findall(r"<ruby>(.)<rp>\(</rp><rt>(\w+)</rt>", heads))
    readings = {"月": "げつ", "火": "か", "水": "すい", "木": "もく", "金": "きん", "土": "ど", "日": "にち"}
    assert found == set(readings.items())


def test_other_days_are_asked_their_times_anew(client: Client) -> None:
    data, days = sent(start_2=("", ""), start_3=("", "")), open_days()
    fill_in(client, data | {"email": "x"})  # not sent yet
    url = url_of(IntakeView, data["form_id"], "days")
    assert client.post(url, data)["Location"].endswith("/contact/")  # the same days: nothing to ask
    other = data | {"slots": [f"{days[6].isoformat()}.1"]}
    assert client.post(url, other)["Location"].endswith("/times/")
    page = page_at(client, url_of(IntakeView, data["form_id"], "times"))
    assert re.search(rf'value="{days[6].isoformat()}T13:30:00[^"]*" selected', page)
    assert days[1].isoformat() not in page


# --- The times, from the office's lists -----------------------------------------------------------------


def test_one_wish_is_enough() -> None:
    assert office_errors(start_2=("", ""), start_3=("", "")) == {}


def test_wishes_move_up_when_one_is_left_out(office: Client) -> None:
    office.post("/requests/phone/", sent(intake="phone", start_2=("", "")))
    assert [time.rank for time in SupportRequest.objects.get().times.all()] == [1, 2]


def test_the_first_wish_is_needed() -> None:
    assert office_errors(start_1=("", "")) == {"start_1": ["日と時間を選んでください。"]}


def test_half_a_wish_is_asked_for_its_other_half() -> None:
    day = open_days()[5].isoformat()
    assert office_errors(start_2=(day, ""), start_3=("", "10:00")) == {
        "start_2": ["始まる時間を選んでください。"],
        "start_3": ["日を選んでください。"],
    }


@pytest.mark.parametrize(
    "nonsense", [("2026-02-31", "10:00"), ("x", "y"), ("9999-12-31", "99:00"), ("0001-01-01", "00:00")]
)
def test_a_start_that_no_list_offers_is_refused_at_the_field(nonsense: tuple[str, str]) -> None:
    assert list(office_errors(start_2=nonsense)) == ["start_2"]


def test_too_soon_and_too_far_name_the_first_and_the_last_day() -> None:
    today, limits = timezone.localdate(), Limits.current()
    first = today + dt.timedelta(days=limits.days_ahead)
    last = today + dt.timedelta(days=limits.days_ahead_furthest)
    before, after = first - dt.timedelta(days=1), last + dt.timedelta(days=1)
    assert office_errors(start_1=(before.isoformat(), "10:00"), start_2=(after.isoformat(), "10:00")) == {
        "start_1": [f"準備に日数がかかります。{say_day(first)}以後の日を選んでください。"],
        "start_2": [f"まだ予定を決められません。{say_day(last)}までの日を選んでください。"],
    }


def test_the_first_possible_day_is_possible() -> None:
    place = {"venue": "own", "own_name": "集会所", "own_address": "石倉町1"}
    limits = Limits.current()
    edges = [timezone.localdate() + dt.timedelta(days=days) for days in (limits.days_ahead, limits.days_ahead_furthest)]
    assert (
        office_errors(start_1=(edges[0].isoformat(), "09:00"), start_2=(edges[1].isoformat(), "20:00"), **place) == {}
    )


def test_a_closed_hall_is_named_with_day_and_reason() -> None:
    day, hall = closed_day(), a_hall()
    sentence = f"{hall}は、{say_day(day)}は閉まっています({hall.closed_on(day)})。別の日を選んでください。"
    assert office_errors(start_2=(day.isoformat(), "10:00")) == {"start_2": [sentence]}


def test_a_closed_hall_says_nothing_of_another_place() -> None:
    day = closed_day().isoformat()
    assert office_errors(start_1=(day, "10:00"), venue="own", own_name="集会所", own_address="石倉町1") == {}


def test_a_session_ends_before_the_hall_closes() -> None:
    Venue.objects.filter(pk=a_hall().pk).update(opens=dt.time(9), closes=dt.time(17))
    day = open_days()[1].isoformat()
    sentence = f"{a_hall()}が使えるのは09:00から17:00までです。終わりの時間もその中に入るように選んでください。"
    assert office_errors(start_1=(day, "16:30"), minutes="60") == {"start_1": [sentence]}
    assert office_errors(start_1=(day, "16:00"), minutes="60") == {}


def test_starts_stand_on_quarters_of_an_hour() -> None:
    day = open_days()[1].isoformat()
    assert office_errors(start_1=(day, "10:07")) == {"start_1": ["時間は15分きざみで選んでください。"]}
    assert office_errors(start_1=(day, "10:15")) == {}


def test_the_same_time_twice_is_said_at_the_second() -> None:
    same = (open_days()[1].isoformat(), "10:00")
    assert office_errors(start_1=same, start_3=same) == {
        "start_3": ["ほかの希望と同じ日時です。別の日時を選んでください。"]
    }


def test_the_length_is_the_programmes_own(client: Client) -> None:
    offered = [minutes for minutes, _ in IntakeForm().fields["minutes"].choices]  # type: ignore[attr-defined]
    assert offered == [30, 60, 90, 120, 150, 180]
    assert list(errors(minutes="240")) == ["minutes"]


# --- Nothing is lost ------------------------------------------------------------------------------------


def test_everything_typed_is_still_there_after_an_error(client: Client) -> None:
    data = sent(
        participants="２人",
        group_name="𠮷野会",
        note="車いす",
        needs=["sign"],
        topics=["T05", "T09"],
        slots=["2020-01-06.0"],
        own_name="集会所",
    )
    page = fill_in(client, data).content.decode()
    assert "3人以上でお申し込みください" in page
    for typed in ('value="２人"', 'value="𠮷野会"'):
        assert typed in page, typed
    assert SupportRequest.objects.count() == 0
    right = data | {"participants": "3"}
    client.post(url_of(IntakeView, data["form_id"], "group"), right)
    assert 'value="集会所"' in page_at(client, url_of(IntakeView, data["form_id"], "place"))
    assert ">\n車いす<" in page_at(client, url_of(IntakeView, data["form_id"], "helps"))
    for step, ticked in (("helps", "sign"), ("topics", "T05"), ("topics", "T09"), ("level", "L1")):
        page = page_at(client, url_of(IntakeView, data["form_id"], step))
        assert re.search(rf'value="{ticked}"[^>]* checked', page), ticked


def test_a_robot_that_fills_in_the_trap_is_refused_and_a_person_told_why(client: Client) -> None:
    page = fill_in(client, sent(homepage="http://spam.example")).content.decode()
    assert "この欄は空のままにして、もう一度送ってください。" in page
    assert SupportRequest.objects.count() == 0


# --- Twice ----------------------------------------------------------------------------------------------


def test_the_same_form_sent_twice_is_one_request_and_one_mail(client: Client) -> None:
    data = sent()
    first, again = fill_in(client, data), fill_in(client, data)
    assert (SupportRequest.objects.count(), Group.objects.count(), Message.objects.count()) == (1, 1, 1)
    assert first.redirect_chain[-1][0].startswith("/requests/thanks/")
    assert again.redirect_chain[-1] == first.redirect_chain[-1]


def test_two_forms_are_two_requests(client: Client) -> None:
    fill_in(client, sent())
    fill_in(client, sent())
    assert SupportRequest.objects.count() == 2


def test_one_address_cannot_be_flooded_with_mail(client: Client) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=99)
    for _ in range(5):
        fill_in(client, sent())
    page = fill_in(client, sent(email="HANAKO@example.jp")).content.decode()
    assert "確認のお願いを、きょうはもう何度もお送りしました。" in page
    assert (SupportRequest.objects.count(), Message.objects.count()) == (5, 5)
    fill_in(client, sent(email="jiro@example.jp"))
    assert SupportRequest.objects.count() == 6


def test_who_answers_is_asked_as_often_as_there_are_requests(client: Client) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=99)
    for number in range(ASKED_A_DAY + 2):
        assert "/thanks/" in fill_in(client, sent(group_name=f"{number}の会")).redirect_chain[-1][0]
        question = Message.objects.filter(kind="request_confirm").latest("pk")
        link = re.search(r"/requests/confirm/[^/]+/", question.body)
        assert link
        client.post(link[0])
    assert SupportRequest.objects.filter(status="confirmed").count() == ASKED_A_DAY + 2
    # What was asked of another address is not answered by this one.
    Message.objects.update(address="victim@example.jp")
    page = fill_in(client, sent(email="victim@example.jp")).content.decode()
    assert "確認のお願いを、きょうはもう何度もお送りしました。" in page


def test_the_summary_says_beside_the_answer_what_is_too_much(client: Client) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=1)

    def said_beside(page: str) -> list[str]:
        rows = re.findall(r"<dt>([^<]+)</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
        return [label for label, answer in rows if 'class="error"' in answer]

    fill_in(client, sent())
    assert said_beside(fill_in(client, sent()).content.decode()) == ["都合のよい日(3つまで)"]
    Limit.objects.filter(code="requests_a_month").update(value=99)
    for _ in range(ASKED_A_DAY):
        page = fill_in(client, sent()).content.decode()
    assert said_beside(page) == ["メールアドレス"]
    for number in range(ASKED_A_DAY + 1):
        page = fill_in(client, sent(email="", phone="090-9999-0000", group_name=f"会{number}")).content.decode()
    assert said_beside(page) == ["電話番号"]


def test_one_mobile_cannot_be_flooded_with_sms(client: Client) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=99)
    for number in range(6):
        page = fill_in(client, sent(email="", phone="090-9999-0000", group_name=f"会{number}")).content.decode()
    assert "確認のお願いを、きょうはもう何度もお送りしました。" in page
    assert Message.objects.filter(address="+819099990000").count() == ASKED_A_DAY


def test_each_opened_form_has_an_id_of_its_own(client: Client) -> None:
    links = {re.findall(r'href="(/requests/new/[^"]+)"', client.get("/requests/").content.decode())[0] for _ in "12"}
    assert len(links) == 2


# --- After it -------------------------------------------------------------------------------------------


def test_the_page_after_it_says_where_the_mail_went(client: Client) -> None:
    page = fill_in(client, sent()).content.decode()
    assert "hanako@example.jp" in page
    assert "この内容で申し込みます" in page
    assert SupportRequest.objects.get().number in page


def test_without_mail_the_page_says_that_somebody_will_ring(client: Client) -> None:
    page = fill_in(client, sent(email="")).content.decode()
    message = Message.objects.get()
    assert "事務局から 027-224-1111 へお電話して" in page
    assert SupportRequest.objects.get().status == "received"
    assert (message.channel, message.address) == ("phone", "027-224-1111")
    assert "/requests/confirm/" not in message.body


def test_the_number_of_queries_does_not_grow_with_the_halls(client: Client, django_assert_max_num_queries: Any) -> None:
    place = reach(client, "place")
    with django_assert_max_num_queries(16) as few:
        page_at(client, place)
    for number in range(5):
        Venue.objects.create(name=f"新しい館{number}", district_id=f"D0{number + 1}")
    with django_assert_max_num_queries(len(few)):
        page_at(client, place)

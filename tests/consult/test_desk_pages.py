"""The coordinator's pages: desks in plain words, dates first shown and then made, activities once."""

import datetime as dt
import uuid
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consult.models import Activity, Consultation, Desk
from consult.reserving import Wish, reserve
from notifications.models import Message
from programme.models import District, Role, Topic, User, Venue
from supporters.models import Assignment
from tests.consult.rows import a_desk, an_opening
from tests.factories import SupporterFactory, an_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MONDAYS = "FREQ=WEEKLY;BYDAY=MO"
JANUARY = dt.datetime(2027, 1, 20, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
FEBRUARY = {
    "first_year": "2027",
    "first_month": "2",
    "first_day": "1",
    "last_year": "2027",
    "last_month": "2",
    "last_day": "28",
}


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    """A browser signed in as a coordinator."""
    client.force_login(coordinator)
    return client


def desk_answers(**more: object) -> dict[str, object]:
    return {
        "name": "よろず相談所 大胡",
        "venue": Venue.objects.get(code="hall_ogo").pk,
        "repeat": "monthly",
        "weekdays": ["1"],
        "weeks": ["2", "4"],
        "opens": "10:00",
        "closes": "12:00",
        "seats": "３",
        "needs_lead": "on",
        "topics": ["T05", "T01"],
        "emails": "Ogo@example.jp\n",
        "active": "on",
    } | more


# --- Openings ----------------------------------------------------------------------------------------
def test_coming_openings_show_who_is_there_and_who_is_missing(office: Client, desk: Desk) -> None:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    opening = an_opening(desk, tomorrow)
    first, second = SupporterFactory.create(), SupporterFactory.create()
    an_offer(opening.shift, first).accept(by=first.user)
    an_offer(opening.shift, second)
    page = office.get(reverse("consult:openings"))
    [shown] = page.context["page"][0].coming
    assert (shown.held, shown.asked, shown.shift.needed) == (1, 1, 2)
    assert "足りません" in page.content.decode()


def test_todays_cases_are_counted_live(office: Client, desk: Desk, log_case: Callable[..., Consultation]) -> None:
    log_case()
    void = log_case()
    void.void(by=void.logged_by, reason="練習")
    assert "今日の相談 1件" in office.get(reverse("consult:openings")).content.decode()


def test_dates_are_shown_first_and_then_made(office: Client, set_now: Callable[[dt.datetime], None]) -> None:
    set_now(JANUARY)
    desk = a_desk(rule=MONDAYS)
    url = reverse("consult:open_dates", args=[desk.pk])
    page = office.post(url, FEBRUARY | {"preview": "1"})
    assert page.context["plan"].new == [dt.date(2027, 2, 8), dt.date(2027, 2, 22)]
    assert list(page.context["plan"].closed) == [dt.date(2027, 2, 1), dt.date(2027, 2, 15)]
    assert "<strong>2027年2月1日(月)</strong> 休館: 第1・第3月曜日" in page.content.decode()
    assert desk.openings.count() == 0  # nothing is made by looking

    page = office.post(url, FEBRUARY)
    assert "作る日を1つ以上選んでください。" in page.context["form"].non_field_errors()
    page = office.post(url, FEBRUARY | {"dates": ["2027-02-08", "2027-02-22", "2027-02-23"]}, follow=True)
    assert "開設日を2日分作りました。" in page.content.decode()  # the 23rd was never offered
    page = office.post(url, FEBRUARY | {"dates": ["2027-02-08"]}, follow=True)
    assert "新しく作る日はありませんでした。" in page.content.decode()
    assert [opening.date.day for opening in desk.openings.order_by("date")] == [8, 22]


def test_a_second_tap_on_make_with_some_dates_unticked_makes_nothing_more_and_is_no_error(
    office: Client, set_now: Callable[[dt.datetime], None]
) -> None:
    set_now(JANUARY)
    desk = a_desk(rule=MONDAYS)
    url = reverse("consult:open_dates", args=[desk.pk])
    for said in ("開設日を1日分作りました。", "新しく作る日はありませんでした。"):
        page = office.post(url, FEBRUARY | {"dates": ["2027-02-08"]}, follow=True)
        assert page.redirect_chain
        assert said in page.content.decode()
    assert [opening.date.day for opening in desk.openings.all()] == [8]


def test_where_all_dates_are_closed_and_none_is_ticked_nothing_is_said_to_be_made(
    office: Client, set_now: Callable[[dt.datetime], None]
) -> None:
    set_now(JANUARY)
    url = reverse("consult:open_dates", args=[a_desk(rule="FREQ=MONTHLY;BYDAY=1MO,3MO").pk])
    page = office.post(url, FEBRUARY)
    assert page.context["plan"].new == []
    assert page.context["plan"].instead
    assert "作る日を1つ以上選んでください。" in page.context["form"].non_field_errors()


def test_dates_are_offered_from_the_day_after_the_last_one(
    office: Client, set_now: Callable[[dt.datetime], None]
) -> None:
    set_now(JANUARY)
    desk = a_desk(rule=MONDAYS)
    url = reverse("consult:open_dates", args=[desk.pk])
    assert office.get(url).context["form"].initial == {"first": dt.date(2027, 1, 20), "last": dt.date(2027, 3, 17)}
    an_opening(desk, dt.date(2027, 2, 8))
    assert office.get(url).context["form"].initial == {"first": dt.date(2027, 2, 9), "last": dt.date(2027, 4, 6)}


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"last_year": "2026"}, "last", "「いつから」より後の日付を入力してください。"),
        ({"last_year": "2029"}, "last", "一度に作れるのは1年分までです。"),
        ({"first_year": "2026"}, "first", "今日からの日付を入力してください。"),
        ({"first_month": ""}, "first", "月を入力してください。"),
        ({"last_day": "30"}, "last", "その日付はありません。年・月・日をご確認ください。"),
    ],
)
def test_a_period_that_cannot_be_is_told_at_its_field(
    office: Client, set_now: Callable[[dt.datetime], None], changed: dict[str, str], field: str, sentence: str
) -> None:
    set_now(JANUARY)
    desk = a_desk(rule=MONDAYS)
    page = office.post(reverse("consult:open_dates", args=[desk.pk]), FEBRUARY | changed)
    assert sentence in page.context["form"].errors[field]
    assert desk.openings.count() == 0


def test_calling_off_says_whom_it_concerns_and_tells_them(office: Client, desk: Desk) -> None:
    opening = an_opening(desk, timezone.localdate() + dt.timedelta(days=3))
    supporter = SupporterFactory.create(name="髙﨑")
    an_offer(opening.shift, supporter).accept(by=supporter.user)
    url = reverse("consult:call_off", args=[opening.pk])
    assert "髙﨑" in office.get(url).content.decode()
    assert office.post(url, {"reason": ""}).context["form"].errors == {"reason": ["中止の理由を入力してください。"]}
    page = office.post(url, {"reason": "大雪のため"}, follow=True)
    assert page.redirect_chain == [(reverse("consult:opening", args=[opening.pk]), 302)]
    assert "大雪のため" in page.content.decode()
    assert Message.objects.get(kind="cancelled").recipient == supporter.contact
    office.post(url, {"reason": "大雪のため"})  # a double tap
    assert Message.objects.filter(kind="cancelled").count() == 1


def test_an_opening_that_has_begun_cannot_be_called_off_and_says_so(office: Client, desk: Desk) -> None:
    opening = an_opening(desk, timezone.localdate() - dt.timedelta(days=1))
    assert (
        reverse("consult:call_off", args=[opening.pk])
        not in office.get(reverse("consult:opening", args=[opening.pk])).content.decode()
    )
    page = office.post(reverse("consult:call_off", args=[opening.pk]), {"reason": "大雪のため"})
    assert "もう始まっているか終わっています。" in page.content.decode()


# --- Desks -------------------------------------------------------------------------------------------
def test_a_desk_is_made_from_plain_words_and_goes_on_to_its_dates(office: Client) -> None:
    page = office.post(reverse("consult:desk_new"), desk_answers())
    desk = Desk.objects.get()
    assert page["Location"] == reverse("consult:open_dates", args=[desk.pk])
    assert (desk.rule, desk.opens, desk.closes) == ("FREQ=MONTHLY;BYDAY=2TU,4TU", dt.time(10), dt.time(12))
    assert (desk.name, desk.seats, desk.needs_lead, desk.active) == ("よろず相談所 大胡", 3, True, True)
    assert {topic.pk for topic in desk.topics.all()} == {"T01", "T05"}
    assert [(user.email, user.role) for user in desk.accounts.all()] == [("ogo@example.jp", Role.DESK)]


def test_a_double_tap_makes_one_desk(office: Client) -> None:
    code = office.get(reverse("consult:desk_new")).context["form"]["code"].value()
    pages = [office.post(reverse("consult:desk_new"), desk_answers(code=code)) for _tap in range(2)]
    desk = Desk.objects.get()
    assert desk.code == code
    assert {page["Location"] for page in pages} == {reverse("consult:open_dates", args=[desk.pk])}


def test_two_new_desks_are_two(office: Client) -> None:
    codes = [office.get(reverse("consult:desk_new")).context["form"]["code"].value() for _page in range(2)]
    for code in codes:
        office.post(reverse("consult:desk_new"), desk_answers(code=code, emails=""))
    assert {desk.code for desk in Desk.objects.all()} == set(codes)


def test_a_weekly_desk_needs_no_weeks(office: Client) -> None:
    office.post(reverse("consult:desk_new"), desk_answers(repeat="weekly", weekdays=["1", "3"], weeks=[]))
    assert Desk.objects.get().rule == "FREQ=WEEKLY;BYDAY=TU,TH"


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"name": ""}, "name", "この項目は必須です。"),
        ({"weekdays": []}, "weekdays", "曜日を1つ以上選んでください。"),
        ({"weeks": []}, "weeks", "第何週かを1つ以上選んでください。"),
        ({"closes": "09:00"}, "closes", "終了は、開始より後の時刻にしてください。"),
        ({"closes": "10:00"}, "closes", "終了は、開始より後の時刻にしてください。"),
        (
            {"emails": "a" * 250 + "@example.jp"},
            "emails",
            f"メールアドレスの形をご確認ください: {'a' * 250}@example.jp",
        ),
        ({"emails": "ogo@"}, "emails", "メールアドレスの形をご確認ください: ogo@"),
        ({"emails": "coordinator@example.jp"}, "emails", "coordinator@example.jp は、ほかの役割で使われています。"),
    ],
)
def test_a_desk_that_cannot_be_is_told_at_its_field_and_nothing_typed_is_lost(
    office: Client, changed: dict[str, object], field: str, sentence: str
) -> None:
    sent = desk_answers(**changed)
    page = office.post(reverse("consult:desk_new"), sent)
    form = page.context["form"]
    assert form.errors == {field: [sentence]}
    assert {name: form[name].value() for name in ("name", "weekdays", "weeks", "closes", "emails")} == {
        name: sent[name] for name in ("name", "weekdays", "weeks", "closes", "emails")
    }
    assert Desk.objects.count() == 0


def test_a_desk_is_shown_in_plain_words_and_changed(office: Client, desk_account: User) -> None:
    desk = a_desk(rule="FREQ=MONTHLY;BYDAY=1MO,3MO")
    desk.accounts.add(desk_account)
    url = reverse("consult:desk_edit", args=[desk.pk])
    form = office.get(url).context["form"]
    assert (form["repeat"].value(), form["weekdays"].value(), form["weeks"].value()) == ("monthly", (0,), (1, 3))
    assert form["emails"].value() == "desk@example.jp"
    page = office.post(url, desk_answers(active="", emails="desk@example.jp"))
    assert page["Location"] == reverse("consult:openings")
    desk.refresh_from_db()
    assert (desk.rule, desk.active, desk.name) == ("FREQ=MONTHLY;BYDAY=2TU,4TU", False, "よろず相談所 大胡")
    assert list(desk.accounts.all()) == [desk_account]


def test_a_desk_ends_with_its_openings_to_come_called_off_after_a_look_at_whom_it_concerns(office: Client) -> None:
    desk = a_desk(reservable=True)
    openings = [an_opening(desk, timezone.localdate() + dt.timedelta(days=days)) for days in (3, 4)]
    supporter = SupporterFactory.create()
    for opening in openings:
        an_offer(opening.shift, supporter).accept(by=supporter.user)
    wish = Wish(uuid.uuid4(), openings[0], 0, "見本 花子", email="hanako@example.jp")
    reservation, _new = reserve(wish)
    url, answers = reverse("consult:desk_edit", args=[desk.pk]), desk_answers(active="", reservable="on", emails="")

    page = office.post(url, answers)
    assert page.context["left"] == {"openings": 2, "people": 1, "reserved": 1}
    assert "開設日 2日を中止にします" in page.content.decode()
    page = office.post(url, answers | {"end": "1", "reason": ""})
    assert page.context["ending"].errors == {"reason": ["中止の理由を入力してください。"]}
    desk.refresh_from_db()
    assert (desk.active, desk.still_to_open().count()) == (True, 2)

    assert office.post(url, answers | {"end": "1", "reason": "会場がなくなるため"}).status_code == 302
    desk.refresh_from_db()
    reservation.refresh_from_db()
    assert (desk.active, desk.still_to_open().count()) == (False, 0)
    assert reservation.cancel_reason == "会場がなくなるため"
    told = Message.objects.filter(body__contains="会場がなくなるため").values_list("recipient", flat=True)
    assert sorted(told) == sorted([supporter.contact_id, supporter.contact_id, reservation.contact_id])
    assert office.post(url, answers).status_code == 302  # nothing is left to ask about


def test_a_rule_without_plain_words_may_stay(office: Client) -> None:
    desk = a_desk(rule="FREQ=MONTHLY;BYMONTHDAY=10")
    url = reverse("consult:desk_edit", args=[desk.pk])
    assert office.get(url).context["form"]["repeat"].value() == "as_it_is"
    office.post(url, desk_answers(repeat="as_it_is", weekdays=[], weeks=[]))
    desk.refresh_from_db()
    assert (desk.rule, desk.name) == ("FREQ=MONTHLY;BYMONTHDAY=10", "よろず相談所 大胡")


def test_changing_a_desk_leaves_its_openings_as_they_were_made(office: Client) -> None:
    desk = a_desk()
    opening = an_opening(desk, timezone.localdate() + dt.timedelta(days=3))
    office.post(reverse("consult:desk_edit", args=[desk.pk]), desk_answers(opens="13:00", closes="15:00"))
    opening.refresh_from_db()
    assert timezone.localtime(opening.shift.starts_at).hour == 10


# --- Activities --------------------------------------------------------------------------------------
def activity(**more: str) -> dict[str, str]:
    return {
        "kind": "association_tablet",
        "date_year": "令和8",
        "date_month": "１１",
        "date_day": "3",
        "name": "朝日町一丁目自治会",
        "district": "D01",
        "attendees": "12人",
    } | more


def test_an_activity_is_logged(office: Client, coordinator: User) -> None:
    page = office.post(reverse("consult:activities"), activity(), follow=True)
    assert "「朝日町一丁目自治会」を記録しました。" in page.content.decode()
    row = Activity.objects.get()
    assert (row.kind, row.date, row.name) == ("association_tablet", dt.date(2026, 11, 3), "朝日町一丁目自治会")
    assert (row.district, row.attendees, row.logged_by) == (District.objects.get(pk="D01"), 12, coordinator)


def test_an_activity_sent_twice_is_told_at_its_name_and_kept_once(office: Client) -> None:
    office.post(reverse("consult:activities"), activity())
    page = office.post(reverse("consult:activities"), activity(attendees="13"))
    form = page.context["form"]
    assert form.errors == {"name": ["同じ日・同じ名前の活動が、もう記録されています。"]}
    assert (form["name"].value(), form["attendees"].value()) == ("朝日町一丁目自治会", "13")
    assert Activity.objects.get().attendees == 12


def test_another_kind_or_day_of_the_same_name_is_another_activity(office: Client) -> None:
    for more in ({}, {"kind": "hall_course"}, {"date_day": "4"}):
        office.post(reverse("consult:activities"), activity(**more))
    assert Activity.objects.count() == 3


def test_an_activity_to_come_is_not_logged(office: Client) -> None:
    page = office.post(reverse("consult:activities"), activity(date_year="2099"))
    assert page.context["form"].errors == {"date": ["これから行う活動は、まだ記録できません。実施日をご確認ください。"]}
    assert Activity.objects.count() == 0


def test_a_name_is_kept_as_it_was_typed(office: Client) -> None:
    office.post(reverse("consult:activities"), activity(name="髙﨑栁德𠮷会 ㌔"))
    assert Activity.objects.get().name == "髙﨑栁德𠮷会 ㌔"


# --- Speed -------------------------------------------------------------------------------------------
def test_openings_ask_the_database_the_same_for_one_desk_and_for_three(
    office: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 2, 3):
        desk = a_desk(f"相談所{number}")
        for days in range(1, number + 1):
            an_offer(an_opening(desk, timezone.localdate() + dt.timedelta(days=days)).shift, SupporterFactory.create())
        if number in (1, 3):
            with django_assert_num_queries(7):  # session, account, programme, how many desks, desks, openings, former
                office.get(reverse("consult:openings"))


def test_an_opening_asks_the_same_for_one_supporter_and_for_three(
    office: Client, desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    opening = an_opening(desk, timezone.localdate() + dt.timedelta(days=1))
    for number in (1, 2, 3):
        an_offer(opening.shift, SupporterFactory.create())
        if number == 1:
            ContentType.objects.get_for_model(Assignment)  # a process asks for it once
        if number in (1, 3):
            with django_assert_num_queries(9):  # the fifth and sixth: moves and reservations; the last two: the record
                office.get(reverse("consult:opening", args=[opening.pk]), {"record": "newest"})


def test_activities_ask_the_same_for_one_row_and_for_three(
    office: Client, coordinator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 2, 3):
        office.post(reverse("consult:activities"), activity(date_day=str(number)))
        office.get(reverse("consult:activities"))  # takes the message off
        if number in (1, 3):
            with django_assert_num_queries(7):
                office.get(reverse("consult:activities"), {"record": "newest"})


def test_a_desks_topics_are_those_in_use(office: Client) -> None:
    Topic.objects.filter(pk="T15").update(active=False)
    page = office.post(reverse("consult:desk_new"), desk_answers(topics=["T15"]))
    assert list(page.context["form"].errors) == ["topics"]

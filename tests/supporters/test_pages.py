"""What people see and press: registration, their own page, offers and consents behind links."""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from notifications import links
from notifications.models import Message
from programme.models import Category, District, Limit, Limits, Programme, User
from supporters.choosing import choices
from supporters.figures import own_figures
from supporters.messages import CONSENT, OFFER
from supporters.models import Absence, Assignment, Consent, Shift, Skill, Supporter
from supporters.services import Guardian, ask_guardian
from supporters.views.registering import RegistrationView
from tests.factories import ContactFactory, SupporterFactory, UserFactory, a_shift, an_offer, at
from tests.steps import send_steps, url_of
from tests.support_requests.test_feedback import a_held_session

pytestmark = pytest.mark.usefixtures("programme_facts")

HOME = "/supporters/"
REGISTER = "/supporters/register/"
PAGES_OF_MINE = ["", "free-times/", "skills/", "limits/", "absences/", "rest/"]


def signed_in(user: User | None) -> Client:
    assert user
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return str(response.content.decode())


def typed(**changes: Any) -> dict[str, Any]:
    """A complete application by an adult, as the browser sends it."""
    return {
        "name": "髙﨑 栁德𠮷",
        "kana": "たかさき りゅうとく",
        "birth_date_year": "昭和33",
        "birth_date_month": "４",
        "birth_date_day": "1",
        "category": Category.objects.order_by("position")[0].pk,
        "phone": "０２７ー２２４ー１１１１",
        "home_district": District.objects.order_by("position")[0].pk,
        "areas": [District.objects.order_by("position")[1].pk],
        "skills": ["T05"],
        "skills-T05": "2",
        "skills-T01": "3",
        "week": ["0-540", "3-780"],
        "brings": ["sign"],
        **changes,
    }


def born(years_ago: int) -> dict[str, str]:
    """The birth date of somebody who had a birthday ``years_ago`` years before yesterday or so."""
    return {
        "birth_date_year": str(timezone.localdate().year - years_ago - 1),
        "birth_date_month": "12",
        "birth_date_day": "31",
    }


GUARDIAN = {"guardian_name": "保護 花子", "guardian_email": "hanako@example.jp"}


# --- Registration --------------------------------------------------------------------------------------
def test_registration_needs_an_account_first(client: Client) -> None:
    assert client.get(REGISTER)["Location"] == f"/accounts/login/?next={REGISTER}"


def test_a_postcode_brings_the_town_and_the_rest_is_typed() -> None:
    client, draft = signed_in(UserFactory()), uuid.uuid4()
    client.post(url_of(RegistrationView, draft, "you"), typed())
    client.post(url_of(RegistrationView, draft, "about"), typed())
    where = url_of(RegistrationView, draft, "where")
    page = client.post(where, typed(postcode="３７１ー００２６"), follow=True).content.decode()
    assert 'value="前橋市大手町"' in page
    client.post(where, typed(postcode="371-0026", address="前橋市大手町2-12-1", travel_by="bicycle"))
    for step in ("skills", "times", "check"):
        client.post(url_of(RegistrationView, draft, step), typed())
    supporter = Supporter.objects.get()
    assert (supporter.postcode, supporter.address) == ("3710026", "前橋市大手町2-12-1")
    assert supporter.travel_by == "bicycle"


def test_what_is_no_postcode_is_said_beside_it() -> None:
    client, draft = signed_in(UserFactory()), uuid.uuid4()
    for step in ("you", "about"):
        client.post(url_of(RegistrationView, draft, step), typed())
    page = client.post(url_of(RegistrationView, draft, "where"), typed(postcode="12"), follow=True).content.decode()
    assert "7けたの数字" in page


def test_a_postcode_without_a_town_is_said_and_an_address_goes_without_one() -> None:
    client, draft = signed_in(UserFactory()), uuid.uuid4()
    for step in ("you", "about"):
        client.post(url_of(RegistrationView, draft, step), typed())
    where = url_of(RegistrationView, draft, "where")
    page = client.post(where, typed(postcode="999-9999"), follow=True).content.decode()
    assert "この郵便番号の町が見つかりません" in page
    page = client.post(where, typed(postcode="999-9999", address="前橋市大手町2-12-1"), follow=True)
    assert page.request["PATH_INFO"] == url_of(RegistrationView, draft, "skills")


def test_districts_are_on_a_map_and_in_a_list() -> None:
    client, draft = signed_in(UserFactory()), uuid.uuid4()
    for step in ("you", "about"):
        client.post(url_of(RegistrationView, draft, step), typed())
    page = text_of(client.get(url_of(RegistrationView, draft, "where")))
    ids = re.findall(r'<g data-for="([^"]+)"', page)
    assert len(ids) == District.objects.filter(active=True).count()
    assert all(
        f'<input type="checkbox" name="areas" value="{value}"' in page
        for value in District.objects.values_list("pk", flat=True)
    )
    assert all(f'id="{one}"' in page for one in ids)
    assert "supporters/district_map.js" in page


def test_an_application_is_kept_exactly_as_typed() -> None:
    user = UserFactory(email="taro@example.jp")
    response = send_steps(signed_in(user), RegistrationView, typed())
    assert response.redirect_chain[-1][0] == HOME
    supporter = Supporter.objects.get(user=user)
    assert (supporter.name, supporter.kana) == ("髙﨑 栁德𠮷", "たかさき りゅうとく")
    assert supporter.birth_date == dt.date(1958, 4, 1)
    assert supporter.contact.phone == "０２７ー２２４ー１１１１"
    assert (supporter.contact.phone_e164, supporter.contact.email) == ("+81272241111", "taro@example.jp")
    assert supporter.contact.email_proved_at is not None
    assert supporter.status == "applied"
    assert list(supporter.skills.values_list("topic_id", "level")) == [("T05", 2)]
    assert [str(window) for window in supporter.windows.all()] == ["月 09:00–12:00", "木 13:00–17:00"]
    assert supporter.brings == ["sign"]
    assert [area.pk for area in supporter.areas.all()] == [District.objects.order_by("position")[1].pk]
    assert not supporter.registrations.exists()


def test_who_applies_begins_with_the_programme_s_limits() -> None:
    Limit.objects.filter(code="week_limit").update(value=4)
    user = UserFactory()
    send_steps(signed_in(user), RegistrationView, typed())
    supporter = Supporter.objects.get(user=user)
    limits = Limits.current()
    assert (supporter.week_limit, supporter.month_limit, supporter.travel_limit) == (
        4,
        limits.month_limit,
        limits.travel_limit,
    )


def test_the_applicant_is_told_what_comes_next() -> None:
    send_steps(signed_in(UserFactory(email="taro@example.jp")), RegistrationView, typed())
    message = Message.objects.get()
    assert (message.kind, message.address) == ("applied", "taro@example.jp")
    assert "研修のご案内" in message.body


@pytest.mark.parametrize("may_be_paid", [True, False])
def test_whether_somebody_is_paid_begins_with_the_category(*, may_be_paid: bool) -> None:
    Category.objects.update(may_be_paid=may_be_paid)
    send_steps(signed_in(UserFactory()), RegistrationView, typed())
    assert Supporter.objects.get().may_be_paid is may_be_paid


def test_presets_are_added_to_what_is_ticked() -> None:
    send_steps(signed_in(UserFactory()), RegistrationView, typed(presets=["weekends"], week=["5-540", "0-540"]))
    assert [str(window) for window in Supporter.objects.get().windows.all()] == [
        "月 09:00–12:00",
        "土 09:00–20:00",
        "日 09:00–20:00",
    ]


@pytest.mark.parametrize(
    ("field", "change", "sentence"),
    [
        ("name", {"name": ""}, "お名前を入力してください。"),
        ("kana", {"kana": "高崎"}, "ふりがなは、ひらがなかカタカナで入力してください。"),
        ("birth_date", {"birth_date_day": ""}, "日を入力してください。"),
        (
            "birth_date",
            {"birth_date_month": "2", "birth_date_day": "30"},
            "その日付はありません。年・月・日をご確認ください。",
        ),
        ("birth_date", {"birth_date_year": "2999"}, "生まれた年をご確認ください。"),
        ("category", {"category": ""}, "あてはまるものを一つ選んでください。"),
        ("phone", {"phone": "12"}, "電話番号を市外局番から入力してください。例:027-224-1111"),
        ("home_district", {"home_district": ""}, "お住まいの地区を選んでください。"),
        ("skills", {"skills": "T05", "skills-T05": "9"}, "一覧から選び直してください。"),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_typed_is_lost(
    field: str, change: dict[str, str], sentence: str
) -> None:
    response = send_steps(signed_in(UserFactory()), RegistrationView, typed(**change))
    assert response.context["form"].errors == {field: [sentence]}
    page = text_of(response)
    here = next(step for step in RegistrationView.steps if field in step.fields)
    sent = {name: text for name, text in typed(**change).items() if here.owns(name)}
    kept = [
        sent.get(name) for name in ("name", "kana", "phone", "birth_date_year", "birth_date_month", "birth_date_day")
    ]
    assert [text for text in kept if text and f'value="{text}"' not in page] == []
    assert "brings" not in sent or re.search(r'name="brings" value="sign"[^>]*checked', page)
    assert not Supporter.objects.exists()


def test_kana_may_be_katakana_and_even_half_width() -> None:
    send_steps(signed_in(UserFactory()), RegistrationView, typed(kana="ﾀｶｻｷ・リュウ ジョー"))
    assert Supporter.objects.get().kana == "ﾀｶｻｷ・リュウ ジョー"


def test_a_minor_must_name_a_guardian_at_the_field() -> None:
    response = send_steps(signed_in(UserFactory()), RegistrationView, typed(**born(16)))
    assert response.context["form"].errors == {
        "guardian_name": ["18歳未満の方は、保護者のお名前を入力してください。"],
        "guardian_email": ["18歳未満の方は、保護者のメールアドレスか電話番号を入力してください。"],
    }


def test_a_minor_cannot_be_the_own_guardian() -> None:
    user = UserFactory(email="teen@example.jp")
    response = send_steps(
        signed_in(user), RegistrationView, typed(**born(16), **GUARDIAN | {"guardian_email": "Teen@example.jp"})
    )
    assert list(response.context["form"].errors) == ["guardian_email"]


@pytest.mark.parametrize(
    ("own", "guardian", "refused"),
    [
        ({"phone": "090-1234-5678"}, {"guardian_phone": "０９０ー１２３４ー５６７８"}, ["guardian_phone"]),
        ({"phone": ""}, {"guardian_phone": "+81 80 1111 2222"}, ["guardian_phone"]),  # the account's
        ({}, {"guardian_email": "Second@example.jp"}, ["guardian_email"]),  # the account's, too
        ({"phone": "027-224-1111"}, {"guardian_phone": "0272241111"}, []),  # at home: the office rings
    ],
)
def test_no_way_of_reaching_the_minor_is_the_guardian_s(
    own: dict[str, str], guardian: dict[str, str], refused: list[str]
) -> None:
    user = UserFactory(mobile="+818011112222")
    EmailAddress.objects.create(user=user, email="second@example.jp", verified=True)
    sent = typed(**born(16), guardian_name="保護 花子", **own, **guardian)
    response = send_steps(signed_in(user), RegistrationView, sent)
    assert Consent.objects.exists() is not bool(refused)
    assert not refused or list(response.context["form"].errors) == refused


@pytest.mark.parametrize("how", ["ask", "paper"])
@pytest.mark.parametrize(
    ("guardian", "refused"),
    [
        ({"phone": "０９０ー１２３４ー５６７８"}, ["phone"]),
        ({"phone": "+81 80 1111 2222"}, ["phone"]),  # the account's
        ({"email": "Teen@example.jp"}, ["email"]),
        ({"email": "Second@example.jp"}, ["email"]),  # the account's, too
        ({"phone": "0272241111"}, []),  # at home: the office rings
        ({"email": "mother@example.jp", "phone": "090-9999-0000"}, []),
    ],
)
def test_nor_does_the_office_ask_the_minor_for_the_guardian(
    coordinator: User, how: str, guardian: dict[str, str], refused: list[str]
) -> None:
    user = UserFactory(email="teen@example.jp", mobile="+818011112222", mobile_proved_at=timezone.now())
    EmailAddress.objects.create(user=user, email="second@example.jp", verified=True)
    contact = ContactFactory(email="teen@example.jp", phone="027-224-1111", mobile="090-1234-5678")
    minor = SupporterFactory(user=user, contact=contact, birth_date=timezone.localdate() - dt.timedelta(days=16 * 365))
    sent = {f"guardian-{name}": value for name, value in {"name": "保護 花子", **guardian}.items()}
    response = signed_in(coordinator).post(reverse("supporters:guardian", args=[minor.pk]), sent | {"how": how})
    assert Consent.objects.count() == (0 if refused else 1)
    assert list(response.context["guardian_form"].errors if refused else []) == refused


def test_the_guardian_of_a_minor_is_asked_by_a_link() -> None:
    send_steps(signed_in(UserFactory()), RegistrationView, typed(**born(16), **GUARDIAN))
    consent = Consent.objects.get()
    assert (consent.guardian.name, consent.guardian.email, consent.is_valid) == (
        "保護 花子",
        "hanako@example.jp",
        False,
    )
    message = Message.objects.get(kind="consent")
    assert message.address == "hanako@example.jp"
    assert f"/supporters/consent/{consent.pk}." in message.body


def test_a_guardian_without_mail_is_called() -> None:
    send_steps(
        signed_in(UserFactory()),
        RegistrationView,
        typed(**born(16), guardian_name="保護 花子", guardian_phone="027-224-1111"),
    )
    assert Message.objects.get(kind="consent").channel == "phone"


def test_the_guardian_of_an_adult_is_not_asked() -> None:
    send_steps(signed_in(UserFactory()), RegistrationView, typed(**GUARDIAN))
    assert not Consent.objects.exists()


def test_who_has_registered_sees_the_own_page_instead() -> None:
    client = signed_in(SupporterFactory().user)
    assert client.get(REGISTER, follow=True).redirect_chain[-1][0] == HOME
    assert send_steps(client, RegistrationView, typed()).redirect_chain[-1][0] == HOME
    assert Supporter.objects.count() == 1


def test_who_has_an_account_but_no_registration_is_led_there() -> None:
    client = signed_in(UserFactory())
    for page in PAGES_OF_MINE:
        assert client.get(HOME + page)["Location"] == REGISTER


# --- マイページ ------------------------------------------------------------------------------------------
def test_pages_of_mine_open_for_me_and_ask_strangers_to_sign_in(client: Client) -> None:
    mine = signed_in(SupporterFactory().user)
    for page in PAGES_OF_MINE:
        assert mine.get(HOME + page).status_code == 200
        assert client.get(HOME + page)["Location"] == f"/accounts/login/?next={HOME}{page}"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("applied", "事務局が内容を確認しています"),
        ("training", "事務局の確認をお待ちください"),
        ("active", "お願いの連絡が届きます"),
        ("paused", "今はお休み中です"),
        ("withdrawn", "退会しています"),
    ],
)
def test_the_page_says_where_one_stands_and_what_comes_next(status: str, sentence: str) -> None:
    assert sentence in text_of(signed_in(SupporterFactory(status=status).user).get(HOME))


def test_who_is_in_training_sees_which_course_is_missing() -> None:
    supporter = SupporterFactory(status="training", ready=False)
    assert "養成動画講座" in text_of(signed_in(supporter.user).get(HOME))


@pytest.mark.parametrize("page", ["", "places/"])
def test_whom_a_new_required_course_keeps_from_going_reads_which_and_where_to_take_it(page: str) -> None:
    supporter = SupporterFactory()
    client = signed_in(supporter.user)
    assert "必修の研修がまだ終わっていないので" not in text_of(client.get(HOME + page))
    supporter.completions.all().delete()
    text = text_of(client.get(HOME + page))
    assert "必修の研修がまだ終わっていないので、新しい活動をお願いできません。" in text
    assert "まだ終わっていない研修: 養成動画講座" in text
    assert "お願いの連絡が届きます" not in text
    assert "また見に来てください" not in text
    assert reverse("supporters:training_mine") in text


@pytest.mark.parametrize("page", ["", "places/"])
def test_a_minor_reads_how_the_consent_comes_about(page: str) -> None:
    supporter = SupporterFactory(birth_date=timezone.localdate() - dt.timedelta(days=16 * 365))
    client = signed_in(supporter.user)
    unasked, asked, revoked = (
        "保護者の方へのお願いを、まだ送っていません。",
        "「同意します」を押してもらってください。",
        "保護者の方から事務局にお電話ください。",
    )

    def said() -> list[str]:
        text = text_of(client.get(HOME + page))
        assert page or ("お願いの連絡が届きます" in text) is supporter.has_consent()
        return [words for words in (unasked, asked, revoked) if words in text]

    assert said() == [unasked]
    consent = ask_guardian(supporter, Guardian("見本 父", "father@example.jp"))
    assert said() == [asked]
    consent.give()
    assert said() == []
    consent.revoke()
    assert said() == [revoked]


def test_my_page_shows_offers_and_duties_with_those_who_go_along() -> None:
    supporter, mate = SupporterFactory(), SupporterFactory(name="仲間 一郎")
    an_offer(a_shift(title="スマホ講座"), supporter)
    shift = a_shift(days=8, needed=2, title="よろず相談所 南", note="名札を持ってきてください")
    for person in (supporter, mate):
        an_offer(shift, person).accept(by=None)
    page = text_of(signed_in(supporter.user).get(HOME))
    for word in ("スマホ講座", "よろず相談所 南", "仲間 一郎", "名札を持ってきてください", str(shift.venue)):
        assert word in page
    assert page.count('href="/supporters/offer/') == 2


def test_the_next_duty_stands_on_top_with_the_way_there_and_what_the_group_needs() -> None:
    supporter = SupporterFactory()
    far, near = a_shift(days=9, title="あとの活動"), a_shift(days=8, title="次の講座", needs=["sign"])
    for shift in (far, near):
        an_offer(shift, supporter).accept(by=None)
    an_offer(a_shift(days=3, title="お願いの講座"), supporter)
    page = text_of(signed_in(supporter.user).get(HOME))
    assert page.index("次の講座") < page.index("お願いの講座") < page.index("あとの活動")
    assert near.venue.map_url("前橋市").replace("&", "&amp;") in page
    assert "LINE" in page
    assert "手話" in page
    assert "事務局に電話する" not in page


def test_on_the_day_of_a_duty_the_office_is_one_tap_away(set_now: Callable[[dt.datetime], None]) -> None:
    Programme.objects.update(phone="027-000-0000")
    supporter = SupporterFactory()
    an_offer(a_shift(days=1), supporter).accept(by=None)
    set_now(at(1, 7))
    page = text_of(signed_in(supporter.user).get(HOME))
    assert "今日の活動" in page
    assert '<a class="button" href="tel:027-000-0000">事務局に電話する</a>' in page


def test_my_figures_keep_people_and_consultations_apart(set_now: Callable[[dt.datetime], None]) -> None:
    a_held_session(set_now, attendees=7)
    supporter = Supporter.objects.get(name="髙橋𠮷子")
    an_offer(a_shift(days=1), supporter).accept(by=None)
    set_now(at(2))
    figures = own_figures(supporter, timezone.now())
    assert (figures.ever.times, figures.ever.hours) == (2, 3.0)
    assert sorted(figures.helped) == [
        ("出張サポートで教わった人", "7人", "7人"),
        ("相談所で、みんなで受けた相談", "0件", "0件"),
    ]
    assert "3時間" in text_of(signed_in(supporter.user).get(HOME))


def test_away_until_a_day_begins_today() -> None:
    supporter = SupporterFactory()
    client, until = signed_in(supporter.user), timezone.localdate() + dt.timedelta(days=10)
    client.post(HOME + "absences/", day_parts("last", until))
    absence = Absence.objects.get()
    assert (absence.first_day, absence.last_day) == (timezone.localdate(), until)
    assert list(client.post(HOME + "absences/", {"reason": "旅行"}).context["form"].errors) == ["first"]


def test_free_times_and_the_break_are_in_reach_however_many_duties_there_are() -> None:
    supporter = SupporterFactory(week_limit=9, month_limit=99)
    for day in range(1, 6):
        an_offer(a_shift(days=2 * day, title=f"当番{day}"), supporter).accept(by=None)
    page = text_of(signed_in(supporter.user).get(HOME))
    folded = page[page.index("もっと先の活動も見る") :]
    assert [f"当番{day}" in folded.split("</details>")[0] for day in range(1, 6)] == [False] * 3 + [True] * 2
    assert page.index('href="#wishes"') < page.index("当番1")
    cards = re.findall(r'href="/supporters/([a-z-]+)/"', page[page.index('id="wishes"') :])
    assert cards[:3] == ["free-times", "absences", "rest"]


def test_my_page_asks_the_database_as_often_for_three_duties_as_for_one() -> None:
    supporter = SupporterFactory(week_limit=9, month_limit=99)
    client = signed_in(supporter.user)
    counts = []
    for days in ([1], [2, 3]):
        for day in days:
            an_offer(a_shift(days=day), supporter)
            an_offer(a_shift(days=10 + day, needed=2), supporter).accept(by=None)
        with CaptureQueriesContext(connection) as queries:
            client.get(HOME)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_free_times_are_shown_changed_and_kept() -> None:
    supporter = SupporterFactory()
    client = signed_in(supporter.user)
    assert text_of(client.get(HOME + "free-times/")).count("checked") == 21
    client.post(HOME + "free-times/", {"presets": ["weekday_evenings"], "week": ["6-780"]})
    assert [str(window)[:2] for window in supporter.windows.all()] == ["月 ", "火 ", "水 ", "木 ", "金 ", "日 "]


@pytest.mark.parametrize(
    ("ticked", "monday"),
    [
        ({"presets": ["weekday_mornings"], "week": ["0-540", "0-780"]}, ["月 09:00–17:00"]),
        ({"presets": ["weekday_mornings", "weekday_afternoons"]}, ["月 09:00–17:00"]),
        ({"presets": ["weekday_mornings"], "week": ["0-1050"]}, ["月 09:00–12:00", "月 17:30–20:00"]),
    ],
)
def test_a_preset_and_the_table_store_the_same_week(ticked: dict[str, Any], monday: list[str]) -> None:
    supporter = SupporterFactory()
    assert signed_in(supporter.user).post(f"{HOME}free-times/", ticked).status_code == 302
    assert [str(window) for window in supporter.windows.filter(weekday=0)] == monday


def test_a_preset_beside_the_table_does_not_keep_anybody_from_applying() -> None:
    user = UserFactory()
    week = {"presets": ["weekday_mornings"], "week": ["0-540", "0-780"]}
    send_steps(signed_in(user), RegistrationView, typed(**week))
    assert str(Supporter.objects.get(user=user).windows.get(weekday=0)) == "月 09:00–17:00"


def test_skills_are_shown_and_changed() -> None:
    supporter = SupporterFactory()
    client = signed_in(supporter.user)
    assert 'name="skills-T05" value="2" checked' in text_of(client.get(HOME + "skills/"))
    client.post(HOME + "skills/", {"skills": ["T01", "T02"], "skills-T01": "3", "skills-T05": "2"})
    assert set(supporter.skills.values_list("topic_id", "level")) == {("T01", 3), ("T02", 1)}


def test_limits_take_numbers_as_people_type_them() -> None:
    supporter = SupporterFactory()
    client = signed_in(supporter.user)
    client.post(HOME + "limits/", {"week_limit": "３回", "month_limit": "１０", "travel_limit": "30分", "areas": []})
    supporter.refresh_from_db()
    assert (supporter.week_limit, supporter.month_limit, supporter.travel_limit) == (3, 10, 30)
    refused = client.post(HOME + "limits/", {"week_limit": "0", "month_limit": "10", "travel_limit": "30"})
    assert list(refused.context["form"].errors) == ["week_limit"]


def day_parts(name: str, day: dt.date) -> dict[str, str]:
    return {f"{name}_year": str(day.year), f"{name}_month": str(day.month), f"{name}_day": str(day.day)}


@pytest.mark.parametrize(
    ("since", "until", "days", "held", "words", "free"),
    [
        ("", "15:00", 0, ((3, 0), (3, 15)), "15:00まで", [16]),
        ("15:00", "", 0, ((3, 15), (4, 0)), "15:00から", [10]),
        ("10:00", "12:30", 0, ((3, 10), (3, 12, 30)), "10:00から12:30まで", [16]),
        ("18:00", "12:00", 2, ((3, 18), (5, 12)), "12:00まで", [10, 16]),
        ("", "", 0, ((3, 0), (4, 0)), "", []),
    ],
)
def test_a_part_of_a_day_off_leaves_the_rest_free(
    since: str, until: str, days: int, held: tuple[Any, Any], words: str, free: list[int]
) -> None:
    supporter = SupporterFactory()
    client = signed_in(supporter.user)
    first = timezone.localdate() + dt.timedelta(days=3)
    last = day_parts("last", first + dt.timedelta(days=days)) if days else {}
    client.post(HOME + "absences/", {**day_parts("first", first), **last, "since": since, "until": until})
    absence = supporter.absences.get()
    assert (absence.starts_at, absence.ends_at) == tuple(at(*moment) for moment in held)
    assert words in absence.when
    assert absence.when in text_of(client.get(HOME + "absences/"))
    found = choices(Supporter.objects.all(), [a_shift(days=3, hour=hour) for hour in (10, 16)])
    assert [timezone.localtime(one.shift.starts_at).hour for one in found if not one.against + one.doubts] == free


def test_a_part_of_a_day_ends_after_it_begins_and_is_not_over() -> None:
    client = signed_in(SupporterFactory().user)
    first = day_parts("first", timezone.localdate() + dt.timedelta(days=3))
    refused = client.post(HOME + "absences/", {**first, "since": "15:00", "until": "15:00"})
    assert list(refused.context["form"].errors) == ["until"]


def test_absences_are_added_shown_and_taken_back() -> None:
    supporter = SupporterFactory()
    client = signed_in(supporter.user)
    first, last = timezone.localdate() + dt.timedelta(days=3), timezone.localdate() + dt.timedelta(days=4)
    client.post(HOME + "absences/", {**day_parts("first", first), **day_parts("last", last), "reason": "旅行"})
    absence = supporter.absences.get()
    assert (absence.starts_at, absence.ends_at) == (at(3, 0), at(5, 0))
    assert (absence.first_day, absence.last_day) == (first, last)
    assert "旅行" in text_of(client.get(HOME + "absences/"))
    client.post(f"{HOME}absences/{absence.pk}/remove/")
    assert not supporter.absences.exists()


def test_who_is_away_reads_which_promised_duties_lie_in_it_at_a_fixed_cost() -> None:
    supporter = SupporterFactory(week_limit=9, month_limit=99)
    client, today = signed_in(supporter.user), timezone.localdate()
    away = {**day_parts("first", today + dt.timedelta(days=3)), **day_parts("last", today + dt.timedelta(days=5))}
    for day in (2, 3, 6):
        an_offer(a_shift(days=day), supporter).accept(by=None)
    page = client.post(HOME + "absences/", away, follow=True)
    assert "決まっている活動が1件あります" in text_of(page)
    counts = []
    for day in (4, 5):
        with CaptureQueriesContext(connection) as queries:
            page = client.get(HOME + "absences/")
        counts.append((len(page.context["duties"]), len(queries)))
        an_offer(a_shift(days=day), supporter).accept(by=None)
    days = [row.shift.local_date for row, _url in client.get(HOME + "absences/").context["duties"]]
    assert days == [today + dt.timedelta(days=day) for day in (3, 4, 5)]
    assert counts == [(1, counts[0][1]), (2, counts[0][1])]
    free = day_parts("last", today)
    assert "件あります" not in text_of(client.post(HOME + "absences/", free, follow=True))


def test_one_day_needs_no_end_and_the_past_is_refused() -> None:
    supporter = SupporterFactory()
    client = signed_in(supporter.user)
    today = timezone.localdate()
    client.post(HOME + "absences/", day_parts("first", today))
    assert supporter.absences.get().last_day == today
    yesterday = client.post(HOME + "absences/", day_parts("first", today - dt.timedelta(days=1)))
    assert list(yesterday.context["form"].errors) == ["first"]
    backwards = {**day_parts("first", today), **day_parts("last", today - dt.timedelta(days=1))}
    assert list(client.post(HOME + "absences/", backwards).context["form"].errors) == ["last"]


@pytest.mark.parametrize("last", [{}, day_parts("last", dt.date.max)])
def test_an_absence_at_the_end_of_all_days_is_answered_beside_the_field(last: dict[str, str]) -> None:
    response = signed_in(SupporterFactory().user).post(HOME + "absences/", day_parts("first", dt.date.max) | last)
    assert response.context["form"].errors == {
        "first": ["「いつから」の年をご確認ください。2年より先の日は入れられません。"]
    }
    assert not Absence.objects.exists()


def test_somebody_elses_absence_is_not_there() -> None:
    absence = Absence.objects.create(supporter=SupporterFactory(), starts_at=at(3), ends_at=at(4))
    assert signed_in(SupporterFactory().user).post(f"{HOME}absences/{absence.pk}/remove/").status_code == 404
    assert Absence.objects.count() == 1


def test_who_cannot_come_says_so_on_the_card_and_may_take_it_back() -> None:
    supporter = SupporterFactory()
    duties = [an_offer(a_shift(days=days), supporter) for days in (3, 20)]
    for duty in duties:
        duty.accept(by=None)
    client = signed_in(supporter.user)
    for duty in duties:
        page = text_of(client.get(HOME))
        form = re.search(
            rf'<form method="post" action="([^"]+)">(?:(?!</form>).)*?id="leave-{duty.pk}".*?</form>', page, re.DOTALL
        )
        assert form
        # A slip of the finger opens the question; only its own button says it.
        assert form[0].count('value="leave"') == form[0].count('type="button" class="secondary" popovertarget') - 1 == 1
        said = client.post(form[1], {"answer": "leave"}, follow=True)
        assert "代わりの人を探しています" in text_of(said)
        duty.refresh_from_db()
        assert duty.status == "standing_in_wanted"
    back = re.findall(
        r'action="([^"]+)">(?:(?!</form>).)*?name="answer" value="accept"', text_of(client.get(HOME)), re.DOTALL
    )
    assert len(back) == 2
    client.post(back[0], {"answer": "accept"})
    duties[0].refresh_from_db()
    assert duties[0].status == "accepted"


def test_nobody_leaves_a_duty_that_has_begun_by_a_button() -> None:
    supporter = SupporterFactory()
    duty = an_offer(a_shift(), supporter)
    duty.accept(by=None)
    now = timezone.now()
    Shift.objects.update(starts_at=now - dt.timedelta(minutes=5), ends_at=now + dt.timedelta(hours=1))
    page = text_of(signed_in(supporter.user).get(HOME))
    assert "今日の活動" in page
    assert 'value="leave"' not in page


def test_pause_resume_leave_and_return_by_ones_own_hand() -> None:
    supporter = SupporterFactory()
    client = signed_in(supporter.user)
    seen = []
    for wish in ("pause", "resume", "withdraw", "return"):
        assert client.post(HOME + "rest/", {"wish": wish, "reason": "引っ越し"})["Location"] == HOME
        supporter.refresh_from_db()
        seen.append(supporter.status)
    assert seen == ["paused", "active", "withdrawn", "applied"]
    assert set(supporter.moves.values_list("by", flat=True)) == {supporter.user_id}


def test_a_second_tap_on_pause_is_answered_kindly() -> None:
    client = signed_in(SupporterFactory().user)
    client.post(HOME + "rest/", {"wish": "pause"})
    response = client.post(HOME + "rest/", {"wish": "pause"}, follow=True)
    assert response.status_code == 200
    assert "今の状態をご確認ください" in text_of(response)


def test_an_unknown_wish_is_not_there() -> None:
    assert signed_in(SupporterFactory().user).post(HOME + "rest/", {"wish": "dance"}).status_code == 404


# --- Offers --------------------------------------------------------------------------------------------
def page_of(assignment: Assignment) -> str:
    return reverse("supporters:offer", args=[links.token(OFFER, assignment.pk)])


def answer(client: Client, assignment: Assignment, what: str, **more: str) -> str:
    """Press a button of the offer's page, and read the page that follows."""
    response = client.post(page_of(assignment), {"answer": what, **more}, follow=True)
    assert response.status_code == 200
    assignment.refresh_from_db()
    return text_of(response)


def test_opening_an_offer_changes_nothing(client: Client) -> None:
    assignment = an_offer(a_shift(needed=2), SupporterFactory())
    page = text_of(client.get(page_of(assignment)))
    assignment.refresh_from_db()
    assert (assignment.status, assignment.moves.count()) == ("offered", 1)
    for word in ("引き受けます", "今回は見送ります", "よろず相談所", str(assignment.shift.venue), "までに、お返事を"):
        assert word in page


def test_an_offer_is_accepted_without_signing_in(client: Client) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    page = answer(client, assignment, "accept")
    assert assignment.status == "accepted"
    assert assignment.moves.last().by == assignment.supporter.user
    assert "引き受けてくださり、ありがとうございます。" in page
    assert "行けなくなりました" in page
    assert "calendar.ics" in page


def test_accepting_twice_shows_the_same_page_again(client: Client) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    answer(client, assignment, "accept")
    assert "引き受け済み" in answer(client, assignment, "accept")


def test_an_offer_is_declined_with_a_reason(client: Client) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    assert "今回は見送り" in answer(client, assignment, "decline", reason="旅行")
    assert (assignment.status, assignment.moves.last().reason) == ("declined", "旅行")


def test_a_reason_that_is_too_long_is_not_lost(client: Client) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    response = client.post(page_of(assignment), {"answer": "decline", "reason": "あ" * 201})
    assert "あ" * 201 in text_of(response)
    assignment.refresh_from_db()
    assert assignment.status == "offered"


def test_who_cannot_come_says_so_and_may_change_the_mind(client: Client) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    answer(client, assignment, "accept")
    assert "代わりの人を探しています" in answer(client, assignment, "leave", reason="かぜ")
    assert assignment.status == "standing_in_wanted"
    assert "引き受け済み" in answer(client, assignment, "accept")
    assert assignment.status == "accepted"


def test_who_comes_too_late_is_told_kindly(client: Client) -> None:
    shift = a_shift()
    first, second = an_offer(shift, SupporterFactory()), an_offer(shift, SupporterFactory())
    answer(client, first, "accept")
    page = answer(client, second, "accept")
    assert "先にほかの方" in page
    assert 'value="accept"' not in page


def test_a_rule_that_says_no_is_read_above_the_buttons(client: Client) -> None:
    assignment = an_offer(a_shift(), SupporterFactory(week_limit=0))
    page = answer(client, assignment, "accept")
    assert "登録してある上限(0回)に達しています" in page
    assert 'value="accept"' in page


def released(assignment: Assignment) -> None:
    assignment.accept(by=None)
    assignment.want_stand_in(by=None)
    an_offer(assignment.shift, SupporterFactory()).accept(by=None)


def filled(assignment: Assignment) -> None:
    an_offer(assignment.shift, SupporterFactory()).accept(by=None)


def move_shift(assignment: Assignment, starts_at: dt.datetime) -> None:
    Shift.objects.filter(pk=assignment.shift_id).update(starts_at=starts_at, ends_at=starts_at + dt.timedelta(hours=2))


def begun(assignment: Assignment) -> None:
    assignment.accept(by=None)
    move_shift(assignment, timezone.now() - dt.timedelta(hours=1))


def over(assignment: Assignment) -> None:
    assignment.accept(by=None)
    move_shift(assignment, timezone.now() - dt.timedelta(hours=3))


STATES: list[tuple[Callable[[Assignment], Any], str]] = [
    (lambda row: row.accept(by=None), "当日、よろしくお願いします"),
    (lambda row: row.decline(by=None), "また次の機会にお願いします"),
    (lambda row: row.lapse(), "お返事の期限が過ぎました"),
    (lambda row: Assignment.objects.filter(pk=row.pk).update(answer_by=timezone.now()), "お返事の期限が過ぎました"),
    (filled, "先にほかの方が引き受けてくださいました"),
    (released, "代わりの人が行きます"),
    (lambda row: row.shift.cancel(by=None, reason="台風のため"), "台風のため"),
    (lambda row: move_shift(row, timezone.now() - dt.timedelta(hours=1)), "もう始まったか、終わっています"),
    (begun, "活動の時間です"),
    (over, "この活動は終わりました"),
]


@pytest.mark.parametrize(("happen", "sentence"), STATES)
def test_every_state_of_an_offer_has_its_own_sentence(
    client: Client, happen: Callable[[Assignment], Any], sentence: str
) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    happen(assignment)
    page = text_of(client.get(page_of(assignment)))
    assert sentence in page
    assert 'value="decline"' not in page


@pytest.mark.parametrize("what", ["accept", "decline", "leave"])
@pytest.mark.parametrize("happen", [happen for happen, _sentence in STATES])
def test_a_button_of_a_stale_page_never_fails(client: Client, happen: Callable[[Assignment], Any], what: str) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    happen(assignment)
    answer(client, assignment, what)


def test_a_draft_of_the_office_cannot_be_answered(client: Client) -> None:
    assignment = Assignment.objects.create(shift=a_shift(), supporter=SupporterFactory())
    assert "まだ準備しています" in text_of(client.get(page_of(assignment)))


@pytest.mark.parametrize("token", ["1", "1.x.y", "%E3%81%82"])
def test_a_damaged_link_says_what_to_do(client: Client, token: str) -> None:
    for name in ("offer", "consent"):
        response = client.get(f"/supporters/{name}/{token}/")
        assert response.status_code == 404
        assert "リンクを最後まで写しているか" in text_of(response)


def test_a_link_for_one_purpose_opens_nothing_else(client: Client) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    token = links.token(OFFER, assignment.pk)
    assert client.get(reverse("supporters:consent", args=[token])).status_code == 404


def test_an_unknown_answer_is_not_there(client: Client) -> None:
    assert client.post(page_of(an_offer(a_shift(), SupporterFactory())), {"answer": "perhaps"}).status_code == 404


def test_the_duty_can_be_put_into_a_calendar(client: Client) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    url = reverse("supporters:offer_calendar", args=[links.token(OFFER, assignment.pk)])
    assert client.get(url).status_code == 404
    assignment.accept(by=None)
    response = client.get(url)
    assert response["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    event = Calendar.from_ical(response.content).walk("VEVENT")[0]
    assert (event["UID"], event.decoded("DTSTART")) == (
        f"shift-{assignment.shift_id}-{assignment.supporter_id}@mdeji",
        assignment.shift.starts_at,
    )


# --- Consents ------------------------------------------------------------------------------------------
def a_consent() -> Consent:
    minor = SupporterFactory(name="若手 花", birth_date=timezone.localdate() - dt.timedelta(days=16 * 365))
    return Consent.objects.create(supporter=minor, guardian=ContactFactory())


def consent_page(consent: Consent) -> str:
    return reverse("supporters:consent", args=[links.token(CONSENT, consent.pk)])


def test_opening_a_consent_gives_nothing(client: Client) -> None:
    consent = a_consent()
    page = text_of(client.get(consent_page(consent)))
    assert "若手 花" in page
    assert "同意します" in page
    consent.refresh_from_db()
    assert not consent.is_valid


def test_a_guardian_agrees_and_may_take_it_back(client: Client) -> None:
    consent = a_consent()
    page = text_of(client.post(consent_page(consent), {"answer": "give"}, follow=True))
    assert "同意をいただいています" in page
    consent.refresh_from_db()
    assert consent.is_valid
    page = text_of(client.post(consent_page(consent), {"answer": "revoke"}, follow=True))
    assert "この同意は取り消されています" in page
    consent.refresh_from_db()
    assert not consent.is_valid
    told = Message.objects.get(kind="consent_revoked")
    assert told.recipient == consent.supporter.contact
    assert "保護者の方から事務局にお電話ください" in told.body


def test_agreeing_after_taking_it_back_is_refused_with_a_sentence(client: Client) -> None:
    consent = a_consent()
    consent.give()
    consent.revoke()
    page = text_of(client.post(consent_page(consent), {"answer": "give"}, follow=True))
    assert "もう一度同意する場合は、事務局へお知らせください" in page
    consent.refresh_from_db()
    assert not consent.is_valid


def test_the_guardian_of_somebody_of_age_is_asked_nothing(client: Client) -> None:
    consent = a_consent()
    Supporter.objects.update(birth_date=dt.date(1990, 1, 1))
    page = text_of(client.get(consent_page(consent)))
    assert "同意はいりません" in page
    assert 'value="give"' not in page


# --- Messages ------------------------------------------------------------------------------------------
def test_an_offer_tells_when_where_until_when_and_whom_to_call() -> None:
    from programme.models import Programme

    Programme.objects.update(phone="027-000-0000", phone_hours="平日9時から17時")
    supporter = SupporterFactory(contact=ContactFactory(name="<O'Neil> & 神"))
    shift = a_shift(note="駐車場は北側です")
    assignment = an_offer(shift, supporter)
    message = Message.objects.get(subject=f"assignment:{assignment.pk}")
    assert message.title.startswith("【お願い】")
    for word in ("<O'Neil> & 神 様", shift.venue.address, "駐車場は北側です", "027-000-0000", "/supporters/offer/"):
        assert word in message.body
    assert "&amp;" not in message.body


# --- Finding a person ------------------------------------------------------------------------------------
def found(client: Client, **given: object) -> list[str]:
    page = client.get(reverse("supporters:people"), given)
    return [row.name for row in page.context["page"].object_list]


def test_people_are_found_by_topic_level_district_and_free_time(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    near, far = District.objects.order_by("position")[:2]
    anywhere = SupporterFactory(name="どこでも", kana="あ")
    local = SupporterFactory(name="近くだけ", kana="い")
    local.areas.add(near)
    local.windows.exclude(weekday=0).delete()
    local.windows.update(starts=dt.time(13), ends=dt.time(17))
    Skill.objects.create(supporter=local, topic_id="T13", level=3)
    assert found(client) == ["どこでも", "近くだけ"]
    assert found(client, topic="T05") == ["どこでも", "近くだけ"]
    assert found(client, topic="T05", level=3) == []
    assert found(client, topic="T13", level=3) == ["近くだけ"]
    assert found(client, level=3) == ["近くだけ"]
    assert found(client, area=near.pk) == ["どこでも", "近くだけ"]
    assert found(client, area=far.pk) == ["どこでも"]
    assert found(client, weekday=0, part="afternoon") == ["どこでも", "近くだけ"]
    assert found(client, weekday=0, part="morning") == ["どこでも"]
    assert found(client, weekday=1) == ["どこでも"]
    assert found(client, part="evening") == ["どこでも"]
    assert anywhere.name in found(client, q="どこ", weekday=1)


def test_an_empty_place_leads_to_who_could_take_it_and_to_a_text_for_them(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    shift = a_shift(hour=10)
    could = SupporterFactory(name="行ける人")
    SupporterFactory(name="休止中の人", status="paused")
    cannot = SupporterFactory(name="ひまでない人")
    cannot.windows.all().delete()
    page = client.get(reverse("supporters:shift", args=[shift.pk])).content.decode()
    path = re.search(r'href="(/supporters/people/\?[^"]+)"', page)
    assert path
    listed = client.get(path[1].replace("&amp;", "&"))
    assert [row.name for row in listed.context["page"].object_list] == [could.name]
    to_write = re.search(r'href="(/supporters/mailings/new/\?[^"]+)"', listed.content.decode())
    assert to_write
    text = client.get(to_write[1].replace("&amp;", "&"))
    counted = client.post(reverse("supporters:mailing_new"), {**text.context["audience"].initial, "do": "count"})
    assert counted.context["count"] == 1

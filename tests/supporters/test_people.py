"""Supporters themselves: how they come and go, what the office sees and does, what the database refuses."""

import datetime as dt
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Message
from programme.errors import ChangedMeanwhile
from programme.models import Category, Course, District, Topic, User
from supporters.errors import AlreadyRegistered, ConsentMissing, ConsentStands, TrainingMissing
from supporters.models import (
    Absence,
    Consent,
    Registration,
    Skill,
    Supporter,
    TrainingCompletion,
    WeeklyWindow,
)
from supporters.services import Application, Guardian, apply, ask_guardian, record_paper_consent
from tests.factories import ContactFactory, SupporterFactory, UserFactory, a_shift, an_offer, at

pytestmark = pytest.mark.usefixtures("programme_facts")

PEOPLE = "/supporters/people/"
SIXTEEN = dt.timedelta(days=16 * 365 + 100)


def a_minor(**facts: Any) -> Supporter:
    return SupporterFactory(birth_date=timezone.localdate() - SIXTEEN, **facts)


def office(coordinator: User) -> Client:
    client = Client()
    client.force_login(coordinator)
    return client


def page_of(supporter: Supporter, verb: str = "") -> str:
    return f"{PEOPLE}{supporter.pk}/{verb}"


# --- Coming and going ------------------------------------------------------------------------------------
def test_from_application_to_activity(coordinator: User) -> None:
    supporter = SupporterFactory(status="applied", ready=False)
    supporter.accept_application(by=coordinator)
    assert supporter.registrations.get().started_on == timezone.localdate()
    with pytest.raises(TrainingMissing):
        supporter.activate(by=coordinator)
    for course in Course.objects.filter(required=True):
        supporter.record_training(course, on=timezone.localdate(), by=coordinator)
    supporter.activate(by=coordinator)
    assert list(supporter.moves.values_list("to_status", "by")) == [
        ("training", coordinator.pk),
        ("active", coordinator.pk),
    ]
    assert Message.objects.get(recipient=supporter.contact).kind == "activated"


def test_a_course_noted_twice_keeps_the_first_day(coordinator: User) -> None:
    supporter = SupporterFactory(ready=False)
    course = Course.objects.all()[0]
    for days_ago in (5, 1):
        supporter.record_training(course, on=timezone.localdate() - dt.timedelta(days=days_ago), by=coordinator)
    assert supporter.completions.get().completed_on == timezone.localdate() - dt.timedelta(days=5)


def test_a_minor_is_activated_only_with_consent(coordinator: User) -> None:
    minor = a_minor(status="training")
    with pytest.raises(ConsentMissing):
        minor.activate(by=coordinator)
    ask_guardian(minor, Guardian("保護 花子", email="hanako@example.jp")).give()
    Supporter.objects.get(pk=minor.pk).activate(by=coordinator)
    assert Supporter.objects.get(pk=minor.pk).status == "active"


@pytest.mark.parametrize("status", ["training", "active", "paused", "withdrawn"])
def test_an_application_is_accepted_once(coordinator: User, status: str) -> None:
    with pytest.raises(ChangedMeanwhile):
        SupporterFactory(status=status).accept_application(by=coordinator)


def test_who_leaves_and_returns_is_one_person_with_two_registrations(coordinator: User, set_now: Any) -> None:
    supporter = SupporterFactory()
    today, leaving, returning = timezone.localdate(), at(30), at(60)
    set_now(leaving)
    supporter.withdraw(by=None, reason="引っ越し")
    set_now(returning)
    supporter.apply_again(by=None)
    supporter.accept_application(by=coordinator)
    spans = list(supporter.registrations.order_by("started_on").values_list("started_on", "ended_on"))
    assert spans == [(today, today + dt.timedelta(days=30)), (today + dt.timedelta(days=60), None)]
    assert Registration.objects.values("supporter").distinct().count() == 1


def test_who_leaves_and_returns_on_one_day_is_registered_still(coordinator: User) -> None:
    supporter = SupporterFactory()
    supporter.withdraw(by=None)
    supporter.apply_again(by=None)
    supporter.accept_application(by=coordinator)
    assert supporter.registrations.filter(ended_on=None).count() == 1


def test_who_returns_is_told_again(coordinator: User, set_now: Any) -> None:
    supporter = SupporterFactory(status="training")
    supporter.activate(by=coordinator)
    supporter.withdraw(by=None)
    set_now(at(60))
    supporter.apply_again(by=None)
    supporter.accept_application(by=coordinator)
    supporter.activate(by=coordinator)
    kinds = Message.objects.filter(recipient=supporter.contact).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["activated", "applied", "activated"]


def give_an_offer_and_a_duty(supporter: Supporter) -> None:
    an_offer(a_shift(days=8), supporter)
    an_offer(a_shift(days=9), supporter).accept(by=None)


def states_of(supporter: Supporter) -> list[str]:
    return list(supporter.assignments.order_by("shift__starts_at").values_list("status", flat=True))


def test_a_pause_declines_what_is_offered_and_keeps_what_was_promised() -> None:
    supporter = SupporterFactory(week_limit=7)
    give_an_offer_and_a_duty(supporter)
    assert states_of(supporter) == ["offered", "accepted"]
    supporter.pause(by=None)
    assert states_of(supporter) == ["declined", "accepted"]


def test_who_leaves_gets_stand_ins_for_what_was_promised() -> None:
    supporter = SupporterFactory(week_limit=7)
    give_an_offer_and_a_duty(supporter)
    supporter.withdraw(by=None)
    assert states_of(supporter) == ["declined", "standing_in_wanted"]


def test_a_revoked_consent_looks_for_stand_ins_until_the_coming_of_age() -> None:
    # 18 on the ninth day: the duty of that day may stay.
    of_age = timezone.localdate() + dt.timedelta(days=9)
    minor = SupporterFactory(week_limit=7, birth_date=of_age - relativedelta(years=18))
    consent = ask_guardian(minor, Guardian("保護 花子", phone="027-224-1111"))
    consent.give()
    for days in (8, 9):
        shift = a_shift(days=days, needed=2)
        an_offer(shift, SupporterFactory(week_limit=7)).accept(by=None)
        an_offer(shift, Supporter.objects.get(pk=minor.pk)).accept(by=None)
    consent.revoke()
    assert states_of(minor) == ["standing_in_wanted", "accepted"]


# --- Consent -------------------------------------------------------------------------------------------
def test_agreeing_twice_keeps_the_first_date(set_now: Any) -> None:
    consent = ask_guardian(a_minor(), Guardian("保護 花子", email="hanako@example.jp"))
    first, second = at(1), at(2)
    for moment in (first, second):
        set_now(moment)
        consent.give()
    assert consent.given_at == first


def test_asking_another_guardian_ends_the_first_asking() -> None:
    minor = a_minor()
    first = ask_guardian(minor, Guardian("保護 花子", email="hanako@example.jp"))
    second = ask_guardian(minor, Guardian("保護 太郎", email="taro@example.jp"))
    first.refresh_from_db()
    assert (first.revoked_at is None, second.revoked_at is None) == (False, True)


def test_a_guardian_who_has_agreed_is_not_asked_again() -> None:
    minor = a_minor()
    ask_guardian(minor, Guardian("保護 花子", email="hanako@example.jp")).give()
    with pytest.raises(ConsentStands):
        ask_guardian(minor, Guardian("保護 花子", email="hanako@example.jp"))


def test_a_consent_on_paper_names_who_holds_it(coordinator: User) -> None:
    minor = a_minor()
    ask_guardian(minor, Guardian("保護 花子", email="hanako@example.jp"))
    consent = record_paper_consent(minor, Guardian("保護 花子", email="hanako@example.jp"), by=coordinator)
    assert (consent.is_valid, consent.recorded_by) == (True, coordinator)


# --- Applying ------------------------------------------------------------------------------------------
def an_application() -> Application:
    return Application(
        name="髙﨑",
        kana="たかさき",
        birth_date=dt.date(1958, 4, 1),
        category=Category.objects.all()[0],
        home_district=District.objects.all()[0],
    )


def test_one_account_applies_once() -> None:
    user = UserFactory()
    apply(user, an_application())
    with pytest.raises(AlreadyRegistered):
        apply(user, an_application())
    assert Supporter.objects.count() == 1


def test_nothing_is_left_of_an_application_that_fails() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        apply(UserFactory(), Application(**{**vars_of(an_application()), "skills": {Topic.objects.all()[0]: 9}}))
    assert (Supporter.objects.count(), Message.objects.count()) == (0, 0)


def vars_of(application: Application) -> dict[str, Any]:
    return {name: getattr(application, name) for name in application.__slots__}


# --- Finding -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["高崎", "髙﨑", "たかさき", "タカサキ", "ﾀｶｻｷ", " 高崎　りゅう"])
def test_a_name_is_found_however_it_is_typed(coordinator: User, words: str) -> None:
    SupporterFactory(name="髙﨑", kana="りゅう たかさき")
    SupporterFactory(name="山田", kana="やまだ")
    found = office(coordinator).get(PEOPLE, {"q": words}).context["page"].object_list
    assert [supporter.name for supporter in found] == ["髙﨑"]


def test_the_list_is_narrowed_by_status_and_keeps_what_was_chosen(coordinator: User) -> None:
    SupporterFactory(status="applied", name="申込 一")
    SupporterFactory(status="active", name="活動 一")
    response = office(coordinator).get(PEOPLE, {"status": "applied"})
    assert [supporter.name for supporter in response.context["page"].object_list] == ["申込 一"]
    assert '<option value="applied" selected>' in response.content.decode()


@pytest.mark.parametrize("query", [{"page": "x"}, {"page": "99"}, {"status": "nonsense"}, {"q": "無"}])
def test_a_strange_question_to_the_list_is_answered(coordinator: User, query: dict[str, str]) -> None:
    assert office(coordinator).get(PEOPLE, query).status_code == 200


def test_the_list_asks_the_database_as_often_for_three_people_as_for_one(coordinator: User) -> None:
    client, counts = office(coordinator), []
    for number in (1, 2):
        SupporterFactory.create_batch(number, contact__phone="027-224-1111")
        with CaptureQueriesContext(connection) as queries:
            client.get(PEOPLE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_twenty_people_fit_on_a_page(coordinator: User) -> None:
    SupporterFactory.create_batch(21, ready=False)
    client = office(coordinator)
    assert [len(client.get(PEOPLE, {"page": page}).context["page"].object_list) for page in (1, 2)] == [20, 1]


@pytest.mark.parametrize("role", ["member", "officer", "desk"])
def test_the_offices_pages_are_not_there_for_others(role: str) -> None:
    supporter = SupporterFactory()
    client = office(UserFactory(role=role))
    assert client.get(PEOPLE).status_code == 404
    assert client.get(page_of(supporter)).status_code == 404
    for verb in ("move/", "training/", "flags/", "guardian/"):
        assert client.post(page_of(supporter, verb)).status_code == 404


def test_strangers_are_asked_to_sign_in(client: Client) -> None:
    assert client.get(PEOPLE)["Location"] == f"/accounts/login/?next={PEOPLE}"


# --- What the office does --------------------------------------------------------------------------------
def test_the_office_takes_somebody_in_trains_and_activates_them(coordinator: User) -> None:
    supporter = SupporterFactory(status="applied", ready=False)
    client = office(coordinator)
    client.post(page_of(supporter, "move/"), {"verb": "accept"})
    today = timezone.localdate()
    client.post(
        page_of(supporter, "training/"),
        {
            "training-course": "video",
            "training-on_year": today.year,
            "training-on_month": today.month,
            "training-on_day": today.day,
        },
    )
    client.post(page_of(supporter, "move/"), {"verb": "activate"})
    supporter.refresh_from_db()
    assert (supporter.status, supporter.completions.get().recorded_by) == ("active", coordinator)
    page = client.get(page_of(supporter)).content.decode()
    for word in ("研修中", "活動中", "【登録完了】サポーターの活動を始められます", str(coordinator)):
        assert word in page


def test_a_verb_that_refuses_says_why(coordinator: User) -> None:
    supporter = SupporterFactory(status="training", ready=False)
    response = office(coordinator).post(page_of(supporter, "move/"), {"verb": "activate"}, follow=True)
    assert "必修の研修がまだ終わっていません。" in response.content.decode()


def test_training_cannot_lie_in_the_future_and_the_page_keeps_what_was_typed(coordinator: User) -> None:
    supporter = SupporterFactory(ready=False)
    day = {"training-on_year": "2999", "training-on_month": "1", "training-on_day": "2"}
    response = office(coordinator).post(page_of(supporter, "training/"), {"training-course": "video", **day})
    assert response.context["training_form"].errors == {"on": ["今日までの日付を入力してください。"]}
    assert 'value="2999"' in response.content.decode()


def test_the_office_pauses_resumes_and_withdraws_with_a_reason(coordinator: User) -> None:
    supporter = SupporterFactory()
    client, seen = office(coordinator), []
    for verb in ("pause", "resume", "withdraw"):
        client.post(page_of(supporter, "move/"), {"verb": verb, "leave-reason": "本人の希望"})
        supporter.refresh_from_db()
        seen.append(supporter.status)
    assert seen == ["paused", "active", "withdrawn"]
    assert list(supporter.moves.values_list("reason", flat=True)) == ["本人の希望", "", "本人の希望"]


def test_withdrawing_somebody_needs_a_reason(coordinator: User) -> None:
    supporter = SupporterFactory()
    response = office(coordinator).post(page_of(supporter, "move/"), {"verb": "withdraw", "leave-reason": ""})
    assert response.context["reason_form"].errors == {"reason": ["退会の理由を入力してください。"]}
    supporter.refresh_from_db()
    assert supporter.status == "active"


@pytest.mark.parametrize(
    ("do", "field"),
    [("contact", "contact-email"), ("training", "training-on"), ("leave", "leave-reason"), ("flags", "flags-is_lead")],
)
def test_the_form_of_what_is_rarely_done_is_made_when_its_link_is_followed(
    coordinator: User, do: str, field: str
) -> None:
    supporter = SupporterFactory()
    client = office(coordinator)
    Course.objects.create(code="more", name="もっと", source="test")
    seen = client.get(page_of(supporter)).content.decode()
    assert f'href="{page_of(supporter)}?do={do}#{do}"' in seen
    assert f'name="{field}' not in seen
    asked = client.get(page_of(supporter), {"do": do}).content.decode()
    assert f'id="{do}"' in asked
    assert f'name="{field}' in asked


def test_who_is_in_training_has_the_form_for_it_on_the_page(coordinator: User) -> None:
    supporter = SupporterFactory(status="training", ready=False)
    assert 'name="training-on' in office(coordinator).get(page_of(supporter)).content.decode()


def test_a_second_tap_of_the_office_is_answered_kindly(coordinator: User) -> None:
    supporter = SupporterFactory(status="applied")
    client = office(coordinator)
    client.post(page_of(supporter, "move/"), {"verb": "accept"})
    response = client.post(page_of(supporter, "move/"), {"verb": "accept"}, follow=True)
    assert "今の状態をご確認ください" in response.content.decode()
    assert supporter.registrations.filter(ended_on=None).count() == 1


def test_lead_and_pay_are_marked_by_person(coordinator: User) -> None:
    supporter = SupporterFactory(is_lead=False)
    assert "<p>謝礼の対象 <a" in office(coordinator).get(page_of(supporter)).content.decode()
    office(coordinator).post(page_of(supporter, "flags/"), {"flags-is_lead": "on"})
    supporter.refresh_from_db()
    assert (supporter.is_lead, supporter.may_be_paid, supporter.is_promoter) == (True, False, False)


def guardian_typed(**changes: str) -> dict[str, str]:
    return {"guardian-name": "保護 花子", "guardian-email": "", "guardian-phone": "０２７-224-1111", **changes}


def test_the_office_records_a_consent_on_paper(coordinator: User) -> None:
    minor = a_minor()
    office(coordinator).post(page_of(minor, "guardian/"), {**guardian_typed(), "how": "paper"})
    consent = minor.consents.get()
    assert (consent.is_valid, consent.recorded_by, consent.guardian.phone) == (True, coordinator, "０２７-224-1111")


def test_the_office_asks_a_guardian_again(coordinator: User) -> None:
    minor = a_minor()
    typed = guardian_typed(**{"guardian-email": "hanako@example.jp"})
    office(coordinator).post(page_of(minor, "guardian/"), {**typed, "how": "ask"})
    assert Message.objects.get(kind="consent").address == "hanako@example.jp"


def test_a_guardian_who_cannot_be_reached_is_refused_at_the_field(coordinator: User) -> None:
    response = office(coordinator).post(
        page_of(a_minor(), "guardian/"), {**guardian_typed(**{"guardian-phone": ""}), "how": "ask"}
    )
    assert response.context["guardian_form"].errors == {"email": ["メールアドレスか電話番号を入力してください。"]}


@pytest.mark.parametrize(("verb", "data"), [("move/", {"verb": "delete"}), ("guardian/", {"how": "magic"})])
def test_an_unknown_verb_is_not_there(coordinator: User, verb: str, data: dict[str, str]) -> None:
    assert office(coordinator).post(page_of(a_minor(), verb), {**guardian_typed(), **data}).status_code == 404


def test_the_persons_page_asks_the_database_as_often_with_more_behind_it(coordinator: User) -> None:
    client, counts = office(coordinator), []
    minor = a_minor(week_limit=9, month_limit=99)
    for days in ([1], [2, 3]):
        for day in days:
            ask_guardian(minor, Guardian("保護 花子", email="hanako@example.jp"))
            an_offer(a_shift(days=day), minor)
            Skill.objects.create(supporter=minor, topic_id=f"T0{day}", level=1)
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of(minor))
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- The database has the last word ----------------------------------------------------------------------
def test_the_database_refuses_an_unknown_state() -> None:
    supporter = SupporterFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Supporter.objects.filter(pk=supporter.pk).update(status="maybe")


def test_the_database_refuses_two_supporters_on_one_account() -> None:
    supporter = SupporterFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        SupporterFactory(user=supporter.user)


def test_the_database_refuses_two_open_registrations() -> None:
    supporter = SupporterFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.create(supporter=supporter, started_on=timezone.localdate())


def test_the_database_refuses_two_standing_consents() -> None:
    consent = ask_guardian(a_minor(), Guardian("保護 花子", email="hanako@example.jp"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.create(supporter=consent.supporter, guardian=ContactFactory())


IMPOSSIBLE: list[tuple[type[Any], dict[str, Any]]] = [
    (Registration, {"started_on": dt.date(2026, 4, 2), "ended_on": dt.date(2026, 4, 1)}),
    (Skill, {"topic_id": "T05", "level": 1}),  # the factory's supporter has it already
    (Skill, {"topic_id": "T06", "level": 0}),
    (Skill, {"topic_id": "T06", "level": 4}),
    (WeeklyWindow, {"weekday": 0, "starts": dt.time(8), "ends": dt.time(9)}),  # likewise
    (WeeklyWindow, {"weekday": 7, "starts": dt.time(9), "ends": dt.time(10)}),
    (WeeklyWindow, {"weekday": 1, "starts": dt.time(9), "ends": dt.time(9)}),
    (Absence, {"starts_at": at(3), "ends_at": at(3)}),
    (TrainingCompletion, {"course_id": "video", "completed_on": dt.date(2026, 4, 1)}),  # likewise
]


@pytest.mark.parametrize(("model", "facts"), IMPOSSIBLE)
def test_the_database_refuses_what_cannot_be(model: type[Any], facts: dict[str, Any]) -> None:
    supporter = SupporterFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(supporter=supporter, **facts)


def test_the_database_refuses_a_consent_revoked_before_it_was_given() -> None:
    consent = ask_guardian(a_minor(), Guardian("保護 花子", email="hanako@example.jp"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.filter(pk=consent.pk).update(given_at=at(2), revoked_at=at(1))

"""One text to many supporters: drafts first, then messages like any other."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from notifications import delivery, mailings
from notifications.models import Contact, Mailing, Matter, Message, Preference
from programme import furigana
from programme.models import District, User
from tests.factories import ContactFactory, SupporterFactory

pytestmark = pytest.mark.usefixtures("programme_facts")
NOON = dt.datetime(2026, 12, 1, 3, tzinfo=dt.UTC)
TEXT = {"title": "講座のご案内", "body": "講座を開きます。", "short": "", "title_en": "", "body_en": "", "short_en": ""}
ALL = {"status": "", "district": "", "topic": ""}


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def write(office: Client, **facts: Any) -> Mailing:
    office.post(reverse("supporters:mailing_new"), {**TEXT, **ALL, "do": "save", **facts})
    return Mailing.objects.get()


def page_of(mailing: Mailing) -> str:
    return reverse("supporters:mailing", args=[mailing.pk])


def states(mailing: Mailing) -> list[tuple[str, str, str]]:
    return list(mailing.messages.order_by("pk").values_list("recipient__name", "channel", "state"))


def test_counting_writes_nothing_and_keeps_what_was_typed(office: Client) -> None:
    SupporterFactory(), SupporterFactory(status="paused")
    page = office.post(
        reverse("supporters:mailing_new"), {**TEXT, **ALL, "status": "paused", "do": "count"}
    ).content.decode()
    assert "あてはまる人: 1人" in page
    assert "講座を開きます。" in page
    assert not Mailing.objects.exists()


def test_a_draft_is_written_for_each_who_is_meant_and_nothing_leaves(office: Client) -> None:
    one, other = District.objects.all()[:2]
    SupporterFactory(home_district=one, contact=ContactFactory(name="A"))
    SupporterFactory(home_district=other, contact=ContactFactory(name="B"))
    SupporterFactory(home_district=one, status="withdrawn", contact=ContactFactory(name="C"))
    mailing = write(office, district=one.pk)
    delivery.sweep()
    assert states(mailing) == [("A", "email", "draft")]


def test_changing_the_text_rewrites_the_drafts(office: Client) -> None:
    SupporterFactory()
    mailing = write(office)
    edit = reverse("supporters:mailing_edit", args=[mailing.pk])
    office.post(edit, {**TEXT, **ALL, "body": "日にちが変わりました。", "do": "save"})
    assert [message.body for message in mailing.messages] == ["日にちが変わりました。\n"]


def test_each_reads_it_in_their_language(office: Client) -> None:
    for language in ("ja", "ja-easy", "en"):
        SupporterFactory(contact=ContactFactory(language=language))
    mailing = write(office, title_en="A course", body_en="We hold a course.")
    bodies = [message.body.strip() for message in mailing.messages.order_by("pk")]
    assert bodies[0] == "講座を開きます。"
    assert bodies[1] == furigana.in_text(bodies[0]) != bodies[0]
    assert bodies[2] == "We hold a course."


def test_sending_queues_the_drafts_once(office: Client, set_now: Callable[[dt.datetime], None]) -> None:
    set_now(NOON)
    SupporterFactory(contact=ContactFactory(name="A"))
    SupporterFactory(contact=ContactFactory(name="B", email="", phone="027-224-1111"))
    mailing = write(office)
    office.post(page_of(mailing), {"do": "send"})
    delivery.sweep()
    office.post(page_of(mailing), {"do": "send"})
    assert states(mailing) == [("A", "email", "sent"), ("B", "phone", "queued")]
    assert [message.recipient.name for message in Message.objects.needs_a_person()] == ["B"]


def test_who_wants_no_news_gets_none(office: Client) -> None:
    supporter = SupporterFactory(contact=ContactFactory(name="A"))
    Preference.objects.create(contact=supporter.contact, matter=Matter.NEWS, wanted=False)
    mailing = write(office)
    office.post(page_of(mailing), {"do": "send"})
    assert states(mailing) == [("A", "email", "cancelled")]


def test_somebody_can_be_left_out_and_the_whole_thrown_away(office: Client) -> None:
    SupporterFactory(contact=ContactFactory(name="A")), SupporterFactory(contact=ContactFactory(name="B"))
    mailing = write(office)
    office.post(page_of(mailing), {"do": f"leave_out {mailing.messages.order_by('pk')[0].pk}"})
    assert states(mailing) == [("A", "email", "cancelled"), ("B", "email", "draft")]
    office.post(page_of(mailing), {"do": "discard"})
    assert not Mailing.objects.exists()
    assert not Message.objects.filter(kind="mailing").exists()


def test_who_was_left_out_stays_out_when_the_text_is_edited(office: Client) -> None:
    SupporterFactory(contact=ContactFactory(name="A")), SupporterFactory(contact=ContactFactory(name="B"))
    mailing = write(office)
    office.post(page_of(mailing), {"do": f"leave_out {mailing.messages.order_by('pk')[0].pk}"})
    edit = reverse("supporters:mailing_edit", args=[mailing.pk])
    office.post(edit, {**TEXT, **ALL, "body": "日にちが変わりました。", "do": "save"})
    office.post(page_of(mailing), {"do": "send"})
    assert states(mailing) == [("A", "email", "cancelled"), ("B", "email", "queued")]


def test_sending_goes_by_what_each_person_has_set_since_the_drafts(
    office: Client, set_now: Callable[[dt.datetime], None]
) -> None:
    set_now(NOON)
    people = [ContactFactory(name=name, phone="090-1234-5678") for name in ("stopped", "moved", "by sms", "lost")]
    for contact in people:
        SupporterFactory(contact=contact)
    mailing = write(office, short="短い文")
    stopped, moved, by_sms, lost = people
    Preference.objects.create(contact=stopped, matter=Matter.NEWS, wanted=False)
    Contact.objects.filter(pk=moved.pk).update(email="new@example.jp")
    Contact.objects.filter(pk=by_sms.pk).update(preferred="sms", sms_proved_at=NOON)
    Contact.objects.filter(pk=lost.pk).update(email="", phone="027-224-1111", phone_e164="+81272241111")
    office.post(page_of(mailing), {"do": "send"})
    sent = mailing.messages.order_by("pk").values_list("recipient__name", "channel", "address", "state")
    assert list(sent) == [
        ("stopped", "email", stopped.email, "cancelled"),
        ("moved", "email", "new@example.jp", "queued"),
        ("by sms", "sms", "+819012345678", "queued"),
        ("lost", "phone", "027-224-1111", "queued"),
    ]


def test_sending_three_needs_as_many_queries_as_one(
    office: Client, coordinator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for people in (1, 3):
        for _person in range(people):
            SupporterFactory()
        mailing = write(office)
        with django_assert_num_queries(10):
            mailings.send(mailing, still=Contact.objects.all(), by=coordinator)
        Mailing.objects.all().delete()


def test_who_left_after_the_draft_is_not_written_to(office: Client) -> None:
    here, gone = SupporterFactory(), SupporterFactory()
    mailing = write(office)
    gone.withdraw(by=None)
    office.post(page_of(mailing), {"do": "send"})
    states = dict(mailing.messages.values_list("recipient", "state"))
    assert states == {here.contact_id: "queued", gone.contact_id: "cancelled"}


def test_what_was_sent_is_neither_changed_nor_thrown_away(office: Client) -> None:
    SupporterFactory()
    mailing = write(office)
    office.post(page_of(mailing), {"do": "send"})
    assert office.get(reverse("supporters:mailing_edit", args=[mailing.pk])).status_code == 404
    office.post(page_of(mailing), {"do": "discard"})
    assert Mailing.objects.exists()


def test_segments_and_cost_are_said_before_sending(office: Client) -> None:
    contact = ContactFactory(phone="090-1234-5678", preferred="sms")
    SupporterFactory(contact=contact)
    page = office.get(page_of(write(office, short="あ" * 71))).content.decode()
    assert "2通分(71文字)" in page
    assert "約24円" in page


def test_the_cost_counts_the_words_of_each(office: Client) -> None:
    for name in "AB":
        SupporterFactory(contact=ContactFactory(name=name, phone="090-1234-5678", preferred="sms"))
    mailing = write(office, short="短文")
    first = mailing.messages.order_by("pk")[0]
    office.post(draft_page(first), {"title": "講座", "body": "Aさんだけ", "short": "あ" * 300})
    page = office.get(page_of(mailing)).content.decode()
    assert "5通分(300文字)" in page
    assert "約72円" in page


def test_half_an_english_text_is_refused(office: Client) -> None:
    page = office.post(reverse("supporters:mailing_new"), {**TEXT, **ALL, "title_en": "A course", "do": "save"})
    assert "両方を入力してください" in page.content.decode()
    assert not Mailing.objects.exists()


def test_the_pages_need_the_same_number_of_queries_for_three_as_for_one(
    office: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    SupporterFactory()
    mailing = write(office)
    with django_assert_num_queries(7):
        office.get(page_of(mailing))
    with django_assert_num_queries(5):
        office.get(reverse("supporters:mailings"))
    SupporterFactory(), SupporterFactory()
    Mailing.objects.create(title="b", body="b", sent_at=timezone.now())
    mailing = Mailing.objects.order_by("pk")[0]
    edit = reverse("supporters:mailing_edit", args=[mailing.pk])
    office.post(edit, {**TEXT, **ALL, "do": "save"})
    with django_assert_num_queries(7):
        office.get(page_of(mailing))
    with django_assert_num_queries(5):
        office.get(reverse("supporters:mailings"))


# --- The words for one person ---------------------------------------------------------------------------
def draft_page(message: Message) -> str:
    return reverse("supporters:mailing_draft", args=[message.subject.removeprefix("mailing:"), message.pk])


def test_a_draft_is_read_and_changed_for_one_person(office: Client, coordinator: User) -> None:
    for name in "AB":
        SupporterFactory(contact=ContactFactory(name=name))
    mailing = write(office)
    first, other = mailing.messages.order_by("pk")
    assert "講座を開きます。" in office.get(draft_page(first)).content.decode()
    office.post(draft_page(first), {"title": "講座", "body": "Aさんだけの文です。", "short": ""})
    assert "Aさんだけの文です。" in office.get(draft_page(first)).content.decode()
    for message in (first, other):
        message.refresh_from_db()
    assert (first.body, first.state) == ("Aさんだけの文です。\n", "draft")
    assert other.body == "講座を開きます。\n"
    edited = first.attempts.get()
    assert (edited.outcome, edited.answer) == ("edited", str(coordinator))


def test_changing_the_text_for_all_keeps_what_was_changed_for_one(office: Client) -> None:
    for name in "AB":
        SupporterFactory(contact=ContactFactory(name=name))
    mailing = write(office)
    first = mailing.messages.order_by("pk")[0]
    office.post(draft_page(first), {"title": "講座", "body": "Aさんだけ", "short": ""})
    edit = reverse("supporters:mailing_edit", args=[mailing.pk])
    office.post(edit, {**TEXT, **ALL, "body": "日にちが変わりました。", "do": "save"})
    bodies = mailing.messages.order_by("recipient__name").values_list("recipient__name", "body")
    assert list(bodies) == [("A", "Aさんだけ\n"), ("B", "日にちが変わりました。\n")]


def test_who_is_not_meant_any_more_gets_nothing_even_with_words_of_their_own(office: Client) -> None:
    one, other = District.objects.all()[:2]
    SupporterFactory(home_district=one, contact=ContactFactory(name="A"))
    SupporterFactory(home_district=other, contact=ContactFactory(name="B"))
    mailing = write(office)
    first = mailing.messages.order_by("pk")[0]
    office.post(draft_page(first), {"title": "講座", "body": "Aさんだけ", "short": ""})
    edit = reverse("supporters:mailing_edit", args=[mailing.pk])
    office.post(edit, {**TEXT, **ALL, "district": other.pk, "do": "save"})
    assert [name for name, _channel, _state in states(mailing)] == ["B"]


def test_what_was_sent_cannot_be_changed(office: Client, set_now: Callable[[dt.datetime], None]) -> None:
    set_now(NOON)
    SupporterFactory(contact=ContactFactory(name="A"))
    mailing = write(office)
    office.post(page_of(mailing), {"do": "send"})
    (message,) = mailing.messages
    office.post(draft_page(message), {"title": "講座", "body": "別の文", "short": ""})
    message.refresh_from_db()
    assert message.body == "講座を開きます。\n"

"""The office's page of where a person is reached: stopping an address, taking it up again, and what is kept of it."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from notifications import addresses, outbox
from notifications.models import AddressChange, Attempt, Channel, Contact, Message, Suppression
from programme.models import User
from tests.factories import ContactFactory
from tests.notifications.conftest import a_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


@pytest.fixture
def person() -> Contact:
    return ContactFactory(name="Ann", email="a@example.jp", phone="090-1234-5678")


def answer(client: Client, person: Contact, do: str, reason: str, channel: str = "email") -> int:
    page = reverse("messages:contact", args=[person.pk])
    return client.post(
        page, {"channel": channel, "key": person.address_on(channel), f"{channel}-reason": reason, "do": do}
    ).status_code


def test_the_office_stops_an_address_and_what_waits_goes_another_way(
    office: Client, coordinator: User, person: Contact
) -> None:
    waiting = a_message(Channel.EMAIL, person)
    assert answer(office, person, "stop", "家族から電話がありました") == 302
    stop = Suppression.objects.get()
    assert (stop.address, stop.reason, stop.by) == ("a@example.jp", "suspended", coordinator)
    waiting.refresh_from_db()
    assert waiting.channel == Channel.SMS


def test_lifting_keeps_who_stopped_it_who_lifted_it_and_why(office: Client, coordinator: User, person: Contact) -> None:
    outbox.suppress("email", "a@example.jp", Suppression.Reason.BOUNCED, answer="550 5.1.1")
    answer(office, person, "lift", "アドレスは正しいと確認")
    assert not Suppression.objects.exists()
    changes = AddressChange.objects.values_list("what", "note", "by")
    assert list(changes) == [("lifted", "アドレスは正しいと確認", coordinator.pk), ("bounced", "550 5.1.1", None)]
    page = office.get(reverse("messages:contact", args=[person.pk])).content.decode()
    assert "550 5.1.1" in page
    assert "アドレスは正しいと確認" in page


def test_without_a_reason_nothing_is_stopped(office: Client, person: Contact) -> None:
    assert answer(office, person, "stop", " ") == 200
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(("do", "channel"), [("stop", "phone"), ("stop", "line"), ("burn", "email")])
def test_only_what_there_is_can_be_stopped(office: Client, person: Contact, do: str, channel: str) -> None:
    assert answer(office, person, do, "x", channel) == 404


def test_a_bounce_does_not_let_a_person_undo_what_the_office_has_stopped() -> None:
    outbox.suppress("sms", "+819012345678", Suppression.Reason.SUSPENDED, answer="家族から")
    outbox.suppress("sms", "+819012345678", Suppression.Reason.BOUNCED, answer="30005")
    stop = Suppression.objects.get()
    assert (stop.reason, stop.answer) == ("suspended", "家族から")
    assert AddressChange.objects.count() == 2


def test_who_shares_the_address_is_named_since_the_stop_holds_for_them_too(office: Client, person: Contact) -> None:
    other = ContactFactory(name="Bob", email="a@example.jp", phone="027-224-1111")
    ContactFactory(name="Cat")
    shown = office.get(reverse("messages:contact", args=[person.pk]))
    assert shown.context["sharing"] == [other]


def test_the_page_shows_each_try_with_the_provider_s_answer(office: Client, person: Contact) -> None:
    message = a_message(Channel.SMS, person, state=Message.State.UNKNOWN)
    Attempt.objects.create(
        message=message, channel="sms", address="+819012345678", outcome="unknown", answer="Read timed out"
    )
    page = office.get(reverse("messages:contact", args=[person.pk])).content.decode()
    assert "Read timed out" in page
    assert "届いたか分かりません" in page


def test_the_page_needs_the_same_number_of_queries_for_three_messages_as_for_one(
    office: Client, person: Contact, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def one_more(kind: str) -> None:
        message = a_message(Channel.EMAIL, person, kind=kind)
        Attempt.objects.create(message=message, channel="email", outcome="sent")
        AddressChange.objects.create(channel="email", address="a@example.jp", what="bounced")
        ContactFactory(email="a@example.jp")

    one_more("a")
    office.get(reverse("messages:contact", args=[person.pk]))
    with django_assert_num_queries(10, exact=False) as asked:
        office.get(reverse("messages:contact", args=[person.pk]))
    for kind in "bc":
        one_more(kind)
    with django_assert_num_queries(len(asked)):
        office.get(reverse("messages:contact", args=[person.pk]))


def test_others_do_not_find_the_page(client: Client, officer: User, desk_account: User, person: Contact) -> None:
    for user in (officer, desk_account):
        client.force_login(user)
        assert answer(client, person, "stop", "x") == 404
    assert not Suppression.objects.exists()


def test_the_office_notes_that_an_address_is_the_person_s(office: Client) -> None:
    person = ContactFactory()
    path = reverse("messages:contact", args=[person.pk])
    assert office.post(path, {"do": "proved", "channel": "email", "key": person.email}).status_code == 302
    person.refresh_from_db()
    assert person.email_proved_at is not None
    assert office.post(path, {"do": "proved", "channel": "phone", "key": person.phone}).status_code == 404


@pytest.mark.parametrize("do", ["proved", "stop"])
def test_the_office_speaks_of_the_address_that_it_saw(office: Client, do: str) -> None:
    """The person types another one while the page is open."""
    person = ContactFactory(email="seen@example.jp")
    seen = re.search('name="key" value="(seen[^"]*)"', page := office.get(path_of(person)).content.decode()).group(1)
    assert page.count(f'value="{seen}"') == 2
    person.email = "other@example.jp"
    addresses.change(person)
    office.post(path_of(person), {"do": do, "channel": "email", "key": seen, "email-reason": "電話で"})
    person.refresh_from_db()
    assert (person.email_proved_at, Suppression.objects.exists()) == (None, False)


def path_of(person: Contact) -> str:
    return reverse("messages:contact", args=[person.pk])

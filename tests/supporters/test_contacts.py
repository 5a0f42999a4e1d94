"""A supporter's new number or address, told to the office."""

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Contact, Message
from programme.models import User
from supporters.models import Supporter
from supporters.services import change_contact
from tests.factories import SupporterFactory

pytestmark = pytest.mark.usefixtures("programme_facts")


@pytest.fixture
def person() -> Supporter:
    person = SupporterFactory.create()
    Contact.objects.filter(pk=person.contact_id).update(email="old@example.jp", phone="027-224-1111", mobile="")
    Contact.objects.filter(pk=person.contact_id).update(email_proved_at="2026-01-01T00:00Z")
    return Supporter.objects.select_related("contact", "user").get(pk=person.pk)


def reached(person: Supporter) -> tuple[str, str, str, bool]:
    contact = Contact.objects.get(pk=person.contact_id)
    return contact.email, contact.phone, contact.mobile, contact.email_proved_at is not None


def test_a_new_address_is_unproved_and_the_history_says_what_changed_and_by_whom(
    person: Supporter, coordinator: User
) -> None:
    signs_in_as = person.user.email
    change_contact(person, email="new@example.jp", phone="027-224-2222", mobile="", by=coordinator)
    assert reached(person) == ("new@example.jp", "027-224-2222", "", False)
    move = person.moves.get()
    assert (move.by, move.from_status, move.to_status) == (coordinator, person.status, person.status)
    assert move.reason == "連絡先を直しました: メールアドレス、電話番号"
    assert "new@example.jp" not in move.reason  # what was changed, never to what
    assert User.objects.get(pk=person.user_id).email == signs_in_as


def test_a_new_number_leaves_the_proof_of_the_address(person: Supporter, coordinator: User) -> None:
    change_contact(person, email="old@example.jp", phone="", mobile="", by=coordinator)
    assert reached(person) == ("old@example.jp", "", "", True)


def test_what_is_the_same_changes_nothing(person: Supporter, coordinator: User) -> None:
    change_contact(person, email="old@example.jp", phone="027-224-1111", mobile="", by=coordinator)
    assert (reached(person)[3], person.moves.count()) == (True, 0)


def test_the_office_changes_it_on_the_persons_page(client: Client, coordinator: User, person: Supporter) -> None:
    client.force_login(coordinator)
    address = reverse("supporters:contact", args=[person.pk])
    sent = {"contact-email": "new@example.jp", "contact-phone": "027-224-1111", "contact-mobile": ""}
    page = client.post(address, sent | {"contact-email": "no address"}).content.decode()
    assert reached(person)[0] == "old@example.jp"
    assert "no address" in page  # as typed, to be put right
    client.post(address, sent)
    assert reached(person)[0] == "new@example.jp"


def test_who_reads_at_the_new_address_and_number_is_asked_to_prove_them(person: Supporter, coordinator: User) -> None:
    change_contact(person, email="new@example.jp", phone="027-224-1111", mobile="090-1234-5678", by=coordinator)
    asked = Message.objects.filter(recipient=person.contact_id).order_by("kind")
    assert list(asked.values_list("kind", "channel", "address", "state")) == [
        ("prove_mail", "email", "new@example.jp", "queued"),
        ("prove_mobile", "sms", "+819012345678", "queued"),
    ]

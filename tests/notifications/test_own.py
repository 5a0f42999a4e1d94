"""How somebody is told, set by whoever holds the link at a message's foot."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from notifications import addresses, links, outbox
from notifications.models import Channel, Contact, LineCode, Message, Preference, Suppression
from notifications.outbox import tell
from tests.notifications.conftest import a_linked_contact
from tests.standins.twilio import Twilio

pytestmark = pytest.mark.django_db
ANSWERS = {"language": "en", "preferred": "", "mobile": "", "duty": "", "feedback": "", "news": ""}


@pytest.fixture
def contact() -> Contact:
    return Contact.objects.create(name="Ann", email="ann@example.jp")


def test_link_leads_to_choice_and_next_message_is_in_it(client: Client, contact: Contact) -> None:
    path = contact.settings_path
    assert b'value="ja"' in client.get(path).content
    client.post(path, ANSWERS)
    contact.refresh_from_db()
    assert contact.language == "en"


@pytest.mark.parametrize("answer", [{}, {"language": "tlh"}, {"mobile": "027-224-1111"}, {"duty": "never"}])
def test_no_answer_says_so_and_changes_nothing(client: Client, contact: Contact, answer: dict[str, str]) -> None:
    page = client.post(contact.settings_path, {**ANSWERS, **answer} if answer else {})
    assert page.status_code == 200
    assert 'class="error' in page.content.decode()
    contact.refresh_from_db()
    assert (contact.language, contact.mobile) == ("ja", "")
    assert not Preference.objects.exists()


def test_the_only_way_to_reach_somebody_cannot_be_emptied(client: Client) -> None:
    contact = Contact.objects.create(name="M", mobile="090-1234-5678")
    page = client.post(contact.settings_path, ANSWERS)
    assert "ほかに連絡先がないので" in page.content.decode()
    contact.refresh_from_db()
    assert contact.mobile == "090-1234-5678"


def test_link_of_another_purpose_opens_nothing(client: Client, contact: Contact) -> None:
    page = client.get(f"/messages/language/{links.token('offer', contact.pk)}/")
    assert page.status_code == 404
    assert "メールのリンクを" in page.content.decode()


def test_link_ends_with_the_address_it_went_to(client: Client, contact: Contact) -> None:
    old = contact.settings_path
    client.post(old, {"do": "code"})
    contact.email = "right@example.jp"
    addresses.change(contact)
    assert not LineCode.objects.exists()
    client.post(old, {"do": "code"})
    client.post(old, {"do": "code"})
    assert not LineCode.objects.exists()
    told = Message.objects.get(kind="settings_link")
    assert told.address == "right@example.jp"
    path = re.search(r"https?://[^/]+(/messages/language/\S+)", told.body).group(1)
    client.post(path, {"do": "code"})
    assert LineCode.objects.get().contact == contact


def test_link_without_an_address_can_only_stop_messages(client: Client, contact: Contact) -> None:
    page = client.get(contact.new_settings_path).content.decode()
    assert "新しいリンクを送る" in page
    assert contact.email not in page
    client.post(contact.new_settings_path, ANSWERS | {"do": "never"})
    contact.refresh_from_db()
    assert contact.language == "ja"
    assert dict(contact.preferences.values_list("matter", "wanted")) == {"feedback": False, "news": False}
    assert not Message.objects.exists()


def test_link_stays_when_another_address_is_added(client: Client, contact: Contact) -> None:
    path = contact.settings_path
    client.post(path, {**ANSWERS, "mobile": "090-1234-5678"})
    client.post(path, {"do": "code"})
    assert LineCode.objects.exists()


def test_every_message_carries_the_link(contact: Contact) -> None:
    message = tell(contact, kind="test", subject="row:1", template="notifications/foot.txt", context={})
    assert links.absolute(contact.settings_path).partition("language/")[0] in message.body


def test_wishes_are_kept_and_shown_again(client: Client, contact: Contact) -> None:
    client.post(contact.settings_path, {**ANSWERS, "preferred": "sms", "duty": "phone", "news": "never"})
    contact.refresh_from_db()
    assert contact.preferred == "sms"
    wishes = {row.matter: (row.channel, row.wanted) for row in contact.preferences.all()}
    assert wishes == {"duty": ("phone", True), "feedback": ("", True), "news": ("", False)}
    page = client.get(contact.settings_path).content.decode()
    assert re.findall(r'<option value="(\w+)" selected', page) == ["sms", "phone", "never"]


def test_a_new_mobile_number_is_proved_by_what_is_sent_to_it(client: Client, contact: Contact) -> None:
    client.post(contact.settings_path, {**ANSWERS, "mobile": "090-1234-5678"})
    message = Message.objects.get(kind="prove_mobile")
    assert (message.channel, message.address) == (Channel.SMS, "+819012345678")
    short = re.search(r"https?://[^/]+(\S+)", message.short).group(1)
    path = client.get(short, follow=True).redirect_chain[-1][0]
    contact.refresh_from_db()
    assert contact.sms_proved_at is None  # programs that look into messages open links too
    client.post(path)
    contact.refresh_from_db()
    assert contact.sms_proved_at is not None
    Contact.objects.filter(pk=contact.pk).update(mobile_e164="+819099999999", sms_proved_at=None)
    assert client.post(path).status_code == 410


def test_the_proof_of_a_number_goes_nowhere_else(
    client: Client, contact: Contact, twilio: Callable[..., Twilio]
) -> None:
    twilio()
    client.post(contact.settings_path, {**ANSWERS, "mobile": "090-1234-5678"})
    outbox.suppress(Channel.SMS, "+819012345678", Suppression.Reason.STOPPED)
    message = Message.objects.get(kind="prove_mobile")
    assert (message.channel, message.state) == (Channel.SMS, Message.State.FAILED)


def test_a_stop_can_be_taken_back_but_not_the_office_s(client: Client) -> None:
    contact = a_linked_contact(email="a@example.jp")
    outbox.suppress(Channel.LINE, contact.line_id, Suppression.Reason.STOPPED)
    outbox.suppress(Channel.EMAIL, contact.email, Suppression.Reason.SUSPENDED)
    for channel in ("line", "email"):
        client.post(contact.settings_path, {"do": "lift", "channel": channel})
    assert list(Suppression.objects.values_list("channel", flat=True)) == ["email"]


def test_a_code_for_line_is_given_and_line_can_be_left(client: Client, contact: Contact) -> None:
    client.post(contact.settings_path, {"do": "code"})
    assert LineCode.objects.get().code in client.get(contact.settings_path).content.decode()
    Contact.objects.filter(pk=contact.pk).update(line_id="U1", line_linked_at=timezone.now())
    client.post(contact.settings_path, {"do": "unlink"})
    contact.refresh_from_db()
    assert contact.line_id == ""


def test_who_has_only_line_keeps_it(client: Client) -> None:
    contact = Contact.objects.create(name="Lin", line_id="U1", line_linked_at=timezone.now())
    client.post(contact.settings_path, {"do": "unlink"})
    contact.refresh_from_db()
    assert contact.line_id == "U1"


def test_the_page_needs_the_same_number_of_queries_for_three_addresses_as_for_one(
    client: Client, contact: Contact, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many = a_linked_contact(email="a@example.jp", phone="027-224-1111", mobile="090-1234-5678")
    with django_assert_num_queries(6):
        client.get(contact.settings_path)
    with django_assert_num_queries(6):
        client.get(many.settings_path)

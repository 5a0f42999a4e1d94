"""The language of messages, chosen by whoever holds the link at a message's foot."""

import pytest
from django.test import Client

from notifications import links
from notifications.models import Contact
from notifications.outbox import tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact() -> Contact:
    return Contact.objects.create(name="Ann", email="ann@example.jp")


def test_link_leads_to_choice_and_next_message_is_in_it(client: Client, contact: Contact) -> None:
    path = contact.language_path
    assert b'value="ja"' in client.get(path).content
    client.post(path, {"language": "en"})
    contact.refresh_from_db()
    assert contact.language == "en"


@pytest.mark.parametrize("answer", [{}, {"language": "tlh"}])
def test_no_answer_says_so_and_changes_nothing(client: Client, contact: Contact, answer: dict[str, str]) -> None:
    page = client.post(contact.language_path, answer)
    assert page.status_code == 200
    assert 'class="error' in page.content.decode()
    contact.refresh_from_db()
    assert contact.language == "ja"


def test_link_of_another_purpose_opens_nothing(client: Client, contact: Contact) -> None:
    page = client.get(f"/messages/language/{links.token('offer', contact.pk)}/")
    assert page.status_code == 404
    assert "メールのリンクを" in page.content.decode()


def test_every_message_carries_the_link(contact: Contact) -> None:
    message = tell(contact, kind="test", subject="row:1", template="notifications/foot.txt", context={})
    assert links.absolute(contact.language_path).partition("language/")[0] in message.body

"""The page of all texts: nothing is missing, an SMS is short, and tells nothing about others."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.account import app_settings as allauth_settings
from django.conf import settings
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from mdeji.texts import ACCOUNT_MAILS, ACCOUNT_SMS, GUARDIANS, KINDS, RECIPIENT, THIRD, Text, texts
from programme.models import Programme, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

LANGUAGES = list(dict(settings.LANGUAGES))
# Parts of other texts.
PARTS = {"facts.txt", "cause.txt"}


@pytest.fixture(autouse=True)
def _phone(programme_facts: None) -> None:
    Programme.objects.update(phone="027-000-0000")


def all_texts(language: str) -> list[Text]:
    return list(texts(language))


def test_every_template_of_a_message_has_a_sample() -> None:
    found = {
        str(Path(*path.parts[-3:]))
        for folder in ("supporters", "requests/support_requests", "consult")
        for path in (Path(settings.BASE_DIR) / folder).glob("templates/*/messages/[!_]*.txt")
        if path.name not in PARTS and not path.name.endswith(".sms.txt")
    }
    account = Path(settings.BASE_DIR) / "mdeji/templates"
    for pattern in ("account/email/*_message.txt", "account/sms/*.txt"):
        found |= {str(path.relative_to(account)) for path in account.glob(pattern)}
    names = ("prove_mail", "prove_mobile", "settings_link", "calendar_entry")
    found |= {f"notifications/{name}.txt" for name in names}
    found -= {"account/email/base_message.txt"}
    assert found == {text.template for text in all_texts("ja")}


def test_the_mails_of_signing_in_are_in_our_words() -> None:
    assert not allauth_settings.EMAIL_NOTIFICATIONS  # else it would send more of them
    for name in ACCOUNT_MAILS:
        for part in ("subject", "message"):
            template: Any = get_template(f"account/email/{name}_{part}.txt")
            assert Path(template.origin.name).is_relative_to(settings.BASE_DIR), template.origin.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_lacks_a_fact(language: str) -> None:
    for text in all_texts(language):
        assert text.title, text.template
        assert "None" not in text.title + text.body + text.short, text.template
        assert "  " not in text.title + text.short, text.template


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_names_nobody(language: str) -> None:
    """It lies open on a locked screen: no third person, and not even the recipient."""
    named = [text.template for text in all_texts(language) if THIRD in text.title + text.body]
    assert named, "the sample names nobody: this test would prove nothing"
    for text in all_texts(language):
        for part in (*THIRD.split(), *RECIPIENT.split(), "三郎", "花子", "090-0000-0000", "hanako@example.jp"):
            assert part not in text.short, (text.template, part)


# Why an SMS may be two parts: the address of the hall is Japanese in every language, and whoever reads English needs it
# on the morning, too.
TWO_PARTS = {("en", "reminder_morning")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_is_one_part(language: str, settings: Settings, set_now: Callable[[dt.datetime], None]) -> None:
    """Each kind in each language: 70 signs in Japanese, 160 in English, at a time that is long to write."""
    settings.SITE_URL = "https://mdeji.example.jp"
    set_now(dt.datetime(2026, 12, 11, 3, tzinfo=dt.UTC))
    short = {(language, Path(text.template).stem, text.short): text.size for text in all_texts(language) if text.size}
    assert {"prove_mobile", "offer", *ACCOUNT_SMS} < {name[1] for name in short}
    assert {name[:2] for name, size in short.items() if size.segments > 1} == {
        name for name in TWO_PARTS if name[0] == language
    }, short
    assert all(size.segments <= 2 for size in short.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_show_every_text_with_the_length_in_each_language(
    client: Client, coordinator: User, language: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(coordinator)
    first = client.get(reverse("texts"), {"language": language}).context["page"]
    pages = []
    for number in first.paginator.page_range:
        with django_assert_num_queries(30, exact=False):
            pages.append(client.get(reverse("texts"), {"language": language, "page": number}).content.decode())
    page = "".join(pages)
    assert page.count('class="card"') == len(all_texts(language))
    assert page.count("<strong>SMS</strong>") == sum(1 for text in all_texts(language) if text.size)
    assert page.count("通分(") == 3 * page.count("<strong>SMS</strong>")


def test_the_page_shows_the_texts_of_one_reader(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    guardians = [kind.template for kind in KINDS if kind.reader == GUARDIANS]
    page = client.get(reverse("texts"), {"reader": "1"})
    assert [text.template for text, _sizes in page.context["rows"]] == guardians
    assert client.get(reverse("texts"), {"reader": "x"}).context["page"].paginator.count == len(KINDS)

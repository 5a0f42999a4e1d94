"""The page of all texts: nothing is missing, an SMS is short, and tells nothing about others."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from mdeji.texts import RECIPIENT, THIRD, Text, texts
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
    assert found == {text.template for text in all_texts("ja")}


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


# The hall with its reading and a link in one offer; an address, which is Japanese in every language.
TWO_PARTS = {("ja-easy", "offer"), ("en", "reminder_morning")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_is_one_part(language: str, settings: Settings, set_now: Callable[[dt.datetime], None]) -> None:
    """70 signs in Japanese, 160 in English, on a day that is long to write and with a city's short address."""
    settings.SITE_URL = "https://mdeji.example.jp"
    set_now(dt.datetime(2026, 12, 11, 3, tzinfo=dt.UTC))
    short = {(language, Path(text.template).stem, text.short): text.size for text in all_texts(language) if text.size}
    assert len(short) > 20
    assert {name[:2] for name, size in short.items() if size.segments > 1} == {
        name for name in TWO_PARTS if name[0] == language
    }, short
    assert all(size.segments <= 2 for size in short.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_every_text_with_the_length_in_each_language(
    client: Client, coordinator: User, language: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(coordinator)
    with django_assert_num_queries(30, exact=False):
        page = client.get(reverse("texts"), {"language": language}).content.decode()
    assert page.count('class="card"') == len(all_texts(language))
    assert page.count("<strong>SMS</strong>") == sum(1 for text in all_texts(language) if text.size)
    assert page.count("通分(") == 3 * page.count("<strong>SMS</strong>")

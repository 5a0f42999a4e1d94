"""The three languages: every sentence in each, a switch that keeps the page, messages in the reader's own."""

import datetime as dt
import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

from mdeji import catalogues
from notifications.models import Contact
from notifications.outbox import tell
from programme import furigana
from programme.models import Topic, User
from programme.models.codes import CodeEntry
from programme.wording import say_time


@pytest.mark.django_db
def test_every_sentence_is_in_every_language() -> None:
    """Pages, messages and refusals alike: what stands in the source stands in each catalogue, whole."""
    assert list(catalogues.faults()) == []


def test_no_sentence_hides_behind_another_name_of_gettext() -> None:
    """The catalogues collect the calls of ``_``, ``gettext`` and its kin, by name."""
    for home in catalogues.homes():
        for path in home.rglob("*.py"):
            assert set(re.findall(r"import n?p?gettext(?:_lazy)? as (\w+)", path.read_text())) <= {"_"}, path


def test_every_code_is_named_in_every_language(programme_facts: None) -> None:
    for model in CodeEntry.__subclasses__():
        for entry in model._default_manager.all():
            with translation.override("en"):
                assert not re.search("[ぁ-んァ-ン一-鿿]", str(entry)), f"{model.__name__} {entry.code}"
            with translation.override("ja-easy"):
                assert entry.name_easy, f"{model.__name__} {entry.code}"
                assert furigana.unread(str(entry)) == [], f"{model.__name__} {entry.code}"


def test_what_stands_beside_a_topic_is_in_every_language(programme_facts: None) -> None:
    for topic in Topic.objects.exclude(hint=""):
        with translation.override("en"):
            assert not re.search("[ぁ-んァ-ン一-鿿]", topic.advice)
        with translation.override("ja-easy"):
            assert topic.advice != topic.hint
            assert furigana.unread(topic.advice) == []


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [(9, 0, "午前9時"), (12, 0, "昼の12時"), (12, 30, "昼の12時30分"), (13, 5, "午後1時05分")],
)
def test_easy_japanese_tells_the_time_by_halves_of_the_day(hour: int, minute: int, said: str) -> None:
    with translation.override("ja-easy"):
        assert say_time(dt.time(hour, minute)) == said


def test_a_missing_translation_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above would fail: for no entry, an empty one, a lost placeholder, a kanji without reading."""
    (tmp_path / "page.html").write_text(
        "{% load i18n %}{% translate 'A' %}{% translate 'B' %}{% blocktranslate %}C {{ n }}{% endblocktranslate %}"
    )
    path = catalogues.po_file(tmp_path, "ja-easy")
    path.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    path.write_text(f'{head}msgid "A"\nmsgstr "躊躇"\n\nmsgid "C %(n)s"\nmsgstr "C"\n')
    monkeypatch.setattr(catalogues, "homes", lambda: [tmp_path])
    found = [line.partition(": ")[2] for line in catalogues.faults() if line.startswith("ja-easy")]
    assert found == [
        "'A': no reading for 躊躇",
        "'B': not translated",
        "'C %(n)s': has other placeholders than the sentence",
    ]


def test_address_switches_language_keeps_page_and_is_remembered(client: Client, programme_facts: None) -> None:
    page = client.get("/desks/?from=2026-12-01&lang=en").content.decode()
    assert '<html lang="en">' in page
    # The switch leads to the same page with the same search.
    assert 'href="?from=2026-12-01&amp;lang=ja-easy"' in page
    assert '<html lang="en">' in client.get("/").content.decode()
    assert '<html lang="ja">' in client.get("/?lang=ja").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("wish", ["", "xx", "en-Klingon", "<script>"])
def test_unknown_language_changes_nothing(client: Client, wish: str) -> None:
    response = client.get("/", {"lang": wish})
    assert '<html lang="ja">' in response.content.decode()
    assert settings.LANGUAGE_COOKIE_NAME not in response.cookies


@pytest.mark.django_db
def test_browsers_wish_counts_until_the_person_chose(client: Client) -> None:
    assert '<html lang="en">' in client.get("/", headers={"accept-language": "en-GB,ja;q=0.5"}).content.decode()
    client.get("/?lang=ja")
    assert '<html lang="ja">' in client.get("/", headers={"accept-language": "en-GB,ja;q=0.5"}).content.decode()


@pytest.mark.django_db
def test_easy_japanese_is_japanese_with_readings(client: Client, programme_facts: None) -> None:
    response = client.get("/?lang=ja-easy")
    page = response.content.decode()
    assert '<html lang="ja">' in page
    assert response["Content-Language"] == "ja"
    assert re.search("<ruby>相談<rp>", page)
    assert "<ruby>" not in page[: page.index("<body")]
    assert int(response["Content-Length"]) == len(response.content)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "title"),
    [("ja", "2026年12月3日(木)"), ("ja-easy", "2026年12月3日(木曜日)"), ("en", "Thu 3 December 2026")],
)
def test_messages_are_in_the_recipients_language(language: str, title: str, tmp_path: Path, settings: Settings) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    (tmp_path / "told.txt").write_text("{% load wording %}{{ day|day }}")
    contact = Contact.objects.create(name="Ann", email="ann@example.jp", language=language)
    context = {"day": dt.date(2026, 12, 3)}
    with translation.override("ja"):
        message = tell(contact, kind="test", subject="row:1", template="told.txt", context=context)
    assert re.sub(r"\([ぁ-ん]+\)", "", message.title) == title
    assert ("(ねん)" in message.title) is (language == "ja-easy")


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("en", "code"), ("ja-easy", r"[一-鿿]\([ぁ-ん]+\)")])
def test_code_to_sign_in_comes_in_the_language_of_the_page(
    client: Client, coordinator: User, language: str, words: str
) -> None:
    EmailAddress.objects.create(user=coordinator, email=coordinator.email, primary=True, verified=True)
    client.post(f"{reverse('account_request_login_code')}?lang={language}", {"email": coordinator.email})
    (letter,) = mail.outbox
    assert re.search(words, str(letter.body))


@pytest.mark.django_db
def test_contact_is_told_in_the_language_of_the_page_it_was_entered_on() -> None:
    with translation.override("en"):
        assert Contact(name="Ann", email="ann@example.jp").language == "en"
    assert Contact(name="Ann", email="ann@example.jp").language == "ja"

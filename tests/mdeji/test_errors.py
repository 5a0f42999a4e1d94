"""Pages for when something is wrong: what they say, in which language, and that they need no database.

A test without the fixture ``db`` fails when it asks the database.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import uuid4

import psycopg
import pytest
from django.core.cache import cache
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.utils import ConnectionHandler
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import include, path, reverse
from pytest_django.fixtures import Settings

from mdeji.urls import handler400, handler429, handler500  # noqa: F401  # Django looks for them in ROOT_URLCONF
from programme import context
from programme.models import Programme

ERRORS = {
    "bad": BadRequest,
    "forbidden": PermissionDenied,
    "bug": ZeroDivisionError,
    "gone": OperationalError,
    "closed": InterfaceError,
}
POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": "127.0.0.1", "PORT": "1"}


def fail(request: HttpRequest, error: str) -> HttpResponse:
    if error in DATABASES:
        ask(DATABASES[error])
    raise ERRORS[error]


def ask(settings: dict[str, Any]) -> None:
    """A database of one's own, asked by the driver itself: of the site's own pytest-django lets nobody ask."""
    database = ConnectionHandler({"default": settings})["default"]
    with database.wrap_database_errors, closing(database.get_new_connection(database.get_connection_params())) as own:
        own.execute("SELECT * FROM not_there")


DATABASES: dict[str, dict[str, Any]] = {
    "refused": POSTGRESQL,
    "no-file": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/x.sqlite3"},
    "no-table": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}


urlpatterns = [path("fail/<str:error>/", fail), path("", include("mdeji.urls"))]


@pytest.fixture
def site(settings: Settings, tmp_path: Path) -> Client:
    """A browser that sees error pages as its reader does; of a site with its own flag and pages that fail."""
    settings.ROOT_URLCONF = __name__
    settings.VAR_DIR = tmp_path
    return Client(raise_request_exception=False)


@pytest.fixture
def fresh_counts() -> Iterator[None]:
    """How often somebody asked stands in the cache, which tests share."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def known_phone() -> Iterator[None]:
    """Some page was shown before, when the database still answered."""
    with mock.patch.dict(context._seen, programme=Programme(phone="027-000-0000", city="前橋市")):
        yield


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "429", "500", "503"])
def test_every_error_page_says_what_to_do_and_needs_no_request_and_no_database(code: str) -> None:
    page = render_to_string(f"{code}.html", {"programme": {"phone": "027-000-0000"}})
    assert page.count("<h1>") == 1
    assert page.count("<li>", page.index("次にすること")) >= 2
    assert 'href="/"' in page
    assert 'href="tel:027-000-0000"' in page.partition("<footer")[0]


@pytest.mark.parametrize(
    ("error", "status", "heading"),
    [
        ("bad", 400, "うまく受け取れませんでした"),
        ("bug", 500, "申し訳ありません。故障です"),
        ("gone", 503, "ただいま使えません"),
        ("closed", 503, "ただいま使えません"),
        ("refused", 503, "ただいま使えません"),
        ("no-file", 503, "ただいま使えません"),
        ("no-table", 500, "申し訳ありません。故障です"),
    ],
)
def test_what_fails_has_its_page_and_the_last_known_phone_number(
    site: Client, known_phone: None, error: str, status: int, heading: str
) -> None:
    answer = site.get(f"/fail/{error}/")
    assert (answer.status_code, f"<h1>{heading}</h1>" in answer.content.decode()) == (status, True)
    assert 'href="tel:027-000-0000"' in answer.content.decode()


@pytest.mark.parametrize(
    ("state", "status"),
    [("08006", 503), ("53300", 503), ("57P01", 503), ("57P03", 503), ("57014", 500), ("53100", 500), ("40P01", 500)],
)
def test_of_what_postgresql_says_only_a_lost_connection_is_a_pause(site: Client, state: str, status: int) -> None:
    """57014 is a statement that took too long, 53100 a full disk, 40P01 a deadlock."""
    said = OperationalError()
    said.__cause__ = psycopg.errors.lookup(state)()
    with mock.patch.dict(ERRORS, bug=said):
        assert site.get("/fail/bug/").status_code == status


def test_a_locked_file_is_a_pause(site: Client, tmp_path: Path) -> None:
    file = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "x.sqlite3"), "OPTIONS": {"timeout": 0}}
    with sqlite3.connect(tmp_path / "x.sqlite3") as other, mock.patch.dict(DATABASES, locked=file):
        other.execute("BEGIN EXCLUSIVE")
        assert site.get("/fail/locked/").status_code == 503


def test_who_may_not_do_something_reads_so(site: Client, db: None) -> None:
    answer = site.get("/fail/forbidden/")
    assert (answer.status_code, "この操作はできません" in answer.content.decode()) == (403, True)


def test_a_stale_form_says_what_to_do(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("account_signup"), {"email": "alice@example.jp"})
    assert (answer.status_code, "画面を開き直してください" in answer.content.decode()) == (403, True)


def test_who_asks_for_too_many_codes_is_told_when_to_come_back(site: Client, db: None, fresh_counts: None) -> None:
    answers = [site.post(reverse("account_signup")) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[-1].headers["Retry-After"] == "300"
    assert "少し時間をおいてください" in answers[-1].content.decode()


@pytest.mark.parametrize("error", ["bug", "gone"])
@pytest.mark.parametrize(
    ("language", "home"), [("ja", "ホームへ戻る"), ("ja-easy", "ホームへもどる"), ("en", "Go to the home page")]
)
def test_pages_without_the_database_speak_the_readers_language(
    site: Client, error: str, language: str, home: str
) -> None:
    page = site.get(f"/fail/{error}/", headers={"accept-language": language}).content.decode()
    assert home in page.partition('<div class="actions">')[2]
    assert ("<ruby>" in page) == (language == "ja-easy")
    assert 'href="?lang=en"' in page


def test_a_database_that_dies_under_the_session_gives_the_page_for_a_pause(site: Client, db: None) -> None:
    site.cookies["sessionid"] = "of-long-ago"
    with mock.patch("django.contrib.sessions.backends.db.SessionStore.load", side_effect=OperationalError):
        assert site.get("/office/").status_code == 503


def test_a_closed_site_answers_every_page_without_the_database_or_a_session(site: Client, tmp_path: Path) -> None:
    site.cookies["sessionid"] = "of-long-ago"
    (tmp_path / "maintenance").touch()
    for address in ("/", "/office/", "/api/v1/consultations/", "/no-such-page/"):
        answer = site.get(address)
        assert (address, answer.status_code, answer.headers["Retry-After"]) == (address, 503, "300")
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert "<h1>ただいま点検中です</h1>" in answer.content.decode()


def test_a_closed_site_still_gives_its_style_sheets(site: Client, tmp_path: Path, db: None) -> None:
    (tmp_path / "maintenance").touch()
    sheet = site.get("/static/mdeji/tokens.css")
    assert sheet.status_code == 200
    sheet.close()


def test_what_was_sent_to_a_closed_site_can_be_sent_again(site: Client, tmp_path: Path) -> None:
    (tmp_path / "maintenance").touch()
    again = "もう一度送れます"
    step = reverse("support_requests:step", args=[uuid4(), "group"])
    assert again in site.post(step).content.decode()
    assert again not in site.get(step).content.decode()


@pytest.mark.usefixtures("programme_facts")
def test_the_office_closes_and_opens_the_site_and_says_until_when_and_whom_to_ring(site: Client) -> None:
    Programme.objects.update(phone="027-111-1111", phone_hours="平日")
    call_command("maintenance", "on", "--until", "今日の15時<ごろ>", verbosity=0)
    answer = site.get("/")
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "今日の15時&lt;ごろ&gt;" in page
    assert 'href="tel:027-111-1111"' in page
    call_command("maintenance", "off")
    assert site.get("/").status_code == 200
    call_command("maintenance", "off")  # which nobody need remember


def test_the_office_closes_the_site_when_the_database_is_gone(site: Client, tmp_path: Path) -> None:
    with mock.patch("programme.models.Programme.objects.first", side_effect=DatabaseError):
        call_command("maintenance", "on", "--until", "15時")
    assert "15時" in site.get("/").content.decode()

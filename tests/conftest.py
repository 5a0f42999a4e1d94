"""What all tests share: the city's facts, people in their roles, and a clock that a test may set."""

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker

from programme import guards
from programme.models import Role, User
from tests import facts, migrated
from tests.processes import kept_on_server, own_environment


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--each-once", action="store_true", help="of a test with several parameters only the first")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What happens in a browser is tried twice before it counts as failed: several programs play together there.

    The summary names what passed at the second time (R).
    """
    if config.getoption("each_once"):
        first = {item.nodeid.partition("[")[0]: item for item in reversed(items)}
        items[:] = [item for item in items if item is first[item.nodeid.partition("[")[0]]]
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """Each test begins in Japanese, whatever language the last page of another was in."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(autouse=True)
def nobody_was_counted() -> None:
    """How often an address did something is counted in the cache, which all tests of a process share."""
    cache.clear()


@pytest.fixture(scope="session")
def migrated_before(django_db_modify_db_settings: None) -> Iterator[None]:
    """The database for tests begins as a copy of what an earlier run migrated; on SQLite it lives in memory."""
    if connection.vendor != "sqlite":
        connection.settings_dict["TEST"]["TEMPLATE"] = kept_on_server()
        yield
        return
    name = connection.creation._get_test_db_name()
    with closing(sqlite3.connect(name, uri=True)):  # what is in memory is there while somebody is connected
        migrated.fill(name)
        yield


@pytest.fixture(scope="session")
def django_db_setup(migrated_before: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """pytest-django's, and what it migrated is kept."""
    if connection.vendor == "sqlite":
        migrated.keep(connection.settings_dict["NAME"])
        with django_db_blocker.unblock():
            guards.unguard(connection)  # SQLite empties tables by DELETE, after each test that commits


@pytest.fixture
def programme_facts(db: None) -> None:
    """Maebashi's districts, halls, topics, limits, goals and published figures."""
    facts.put()


@pytest.fixture
def coordinator(db: None) -> User:
    return User.objects.create_user("coordinator@example.jp", name="Alice", role=Role.COORDINATOR)


@pytest.fixture
def officer(db: None) -> User:
    return User.objects.create_user("officer@example.jp", name="Olga", role=Role.OFFICER)


@pytest.fixture
def desk_account(db: None) -> User:
    return User.objects.create_user("desk@example.jp", name="Desk", role=Role.DESK)


@pytest.fixture
def set_now() -> Iterator[Callable[[dt.datetime], None]]:
    """``set_now(moment)``: from then on Django's clock stands at ``moment``."""
    with mock.patch.object(timezone, "now", wraps=timezone.now) as clock:

        def set_clock(moment: dt.datetime) -> None:
            clock.side_effect = lambda: moment

        yield set_clock


@pytest.fixture
def environment(tmp_path: Path, django_db_setup: None) -> Iterator[dict[str, str]]:
    """An environment for real processes of the project: see tests/processes.py."""
    with own_environment(tmp_path) as values:
        yield values

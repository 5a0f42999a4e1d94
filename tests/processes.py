"""Real processes of the project for tests, with a database and a queue of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import connection

from tests import migrated

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def own_environment(folder: Path) -> Iterator[dict[str, str]]:
    """An environment for processes: an empty database of the engine under test, an empty queue, and ``folder``."""
    values = {**os.environ, "DJANGO_SETTINGS_MODULE": "mdeji.settings", "VAR_DIR": str(folder), "DOTENV": os.devnull}
    values.pop("FACTS_KEPT", None)  # as it will be
    values["BROKER_URL"] = os.environ.get("TEST_BROKER_URL", "filesystem://localhost")
    with _own_database(values, folder):
        if not values["BROKER_URL"].startswith("filesystem"):
            subprocess.run(
                [sys.executable, "-m", "celery", "-A", "mdeji", "-q", "purge", "-f"], cwd=ROOT, env=values, check=True
            )
        yield values


@contextmanager
def _own_database(values: dict[str, str], folder: Path) -> Iterator[None]:
    """A migrated, empty one: see tests/migrated.py."""
    if connection.vendor != "postgresql":
        values.pop("DATABASE_URL", None)
        database = folder / "mdeji.sqlite3"
        migrated.fill(database)
        manage(values, "migrate", "--verbosity=0")
        migrated.keep(database)
        yield
        return
    name = f"mdeji_processes_{uuid4().hex}"  # a site that stands for many tests has one of its own
    template = kept_on_server()
    with psycopg.connect(f"{_server()}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        values["DATABASE_URL"] = f"{_server()}/{name}"
        try:
            yield
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def kept_on_server() -> str:
    """The name of a migrated, empty PostgreSQL database to copy: see tests/migrated.py."""

    def migrate(url: str) -> None:
        values = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url}
        manage(values, "migrate", "--verbosity=0")
        with psycopg.connect(url, autocommit=True) as made:
            # The record has a table of its own; over auditlog's, which no model knows, TRUNCATE would stumble.
            made.execute("DROP TABLE auditlog_logentry")

    return migrated.on_server(_server(), migrate)


def _server() -> str:
    """The URL of the server under test, without a database."""
    given = settings.DATABASES["default"]
    return f"postgresql://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT'] or 5432}"


def manage(environment: dict[str, str], *command: str) -> str:
    """What ``manage.py command`` prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,  # a migration on a busy machine
    )
    return done.stdout


def shell(environment: dict[str, str], code: str) -> str:
    """What Python ``code`` prints with the project loaded."""
    return manage(environment, "shell", "--no-imports", "-c", code)


def wait_until(happened: Callable[[], bool], *, seconds: float) -> None:
    """Return when ``happened()``; AssertionError when it has not after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def a_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

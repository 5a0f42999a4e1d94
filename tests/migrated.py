"""A migrated, empty database, kept between runs: migrating one takes twelve seconds, and the suite needs thirty.

It is kept under a hash of all migrations. Whoever takes a copy still runs ``migrate``, which then has nothing to do
but what follows every migration (triggers, content types).
"""

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
from django.apps import apps
from psycopg import sql


def fill(database: str | Path) -> None:
    """Copy what is kept, if anything is, into the SQLite database at ``database``, a path or URI."""
    if _file().exists():
        _copy(_file(), database)


def keep(database: str | Path) -> None:
    """Keep a copy of the SQLite database at ``database``, which is migrated and empty, unless there is one."""
    if not _file().exists():
        handle, begun = tempfile.mkstemp(dir=_file().parent)
        os.close(handle)
        _copy(database, begun)
        Path(begun).replace(_file())  # whole or not at all, whoever does the same


def on_server(server: str, migrate: Callable[[str], None]) -> str:
    """The name of the PostgreSQL database that is kept at ``server`` (a URL without a database).

    Where there is none it is made, by ``migrate(URL)``, while others who ask for it wait.
    """
    name = f"mdeji_migrated_{_digest()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            begun = sql.Identifier(f"{name}_begun")
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(begun))
            admin.execute(sql.SQL("CREATE DATABASE {}").format(begun))
            migrate(f"{server}/{name}_begun")
            admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(begun, sql.Identifier(name)))
    return name


def _copy(source: str | Path, target: str | Path) -> None:
    with (
        closing(sqlite3.connect(source, uri=True)) as old,
        closing(sqlite3.connect(target, uri=True)) as new,
    ):
        old.backup(new)


def _file() -> Path:
    return Path(tempfile.gettempdir(), f"mdeji-migrated-{os.getuid()}-{_digest()}.sqlite3")


def _digest() -> str:
    found = hashlib.sha256()
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            found.update(f"{config.label} {path.name} ".encode() + path.read_bytes())
    return found.hexdigest()[:24]

"""A migrated, empty database, kept between runs: migrating one takes twelve seconds, and the suite needs thirty.

It is kept under a hash of all migrations. Whoever takes a copy still runs ``migrate``, which then has nothing to do
but what follows every migration (triggers, content types).
"""

import hashlib
import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import psycopg
from django.apps import apps
from psycopg import errors, sql


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


def create(admin: psycopg.Connection, name: str) -> None:
    """Make the PostgreSQL database ``name``: a copy of what is kept, or an empty one."""
    with suppress(errors.InvalidCatalogName, errors.ObjectInUse):
        _copy_on_server(admin, name, _name())
        return
    admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def keep_on_server(admin: psycopg.Connection, name: str) -> None:
    """Keep a copy of the PostgreSQL database ``name``, to which nobody is connected, unless there is one."""
    with suppress(errors.DuplicateDatabase, errors.UniqueViolation, errors.ObjectInUse):
        _copy_on_server(admin, _name(), name)


def _copy_on_server(admin: psycopg.Connection, name: str, template: str) -> None:
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    admin.execute(command.format(sql.Identifier(name), sql.Identifier(template)))


def _copy(source: str | Path, target: str | Path) -> None:
    with (
        closing(sqlite3.connect(source, uri=True)) as old,
        closing(sqlite3.connect(target, uri=True)) as new,
    ):
        old.backup(new)


def _file() -> Path:
    return Path(tempfile.gettempdir(), f"mdeji-migrated-{os.getuid()}-{_digest()}.sqlite3")


def _name() -> str:
    return f"mdeji_migrated_{_digest()}"


def _digest() -> str:
    found = hashlib.sha256()
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            found.update(f"{config.label} {path.name} ".encode() + path.read_bytes())
    return found.hexdigest()[:24]

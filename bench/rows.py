"""Many rows of a model, made inside PostgreSQL: of each column an SQL expression over ``g``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

_LISTS: dict[tuple[str, str], str] = {}


def one_of(table: str, column: str = "code", by: str = "g") -> str:
    """One of the codes of a list, by a number."""
    if (table, column) not in _LISTS:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT array_agg({column} ORDER BY {column})::text FROM {table}")
            _LISTS[table, column] = cursor.fetchone()[0]
    kind = "bigint" if column == "id" else "text"
    values = f"('{_LISTS[table, column]}'::{kind}[])"
    return f"{values}[1 + ({by}) % {_LISTS[table, column].count(',') + 1}]"


def topic(by: str) -> str:
    return one_of("programme_topic", by=by)


def insert(model: type[models.Model], number: int, /, **columns: str) -> None:
    """``number`` rows of ``model``: of each column an SQL expression over ``g`` (1 to ``number``), or its default."""
    names, values = [], []
    for field in model._meta.concrete_fields:
        if field.column in columns:
            names.append(field.column)
            values.append(columns.pop(field.column))
        elif not (field.primary_key and isinstance(field, models.BigAutoField | models.AutoField)):
            names.append(field.column)
            values.append(_default(field))
    if columns:
        raise ValueError(f"{model}: no columns {sorted(columns)}")
    table = model._meta.db_table
    quoted = ", ".join(f'"{name}"' for name in names)
    with _without_indexes(table):
        run(f'INSERT INTO "{table}" ({quoted}) SELECT {", ".join(values)} FROM generate_series(1, {number}) g')


@contextmanager
def _without_indexes(table: str) -> Iterator[None]:
    """Rows go in faster when the indexes are made afterwards, and without looking up each foreign key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
            "(SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)",
            [table, table],
        )
        indexes = cursor.fetchall()
    for name, _definition in indexes:
        run(f'DROP INDEX "{name}"')
    run("SET session_replication_role = replica")
    yield
    run("SET session_replication_role = DEFAULT")
    for _name, definition in indexes:
        run(definition)


def _default(field: Any) -> str:
    if field.null:
        return "NULL"
    match field:
        case models.UUIDField():
            return "gen_random_uuid()"
        case models.DateTimeField():
            return "now()"
        case models.JSONField():
            return "'[]'"
        case models.BooleanField():
            return str(bool(field.default)).lower()
        case _ if field.has_default() and not callable(field.default):
            return f"'{field.default}'"
    return "''"


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)

"""How the ledger learns that records of past months have changed: the database itself writes it down.

Triggers on the tables that the figures count add a ``Touch`` whenever a record of a month that is over comes, changes
or goes, whoever does it: a page, a device, an import, an SQL console. Nothing is ever searched for, and a record of
the present month costs one comparison; but a duty or a report, whose day is its shift's, adds a touch whenever it is.
The triggers read no other table, so that a migration may rebuild any of them.

SQLite forgets the triggers of a table that a migration rebuilds; so they are set after each ``migrate``, and where one
was missing or is another than here, every closed month counts as touched. See docs/adr/0013.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from consult.models import MonthReport, Touch

EVENTS = ("insert", "update", "delete")
EVER = "'9999-12-31'"
ALL = "*"
"""the source of a touch that stands for every closed month"""

# A month is over from its last day on: a record of that day may be stored while somebody closes at midnight.
OVER = {
    "sqlite": "date('now', '+9 hours', '+1 day', 'start of month')",
    "postgresql": "date_trunc('month', now() AT TIME ZONE 'Asia/Tokyo' + interval '1 day')::date",
}
DAY = {"sqlite": "date({0}, '+9 hours')", "postgresql": "({0} AT TIME ZONE 'Asia/Tokyo')::date"}
OLD = {"sqlite": "OLD", "postgresql": "o"}
NEW = {"sqlite": "NEW", "postgresql": "n"}
LEAST = {"sqlite": "min({0}, {1})", "postgresql": "LEAST({0}, {1})"}
GREATEST = {"sqlite": "max({0}, {1})", "postgresql": "GREATEST({0}, {1})"}


@dataclass(frozen=True, slots=True)
class Watched:
    """A table whose rows are counted by the day in ``column``; or by the day of the row that ``ref`` names."""

    table: str
    column: str = ""
    is_moment: bool = False  # a time, not a day
    ref: str = ""

    def touches(self, vendor: str, row: str) -> tuple[str, str, str]:
        """SQL for ``first``, ``until`` and ``ref`` of one row."""
        if self.ref:
            return "NULL", "NULL", f"{row}.{self.ref}"
        day = DAY[vendor].format(f"{row}.{self.column}") if self.is_moment else f"{row}.{self.column}"
        return day, day, "NULL"

    def changed(self, vendor: str) -> list[tuple[str, str, str]]:
        """The same for a row that was one thing and is another."""
        return [self.touches(vendor, OLD[vendor]), self.touches(vendor, NEW[vendor])]


class _Registrations(Watched):
    """A registration counts at the end of each month in which it holds. That it began, and for whom, also decides
    whether the person's later ones are new or returned, however long after its own end."""

    def touches(self, vendor: str, row: str) -> tuple[str, str, str]:
        return f"{row}.started_on", _ever(vendor, "NULL"), "NULL"

    def changed(self, vendor: str) -> list[tuple[str, str, str]]:
        """Between the old end and the new one, where nothing else changed: leaving today touches no earlier month."""
        least, greatest = LEAST[vendor], GREATEST[vendor]
        rows = [OLD[vendor], NEW[vendor]]
        starts = [f"{row}.started_on" for row in rows]
        ends = [_ever(vendor, f"{row}.ended_on") for row in rows]
        nowhere = [f"({end} <= {start})" for start, end in zip(starts, ends, strict=True)]
        other = f"{starts[0]} <> {starts[1]} OR {rows[0]}.supporter_id <> {rows[1]}.supporter_id"
        first = f"CASE WHEN {other} THEN {least.format(*starts)} ELSE {least.format(*ends)} END"
        reaches = f"{other} OR {nowhere[0]} <> {nowhere[1]}"
        until = f"CASE WHEN {reaches} THEN {_ever(vendor, 'NULL')} ELSE {greatest.format(*ends)} END"
        return [(first, until, "NULL")]


def _ever(vendor: str, day: str) -> str:
    return f"COALESCE({day}, {EVER}{'::date' if vendor == 'postgresql' else ''})"


WATCHED = (
    Watched("consult_consultation", "date"),
    Watched("consult_activity", "date"),
    Watched("supporters_shift", "starts_at", is_moment=True),
    Watched("supporters_assignment", ref="shift_id"),
    Watched("support_requests_report", ref="session_id"),
    Watched("support_requests_feedback", ref="session_id"),
    Watched("support_requests_supportrequest", "received_at", is_moment=True),
    Watched("support_requests_supportrequestmove", "at", is_moment=True),
    Watched("supporters_assignmentmove", "at", is_moment=True),
    _Registrations("supporters_registration"),
)


def install(connection: BaseDatabaseWrapper) -> list[str]:
    """Set the triggers that are missing or of an earlier version; gives their tables. Leaves out tables not there."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if Touch._meta.db_table not in tables:
            return []
        there = _triggers(connection.vendor, cursor)
        lacking = []
        for watched in WATCHED:
            if watched.table not in tables:
                continue
            if connection.vendor == "postgresql":
                cursor.execute(_function(watched))
            stale = [event for event in EVENTS if there.get(_name(watched, event)) != _does(connection, watched, event)]
            for event in stale:
                if _name(watched, event) in there:
                    cursor.execute(f"DROP TRIGGER {_name(watched, event)}{_on(connection, watched)}")
                cursor.execute(_trigger(connection.vendor, watched, event))
            if stale:
                lacking.append(watched.table)
        return lacking


def after_migrate(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Set what a migration may have dropped. What was changed meanwhile nobody saw: all closed months are looked at."""
    if not router.allow_migrate_model(using, Touch):
        return
    with transaction.atomic(using=using):
        if install(connections[using]) and MonthReport.objects.using(using).exists():
            Touch.objects.using(using).create(source=ALL)


def _name(watched: Watched, event: str) -> str:
    return f"touch_{watched.table}_{event}"


def _on(connection: BaseDatabaseWrapper, watched: Watched) -> str:
    return f" ON {watched.table}" if connection.vendor == "postgresql" else ""


def _triggers(vendor: str, cursor: Any) -> dict[str, str]:
    """What each trigger of the database does, by its name: its own text, or that of its function."""
    there = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname, prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid",
    }
    cursor.execute(there[vendor])
    return dict(cursor.fetchall())


def _does(connection: BaseDatabaseWrapper, watched: Watched, event: str) -> str:
    """The same as it should be."""
    return _body(watched) if connection.vendor == "postgresql" else _trigger(connection.vendor, watched, event)


def _trigger(vendor: str, watched: Watched, event: str) -> str:
    name, table = _name(watched, event), watched.table
    if vendor == "sqlite":
        body = " ".join(f"{statement};" for statement in _statements(vendor, watched, event))
        return f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} BEGIN {body} END"
    seen = {"insert": "NEW TABLE AS new_rows", "delete": "OLD TABLE AS old_rows"}
    seen["update"] = f"{seen['delete']} {seen['insert']}"
    return (
        f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} REFERENCING {seen[event]} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION touch_{table}()"
    )


def _function(watched: Watched) -> str:
    """PostgreSQL: one look at all rows of a statement, so that a large import costs little."""
    return (
        f"CREATE OR REPLACE FUNCTION touch_{watched.table}() RETURNS trigger LANGUAGE plpgsql AS $${_body(watched)}$$"
    )


def _body(watched: Watched) -> str:
    parts = {
        event: " ".join(f"{statement};" for statement in _statements("postgresql", watched, event)) for event in EVENTS
    }
    return (
        f"BEGIN IF TG_OP = 'INSERT' THEN {parts['insert']} ELSIF TG_OP = 'UPDATE' THEN {parts['update']} "
        f"ELSE {parts['delete']} END IF; RETURN NULL; END"
    )


def _statements(vendor: str, watched: Watched, event: str) -> Iterator[str]:
    old, new = OLD[vendor], NEW[vendor]
    ways = {
        "insert": (f" FROM new_rows {new}", [watched.touches(vendor, new)]),
        "update": (f" FROM old_rows {old} JOIN new_rows {new} USING (id)", watched.changed(vendor)),
        "delete": (f" FROM old_rows {old}", [watched.touches(vendor, old)]),
    }
    rows, touches = ways[event]
    for first, until, ref in touches:
        if vendor == "sqlite":
            found = f"SELECT '{watched.table}', {first}, {until}, {ref}"
        else:
            found = f"SELECT DISTINCT '{watched.table}', ({first})::date, ({until})::date, ({ref})::bigint{rows}"
        over = "" if watched.ref else f" WHERE {first} < {OVER[vendor]}"
        yield f"INSERT INTO {Touch._meta.db_table} (source, first, until, ref) {found}{over}"

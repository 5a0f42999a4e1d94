"""The database itself refuses to change or delete what the record says. See docs/adr/0030.

What may happen to an entry after it was written: its values are erased, or the account of who did it is.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "programme_entry"
SENTENCE = "the record does not change"
KEPT = (
    "id",
    "content_type_id",
    "object_pk",
    "object_id",
    "object_repr",
    "action",
    "timestamp",
    "by_page",
    "serialized_data",
    "changes_text",
    "cid",
    "remote_addr",
    "remote_port",
    "additional_data",
    "actor_email",
)
ERASED = ("changes", "actor_id")

SAME = {"sqlite": "NEW.{0} IS OLD.{0}", "postgresql": "NEW.{0} IS NOT DISTINCT FROM OLD.{0}"}
REFUSE = {
    "sqlite": f"SELECT RAISE(ABORT, '{SENTENCE}');",
    "postgresql": f"RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation';",
}


def guard(connection: BaseDatabaseWrapper) -> None:
    """Set the triggers; those that are there already are set anew."""
    unguard(connection)
    vendor = connection.vendor
    same = SAME[vendor]
    erased = [f"({same.format(name)} OR NEW.{name} IS NULL)" for name in ERASED]
    allowed = " AND ".join([*(same.format(name) for name in KEPT), *erased])
    with connection.cursor() as cursor:
        if vendor == "sqlite":
            cursor.execute(
                f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} WHEN NOT ({allowed}) "
                f"BEGIN {REFUSE[vendor]} END"
            )
            cursor.execute(f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} BEGIN {REFUSE[vendor]} END")
            there = f"EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id)"  # noqa: S608  (a name of our own)
            cursor.execute(
                f"CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE} WHEN {there} BEGIN {REFUSE[vendor]} END"
            )
            return
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {TABLE}_refuses() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN {REFUSE[vendor]} END$$"
        )
        cursor.execute(
            f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} FOR EACH ROW WHEN (NOT ({allowed})) "
            f"EXECUTE FUNCTION {TABLE}_refuses()"
        )
        cursor.execute(
            f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuses()"
        )


def unguard(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away, for a migration that rebuilds the table and for tests that empty it."""
    on_table = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for event in ("update", "delete", "replace"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{event}{on_table}")

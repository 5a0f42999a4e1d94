"""The facts that are kept in memory (programme/models/kept.py): the database names a new edition when one changes.

A migration that rebuilds one of these tables on SQLite takes its triggers along: it ends with ``watch`` again.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = (
    "programme_ageband",
    "programme_category",
    "programme_course",
    "programme_device",
    "programme_district",
    "programme_level",
    "programme_limit",
    "programme_outcome",
    "programme_topic",
    "programme_visit",
)
"""small, and written so rarely that a change may lock the programme's row until it is committed"""

EVENTS = ("insert", "update", "delete")
RENEW = {
    "sqlite": "UPDATE programme_programme SET edition = lower(hex(randomblob(16)))",
    "postgresql": "UPDATE programme_programme SET edition = gen_random_uuid()::text",
}


def watch(connection: BaseDatabaseWrapper) -> None:
    """Set the triggers; those that are there already are set anew."""
    unwatch(connection)
    renew = RENEW[connection.vendor]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for table in TABLES:
                for event in EVENTS:
                    cursor.execute(f"CREATE TRIGGER {table}_{event}_renews AFTER {event} ON {table} BEGIN {renew}; END")
            return
        cursor.execute(
            "CREATE OR REPLACE FUNCTION programme_renew() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN {renew}; RETURN NULL; END$$"
        )
        for table in TABLES:
            cursor.execute(
                f"CREATE TRIGGER {table}_renews AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION programme_renew()"
            )


def unwatch(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away."""
    with connection.cursor() as cursor:
        for table in TABLES:
            if connection.vendor == "sqlite":
                for event in EVENTS:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{event}_renews")
            else:
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_renews ON {table}")

"""The database itself refuses to change or delete what a closed month says. See docs/adr/0008.

SQLite drops a table's triggers when a later migration has to rebuild the table: such a migration must end with
``migrations.RunPython(guard, unguard)`` again. tests/consult/kpi/test_guards.py fails when one forgets it.
"""

from django.db import migrations

# What may still happen to a row of each table: it may be added. With each table what tells its rows apart.
KEYS = {
    "consult_monthreport": ("year", "month"),
    "consult_frozenfigure": ("report_id", "figure"),
    "consult_correction": ("id",),
}
TABLES = tuple(KEYS)
SENTENCE = "closed months do not change: state a correction"


def guard(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for table in TABLES:
        for event in ("update", "delete"):
            for statement in STATEMENTS[vendor]:
                schema_editor.execute(statement.format(table=table, event=event, EVENT=event.upper()))
        same = " AND ".join(f"{column} = NEW.{column}" for column in KEYS[table])
        for statement in WHOLE_TABLE[vendor]:
            schema_editor.execute(statement.format(table=table, same=same))


def unguard(apps, schema_editor):
    on_table = {"sqlite": "", "postgresql": " ON {table}"}[schema_editor.connection.vendor]
    for table in TABLES:
        for event in ("update", "delete"):
            schema_editor.execute(("DROP TRIGGER IF EXISTS {table}_no_{event}" + on_table).format(table=table, event=event))
        schema_editor.execute(("DROP TRIGGER IF EXISTS {table}_no_replace" + on_table).format(table=table))
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS consult_ledger_refuses()")
        schema_editor.execute("DROP FUNCTION IF EXISTS consult_ledger_refuses_emptying()")


STATEMENTS = {
    "sqlite": [
        "CREATE TRIGGER IF NOT EXISTS {table}_no_{event} BEFORE {EVENT} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION consult_ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation'; END$$",
        "DROP TRIGGER IF EXISTS {table}_no_{event} ON {table}",
        "CREATE TRIGGER {table}_no_{event} BEFORE {EVENT} ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION consult_ledger_refuses()",
    ],
}
# What gets round the triggers of single rows: SQLite's REPLACE deletes without a word, TRUNCATE empties at once.
# An empty table may be emptied: so do the tests' own databases.
WHOLE_TABLE = {
    "sqlite": [
        "CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} "
        "WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR ({same})) "
        f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION consult_ledger_refuses_emptying() RETURNS trigger LANGUAGE plpgsql AS "
        "$$DECLARE filled boolean; BEGIN "
        "EXECUTE format('SELECT EXISTS (SELECT 1 FROM %%I)', TG_TABLE_NAME) INTO filled; "
        f"IF filled THEN RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        "RETURN NULL; END$$",
        "DROP TRIGGER IF EXISTS {table}_no_replace ON {table}",
        "CREATE TRIGGER {table}_no_replace BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION consult_ledger_refuses_emptying()",
    ],
}


class Migration(migrations.Migration):
    dependencies = [("consult", "0001_initial")]

    operations = [migrations.RunPython(guard, unguard)]

"""The database itself refuses to change or delete what a closed month says. See docs/adr/0008.

SQLite drops a table's triggers when a later migration has to rebuild the table: such a migration must end with
``migrations.RunPython(guard, unguard)`` again. tests/consult/kpi/test_guards.py fails when one forgets it.
"""

from django.db import migrations

# What may still happen to a row of each table: it may be added.
TABLES = ("consult_monthreport", "consult_frozenfigure", "consult_correction")
SENTENCE = "closed months do not change: state a correction"


def guard(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for table in TABLES:
        for event in ("update", "delete"):
            for statement in STATEMENTS[vendor]:
                schema_editor.execute(statement.format(table=table, event=event, EVENT=event.upper()))


def unguard(apps, schema_editor):
    on_table = {"sqlite": "", "postgresql": " ON {table}"}[schema_editor.connection.vendor]
    for table in TABLES:
        for event in ("update", "delete"):
            schema_editor.execute(("DROP TRIGGER IF EXISTS {table}_no_{event}" + on_table).format(table=table, event=event))
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS consult_ledger_refuses()")


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


class Migration(migrations.Migration):
    dependencies = [("consult", "0001_initial")]

    operations = [migrations.RunPython(guard, unguard)]

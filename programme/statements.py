"""Several statements in one trip to the database."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

Statement = tuple[str, Sequence[Any]]
"""SQL with places, and the values for them"""


def fetch_together(connection: BaseDatabaseWrapper, *statements: Statement) -> list[list[tuple[Any, ...]]]:
    """Run the statements in this order; the rows of each. Every statement sees what was committed before it began.

    PostgreSQL takes them in one message, and as one transaction where none is open: what the first has locked stays so
    until the last is done. Foreign keys are checked, and lock the rows to which they point, as each statement ends:
    Django makes them wait for the commit, which would come after the last. Elsewhere they are run one by one.
    """
    with connection.cursor() as cursor:
        rows = []
        if connection.vendor == "postgresql":
            together = ";\n".join(("SET CONSTRAINTS ALL IMMEDIATE", *(sql for sql, _values in statements)))
            cursor.execute(together, [value for _sql, values in statements for value in values])
            while cursor.nextset():
                rows.append(cursor.fetchall())
        else:
            for sql, values in statements:
                cursor.execute(sql, values)
                rows.append(cursor.fetchall())
        return rows

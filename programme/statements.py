"""Statements that are asked so often that it counts how: several in one trip, or put into SQL once for all."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

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


class Prepared:
    """A SELECT that Django puts into SQL once, and that is run with other values since: putting a queryset into SQL
    takes longer than PostgreSQL takes to answer it.

    ``make`` gives a queryset of plain values for some keys (whole numbers). What it asks depends on them and on how
    many they are, and on nothing else: neither the clock nor a setting.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Any]]) -> None:
        self._make = make
        self._made: dict[tuple[str, int], tuple[Any, Statement]] = {}

    def statement(self, connection: BaseDatabaseWrapper, *keys: int) -> Statement:
        _compiler, (sql, values) = self._compiled(connection, len(keys))
        given = dict(zip(_marks(len(keys)), keys, strict=True))
        return sql, [given.get(value, value) for value in values]

    def rows(self, connection: BaseDatabaseWrapper, *keys: int) -> list[tuple[Any, ...]]:
        compiler, _statement = self._compiled(connection, len(keys))
        with connection.cursor() as cursor:
            cursor.execute(*self.statement(connection, *keys))
            rows = cursor.fetchall()
        converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])
        return [tuple(row) for row in compiler.apply_converters(rows, converters)]

    def _compiled(self, connection: BaseDatabaseWrapper, number: int) -> tuple[Any, Statement]:
        """The compiler and the statement for ``number`` keys, with marks where they go."""
        made = self._made.get((connection.alias, number))
        if made is None:
            compiler = self._make(*_marks(number)).query.get_compiler(connection=connection)
            made = self._made[connection.alias, number] = (compiler, compiler.as_sql())
        return made


def _marks(number: int) -> range:
    """Keys that no row has."""
    return range(2**62, 2**62 + number)

"""From a figure to the rows that it counts, a page at a time: the database pages, however many rows there are."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Max, Min

from consult.kpi.definition import Definition
from consult.kpi.definitions import find, in_force
from consult.kpi.rows.base import Rows
from consult.models import Correction, FrozenFigure
from programme.fiscal import Month

Pairs = list[tuple[str, int]]


class CountedRows(Sequence[tuple[str, int]]):
    """Lazy (id, amount) pairs, for a ``Paginator``: ``len`` and a slice take one query each."""

    def __getitem__(self, part: Any) -> Any:
        if isinstance(part, int):
            return self.between(part, part + 1)[0]
        return self.between(part.start or 0, len(self) if part.stop is None else part.stop)

    def between(self, start: int, stop: int) -> Pairs:
        raise NotImplementedError


class OpenRows(CountedRows):
    """Those that the tables give now, by day and id."""

    def __init__(self, definition: Definition, rows: Rows) -> None:
        if definition.measure.keeps_rows:  # the same row may come on several days
            self._rows = rows.values("row").annotate(most=Max("amount"), begins=Min("day")).order_by("begins", "row")
            self._columns = "row", "most"
        else:
            self._rows = rows.order_by("day", "row")
            self._columns = "row", "amount"

    def __len__(self) -> int:
        return int(self._rows.count())

    def between(self, start: int, stop: int) -> Pairs:
        return list(self._rows.values_list(*self._columns)[start:stop])


class StoredRows(CountedRows):
    """Those that were frozen or stated, as ``counted`` of one row of the ledger holds them."""

    def __init__(self, basis: FrozenFigure | Correction) -> None:
        self._table = basis._meta.db_table
        self._pk = basis.pk

    def __len__(self) -> int:
        length = "jsonb_array_length" if connection.vendor == "postgresql" else "json_array_length"
        sql = f"SELECT {length}(counted) FROM {self._table} WHERE id = %s"  # noqa: S608  (our own table)
        return int(self._ask(sql, [self._pk])[0][0])

    def between(self, start: int, stop: int) -> Pairs:
        if connection.vendor == "postgresql":
            each = "jsonb_array_elements(counted) WITH ORDINALITY AS pair(value, place)"
            columns, place = "pair.value->>0, pair.value->>1", "pair.place"
        else:
            each = "json_each(counted) AS pair"
            columns, place = "json_extract(pair.value, '$[0]'), json_extract(pair.value, '$[1]')", "pair.key"
        sql = f"SELECT {columns} FROM {self._table}, {each} WHERE {self._table}.id = %s"  # noqa: S608  (as above)
        found = self._ask(f"{sql} ORDER BY {place} LIMIT %s OFFSET %s", [self._pk, stop - start, start])
        return [(row, int(amount)) for row, amount in found]

    def _ask(self, sql: str, values: list[Any]) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())


def counted_rows(month: Month, definition: Definition, basis: FrozenFigure | Correction | None = None) -> CountedRows:
    """The rows behind a figure: those of ``basis``, from which a closed month's was last stated, else those of now."""
    if basis is None:
        return OpenRows(definition, definition.rows(month.first, month.last))
    return StoredRows(basis)


def look_up(month: Month, figure: str) -> tuple[Definition, FrozenFigure | Correction | None]:
    """The definition by which a month counts a figure, and what holds the rows from which it was last stated.

    None in an open month, and for a figure younger than the closing. KeyError for one that the month does not have.
    """
    of_it = {"report__year": month.year, "report__month": month.month, "figure": figure}
    frozen = FrozenFigure.objects.filter(**of_it).defer("counted", "tallies").first()
    if frozen is None:
        return {each.code: each for each in in_force(month.first)}[figure], None
    stated = Correction.objects.filter(**of_it).exclude(counted=None).defer("counted", "tallies").last()
    return find(figure, frozen.version), stated or frozen


def cell_rows(month: Month, definition: Definition, dimension: str, key: str) -> CountedRows:
    """The rows of one cell, as they are now. KeyError for a dimension that the figure does not have."""
    return OpenRows(definition, definition.rows_at(month.first, month.last, dimension, key))

"""One SQL statement that counts many figures at once, so that all of them show one state of the database.

The rows of a source are a common table expression, whichever figures count them: what a figure's selection asks for are
columns of it, and one grouping gives the cells of all its figures, on PostgreSQL in all dimensions in one go. Nothing
but the totals of cells leaves the database, unless the counted rows themselves are asked for.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, F, IntegerField
from django.db.models.functions import Cast, ExtractMonth, ExtractYear

from consult.kpi.definition import Definition
from consult.kpi.dimensions import DIMENSIONS
from consult.kpi.rows.base import ONE, Key
from programme.fiscal import Month

# SQLite joins at most 500 SELECTs into one.
SELECTS_AT_MOST = 450

# What stands in place of a dimension: the figure itself, each of its rows, and all of them in one text.
WHOLE, ROWS, LIST = "", ":rows", ":list"

_MONTH_NUMBER = Cast(ExtractYear("day") * 12 + ExtractMonth("day") - 1, IntegerField())


@dataclass(frozen=True, slots=True)
class Part:
    """A figure to count from ``first`` to ``last``: of ``month``, or by month of the rows' days when it is None."""

    definition: Definition
    first: dt.date
    last: dt.date
    month: Month | None = None

    @property
    def look(self) -> Any:
        """What is alike of parts that are counted in one look at their rows."""
        return self.definition.rows.source, self.first, self.last, self.month

    @property
    def selects_at_most(self) -> int:
        return len(self.definition.by) + 2  # and the figure itself, and its rows


@dataclass(frozen=True, slots=True)
class Found:
    """A cell of a figure: ``number`` rows with amounts that sum to ``total``.

    ``item`` is the row where the measure keeps rows (``total`` is then its largest amount), the amount where it keeps
    amounts. For the rows themselves (dimension ``ROWS``) ``key`` is the day and ``item`` the id. For all of them
    (``LIST``) ``item`` is the JSON, without spaces, of [id, amount] of each by day and id.
    """

    code: str
    month: Month | None
    dimension: str
    key: str | None
    item: str | None
    total: int
    number: int


def run(parts: Iterable[Part], *, also: str = WHOLE) -> Iterator[Found]:
    """The cells of all parts, and ``also`` their ``ROWS`` or the ``LIST`` of them.

    One statement, but for more figures than one statement can hold.
    """
    looks: dict[Any, list[Part]] = defaultdict(list)
    for part in parts:
        looks[part.look].append(part)
    statement = _Statement(also)
    for together in looks.values():
        if not statement.has_room_for(together):
            yield from statement.run()
            statement = _Statement(also)
        statement.add(together)
    yield from statement.run()


class _Look:
    """The rows that some figures select from one source, with a column for everything that these ask for."""

    def __init__(self, name: str, parts: Sequence[Part]) -> None:
        self.name = name
        self._rows = parts[0].definition.rows.source(parts[0].first, parts[0].last)
        self._columns: dict[Any, str] = {}
        conditions = {part.definition.rows.only for part in parts}
        self._is_one_condition = len(conditions) == 1
        if self._is_one_condition:
            self._rows = self._rows.filter(conditions.pop())
        month = parts[0].month
        self.month_column = "" if month else self.column(_MONTH_NUMBER)
        self.month = str(month.year * 12 + month.month - 1) if month else self.month_column

    def column(self, expression: Any) -> str:
        """The name of its column. What is asked for again is the same column."""
        found = F(expression) if isinstance(expression, str) else expression
        return _quoted(self._columns.setdefault(found, f"column_{len(self._columns)}"))

    def only(self, definition: Definition) -> str:
        """A condition on the columns: "" when all rows are the figure's."""
        condition = definition.rows.only
        if self._is_one_condition or not condition:
            return ""
        return f" WHERE {self.column(ExpressionWrapper(condition, output_field=BooleanField()))}"

    def keyed(self, key: Key) -> tuple[str, list[str], Sequence[Any]]:
        """The rows joined with each of their keys, where they may have many: SQL, the key's columns, values."""
        parts = {f"key_{number}": F(part) if isinstance(part, str) else part for number, part in enumerate(key.parts)}
        found = self._rows.model._base_manager.order_by().annotate(counted_id=F("pk"), **parts)
        sql, values = found.values_list("counted_id", *parts).query.sql_with_params()
        joined = f"{self.name} JOIN ({sql}) keyed ON {self.column('pk')} = counted_id"
        return joined, [_quoted(name) for name in parts], values

    def sql(self) -> tuple[str, Sequence[Any]]:
        if not self._columns:
            self.column(ONE)
        columns = {name: expression for expression, name in self._columns.items()}
        sql, values = self._rows.annotate(**columns).values_list(*columns).query.sql_with_params()
        return sql, values


# Of which figure, and in which dimension, a number of the result is; None for a figure without that dimension.
_Cells = list[tuple[Part, str] | None]


@dataclass(frozen=True, slots=True)
class _Select:
    """``sums``: SQL for the total and for the number of rows of each figure. ``values`` are those of ``tail``."""

    head: str
    sums: Sequence[tuple[str, str]]
    tail: str
    values: Sequence[Any] = ()


class _Statement:
    def __init__(self, also: str) -> None:
        self.also = also
        self.looks: list[_Look] = []
        self.selects: list[_Select] = []
        self.cells: list[_Cells] = []  # the first number of each row of the result says which of them it gives
        self.room = SELECTS_AT_MOST

    def has_room_for(self, parts: Sequence[Part]) -> bool:
        return not self.looks or sum(part.selects_at_most for part in parts) <= self.room

    def add(self, parts: Sequence[Part]) -> None:
        """Parts of one look."""
        look = _Look(f"counted_{len(self.looks)}", parts)
        self.looks.append(look)
        self.room -= sum(part.selects_at_most for part in parts)
        sets: dict[tuple[str, str], list[Part]] = defaultdict(list)
        for part in parts:
            item = _item(look, part.definition)
            sets[item, look.only(part.definition) if item else ""].append(part)
        for (item, only), alike in sets.items():
            self._add_cells(look, alike, item, only)
        for part in parts if self.also else ():
            self._add_rows(look, part)

    def run(self) -> Iterator[Found]:
        if not self.looks:
            return
        tables: list[str] = []
        selects: list[str] = []
        values: list[Any] = []
        for look in self.looks:
            sql, given = look.sql()
            tables.append(f"{look.name} AS ({sql})")
            values += given
        width = max(len(select.sums) for select in self.selects)
        for select in self.selects:
            sums = [*select.sums, *[("0", "0")] * (width - len(select.sums))]
            numbers = ", ".join(f"CAST({total} AS bigint), {number}" for total, number in sums)
            selects.append(f"SELECT {select.head}, {numbers} FROM {select.tail}")  # noqa: S608 - our own column names
            values += select.values
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {', '.join(tables)} {' UNION ALL '.join(selects)}", values)
            for place, month, key, item, *found in cursor:
                for cell, total, number in zip(self.cells[place], found[::2], found[1::2], strict=False):
                    if cell and number:
                        part, dimension = cell
                        yield Found(part.definition.code, _month(month), dimension, key, item, total, number)

    def _add_cells(self, look: _Look, parts: Sequence[Part], item: str, only: str) -> None:
        """The cells of figures that are grouped alike: those of dimensions in which a row has one key together."""
        once: dict[Key, _Cells] = {}
        often: dict[Key, _Cells] = {}
        for number, part in enumerate(parts):
            for code in (WHOLE, *part.definition.by):
                keys = often if code and DIMENSIONS[code].overlapping else once
                keys.setdefault(part.definition.key(code), [None] * len(parts))[number] = part, code
        sums = [_sums(look, part.definition, item) for part in parts]
        columns = {key: [look.column(each) for each in key.parts] for key in once}
        self._add_sets(look, columns, list(once.values()), sums, item, f"{look.name}{only}")
        for key, cells in often.items():  # joined apart: there is a row for each cell in which a row lies
            joined, names, values = look.keyed(key)
            self._add_sets(look, {key: names}, [cells], sums, item, f"{joined}{only}", values)

    def _add_sets(
        self,
        look: _Look,
        columns: Mapping[Key, list[str]],
        cells: Sequence[_Cells],
        sums: Sequence[tuple[str, str]],
        item: str,
        rows: str,
        values: Sequence[Any] = (),
    ) -> None:
        """Grouped by what the keys are made of; the text of a key is made of each cell, not of each row."""
        month, always = look.month, [each for each in (item, look.month_column) if each]
        places = range(len(self.cells), len(self.cells) + len(columns))
        self.cells += cells
        texts = [_key_text(key, names) for key, names in columns.items()]
        groups = [[*names, *always] for names in columns.values()]
        if connection.vendor == "postgresql" and len(groups) > 1:  # SQLite has no grouping sets
            every = list(dict.fromkeys(name for names in columns.values() for name in names))
            masks = [sum(1 << at for at, name in enumerate(reversed(every)) if name not in group) for group in groups]
            grouping = f"CASE GROUPING({', '.join(every)})"
            placed = " ".join(f"WHEN {mask} THEN {place}" for mask, place in zip(masks, places, strict=True))
            said = " ".join(f"WHEN {mask} THEN {text}" for mask, text in zip(masks, texts, strict=True))
            head = f"{grouping} {placed} END, {month}, {grouping} {said} END, {_text(item)}"
            sets = ", ".join(f"({', '.join(group)})" for group in groups)
            self.selects.append(_Select(head, sums, f"{rows} GROUP BY GROUPING SETS ({sets})", values))
            return
        for place, text, group in zip(places, texts, groups, strict=True):
            grouped = f" GROUP BY {', '.join(group)}" if group else ""
            self.selects.append(_Select(f"{place}, {month}, {text}, {_text(item)}", sums, f"{rows}{grouped}", values))

    def _add_rows(self, look: _Look, part: Part) -> None:
        """The counted rows; of a measure that counts a row once, that row by the first of its days."""
        selection, month = part.definition.rows, look.month
        day, row, amount = (look.column(each) for each in ("day", selection.row_id, selection.amount))
        once = part.definition.measure.keeps_rows
        day, amount, group = (f"MIN({day})", f"MAX({amount})", f" GROUP BY {row}") if once else (day, amount, "")
        rows = f"{look.name}{look.only(part.definition)}{group}"
        place = len(self.cells)
        self.cells.append([(part, self.also)])
        if self.also == ROWS:
            self.selects.append(_Select(f"{place}, {month}, {_text(day)}, {row}", [(amount, "1")], rows))
            return
        by_day = f"ORDER BY {day}, LENGTH({row}), {row}{_BYTEWISE[connection.vendor]}"
        pair = f"'[' || {_JSON_TEXT[connection.vendor].format(row)} || ',' || {amount} || ']'"
        listed = f"(SELECT {pair} AS pair FROM {rows} {by_day}) listed"  # noqa: S608 - as in ``run``
        text = f"'[' || {_JOINED[connection.vendor]}(pair, ',') || ']'"
        self.selects.append(_Select(f"{place}, {month}, {_text('')}, {text}", [("0", "COUNT(*)")], listed))


# What the two databases call differently.
_BYTEWISE = {"postgresql": ' COLLATE "C"', "sqlite": ""}
_JSON_TEXT = {"postgresql": "CAST(to_json({}) AS text)", "sqlite": "json_quote({})"}
_JOINED = {"postgresql": "string_agg", "sqlite": "group_concat"}


def _item(look: _Look, definition: Definition) -> str:
    """The column by which the rows have to be grouped whatever the dimension; "" for none."""
    if definition.measure.keeps_rows:
        return look.column(definition.rows.row_id)
    return look.column(definition.rows.amount) if definition.measure.keeps_amounts else ""


def _sums(look: _Look, definition: Definition, item: str) -> tuple[str, str]:
    amount = definition.rows.amount
    if item:
        return f"MAX({look.column(amount)})", "COUNT(*)"
    only = look.only(definition)
    chosen = f" FILTER ({only})" if only else ""
    number = f"COUNT(*){chosen}"
    return number if amount == ONE else f"SUM({look.column(amount)}){chosen}", number


def _key_text(key: Key, columns: Sequence[str]) -> str:
    if not columns:
        return _text("")
    before = f"'{key.before}' || " if key.before else ""
    return before + " || '-' || ".join(_text(column) for column in columns)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _text(column: str) -> str:
    return f"CAST({column or 'NULL'} AS text)"


def _month(number: int | None) -> Month | None:
    return None if number is None else Month(number // 12, number % 12 + 1)

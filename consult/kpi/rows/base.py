"""The rows that the figures count, in one form whatever table they come from.

A source takes the first and the last day of a period (both included, Tokyo's days) and gives rows annotated with
``day``, the day by which each is counted. A figure's ``Selection`` says which of them it counts, and by how much. The
figures of one source are counted in one look at its rows (consult/kpi/statement.py).
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Func,
    IntegerField,
    PositiveIntegerField,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.functions import Cast, Concat, Least, Replace
from django.db.models.lookups import GreaterThanOrEqual

from consult.kpi.dimensions import ADULT, MINOR
from programme.models import Limit

Rows = QuerySet[Any]
Source = Callable[[dt.date, dt.date], Rows]

ONE = Value(1, output_field=IntegerField())
ALL = Q()


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a cell, made of several numbers: grouping numbers is quicker than grouping texts made of them.

    The key is ``before`` and the parts (paths or expressions, none of several NULL) with hyphens between them.
    """

    parts: tuple[Any, ...]
    before: str = ""

    @property
    def text(self) -> Combinable:
        """The key as an expression, NULL where its one part is."""
        first, *others = (Cast(part, CharField()) for part in self.parts)
        if not others and not self.before:
            return first
        after = [each for other in others for each in (Value("-"), other)]
        return Concat(Value(self.before), first, *after, output_field=CharField())


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of ``source`` that a figure counts.

    ``only``: which of them. ``amount``: by how much one raises the figure (1, the people of one session, the minutes of
    a duty). ``row``: the path to the id of what is counted, where that is not the row itself. All three are paths and
    expressions on the source, also on what it annotates.
    """

    source: Source
    only: Q = ALL
    amount: BaseExpression | Combinable = ONE
    row: str = "pk"

    @property
    def row_id(self) -> Replace:
        """The id as text. One spelling for UUIDs, which PostgreSQL writes with hyphens and SQLite without."""
        return Replace(Cast(self.row, CharField()), Value("-"), Value(""))

    def __call__(self, first: dt.date, last: dt.date) -> Rows:
        """The counted rows of a period by themselves, with ``day``, ``row`` (the id as text) and ``amount``."""
        rows: Rows = self.source(first, last).filter(self.only).annotate(row=self.row_id, amount=self.amount)
        return rows


def dated(rows: Rows, day: BaseExpression | Combinable, **more: BaseExpression) -> Rows:
    """The form of a source: counted by ``day``, with what else its selections use, and in no order."""
    annotated: Rows = rows.order_by().annotate(day=day, **more)
    return annotated


class Minutes(Func):
    """Whole minutes from the second time to the first."""

    arity = 2
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="(django_timestamp_diff(%(expressions)s) / 60000000)", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(EXTRACT(EPOCH FROM (%(expressions)s)) / 60)::integer"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **context)


class Days(Func):
    """Days from the second date to the first."""

    arity = 2
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(julianday(%(expressions)s) AS integer)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)", arg_joiner=" - ", **context)


def limit(code: str) -> Subquery:
    """A number of the programme's as it is now, without a query of its own."""
    value = Limit.objects.filter(code=code).values("value")
    return Subquery(value, output_field=PositiveIntegerField())


class Age(Func):
    """Full years on the first date of somebody born on the second.

    Who was born on 29 February is a year older on 1 March of a year without one.
    """

    arity = 2
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template, joined = (
            "((REPLACE(%(expressions)s, '-', '')) / 10000)",
            ", '-', '') - REPLACE(",
        )  # 20240401 - 20060402
        return self.as_sql(compiler, connection, template=template, arg_joiner=joined, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="EXTRACT(YEAR FROM AGE(%(expressions)s))::integer", **context)


def age_band(born: str) -> Key:
    """The code of the ten years of age in which somebody is on ``day``: "A0" to "A100"."""
    return Key((Least(Age("day", born) / 10, Value(10)) * 10,), before="A")


def coming_of_age(born: str) -> Case:
    """Whether somebody is of age on ``day``."""
    return Case(
        When(GreaterThanOrEqual(Age("day", born), limit("adult_age")), then=Value(ADULT)),
        default=Value(MINOR),
        output_field=CharField(),
    )

"""From a record back to the figures that count it: in which months, frozen or not."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from consult.kpi.definition import PROGRAMME_BEGAN, Definition
from consult.kpi.definitions import DEFINITIONS, versions
from consult.kpi.rows.base import Rows
from consult.models import Correction, FrozenFigure, MonthReport, ProposedCorrection
from programme.fiscal import Month
from supporters.models import Registration

MONTHS_AT_MOST = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A figure of a month, and whether it counts the record. ``is_late``: the records do, the closed figure does not;
    ``is_gone``: the closed figure does, the records do no more. Either waits to be stated or refused."""

    definition: Definition
    month: Month
    is_closed: bool
    in_ledger: bool
    in_records: bool

    @property
    def is_late(self) -> bool:
        return self.is_closed and self.in_records and not self.in_ledger

    @property
    def is_gone(self) -> bool:
        return self.is_closed and self.in_ledger and not self.in_records


def counted_in(record: Any) -> list[Place]:
    """The figures that count ``record`` or did when their month was closed, the latest month first.

    A record that has moved to another month since is found where it was as soon as a sweep has seen the move.
    """
    now = set(_by_records(record))
    codes = {definition.code for definition in DEFINITIONS if definition.model is type(record)}
    row = str(record.pk).replace("-", "")
    months = {month for _definition, month in now} | _own_months(record) | _moved_months(row, codes)
    reports = {Month(each.year, each.month): each for each in _closings(months)}
    then = _by_ledger(row, codes, reports.values())
    by_code = {definition.code: definition for definition in DEFINITIONS}
    found = {(definition.code, month) for definition, month in now} | then
    counted_now = {(definition.code, month) for definition, month in now}
    places = [
        Place(by_code[code], month, month in reports, (code, month) in then, (code, month) in counted_now)
        for code, month in found
    ]
    order = list(by_code)
    return sorted(places, key=lambda place: (-place.month.year, -place.month.month, order.index(place.definition.code)))


def _by_records(record: Any) -> Iterator[tuple[Definition, Month]]:
    today = timezone.localdate()
    for definition, first, last in versions(PROGRAMME_BEGAN, today):
        if definition.model is not type(record):
            continue
        if definition.is_stock:
            for month in _own_months(record):
                if first <= month.first <= last and _counts(definition, record, month.first, month.last):
                    yield definition, month
        else:
            for day in _of(record, definition.rows(first, last)).values_list("day", flat=True):
                yield definition, Month.of(day)


def _counts(definition: Definition, record: Any, first: dt.date, last: dt.date) -> bool:
    return _of(record, definition.rows(first, last)).exists()


def _of(record: Any, rows: Rows) -> Rows:
    """Those of ``record``; a request may be counted by the rows of its sessions."""
    return rows.filter(pk=record.pk) if rows.model is type(record) else rows.filter(row=str(record.pk))


def _own_months(record: Any) -> set[Month]:
    """The months in which a record may be counted, whatever its state: those of its own day, or of a registration."""
    if not isinstance(record, Registration):
        day = getattr(record, "date", None) or getattr(getattr(record, "shift", None), "local_date", None)
        return {Month.of(day)} if day else set()
    months = {Month.of(min(record.ended_on or timezone.localdate(), timezone.localdate()))}
    while len(months) < MONTHS_AT_MOST and min(months) > Month.of(max(record.started_on, PROGRAMME_BEGAN)):
        months.add(min(months).previous)
    return months


def _moved_months(row: str, codes: set[str]) -> set[Month]:
    """The closed months that a row came to or went from. One query."""
    if not codes:
        return set()
    table, holds = ProposedCorrection._meta.db_table, " OR ".join(_holds(column) for column in ("came", "went"))
    sql = (
        f"SELECT DISTINCT year, month FROM {table} JOIN {MonthReport._meta.db_table} closed "  # noqa: S608  (as below)
        f"ON closed.id = report_id WHERE figure IN ({', '.join(['%s'] * len(codes))}) AND ({holds})"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*sorted(codes), row, row])
        return {Month(year, month) for year, month in cursor.fetchall()}


def _holds(column: str) -> str:
    """SQL: whether a row is among the pairs of ``column``."""
    if connection.vendor == "postgresql":
        return f"EXISTS (SELECT 1 FROM jsonb_array_elements({column}) AS pair(value) WHERE pair.value->>0 = %s)"  # noqa: S608  (our own columns)
    return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE json_extract(value, '$[0]') = %s)"  # noqa: S608  (the same)


def _closings(months: Iterable[Month]) -> Iterable[MonthReport]:
    chosen = Q(pk=None)
    for month in months:
        chosen |= Q(year=month.year, month=month.month)
    return MonthReport.objects.filter(chosen)


def _by_ledger(row: str, codes: set[str], reports: Iterable[MonthReport]) -> set[tuple[str, Month]]:
    """The closed figures whose rows, as last stated, hold ``row``. Two queries."""
    months = {report.pk: Month(report.year, report.month) for report in reports}
    if not months or not codes:
        return set()
    holds: dict[tuple[str, Month], bool] = {}
    for table in (FrozenFigure._meta.db_table, Correction._meta.db_table):
        for report, figure, has in _holding(table, row, list(months), sorted(codes)):
            holds[figure, months[report]] = bool(has)
    return {key for key, has in holds.items() if has}


def _holding(table: str, row: str, reports: list[int], codes: list[str]) -> list[tuple[int, str, bool]]:
    places = [", ".join(["%s"] * len(values)) for values in (reports, codes)]
    sql = (
        f"SELECT report_id, figure, {_holds('counted')} FROM {table} "  # noqa: S608  (our own tables; values are parameters)
        f"WHERE counted IS NOT NULL AND report_id IN ({places[0]}) AND figure IN ({places[1]}) ORDER BY id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [row, *reports, *codes])
        return list(cursor.fetchall())

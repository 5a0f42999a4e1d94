"""What is measured: counting, closing, reading closed months, exporting, and one more consultation."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench import kpi_memory
from consult.kpi import ledger
from consult.kpi.book import Book
from consult.kpi.exports import export
from consult.kpi.report import report
from consult.kpi.reporting_period import Period
from consult.models import Consultation, MonthReport
from programme.fiscal import Month, span
from programme.models import User

CLOSED = [Month(2025, 4), Month(2025, 5)]
OPEN = Month(2025, 6)
BY_HAND = Path(__file__).with_name("kpi.sql").read_text(encoding="utf-8")


def measure(
    runs: int,
    *,
    best_of: Callable[..., list[float]],
    told: Callable[[str], AbstractContextManager[None]],
    memory: Callable[[], int],
) -> int:
    user = User.objects.get(email="bench@example.jp")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE date BETWEEN %s AND %s) FROM consult_consultation",
            [OPEN.first, OPEN.last],
        )
        consultations, in_month = cursor.fetchone()
    print(f"{consultations:,} consultations, {in_month:,} of them in {OPEN}")
    before = memory()
    for month in CLOSED:
        if not MonthReport.objects.filter(year=month.year, month=month.month).exists():
            with told(f"closing {month}"):
                ledger.close_month(month, by=user)
    print(f"memory while closing: {memory()} MB ({before} MB before)")
    wrong = _compare()
    app, by_hand, ledger_only = best_of(
        runs,
        lambda: Book([OPEN]),
        _by_hand,
        lambda: report(CLOSED[-1]),
    )
    print(f"a month from raw rows: {app:.3f} s, by hand {by_hand:.3f} s, ratio {app / by_hand:.2f}")
    (open_report,) = best_of(runs, lambda: report(OPEN))
    print(f"its report, with the year to date: {open_report:.3f} s (the closed months add {open_report - app:.3f} s)")
    print(f"the report of a closed month: {ledger_only:.3f} s")
    (one_more,) = best_of(runs, lambda: _log_one(user))
    print(f"one more consultation: {one_more * 1000:.1f} ms")
    (taken,) = best_of(1, lambda: [export(Period.of(OPEN), form, by=user) for form in ("xlsx", "csv", "json")])
    print(f"three exports: {taken:.1f} s")
    connection.close()
    return wrong + kpi_memory.measure([str(OPEN), str(CLOSED[-1]), f"{OPEN.fiscal_year}FY"])


def _by_hand() -> dict[tuple[str, str, str], int]:
    starts, ends = span(OPEN.first, OPEN.last)
    year_before, _end = span(dt.date(OPEN.year - 1, OPEN.month + 1, 1), OPEN.last)
    values = {
        "first": OPEN.first,
        "last": OPEN.last,
        "starts": starts,
        "ends": ends,
        "year_before": year_before,
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, values)
        found: Counter[tuple[str, str, str]] = Counter()
        for code, dimension, key, value in cursor:  # a key may come as NULL and as "unknown"
            found[code, dimension, key or "unknown"] += int(value or 0)
        return found


def _compare() -> int:
    """Whether both ways find the same figures and cells. Says where not; how often."""
    book, by_hand = Book([OPEN]), _by_hand()
    wrong = 0
    for definition in book.definitions(OPEN):
        breakdown = book.breakdown(definition.code, OPEN)
        found: dict[tuple[str, str, str], int | None] = {(definition.code, "", "unknown"): book.value(definition, OPEN)}
        for dimension, tallies in breakdown.cells.items():
            for key, tally in tallies.items():
                found[definition.code, dimension, key] = tally.value(definition.measure)
        for cell, value in found.items():
            if (value or 0) != by_hand.get(cell, 0):  # SQL gives no row where there is nothing to go by
                wrong += 1
                print("differs:", cell, value, "by hand", by_hand.get(cell))
    print(f"{len(by_hand)} figures and cells by hand, {wrong} differ")
    return wrong


def _log_one(user: Any) -> None:
    """Logging a case, and undoing it."""
    with transaction.atomic():
        last = Consultation.objects.filter(date=OPEN.last).values("desk_id", "topic_id", "outcome_id")[0]
        Consultation.objects.create(id=uuid.uuid4(), date=OPEN.last, happened_at=timezone.now(), **last)
        transaction.set_rollback(True)

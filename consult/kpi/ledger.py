"""The ledger: closing a month, and stating corrections.

A closed month's figure is what was frozen plus its stated corrections; the rows that the figures count may change
later, the figure does not, until somebody states a correction with a reason. What comes in late proposes its own
correction: consult/kpi/proposals.py.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, IntegerField, JSONField, QuerySet, TextField, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from consult.errors import (
    FigureNotInMonth,
    MonthClosed,
    MonthNotOver,
    MonthOpen,
    NothingChanged,
    ReasonMissing,
)
from consult.kpi.counting import listed
from consult.kpi.definitions import in_force
from consult.kpi.kept import LONGEST
from consult.kpi.reporting_period import Period
from consult.kpi.words import say_month
from consult.models import Correction, FrozenFigure, MonthReport, Touch
from programme.errors import ChangedMeanwhile
from programme.fiscal import Month, span

NOT_TOLD = object()


# --- Closing -----------------------------------------------------------------------------------------
@transaction.atomic
def close_month(month: Month, by: Any) -> MonthReport:
    """Freeze the month's figures. Raises MonthNotOver, or MonthClosed the second time, also in parallel."""
    if month.last >= timezone.localdate():
        raise MonthNotOver(month=say_month(month))
    definitions = {each.code: each for each in sorted(in_force(month.first), key=lambda each: each.code)}
    stated = listed(definitions.values(), month.first, month.last)
    frozen = [
        FrozenFigure(
            figure=code,
            version=definition.version,
            value=stated[code].breakdown.whole.value(definition.measure),
            tallies=stated[code].breakdown.dump(definition.measure),
        )
        for code, definition in definitions.items()
    ]
    sha256 = seal(month, ((figure, stated[figure.figure].counted) for figure in frozen))
    try:
        with transaction.atomic():
            report = MonthReport.objects.create(year=month.year, month=month.month, closed_by=by, sha256=sha256)
    except IntegrityError as error:
        raise MonthClosed(month=say_month(month)) from error
    for figure in frozen:  # one at a time: what the rows of a busy month take is sent as text, and parsed by nobody
        figure.report = report
        figure.counted = Cast(Value(stated[figure.figure].counted, output_field=TextField()), JSONField())
        figure.save(force_insert=True)
    # What others were storing while this was counted is found by the next sweep (consult/kpi/proposals.py).
    Touch.objects.create(source="closing", first=month.first, until=month.last)
    return report


def seal(month: Month, figures: Iterable[tuple[FrozenFigure, str]]) -> str:
    """SHA-256 over the month's figures, their rows and their breakdowns, written as canonical JSON (UTF-8).

    ``figures`` come in the order of their codes, each with the canonical JSON of its rows, which may be hundreds of
    thousands. One at a time is held.
    """
    digest = hashlib.sha256(b'{"figures":[')
    for place, (figure, counted) in enumerate(figures):
        digest.update(b"," if place else b"")
        digest.update(f'{{"counted":{counted},'.encode())  # the first of the keys
        digest.update(_canonical(_sealed(figure))[1:])
    digest.update(b'],"month":' + _canonical(str(month)) + b"}")
    return digest.hexdigest()


def _canonical(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _sealed(figure: FrozenFigure) -> dict[str, Any]:
    content = {"figure": figure.figure, "version": figure.version, "value": figure.value}
    # Months that were closed before there were breakdowns were sealed without.
    return content if figure.tallies is None else {**content, "tallies": figure.tallies}


def verify_month(month: Month) -> bool:
    """Whether the frozen figures are still those that were sealed. Raises MonthOpen."""
    report = MonthReport.objects.filter(year=month.year, month=month.month).first()
    if report is None:
        raise MonthOpen(month=say_month(month))
    figures = report.figures.all()
    # Not as the database sorts, which may be by its own language.
    codes = sorted(figures.values_list("figure", flat=True))
    order = Case(*(When(figure=code, then=place) for place, code in enumerate(codes)), output_field=IntegerField())
    # The rows as the database writes them, but for its spaces: there may be hundreds of thousands, parsed by nobody.
    found = figures.defer("counted").annotate(rows=Cast("counted", TextField())).order_by(order).iterator(chunk_size=1)
    return seal(month, ((figure, figure.rows.replace(", ", ",")) for figure in found)) == report.sha256


_held: dict[tuple[int, dt.datetime, str], dt.datetime] = {}


def is_as_sealed(report: MonthReport) -> bool:
    """``verify_month``, which reads every counted row: where it held, this process asks anew after ten minutes. What
    did not hold is looked at each time."""
    now, closing = timezone.now(), (report.pk, report.closed_at, report.sha256)
    if settings.COUNTS_KEPT and closing in _held and _held[closing] <= now < _held[closing] + LONGEST:
        return True
    holds = verify_month(Month(report.year, report.month))
    if holds:
        _held[closing] = now
    return holds


def corrections_made_in(period: Period) -> QuerySet[Correction]:
    """The corrections stated in a period (Tokyo's), of whatever month: it was then that the figures changed."""
    starts, ends = span(period.first.first, period.last.last)
    made = Correction.objects.filter(at__gte=starts, at__lt=ends).select_related("report", "by")
    return made.defer("counted", "tallies")


# --- Corrections -------------------------------------------------------------------------------------
@transaction.atomic
def correct(month: Month, figure: str, new: int, reason: str, by: Any, seen: Any = NOT_TOLD) -> Correction:
    """State that ``figure`` of a closed month is ``new``, for a reason that no record shows.

    ``seen`` is the value that the person had before their eyes, None for no number. Raises MonthOpen, ReasonMissing,
    FigureNotInMonth, NothingChanged, or ChangedMeanwhile when ``seen`` is no longer the figure.
    """
    frozen = _locked(month, figure)
    old = _current(frozen)
    if new == old:
        raise NothingChanged
    if seen is not NOT_TOLD and seen != old:
        raise ChangedMeanwhile
    if not reason.strip():
        raise ReasonMissing
    # What is proposed for the figure has to be proposed from its new value.
    Touch.objects.create(source="correction", first=month.first, until=month.last)
    return frozen.report.corrections.create(figure=figure, old=old, new=new, reason=reason.strip(), by=by)


def _current(frozen: FrozenFigure) -> int | None:
    last = frozen.report.corrections.filter(figure=frozen.figure).defer("counted", "tallies").last()
    return last.new if last else frozen.value


def _locked(month: Month, figure: str) -> FrozenFigure:
    """The frozen figure, with its month locked: corrections of a month are stated one after the other."""
    report = MonthReport.objects.select_for_update().filter(year=month.year, month=month.month).first()
    if report is None:
        raise MonthOpen(month=say_month(month))
    frozen = report.figures.filter(figure=figure).defer("counted", "tallies").first()
    if frozen is None:
        raise FigureNotInMonth(month=say_month(month))
    frozen.report = report
    return frozen

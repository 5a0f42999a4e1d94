"""The ledger: closing a month, stating corrections, and finding what came in afterwards.

A closed month's figure is what was frozen plus its stated corrections; the rows that the figures count may change
later, the figure does not, until somebody states a correction with a reason.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from consult.errors import (
    FigureNotInMonth,
    MonthClosed,
    MonthNotOver,
    MonthOpen,
    NothingChanged,
    ReasonMissing,
)
from consult.kpi.counting import Counted, count
from consult.kpi.definitions import Definition, find, in_force
from consult.kpi.words import say_month
from consult.models import Correction, FrozenFigure, MonthReport
from programme.errors import ChangedMeanwhile
from programme.fiscal import Month


@dataclass(frozen=True, slots=True)
class Difference:
    """What the records of a closed month say now, against what they said when the figure was last stated from them."""

    definition: Definition
    then: Counted
    now: Counted
    current: int

    @property
    def proposed(self) -> int:
        """The figure with the new records in it. A change that no record accounts for is kept."""
        return self.current + self.now.value - self.then.value

    @property
    def added(self) -> list[str]:
        known = set(self.then.ids)
        return [row for row in self.now.ids if row not in known]

    @property
    def removed(self) -> list[str]:
        present = set(self.now.ids)
        return [row for row in self.then.ids if row not in present]

    @property
    def changed(self) -> list[str]:
        """Rows counted then and now, by another amount."""
        amounts = dict(self.then.rows)
        return [row for row, amount in self.now.rows if amounts.get(row, amount) != amount]


# --- Closing -----------------------------------------------------------------------------------------
@transaction.atomic
def close_month(month: Month, by: Any) -> MonthReport:
    """Freeze the month's figures. Raises MonthNotOver, or MonthClosed the second time, also in parallel."""
    if month.last >= timezone.localdate():
        raise MonthNotOver(month=say_month(month))
    definitions = in_force(month.first)
    figures = count(definitions, month.first, month.last)
    frozen = [
        FrozenFigure(
            figure=definition.code,
            version=definition.version,
            value=figures[definition.code].value,
            counted=[list(pair) for pair in figures[definition.code].rows],
        )
        for definition in definitions
    ]
    try:
        with transaction.atomic():
            report = MonthReport.objects.create(
                year=month.year, month=month.month, closed_by=by, sha256=seal(month, frozen)
            )
    except IntegrityError as error:
        raise MonthClosed(month=say_month(month)) from error
    for figure in frozen:
        figure.report = report
    FrozenFigure.objects.bulk_create(frozen)
    return report


def seal(month: Month, figures: Iterable[FrozenFigure]) -> str:
    """SHA-256 over the month's figures and the rows that they count, written as canonical JSON (UTF-8)."""
    content = {
        "month": str(month),
        "figures": [
            {"figure": figure.figure, "version": figure.version, "value": figure.value, "counted": figure.counted}
            for figure in sorted(figures, key=lambda figure: figure.figure)
        ],
    }
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify_month(month: Month) -> bool:
    """Whether the frozen figures are still those that were sealed. Raises MonthOpen."""
    report = MonthReport.objects.filter(year=month.year, month=month.month).first()
    if report is None:
        raise MonthOpen(month=say_month(month))
    return seal(month, report.figures.all()) == report.sha256


# --- Corrections -------------------------------------------------------------------------------------
@transaction.atomic
def correct(month: Month, figure: str, new: int, reason: str, by: Any, seen: int | None = None) -> Correction:
    """State that ``figure`` of a closed month is ``new``, for a reason that no record shows.

    ``seen`` is the value that the person had before their eyes. Raises MonthOpen, ReasonMissing,
    FigureNotInMonth, NothingChanged, or ChangedMeanwhile when ``seen`` is no longer the figure.
    """
    frozen = _locked(month, figure)
    old = _current(frozen)
    if new == old:
        raise NothingChanged
    if seen not in (None, old):
        raise ChangedMeanwhile
    return _state(frozen, old=old, new=new, reason=reason, by=by)


@transaction.atomic
def state_difference(month: Month, figure: str, reason: str, by: Any) -> Correction:
    """State as a correction what came into a closed month since. Raises as ``correct``; twice: NothingChanged."""
    frozen = _locked(month, figure)
    difference = _differences([frozen], month)[figure]
    if difference.proposed == difference.current:
        raise NothingChanged
    return _state(
        frozen,
        old=difference.current,
        new=difference.proposed,
        reason=reason,
        by=by,
        counted=[list(pair) for pair in difference.now.rows],
    )


def differences(month: Month) -> dict[str, Difference]:
    """The figures of a closed month that its records no longer give, by code. Empty for an open month."""
    figures = FrozenFigure.objects.filter(report__year=month.year, report__month=month.month)
    frozen = list(figures.prefetch_related("report__corrections"))
    found = _differences(frozen, month) if frozen else {}
    return {code: difference for code, difference in found.items() if difference.proposed != difference.current}


def counted_rows(month: Month, definition: Definition) -> Counted:
    """The rows behind a figure: in a closed month those from which it was last stated, in an open one those of now."""
    figures = FrozenFigure.objects.filter(report__year=month.year, report__month=month.month, figure=definition.code)
    frozen = figures.prefetch_related("report__corrections").first()
    return _last_counted(frozen) if frozen else count([definition], month.first, month.last)[definition.code]


def _differences(frozen: list[FrozenFigure], month: Month) -> dict[str, Difference]:
    definitions = [find(figure.figure, figure.version) for figure in frozen]
    now = count(definitions, month.first, month.last)
    return {
        definition.code: Difference(
            definition=definition, then=_last_counted(figure), now=now[definition.code], current=_current(figure)
        )
        for definition, figure in zip(definitions, frozen, strict=True)
    }


def _corrections(frozen: FrozenFigure) -> list[Correction]:
    """Those of this figure, oldest first."""
    return [correction for correction in frozen.report.corrections.all() if correction.figure == frozen.figure]


def _current(frozen: FrozenFigure) -> int:
    return ([frozen.value] + [correction.new for correction in _corrections(frozen)])[-1]


def _last_counted(frozen: FrozenFigure) -> Counted:
    """The rows from which the figure was last stated."""
    stated = [correction.counted for correction in _corrections(frozen) if correction.counted is not None]
    return Counted.stored(([frozen.counted, *stated])[-1])


def _locked(month: Month, figure: str) -> FrozenFigure:
    """The frozen figure, with its month locked: corrections of a month are stated one after the other."""
    report = MonthReport.objects.select_for_update().filter(year=month.year, month=month.month).first()
    if report is None:
        raise MonthOpen(month=say_month(month))
    frozen = report.figures.filter(figure=figure).first()
    if frozen is None:
        raise FigureNotInMonth(month=say_month(month))
    frozen.report = report
    return frozen


def _state(frozen: FrozenFigure, *, old: int, new: int, reason: str, by: Any, counted: Any = None) -> Correction:
    if not reason.strip():
        raise ReasonMissing
    return frozen.report.corrections.create(
        figure=frozen.figure, old=old, new=new, reason=reason.strip(), by=by, counted=counted
    )

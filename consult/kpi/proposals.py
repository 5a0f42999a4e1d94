"""Corrections that propose themselves: what came into the records of closed months, until a coordinator decides.

``sweep`` looks only at the closed months that the database noted as touched (consult/kpi/watch.py). It may run at any
time, twice at once, and again after a crash: the same difference is proposed once. What only today's settings have
changed is not proposed (consult/kpi/settled.py).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, models, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils import timezone

from consult.errors import NothingChanged, ReasonMissing
from consult.kpi.counting import Counted, Statement, state
from consult.kpi.definition import Definition
from consult.kpi.definitions import find
from consult.kpi.settled import settle
from consult.kpi.tally import Breakdown, Tally
from consult.kpi.watch import ALL
from consult.models import Consultation, Correction, FrozenFigure, MonthReport, ProposedCorrection, Touch
from programme.errors import ChangedMeanwhile
from programme.fiscal import Month
from supporters.models import Shift

TOUCHES_AT_ONCE = 10_000
# Stocks look back at the duties of a year (``supporters_active``): so far ahead reaches a duty put right.
REACH = dt.timedelta(days=366)
FAR_REACHING = {"supporters_shift", "supporters_assignment", "support_requests_report"}
OF_SESSIONS = {"support_requests_report", "support_requests_feedback"}
# Whose breakdowns are facts of the record itself, corrected in it. A supporter who moves house lived elsewhere then.
CELLS_OF_THE_RECORD = (Consultation,)

Pair = list[Any]  # [id, amount]
Figures = models.Manager[FrozenFigure] | models.QuerySet[FrozenFigure]


@dataclass(frozen=True, slots=True)
class Change:
    """What separates the rows that a figure was last stated from and the rows of now. See ``ProposedCorrection``."""

    came: list[Pair]
    went: list[Pair]
    changed: list[list[Any]]
    cells: dict[str, dict[str, list[int]]]

    @property
    def is_none(self) -> bool:
        return not (self.came or self.went or self.changed or self.cells)

    @property
    def fingerprint(self) -> str:
        canonical = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Look:
    """One figure of a closed month, as it stands and as its records say now."""

    frozen: FrozenFigure
    definition: Definition
    current: int | None
    then: Counted
    now: Statement
    change: Change

    @property
    def proposed(self) -> int | None:
        """The figure with the new records in it. What no record accounts for is kept."""
        then, now = self.then.value, self.now.counted.value
        return now if self.current == then else (self.current or 0) + (now or 0) - (then or 0)


# --- Looking -----------------------------------------------------------------------------------------
def sweep() -> int:
    """Look at the closed months that were touched since the last sweep. Returns how many months.

    Where the database can pass over locked rows, touches that another sweep has taken are left to it.
    """
    if not connection.features.has_select_for_update_skip_locked:
        return _sweep(list(Touch.objects.order_by("pk")[:TOUCHES_AT_ONCE]))
    with transaction.atomic():
        return _sweep(list(Touch.objects.select_for_update(skip_locked=True).order_by("pk")[:TOUCHES_AT_ONCE]))


def _sweep(touches: list[Touch]) -> int:
    reports = {Month(report.year, report.month): report for report in MonthReport.objects.all()}
    found = _touched(touches, reports)
    for month, stocks_only in sorted(found.items()):
        look_at(reports[month], stocks_only=stocks_only)
    # Exactly those that were seen: a touch that commits late may have a smaller number than one that was read.
    Touch.objects.filter(pk__in=[touch.pk for touch in touches]).delete()
    return len(found)


@transaction.atomic
def look_at(report: MonthReport, *, figure: str = "", stocks_only: bool = False) -> None:
    """Propose what the month's records say now, of one figure or all; take back what they say no more."""
    MonthReport.objects.select_for_update().get(pk=report.pk)
    looks = _looks(report, report.figures.filter(figure=figure) if figure else report.figures, stocks_only=stocks_only)
    waiting = {proposal.figure: proposal for proposal in report.proposals.waiting()}
    for look in looks:
        _propose(look, waiting.get(look.frozen.figure))


def _propose(look: _Look, waiting: ProposedCorrection | None) -> None:
    facts = {"fingerprint": look.change.fingerprint, "old": look.current, "new": look.proposed}
    if waiting and all(getattr(waiting, name) == value for name, value in facts.items()):
        return
    proposals = look.frozen.report.proposals
    decided = proposals.filter(figure=look.frozen.figure, status__in=["stated", "refused"]).last()
    refused = decided and decided.status == "refused" and decided.fingerprint == facts["fingerprint"]
    is_news = not look.change.is_none and not refused
    if waiting:
        waiting.status = waiting.Status.REPLACED if is_news else waiting.Status.GONE
        waiting.settled_at = timezone.now()
        waiting.save(update_fields=["status", "settled_at"])
    if is_news:
        proposals.create(figure=look.frozen.figure, **facts, **asdict(look.change))


def _looks(report: MonthReport, figures: Figures, *, stocks_only: bool = False) -> list[_Look]:
    month = Month(report.year, report.month)
    light = figures.defer("counted", "tallies")
    by_code = {figure.figure: (figure, find(figure.figure, figure.version)) for figure in light}
    chosen = {code: (figure, found) for code, (figure, found) in by_code.items() if found.is_stock or not stocks_only}
    stated = state([definition for _figure, definition in chosen.values()], month.first, month.last)
    current = {code: figure.value for code, (figure, _definition) in chosen.items()}
    bases: dict[str, FrozenFigure | Correction] = {code: figure for code, (figure, _definition) in chosen.items()}
    has_rows = ExpressionWrapper(Q(counted__isnull=False), output_field=BooleanField())
    corrections = report.corrections.filter(figure__in=list(chosen)).defer("counted", "tallies")
    for correction in corrections.annotate(has_rows=has_rows):
        current[correction.figure] = correction.new
        if correction.has_rows:
            bases[correction.figure] = correction
    looks = []
    for code, (figure, definition) in chosen.items():
        basis = bases[code]
        basis.refresh_from_db(fields=["counted", "tallies"])  # one at a time: of a busy month they are long
        then = Counted.stored(basis.counted or [], definition.measure)
        now = settle(definition, month, then, stated[code])
        figure.report = report
        looks.append(_Look(figure, definition, current[code], then, now, _change(definition, then, basis.tallies, now)))
    return looks


def _change(definition: Definition, then: Counted, tallies: Mapping[str, Any] | None, now: Statement) -> Change:
    before, after = dict(then.rows), dict(now.counted.rows)
    both = [(row, before[row], amount) for row, amount in now.counted.rows if row in before]
    return Change(
        came=[[row, amount] for row, amount in now.counted.rows if row not in before],
        went=[[row, amount] for row, amount in then.rows if row not in after],
        changed=[[row, was, amount] for row, was, amount in both if was != amount],
        cells=_cells(definition, tallies, now.breakdown) if definition.model in CELLS_OF_THE_RECORD else {},
    )


def _cells(definition: Definition, then: Mapping[str, Any] | None, now: Breakdown) -> dict[str, dict[str, list[int]]]:
    """The cells that differ. None are known of months that were closed before there were any."""
    if then is None:
        return {}
    was = Breakdown.load(definition.measure, then)
    found: dict[str, dict[str, list[int]]] = {}
    for dimension in definition.by:
        old, new = was.cells.get(dimension, {}), now.cells.get(dimension, {})
        for key in sorted(old.keys() | new.keys()):
            values = [part.get(key, Tally()).value(definition.measure) or 0 for part in (old, new)]
            if values[0] != values[1]:
                found.setdefault(dimension, {})[key] = values
    return found


# --- Deciding ----------------------------------------------------------------------------------------
@transaction.atomic
def approve(proposal: ProposedCorrection, *, reason: str, by: Any) -> Correction:
    """State the proposed correction: exactly what it says.

    Raises ReasonMissing, NothingChanged when it was stated already, and ChangedMeanwhile when somebody decided
    otherwise or the records have changed again (``look_at`` then proposes what they say now).
    """
    report = MonthReport.objects.select_for_update().get(pk=proposal.report_id)
    proposal.refresh_from_db()
    if not reason.strip():
        raise ReasonMissing
    if proposal.status == proposal.Status.STATED:
        raise NothingChanged
    (look,) = _looks(report, report.figures.filter(figure=proposal.figure))
    same = (proposal.fingerprint, proposal.old, proposal.new)
    if proposal.status != proposal.Status.WAITING or same != (look.change.fingerprint, look.current, look.proposed):
        raise ChangedMeanwhile
    correction = report.corrections.create(
        figure=proposal.figure,
        old=proposal.old,
        new=proposal.new,
        reason=reason.strip(),
        by=by,
        counted=[list(pair) for pair in look.now.counted.rows],
        tallies=look.now.breakdown.dump(look.definition.measure),
    )
    _settle(proposal, proposal.Status.STATED, reason=reason, by=by, correction=correction)
    return correction


@transaction.atomic
def refuse(proposal: ProposedCorrection, *, reason: str, by: Any) -> None:
    """Leave the figure as it is. The same difference is not proposed again. Raises ReasonMissing, ChangedMeanwhile."""
    MonthReport.objects.select_for_update().get(pk=proposal.report_id)
    proposal.refresh_from_db()
    if not reason.strip():
        raise ReasonMissing
    _settle(proposal, proposal.Status.REFUSED, reason=reason, by=by)


def _settle(proposal: ProposedCorrection, status: str, *, reason: str, by: Any, **facts: Any) -> None:
    waiting = ProposedCorrection.objects.waiting().filter(pk=proposal.pk)
    settled = {"status": status, "settled_at": timezone.now(), "settled_by": by, "reason": reason.strip(), **facts}
    if waiting.update(**settled) != 1:
        raise ChangedMeanwhile
    proposal.refresh_from_db()


# --- Which months were touched ------------------------------------------------------------------------
def _touched(touches: Iterable[Touch], closed: Iterable[Month]) -> dict[Month, bool]:
    """The closed months among the touched days, and whether only their stocks can differ."""
    spans: set[tuple[dt.date, dt.date, bool]] = set()
    for source, first, until in _days(touches):
        spans.add((first, until, False))
        if source in FAR_REACHING:
            spans.add((first, first + REACH, True))
    found: dict[Month, bool] = {}
    for month in closed:
        kinds = [stocks_only for first, until, stocks_only in spans if first <= month.last and until >= month.first]
        if kinds:
            found[month] = all(kinds)
    return found


def _days(touches: Iterable[Touch]) -> Iterable[tuple[str, dt.date, dt.date]]:
    """(table, first day, last day) of each touch. Of what is gone together with its shift nothing is known."""
    refs: dict[str, set[int]] = {}
    for touch in touches:
        if touch.source == ALL:
            yield ALL, dt.date.min, dt.date.max
        elif touch.ref is not None:
            refs.setdefault(touch.source, set()).add(touch.ref)
        elif touch.first and touch.until:
            yield touch.source, touch.first, touch.until
    for source, ids in refs.items():
        of_ids = {"session__in": ids} if source in OF_SESSIONS else {"pk__in": ids}
        starts = Shift.objects.filter(**of_ids).values_list("starts_at", flat=True)
        for day in {timezone.localdate(start) for start in starts}:
            yield source, day, day

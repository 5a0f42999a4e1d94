"""The figures of some months: closed ones from the ledger alone, open ones as they were counted last."""

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from consult.kpi import definitions, kept
from consult.kpi.closed import ClosedMonths
from consult.kpi.counting import Key, breakdowns
from consult.kpi.definition import Definition
from consult.kpi.definitions import in_force, position, versions
from consult.kpi.statement import Part
from consult.kpi.tally import Breakdown
from consult.models import KeptCount
from programme.fiscal import Month


class Book:
    """Reads the ledger in three queries at most. What is not in it is counted in one statement, or was a short while
    ago (consult/kpi/kept.py): ``counted_at`` says when, and whoever shows a figure of an open month shows it too.

    Stocks are counted for ``stock_months`` alone (all months unless told): they are never summed. ``codes`` are the
    figures that are wanted, ``cells_of`` those of which the cells are: all unless told. ``anew``: counted now.
    """

    def __init__(
        self,
        months: Sequence[Month],
        *,
        stock_months: Iterable[Month] | None = None,
        codes: Collection[str] | None = None,
        cells_of: Collection[str] | None = None,
        anew: bool = False,
    ) -> None:
        self.months = sorted(months)
        self.stock_months = set(self.months if stock_months is None else stock_months)
        self.codes = codes
        self.closed = ClosedMonths(self.months, codes, cells_of)
        self.counted_at = timezone.now()
        self._younger = list(self._of_closed_months())
        self._breakdowns = {**self._counted(anew=anew), **self.closed.breakdowns}

    def definitions(self, month: Month) -> list[Definition]:
        """Those of the month: as frozen when it was closed; as in force in it for all others."""
        now = {definition.code: definition for definition in in_force(month.first)}
        then = {code: definition for (code, of), definition in self.closed.definitions.items() if of == month}
        return sorted({**now, **then}.values(), key=lambda definition: position(definition.code))

    def breakdown(self, code: str, month: Month) -> Breakdown:
        """The tallies of a month: as last stated from rows when it is closed."""
        return self._breakdowns.get((code, month)) or Breakdown()

    def value(self, definition: Definition, month: Month) -> int | None:
        """The month's figure, with its corrections when it is closed; None when there is nothing to go by."""
        key = definition.code, month
        if key in self.closed.frozen:
            return self.closed.current(key)
        return self.breakdown(*key).whole.value(definition.measure)

    def unaccounted(self, definition: Definition, month: Month) -> int:
        """By how much the month's figure was corrected for reasons that no row shows. Cells do not contain it."""
        counted = self.breakdown(definition.code, month).whole.value(definition.measure)
        return (self.value(definition, month) or 0) - (counted or 0)

    def together(self, definition: Definition, months: Iterable[Month] | None = None) -> tuple[int | None, Breakdown]:
        """The figure of several months (all of them unless told), and its tallies.

        A stock's is that of the last month. What no row accounts for is added to sums and to counts of different
        rows; in shares and medians nothing can stand for it.
        """
        months = self.months if months is None else sorted(months)
        if definition.is_stock:
            return self.value(definition, months[-1]), self.breakdown(definition.code, months[-1])
        found = Breakdown.together(self.breakdown(definition.code, month) for month in months)
        value = found.whole.value(definition.measure)
        if value is not None and definition.measure.partitions:
            value += sum(self.unaccounted(definition, month) for month in months)
        return value, found

    @property
    def is_open(self) -> bool:
        """Whether a month of them is: its figures are those of ``counted_at``."""
        return len(self.closed.closings) < len(self.months)

    @property
    def is_counted(self) -> bool:
        """Whether anything was counted, at ``counted_at``: of open months, and figures younger than a closing."""
        return self.is_open or bool(self._younger)

    # --- What to count -----------------------------------------------------------------------------------
    def _counted(self, *, anew: bool) -> dict[Key, Breakdown]:
        if anew or not settings.COUNTS_KEPT:
            return breakdowns([*self._of_open_months(), *self._younger])
        return self._kept() | self._kept_younger()

    def _kept(self) -> dict[Key, Breakdown]:
        wanted = [
            (definition, month)
            for month in self.months
            if month not in self.closed.closings
            for definition in in_force(month.first)
            if self._wants(definition)
        ]
        with_cells = {(each.code, month) for each, month in wanted if self.closed.wants_cells(each.code)}
        found, address = read_open({month for _definition, month in wanted}, with_cells), _addresses()
        self.counted_at = min([self.counted_at, *(count.at for count in found.values())])
        made = {}
        for definition, month in wanted:
            key = definition.code, month
            cells = found[address(month, definition.code)].content if key in with_cells else {}
            data = {"all": found[address(month)].content[definition.code], "by": cells}
            made[key] = Breakdown.load(definition.measure, data)
        return made

    def _kept_younger(self) -> dict[Key, Breakdown]:
        if not self._younger:
            return {}
        address = _addresses()
        definitions = {(part.definition.code, part.month): part.definition for part in self._younger if part.month}
        places = {key: address(key[1], f"younger/{key[0]}") for key in definitions}

        def count() -> dict[str, Any]:
            found = breakdowns(self._younger)
            return {places[key]: found.get(key, Breakdown()).dump(each.measure) for key, each in definitions.items()}

        found = kept.read(places.values(), count, seldom=True)
        self.counted_at = min([self.counted_at, *(each.at for each in found.values())])
        return {key: Breakdown.load(each.measure, found[places[key]].content) for key, each in definitions.items()}

    def _of_open_months(self) -> Iterator[Part]:
        for run in self._open_runs():
            for definition, first, last in versions(run[0].first, run[-1].last):
                if not self._wants(definition):
                    continue
                for month in run if definition.is_counted_month_by_month else ():
                    if first <= month.first <= last and (not definition.is_stock or month in self.stock_months):
                        yield Part(definition, month.first, month.last, month)
                if not definition.is_counted_month_by_month:
                    yield Part(definition, first, last, run[0] if len(run) == 1 else None)

    def _of_closed_months(self) -> Iterator[Part]:
        """Figures that came after their month was closed."""
        closed = sorted(self.closed.closings)
        for definition, first, last in versions(closed[0].first, closed[-1].last) if closed else ():
            for month in closed if self._wants(definition) else ():
                is_missing = first <= month.first <= last and (definition.code, month) not in self.closed.frozen
                if is_missing and (not definition.is_stock or month in self.stock_months):
                    yield Part(definition, month.first, month.last, month)

    def _wants(self, definition: Definition) -> bool:
        return self.codes is None or definition.code in self.codes

    def _open_runs(self) -> list[list[Month]]:
        """Open months that follow each other, to be counted in one go. The last month stands by itself."""
        runs: list[list[Month]] = []
        for month in self.months:
            if month in self.closed.closings:
                continue
            if runs and runs[-1][-1].next == month and month != self.months[-1]:
                runs[-1].append(month)
            else:
                runs.append([month])
        return runs


def read_open(
    months: Collection[Month],
    with_cells: Collection[Key] = (),
    *,
    ahead: dt.timedelta = dt.timedelta(),
) -> dict[str, KeptCount]:
    """What open months last came to, by address: the figures of each month, and the cells of those that are wanted.

    ``ahead``: as in ``kept.read``.
    """
    address = _addresses()
    addresses = [*map(address, months), *(address(month, code) for code, month in with_cells)]
    return kept.read(addresses, lambda: _count_all(months), ahead=ahead)


def _addresses() -> Callable[..., str]:
    """Where the counts of a month are kept, and the cells of a figure in it. Whoever counts otherwise, as after an
    upgrade, keeps them elsewhere."""
    ways = [(each.code, each.version, each.since, sorted(each.by)) for each in definitions.DEFINITIONS]
    way = hashlib.sha256(repr(ways).encode()).hexdigest()[:8]

    def address(month: Month, cells_of: str = "") -> str:
        return f"{month}/{way}/{cells_of}"

    return address


def _count_all(months: Collection[Month]) -> dict[str, Any]:
    """Everything of open months in one statement, so that all pages show one state of the records."""
    book, address = Book(sorted(months), anew=True), _addresses()
    found: dict[str, Any] = {}
    for month in book.months:
        wholes = found[address(month)] = {}
        for definition in in_force(month.first):
            dumped = book.breakdown(definition.code, month).dump(definition.measure)
            wholes[definition.code], found[address(month, definition.code)] = dumped["all"], dumped["by"]
    return found

"""The figures of some months: closed ones from the ledger alone, open ones counted now."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from consult.kpi.closed import ClosedMonths
from consult.kpi.counting import breakdowns
from consult.kpi.definition import Definition
from consult.kpi.definitions import in_force, position, versions
from consult.kpi.statement import Part
from consult.kpi.tally import Breakdown
from programme.fiscal import Month


class Book:
    """Reads the ledger in three queries, and counts what is not in it in one statement.

    Stocks are counted for ``stock_months`` alone (all months unless told): they are never summed. ``codes`` are the
    figures that are wanted, all unless told.
    """

    def __init__(
        self,
        months: Sequence[Month],
        *,
        stock_months: Iterable[Month] | None = None,
        codes: Collection[str] | None = None,
    ) -> None:
        self.months = sorted(months)
        self.stock_months = set(self.months if stock_months is None else stock_months)
        self.codes = codes
        self.closed = ClosedMonths(self.months, codes)
        self._breakdowns = {**breakdowns(self._to_count()), **self.closed.breakdowns}

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

    # --- What to count -----------------------------------------------------------------------------------
    def _to_count(self) -> Iterator[Part]:
        for run in self._open_runs():
            for definition, first, last in versions(run[0].first, run[-1].last):
                if not self._wants(definition):
                    continue
                for month in run if definition.is_counted_month_by_month else ():
                    if first <= month.first <= last and (not definition.is_stock or month in self.stock_months):
                        yield Part(definition, month.first, month.last, month)
                if not definition.is_counted_month_by_month:
                    yield Part(definition, first, last, run[0] if len(run) == 1 else None)
        for month in self.closed.closings:
            for definition in in_force(month.first):  # a figure that came after the month was closed
                if not self._wants(definition):
                    continue
                if (definition.code, month) not in self.closed.frozen and (
                    not definition.is_stock or month in self.stock_months
                ):
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

"""What the ledger holds of a fiscal year up to a month: frozen values, corrections, rows counted once (実数)."""

from collections import defaultdict

from django.db.models import Q, QuerySet

from consult.kpi.counting import Counted
from consult.kpi.definitions import Definition, distinct_codes, find, in_force, position
from consult.models import Correction, FrozenFigure, MonthReport
from programme.fiscal import Month

Key = tuple[str, Month]  # a figure's code, and a month


def months_to(month: Month) -> list[Month]:
    """April of the fiscal year to ``month``."""
    months = [Month.of(month.fiscal_year_first)]
    while months[-1] < month:
        months.append(months[-1].next)
    return months


class ClosedMonths:
    """Read in four queries, however many months are closed.

    The counted rows, which are long, are read only for the figures that need them.
    """

    def __init__(self, month: Month) -> None:
        self.month = month
        self.frozen: dict[Key, int] = {}
        self.corrections: dict[Key, list[Correction]] = defaultdict(list)
        self._version: dict[Key, int] = {}
        reports = {report.pk: report for report in _closings(month).select_related("closed_by")}
        self._months = {pk: Month(report.year, report.month) for pk, report in reports.items()}
        self.closing = next((report for pk, report in reports.items() if self._months[pk] == month), None)
        for figure in FrozenFigure.objects.filter(report__in=reports).defer("counted"):
            key = figure.figure, self._months[figure.report_id]
            self.frozen[key], self._version[key] = figure.value, figure.version
        for correction in Correction.objects.filter(report__in=reports).defer("counted").select_related("by"):
            self.corrections[correction.figure, self._months[correction.report_id]].append(correction)
        self.members = self._members()

    def definitions(self) -> list[Definition]:
        """Those of the month: as frozen when it was closed; as in force now for all others."""
        now = {definition.code: definition for definition in in_force(self.month.first)}
        then = {code: find(code, number) for (code, month), number in self._version.items() if month == self.month}
        return sorted({**now, **then}.values(), key=lambda definition: position(definition.code))

    def current(self, key: Key) -> int:
        """What was frozen, with its corrections. KeyError for a figure that is not frozen."""
        return self.corrections[key][-1].new if self.corrections.get(key) else self.frozen[key]

    def _members(self) -> dict[Key, set[str]]:
        """The rows from which the figures that count each row once were last stated."""
        of_these = Q(report__in=self._months, figure__in=distinct_codes())
        frozen = FrozenFigure.objects.filter(of_these).values_list("figure", "report", "counted")
        stated = Correction.objects.filter(of_these).exclude(counted=None).order_by("at", "pk")
        members: dict[Key, set[str]] = {}
        for code, report, counted in [*frozen, *stated.values_list("figure", "report", "counted")]:
            members[code, self._months[report]] = set(Counted.stored(counted).ids)
        return members


def _closings(month: Month) -> QuerySet[MonthReport]:
    """The closed months of the fiscal year up to ``month``."""
    months = Q()
    for each in months_to(month):
        months |= Q(year=each.year, month=each.month)
    return MonthReport.objects.filter(months)

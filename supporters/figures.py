"""What somebody has done as a supporter, for their own page."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.utils import timezone

from programme.fiscal import fiscal_year
from supporters.models import Shift, Supporter
from supporters.owners import helped_by


@dataclass(frozen=True, slots=True)
class Figures:
    times: int
    """duties kept (回)"""
    hours: float
    """their length together, to the half hour"""
    helped: list[tuple[str, str]]
    """what was counted of them, and how many with its unit"""


@dataclass(frozen=True, slots=True)
class OwnFigures:
    year: int
    """the fiscal year that runs"""
    this_year: Figures
    ever: Figures

    @property
    def helped(self) -> list[tuple[str, str, str]]:
        """What was counted, how many this year, and ever."""
        recent = dict(self.this_year.helped)
        return [(label, recent.get(label, "―"), count) for label, count in self.ever.helped]


def own_figures(supporter: Supporter, now: dt.datetime) -> OwnFigures:
    """Of duties that are over and were kept. In a fixed number of queries."""
    served = [row.shift for row in supporter.assignments.served(now).select_related("shift")]
    year = fiscal_year(timezone.localdate(now))
    recent = [shift for shift in served if fiscal_year(shift.local_date) == year]
    return OwnFigures(year, _figures(recent), _figures(served))


def _figures(shifts: Collection[Shift]) -> Figures:
    length = sum((shift.ends_at - shift.starts_at for shift in shifts), dt.timedelta())
    return Figures(len(shifts), round(length / dt.timedelta(hours=1) * 2) / 2, helped_by(shifts))

"""The last weeks as both pages need them, counted together and kept a short while (consult/kpi/kept.py)."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.conf import settings
from django.utils import timezone

from consult.kpi import kept
from consult.kpi.book import read_open
from consult.kpi.closed import ClosedMonths
from consult.kpi.dashboard.goals import year_of
from consult.kpi.dashboard.staffing import Staffing, staffing
from consult.kpi.dashboard.topics import counts
from consult.kpi.dashboard.weeks import Recent, recent
from consult.kpi.report import months_to
from programme.fiscal import Month

FIGURES = ("supporters_new", "participants", "consultations", "sessions")


@dataclass(frozen=True, slots=True)
class Lately:
    """``topics``: cases by topic in both halves of the weeks. ``at``: when all this was counted."""

    weeks: Recent
    topics: Mapping[str, tuple[int, int]]
    staff: Staffing
    at: dt.datetime

    @classmethod
    def read(cls, today: dt.date, ends: dt.date, *, ahead: dt.timedelta = dt.timedelta()) -> Self:
        """The weeks before ``today``, and the rota until ``ends``. ``ahead``: as in ``kept.read``."""
        address = f"weeks/{today}..{ends}"
        count = kept.read([address], lambda: {address: _count(today, ends)}, ahead=ahead)[address]
        found = count.content
        return cls(
            weeks=Recent.load(found["weeks"]),
            topics={topic: (before, later) for topic, (before, later) in found["topics"].items()},
            staff=Staffing(**found["staff"]),
            at=count.at,
        )


def refresh() -> None:
    """Count the open months and the weeks again before they are too old to be shown, so that nobody waits for it."""
    if not settings.COUNTS_KEPT:
        return
    today = timezone.localdate()
    months = {*months_to(Month.of(today).previous), Month.of(today)}
    read_open(months - ClosedMonths(months, codes=()).closings.keys(), ahead=settings.COUNTS_REFRESH)
    Lately.read(today, year_of(Month.of(today).fiscal_year, today).last, ahead=settings.COUNTS_REFRESH)
    kept.forget_old()


def _count(today: dt.date, ends: dt.date) -> dict[str, Any]:
    weeks = recent(FIGURES, today, ends)
    return {"weeks": weeks.dump(), "topics": counts(today), "staff": asdict(staffing(weeks))}

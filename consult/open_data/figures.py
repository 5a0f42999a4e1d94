"""月ごとの実績: the figures of the closed months, with every number that could point to single people withheld."""

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from django.db.models import Max
from django.utils import timezone

from consult.kpi.closed import ClosedMonths
from consult.kpi.definition import Definition
from consult.kpi.definitions import position
from consult.kpi.dimensions import DIMENSIONS, Labels
from consult.kpi.report import labels_of
from consult.kpi.suppression import hidden, is_small
from consult.models import Correction, MonthReport
from consult.open_data.issuer import Issuer
from consult.open_data.tables import Record
from programme.fiscal import Month

WITHHELD = "X"

# What is published: the figure, and in what it is broken down. All of them add up: no rows are 0, not nothing.
# No two breakdowns of one figure may be nested
# (consult/kpi/dimensions.py), or one of them would tell what the other withholds.
PUBLISHED: Mapping[str, tuple[str, ...]] = {
    "supporters": ("category", "district"),
    "supporters_new": (),
    "supporters_returned": (),
    "supporters_withdrawn": (),
    "sessions": (),
    "participants": ("district",),
    "groups_served": (),
    "requests_received": (),
    "desk_openings": ("desk",),
    "desk_hours": (),
    "consultations": ("topic", "device", "age_band", "outcome", "visit", "desk"),
    "districts_reached": (),
    "association_tablet": (),
    "hall_courses": (),
    "hall_course_participants": (),
    "prevention_courses": (),
    "prevention_course_participants": (),
}
# These count people or what one person did; the others count visits, hours and places.
OF_PEOPLE = frozenset(
    {
        "supporters",
        "supporters_new",
        "supporters_returned",
        "supporters_withdrawn",
        "participants",
        "consultations",
        "hall_course_participants",
        "prevention_course_participants",
    }
)
# The stock of the month before gives each of these away when the other two are known.
TOGETHER = frozenset({"supporters_new", "supporters_returned", "supporters_withdrawn"})


@dataclass(frozen=True, slots=True)
class _Line:
    definition: Definition
    value: int
    withheld: bool
    dimension: str = ""
    key: str = ""


def figures() -> Iterator[Record]:
    """One row for each figure and cell of each closed month, the oldest first; in a constant number of queries."""
    months = [Month(year, month) for year, month in MonthReport.objects.values_list("year", "month")]
    closed, issuer = ClosedMonths(months, codes=PUBLISHED), Issuer()
    labels = labels_of(closed.definitions.values())
    number = itertools.count(1)
    for month in sorted(months):
        for line in sorted(_lines(closed, month), key=partial(_place, labels)):
            yield issuer.head(str(next(number))) | _of_month(closed, month) | _of_line(line, labels)


def _place(labels: Mapping[str, Labels], line: _Line) -> tuple[int, int, int, str]:
    """Figures as in a report, each followed by its breakdowns in the order of the code lists."""
    code = line.definition.code
    if not line.dimension:
        return position(code), -1, 0, ""
    listed = list(labels[line.dimension])
    place = listed.index(line.key) if line.key in listed else len(listed)
    return position(code), PUBLISHED[code].index(line.dimension), place, line.key


def last_change() -> dt.date | None:
    """The day on which a month was last closed, or what is published of it corrected; None before the first closing."""
    closed = MonthReport.objects.aggregate(last=Max("closed_at"))["last"]
    corrected = Correction.objects.filter(figure__in=PUBLISHED).aggregate(last=Max("at"))["last"]
    moments = [moment for moment in (closed, corrected) if moment]
    return timezone.localdate(max(moments)) if moments else None


def _lines(closed: ClosedMonths, month: Month) -> Iterator[_Line]:
    found = {
        code: definition for (code, of), definition in closed.definitions.items() if of == month and code in PUBLISHED
    }
    values = {code: closed.current((code, month)) or 0 for code in found}
    small = {code for code in found if code in OF_PEOPLE and is_small(values[code])}
    if small & TOGETHER:
        small |= TOGETHER
    for code in found:
        yield _Line(found[code], values[code], code in small)
        for dimension in PUBLISHED[code]:
            yield from _cells(closed, month, found[code], dimension, whole_withheld=code in small)


def _cells(
    closed: ClosedMonths, month: Month, definition: Definition, dimension: str, *, whole_withheld: bool
) -> Iterator[_Line]:
    tallies = closed.breakdowns[definition.code, month].cells.get(dimension, {})
    cells = {key: tally.value(definition.measure) or 0 for key, tally in tallies.items()}
    withheld = hidden(cells) if definition.code in OF_PEOPLE else frozenset()
    if cells and (whole_withheld or len(withheld) == len(cells)):
        # Nothing of it can be shown, not even which of its cells are 0.
        yield _Line(definition, 0, withheld=True, dimension=dimension)
        return
    for key, value in cells.items():
        yield _Line(definition, value, key in withheld, dimension, key)


def _of_month(closed: ClosedMonths, month: Month) -> Record:
    return {
        "年月": str(month),
        "年度": month.fiscal_year,
        "締めた日": str(timezone.localdate(closed.closings[month].closed_at)),
        "状態": "訂正あり" if any(closed.corrections.get((code, month)) for code in PUBLISHED) else "締め",
    }


def _of_line(line: _Line, labels: Mapping[str, Labels]) -> Record:
    definition = line.definition
    record: Record = {
        "指標コード": definition.code,
        "指標名": str(definition.name),
        "指標名_英語": definition.name_en,
        "単位": definition.unit,
        "種別": "月末の値" if definition.is_stock else "月の合計",
    }
    if line.dimension:
        dimension = DIMENSIONS[line.dimension]
        record |= {
            "内訳コード": dimension.code,
            "内訳": str(dimension.name),
            "項目コード": line.key,
            "項目": dimension.label(line.key, labels[line.dimension]) if line.key else "すべて",
        }
    return record | ({"秘匿": WITHHELD} if line.withheld else {"値": _plain(definition, line.value)})


def _plain(definition: Definition, value: int) -> str:
    return str(definition.number(value))

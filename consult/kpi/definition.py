"""What a definition of a figure says. The figures themselves: consult/kpi/figures/."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Any, overload

from django.db.models import CharField, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consult.kpi.dimensions import UNKNOWN
from consult.kpi.rows.base import Key, Rows, Selection
from consult.kpi.tally import Measure
from consult.models import Activity, Consultation, Opening
from programme.models import District
from support_requests.models import Group, Session, SupportRequest
from supporters.models import Assignment, AssignmentMove, Registration

# The first fiscal year of the city's plan (R3). Source: S1.
PROGRAMME_BEGAN = dt.date(2021, 4, 1)

OURS = "★ 独自の定義(公表資料なし)"

Countable = (
    type[Activity]
    | type[Assignment]
    | type[AssignmentMove]
    | type[Consultation]
    | type[District]
    | type[Group]
    | type[Opening]
    | type[Registration]
    | type[Session]
    | type[SupportRequest]
)


class Kind(StrEnum):
    STOCK = "stock"  # holds at the end of a day; months are never summed
    FLOW = "flow"  # happens in a time


class Area(StrEnum):
    """What a figure is about: a section of a report, a sheet of a workbook."""

    SUPPORTERS = "supporters"
    SESSIONS = "sessions"
    DESKS = "desks"
    PLACES = "places"
    ACTIVITIES = "activities"

    @property
    def label(self) -> str | Promise:
        return _AREAS[self]


_AREAS = {
    Area.SUPPORTERS: _("サポーター"),
    Area.SESSIONS: _("出張サポート"),
    Area.DESKS: _("よろず相談所"),
    Area.PLACES: _("身近な場所"),
    Area.ACTIVITIES: _("その他の活動"),
}

# Cut-off rules: when something is in time for a month.
BY_ACTIVITY = _("活動した日(東京の日付)の月に入れます。締めた後に分かったものは、訂正として載せます。")
AT_MONTH_END = _("月の最後の日の終わりの状態を数えます。締めた後に分かったものは、訂正として載せます。")
BY_EVENT = _("申込みや返事などがあった日(東京の日付)の月に入れます。締めた後に分かったものは、訂正として載せます。")


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of one figure.

    ``rows`` selects the counted rows of a period (see consult/kpi/rows/base.py), ``model`` is the table they are in.
    ``measure`` makes the figure of their amounts; a share or a median of no rows is None, wherever it goes. ``by`` are
    the dimensions in which it is broken down: code to the path or expression, on those rows, that gives the key
    (consult/kpi/dimensions.py).
    ``unit`` is what people read, and ``scale`` how many of the figure's whole numbers make one of it: a figure in
    minutes has the unit 時間 and the scale 60, a share in thousandths % and 10.
    ``whole_period``: the rows speak of the period as one, so that its months have to be counted one by one.
    """

    code: str
    name: str | Promise
    name_en: str
    unit: str
    area: Area
    kind: Kind
    words: str | Promise
    rows: Selection
    model: Countable
    cutoff: str | Promise = BY_ACTIVITY
    source: str = OURS
    version: int = 1
    since: dt.date = PROGRAMME_BEGAN
    measure: Measure = Measure.SUM
    by: Mapping[str, Any] = field(default_factory=dict, hash=False)
    scale: int = 1
    whole_period: bool = False

    @property
    def is_stock(self) -> bool:
        return self.kind is Kind.STOCK

    @property
    def is_counted_month_by_month(self) -> bool:
        return self.is_stock or self.whole_period

    @overload
    def number(self, value: int) -> int | Decimal: ...
    @overload
    def number(self, value: int | None) -> int | Decimal | None: ...
    def number(self, value: int | None) -> int | Decimal | None:
        """``value`` in ``unit``, rounded down to 0.1: 150 minutes are 2.5 hours, 833 ‰ are 83.3 %. None stays None."""
        if value is None or self.scale == 1:
            return value
        return (Decimal(value) / self.scale).quantize(Decimal("0.1"), rounding=ROUND_DOWN)

    def key(self, dimension: str) -> Key:
        """What the keys of a dimension are made of; of nothing for the figure itself, "". KeyError as ``rows_at``."""
        if not dimension:
            return Key(())
        by = self.by[dimension]
        return by if isinstance(by, Key) else Key((by,))

    def rows_at(self, first: dt.date, last: dt.date, dimension: str, key: str) -> Rows:
        """The counted rows of one cell. KeyError for a dimension that the figure does not have."""
        found = Coalesce(self.key(dimension).text, Value(UNKNOWN), output_field=CharField())
        rows: Rows = self.rows(first, last).annotate(cell=found).filter(cell=key)
        return rows

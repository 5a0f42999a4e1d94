"""What each figure counts, as code and as words. docs/kpi.md says how to change a definition.

A definition that ever held stays in ``DEFINITIONS``: closed months keep the version under which they were closed.
A changed one is added below with the next version and the first day of the month from which it holds.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consult.kpi import rows
from consult.models import Activity, Consultation
from programme.models import Figure
from support_requests.models import Group, Session
from supporters.models import Registration

# The first fiscal year of the city's plan (R3). Source: S1.
PROGRAMME_BEGAN = dt.date(2021, 4, 1)

Countable = type[Activity] | type[Consultation] | type[Group] | type[Registration] | type[Session]


class Kind(StrEnum):
    STOCK = "stock"  # holds at the end of a day; months are never summed
    FLOW = "flow"  # happens in a time


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of one figure.

    ``rows`` gives the counted rows of a period (see consult/kpi/rows.py), ``model`` is the table they are in.
    ``distinct``: the same row counts once in any period (実数), so that the months do not add up to the year.
    """

    code: str
    name: str | Promise
    name_en: str
    unit: str
    kind: Kind
    words: str | Promise
    rows: Callable[[dt.date, dt.date], rows.Rows]
    model: Countable
    version: int = 1
    since: dt.date = PROGRAMME_BEGAN
    distinct: bool = False

    @property
    def is_stock(self) -> bool:
        return self.kind is Kind.STOCK


DEFINITIONS = (
    Definition(
        code="supporters",
        name=Figure.SUPPORTERS.label,
        name_en="Registered supporters",
        unit="人",
        kind=Kind.STOCK,
        words=_("期間の最後の日の終わりに登録している人の数です。休止中の人も入ります。退会した日からは入りません。"),
        rows=rows.registered,
        model=Registration,
    ),
    Definition(
        code="supporters_new",
        name=Figure.SUPPORTERS_NEW.label,
        name_en="Newly registered supporters",
        unit="人",
        kind=Kind.FLOW,
        words=_("初めての登録が期間の中で始まった人の数です。一人は一度だけ数え、再登録は入りません。"),
        rows=rows.newly_registered,
        model=Registration,
    ),
    Definition(
        code="supporters_returned",
        name=_("再登録サポーター数"),
        name_en="Supporters who came back",
        unit="人",
        kind=Kind.FLOW,
        words=_("前に退会した人の、期間の中での再登録の数です。退会した日のうちに戻った場合は数えません。"),
        rows=rows.returned,
        model=Registration,
    ),
    Definition(
        code="supporters_withdrawn",
        name=Figure.SUPPORTERS_WITHDRAWN.label,
        name_en="Supporters who left",
        unit="人",
        kind=Kind.FLOW,
        words=_("期間の中での退会の数です。退会した日のうちに戻った場合は数えません。"),
        rows=rows.withdrawn,
        model=Registration,
    ),
    Definition(
        code="sessions",
        name=Figure.SESSIONS.label,
        name_en="Sessions held",
        unit="回",
        kind=Kind.FLOW,
        words=_("期間の中に行い、1人以上が参加したと報告された出張サポートの数です。中止と参加者0人の回は入りません。"),
        rows=rows.sessions,
        model=Session,
    ),
    Definition(
        code="participants",
        name=Figure.PARTICIPANTS.label,
        name_en="Participants in sessions",
        unit="人",
        kind=Kind.FLOW,
        words=_("出張サポートの報告にある、実際に参加した人の合計(延べ)です。申込みの人数ではありません。"),
        rows=rows.participants,
        model=Session,
    ),
    Definition(
        code="groups_served",
        name=_("出張サポートを受けた団体数"),
        name_en="Groups served",
        unit="団体",
        kind=Kind.FLOW,
        words=_("出張サポートを受けた団体の数(実数)です。同じ団体は、期間の中で何回受けても1団体です。"),
        rows=rows.groups_served,
        model=Group,
        distinct=True,
    ),
    Definition(
        code="consultations",
        name=Figure.CONSULTATIONS.label,
        name_en="Desk consultations",
        unit="件",
        kind=Kind.FLOW,
        words=_("期間の中に相談所で受けた相談の数です。内容がいくつあっても1件です。取り消した記録は入りません。"),
        rows=rows.consultations,
        model=Consultation,
    ),
    Definition(
        code="association_tablet",
        name=Figure.ASSOCIATION_TABLET.label,
        name_en="Associations helped with their tablet",
        unit="自治会",
        kind=Kind.FLOW,
        words=_("期間の中にタブレットの支援をした自治会の数です。支援の記録1件が1自治会で、人の数ではありません。"),
        rows=rows.association_tablet,
        model=Activity,
    ),
    Definition(
        code="hall_courses",
        name=Figure.HALL_COURSES.label,
        name_en="Smartphone courses at halls",
        unit="件",
        kind=Kind.FLOW,
        words=_("期間の中に公民館で開いたスマホ講座の数です。"),
        rows=rows.hall_courses,
        model=Activity,
    ),
    Definition(
        code="prevention_course_participants",
        name=Figure.PREVENTION_COURSE_PARTICIPANTS.label,
        name_en="Participants in care prevention supporters' courses",
        unit="人",
        kind=Kind.FLOW,
        words=_("期間の中に開いた介護予防サポーター等のスマホ講座に参加した人の合計(延べ)です。"),
        rows=rows.prevention_course_participants,
        model=Activity,
    ),
)


def versions(first: dt.date, last: dt.date) -> Iterator[tuple[Definition, dt.date, dt.date]]:
    """Each definition that holds at some time of the period, with the days of the period on which it holds."""
    for definition in DEFINITIONS:
        later = [other.since for other in DEFINITIONS if _follows(other, definition)]
        starts = max(first, definition.since)
        ends = min([last, *(since - dt.timedelta(days=1) for since in later)])
        if starts <= ends:
            yield definition, starts, ends


def _follows(other: Definition, definition: Definition) -> bool:
    return other.code == definition.code and other.version > definition.version


def in_force(day: dt.date) -> list[Definition]:
    """The definitions that hold on ``day``, in the order of ``DEFINITIONS``."""
    return [definition for definition, _first, _last in versions(day, day)]


def position(code: str) -> int:
    """Where the figure stands in a report."""
    return [definition.code for definition in DEFINITIONS].index(code)


def distinct_codes() -> set[str]:
    """The figures that count each row once (実数)."""
    return {definition.code for definition in DEFINITIONS if definition.distinct}


def find(code: str, version: int) -> Definition:
    """KeyError for one that never was."""
    for definition in DEFINITIONS:
        if (definition.code, definition.version) == (code, version):
            return definition
    raise KeyError(code, version)

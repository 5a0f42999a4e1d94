"""In what figures are broken down: the dimensions, and what each of their keys is called."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consult.models import Desk, Opening
from programme.models import AgeBand, Category, Device, District, Outcome, Topic, Visit
from programme.models.kept import kept_rows
from support_requests.models import Group, Session, SupportRequest

# The key of rows of which nobody noted it. The code lists have an entry of that code, too.
UNKNOWN = "unknown"
# The dashboard's heat map: "3-0-10" is the desk of key 3, Monday, from 10:00.
DESK_HOUR = "desk_hour"

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dimension:
    """``overlapping``: a row may lie in several cells (a supporter knows many topics), so that they do not sum up.
    ``complete``: cells without any row are shown too, because a 0 says something.
    ``listed``: whether reports and files show the cells; those of a heat map are too many for a list.
    """

    code: str
    name: str | Promise
    labels: Callable[[], Labels]  # in their order
    overlapping: bool = False
    complete: bool = False
    listed: bool = True

    def label(self, key: str, labels: Labels) -> str:
        return labels.get(key) or (_("不明") if key == UNKNOWN else key)


def _codes(model: Any) -> Callable[[], Labels]:
    return lambda: {row.pk: str(row) for row in kept_rows(model.objects.all())}


def _desks() -> Labels:
    return {str(desk): name for desk, name in Desk.objects.values_list("pk", "name")}  # not a hundred whole rows


def _choices(choices: Any) -> Callable[[], Labels]:
    return lambda: {key: str(label) for key, label in choices}


NOBODY_CAME = "nobody_came"
MINOR, ADULT = "minor", "adult"

_CLOSED = (SupportRequest.Status.WITHDRAWN, SupportRequest.Status.DECLINED)

_ALL = (
    Dimension("topic", gettext_lazy("内容"), _codes(Topic)),
    Dimension("skill", gettext_lazy("教えられる内容"), _codes(Topic), overlapping=True),
    Dimension("topics", gettext_lazy("内容(いくつでも)"), _codes(Topic), overlapping=True),
    Dimension("device", gettext_lazy("機器"), _codes(Device)),
    Dimension("age_band", gettext_lazy("年代"), _codes(AgeBand)),
    Dimension("outcome", gettext_lazy("結果"), _codes(Outcome)),
    Dimension("visit", gettext_lazy("来所"), _codes(Visit)),
    Dimension("desk", gettext_lazy("相談所"), _desks),
    Dimension(DESK_HOUR, gettext_lazy("相談所・曜日・時刻"), dict, listed=False),
    Dimension("district", gettext_lazy("地区"), _codes(District), complete=True),
    Dimension("category", gettext_lazy("区分"), _codes(Category)),
    Dimension(
        "adult",
        gettext_lazy("成年・未成年"),
        _choices([(ADULT, gettext_lazy("成年")), (MINOR, gettext_lazy("未成年"))]),
    ),
    Dimension("group_kind", gettext_lazy("団体の種類"), _choices(Group.Kind.choices)),
    Dimension("intake", gettext_lazy("受付方法"), _choices(SupportRequest.Intake.choices)),
    Dimension(
        "reason",
        gettext_lazy("理由"),
        _choices([*((status, status.label) for status in _CLOSED), (NOBODY_CAME, gettext_lazy("だれも来なかった"))]),
    ),
    Dimension(
        "purpose",
        gettext_lazy("活動の種類"),
        _choices([(Session.PURPOSE, gettext_lazy("出張サポート")), (Opening.PURPOSE, gettext_lazy("よろず相談所"))]),
    ),
)

DIMENSIONS = {dimension.code: dimension for dimension in _ALL}

# (part, whole): cells of the whole are sums of the part's, or nearly so (minors: a category, and the young age bands).
# Shown beside each other, one of them would tell what is hidden in the other.
NESTED = (("desk", "district"), ("age_band", "adult"), ("category", "adult"))


def apart(codes: Iterable[str]) -> list[str]:
    """Those of a figure's dimensions that may be shown together where small cells are hidden: the finer ones."""
    given = list(codes)
    wholes = {whole for part, whole in NESTED if part in given}
    return [code for code in given if code not in wholes]

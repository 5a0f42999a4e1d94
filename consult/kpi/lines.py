"""From a figure back to the rows that it counts, each said in one line, with no more of a person than is needed."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from consult.kpi.definitions import Countable, Definition
from consult.models import Activity, Consultation
from programme.wording import say_day
from support_requests.models import Group, Session
from supporters.models import Registration


@dataclass(frozen=True, slots=True)
class Line:
    """One counted row. ``day`` is None for a group, which is counted once however often it was served."""

    row: str
    day: dt.date | None
    text: str
    amount: int


def lines(definition: Definition, rows: Sequence[tuple[str, int]]) -> list[Line]:
    """A line for each (id, amount), in one query. A row that is there no more says so."""
    query, say = _WAYS[definition.model]
    found = {str(row.pk).replace("-", ""): say(row) for row in query([row for row, _amount in rows])}
    gone = None, _("(記録はもうありません)")
    return [Line(row, *found.get(row, gone), amount) for row, amount in rows]


def _registration(row: Registration) -> tuple[dt.date, str]:
    text = _("%(name)s 登録 %(day)s") % {"name": row.supporter, "day": say_day(row.started_on)}
    if row.ended_on:
        text += _("、退会 %(day)s") % {"day": say_day(row.ended_on)}
    return row.started_on, text


def _session(row: Session) -> tuple[dt.date, str]:
    return row.shift.local_date, f"{row.request.group} {row.shift.venue}"


def _group(row: Group) -> tuple[None, str]:
    return None, f"{row} ({row.district})"


def _consultation(row: Consultation) -> tuple[dt.date, str]:
    return row.date, f"{row.desk} {row.topic} ({row.outcome})"


def _activity(row: Activity) -> tuple[dt.date, str]:
    return row.date, f"{row.name} ({row.district})"


_Way = tuple[Callable[[list[str]], Any], Callable[[Any], tuple[dt.date | None, str]]]

_WAYS: dict[Countable, _Way] = {
    Registration: (
        lambda ids: Registration.objects.filter(pk__in=ids).select_related("supporter"),
        _registration,
    ),
    Session: (
        lambda ids: Session.objects.filter(pk__in=ids).select_related("request__group", "shift__venue"),
        _session,
    ),
    Group: (lambda ids: Group.objects.filter(pk__in=ids).select_related("district"), _group),
    Consultation: (
        lambda ids: Consultation.objects.filter(pk__in=ids).select_related("desk", "topic", "outcome"),
        _consultation,
    ),
    Activity: (lambda ids: Activity.objects.filter(pk__in=ids).select_related("district"), _activity),
}

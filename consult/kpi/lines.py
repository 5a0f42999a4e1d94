"""From a figure back to the rows that it counts, each said in one line, with no more of a person than is needed."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from consult.kpi.definitions import Countable, Definition
from consult.models import Activity, Consultation, Opening
from programme.models import District
from programme.wording import say_day
from support_requests.models import Group, Session, SupportRequest
from supporters.models import Assignment, AssignmentMove, Registration


@dataclass(frozen=True, slots=True)
class Line:
    """One counted row. ``day`` is None for a group, which is counted once however often it was served.

    ``kind`` with ``row`` leads to the record's own page; "" for those that have none.
    """

    row: str
    day: dt.date | None
    text: str
    amount: int
    kind: str = ""


def lines(definition: Definition, rows: Sequence[tuple[str, int]]) -> list[Line]:
    """A line for each (id, amount), in one query. A row that is there no more says so."""
    query, say = _WAYS[definition.model]
    found = {str(row.pk).replace("-", ""): say(row) for row in query([row for row, _amount in rows])}
    gone = None, _("(記録はもうありません)")
    kind = next((kind for kind, model in RECORDS.items() if model is definition.model), "")
    return [Line(row, *found.get(row, gone), amount, kind if row in found else "") for row, amount in rows]


def text_of(record: Any) -> str:
    """A record in one line, as below a figure that counts it."""
    query, say = _WAYS[type(record)]
    (row,) = query([record.pk])
    return say(row)[1]


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


def _request(row: SupportRequest) -> tuple[dt.date, str]:
    return timezone.localdate(row.received_at), f"{row} ({row.get_status_display()})"


def _opening(row: Opening) -> tuple[dt.date, str]:
    return row.date, str(row.desk)


def _duty(row: Assignment) -> tuple[dt.date, str]:
    return row.shift.local_date, f"{row.supporter} {row.shift.title}"


def _answer(row: AssignmentMove) -> tuple[dt.date, str]:
    answer = Assignment.Status(row.to_status).label
    return timezone.localdate(row.at), f"{row.subject.supporter} {row.subject.shift} ({answer})"


def _district(row: District) -> tuple[None, str]:
    return None, str(row)


# The records that have a page of their own: what it is called in the address.
RECORDS: dict[str, Countable] = {
    "registration": Registration,
    "session": Session,
    "case": Consultation,
    "request": SupportRequest,
    "opening": Opening,
    "duty": Assignment,
    "activity": Activity,
}

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
    SupportRequest: (lambda ids: SupportRequest.objects.filter(pk__in=ids).select_related("group"), _request),
    Opening: (lambda ids: Opening.objects.filter(pk__in=ids).select_related("desk"), _opening),
    Assignment: (lambda ids: Assignment.objects.filter(pk__in=ids).select_related("supporter", "shift"), _duty),
    AssignmentMove: (
        lambda ids: AssignmentMove.objects.filter(pk__in=ids).select_related("subject__supporter", "subject__shift"),
        _answer,
    ),
    District: (lambda ids: District.objects.filter(pk__in=ids), _district),
    Activity: (lambda ids: Activity.objects.filter(pk__in=ids).select_related("district"), _activity),
}

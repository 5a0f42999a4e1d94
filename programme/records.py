"""Reading the record: what was changed of something, in the words of its page. See docs/adr/0030."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditlog.registry import auditlog
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from programme.lifecycle import Stateful
from programme.models.records import Entry, acting, entries_of
from programme.models.users import User
from programme.wording import say_day, say_list, say_moment, say_time

LINES_AT_MOST = 100
NOTHING = "―"
Names = Mapping[tuple[type[models.Model], str], str]


def who_acts(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: what a page changes is noted as its reader's doing."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with acting(lambda: request.user):
            return get_response(request)

    return middleware


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody changed in one go."""

    at: dt.datetime
    who: User | None
    by_page: bool
    """on a page, though nobody was signed in: by a private link"""
    what: str
    changes: list[Change]
    reason: str = ""


def record_of(*rows: models.Model | None, called: Mapping[models.Model, str] | None = None) -> list[Line]:
    """Of ``rows``, which a page shows together: the newest changes first, with the moves of those that have a state.

    ``called``: by row, what the page calls it where its kind does not say enough. In a number of queries that
    depends on how many kinds there are, not rows.
    """
    there = [row for row in rows if row is not None]
    if not there:
        return []
    names = {(type(row), str(row.pk)): name for row, name in (called or {}).items()}
    lines = [_line(entry, names) for entry in entries_of(there)[:LINES_AT_MOST]]
    stateful: dict[type[Stateful], list[Stateful]] = defaultdict(list)
    for row in there:
        if isinstance(row, Stateful):
            stateful[type(row)].append(row)
    for model, some in stateful.items():
        lines += _moves(model, some, names)
    return sorted(lines, key=lambda line: line.at, reverse=True)[:LINES_AT_MOST]


def _moves(model: type[Stateful], rows: list[Stateful], names: Names) -> Iterator[Line]:
    status: Any = model._meta.get_field("status")  # type: ignore[misc]  # of each subclass, as "moves"
    labels = dict(status.flatchoices)
    kind: Any = model._meta.get_field("moves").related_model  # type: ignore[misc]
    found = kind.objects.filter(subject__in=rows).select_related("by").order_by("-at", "-pk")
    for move in found[:LINES_AT_MOST]:
        states = (str(labels[move.from_status]), str(labels[move.to_status]))
        changes = [Change(_("状態"), *states)] if states[0] != states[1] else []
        yield Line(
            move.at,
            move.by,
            by_page=True,
            what=_what(model, move.subject_id, names),
            changes=changes,
            reason=move.reason,
        )


def _what(model: type[models.Model], key: object, names: Names) -> str:
    return names.get((model, str(key))) or str(model._meta.verbose_name)


def _line(entry: Entry, names: Names) -> Line:
    model = entry.content_type.model_class()
    what = _what(model, entry.object_pk, names)
    match entry.action:
        case Entry.Action.CREATE:
            what = _("%(what)sを加えました") % {"what": what}
        case Entry.Action.DELETE:
            what = _("%(what)sを消しました") % {"what": what}
        case Entry.Action.UPDATE if entry.changes is None:
            what = _("%(what)sを直しました(内容は、消した時に記録からも消えました)") % {"what": what}
    return Line(entry.timestamp, entry.actor, entry.by_page, what, changes_of(entry))


def changes_of(entry: Entry) -> list[Change]:
    """What the entry notes, by the fields' names in words; nothing where it was erased."""
    model = entry.content_type.model_class()
    changes = [_change(model, name, values) for name, values in (entry.changes or {}).items()]
    return sorted(changes, key=lambda one: one.label)


def _change(model: type[models.Model], name: str, values: Any) -> Change:
    names = auditlog.get_model_fields(model)["mapping_fields"]
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        field = None
    label = str(names.get(name) or getattr(field, "verbose_name", name))
    if isinstance(values, dict):  # things taken in, or out, of a list
        things = say_list(values["objects"])
        return Change(label, NOTHING, things) if values["operation"] == "add" else Change(label, things, NOTHING)
    before, after = (_say(field, value) for value in values)
    return Change(label, before, after)


def _say(field: Any, value: Any) -> str:
    if value in (None, "", [], "None"):
        return NOTHING
    if isinstance(value, bool):
        return _("はい") if value else _("いいえ")
    if isinstance(value, list):
        return say_list(value)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    match field:
        case models.DateTimeField():
            moment = dt.datetime.fromisoformat(value)  # the library writes UTC without saying so
            return say_moment(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
        case models.DateField():
            return say_day(dt.date.fromisoformat(value))
        case models.TimeField():
            return say_time(dt.time.fromisoformat(value))
    return str(value)

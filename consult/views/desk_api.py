"""What a device takes along so that it can log without a connection: one answer, in all three languages."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.middleware.csrf import get_token
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from rest_framework.request import Request
from rest_framework.response import Response

from consult.authentication import desks_of, loggable_by, tablet_of
from consult.codes import common_topics
from consult.forms.log import COMMON_AT_MOST, NOTE_LENGTH
from consult.models import Opening
from consult.models.log import MINUTES_AT_MOST
from consult.views.api import ROWS_AT_MOST, DeskView, opening_asked
from programme.models import AgeBand, Device, Outcome, Topic, Visit
from programme.models.codes import CodeEntry
from supporters.models import Assignment

DAYS_BACK, DAYS_AHEAD = 1, 7
OPENINGS_AT_MOST = 200

# What holds at every desk, whatever the topic.
RULES = (
    _("暗証番号・パスワードは、聞きません。代わりに入力もしません。"),
    _("お金の支払い・契約・カードの番号は、代わりに行いません。"),
    _("マイナンバーは、書き写しません。"),
    _("だまされたかもしれないときは、警察相談 #9110、消費者ホットライン 188 を案内します。"),
)

Labels = dict[str, str]


class DeskFacts(DeskView):
    """GET: desks, openings of yesterday to a week ahead with today's team, code lists, rules, the server's time.

    ``?opening=`` asks for that opening alone: an account on whatever day, a tablet on one of these. A tablet reads team
    and count of today's alone. As many queries for one as for all.
    """

    def get(self, request: Request) -> Response:
        get_token(request._request)  # a device that comes back after a year finds the CSRF cookie again
        today = timezone.localdate()
        tablet = tablet_of(request)
        openings = loggable_by(request).select_related("desk__venue__district", "shift").with_cases()
        if "opening" in request.query_params:
            openings = openings.filter(pk=opening_asked(request))
        if tablet or "opening" not in request.query_params:
            days = (today - dt.timedelta(days=DAYS_BACK), today + dt.timedelta(days=DAYS_AHEAD))
            openings = openings.filter(date__range=days)
        found = list(openings.order_by("date", "shift__starts_at", "pk")[:OPENINGS_AT_MOST])
        told = [opening for opening in found if opening.date == today or (opening.date < today and not tablet)]
        people = _people(told)
        desks = desks_of(request).filter(active=True).select_related("venue")[:OPENINGS_AT_MOST]
        return Response(
            {
                "server_time": timezone.now().isoformat(timespec="milliseconds"),
                "device": {"id": tablet.pk, "name": tablet.name, "desk": tablet.desk_id} if tablet else None,
                "desks": [{"id": desk.pk, "name": _titles(desk), "venue": str(desk.venue)} for desk in desks],
                "openings": [
                    _opening(opening, people.get(opening.shift_id, []), is_told=opening in told) for opening in found
                ],
                "topics": [_code(row) | _advice(row) for row in Topic.objects.all()],
                "outcomes": _codes(Outcome.objects.all()),
                "devices": _codes(Device.objects.all()),
                "age_bands": _codes(AgeBand.objects.all()),
                "visits": _codes(Visit.objects.all()),
                "common_topics": common_topics(COMMON_AT_MOST),
                "rules": _rules(),
                "limits": {"minutes": MINUTES_AT_MOST, "note": NOTE_LENGTH, "rows": ROWS_AT_MOST},
            }
        )


def _opening(opening: Any, people: list[dict[str, Any]], *, is_told: bool) -> dict[str, Any]:
    return {
        "id": opening.pk,
        "desk": opening.desk_id,
        "name": _titles(opening.desk),
        "day": opening.date,
        "starts_at": timezone.localtime(opening.shift.starts_at).isoformat(),
        "ends_at": timezone.localtime(opening.shift.ends_at).isoformat(),
        "venue": str(opening.desk.venue),
        "cancelled": opening.is_cancelled,
        "count": opening.cases if is_told else None,
        "people": people,
    }


def _people(openings: Iterable[Opening]) -> dict[int, list[dict[str, Any]]]:
    """Who is on duty, by shift: the family name, and the whole name where two have the same."""
    shifts = [opening.shift_id for opening in openings]
    held = Assignment.objects.held().filter(shift__in=shifts).order_by("shift", "seat", "pk")
    rows = list(held.values_list("shift", "pk", "supporter__name"))
    same = Counter((shift, _family(name)) for shift, _pk, name in rows)
    people: dict[int, list[dict[str, Any]]] = {}
    for shift, pk, name in rows:
        shown = _family(name) if same[shift, _family(name)] == 1 else name
        people.setdefault(shift, []).append({"id": pk, "name": shown})
    return people


def _family(name: str) -> str:
    return (name.split() or [name])[0]


def _code(row: CodeEntry) -> dict[str, Any]:
    labels = {"ja": row.name, "ja-easy": row.name_easy, "en": row.name_en}
    return {"code": row.pk, "name": labels, "active": row.active}


def _codes(rows: Iterable[CodeEntry]) -> list[dict[str, Any]]:
    return [_code(row) for row in rows]


def _advice(row: Topic) -> dict[str, Any]:
    advice = {"ja": row.hint, "ja-easy": row.hint_easy, "en": row.hint_en} if row.hint else None
    return {"in_scope": row.in_scope, "advice": advice}


def _titles(desk: Any) -> Labels:
    return _in_each_language(lambda: str(desk.title))


def _rules() -> list[Labels]:
    return [_in_each_language(lambda rule=rule: gettext(rule)) for rule in RULES]


def _in_each_language(say: Any) -> Labels:
    labels = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            labels[language] = say()
    return labels

"""Days on which halls are closed: what stands on them already, and calling it off with its messages."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from consult.models import Opening
from programme.fiscal import start_of
from programme.models import Closure, Venue
from support_requests.models import Session
from supporters.models import Shift

T = TypeVar("T", Opening, Session)


@dataclass(frozen=True, slots=True)
class Touched:
    """What is to take place on days of a closure, the soonest first."""

    openings: list[Opening]
    sessions: list[Session]

    def __bool__(self) -> bool:
        return bool(self.openings or self.sessions)


def touched_by(closure: Closure) -> Touched:
    """Openings and sessions to come on the days of ``closure``, saved or not. Two queries."""
    openings = Opening.objects.filter(shift__in=_coming(closure)).select_related("desk__venue", "shift")
    sessions = Session.objects.filter(shift__in=_coming(closure)).select_related("request__group", "shift__venue")
    return Touched(
        _on_its_days(closure, openings.order_by("shift__starts_at", "pk")),
        _on_its_days(closure, sessions.order_by("shift__starts_at", "pk")),
    )


def shifts_on(closure: Closure) -> QuerySet[Shift]:
    """The shifts that ``touched_by`` tells of, the soonest first, for showing some of very many."""
    coming = _coming(closure)
    last = coming.aggregate(last=Max("starts_at"))["last"]
    days = closure.days(timezone.localdate(), timezone.localdate(last)) if last else []
    return coming.filter(starts_at__date__in=days).order_by("starts_at", "pk")


def touched_among(shifts: Iterable[Shift]) -> Touched:
    """What takes place on ``shifts``. Two queries."""
    keys = [shift.pk for shift in shifts]
    openings = Opening.objects.filter(shift__in=keys).select_related("desk__venue", "shift")
    sessions = Session.objects.filter(shift__in=keys).select_related("request__group", "shift__venue")
    order = ("shift__starts_at", "pk")
    return Touched(list(openings.order_by(*order)), list(sessions.order_by(*order)))


def _coming(closure: Closure) -> QuerySet[Shift]:
    venues = Venue.objects.filter(closures=closure.calendar_id)
    if closure.venue_id:
        venues = venues.filter(pk=closure.venue_id)
    shifts = Shift.objects.standing().filter(starts_at__gt=timezone.now(), venue__in=venues)
    if closure.first:
        shifts = shifts.filter(starts_at__gte=start_of(closure.first))
    if closure.last:
        shifts = shifts.filter(starts_at__lt=start_of(closure.last + dt.timedelta(days=1)))
    return shifts


def _on_its_days(closure: Closure, rows: Iterable[T]) -> list[T]:
    found = list(rows)
    if not found:
        return []
    days = set(closure.days(found[0].shift.local_date, found[-1].shift.local_date))
    return [row for row in found if row.shift.local_date in days]


@transaction.atomic
def shut(closure: Closure, *, call_off: Collection[int], by: Any) -> int:
    """Enter ``closure``, and call off those of the openings that it touches whose numbers are in ``call_off``.

    Their people, and who has reserved, are told with the closure's reason; the others stay open. Returns how many were
    called off. Raises OpeningOver.
    """
    closure.save()
    chosen = [opening for opening in touched_by(closure).openings if opening.pk in call_off]
    for opening in chosen:
        opening.call_off(by=by, reason=closure.reason)
    return len(chosen)

"""Asking people for a duty: until when they may answer, and how often they are asked."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from programme.fiscal import Month, start_of
from programme.models import Limits
from supporters.errors import AskedOften, NoSeatFree, ShiftCancelled, ShiftStarted
from supporters.models import Assignment, Shift, Supporter
from supporters.rules import check

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
TIME_FOR_OTHERS = 4 * HOUR
"""what a deadline put off to the morning leaves at least, so that somebody else can still be asked"""


def answer_by(now: dt.datetime, starts_at: dt.datetime, limits: Limits) -> dt.datetime:
    """Until when an offer may be answered: for ``offer_hours``, but so that time is left to ask another.

    At the latest a day before the start; when the start is less than two days away, after half of the time
    that is left. Nobody has to answer in the quiet hours: what is asked then counts from the morning on, and an end
    within them is put off to an hour after them, or, where that is too late to ask another, brought forward to
    their beginning, or, where that is too soon to answer, put off to half of the morning. Always between ``now`` and
    ``starts_at``.
    """
    night = _quiet(now, limits)
    begins = night[1] if night and night[1] < starts_at else now
    left = starts_at - begins
    latest = starts_at - DAY if left > 2 * DAY else begins + left / 2
    end = min(begins + dt.timedelta(hours=limits.offer_hours), latest)
    quiet = _quiet(end, limits)
    if quiet and starts_at - (quiet[1] + HOUR) >= TIME_FOR_OTHERS:
        return quiet[1] + HOUR
    if quiet and quiet[0] - begins >= HOUR:
        return quiet[0]
    if quiet and quiet[1] < starts_at:
        return quiet[1] + min(HOUR, (starts_at - quiet[1]) / 2)
    return end


def _quiet(moment: dt.datetime, limits: Limits) -> tuple[dt.datetime, dt.datetime] | None:
    """The quiet hours in which ``moment`` lies; None by day."""
    first, end = (dt.timedelta(minutes=minutes) for minutes in (limits.quiet_from, limits.quiet_until))
    night = end if end >= first else end + DAY
    for day in (timezone.localdate(moment) - DAY, timezone.localdate(moment)):
        midnight = start_of(day)
        if midnight + first <= moment < midnight + night:
            return midnight + first, midnight + night
    return None


def asked_often(now: dt.datetime, limits: Limits, people: Collection[int] | None = None) -> set[int]:
    """Keys of those, of ``people`` if given, who were asked as often this month as anybody may be, whatever came."""
    month = start_of(Month.of(timezone.localdate(now)).first)
    rows = Assignment.objects.filter(offered_at__gte=month).order_by().values("supporter_id")
    if people is not None:
        rows = rows.filter(supporter__in=people)
    return set(
        rows.annotate(asks=Count("pk")).filter(asks__gte=limits.asks_a_month).values_list("supporter_id", flat=True)
    )


def check_asks(supporter: Supporter, now: dt.datetime, limits: Limits) -> None:
    """Raise AskedOften for whoever is among ``asked_often``."""
    if asked_often(now, limits, [supporter.pk]):
        raise AskedOften(limit=limits.asks_a_month)


def last_asked() -> dict[int, dt.datetime]:
    """By supporter: when the person was asked for the last time. Who never was is not in it."""
    rows = Assignment.objects.exclude(offered_at=None).order_by().values_list("supporter_id")
    return dict(rows.annotate(last=Max("offered_at")))


@transaction.atomic
def ask(shift: Shift, supporter: Supporter, *, by: Any) -> Assignment:
    """Send somebody an offer for the shift. Asking who is asked already, or has the place, changes nothing.

    Raises ShiftCancelled, ShiftStarted, NoSeatFree, AskedOften, or what ``supporters.rules.check`` raises.
    """
    try:
        shift = Shift.objects.select_for_update(no_key=True).get(pk=shift.pk)
    except Shift.DoesNotExist as error:  # its date was taken back in this very moment
        raise ShiftCancelled from error
    supporter = Supporter.objects.select_for_update(no_key=True).get(pk=supporter.pk)
    row = shift.assignments.filter(supporter=supporter, status__in=Assignment.LIVE).first()
    if row and row.status != Assignment.Status.PROPOSED:
        return row
    if shift.cancelled_at:
        raise ShiftCancelled
    now = timezone.now()
    if shift.starts_at <= now:
        raise ShiftStarted
    if shift.is_full():
        raise NoSeatFree
    limits = Limits.current()
    check(supporter, shift)
    check_asks(supporter, now, limits)
    row = row or Assignment.objects.create(shift=shift, supporter=supporter)
    row.offer(by=by, answer_by=answer_by(now, shift.starts_at, limits))
    return row

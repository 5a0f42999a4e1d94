"""Registrations: who is a supporter, came, left, and was active."""

import datetime as dt
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import DateField, Exists, F, OuterRef, Q, Value
from django.utils import timezone

from consult.kpi.rows.base import Rows, Selection, dated
from programme.fiscal import span
from supporters.models import Assignment, Registration


def _registrations() -> Rows:
    """A registration that ended on the day on which it began holds at no day's end: it counts nowhere."""
    return Registration.objects.filter(Q(ended_on=None) | Q(ended_on__gt=F("started_on")))


def _others() -> Rows:
    """The same person's other registrations. Usually they lie apart; imported ones may overlap."""
    return _registrations().filter(supporter=OuterRef("supporter")).exclude(pk=OuterRef("pk"))


def _holding_on(rows: Rows, day: Any) -> Rows:
    return rows.filter(Q(ended_on=None) | Q(ended_on__gt=day), started_on__lte=day)


def _registered(first: dt.date, last: dt.date) -> Rows:
    """One row for each person registered at the end of ``last``. ``first`` plays no part.

    ``was_active``: the person kept a duty in the twelve months that end with ``last``.
    """
    twin = _holding_on(_others(), last).filter(pk__lt=OuterRef("pk"))
    starts, ends = span(last + dt.timedelta(days=1) - relativedelta(years=1), last)
    duties = Assignment.objects.served(timezone.now()).filter(
        supporter=OuterRef("supporter"),
        shift__cancelled_at=None,
        shift__starts_at__gte=starts,
        shift__starts_at__lt=ends,
    )
    rows = _holding_on(_registrations(), last).exclude(Exists(twin))
    return dated(rows, Value(last, output_field=DateField()), was_active=Exists(duties.order_by()))


registered = Selection(_registered)
active = Selection(_registered, only=Q(was_active=True))


def _newly_registered(first: dt.date, last: dt.date) -> Rows:
    """People whose first registration starts in the period."""
    earlier = _others().filter(
        Q(started_on__lt=OuterRef("started_on")) | Q(started_on=OuterRef("started_on"), pk__lt=OuterRef("pk"))
    )
    rows = _registrations().filter(started_on__range=(first, last)).exclude(Exists(earlier))
    return dated(rows, F("started_on"))


def _returned(first: dt.date, last: dt.date) -> Rows:
    """Registrations that start in the period, of people who were registered before but not on the eve."""
    earlier = _others().filter(started_on__lt=OuterRef("started_on"))
    on_the_eve = earlier.filter(Q(ended_on=None) | Q(ended_on__gte=OuterRef("started_on")))
    twin = _others().filter(started_on=OuterRef("started_on"), pk__lt=OuterRef("pk"))
    starting = _registrations().filter(started_on__range=(first, last))
    rows = starting.filter(Exists(earlier)).exclude(Exists(on_the_eve)).exclude(Exists(twin))
    return dated(rows, F("started_on"))


def _withdrawn(first: dt.date, last: dt.date) -> Rows:
    """Registrations that end in the period and after which the person is registered no more."""
    going_on = _holding_on(_others(), OuterRef("ended_on"))
    twin = _others().filter(ended_on=OuterRef("ended_on"), pk__lt=OuterRef("pk"))
    ending = _registrations().filter(ended_on__range=(first, last))
    rows = ending.exclude(Exists(going_on)).exclude(Exists(twin))
    return dated(rows, F("ended_on"))


newly_registered = Selection(_newly_registered)
returned = Selection(_returned)
withdrawn = Selection(_withdrawn)

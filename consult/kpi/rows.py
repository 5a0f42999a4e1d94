"""The rows that the figures count, as querysets of one form.

Each function takes the first and the last day of a period (both included, Tokyo's days) and annotates

- ``row``: the id of the counted row, as text
- ``day``: the day by which it is counted
- ``amount``: by how much it raises the figure (1, or the people of one session)

so that any of them can be joined into one query, whatever table they come from (consult/kpi/counting.py).
"""

import datetime as dt
from typing import Any

from django.db.models import CharField, DateField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.functions import Cast, TruncDate

from consult.models import Activity, Consultation
from programme.fiscal import span
from support_requests.models import Session
from supporters.models import Registration

Rows = QuerySet[Any]

ONE = Value(1, output_field=IntegerField())


def _rows(
    rows: Rows, *, row: str = "pk", day: BaseExpression | Combinable, amount: BaseExpression | Combinable
) -> Rows:
    annotated: Rows = rows.order_by().annotate(row=Cast(row, CharField()), day=day, amount=amount)
    return annotated


# --- Supporters --------------------------------------------------------------------------------------
def _registrations() -> Rows:
    """A registration that ended on the day on which it began holds at no day's end: it counts nowhere."""
    return Registration.objects.filter(Q(ended_on=None) | Q(ended_on__gt=F("started_on")))


def _others() -> Rows:
    """The same person's other registrations. Usually they lie apart; imported ones may overlap."""
    return _registrations().filter(supporter=OuterRef("supporter")).exclude(pk=OuterRef("pk"))


def _holding_on(rows: Rows, day: Any) -> Rows:
    return rows.filter(Q(ended_on=None) | Q(ended_on__gt=day), started_on__lte=day)


def registered(first: dt.date, last: dt.date) -> Rows:
    """One row for each person registered at the end of ``last``. ``first`` plays no part."""
    twin = _holding_on(_others(), last).filter(pk__lt=OuterRef("pk"))
    rows = _holding_on(_registrations(), last).exclude(Exists(twin))
    return _rows(rows, day=Value(last, output_field=DateField()), amount=ONE)


def newly_registered(first: dt.date, last: dt.date) -> Rows:
    """People whose first registration starts in the period."""
    earlier = _others().filter(
        Q(started_on__lt=OuterRef("started_on")) | Q(started_on=OuterRef("started_on"), pk__lt=OuterRef("pk"))
    )
    rows = _registrations().filter(started_on__range=(first, last)).exclude(Exists(earlier))
    return _rows(rows, day=F("started_on"), amount=ONE)


def returned(first: dt.date, last: dt.date) -> Rows:
    """Registrations that start in the period, of people who were registered before but not on the eve."""
    earlier = _others().filter(started_on__lt=OuterRef("started_on"))
    on_the_eve = earlier.filter(Q(ended_on=None) | Q(ended_on__gte=OuterRef("started_on")))
    twin = _others().filter(started_on=OuterRef("started_on"), pk__lt=OuterRef("pk"))
    starting = _registrations().filter(started_on__range=(first, last))
    rows = starting.filter(Exists(earlier)).exclude(Exists(on_the_eve)).exclude(Exists(twin))
    return _rows(rows, day=F("started_on"), amount=ONE)


def withdrawn(first: dt.date, last: dt.date) -> Rows:
    """Registrations that end in the period and after which the person is registered no more."""
    going_on = _holding_on(_others(), OuterRef("ended_on"))
    twin = _others().filter(ended_on=OuterRef("ended_on"), pk__lt=OuterRef("pk"))
    ending = _registrations().filter(ended_on__range=(first, last))
    return _rows(ending.exclude(Exists(going_on)).exclude(Exists(twin)), day=F("ended_on"), amount=ONE)


# --- Sessions ----------------------------------------------------------------------------------------
def _sessions(first: dt.date, last: dt.date) -> Rows:
    starts, ends = span(first, last)
    return Session.objects.held().filter(
        shift__cancelled_at=None, shift__starts_at__gte=starts, shift__starts_at__lt=ends
    )


_SESSION_DAY = TruncDate("shift__starts_at")


def sessions(first: dt.date, last: dt.date) -> Rows:
    return _rows(_sessions(first, last), day=_SESSION_DAY, amount=ONE)


def participants(first: dt.date, last: dt.date) -> Rows:
    return _rows(_sessions(first, last), day=_SESSION_DAY, amount=F("report__attendees"))


def groups_served(first: dt.date, last: dt.date) -> Rows:
    """The group of each session: a group with two sessions comes twice and must be counted as one row."""
    return _rows(_sessions(first, last), row="request__group_id", day=_SESSION_DAY, amount=ONE)


# --- The log -----------------------------------------------------------------------------------------
def consultations(first: dt.date, last: dt.date) -> Rows:
    rows = Consultation.objects.counted().filter(date__range=(first, last))
    return _rows(rows, day=F("date"), amount=ONE)


def _activities(kind: Activity.Kind, first: dt.date, last: dt.date) -> Rows:
    return Activity.objects.filter(kind=kind, date__range=(first, last))


def association_tablet(first: dt.date, last: dt.date) -> Rows:
    rows = _activities(Activity.Kind.ASSOCIATION_TABLET, first, last)
    return _rows(rows, day=F("date"), amount=ONE)


def hall_courses(first: dt.date, last: dt.date) -> Rows:
    return _rows(_activities(Activity.Kind.HALL_COURSE, first, last), day=F("date"), amount=ONE)


def prevention_course_participants(first: dt.date, last: dt.date) -> Rows:
    rows = _activities(Activity.Kind.PREVENTION_COURSE, first, last)
    return _rows(rows, day=F("date"), amount=F("attendees"))

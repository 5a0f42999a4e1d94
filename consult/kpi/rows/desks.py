"""The desks: openings, cases, and the other activities that are logged."""

import datetime as dt

from django.db.models import F, IntegerField, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, ExtractHour, ExtractIsoWeekDay
from django.utils import timezone

from consult.kpi.rows.base import Key, Minutes, Rows, Selection, dated
from consult.models import Activity, Consultation, Opening


def _openings(first: dt.date, last: dt.date) -> Rows:
    """Those that were not called off and are over."""
    rows = Opening.objects.standing().filter(date__range=(first, last), shift__ends_at__lte=timezone.now())
    return dated(rows, F("date"))


openings = Selection(_openings)
opening_minutes = Selection(_openings, amount=Minutes(F("shift__ends_at"), F("shift__starts_at")))


def _whole(number: Combinable) -> Cast:
    """PostgreSQL takes a date apart into numerics, which are slow to group."""
    return Cast(number, IntegerField())


# Of a case: "3-0-10" is the desk of key 3, Monday, from 10:00 to 10:59 in Tokyo.
DESK_HOUR_KEY = Key(("desk_id", _whole(ExtractIsoWeekDay("date") - 1), _whole(ExtractHour("happened_at"))))


def _consultations(first: dt.date, last: dt.date) -> Rows:
    rows = Consultation.objects.counted().filter(date__range=(first, last))
    return dated(rows, F("date"))


consultations = Selection(_consultations)
follow_ups = Selection(_consultations, only=Q(follow_up=True))


def activities(first: dt.date, last: dt.date) -> Rows:
    return dated(Activity.objects.filter(date__range=(first, last)), F("date"))


_HALL_COURSE = Q(kind=Activity.Kind.HALL_COURSE)
_PREVENTION_COURSE = Q(kind=Activity.Kind.PREVENTION_COURSE)

association_tablet = Selection(activities, only=Q(kind=Activity.Kind.ASSOCIATION_TABLET))
hall_courses = Selection(activities, only=_HALL_COURSE)
hall_course_participants = Selection(activities, only=_HALL_COURSE, amount=F("attendees"))
prevention_courses = Selection(activities, only=_PREVENTION_COURSE)
prevention_course_participants = Selection(activities, only=_PREVENTION_COURSE, amount=F("attendees"))

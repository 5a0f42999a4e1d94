"""What waits in the office: the rows of each kind of work, looked for by one statement that is made once a process.

Twenty questions, each of which Django would put into words anew for every look at the inbox: that takes it several
times as long as the database needs for the answers. What is known only when they are asked is ``Given``.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.models import (
    Count,
    DateField,
    DateTimeField,
    Exists,
    Expression,
    F,
    Field,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    Window,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from consult.models import Opening, ProposedCorrection
from consult.staffing import URGENT
from mdeji.models import Snooze
from notifications.models import Channel, Message
from programme.models import Limits
from support_requests.models import Inquiry, Plan, PlannedTask, PreferredTime, Session, SupportRequest
from support_requests.planning.mending import given_up
from support_requests.planning.staffing import short_of_people
from support_requests.rescheduling import MOVABLE
from supporters.merging import known_already
from supporters.models import Assignment, Consent, Supporter
from supporters.models.people import SupporterQuerySet

ROWS_OF_A_KIND = 20
LAST_CALL = dt.timedelta(hours=48)
"""a session this near has its team, or somebody decides"""
PATIENCE = dt.timedelta(days=2)
"""a group that was sent a link is rung when it has not opened it by then"""
LAPSING = dt.timedelta(hours=12)
"""an offer whose answer is due this soon is looked at, so that nobody is surprised"""


@dataclass(frozen=True, slots=True)
class Clock:
    """As of when is asked, and by which limits."""

    now: dt.datetime
    limits: Limits

    @property
    def today(self) -> dt.date:
        return timezone.localdate(self.now)

    def born(self, days: int = 0) -> dt.date:
        """The latest birth date of those who are of age in so many days."""
        return self.today + dt.timedelta(days=days) - relativedelta(years=self.limits.adult_age)


class Given(Expression):
    """A value that the statement is given when it is asked."""

    def __init__(self, value: Callable[[Clock], Any], output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.value = value

    def __add__(self, other: dt.timedelta) -> "Given":  # type: ignore[override]  # without a look at the database
        return Given(lambda clock: self.value(clock) + other, self.output_field)

    def __sub__(self, other: dt.timedelta) -> "Given":  # type: ignore[override]
        return self + -other

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "%s", [self]

    def as_of(self, clock: Clock) -> Any:
        return self.output_field.get_db_prep_value(self.value(clock), connection)


# For querysets that take a moment.
NOW: Any = Given(lambda clock: clock.now, DateTimeField())
TODAY: Any = Given(lambda clock: clock.today, DateField())
ADULT: Any = Given(lambda clock: clock.born(), DateField())
SOON_ADULT: Any = Given(lambda clock: clock.born(clock.limits.consent_notice_days), DateField())
LONG_AGO: Any = Given(lambda clock: clock.now - dt.timedelta(days=clock.limits.silent_days or 36500), DateTimeField())


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that waits: its key, since when, and how many of its kind there are."""

    pk: int
    moment: dt.datetime
    of_all: int


@dataclass(frozen=True, slots=True)
class Look:
    """The rows of a kind; ``moment`` is the field by which they wait, ``key`` that by which one is put off."""

    rows: "Callable[[], QuerySet[Any]]"
    moment: str
    key: str = "pk"


# --- Requests and shifts ---------------------------------------------------------------------------------
def missing_people() -> "QuerySet[Any]":
    # An opening for which nobody is asked has not enough people who will come: it is told of there.
    near = short_of_people(NOW).filter(starts_at__lt=NOW + URGENT, opening=None)
    return near.exclude(pk__in=given_up(NOW).values("shift"))


def not_booked() -> "QuerySet[Any]":
    return Session.objects.filter(
        request__status=SupportRequest.Status.PLANNED,
        shift__cancelled_at=None,
        shift__starts_at__range=(NOW, NOW + LAST_CALL),
    )


def to_confirm() -> "QuerySet[Any]":
    by_phone = Q(group__contact__email="") | Q(group__contact__preferred=Channel.PHONE)
    return SupportRequest.objects.filter(
        by_phone | Q(received_at__lt=NOW - PATIENCE), status=SupportRequest.Status.RECEIVED
    )


def ready_plans() -> "QuerySet[Any]":
    served = PlannedTask.objects.filter(plan=OuterRef("pk"), starts_at__isnull=False)
    return Plan.objects.filter(Exists(served), status=Plan.Status.READY)


def times_to_come() -> "QuerySet[PreferredTime]":
    return PreferredTime.objects.filter(request=OuterRef("pk"), starts_at__gt=NOW)


def open_requests() -> "QuerySet[Any]":
    in_plan = PlannedTask.objects.filter(
        request=OuterRef("pk"), plan__status=Plan.Status.READY, starts_at__isnull=False
    )
    return SupportRequest.objects.open().filter(Exists(times_to_come())).exclude(Exists(in_plan))


def times_gone() -> "QuerySet[Any]":
    open_too_long = Q(status=SupportRequest.Status.CONFIRMED) & ~Q(Exists(times_to_come()))
    planned = Session.objects.filter(request__status=SupportRequest.Status.PLANNED, shift__starts_at__lte=NOW)
    waiting = SupportRequest.objects.filter(status__in=(SupportRequest.Status.CONFIRMED, SupportRequest.Status.PLANNED))
    return waiting.filter(open_too_long | Q(pk__in=planned.values("request")))


def shut_sessions() -> "QuerySet[Any]":
    """What is settled for a time at which its venue is not open by now."""
    coming = Session.objects.filter(request__status__in=MOVABLE, shift__cancelled_at=None, shift__starts_at__gt=NOW)
    early = Q(shift__starts_at__time__lt=F("shift__venue__opens"))
    return coming.filter(early | Q(shift__ends_at__time__gt=F("shift__venue__closes")))


def missing_reports() -> "QuerySet[Any]":
    return Session.objects.filter(
        shift__ends_at__lte=NOW,
        shift__cancelled_at=None,
        request__status=SupportRequest.Status.BOOKED,
        report=None,
    )


# --- People ----------------------------------------------------------------------------------------------
def without_consent() -> "QuerySet[Any]":
    valid = Consent.objects.filter(Consent.VALID, supporter=OuterRef("pk"))
    status = Supporter.Status
    minors = Supporter.objects.filter(status__in=(status.APPLIED, status.TRAINING, status.ACTIVE), birth_date__gt=ADULT)
    return minors.exclude(Exists(valid))


def coming_of_age() -> "QuerySet[Any]":
    here = Supporter.objects.filter(status__in=(Supporter.Status.ACTIVE, Supporter.Status.PAUSED))
    return here.filter(birth_date__gt=ADULT, birth_date__lte=SOON_ADULT)


def silent() -> "QuerySet[Any]":
    status = Assignment.Status
    answered = (*Assignment.HELD, status.APPLIED, status.DECLINED, status.RELEASED, status.NOT_CHOSEN)
    heard = Assignment.objects.filter(supporter=OuterRef("pk"), status__in=answered)
    last = heard.order_by("-shift__starts_at").values("shift__starts_at")[:1]
    # Most people are left out without a look at when it was.
    people = Supporter.objects.active().filter(applied_at__lt=LONG_AGO)
    people = people.exclude(Exists(heard.filter(shift__starts_at__gte=LONG_AGO)))
    return people.annotate(heard=Coalesce(Subquery(last), F("applied_at")))


def people(status: str) -> Callable[[], SupporterQuerySet]:
    return lambda: Supporter.objects.filter(status=status)


# By the name of the kind (mdeji/work.py).
LOOKS: Mapping[str, Look] = {
    "nobody": Look(lambda: given_up(NOW), "shift__starts_at", "shift_id"),
    "people": Look(missing_people, "starts_at"),
    "desk": Look(lambda: Opening.objects.short_of_people(NOW, NOW + URGENT), "shift__starts_at"),
    "team": Look(not_booked, "shift__starts_at"),
    "message": Look(lambda: Message.objects.needs_a_person(NOW), "created_at"),
    "confirm": Look(to_confirm, "received_at"),
    "inquiry": Look(Inquiry.objects.waiting, "asked_at"),
    "offer": Look(lambda: Assignment.objects.open(NOW).filter(answer_by__lte=NOW + LAPSING), "answer_by"),
    "plan": Look(ready_plans, "created_at"),
    "request": Look(open_requests, "received_at"),
    "gone": Look(times_gone, "received_at"),
    "shut": Look(shut_sessions, "shift__starts_at"),
    "report": Look(missing_reports, "shift__starts_at"),
    "known": Look(lambda: known_already(people(Supporter.Status.APPLIED)()), "applied_at"),
    "applied": Look(people(Supporter.Status.APPLIED), "applied_at"),
    "trained": Look(lambda: people(Supporter.Status.TRAINING)().trained(), "applied_at"),
    "consent": Look(without_consent, "applied_at"),
    "birthday": Look(coming_of_age, "applied_at"),
    "silent": Look(silent, "heard"),
    "correction": Look(ProposedCorrection.objects.waiting, "made_at"),
}


@cache
def _statement(_vendor: str) -> tuple[str, tuple[Any, ...]]:
    selects, values = [], []
    for slug, look in LOOKS.items():
        put_off = Snooze.objects.lasting(TODAY).filter(kind=slug, key=OuterRef(look.key))
        found = look.rows().filter(~Exists(put_off)).order_by(look.moment, "pk")
        found = found.annotate(waits_since=F(look.moment), of_all=Window(Count("*")))
        rows = found.values_list("pk", "waits_since", "of_all")[:ROWS_OF_A_KIND]
        sql, given = rows.query.sql_with_params()
        selects.append(f"SELECT '{slug}', found_{slug}.* FROM ({sql}) found_{slug}")  # noqa: S608  # our own names
        values += given
    return " UNION ALL ".join(selects), tuple(values)


def look(clock: Clock) -> dict[str, list[Waiting]]:
    """By kind the first rows that nobody has put off, in one query."""
    sql, values = _statement(connection.vendor)
    moment = Value(None, DateTimeField())
    reads = connection.ops.get_db_converters(moment)
    found: dict[str, list[Waiting]] = {slug: [] for slug in LOOKS}
    with connection.cursor() as cursor:
        cursor.execute(sql, [value.as_of(clock) if isinstance(value, Given) else value for value in values])
        for slug, pk, at, of_all in cursor.fetchall():
            at = reduce(lambda value, read: read(value, moment, connection), reads, at)
            found[slug].append(Waiting(pk, at, of_all))
    return found

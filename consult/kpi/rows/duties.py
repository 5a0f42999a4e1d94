"""Offers and duties: who said yes, who wanted a stand-in, hours and honoraria."""

import datetime as dt

from django.db.models import Case, Exists, ExpressionWrapper, F, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from consult.kpi.rows.base import Minutes, Rows, Selection, dated, limit
from programme.fiscal import span
from supporters.models import Assignment, AssignmentMove, Honorarium

_STATUS = Assignment.Status


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())


def _answers(first: dt.date, last: dt.date) -> Rows:
    """Offers that were answered or lapsed, by the day of it."""
    starts, ends = span(first, last)
    rows = AssignmentMove.objects.filter(
        from_status=_STATUS.OFFERED,
        to_status__in=[_STATUS.ACCEPTED, _STATUS.DECLINED, _STATUS.LAPSED],
        at__gte=starts,
        at__lt=ends,
    )
    return dated(rows, TruncDate("at"))


# 1 for a yes, 0 otherwise.
answers = Selection(_answers, amount=_flag(Q(to_status=_STATUS.ACCEPTED)))


def _promised(first: dt.date, last: dt.date) -> Rows:
    """Duties that somebody had promised, that are over and were not called off, by the day of their shift."""
    starts, ends = span(first, last)
    rows = Assignment.objects.filter(
        status__in=[*Assignment.HELD, _STATUS.RELEASED, _STATUS.ABSENT],
        shift__cancelled_at=None,
        shift__starts_at__gte=starts,
        shift__starts_at__lt=ends,
        shift__ends_at__lte=timezone.now(),
    )
    wanted = AssignmentMove.objects.filter(subject=OuterRef("pk"), to_status=_STATUS.STANDING_IN_WANTED).order_by()
    lines = Honorarium.objects.filter(assignment=OuterRef("pk")).order_by().values("assignment")
    lined = Subquery(lines.annotate(total=Sum("yen")).values("total"), output_field=IntegerField())
    return dated(rows, TruncDate("shift__starts_at"), stand_in_wanted=Exists(wanted), lined=lined)


_KEPT = Q(status__in=Assignment.HELD)
_MINUTES = Minutes(F("shift__ends_at"), F("shift__starts_at"))

# 1 when that person asked for a stand-in, found or not, 0 otherwise.
stand_ins = Selection(_promised, amount=_flag(Q(stand_in_wanted=True)))
# Duties that were kept, each by the length of its shift.
minutes = Selection(_promised, only=_KEPT, amount=_MINUTES)
# The honorarium of each duty of those who may be paid: what its lines say, from when they were drawn up; before, in
# proportion to its length, rounded down to a yen.
# Source: 1,000 yen for 2 hours (press, January 2025); both are limits of the programme.
yen = Selection(
    _promised,
    only=_KEPT & (Q(lined__gt=0) | Q(lined=None, supporter__may_be_paid=True)),
    amount=Coalesce(
        "lined",
        ExpressionWrapper(
            _MINUTES * limit("honorarium_yen") / limit("honorarium_minutes"), output_field=IntegerField()
        ),
    ),
)

"""身近な場所: in which districts help was offered."""

import datetime as dt

from django.db.models import Case, DateField, F, IntegerField, Q, Value, When

from consult.kpi.rows import desks, sessions
from consult.kpi.rows.base import Rows, Selection, dated
from programme.models import District


def _districts(first: dt.date, last: dt.date) -> Rows:
    """All districts, each with ``reached``: 1 when help was offered there in the period, 0 otherwise.

    Help is a session held, a desk that opened, or another activity. Lists of districts, each made once, rather than a
    look for each district.
    """
    offered = (
        Q(pk__in=desks.openings(first, last).values("desk__venue__district"))
        | Q(pk__in=sessions.held(first, last).values("shift__venue__district"))
        | Q(pk__in=desks.activities(first, last).values("district"))
    )
    return dated(
        District.objects.all(),
        Value(last, output_field=DateField()),
        reached=Case(When(offered, then=1), default=0, output_field=IntegerField()),
    )


_IN_USE = Q(active=True)

# The same with and without the districts that are in use no more.
districts_ever = Selection(_districts, amount=F("reached"))
districts = Selection(_districts, only=_IN_USE, amount=F("reached"))
reached_ever = Selection(_districts, only=Q(reached=1))
reached = Selection(_districts, only=_IN_USE & Q(reached=1))

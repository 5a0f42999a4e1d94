"""What became of a person's duties in the last year. For coordinators only: to ask how somebody is, not to blame."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q

from programme.models import Limits
from supporters.models import Assignment, AssignmentMove, Supporter

YEAR = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class History:
    """Counts of duties (回) in the year before now."""

    served: int
    late: int
    """for which the person said within ``late_hours`` before the start that they could not come, even if they came"""
    absent: int


def history(supporter: Supporter, now: dt.datetime, limits: Limits) -> History:
    """In one query."""
    this_year = Q(shift__starts_at__gt=now - YEAR, shift__starts_at__lte=now)
    late = AssignmentMove.objects.filter(
        subject=OuterRef("pk"),
        to_status=Assignment.Status.STANDING_IN_WANTED,
        at__gt=F("shift_start") - dt.timedelta(hours=limits.late_hours),
        shift_start__gt=now - YEAR,
    )
    counts = supporter.assignments.order_by().aggregate(
        served=Count("pk", filter=this_year & Q(status__in=Assignment.HELD, shift__ends_at__lte=now)),
        late=Count("pk", filter=Q(Exists(late))),
        absent=Count("pk", filter=this_year & Q(status=Assignment.Status.ABSENT)),
    )
    return History(**counts)

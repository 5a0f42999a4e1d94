"""After a no: a plan of the places that it has left open, and of nothing else.

Whoever has accepted or is being asked keeps that; what the coordinator approves concerns only the new people.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Max, Q

from programme.models import Limits
from support_requests.models import Plan
from support_requests.planning.staffing import short_of_people
from supporters.models import Assignment, Shift

NO = (Assignment.Status.DECLINED, Assignment.Status.LAPSED)


@transaction.atomic
def mend(now: dt.datetime) -> Plan | None:
    """The plan for all shifts that somebody declined, or let lapse, and that no plan has looked at since.

    None when there are none. Shifts are locked, so that two sweeps at once make one plan.
    """
    last_no = Max("assignments__moves__at", filter=Q(assignments__status__in=NO, assignments__moves__to_status__in=NO))
    furthest = now + dt.timedelta(days=Limits.current().days_ahead_furthest - 1)
    left = short_of_people(now).filter(starts_at__lt=furthest, assignments__status__in=NO).annotate(last_no=last_no)
    keys = list(left.values_list("pk", flat=True))
    list(Shift.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))
    looked_at = _looked_at(keys)
    shifts = [one for one in left.order_by("starts_at", "pk") if not _seen(one, looked_at)]
    if not shifts:
        return None
    plan = Plan.objects.create(first=shifts[0].local_date, last=shifts[-1].local_date)
    plan.mends.set(shifts)
    return plan


def _looked_at(keys: list[int]) -> dict[int, dt.datetime]:
    """By shift: when the newest plan that has it, or is to have it, was asked for."""
    found: dict[int, dt.datetime] = {}
    for path in ("mended_by", "planned__plan"):
        rows = Shift.objects.filter(pk__in=keys).annotate(seen=Max(f"{path}__created_at")).values_list("pk", "seen")
        for pk, seen in rows.exclude(seen=None):
            found[pk] = max(seen, found.get(pk, seen))
    return found


def _seen(shift: Shift, looked_at: dict[int, dt.datetime]) -> bool:
    # Mypy does not know annotations.
    return shift.pk in looked_at and looked_at[shift.pk] >= shift.last_no  # type: ignore[attr-defined]

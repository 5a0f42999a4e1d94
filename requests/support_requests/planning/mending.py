"""After a no: a plan of the places that it has left open, and of nothing else.

Whoever has accepted or is being asked keeps that. The new people are asked at once, without waiting for a coordinator
(docs/adr/0025): who looks at an inbox once a day would lose a day with each no.
"""

import datetime as dt

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from programme.models import Limits
from support_requests.models import Plan, PlannedTask
from support_requests.planning.staffing import short_of_people
from supporters.models import Assignment, Shift
from supporters.rules import is_without_adult

# What leaves a place open on a shift that stands: a no, no answer, a stand-in wanted, a new time that does not suit.
NO = (
    Assignment.Status.DECLINED,
    Assignment.Status.LAPSED,
    Assignment.Status.STANDING_IN_WANTED,
    Assignment.Status.CANCELLED,
)


@transaction.atomic
def mend(now: dt.datetime) -> Plan | None:
    """The plan for all shifts on which a place came free, and that no plan has looked at since.

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


def stand_minors_down(now: dt.datetime) -> list[Assignment]:
    """Free the minors beside whom no adult goes or is asked, once the re-plan has looked for one. Returns whom."""
    under_way = Plan.objects.filter(status__in=(Plan.Status.WAITING, Plan.Status.SOLVING))
    young = timezone.localdate(now) - relativedelta(years=Limits.current().adult_age)
    seated = (Assignment.Status.ACCEPTED, Assignment.Status.STANDING_IN_WANTED)
    rows = Assignment.objects.filter(status__in=seated, shift__starts_at__gt=now, supporter__birth_date__gt=young)
    rows = rows.exclude(shift__mended_by__in=under_way).select_related("shift", "supporter")
    return [row for row in rows.order_by("pk") if is_without_adult(row.supporter, row.shift) and row.stand_down()]


def given_up(now: dt.datetime) -> QuerySet[PlannedTask]:
    """What the newest plan says of each shift for which it found nobody to ask, the soonest shift first.

    The reasons are in ``explanation``, or, where the people found could not be asked after all, in ``outcome``.
    """
    newest = PlannedTask.objects.filter(shift=OuterRef("shift")).order_by("-plan__created_at", "-pk").values("pk")
    nobody = Q(starts_at=None) | ~Q(outcome="")
    # Few shifts have such a task: only their people are counted.
    short = short_of_people(now).filter(pk__in=PlannedTask.objects.filter(nobody).exclude(shift=None).values("shift"))
    of_short = PlannedTask.objects.filter(nobody, shift__in=short, pk=Subquery(newest[:1]))
    return of_short.order_by("shift__starts_at", "pk")

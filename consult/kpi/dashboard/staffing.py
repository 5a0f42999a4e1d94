"""How the programme is staffed lately: people at an opening and at a session, duties of a supporter, supporters."""

from dataclasses import dataclass

from django.db.models import Count, Q

from consult.kpi.dashboard.goals import WEEKS_OF_A_MONTH
from consult.kpi.dashboard.weeks import WEEKS, Recent
from consult.models import Opening
from programme.fiscal import span
from support_requests.models import Session
from supporters.models import Assignment, Supporter


@dataclass(frozen=True, slots=True)
class Staffing:
    at_opening: float
    at_session: float
    duties_a_month: float
    active: int


def staffing(weeks: Recent) -> Staffing:
    """From the duties kept in the weeks behind. Two queries, by the shifts' times."""
    starts, ends = span(weeks.first, weeks.last)
    kept = Assignment.objects.held().filter(
        shift__cancelled_at=None, shift__starts_at__gte=starts, shift__starts_at__lt=ends
    )
    found = kept.aggregate(
        people=Count("supporter", distinct=True),
        duties=Count("pk"),
        opening_duties=Count("pk", filter=Q(shift__purpose=Opening.PURPOSE)),
        session_duties=Count("pk", filter=Q(shift__purpose=Session.PURPOSE)),
        openings=Count("shift", filter=Q(shift__purpose=Opening.PURPOSE), distinct=True),
        sessions=Count("shift", filter=Q(shift__purpose=Session.PURPOSE), distinct=True),
    )
    return Staffing(
        at_opening=_mean(found["opening_duties"], found["openings"]),
        at_session=_mean(found["session_duties"], found["sessions"]),
        duties_a_month=_mean(found["duties"], found["people"]) / WEEKS * WEEKS_OF_A_MONTH,
        active=Supporter.objects.filter(status=Supporter.Status.ACTIVE).count(),
    )


def _mean(total: int, number: int) -> float:
    return total / number if number else 0.0

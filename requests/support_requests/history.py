"""What became of a group's sessions in the last year. For coordinators only: to ask how they are, not to blame."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q

from programme.models import Limits
from support_requests.models import CalledOff, Group, Session
from supporters.history import YEAR
from supporters.models import Shift


@dataclass(frozen=True, slots=True)
class GroupHistory:
    """Counts of sessions (回) in the year before now."""

    held: int
    late: int
    """called off for the group's reasons within ``late_hours`` before the start, also those with a new time since"""
    nobody: int
    """reported without anybody there"""


def group_history(group: Group, now: dt.datetime) -> GroupHistory:
    sessions = Session.objects.filter(request__group=group, shift__starts_at__gt=now - YEAR)
    notice = dt.timedelta(hours=Limits.current().late_hours)
    called_off = CalledOff.objects.filter(request__group=group, starts_at__gt=now - YEAR)
    late = called_off.filter(cause=Shift.Cause.GROUP, at__gt=F("starts_at") - notice)
    counts = sessions.aggregate(
        held=Count("pk", filter=Q(report__attendees__gt=0)), nobody=Count("pk", filter=Q(report__attendees=0))
    )
    return GroupHistory(late=late.count(), **counts)

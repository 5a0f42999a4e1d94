"""What a group is reminded of before its session, and the team afterwards. When, the programme sets (``Limits``)."""

import datetime as dt

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from notifications import links
from notifications.reminding import day_of, days_between, midnight, tell_each, untold
from notifications.writing import Letter
from programme.models import Limits
from support_requests.messages import status_url
from support_requests.models import Session, SupportRequest
from supporters.models import Assignment
from supporters.reminders import Stage

REPORTS_SINCE = dt.timedelta(days=30)
"""sessions that were over longer ago, such as imported ones, are not asked about"""


def remind(now: dt.datetime) -> int:
    """Write every reminder of this module that is due at ``now``. Returns how many."""
    limits = Limits.current()
    return _of_sessions(now, limits) + _of_reports(now, limits)


def _of_sessions(now: dt.datetime, limits: Limits) -> int:
    """Groups whose session is near, from the day and hour on at which supporters are reminded for the last time."""
    if not limits.reminder_day_days:
        return 0
    last = Stage("request_reminder", limits.reminder_day_days, limits.reminder_minute).reaches(now)
    due: QuerySet[SupportRequest] = SupportRequest.objects.filter(
        status=SupportRequest.Status.BOOKED,
        session__shift__cancelled_at=None,
        session__shift__starts_at__gt=now,
        session__shift__starts_at__lt=midnight(last + dt.timedelta(days=1)),
    )
    occasion = day_of("session__shift__starts_at", days_between(timezone.localdate(now), last))
    due = untold(due, "request_reminder", about="request", recipient="group__contact", occasion=occasion)
    return tell_each(
        due.select_related("group__contact", "session__shift__venue", "session__shift__room"),
        lambda row: Letter(
            recipient=row.group.contact,
            kind="request_reminder",
            subject=f"request:{row.pk}",
            template="support_requests/messages/reminder.txt",
            context={"request": row, "session": row.session, "url": status_url(row)},
            occasion=str(row.session.shift.local_date),
            expires_at=row.session.shift.starts_at,
        ),
    )


def _of_reports(now: dt.datetime, limits: Limits) -> int:
    """Everybody who was on a session that nobody has reported."""
    if not limits.report_due_hours:
        return 0
    due: QuerySet[Assignment] = Assignment.objects.held().filter(
        shift__purpose=Session.PURPOSE,
        shift__session__request__status=SupportRequest.Status.BOOKED,
        shift__session__report=None,
        shift__cancelled_at=None,
        shift__ends_at__lte=now - dt.timedelta(hours=limits.report_due_hours),
        shift__ends_at__gt=now - REPORTS_SINCE,
    )
    due = untold(due, "report_due", about="assignment", recipient="supporter__contact")

    def letter(row: Assignment) -> Letter:
        session = row.shift.session
        return Letter(
            recipient=row.supporter.contact,
            kind="report_due",
            subject=f"assignment:{row.pk}",
            template="support_requests/messages/report_due.txt",
            context={"shift": row.shift, "url": links.absolute(reverse("support_requests:report", args=[session.pk]))},
            calls=False,
        )

    return tell_each(due.select_related("shift__session", "shift__venue", "shift__room", "supporter__contact"), letter)

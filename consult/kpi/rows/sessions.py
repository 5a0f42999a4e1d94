"""Requests for sessions, and the sessions that became of them."""

import datetime as dt

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.db.models.functions import Greatest, TruncDate

from consult.kpi.rows.base import Days, Rows, Selection, dated
from programme.fiscal import span
from support_requests.models import Again, Helpful, Session, SupportRequest, SupportRequestMove


def _held(first: dt.date, last: dt.date) -> Rows:
    starts, ends = span(first, last)
    rows = Session.objects.held().filter(
        shift__cancelled_at=None, shift__starts_at__gte=starts, shift__starts_at__lt=ends
    )
    return dated(rows, TruncDate("shift__starts_at"))


held = Selection(_held)
participants = Selection(_held, amount=F("report__attendees"))
# The group of each session: a group with two sessions comes twice and must be counted as one row.
groups = Selection(_held, row="request__group_id")
# The request of each session.
served = Selection(_held, row="request_id")
# Days from a request's receipt to its session. One written down afterwards, from paper, waited 0 days.
waiting = Selection(_held, amount=Greatest(Days(F("day"), TruncDate("request__received_at")), Value(0)))


def _at_least(answer: str, score: int) -> Case:
    return Case(When(**{f"{answer}__gte": score}, then=Value(1)), default=Value(0), output_field=IntegerField())


# The sessions of which the group has said what it thought: was it of use, are supporters to come again (1 or 0)?
_ANSWERED = Q(feedback__isnull=False)
feedback = Selection(_held, only=_ANSWERED)
satisfied = Selection(_held, only=_ANSWERED, amount=_at_least("feedback__helpful", Helpful.YES))
wanted_again = Selection(_held, only=_ANSWERED, amount=_at_least("feedback__again", Again.YES))


def _received(first: dt.date, last: dt.date) -> Rows:
    starts, ends = span(first, last)
    rows = SupportRequest.objects.filter(received_at__gte=starts, received_at__lt=ends)
    return dated(rows, TruncDate("received_at"))


received = Selection(_received)


def _unserved(first: dt.date, last: dt.date) -> Rows:
    """Requests that ended without a session: withdrawn, declined, or nobody came. Each ends once."""
    starts, ends = span(first, last)
    status = SupportRequest.Status
    ended = Q(to_status__in=[status.WITHDRAWN, status.DECLINED]) | Q(
        from_status=status.BOOKED, to_status=status.REPORTED
    )
    rows = SupportRequestMove.objects.filter(ended, at__gte=starts, at__lt=ends)
    return dated(rows, TruncDate("at"))


unserved = Selection(_unserved, row="subject_id")

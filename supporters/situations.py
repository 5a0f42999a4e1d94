"""Where an offer stands for the person who opens its page. Each has its own sentence and next step."""

from enum import StrEnum

from django.utils import timezone

from supporters.models import Assignment


class Situation(StrEnum):
    APPLIED = "applied"  # the person would like to come, the office chooses
    NOT_CHOSEN = "not_chosen"
    OPEN = "open"  # to be answered
    FULL = "full"  # somebody was faster
    LAPSED = "lapsed"  # the answer did not come in time
    DECLINED = "declined"
    ACCEPTED = "accepted"
    LEAVING = "leaving"  # accepted, but somebody else is looked for
    RELEASED = "released"  # somebody else goes
    TAKEN_OFF = "taken_off"  # the shift stands, but the person need not come
    CANCELLED = "cancelled"
    UNDER_WAY = "under_way"  # begun, with this person
    DONE = "done"  # over, with this person
    OVER = "over"  # begun or over, without this person
    PROPOSED = "proposed"  # a draft of the coordinators, nobody was asked


def situation(assignment: Assignment) -> Situation:
    """Looks at the shift as well: an offer may be past its day before the sweep has closed it."""
    status, shift, now = Assignment.Status, assignment.shift, timezone.now()
    match assignment.status:
        case status.OFFERED:
            return _of_offer(assignment)
        case status.APPLIED if shift.starts_at <= now:
            return Situation.OVER
        case status.CANCELLED if shift.cancelled_at is None:
            return Situation.TAKEN_OFF
        case status.ATTENDED | status.ABSENT:
            return Situation.DONE
        case status.ACCEPTED | status.STANDING_IN_WANTED if shift.ends_at <= now:
            return Situation.DONE
        case status.ACCEPTED | status.STANDING_IN_WANTED if shift.starts_at <= now:
            return Situation.UNDER_WAY
        case status.STANDING_IN_WANTED:
            return Situation.LEAVING
        case other:
            return Situation(other)


def _of_offer(assignment: Assignment) -> Situation:
    shift = assignment.shift
    if shift.cancelled_at:
        return Situation.CANCELLED
    if shift.starts_at <= timezone.now():
        return Situation.OVER
    if assignment.is_overdue:
        return Situation.LAPSED
    return Situation.FULL if shift.is_full() else Situation.OPEN

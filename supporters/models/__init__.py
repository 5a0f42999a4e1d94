from supporters.models.assignments import Assignment, AssignmentMove
from supporters.models.calendars import CalendarAddress
from supporters.models.checkins import CheckIn
from supporters.models.claims import Claim, RoomClaim
from supporters.models.honoraria import Honorarium, Payment
from supporters.models.people import (
    Absence,
    Consent,
    Registration,
    Skill,
    SpecialNeed,
    Supporter,
    SupporterMove,
    TrainingCompletion,
    WeeklyWindow,
)
from supporters.models.shifts import Seat, Shift, ShiftTopic

__all__ = [
    "Absence",
    "Assignment",
    "AssignmentMove",
    "CalendarAddress",
    "CheckIn",
    "Claim",
    "Consent",
    "Honorarium",
    "Payment",
    "Registration",
    "RoomClaim",
    "Seat",
    "Shift",
    "ShiftTopic",
    "Skill",
    "SpecialNeed",
    "Supporter",
    "SupporterMove",
    "TrainingCompletion",
    "WeeklyWindow",
]

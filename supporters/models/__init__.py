from supporters.models.claims import Claim, RoomClaim
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
from supporters.models.shifts import Assignment, AssignmentMove, Seat, Shift, ShiftTopic

__all__ = [
    "Absence",
    "Assignment",
    "AssignmentMove",
    "Claim",
    "Consent",
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

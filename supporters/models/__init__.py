from supporters.models.assignments import Assignment, AssignmentMove
from supporters.models.calendars import CalendarAddress
from supporters.models.checkins import CheckIn
from supporters.models.claims import Claim, RoomClaim
from supporters.models.honoraria import Honorarium, Payment
from supporters.models.lists import PeopleExport
from supporters.models.people import (
    Absence,
    Consent,
    Registration,
    Shown,
    Skill,
    SpecialNeed,
    Supporter,
    SupporterMove,
    TrainingCompletion,
    TravelBy,
    WeeklyWindow,
)
from supporters.models.shifts import Seat, Shift, ShiftTopic
from supporters.models.training import Lesson, LessonSeen, Question, QuizTry
from supporters.models.twins import KeptApart

__all__ = [
    "Absence",
    "Assignment",
    "AssignmentMove",
    "CalendarAddress",
    "CheckIn",
    "Claim",
    "Consent",
    "Honorarium",
    "KeptApart",
    "Lesson",
    "LessonSeen",
    "Payment",
    "PeopleExport",
    "Question",
    "QuizTry",
    "Registration",
    "RoomClaim",
    "Seat",
    "Shift",
    "ShiftTopic",
    "Shown",
    "Skill",
    "SpecialNeed",
    "Supporter",
    "SupporterMove",
    "TrainingCompletion",
    "TravelBy",
    "WeeklyWindow",
]

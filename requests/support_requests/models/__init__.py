from support_requests.models.boards import Board, BoardStep
from support_requests.models.draws import Draw
from support_requests.models.feedback import Again, Feedback, Helpful
from support_requests.models.inquiries import Inquiry
from support_requests.models.plans import Plan, PlanMove, PlannedMember, PlannedTask, PlanOverride, PlanPart
from support_requests.models.requests import (
    Group,
    PreferredTime,
    RequestTopic,
    SupportRequest,
    SupportRequestMove,
)
from support_requests.models.series import Series, SeriesTime
from support_requests.models.sessions import CalledOff, Report, Session

__all__ = [
    "Again",
    "Board",
    "BoardStep",
    "CalledOff",
    "Draw",
    "Feedback",
    "Group",
    "Helpful",
    "Inquiry",
    "Plan",
    "PlanMove",
    "PlanOverride",
    "PlanPart",
    "PlannedMember",
    "PlannedTask",
    "PreferredTime",
    "Report",
    "RequestTopic",
    "Series",
    "SeriesTime",
    "Session",
    "SupportRequest",
    "SupportRequestMove",
]

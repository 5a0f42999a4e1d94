from support_requests.models.plans import Plan, PlanMove, PlannedMember, PlannedTask
from support_requests.models.requests import (
    Group,
    PreferredTime,
    RequestTopic,
    SupportRequest,
    SupportRequestMove,
)
from support_requests.models.sessions import Report, Session

__all__ = [
    "Group",
    "Plan",
    "PlanMove",
    "PlannedMember",
    "PlannedTask",
    "PreferredTime",
    "Report",
    "RequestTopic",
    "Session",
    "SupportRequest",
    "SupportRequestMove",
]

from consult.models.corrections import MonthDraft, ProposedCorrection, Touch
from consult.models.desks import Desk, Opening
from consult.models.ledger import Correction, FrozenFigure, KeptCount, KpiExport, MonthReport
from consult.models.log import Activity, Consultation, ConsultationChange
from consult.models.reservations import Reservation
from consult.models.rota import OpeningBatch, Rescheduling, StandingMember, StandingTeam
from consult.models.wg import HalfYearReport, HalfYearText

__all__ = [
    "Activity",
    "Consultation",
    "ConsultationChange",
    "Correction",
    "Desk",
    "FrozenFigure",
    "HalfYearReport",
    "HalfYearText",
    "KeptCount",
    "KpiExport",
    "MonthDraft",
    "MonthReport",
    "Opening",
    "OpeningBatch",
    "ProposedCorrection",
    "Rescheduling",
    "Reservation",
    "StandingMember",
    "StandingTeam",
    "Touch",
]

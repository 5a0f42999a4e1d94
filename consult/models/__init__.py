from consult.models.desks import Desk, Opening
from consult.models.ledger import Correction, FrozenFigure, KpiExport, MonthReport
from consult.models.log import Activity, Consultation, ConsultationChange

__all__ = [
    "Activity",
    "Consultation",
    "ConsultationChange",
    "Correction",
    "Desk",
    "FrozenFigure",
    "KpiExport",
    "MonthReport",
    "Opening",
]

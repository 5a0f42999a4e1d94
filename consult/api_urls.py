from django.urls import path

from consult.kpi import converters  # noqa: F401  (registers <period:…>)
from consult.kpi.api import Figures
from consult.views.api import Consultations, Summary, Void
from consult.views.desk_api import DeskFacts

urlpatterns = [
    path("kpi/<period:period>/", Figures.as_view(), name="api-kpi"),
    path("consultations/", Consultations.as_view(), name="api-consultations"),
    path("consultations/summary/", Summary.as_view(), name="api-summary"),
    path("consultations/<uuid:pk>/void/", Void.as_view(), name="api-void"),
    path("desk/", DeskFacts.as_view(), name="api-desk"),
]

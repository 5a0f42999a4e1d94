"""The addresses of reports; they belong to the names of consult/kpi/urls.py."""

from django.urls import path

from consult.kpi import converters  # noqa: F401  (registers <period:…>)
from consult.kpi import report_views as views

urlpatterns = [
    path("periods/", views.periods, name="periods"),
    path("periods/<period:period>/", views.period, name="period"),
    path("periods/<period:period>/export.<slug:suffix>", views.period_export, name="period_export"),
    path("periods/<period:period>/<slug:figure>/", views.period_parts, name="period_parts"),
    path("half-years/<period:period>/", views.wg, name="wg"),
    path("half-years/<period:period>/write/", views.wg_write, name="wg_write"),
    path("half-years/<period:period>/fix/", views.wg_fix, name="wg_fix"),
    path("half-years/<period:period>/export.xlsx", views.wg_export, name="wg_export"),
]

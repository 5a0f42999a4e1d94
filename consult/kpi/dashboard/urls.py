from django.urls import path

from consult.kpi.dashboard import views

app_name = "dashboard"

urlpatterns = [
    path("", views.dashboard, name="year"),
    path("hours/", views.hours, name="hours"),
    path("what-if/", views.what_if, name="what_if"),
]

from django.urls import path

from consult.views.api import Consultations

urlpatterns = [
    path("consultations/", Consultations.as_view(), name="api-consultations"),
]

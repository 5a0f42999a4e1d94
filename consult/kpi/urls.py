from typing import Any

from django.urls import path, register_converter

from consult.kpi import views
from programme.fiscal import Month

app_name = "kpi"


class MonthConverter:
    regex = "[0-9]{4}-[0-9]{2}"

    def to_python(self, text: str) -> Month:
        return Month.parse(text)

    def to_url(self, month: Any) -> str:
        return str(month)


register_converter(MonthConverter, "month")

urlpatterns = [
    path("", views.months, name="months"),
    path("<month:month>/", views.month, name="month"),
    path("<month:month>/close/", views.close, name="close"),
    path("<month:month>/export.<slug:suffix>", views.export, name="export"),
    path("<month:month>/<slug:figure>/", views.rows, name="rows"),
    path("<month:month>/<slug:figure>/correct/", views.correct, name="correct"),
    path("<month:month>/<slug:figure>/state/", views.state, name="state"),
]

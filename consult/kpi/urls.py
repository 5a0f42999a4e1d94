from typing import Any

from django.urls import path, register_converter

from consult.kpi import correction_views, figure_views, honoraria_views, published_views, report_urls, views
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
    *report_urls.urlpatterns,
    path("", views.months, name="months"),
    path("<month:month>/", views.month, name="month"),
    path("<month:month>/close/", views.close, name="close"),
    path("<month:month>/export.<slug:suffix>", views.export, name="export"),
    path("<month:month>/<slug:figure>/", figure_views.rows, name="rows"),
    path("<month:month>/<slug:figure>/records/", figure_views.counted, name="counted"),
    path("<month:month>/<slug:figure>/correct/", figure_views.correct, name="correct"),
    path("corrections/", correction_views.waiting, name="proposals"),
    path("corrections/<int:pk>/", correction_views.proposal, name="proposal"),
    path("corrections/<int:pk>/approve/", correction_views.approve, name="approve"),
    path("corrections/<int:pk>/refuse/", correction_views.refuse, name="refuse"),
    path("records/<slug:kind>/<slug:pk>/", figure_views.record, name="record"),
    path("honoraria/", honoraria_views.now, name="honoraria_now"),
    path("honoraria/<month:month>/", honoraria_views.honoraria, name="honoraria"),
    path("published/", published_views.published, name="published"),
    path("exports/", views.taken, name="exports"),
    path("recount/", views.recount, name="recount"),
]

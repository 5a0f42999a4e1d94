from django.urls import path

from consult.views import desks, finder, log

app_name = "consult"

urlpatterns = [
    path("", finder.finder, name="finder"),
    path("places/<int:pk>/", finder.place, name="place"),
    path("log/", log.log_home, name="log_home"),
    path("log/<int:pk>/", log.log, name="log"),
    path("log/cases/<uuid:pk>/void/", log.void, name="void"),
    path("log/cases/<uuid:pk>/correct/", log.correct, name="correct"),
    path("openings/", desks.openings, name="openings"),
    path("openings/<int:pk>/", desks.opening, name="opening"),
    path("openings/<int:pk>/cancel/", desks.call_off, name="call_off"),
    path("new/", desks.desk_new, name="desk_new"),
    path("<int:pk>/", desks.desk_edit, name="desk_edit"),
    path("<int:pk>/dates/", desks.open_dates, name="open_dates"),
    path("activities/", desks.activities, name="activities"),
]

from django.urls import path

from programme.access import signed_in
from supporters.views import calendars, installed, links, mailings, mypage, own_data, people, registering, shifts

app_name = "supporters"
urlpatterns = [
    path("", mypage.home, name="home"),
    path("register/", registering.register, name="register"),
    path(
        "register/<uuid:draft>/<slug:step>/",
        signed_in(registering.RegistrationView.as_view()),
        name="register_step",
    ),
    path("free-times/", mypage.free_times, name="free_times"),
    path("skills/", mypage.skills, name="skills"),
    path("limits/", mypage.limits, name="limits"),
    path("absences/", mypage.absences, name="absences"),
    path("absences/<int:pk>/remove/", mypage.remove_absence, name="remove_absence"),
    path("places/", mypage.places, name="places"),
    path("rest/", mypage.rest, name="rest"),
    path("calendar/", calendars.calendar_address, name="calendar_address"),
    path("calendar/<str:secret>.ics", calendars.own_calendar, name="own_calendar"),
    path("offline/", installed.offline, name="offline"),
    path("worker.js", installed.worker, name="worker"),
    path("app.webmanifest", installed.manifest, name="manifest"),
    path("data/", own_data.overview, name="own_data"),
    path("data/all/", own_data.read, name="own_data_all"),
    path("data/mdeji.json", own_data.download, name="own_data_file"),
    path("data/keep/<str:token>/", own_data.keep, name="keep_data"),
    path("offer/<str:token>/", links.offer, name="offer"),
    path("offer/<str:token>/calendar.ics", links.offer_calendar, name="offer_calendar"),
    path("consent/<str:token>/", links.consent, name="consent"),
    path("mailings/", mailings.mailing_list, name="mailings"),
    path("mailings/new/", mailings.write, name="mailing_new"),
    path("mailings/<int:pk>/", mailings.mailing, name="mailing"),
    path("mailings/<int:pk>/edit/", mailings.write, name="mailing_edit"),
    path("people/", people.people, name="people"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/erase/", own_data.ask_for, name="erase"),
    path("people/<int:pk>/move/", people.move, name="move"),
    path("people/<int:pk>/training/", people.training, name="training"),
    path("people/<int:pk>/flags/", people.flags, name="flags"),
    path("people/<int:pk>/contact/", people.contact, name="contact"),
    path("shifts/<int:pk>/", shifts.shift, name="shift"),
    path("people/<int:pk>/guardian/", people.guardian, name="guardian"),
]

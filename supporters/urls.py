from django.urls import path

from programme.access import signed_in
from supporters.views import links, mypage, people, registering

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
    path("rest/", mypage.rest, name="rest"),
    path("offer/<str:token>/", links.offer, name="offer"),
    path("offer/<str:token>/calendar.ics", links.offer_calendar, name="offer_calendar"),
    path("consent/<str:token>/", links.consent, name="consent"),
    path("people/", people.people, name="people"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/move/", people.move, name="move"),
    path("people/<int:pk>/training/", people.training, name="training"),
    path("people/<int:pk>/flags/", people.flags, name="flags"),
    path("people/<int:pk>/guardian/", people.guardian, name="guardian"),
]

"""The week board, in the office. Included by support_requests/urls.py, whose namespace it shares."""

from django.urls import path

from support_requests.board import views

urlpatterns = [
    path("", views.board, name="board"),
    path("propose/", views.propose, name="board_propose"),
    path("<int:pk>/act/", views.act, name="board_act"),
    path("shifts/<int:pk>/", views.people, name="board_people"),
    path("people/<int:pk>/", views.person, name="board_person"),
]

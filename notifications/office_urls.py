from django.urls import path

from notifications import office, own

app_name = "messages"
urlpatterns = [
    path("", office.message_list, name="list"),
    path("language/<str:token>/", own.language, name="language"),
    path("<int:pk>/settle/", office.settle, name="settle"),
]

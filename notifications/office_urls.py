from django.urls import path

from notifications import office

app_name = "messages"
urlpatterns = [
    path("", office.message_list, name="list"),
    path("<int:pk>/settle/", office.settle, name="settle"),
]

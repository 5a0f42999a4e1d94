from django.urls import path

from consult.open_data import views

app_name = "open_data"

urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:code>.<slug:form>", views.file, name="file"),
]

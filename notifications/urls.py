"""/sent/: mounted in development only (settings.SHOW_SENT)."""

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.sent, name="sent"),
    path("<str:name>/", views.sent_mail, name="sent_mail"),
    path("<str:name>/<int:number>/", views.sent_attachment, name="sent_attachment"),
]

from django.urls import path

from notifications import office, own, webhooks
from notifications.models import Channel

app_name = "messages"
urlpatterns = [
    path("", office.message_list, name="list"),
    path("log/", office.message_log, name="log"),
    path("contacts/<int:pk>/", office.contact, name="contact"),
    # The word in the address is what mails sent before carry.
    path("language/<str:token>/", own.own_settings, name="settings"),
    path("mail/<str:token>/", own.prove, {"channel": Channel.EMAIL}, name="prove_mail"),
    path("mobile/<str:token>/", own.prove, {"channel": Channel.SMS}, name="prove_mobile"),
    path("<int:pk>/settle/", office.settle, name="settle"),
    # The addresses that the providers are given: docs/operations.md.
    path("twilio/status/", webhooks.twilio_status, name="twilio_status"),
    path("twilio/incoming/", webhooks.twilio_incoming, name="twilio_incoming"),
    path("line/", webhooks.line_events, name="line_events"),
]

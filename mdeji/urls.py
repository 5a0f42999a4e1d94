"""Where each surface lives."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from mdeji import design, office, texts, views

handler400 = "mdeji.errors.bad_request"
handler429 = "mdeji.errors.too_many_requests"
handler500 = "mdeji.errors.server_error"

urlpatterns = [
    path("", views.home, name="home"),
    path("office/", office.office, name="office"),
    path("office/texts/", texts.texts_page, name="texts"),
    path("design/", design.design, name="design"),
    # Nobody has a password: its pages are not there, and signing in begins with asking for a code.
    path("accounts/login/", RedirectView.as_view(pattern_name="account_request_login_code", query_string=True)),
    re_path(r"^accounts/(password|reauthenticate)/", views.no_such_page),
    path("accounts/", include("allauth.account.urls")),
    path("supporters/", include("supporters.urls")),
    path("requests/", include("support_requests.urls")),
    path("desks/", include("consult.urls")),
    path("messages/", include("notifications.office_urls")),
    path("kpi/", include("consult.kpi.urls")),
    path("kpi/dashboard/", include("consult.kpi.dashboard.urls")),
    path("open-data/", include("consult.open_data.urls")),
    path("api/v1/", include("consult.api_urls")),
    path("admin/", admin.site.urls),
]

if settings.SHOW_SENT:
    urlpatterns.append(path("sent/", include("notifications.urls")))

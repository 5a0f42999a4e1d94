"""Where each surface lives."""

from allauth.account import views as account_views
from allauth.mfa.webauthn.views import login_webauthn
from allauth.socialaccount.providers.openid_connect.views import login as oidc_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from mdeji import design, office, proving, texts, views, ways_in
from mdeji.accounts import back_to_sign_up
from mdeji.proving import proof_required
from notifications import own

handler400 = "mdeji.errors.bad_request"
handler429 = "mdeji.errors.too_many_requests"
handler500 = "mdeji.errors.server_error"

urlpatterns = [
    path("", views.home, name="home"),
    path("office/", office.office, name="office"),
    path("office/snooze/", office.snooze, name="snooze"),
    path("office/snooze/<int:pk>/wake/", office.wake, name="wake"),
    path("office/texts/", texts.texts_page, name="texts"),
    path("design/", design.design, name="design"),
    # Nobody has a password: its pages are not there, and signing in begins with asking for a code.
    path("accounts/login/", RedirectView.as_view(pattern_name="account_request_login_code", query_string=True)),
    re_path(r"^accounts/(password|reauthenticate)/", views.no_such_page),
    *([] if settings.SIGN_IN_BY_SMS else [re_path(r"^accounts/phone/", views.no_such_page)]),
    path("accounts/ways-in/", ways_in.ways_in, name="ways_in"),
    path("accounts/ways-in/passkey/", ways_in.add_passkey, name="add_passkey"),
    path("accounts/ways-in/passkey/<int:pk>/remove/", ways_in.remove_passkey, name="remove_passkey"),
    path("accounts/ways-in/device/<int:pk>/sign-out/", ways_in.sign_out_device, name="sign_out_device"),
    path("accounts/prove/", proving.prove, name="prove"),
    path("accounts/email/", proof_required(account_views.email)),
    path("accounts/phone/change/", proof_required(account_views.change_phone)),
    path("accounts/confirm-email/", back_to_sign_up(account_views.email_verification_sent)),
    path("accounts/phone/verify/", back_to_sign_up(account_views.verify_phone)),
    path("accounts/login/passkey/", login_webauthn, name="mfa_login_webauthn"),
    path("accounts/", include("allauth.account.urls")),
    path("supporters/", include("supporters.urls")),
    path("requests/", include("support_requests.urls")),
    path("desks/", include("consult.urls")),
    path("messages/", include("notifications.office_urls")),
    path("s/<str:token>", own.follow, name="short_link"),
    path("kpi/", include("consult.kpi.urls")),
    path("kpi/dashboard/", include("consult.kpi.dashboard.urls")),
    path("open-data/", include("consult.open_data.urls")),
    path("api/v1/", include("consult.api_urls")),
    path("admin/", admin.site.urls),
]

DIGITAL_ID = [
    # One account of one place is linked on the page above.
    path("accounts/city/", RedirectView.as_view(pattern_name="ways_in")),
    path("accounts/oidc/<str:provider_id>/login/", proof_required(oidc_login, when=ways_in.is_linking)),
    path("accounts/city/", include("allauth.socialaccount.urls")),
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("accounts/ways-in/digital-id/<int:pk>/unlink/", ways_in.unlink, name="unlink_digital_id"),
]
if settings.OIDC_NAME:
    urlpatterns += DIGITAL_ID

if settings.SHOW_SENT:
    urlpatterns.append(path("sent/", include("notifications.urls")))

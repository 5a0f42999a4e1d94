"""ログインのしかたと端末: by which ways somebody signs in, and where they are signed in now."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from mdeji.accounts import device_name, proved_addresses
from mdeji.proving import is_proved, proof_required
from notifications.phones import national
from programme.access import UserRequest, signed_in


@never_cache
@signed_in
def ways_in(request: UserRequest) -> HttpResponse:
    """The address, the mobile number, passkeys, the digital ID; and each device that is signed in."""
    # Who signed in before devices were noted is noted now.
    UserSession.objects.create_from_request(request)
    here = request.session.session_key
    context = {
        "proved": is_proved(request),
        "mobile": national(request.user.mobile) if request.user.mobile else "",
        "sms": settings.SIGN_IN_BY_SMS,
        "passkeys": passkeys_of(request.user),
        "devices": [
            {"row": row, "name": device_name(row.user_agent), "here": row.session_key == here}
            for row in devices_of(request.user).order_by("-last_seen_at", "-pk")
        ],
        "digital_id": settings.OIDC_NAME,
        "linked": SocialAccount.objects.filter(user=request.user),
    }
    return render(request, "mdeji/ways_in.html", context)


def passkeys_of(user: Any) -> "QuerySet[Authenticator]":
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by(
        "pk"
    )
    return found


def devices_of(user: Any) -> "QuerySet[UserSession]":
    """Those whose session still runs."""
    running = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    found: QuerySet[UserSession] = UserSession.objects.filter(user=user, session_key__in=running)
    return found


@require_POST
@signed_in
@proof_required
def add_passkey(request: UserRequest) -> HttpResponse:
    """First asked what to make (an answer for passkey.js), then handed what the device has made."""
    if "credential" not in request.POST:
        return JsonResponse(auth.begin_registration(request.user, True))  # noqa: FBT003  (allauth's signature)
    form = AddWebAuthnForm(request.POST, user=request.user)
    if form.is_valid():
        WebAuthn.add(request.user, form.cleaned_data["name"], form.cleaned_data["credential"])
        get_adapter().tell_of_change(proved_addresses(request.user), _("パスキーが登録されました。"))
        messages.success(request, _("パスキーを登録しました。次から、コードを待たずにログインできます。"))
    else:
        messages.error(request, _("パスキーを登録できませんでした。もう一度お試しください。"))
    return redirect("ways_in")


@require_POST
@signed_in
def remove_passkey(request: UserRequest, pk: int) -> HttpResponse:
    get_object_or_404(passkeys_of(request.user), pk=pk).delete()
    messages.success(
        request, _("パスキーを消しました。この端末の中に残っているときは、端末の設定からも消してください。")
    )
    return redirect("ways_in")


@require_POST
@signed_in
@transaction.atomic
def sign_out_device(request: UserRequest, pk: int) -> HttpResponse:
    """One device, which is not the one in hand: that one has its own button in the menu."""
    others = devices_of(request.user).exclude(session_key=request.session.session_key)
    get_object_or_404(others, pk=pk).end()
    messages.success(request, _("その端末をログアウトしました。"))
    return redirect("ways_in")


def is_linking(request: HttpRequest) -> bool:
    """Whether the way to the provider of a digital ID is to add it, and not to sign in by it."""
    return request.GET.get("process") == "connect"


@require_POST
@signed_in
def unlink(request: UserRequest, pk: int) -> HttpResponse:
    """The digital ID opens this account no longer. A code by mail or SMS still does."""
    if request.user.email or request.user.mobile_proved_at:
        get_object_or_404(SocialAccount, user=request.user, pk=pk).delete()
        messages.success(request, _("つながりをなくしました。"))
    return redirect("ways_in")

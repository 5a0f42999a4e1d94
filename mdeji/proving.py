"""A fresh proof of who somebody is, before a way of signing in is added or changed.

A device stays signed in for months, so being signed in proves little: docs/adr/0040.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.app_settings import LOGIN_BY_CODE_MAX_ATTEMPTS
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mdeji.accounts import TOO_MANY_CODES, LoginCodeForm, proved_addresses
from notifications.phones import national
from programme.access import UserRequest, signed_in

LASTS = 15 * 60  # seconds: long enough to type an address slowly
STATE = "proof"


def is_proved(request: HttpRequest) -> bool:
    """Whether the person signed in, or proved it here, not long ago; or nothing is there to prove it by."""
    records = get_authentication_records(request, request.user)
    return bool(records and time.time() - records[-1]["at"] < LASTS) or not proved_addresses(request.user)


def proof_required(
    view: Callable[..., HttpResponseBase], *, when: Callable[[HttpRequest], bool] = lambda _request: True
) -> Callable[..., HttpResponseBase]:
    """Leads whoever is signed in without a fresh proof to the page that asks for one, and back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and when(request) and not is_proved(request):
            back = request.get_full_path() if request.method == "GET" else reverse("ways_in")
            return redirect(f"{reverse('prove')}?{urlencode({'next': back})}")
        return view(request, *args, **kwargs)

    return guarded


class Proof(AbstractCodeVerificationProcess):  # type: ignore[misc]  # allauth has no types
    """A code that was sent, and the tries at it; in the session."""

    def __init__(self, request: HttpRequest, state: dict[str, Any]) -> None:
        self.request = request
        super().__init__(LOGIN_BY_CODE_MAX_ATTEMPTS, settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT, state, user=request.user)

    @classmethod
    def begin(cls, request: HttpRequest, way: str) -> None:
        """Send a code by ``way``. Raises Http404 when the person has no such address."""
        address = proved_addresses(request.user).get(way)
        if address is None:
            raise Http404
        if not ratelimit.consume(request, action="request_login_code", key=address.lower()):
            messages.error(request, TOO_MANY_CODES)
            return
        where = {"phone": address} if way == "sms" else {"email": address}
        proof = cls(request, cls.initial_state(request.user, **where) | {"way": way})
        proof.send()
        proof.persist()

    @classmethod
    def sent(cls, request: HttpRequest) -> "Proof | None":
        """The code that the person is to type, if one was sent and its time is not over."""
        state = request.session.get(STATE)
        proof: Proof | None = cls(request, state).abort_if_invalid() if state else None
        return proof

    def send(self) -> None:
        adapter = get_adapter()
        self.state["code"] = adapter.generate_login_code()
        if phone := self.state.get("phone"):
            adapter.send_verification_code_sms(user=self.user, phone=phone, code=self.code)
        else:
            words = {"request": self.request, "code": self.code}
            adapter.send_mail("account/email/proof_code", self.state["email"], words)

    def finish(self) -> None:
        record_authentication(self.request, self.request.user, method="code", email=self.state.get("email"))
        self.abort()

    def persist(self) -> None:
        self.request.session[STATE] = self.state

    def abort(self) -> None:
        self.request.session.pop(STATE, None)


@signed_in
def prove(request: UserRequest) -> HttpResponse:
    """Asks where to send a code, then for the code; then leads on to ``next``."""
    back = get_next_redirect_url(request) or reverse("ways_in")
    here = f"{reverse('prove')}?{urlencode({'next': back})}"
    proof = Proof.sent(request)
    if is_proved(request):
        return redirect(back)
    if "way" in request.POST:
        Proof.begin(request, request.POST["way"])
        return redirect(here)
    if proof is None:
        ways = {way: national(it) if way == "sms" else it for way, it in proved_addresses(request.user).items()}
        return render(request, "mdeji/prove.html", {"ways": ways})
    if request.POST.get("action") == "resend":
        Proof.begin(request, proof.state["way"])
        return redirect(here)
    form = LoginCodeForm(request.POST or None, code=proof.code)
    if form.is_valid():
        proof.finish()
        return redirect(back)
    if form.errors and not proof.record_invalid_attempt():
        messages.error(request, _("コードが何度も違いました。もう一度、コードをお送りします。"))
        return redirect(here)
    context = {"verify_form": form, "can_resend": True, "cancel_url": reverse("ways_in"), "here": here}
    return render(request, "mdeji/prove_code.html", context | proof.state)

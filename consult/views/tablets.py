"""A hall's tablets: the office's list, the QR code that enrols one, and the page that it opens."""

from functools import partial
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from consult.authentication import COOKIE
from consult.forms.tablets import NewTablet, TabletName
from consult.models import Desk
from consult.models.devices import Invitation, LinkOver, Tablet
from notifications import links
from programme.access import UserRequest, coordinator_only
from programme.qr import qr_code
from programme.records import record_of
from programme.tries import Tries

COOKIE_LASTS = 400 * 24 * 60 * 60  # seconds: the longest that browsers allow
GUESSES = Tries("enrol", at_most=30, within=60)


@coordinator_only
def tablets(request: HttpRequest) -> HttpResponse:
    """All tablets, and a form for a new one: its answer is the QR code."""
    form = NewTablet(request.POST if request.method == "POST" else None, initial={"desk": request.GET.get("desk")})
    if request.method == "POST" and form.is_valid():
        return _show_code(request, form.cleaned_data["desk"], form.cleaned_data["name"])
    rows = Tablet.objects.select_related("desk").annotate(sent=Count("cases"))
    return render(request, "consult/tablets.html", {"form": form, "tablets": rows})


@coordinator_only
def tablet(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename it, enrol it anew, take it out."""
    found = get_object_or_404(Tablet.objects.select_related("desk", "enrolled_by", "revoked_by"), pk=pk)
    verb = request.POST.get("verb")
    form = TabletName(request.POST if verb == "rename" else None, initial={"name": found.name})
    if verb == "again":
        return _show_code(request, found.desk, found.name, found)
    if verb == "revoke":
        found.revoke(by=request.user)
        messages.success(request, _("「%(name)s」の登録を取り消しました。もう記録を送れません。") % {"name": found})
        return redirect("consult:tablets")
    if verb == "rename" and form.is_valid():
        Tablet.objects.filter(pk=found.pk).update(name=form.cleaned_data["name"])
        messages.success(request, _("端末の名前を変えました。"))
        return redirect("consult:tablets")
    return render(request, "consult/tablet.html", {"form": form, "tablet": found, "record": partial(record_of, found)})


@never_cache
def _show_code(request: HttpRequest, desk: Desk, name: str, tablet: Tablet | None = None) -> HttpResponse:
    """The only time that the link can be seen: of its secret no more than a hash is kept."""
    by = cast(UserRequest, request).user
    invitation, secret = Invitation.objects.make(desk=desk, name=name, by=by, tablet=tablet)
    address = links.absolute(reverse("consult:enrol", args=[secret]))
    code = qr_code(address, title=_("登録用のQRコード"))
    return render(request, "consult/tablet_code.html", {"invitation": invitation, "address": address, "code": code})


@never_cache
def enrol(request: HttpRequest, secret: str) -> HttpResponse:
    """What the tablet sees after reading the code. Opening it changes nothing; the button enrols.

    The token goes into a cookie that scripts cannot read and that is sent to the API alone.
    """
    if GUESSES.are_over(request):
        return render(request, "429.html", status=429)
    try:
        invitation = Invitation.objects.of_secret(secret)
        if request.method != "POST":
            return render(request, "consult/enrol.html", {"invitation": invitation})
        row, token = invitation.accept()
    except LinkOver as refusal:
        GUESSES.count(request)
        return render(request, "consult/enrol_over.html", {"sentence": str(refusal)}, status=410)
    rotate_token(request)
    response = render(request, "consult/enrolled.html", {"tablet": row})
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_LASTS,
        path="/api/v1/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response

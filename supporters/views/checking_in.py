"""着きました: the page behind a venue's QR code, the button of マイページ, and the poster that carries the code."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from notifications import links
from notifications.own import bad_link
from programme.access import coordinator_only, signed_in
from programme.errors import Refused
from programme.models import Limits
from programme.qr import qr_code
from supporters.attending import check_in, door
from supporters.models import Assignment, CheckIn, Shift, Supporter
from supporters.views.mypage import supporter_only
from supporters.views.replies import told

# The purpose of the link behind a poster's code: a shift. It says where somebody is, never who they are.
HERE = "here"


def note(request: HttpRequest, row: Assignment, *, by: Any, way: str) -> None:
    """Check in with what the page sent; a refusal is shown on the next page."""
    with told(request, _("着いたことを記録しました。")):
        check_in(row, by=by, way=way, late_because=request.POST.get("late_because", ""))


@never_cache
@signed_in
def here(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the code at the venue: one large button for whoever is on the shift, a kind word for others."""
    try:
        shift = get_object_or_404(Shift.objects.select_related("venue", "room"), pk=links.read(HERE, token))
    except Refused as refusal:
        return bad_link(request, refusal)
    user: Any = request.user
    mine = shift.assignments.filter(supporter__user=user).select_related("check_in", "shift", "supporter")
    row = mine.held().first() or mine.filter(check_in__isnull=False).first()
    if request.method == "POST":
        if row is None:
            raise Http404
        note(request, row, by=user, way=CheckIn.Way.CODE)
        return redirect("supporters:here", token)
    context = {
        "shift": shift,
        "row": row,
        "door": door(row, Limits.current(), timezone.now()) if row else "",
        "reasons": CheckIn.LateBecause.choices,
    }
    return render(request, "supporters/here.html", context)


@require_POST
@supporter_only
def arrive(request: HttpRequest, supporter: Supporter, pk: int) -> HttpResponse:
    """The button of マイページ."""
    row = get_object_or_404(supporter.assignments, pk=pk)
    note(request, row, by=request.user, way=CheckIn.Way.PAGE)
    return redirect("supporters:home")


@coordinator_only
def poster(request: HttpRequest, pk: int) -> HttpResponse:
    """A sheet of A4 to lay out at the venue."""
    shift = get_object_or_404(Shift.objects.select_related("venue", "room"), pk=pk)
    address = links.absolute(reverse("supporters:here", args=[links.token(HERE, shift.pk)]))
    code = qr_code(address, title=_("着いたことを知らせるQRコード"))
    return render(request, "supporters/poster.html", {"shift": shift, "code": code})

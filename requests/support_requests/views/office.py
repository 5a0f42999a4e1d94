"""The coordinator's list of requests, and one request with its whole story."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from notifications.models import Message
from programme.access import coordinator_only
from programme.errors import ChangedMeanwhile, Refused
from support_requests.forms import ReasonForm, RequestFilter
from support_requests.models import Session, SupportRequest
from support_requests.models.requests import SupportRequestQuerySet
from supporters.models import SpecialNeed

ROWS = 25  # a page
KEPT = "fewer"  # whose reason is for the record alone


@coordinator_only
def request_list(request: HttpRequest) -> HttpResponse:
    """Requests, those that wait longest first; narrowed by status and words."""
    narrow = RequestFilter(request.GET)
    rows = _narrowed(SupportRequest.objects.visible_to(request.user), narrow)
    rows = rows.select_related("group__district", "venue").prefetch_related("times")
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    return render(request, "support_requests/list.html", {"filter": narrow, "page": page})


def _narrowed(rows: SupportRequestQuerySet, narrow: RequestFilter) -> SupportRequestQuerySet:
    wanted = narrow.cleaned_data if narrow.is_valid() else {}
    if words := wanted.get("words"):
        rows = rows.found_by(words)
    match wanted.get("status") or RequestFilter.UNDER_WAY:
        case RequestFilter.UNDER_WAY:
            return rows.under_way()
        case RequestFilter.ALL:
            return rows
        case status:
            return rows.filter(status=status)


@coordinator_only
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """All facts of a request, what happened to it, whom was told what, and what can be done."""
    return _page(request, pk)


@require_POST
@coordinator_only
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The group was reached by telephone, and means it."""
    asked = get_object_or_404(SupportRequest.objects.visible_to(request.user), pk=pk)
    try:
        asked.confirm(by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("確認済みにしました。これから日にちとサポーターを調整します。"))
    return redirect("support_requests:detail", pk)


@require_POST
@coordinator_only
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """The programme cannot help; the reason is told."""
    return _with_reason(request, pk, "decline", SupportRequest.decline, done=_("お断りしました。代表の方に伝えます。"))


@require_POST
@coordinator_only
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The group said by telephone that it takes its request back."""
    return _with_reason(
        request, pk, "withdraw", SupportRequest.withdraw, done=_("取り下げにしました。代表の方に伝えます。")
    )


@require_POST
@coordinator_only
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """The time or the team does not hold: another is sought."""
    return _with_reason(
        request,
        pk,
        "reopen",
        SupportRequest.reopen,
        done=_("調整中に戻しました。希望の日時を直して、計画してください。"),
    )


@require_POST
@coordinator_only
def go_with_fewer(request: HttpRequest, pk: int) -> HttpResponse:
    """Not everybody has said yes, but those who have are enough."""
    return _with_reason(
        request, pk, "fewer", _go_with_fewer, done=_("引き受けた人だけで行うことに決めました。代表の方に伝えます。")
    )


def _go_with_fewer(asked: SupportRequest, *, by: Any, reason: str) -> None:
    session = Session.objects.filter(request=asked).first()
    if session is None:
        raise ChangedMeanwhile
    session.go_with_fewer(by=by, reason=reason)


def _with_reason(request: HttpRequest, pk: int, name: str, verb: Callable[..., None], *, done: str) -> HttpResponse:
    """Call ``verb`` with the reason typed into the form ``name``, or show the page again with what is missing."""
    asked = get_object_or_404(SupportRequest.objects.visible_to(request.user), pk=pk)
    form = ReasonForm(request.POST, prefix=name, told=name != KEPT)
    if not form.is_valid():
        return _page(request, pk, sent=form)
    try:
        verb(asked, by=request.user, reason=form.cleaned_data["reason"])
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("support_requests:detail", pk)


def _page(request: HttpRequest, pk: int, *, sent: ReasonForm | None = None) -> HttpResponse:
    rows = SupportRequest.objects.visible_to(request.user).select_related(
        "group__contact", "group__district", "venue__district", "taken_by"
    )
    asked = get_object_or_404(rows.prefetch_related("times"), pk=pk)
    session = Session.objects.select_related("shift__venue", "shift__room", "report").filter(request=asked).first()
    now = timezone.now()
    forms = {name: ReasonForm(prefix=name, told=name != KEPT) for name in ("decline", "withdraw", "reopen", "fewer")}
    if sent:
        forms[str(sent.prefix)] = sent
    context = {
        "asked": asked,
        "topics": asked.topics.select_related("topic"),
        "needs": [SpecialNeed(need).label for need in asked.needs],
        "moves": [(move, SupportRequest.Status(move.to_status).label) for move in asked.moves.select_related("by")],
        "told": Message.objects.filter(subject=f"request:{asked.pk}").order_by("created_at", "pk"),
        "session": session,
        "begun": session is not None and session.shift.starts_at <= now,
        "team": session.shift.assignments.select_related("supporter").order_by("pk") if session else [],
        "times_gone": asked.may_be_revised and all(time.starts_at <= now for time in asked.times.all()),
        "forms": forms,
        "form": sent,  # base.html says in the title that something is wrong
    }
    return render(request, "support_requests/detail.html", context)

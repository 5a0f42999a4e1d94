"""The office's pages about plans."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.access import coordinator_only
from programme.errors import Refused
from support_requests.models import Plan
from support_requests.planning.approving import approve, discard
from support_requests.planning.forms import PeriodForm
from support_requests.planning.pages import rows_of
from support_requests.planning.saying import say_quality
from support_requests.planning.solving import request_plan, try_again

PLANS_PER_PAGE = 20
REFRESH_SECONDS = 3


@coordinator_only
def plans(request: HttpRequest) -> HttpResponse:
    """The plans that were made, and the form for a new one."""
    form = PeriodForm(request.POST) if request.method == "POST" else PeriodForm.usual(timezone.localdate())
    if request.method == "POST" and form.is_valid():
        try:
            plan = request_plan(form.cleaned_data["first"], form.cleaned_data["last"], by=request.user)
        except Refused as refusal:
            form.add_error("last", str(refusal))
        else:
            return redirect("support_requests:plan", pk=plan.pk)
    served = Count("tasks", filter=Q(tasks__starts_at__isnull=False))
    rows = Plan.objects.select_related("created_by").annotate(served=served, asked=Count("tasks"))
    rows = rows.order_by("-created_at", "-pk")
    page = Paginator(rows, PLANS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "support_requests/plans/list.html", {"form": form, "page": page})


@coordinator_only
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: while it is made, when it waits for approval, and what became of it."""
    found = get_object_or_404(Plan.objects.select_related("created_by"), pk=pk)
    if request.method == "POST":
        _act(request, found)
        return redirect("support_requests:plan", pk=pk)
    at_work = found.status in (Plan.Status.WAITING, Plan.Status.SOLVING)
    quality = None
    if found.served_weight is not None and found.bound is not None:
        quality = say_quality(found.served_weight, found.bound)
    context = {"plan": found, "rows": rows_of(found), "at_work": at_work, "quality": quality}
    response = render(request, "support_requests/plans/detail.html", context)
    if at_work:
        response["Refresh"] = str(REFRESH_SECONDS)
    return response


def _act(request: HttpRequest, found: Plan) -> None:
    try:
        match request.POST.get("action"):
            case "approve":
                _say_applied(request, found, approve(found, by=request.user))
            case "discard":
                discard(found, by=request.user)
                messages.success(request, _("この計画は使わないことにしました。何も送っていません。"))
            case "again":
                try_again(found, by=request.user)
            case _:
                raise Http404
    except Refused as refusal:
        messages.error(request, str(refusal))


def _say_applied(request: HttpRequest, found: Plan, applied: int) -> None:
    refused = found.tasks.exclude(outcome="").count()
    counts = {"applied": applied, "refused": refused}
    if refused:
        sentence = _("%(applied)s件をお願いしました。%(refused)s件は、計画の後で状況が変わったため外しました。")
        messages.warning(request, sentence % counts)
    else:
        messages.success(request, _("%(applied)s件をお願いしました。") % counts)

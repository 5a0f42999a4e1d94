"""The office's pages about plans."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.access import coordinator_only
from programme.errors import Refused
from programme.models import Topic
from programme.models.kept import kept_rows
from programme.wording import say_list
from support_requests.forms import PeopleForm
from support_requests.models import Plan, PlannedTask
from support_requests.planning import mending
from support_requests.planning.advising import why_not
from support_requests.planning.approving import (
    AT_ONCE,
    UNTRIED,
    approve,
    approve_in_background,
    approve_one,
    discard,
    override,
)
from support_requests.planning.changes import changes_of
from support_requests.planning.forms import (
    PEOPLE_AT_MOST,
    OverrideForm,
    PeriodForm,
    WhyNotForm,
    people_to_choose,
)
from support_requests.planning.pages import asked_by, contests_of, counts_of, part_of, parts_of, rows_of
from support_requests.planning.saying import obstacles, say_missing, say_quality, say_rule, say_stage
from support_requests.planning.solving import request_plan, try_again

PLANS_PER_PAGE = 20
PARTS_A_PAGE = 10
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
def given_up(request: HttpRequest) -> HttpResponse:
    """The shifts for which nobody is left to ask, each with the reason."""
    tasks = mending.given_up(timezone.now()).select_related("shift__venue", "plan")
    page = Paginator(tasks, PLANS_PER_PAGE).get_page(request.GET.get("page"))
    topics = {topic.pk: str(topic) for topic in kept_rows(Topic.objects.all())}
    rows = [(task, [one.sentence for one in obstacles(task.explanation, topics)]) for task in page]
    return render(request, "support_requests/plans/given_up.html", {"page": page, "rows": rows})


@coordinator_only
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: while it is made, when it waits for approval, and what became of it."""
    found = get_object_or_404(Plan.objects.select_related("created_by"), pk=pk)
    if request.method == "POST":
        _act(request, found)
        return redirect("support_requests:plan", pk=pk)
    if found.status in (Plan.Status.WAITING, Plan.Status.SOLVING):
        return _at_work(request, found, {"stage": say_stage(found.progress.get("stage", ""))})
    if found.status == Plan.Status.APPROVING:
        return _at_work(request, found, _how_far(found))
    quality = None
    if found.served_weight is not None and found.bound is not None:
        quality = say_quality(found.served_weight, found.bound)
    context = {
        "plan": found,
        **_parts(request, found),
        "quality": quality,
        "asked": asked_by(found) if found.mends.exists() else None,
        "contests": contests_of(found),
    }
    return render(request, "support_requests/plans/detail.html", context)


def _parts(request: HttpRequest, found: Plan) -> dict[str, Any]:
    """A page of the plan's parts; and what approving would change: of a large plan when it is asked for."""
    counts = counts_of(found)
    pages = Paginator(parts_of(found), PARTS_A_PAGE)
    pages.count = counts["all"]  # known already
    page: Any = pages.get_page(request.GET.get("page"))
    is_ready = found.status == Plan.Status.READY
    compare = is_ready and (counts["waiting"] <= AT_ONCE or "compare" in request.GET)
    if compare:
        shown = set(page.object_list.values_list("pk", flat=True))
        rows = rows_of(found, parts_of(found).filter(Q(pk__in=shown) | UNTRIED))
    else:
        rows = rows_of(found, page.object_list)
    return {
        "counts": counts,
        "page": page,
        "changes": changes_of(found, rows.waiting, timezone.now()) if compare else None,
        "may_compare": is_ready and not compare,
        "rows": rows.only(shown) if compare else rows,
    }


def _at_work(request: HttpRequest, found: Plan, context: dict[str, Any]) -> HttpResponse:
    """While a worker has the plan: how far it is. The page looks again by itself."""
    response = render(request, "support_requests/plans/at_work.html", {"plan": found} | context)
    response["Refresh"] = str(REFRESH_SECONDS)
    return response


def _how_far(found: Plan) -> dict[str, int]:
    return found.tasks.filter(starts_at__isnull=False).aggregate(
        parts=Count("pk"), tried=Count("pk", filter=~UNTRIED), refused=Count("pk", filter=~Q(outcome=""))
    )


@coordinator_only
def plan_task(request: HttpRequest, pk: int, task: int) -> HttpResponse:
    """One task of a plan: who could go too and what that costs, and why a given person does not go."""
    found = get_object_or_404(Plan, pk=pk)
    part, finder = part_of(found, task), PeopleForm(request.GET)
    if part is None:
        raise Http404
    people = people_to_choose(finder.cleaned_data["q"] if finder.is_valid() else "", part.others)
    form = WhyNotForm(request.GET if "supporter" in request.GET else None, people=people)
    typed = request.POST if request.POST.get("action") == "override" else None
    override_form = OverrideForm(typed, team=part.team, people=people)
    if request.method == "POST" and _act_on_task(request, part.task, override_form):
        return redirect("support_requests:plan", pk=pk)
    context = {"plan": found, "part": part, "form": form, "override": override_form, "finder": finder}
    context["are_many"] = len(people) == PEOPLE_AT_MOST or finder.data.get("q")
    context["overrides"] = part.task.overrides.select_related("supporter", "instead_of", "by").only(
        "reason", "at", "supporter__name", "instead_of__name", "by__name", "by__email", "by__mobile"
    )
    if form.is_valid():
        context |= {"about": form.cleaned_data["supporter"], **_stand(part.task, form.cleaned_data["supporter"].pk)}
    return render(request, "support_requests/plans/task.html", context)


def _act_on_task(request: HttpRequest, task: PlannedTask, form: OverrideForm) -> bool:
    """Approve one part, or send somebody else there. Returns whether the page is done with."""
    try:
        match request.POST.get("action"):
            case "approve":
                if approve_one(task, by=request.user):
                    messages.success(request, _("%(applied)s件をお願いしました。") % {"applied": 1})
                else:
                    messages.warning(request, task.outcome)
                return True
            case "override" if form.is_valid():
                override(task, by=request.user, **form.cleaned_data)
                messages.success(request, _("行く人を代えました。まだお願いは送っていません。"))
                return True
            case "override":
                return False
            case _:
                raise Http404
    except Refused as refusal:
        if not form.is_bound:
            messages.error(request, str(refusal))
            return True
        form.add_error(None, str(refusal))
        return False


def _stand(task: PlannedTask, supporter: int) -> dict[str, Any]:
    """How a supporter stands to a task, for the page."""
    try:
        answer, mapped = why_not(task, supporter)
    except Refused as refusal:
        return {"sentence": str(refusal)}
    topics = {topic.pk: str(topic) for topic in kept_rows(Topic.objects.all())}
    titles = {key: str(one.request.group) if one.request else "" for key, one in mapped.items()}
    return {
        "answer": answer,
        "sentence": _("この活動に行く人に選ばれています。") if answer.chosen else say_rule(answer.rule),
        "only": say_list(say_missing(code, topics) for code in answer.only),
        "leaves": say_list(titles[key] or _("人がたりない活動") for key in answer.leaves),
    }


def _act(request: HttpRequest, found: Plan) -> None:
    try:
        match request.POST.get("action"):
            case "approve":
                _approve(request, found)
            case "discard":
                discard(found, by=request.user)
                messages.success(request, _("この計画は使わないことにしました。何も送っていません。"))
            case "again":
                try_again(found, by=request.user)
            case _:
                raise Http404
    except Refused as refusal:
        messages.error(request, str(refusal))


def _approve(request: HttpRequest, found: Plan) -> None:
    """Here and now what is soon done; the rest by a worker, while the page says how far it is."""
    if found.tasks.filter(UNTRIED).count() > AT_ONCE:
        approve_in_background(found, by=request.user)
    else:
        _say_applied(request, found, approve(found, by=request.user))


def _say_applied(request: HttpRequest, found: Plan, applied: int) -> None:
    refused = found.tasks.exclude(outcome="").count()
    counts = {"applied": applied, "refused": refused}
    if refused:
        sentence = _("%(applied)s件をお願いしました。%(refused)s件は、計画の後で状況が変わったため外しました。")
        messages.warning(request, sentence % counts)
    else:
        messages.success(request, _("%(applied)s件をお願いしました。") % counts)

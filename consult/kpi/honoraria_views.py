"""A month's honoraria: draw the lines up, see that they come to the figures, approve, pay, put right."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.kpi.forms import AmountForm
from consult.kpi.reconciling import reconcile
from programme.access import coordinator_only
from programme.errors import Refused
from programme.fiscal import Month
from programme.records import LINES_AT_MOST, Line, record_of
from programme.wording import say_day
from supporters.honoraria import acts_of, approve_lines, correct_amount, draw_up, pay, standing_of
from supporters.models import Assignment, Honorarium

LINES_A_PAGE, LISTED_AT_MOST = 20, 20
# Of a line, and of what belongs to it.
SHOWN = (
    *("day", "cause", "minutes", "yen", "reason", "approved_at", "payment", "assignment__status"),
    *("assignment__supporter__name", "assignment__supporter__may_be_paid", "assignment__check_in__at"),
    *(f"assignment__shift__venue__{name}" for name in ("name", "kana", "name_en")),
)


@coordinator_only
def now(request: HttpRequest) -> HttpResponse:
    """The month in which there is something to do: the first with a line that waits, else the last that is over."""
    waiting = Honorarium.objects.filter(payment=None).order_by("day").first()
    month = Month.of(waiting.day) if waiting else Month.of(timezone.localdate()).previous
    return redirect("kpi:honoraria", month)


@coordinator_only
def honoraria(request: HttpRequest, month: Month) -> HttpResponse:
    today = timezone.localdate()
    if month.first > today:
        raise Http404
    form = AmountForm(request.POST if request.POST.get("action") == "correct" else None)
    if request.method == "POST" and _act(request, month, form):
        return redirect("kpi:honoraria", month)
    standing = standing_of(month, by=request.user)
    found = reconcile(month)
    parts = [
        (_("実績"), found.counted),
        (_("明細になった活動"), found.lined),
        (_("来たことが確かめられていない活動"), found.unproven),
        (_("確かめられたが、明細がまだの活動"), found.undrawn),
        (_("明細と合わない分"), found.changed),
        (_("この月の明細の合計"), found.drawn),
    ]
    to_prove = Assignment.objects.filter(pk__in=found.to_prove[:LISTED_AT_MOST])
    page = _page(month, standing.lines, request.GET.get("page"))
    context = {
        "record": partial(_record, month, page),
        "month": month,
        "to_prove": to_prove.select_related("supporter", "shift__venue").order_by("shift__starts_at", "pk"),
        "parts": parts,
        "next": month.next if month.next.first <= today else None,
        "page": page,
        "reconciled": found,
        "differing": found.differing[:LISTED_AT_MOST],
        "approvable": {"number": standing.number, "yen": standing.yen},
        "waiting": standing.waiting,
        "payable": Honorarium.objects.payable().aggregate(yen=Sum("yen", default=0), lines=Count("pk")),
        "form": form,
        "correcting": request.POST.get("assignment") if form.is_bound else request.GET.get("correct"),
    }
    return render(request, "consult/kpi/honoraria.html", context)


def _record(month: Month, page: Iterable[Honorarium]) -> list[Line]:
    """What was changed of the lines of a page, and what was done for the month as a whole."""
    changes = record_of(*page, called={line: f"{say_day(line.day)} {line.assignment.supporter}" for line in page})
    return sorted([*changes, *acts_of(month)], key=lambda line: line.at, reverse=True)[:LINES_AT_MOST]


def _page(month: Month, count: int, number: str | None) -> Any:
    """A page of the month's ``count`` lines."""
    page: Any = Paginator(range(count), LINES_A_PAGE).get_page(number)
    places = page.object_list
    lines = Honorarium.objects.of_month(month).order_by("day", "pk")
    lines = lines.select_related("assignment__supporter", "assignment__shift__venue", "assignment__check_in")
    # Most months were paid at once: the few payments are not read with each line.
    lines = lines.prefetch_related("payment").only(*SHOWN)
    page.object_list = list(lines[places.start : places.stop])
    return page


def _act(request: HttpRequest, month: Month, form: AmountForm) -> bool:
    """Whether the page is done with what was sent: a form that is wrong is shown again."""
    by: Any = request.user
    try:
        match request.POST.get("action"):
            case "draw_up":
                changed = draw_up(month, by=by)
                messages.success(request, _("明細を%(count)s件、作るか直しました。") % {"count": changed})
            case "approve":
                number, yen = (request.POST.get(name, "") for name in ("number", "yen"))
                seen = (int(number), int(yen)) if number.isdecimal() and yen.lstrip("-").isdecimal() else (0, 0)
                messages.success(
                    request, _("明細を%(count)s件、承認しました。") % {"count": approve_lines(month, by=by, seen=seen)}
                )
            case "pay":
                payment = pay(by=by)
                messages.success(request, _("支払い %(number)s を作りました。") % {"number": payment.pk})
            case "correct":
                if not form.is_valid():
                    return False
                key = request.POST.get("assignment", "")
                row = get_object_or_404(Assignment, pk=key if key.isdecimal() else 0)
                correct_amount(row, by=by, **form.cleaned_data)
                messages.success(request, _("差額の明細を作りました。承認されると、次の支払いに入ります。"))
            case _other:
                raise Http404
    except Refused as refusal:
        messages.error(request, str(refusal))
    return True

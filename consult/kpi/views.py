"""The months' pages: figures for coordinator and city officer; closing for coordinators."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from consult.kpi import exports, kept, ledger
from consult.kpi.definition import Area
from consult.kpi.drafts import open_points
from consult.kpi.forms import CloseForm
from consult.kpi.periods import fiscal_years, has_figures, months_of
from consult.kpi.report import Report, Row, report
from consult.kpi.reporting_period import Period
from consult.kpi.words import say_month
from consult.models import KpiExport, MonthDraft, MonthReport, ProposedCorrection
from programme.access import coordinator_only, figures_only
from programme.errors import Refused
from programme.fiscal import Month

EXPORTS_A_PAGE = 100


@figures_only
@require_GET
def months(request: HttpRequest) -> HttpResponse:
    """A fiscal year (``?year=2025``, the present one by default): its totals so far, and its months."""
    years = fiscal_years()
    year = next((year for year in years if str(year) == request.GET.get("year")), years[0])
    begun = months_of(year)
    closings = {
        Month(closing.year, closing.month): closing
        for closing in MonthReport.objects.filter(year__in=(year, year + 1)).select_related("closed_by")
    }
    context = {
        "years": years,
        "year": year,
        "report": report(begun[0], with_cells=False),
        "months": [(month, closings.get(month)) for month in begun],
    }
    return render(request, "consult/kpi/months.html", context)


@figures_only
@require_GET
def month(request: HttpRequest, month: Month) -> HttpResponse:
    return _month_page(request, month, CloseForm())


@coordinator_only
@require_POST
def close(request: HttpRequest, month: Month) -> HttpResponse:
    if not has_figures(month):
        raise Http404
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _month_page(request, month, form)
    try:
        ledger.close_month(month, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(month)sを締めました。") % {"month": say_month(month)})
    return redirect("kpi:month", month)


def _month_page(request: HttpRequest, month: Month, form: CloseForm) -> HttpResponse:
    if not has_figures(month):
        raise Http404
    found = report(month, with_cells=False)
    of_month = {"year": month.year, "month": month.month}
    proposals = ProposedCorrection.objects.waiting().filter(report__year=month.year, report__month=month.month)
    context = {
        "report": found,
        "areas": _by_area(found),
        "form": form,
        "verified": bool(found.closing and ledger.is_as_sealed(found.closing)),
        "proposals": proposals.defer("came", "went", "changed", "cells"),
        "made_here": ledger.corrections_made_in(Period.of(month)),
        "draft": MonthDraft.objects.filter(**of_month).first() if found.is_over and not found.closing else None,
        "open_points": open_points(month) if found.is_over and not found.closing else [],
        "previous": month.previous if has_figures(month.previous) else None,
        "next": month.next if has_figures(month.next) else None,
    }
    return render(request, "consult/kpi/month.html", context)


def _by_area(found: Report) -> list[tuple[Any, list[Row]]]:
    """The figures under the heading of what they are about."""
    areas: dict[Any, list[Row]] = {area: [] for area in Area}
    for row in found.rows:
        areas[row.definition.area].append(row)
    return [(area.label, rows) for area, rows in areas.items() if rows]


@figures_only
@require_GET
def export(request: HttpRequest, month: Month, suffix: str) -> HttpResponse:
    """A file to keep. It changes no figure; who took it is written down."""
    try:
        form = exports.form_of(suffix, request.GET.get("encoding", ""))
    except KeyError as error:
        raise Http404 from error
    if not has_figures(month):
        raise Http404
    content = exports.export(Period.of(month), form, by=request.user)
    headers = {"Content-Disposition": f'attachment; filename="{exports.file_name(Period.of(month), form)}"'}
    if content.lost:
        headers["X-Not-Encoded"] = exports.say_lost(content.lost)
    return HttpResponse(content.data, content_type=exports.FORMS[form].content_type, headers=headers)


@figures_only
@require_POST
def recount(request: HttpRequest) -> HttpResponse:
    """Forget what was counted: the page from which this was asked (``back``) counts when it is shown again."""
    kept.forget_all()
    back = request.POST.get("back", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "kpi:months")


@figures_only
@require_GET
def taken(request: HttpRequest) -> HttpResponse:
    """Who took which figures out of the system: every export, the latest first."""
    exported = KpiExport.objects.select_related("by").order_by("-at", "-pk")
    return render(
        request,
        "consult/kpi/exports.html",
        {"page": Paginator(exported, EXPORTS_A_PAGE).get_page(request.GET.get("page"))},
    )

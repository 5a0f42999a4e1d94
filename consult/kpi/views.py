"""The ledger's pages: figures for coordinator and city officer; rows, closing and correcting for coordinators."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from consult.kpi import exports, ledger
from consult.kpi.forms import CloseForm, CorrectionForm, ReasonForm
from consult.kpi.lines import lines
from consult.kpi.periods import fiscal_years, has_figures, months_of
from consult.kpi.report import report
from consult.kpi.words import say_month
from consult.models import MonthReport
from programme.access import coordinator_only, figures_only
from programme.errors import Refused
from programme.fiscal import Month

LINES_A_PAGE = 100


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
        "report": report(begun[0]),
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
    found = report(month)
    context = {
        "report": found,
        "form": form,
        "verified": bool(found.closing) and ledger.verify_month(month),
        "differences": ledger.differences(month).values(),
        "previous": month.previous if has_figures(month.previous) else None,
        "next": month.next if has_figures(month.next) else None,
    }
    return render(request, "consult/kpi/month.html", context)


@coordinator_only
@require_GET
def rows(request: HttpRequest, month: Month, figure: str) -> HttpResponse:
    return _figure_page(request, month, figure)


@coordinator_only
@require_POST
def correct(request: HttpRequest, month: Month, figure: str) -> HttpResponse:
    form = CorrectionForm(request.POST, prefix="correct")
    if form.is_valid():
        facts = form.cleaned_data
        try:
            ledger.correct(month, figure, facts["new"], facts["reason"], by=request.user, seen=facts["seen"])
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("訂正を記録しました。"))
            return redirect("kpi:rows", month, figure)
    return _figure_page(request, month, figure, correction_form=form)


@coordinator_only
@require_POST
def state(request: HttpRequest, month: Month, figure: str) -> HttpResponse:
    """State what came into the records after closing as a correction."""
    form = ReasonForm(request.POST, prefix="state")
    if form.is_valid():
        try:
            ledger.state_difference(month, figure, form.cleaned_data["reason"], by=request.user)
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("訂正を記録しました。"))
        return redirect("kpi:rows", month, figure)
    return _figure_page(request, month, figure, state_form=form)


def _figure_page(
    request: HttpRequest,
    month: Month,
    figure: str,
    *,
    correction_form: Form | None = None,
    state_form: Form | None = None,
) -> HttpResponse:
    if not has_figures(month):
        raise Http404
    found = report(month)
    try:
        row = found.row(figure)
    except KeyError as error:
        raise Http404 from error
    counted = ledger.counted_rows(month, row.definition)
    page = Paginator(counted.rows, LINES_A_PAGE).get_page(request.GET.get("page"))
    difference = ledger.differences(month).get(figure)
    new_rows = [pair for pair in difference.now.rows if pair[0] in set(difference.added)] if difference else []
    context = {
        "report": found,
        "row": row,
        "page": page,
        "lines": lines(row.definition, list(page)),
        "difference": difference,
        "new_lines": lines(row.definition, new_rows),
        "correction_form": correction_form or CorrectionForm(prefix="correct", initial={"seen": row.value}),
        "state_form": state_form or ReasonForm(prefix="state"),
    }
    return render(request, "consult/kpi/figure.html", context)


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
    content = exports.export(month, form, by=request.user)
    headers = {"Content-Disposition": f'attachment; filename="{exports.file_name(month, form)}"'}
    if content.lost:
        headers["X-Not-Encoded"] = exports.say_lost(content.lost)
    return HttpResponse(content.data, content_type=exports.FORMS[form].content_type, headers=headers)

"""Reports of any period and of half-years: coordinators and officers read and take them, coordinators write them."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consult.errors import TextsChanged
from consult.kpi import exports
from consult.kpi.dimensions import DIMENSIONS
from consult.kpi.exports.as_half_year import half_year_xlsx
from consult.kpi.exports.content import Content
from consult.kpi.half_year import HalfYear, figures_of, half_year, stored
from consult.kpi.period_reports import period_report
from consult.kpi.report_forms import FixForm, HalfYearForm, PeriodForm
from consult.kpi.reporting_period import Period, usual_periods
from programme.access import coordinator_only, figures_only
from programme.errors import Refused


@figures_only
@require_GET
def periods(request: HttpRequest) -> HttpResponse:
    """Which period? ``?from=2024-04&to=2024-09`` goes to its report."""
    form = PeriodForm(request.GET if "from" in request.GET or "to" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect("kpi:period", form.cleaned_data["period"])
    usual = usual_periods()
    context = {
        "form": form,
        "years": [period for period in usual if period.is_year],
        "halves": [period for period in usual if period.half],
    }
    return render(request, "consult/kpi/periods.html", context)


@figures_only
@require_GET
def period(request: HttpRequest, period: Period) -> HttpResponse:
    _check(period)
    report = period_report(period, suppressed=exports.sees_no_small_cells(request.user), with_cells=False)
    return render(request, "consult/kpi/period.html", {"report": report})


@figures_only
@require_GET
def period_parts(request: HttpRequest, period: Period, figure: str) -> HttpResponse:
    """One figure with its breakdowns: those of all figures are thousands of lines."""
    _check(period)
    report = period_report(period, suppressed=exports.sees_no_small_cells(request.user), codes={figure})
    row = report.row(figure)
    if row is None:
        raise Http404
    breakdowns = [(DIMENSIONS[code], cells) for code, cells in row.cells.items()]
    return render(request, "consult/kpi/period_parts.html", {"report": report, "row": row, "breakdowns": breakdowns})


@figures_only
@require_GET
def period_export(request: HttpRequest, period: Period, suffix: str) -> HttpResponse:
    """A file to keep. It changes no figure; who took it is written down."""
    _check(period)
    try:
        form = exports.form_of(suffix, request.GET.get("encoding", ""))
    except KeyError as error:
        raise Http404 from error
    content = exports.export(period, form, by=request.user)
    return as_file(content, exports.FORMS[form].content_type, exports.file_name(period, form))


def as_file(content: Content, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if content.lost:
        headers["X-Not-Encoded"] = exports.say_lost(content.lost)
    return HttpResponse(content.data, content_type=content_type, headers=headers)


# --- Half-years --------------------------------------------------------------------------------------
@figures_only
@require_GET
def wg(request: HttpRequest, period: Period) -> HttpResponse:
    return _half_year_page(request, period)


def _half_year_page(request: HttpRequest, period: Period, fix_form: FixForm | None = None) -> HttpResponse:
    table = _table(period)
    versions = table.report.texts.select_related("by").order_by("-pk") if table.report.pk else []
    context = {
        "table": table,
        "versions": versions,
        "fix_form": fix_form or FixForm(initial={"seen": table.last_version}),
    }
    return render(request, "consult/kpi/half_year.html", context)


@coordinator_only
@require_http_methods(["GET", "POST"])
def wg_write(request: HttpRequest, period: Period) -> HttpResponse:
    table = _table(period)
    if table.report.is_fixed:
        messages.error(request, _("この報告はもう確定しています。文章も数字も変えられません。"))
        return redirect("kpi:wg", period)
    form = HalfYearForm(request.POST or None, table=table)
    if request.method == "POST" and form.is_valid():
        try:
            written = stored(period).write(form.texts(), seen=form.cleaned_data["seen"], by=request.user)
        except TextsChanged as error:
            form.add_error(None, str(error))
            table = _table(period)
            form.show_again(table)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("文章を保存しました。") if written else _("文章は変わっていません。"))
            return redirect("kpi:wg", period)
    return render(request, "consult/kpi/half_year_write.html", {"table": table, "form": form})


@coordinator_only
@require_POST
def wg_fix(request: HttpRequest, period: Period) -> HttpResponse:
    """The report was sent: what it says is kept."""
    _table(period)
    form = FixForm(request.POST)
    if not form.is_valid():
        return _half_year_page(request, period, form)
    try:
        stored(period).fix(figures_of(period, anew=True), seen=form.cleaned_data["seen"], by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("報告を確定しました。"))
    return redirect("kpi:wg", period)


@figures_only
@require_GET
def wg_export(request: HttpRequest, period: Period) -> HttpResponse:
    content = half_year_xlsx(_table(period))
    exports.record(period, "wg-xlsx", content.data, by=request.user)
    return as_file(content, exports.FORMS["xlsx"].content_type, f"wg-{period}.xlsx")


def _table(period: Period) -> HalfYear:
    if not period.half:
        raise Http404
    _check(period)
    return half_year(period)


def _check(period: Period) -> None:
    if not period.is_there:
        raise Http404

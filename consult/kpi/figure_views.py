"""One figure of a month: what it counts, its records, and correcting it. Coordinators only."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from consult.kpi import ledger
from consult.kpi.book import Book
from consult.kpi.compare import FLOWS, Comparison, compare
from consult.kpi.definition import Definition
from consult.kpi.dimensions import DIMENSIONS
from consult.kpi.drill import CountedRows, cell_rows, counted_rows, look_up
from consult.kpi.forms import CorrectionForm
from consult.kpi.lines import RECORDS, lines, text_of
from consult.kpi.periods import has_figures
from consult.kpi.records import counted_in
from consult.kpi.report import Report, Row, months_to, report_from
from consult.models import ProposedCorrection
from programme.access import coordinator_only
from programme.errors import Refused
from programme.fiscal import Month

LINES_A_PAGE = 50


@coordinator_only
@require_GET
def rows(request: HttpRequest, month: Month, figure: str) -> HttpResponse:
    """The figure: what it counts, why it differs from last month's, its parts, which lead to their records."""
    return _page(request, month, figure)


@coordinator_only
@require_POST
def correct(request: HttpRequest, month: Month, figure: str) -> HttpResponse:
    _found, row, _comparison = _figure(month, figure)
    form = CorrectionForm(row.definition, request.POST, prefix="correct")
    if form.is_valid():
        facts = form.cleaned_data
        try:
            ledger.correct(month, figure, facts["new"], facts["reason"], by=request.user, seen=facts["seen"])
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("訂正を記録しました。"))
            return redirect("kpi:rows", month, figure)
    return _page(request, month, figure, correction_form=form)


def _figure(month: Month, figure: str) -> tuple[Report, Row, Comparison | None]:
    """The figure in its month and, where there is one, against the month before."""
    if not has_figures(month):
        raise Http404
    before = [month.previous] if has_figures(month.previous) else []
    months = sorted({*months_to(month), *before})
    book = Book(months, stock_months=[*before, month], codes={figure, *FLOWS.get(figure, ())}, cells_of={figure})
    found = report_from(book, month, codes={figure}, alone=True)
    try:
        row = found.row(figure)
    except KeyError as error:
        raise Http404 from error
    return found, row, compare(book, month, row.definition, found.labels) if before else None


def _page(request: HttpRequest, month: Month, figure: str, *, correction_form: Form | None = None) -> HttpResponse:
    found, row, comparison = _figure(month, figure)
    waiting = ProposedCorrection.objects.waiting().filter(report__year=month.year, report__month=month.month)
    context = {
        "report": found,
        "row": row,
        "comparison": comparison,
        "breakdowns": [(code, DIMENSIONS[code], cells) for code, cells in row.cells.items() if DIMENSIONS[code].listed],
        "proposal": waiting.filter(figure=figure).defer("came", "went", "changed", "cells").first(),
        "correction_form": correction_form
        or CorrectionForm(row.definition, prefix="correct", initial={"seen": row.value}),
    }
    return render(request, "consult/kpi/figure.html", context)


@coordinator_only
@require_GET
def counted(request: HttpRequest, month: Month, figure: str) -> HttpResponse:
    """The records that the figure counts; of one part of it: ``?by=topic&key=T05``."""
    if not has_figures(month):
        raise Http404
    try:
        definition, basis = look_up(month, figure)
        part, found = _part(definition, month, request.GET.get("by", ""), request.GET.get("key", ""))
    except KeyError as error:
        raise Http404 from error
    of_it = counted_rows(month, definition, basis) if found is None else found
    page = Paginator(of_it, LINES_A_PAGE).get_page(request.GET.get("page"))
    if part and not part["is_listed"] and not page.paginator.count:
        raise Http404
    context = {
        "month": month,
        "definition": definition,
        "is_frozen": basis is not None,
        "part": part,
        "page": page,
        "lines": lines(definition, list(page)),
    }
    return render(request, "consult/kpi/counted_rows.html", context)


def _part(
    definition: Definition, month: Month, code: str, key: str
) -> tuple[dict[str, Any] | None, CountedRows | None]:
    """The chosen cell in words, with its rows; (None, None) for no cell. KeyError for a dimension that shows none."""
    if not code:
        return None, None
    dimension = DIMENSIONS[code]
    if not dimension.listed:
        raise KeyError(code)
    labels = dimension.labels()
    part = {"dimension": dimension.name, "label": dimension.label(key, labels), "is_listed": key in labels}
    return part, cell_rows(month, definition, code, key)


@coordinator_only
@require_GET
def record(request: HttpRequest, kind: str, pk: str) -> HttpResponse:
    """Back from a record to the figures that count it."""
    if kind not in RECORDS:
        raise Http404
    model = RECORDS[kind]
    try:
        found = model._default_manager.filter(pk=pk).first()
    except (ValueError, OverflowError, ValidationError) as error:
        raise Http404 from error
    if found is None:
        raise Http404
    context = {"text": text_of(found), "places": counted_in(found), "kind": kind, "record": found}
    return render(request, "consult/kpi/record.html", context)

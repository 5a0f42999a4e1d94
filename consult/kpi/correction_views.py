"""Corrections that propose themselves: the list, what came and went, and a coordinator's yes or no."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from consult.kpi import proposals
from consult.kpi.definitions import find
from consult.kpi.dimensions import DIMENSIONS
from consult.kpi.forms import ReasonForm, RefusalForm
from consult.kpi.lines import lines
from consult.models import ProposedCorrection
from programme.access import UserRequest, coordinator_only
from programme.errors import ChangedMeanwhile, Refused
from programme.fiscal import Month

SETTLED_A_PAGE = 50
LINES_AT_MOST = 100


@coordinator_only
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Those that wait for a decision, and below them what became of the others."""
    every = ProposedCorrection.objects.select_related("report", "settled_by").defer("came", "went", "changed", "cells")
    settled = every.exclude(status=ProposedCorrection.Status.WAITING).order_by("-settled_at", "-pk")
    context = {
        "waiting": [(each, Month(each.report.year, each.report.month)) for each in every.waiting()],
        "page": Paginator(settled, SETTLED_A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "consult/kpi/proposals.html", context)


@coordinator_only
@require_GET
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


@coordinator_only
@require_POST
def approve(request: UserRequest, pk: int) -> HttpResponse:
    form = ReasonForm(request.POST, prefix="approve")
    if not form.is_valid():
        return _page(request, pk, approve_form=form)
    found = get_object_or_404(ProposedCorrection, pk=pk)
    try:
        proposals.approve(found, reason=form.cleaned_data["reason"], by=request.user)
    except ChangedMeanwhile as error:
        proposals.look_at(found.report, figure=found.figure)  # what its records say now is proposed at once
        messages.error(request, str(error))
        return redirect("kpi:proposals")
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("訂正を記録しました。"))
    return redirect("kpi:rows", Month(found.report.year, found.report.month), found.figure)


@coordinator_only
@require_POST
def refuse(request: UserRequest, pk: int) -> HttpResponse:
    form = RefusalForm(request.POST, prefix="refuse")
    if not form.is_valid():
        return _page(request, pk, refuse_form=form)
    found = get_object_or_404(ProposedCorrection, pk=pk)
    try:
        proposals.refuse(found, reason=form.cleaned_data["reason"], by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("訂正しないことにしました。理由を残しました。"))
    return redirect("kpi:proposals")


def _page(
    request: HttpRequest, pk: int, *, approve_form: ReasonForm | None = None, refuse_form: RefusalForm | None = None
) -> HttpResponse:
    found = get_object_or_404(ProposedCorrection.objects.select_related("report", "settled_by"), pk=pk)
    definition = find(found.figure, found.report.figures.values_list("version", flat=True).get(figure=found.figure))
    context = {
        "proposal": found,
        "definition": definition,
        "month": Month(found.report.year, found.report.month),
        "parts": [
            (_("増えた記録"), len(found.came), lines(definition, found.came[:LINES_AT_MOST])),
            (_("なくなった記録"), len(found.went), lines(definition, found.went[:LINES_AT_MOST])),
            (
                _("数が変わった記録"),
                len(found.changed),
                lines(definition, [(row, now) for row, _was, now in found.changed[:LINES_AT_MOST]]),
            ),
        ],
        "cells": _cells(found),
        "at_most": LINES_AT_MOST,
        "approve_form": approve_form or ReasonForm(prefix="approve"),
        "refuse_form": refuse_form or RefusalForm(prefix="refuse"),
    }
    return render(request, "consult/kpi/proposal.html", context)


def _cells(found: ProposedCorrection) -> list[tuple[str, list[tuple[str, int, int]]]]:
    """The cells that differ, in words: (dimension, [(label, then, now)])."""
    told: list[tuple[str, list[tuple[str, int, int]]]] = []
    for code, cells in found.cells.items():
        dimension = DIMENSIONS[code]
        if not dimension.listed:
            continue
        labels = dimension.labels()
        parts = [(dimension.label(key, labels), was, now) for key, (was, now) in cells.items()]
        told.append((str(dimension.name), parts))
    return told

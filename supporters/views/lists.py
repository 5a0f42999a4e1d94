"""The list of supporters as a file: in, looked at first, and out."""

import zlib
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from tablib import Dataset

from programme.access import coordinator_only
from programme.xlsx_files import CONTENT_TYPE
from supporters.forms import FilterForm
from supporters.forms.lists import ListForm
from supporters.lists import bring_in, look_at, take_out, template
from supporters.models import PeopleExport

# What was looked at waits in the page itself, signed: until somebody confirms it, no row and no file is kept here.
SALT, HOURS = "supporters.lists", 2


@coordinator_only
def bring(request: HttpRequest) -> HttpResponse:
    """A file, then what it would do, then what it did."""
    if "people" in request.POST:
        return _confirmed(request)
    form = ListForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        people = form.cleaned_data["file"]
        rows = look_at(people, by=request.user)
        context |= {
            "rows": rows,
            "new": sum(row.is_new for row in rows),
            "known": sum(bool(row.known) for row in rows),
            "wrong": sum(bool(row.errors) for row in rows),
            "people": signing.dumps([people.headers, *people], salt=SALT, compress=True),
        }
    return render(request, "supporters/bring.html", context)


def _confirmed(request: HttpRequest) -> HttpResponse:
    try:
        heads, *rows = signing.loads(request.POST["people"], salt=SALT, max_age=HOURS * 60 * 60)
    except (signing.BadSignature, zlib.error):
        messages.error(request, _("確認から時間がたちました。もう一度ファイルを選んでください。"))
        return redirect("supporters:bring")
    found = bring_in(Dataset(*rows, headers=heads), by=request.user)
    count = sum(row.is_new for row in found)
    messages.success(
        request, ngettext("%(count)s人を登録しました。", "%(count)s人を登録しました。", count) % {"count": count}
    )
    return redirect("supporters:people")


@coordinator_only
@require_safe
def example(request: HttpRequest) -> HttpResponse:
    return _file(template(), "supporters-template.xlsx")


@require_POST
@coordinator_only
def take(request: HttpRequest) -> HttpResponse:
    """Those whom the list shows, by the same query; it is recorded who took them."""
    form = FilterForm(request.GET)
    if not form.is_valid():
        return redirect("supporters:people")
    chosen = form.query_without_name()
    return _file(take_out(form.people(), query=chosen, by=request.user), "supporters.xlsx")


@coordinator_only
@require_safe
def taken(request: HttpRequest) -> HttpResponse:
    """Who took lists out, the last ones first."""
    rows = PeopleExport.objects.select_related("by")[:100]
    return render(request, "supporters/taken.html", {"rows": rows})


def _file(data: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(data, content_type=CONTENT_TYPE, headers=headers)

"""Published figures: those that there are, and bringing in a table of them, with a look at each row before."""

from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from consult.kpi import published as table
from consult.kpi.forms import TableForm
from programme.access import coordinator_only
from programme.errors import Refused
from programme.models import PublishedFigure

SALT = "kpi-published"


@coordinator_only
def published(request: HttpRequest) -> HttpResponse:
    """Choosing a file shows its rows; the button below them stores those that are new."""
    if request.method == "POST" and "checked" in request.POST:
        return _store(request)
    form = TableForm(request.POST, request.FILES) if request.method == "POST" else TableForm()
    context: dict[str, Any] = {"form": form, "figures": PublishedFigure.objects.order_by("-as_of", "figure")}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["table"]
        try:
            rows = table.read(file.read(), file.name)
        except Refused as error:
            form.add_error("table", str(error))
        else:
            lines = table.check(rows)
            context |= {
                "lines": lines,
                "new": sum(line.is_new for line in lines),
                "wrong": sum(bool(line.errors) for line in lines),
                "checked": signing.dumps(rows, salt=SALT, compress=True),
            }
    return render(request, "consult/kpi/published.html", context)


def _store(request: HttpRequest) -> HttpResponse:
    try:
        rows = signing.loads(request.POST["checked"], salt=SALT)
    except signing.BadSignature:
        messages.error(request, _("表をもう一度選んでください。"))
    else:
        messages.success(request, _("公表値を取り込みました: %(number)s件") % {"number": table.store(rows)})
    return redirect("kpi:published")

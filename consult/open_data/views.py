"""The page of the open data, and its files at addresses that stay."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from consult.open_data.figures import last_change
from consult.open_data.files import CONTENT_TYPES, RECORDS, WRITERS
from consult.open_data.tables import catalogue
from notifications.links import absolute


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What there is to take, under which licence, in which columns."""
    found = catalogue()
    addresses = {
        table.code: [(form.upper(), absolute(reverse("open_data:file", args=[table.code, form]))) for form in WRITERS]
        for table in found.tables
    }
    tables = [(table, addresses[table.code]) for table in found.tables]
    context = {
        "catalogue": found,
        "tables": tables,
        "today": timezone.localdate(),
        "figures_since": last_change(),
    }
    return render(request, "consult/open_data.html", context)


@require_safe
def file(request: HttpRequest, code: str, form: str) -> HttpResponseBase:
    """One table as a file. It changes when its rows do: whoever has it asks with If-None-Match and gets 304."""
    try:
        table, records, write = catalogue().table(code), RECORDS[code], WRITERS[form]
    except KeyError as error:
        raise Http404 from error
    data = write(table, records())
    etag = f'"{hashlib.sha256(data).hexdigest()}"'
    response = HttpResponse(data, content_type=CONTENT_TYPES[form])
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "public, max-age=300"
    response.headers["Link"] = f'<{catalogue().licence_url}>; rel="license"'
    # Anybody's page may read it: that is what it is for.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Disposition"] = f'inline; filename="{code}.{form}"'
    return get_conditional_response(request, etag=etag, response=response) or response

"""Error pages, in the reader's language. The handlers named in mdeji.urls; those for 403 and 404 are Django's own.

What went wrong may be the database, so those for 400, 500 and 503 ask it nothing: they are rendered without a
request, and the phone number is the one that a page showed last.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from mdeji.languages import languages
from programme.context import last_seen

SOON = "300"  # seconds; the pages say "5分ほど"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(400)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Called by allauth, which counts how often somebody asks for codes."""
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = SOON
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an error that nobody caught; one of a database that does not answer is not ours to mend."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return unavailable(request)
    return _page(500, **_languages(request))


def unavailable(request: HttpRequest, **known: object) -> HttpResponse:
    """Nothing works just now. ``known``: what 503.html may say about it."""
    known |= {"sent": request.method == "POST", **_languages(request)}
    return _page(503, {"Retry-After": SOON, "Cache-Control": "no-store"}, **known)


def _languages(request: HttpRequest) -> dict[str, object]:
    """What the choice of languages needs. Not for 400: such a request cannot be trusted with its own address."""
    return {"request": request, **languages(request)}


def _page(status: int, headers: dict[str, str] | None = None, /, **context: object) -> HttpResponse:
    page = render_to_string(f"{status}.html", {"programme": last_seen(), **context})
    return HttpResponse(page, status=status, headers=headers)

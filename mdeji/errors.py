"""Error pages, in the reader's language. The handlers named in mdeji.urls; those for 403 and 404 are Django's own.

What went wrong may be the database, so those for 400, 500 and 503 ask it nothing: they are rendered without a
request, and the phone number is the one that a page showed last.
"""

import sys
from collections.abc import Callable

from allauth.core.exceptions import RateLimited
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string

from mdeji.languages import languages
from programme.context import last_seen

SOON = "300"  # seconds; the pages say "5分ほど"
# It is locked for too long, or its file cannot be opened.
SQLITE_SILENT = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN")
# The connection broke, it has too many of them, it shuts down, it crashed, it is starting.
POSTGRESQL_SILENT = ("08", "53300", "57P01", "57P02", "57P03")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(400)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Called by allauth, which counts how often somebody asks for codes."""
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = SOON
    return response


def rate_limits(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """The same page where a view of allauth's lets its count through, as for one more code at sign-up."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return too_many_requests(request) if isinstance(exception, RateLimited) else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an error that nobody caught; one of a database that does not answer is not ours to mend."""
    if _does_not_answer(sys.exc_info()[1]):
        return unavailable(request)
    return _page(500, **_languages(request))


def _does_not_answer(error: BaseException | None) -> bool:
    """Whether there is no connection to the database, or none in time. All else it said is a fault of ours."""
    if isinstance(error, InterfaceError):  # the connection is closed
        return True
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    if name := getattr(cause, "sqlite_errorname", ""):
        return str(name).startswith(SQLITE_SILENT)
    state = getattr(cause, "sqlstate", None)  # PostgreSQL's; None when it gave no answer at all
    return state is None or state.startswith(POSTGRESQL_SILENT)


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

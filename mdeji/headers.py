"""Response headers for which Django has no setting and no library is kept."""

from collections.abc import Callable
from wsgiref.headers import Headers

from django.http import HttpRequest
from django.http.response import HttpResponseBase


def own_pages_only(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """No other site may embed what we send, be it a picture, a figure or a file, unless its view says so."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def of_file(headers: Headers, path: str, url: str) -> None:
    """A drawing that is opened by itself is a document: it runs nothing, and nobody frames it."""
    if path.endswith(".svg"):
        headers["Content-Security-Policy"] = "script-src 'none'; frame-ancestors 'none'"

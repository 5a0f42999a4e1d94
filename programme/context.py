"""What every page knows."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from programme.models import Programme, kept

_seen: dict[str, Programme | None] = {}


def programme(request: HttpRequest) -> dict[str, object]:
    """The programme's row as ``programme``, looked up only by templates that use it."""
    return {"programme": SimpleLazyObject(_look_up)}


def read_once(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: a page that is only shown reads the programme's row once, however many of its facts it needs."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return get_response(request)
        with kept.read_once():
            return get_response(request)

    return middleware


def last_seen() -> Programme | None:
    """The row that a page of this process showed last, for pages that stand without the database."""
    return _seen.get("programme")


def _look_up() -> Programme | None:
    _seen["programme"] = kept.programme()
    return _seen["programme"]

"""What every page knows."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from programme.models import Programme

_seen: dict[str, Programme | None] = {}


def programme(request: HttpRequest) -> dict[str, object]:
    """The programme's row as ``programme``, looked up only by templates that use it."""
    return {"programme": SimpleLazyObject(_look_up)}


def last_seen() -> Programme | None:
    """The row that a page of this process showed last, for pages that stand without the database."""
    return _seen.get("programme")


def _look_up() -> Programme | None:
    _seen["programme"] = Programme.objects.first()
    return _seen["programme"]

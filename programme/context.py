"""What every page knows."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from programme.models import Programme


def programme(request: HttpRequest) -> dict[str, object]:
    """The programme's row as ``programme``, looked up only by templates that use it."""
    return {"programme": SimpleLazyObject(lambda: Programme.objects.first())}

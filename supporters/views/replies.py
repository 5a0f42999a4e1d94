"""How a page answers a verb that refused: with its sentence, never with an error page."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest

from programme.errors import Refused


@contextmanager
def told(request: HttpRequest, done: str = "") -> Iterator[None]:
    """Show ``done`` on the next page when the verb inside worked, else the sentence of its refusal."""
    try:
        yield
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if done:
            messages.success(request, done)

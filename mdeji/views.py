"""The front page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    """The three doors and the phone number."""
    return render(request, "home.html")


def no_such_page(request: HttpRequest, *args: object) -> HttpResponse:
    """Hides a page that a library brings along and nobody here needs."""
    raise Http404

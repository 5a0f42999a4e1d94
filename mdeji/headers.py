"""Response headers for which Django has no setting and no library is kept."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase


def own_pages_only(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """No other site may embed what we send, be it a picture, a figure or a file."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    return middleware

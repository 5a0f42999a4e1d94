"""Who may open a page. What you may not see is not there: 404, not 403."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase

from programme.models import User


class UserRequest(HttpRequest):
    """What a guarded view receives: somebody is signed in."""

    user: User


View = Callable[..., HttpResponseBase]


def _only(allowed: Callable[[Any], bool]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not allowed(request.user):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorate


coordinator_only = _only(lambda user: user.is_coordinator)
figures_only = _only(lambda user: user.is_coordinator or user.is_officer)
signed_in = _only(lambda _user: True)

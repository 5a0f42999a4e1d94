"""Pages that a private link opens, without an account."""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache

from notifications import links
from notifications.own import bad_link
from programme.errors import Refused
from support_requests.contacts import unanswered
from support_requests.messages import CONFIRM, LIFETIME, NEW_CONTACT, STATUS, confirm_key
from support_requests.models import SupportRequest

View = Callable[..., HttpResponseBase]


def opened_by(purpose: str) -> Callable[[View], View]:
    """The view gets the request that the token names, the token, and what else stands in the address.

    A bad link shows what to do instead.
    """

    def decorate(view: View) -> View:
        @never_cache
        @wraps(view)
        def opened(request: HttpRequest, token: str, **more: Any) -> HttpResponseBase:
            try:
                asked = _find(purpose, token, max_age=LIFETIME[purpose])
            except links.ExpiredLink as refusal:
                return bad_link(request, refusal, again_url=_again_url(purpose, token))
            except Refused as refusal:
                return bad_link(request, refusal)
            return view(request, asked, token, **more)

        return opened

    return decorate


def _again_url(purpose: str, token: str) -> str:
    """Where whoever holds an old link of proof has a new one sent, to the same address; "" when nobody waits for it."""
    try:
        asked = _find(purpose, token, max_age=None) if purpose in (CONFIRM, NEW_CONTACT) else None
    except links.BadLink:
        return ""
    if asked is None or unanswered(asked) is None:
        return ""
    return reverse("support_requests:again", args=[links.token(STATUS, asked.pk)])


def _find(purpose: str, token: str, *, max_age: dt.timedelta | None) -> SupportRequest:
    """Raises BadLink, also when the request was erased or its address changed since, or ExpiredLink."""
    key = links.read(purpose, token, max_age=max_age)
    asked = SupportRequest.objects.select_related(
        "group__contact", "group__new_contact", "group__district", "venue__district", "room", "series"
    )
    try:
        found = asked.get(pk=key.partition("-")[0])
    except SupportRequest.DoesNotExist as error:
        raise links.BadLink from error
    # Which address a link was sent to matters as long as it may prove one.
    proved = (found.group.new_contact if purpose == NEW_CONTACT else None) or found.group.contact
    if purpose in (CONFIRM, NEW_CONTACT) and key != confirm_key(found, proved):
        raise links.BadLink
    return found

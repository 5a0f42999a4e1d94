"""How a hall's tablet proves itself to the API: by its token, in a header or in the cookie set at enrolment.

A tablet is no account: ``request.user`` stays anonymous, so every other view and queryset is closed to it, and
``request.auth`` is the ``Tablet``. Only views with ``MayLog`` look at it.
"""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connections, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from consult.models import Desk, Opening
from consult.models.devices import Tablet
from consult.models.intake import Place, was_on_duty
from programme.models import Role, User
from programme.statements import Prepared

COOKIE = "desk_tablet"
SCHEME = "Device"
REVOKED = "tablet_revoked"


class TabletAuthentication(BaseAuthentication):
    """``Authorization: Device <token>``, or the cookie; then a request that changes something needs the CSRF header.

    Wrong tokens are not counted: nobody guesses 256 bits, and all tablets of a hall may share one address.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Tablet] | None:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        in_header = scheme.lower() == SCHEME.lower()
        if not in_header:
            token = request.COOKIES.get(COOKIE, "")
        if not token:
            return None
        tablet = Tablet.objects.of_token(token)
        if tablet is None:
            if not in_header and request._request.user.is_authenticated:
                return None  # a tablet that was taken out may still be used by somebody who signs in
            raise AuthenticationFailed(
                _("この端末の登録は取り消されています。事務局で登録し直してください。"), code=REVOKED
            )
        if not in_header:
            SessionAuthentication().enforce_csrf(request)
        tablet.seen()
        return AnonymousUser(), tablet

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class MayLog(BasePermission):
    """Somebody who is signed in, or an enrolled tablet. What they may log for is ``loggable_by``."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user.is_authenticated or tablet_of(request))


def tablet_of(request: Request) -> Tablet | None:
    return request.auth if isinstance(request.auth, Tablet) else None


def desks_of(request: Request) -> Any:
    """The desks whose openings the sender may read, as a queryset."""
    tablet = tablet_of(request)
    return Desk.objects.filter(pk=tablet.desk_id) if tablet else Desk.objects.visible_to(request.user)


def openings_of(request: Request) -> Any:
    """The openings whose team and counts the sender may read, as a queryset: a tablet its desk's of today."""
    tablet = tablet_of(request)
    return loggable_by(request).filter(date=timezone.localdate()) if tablet else loggable_by(request)


def loggable_by(request: Request) -> Any:
    """The openings that the sender may log for, as a queryset: a tablet its desk's, since what it kept while it was
    offline comes on any later day."""
    tablet = tablet_of(request)
    return Opening.objects.filter(desk=tablet.desk_id) if tablet else Opening.objects.visible_to(request.user)


def places_of(request: Request, wanted: Collection[int]) -> dict[int, Place]:
    """Those of ``wanted`` that the sender may log for: also a duty that was called off, or left, after the tap."""
    if not wanted:
        return {}
    tablet = tablet_of(request)
    user: Any = request.user
    asked, who = (_OF_TABLET, tablet.desk_id) if tablet else (_OF_ACCOUNT[user.role], user.pk)
    rows = asked.rows(connections[router.db_for_read(Opening)], who, *wanted)
    found = {facts[0]: Place(*facts) for facts in rows}
    if len(found) < len(wanted) and not tablet:
        found |= Place.of(was_on_duty(user).filter(pk__in=wanted - found.keys()))
    return found


# ``loggable_by``, prepared.
_OF_TABLET = Prepared(lambda desk, *wanted: Place.facts(Opening.objects.filter(desk=desk, pk__in=wanted)))
_OF_ACCOUNT = {
    role: Prepared(
        lambda pk, *wanted, role=role: Place.facts(
            Opening.objects.visible_to(User(pk=pk, role=role)).filter(pk__in=wanted)
        )
    )
    for role in Role
}

"""What groups are told, each wording in templates/support_requests/messages/."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.crypto import salted_hmac

from notifications import calendars, links
from notifications.models import Message
from notifications.outbox import tell
from programme.models import Programme
from supporters.messages import event_of

if TYPE_CHECKING:
    from support_requests.models import Session, SupportRequest
    from supporters.models import Shift

CONFIRM = "request-confirm"
STATUS = "request-status"
# How long a link of each purpose works. The status page is of use until the session is long over.
LIFETIME = {CONFIRM: timedelta(days=14), STATUS: timedelta(days=400)}


def confirm_key(request: "SupportRequest") -> str:
    """What a confirm link names: the request and the address it was sent to, so that it proves no other one."""
    email = request.group.contact.email
    return f"{request.pk}-{salted_hmac(CONFIRM, email.casefold()).hexdigest()[:16]}"


def confirm_url(request: "SupportRequest") -> str:
    """The address that proves the contact: whoever opens it has read the mail."""
    return links.absolute(reverse("support_requests:confirm", args=[links.token(CONFIRM, confirm_key(request))]))


def status_url(request: "SupportRequest") -> str:
    """The group's private page about its request."""
    return links.absolute(reverse("support_requests:status", args=[links.token(STATUS, request.pk)]))


def _tell(
    request: "SupportRequest", kind: str, *, occasion: str = "", calendar: str = "", **context: object
) -> Message:
    return tell(
        request.group.contact,
        kind=f"request_{kind}",
        subject=f"request:{request.pk}",
        template=f"support_requests/messages/{kind}.txt",
        context={"request": request, "url": status_url(request), "programme": Programme.objects.first(), **context},
        occasion=occasion,
        calendar=calendar,
    )


def ask_to_confirm(request: "SupportRequest") -> None:
    """Each address is asked once."""
    _tell(request, "confirm", occasion=confirm_key(request), confirm_url=confirm_url(request))


def tell_received(request: "SupportRequest") -> None:
    _tell(request, "received")


def tell_booked(session: "Session") -> None:
    """The confirmation, with a calendar entry to publish (RFC 5546 PUBLISH: nobody has to answer)."""
    shift = session.shift
    _tell(
        session.request,
        "booked",
        session=session,
        occasion=f"{shift.pk}.{shift.sequence}",  # a new time is told anew
        calendar=calendars.publish(event_of(shift)),
    )


def tell_reopened(request: "SupportRequest", shift: "Shift", *, reason: str) -> None:
    """The time of ``shift``, which the group was told, holds no more."""
    _tell(request, "reopened", shift=shift, reason=reason, occasion=str(shift.pk))


def tell_closed(request: "SupportRequest", *, reason: str) -> None:
    _tell(request, "closed", reason=reason)

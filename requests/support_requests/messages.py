"""What groups are told, each wording in templates/support_requests/messages/."""

import datetime as dt
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext as _

from notifications import calendars, links
from notifications.addresses import ASKED_A_DAY, PROOFS
from notifications.ladder import reads_letters
from notifications.models import Channel, Contact, Matter, Message
from notifications.outbox import entries_mailed, mail_entry, tell, withdraw
from programme.models import Limits, Programme
from programme.wording import say_list, say_moment
from support_requests.errors import AskedEnough
from supporters.messages import event_of

if TYPE_CHECKING:
    from support_requests.models import Group, Inquiry, Session, SupportRequest
    from supporters.models import Assignment, Shift

CONFIRM = "request-confirm"
NEW_CONTACT = "request-contact"
STATUS = "request-status"
# How long a link of each purpose works. The status page is of use until the session is long over.
LIFETIME = {CONFIRM: timedelta(days=14), NEW_CONTACT: timedelta(days=14), STATUS: timedelta(days=400)}


def proof_by(contact: Contact) -> Channel:
    """How the contact is proved: by a link in a mail, in an SMS where there is no mail or it is liked, or by a call
    where there is neither or it is liked.
    """
    if contact.phone and contact.preferred == Channel.PHONE:
        return Channel.PHONE
    if contact.sms_number and (contact.preferred == Channel.SMS or not contact.email):
        return Channel.SMS
    return Channel.EMAIL if contact.email else Channel.PHONE


def address_to_prove(contact: Contact) -> str:
    """The address of ``proof_by``, the same however it was typed."""
    match proof_by(contact):
        case Channel.SMS:
            return contact.sms_number
        case Channel.EMAIL:
            return contact.email.casefold()
        case _:
            return contact.phone_e164


def asked_by(request: "SupportRequest") -> Channel:
    """By which way the question went whose answer confirms the request; PHONE: the office rings."""
    asked = Message.objects.filter(subject=f"request:{request.pk}", kind="request_confirm").order_by("-pk").first()
    return Channel(asked.channel) if asked else proof_by(request.group.contact)


def confirm_key(request: "SupportRequest", contact: Contact | None = None) -> str:
    """What a link of proof names: the request and the address it was sent to, so that it proves no other one.

    ``contact``: the group's, if none is given.
    """
    address = address_to_prove(contact or request.group.contact)
    return f"{request.pk}-{salted_hmac(CONFIRM, address).hexdigest()[:16]}"


def confirm_url(request: "SupportRequest") -> str:
    """The address that proves the contact: whoever opens it has read the mail, or the SMS."""
    return links.absolute(reverse("support_requests:confirm", args=[links.token(CONFIRM, confirm_key(request))]))


def status_url(request: "SupportRequest") -> str:
    """The group's private page about its request."""
    return links.absolute(reverse("support_requests:status", args=[links.token(STATUS, request.pk)]))


def _tell(
    request: "SupportRequest",
    kind: str,
    *,
    occasion: str = "",
    calendar: str = "",
    matter: Matter = Matter.DUTY,
    subject: str = "",
    to: Contact | None = None,
    expires_at: dt.datetime | None = None,
    **context: object,
) -> Message:
    """How the request stands now; or something else about it, which has its own ``subject``."""
    return tell(
        to or request.group.contact,
        kind=f"request_{kind}",
        subject=subject or f"request:{request.pk}",
        template=f"support_requests/messages/{kind}.txt",
        context={"request": request, "url": status_url(request), "programme": Programme.objects.first(), **context},
        occasion=occasion,
        calendar=calendar,
        matter=matter,
        expires_at=expires_at,
        replaces=True,
    )


def ask_to_confirm(request: "SupportRequest", *, by: Any = None, again: bool = False) -> None:
    """Each address is asked once, and ``again`` once a minute. ``by`` None: for whoever typed it into the form.

    Raises AskedEnough.
    """
    occasion = confirm_key(request) + _this_minute(again=again)
    question = _tell(request, "confirm", occasion=occasion, confirm_url=confirm_url(request))
    if by is None:
        _check_asked(question)


def _this_minute(*, again: bool) -> str:
    """What tells a question that is asked again from those before; two taps on a button are one."""
    return f"-{timezone.now():%Y%m%d%H%M}" if again else ""


def _check_asked(question: Message) -> None:
    """Raises AskedEnough: who types addresses into a form must not have us write to each of them, nor often to one.

    Whoever opened the link that came there, a section of the city that asks for many groups, say, is asked again.
    """
    Limits.hold("requests_a_month")
    asked = Message.objects.filter(
        kind__in=["request_confirm", "request_contact"], created_at__gt=timezone.now() - timedelta(days=1)
    )
    for channel, address in ((Channel.EMAIL, "email"), (Channel.SMS, "phone_e164")):
        answered = {f"recipient__{PROOFS[channel]}__gte": F("created_at"), f"recipient__{address}": F("address")}
        asked = asked.exclude(channel=channel, **answered)
    same = (Q(subject=question.subject), Q(channel=question.channel, address=question.address))
    if any(asked.filter(what).count() > ASKED_A_DAY for what in same):
        raise AskedEnough


def about_contact(group: "Group") -> str:
    """The subject of what is sent to a contact that waits for its proof."""
    return f"group:{group.pk}"


def ask_to_prove(request: "SupportRequest", contact: Contact, *, again: bool = False) -> None:
    """Send a link of proof to the address at which the group wants to be reached from now on. As ``ask_to_confirm``."""
    key = confirm_key(request, contact)
    url = links.absolute(reverse("support_requests:new_contact", args=[links.token(NEW_CONTACT, key)]))
    subject = about_contact(request.group)
    # Asked once for each time that it is typed: it may have been another one in between.
    occasion = f"{key}-{contact.pk}{_this_minute(again=again)}"
    _check_asked(_tell(request, "contact", to=contact, subject=subject, occasion=occasion, confirm_url=url))


def stop_asking_to_confirm(request: "SupportRequest") -> None:
    """A coordinator has spoken with the group: nobody needs to open a link or to be rung for it any more."""
    withdraw(f"request:{request.pk}", kinds=["request_confirm"])


def stop_asking_for_report(assignments: "Iterable[Assignment]") -> None:
    withdraw(*(f"assignment:{one.pk}" for one in assignments), kinds=["report_due"])


def stop_asking_for_feedback(session: "Session") -> None:
    withdraw(f"request:{session.request_id}", kinds=["request_feedback"])


def tell_received(request: "SupportRequest", *, other_times: bool = False) -> None:
    """``other_times``: it is a month of a series in which the venue is shut at the usual ones."""
    _tell(request, "received", other_times=other_times)


def tell_booked(session: "Session") -> None:
    """The confirmation, with a calendar entry to publish (RFC 5546 PUBLISH: nobody has to answer)."""
    shift = session.shift
    _tell(
        session.request,
        "booked",
        session=session,
        occasion=f"{shift.pk}.{shift.sequence}",  # a new time is told anew
        calendar=calendars.publish(event_of(shift)),
        expires_at=shift.ends_at,
    )


def tell_moved(
    session: "Session", *, before: tuple[dt.datetime, dt.datetime], reason: str, team_complete: bool
) -> None:
    """Another time holds: the same calendar entry, anew. Unless ``team_complete`` somebody is still looked for."""
    shift = session.shift
    _tell(
        session.request,
        "moved",
        session=session,
        before=before,
        reason=reason,
        team_complete=team_complete,
        occasion=f"{shift.pk}.{shift.sequence}",
        calendar=calendars.publish(event_of(shift)),
        expires_at=max(before[1], shift.ends_at),
    )


def knows_time(request: "SupportRequest", shift: "Shift") -> bool:
    """Whether the group was told the time of ``shift``: booked, or moved before the team was complete again."""
    return _told_of(request, shift).exists()


def knows_booking(request: "SupportRequest", shift: "Shift") -> bool:
    """Whether the last that the group was told of ``shift`` is that it is booked, at the time that it has now."""
    last = _told_of(request, shift).order_by("-pk").first()
    return last is not None and last.kind == "request_booked"


def _told_of(request: "SupportRequest", shift: "Shift") -> "QuerySet[Message]":
    told = Message.objects.filter(subject=f"request:{request.pk}", kind__in=["request_booked", "request_moved"])
    return told.filter(occasion__startswith=f"{shift.pk}.")


def mail_entries(contact: Contact, sessions: "Iterable[Session]") -> None:
    """Into the calendar of the group that reads mail at ``contact`` by now: each of its sessions whose time it was told
    and that is not in it yet.
    """
    coming = {f"request:{session.request_id}": session for session in sessions}
    mailed = entries_mailed(coming)
    for subject, session in coming.items():
        shift = session.shift
        if mailed.get(subject) != contact.email and knows_time(session.request, shift):
            mail_entry(
                contact,
                subject=subject,
                occasion=timezone.now().isoformat(),
                calendar=calendars.publish(event_of(shift)),
                about=format_lazy("{} {}", lazy(say_moment, str)(shift.starts_at), shift.title),
                expires_at=shift.ends_at,
            )


def tell_reopened(request: "SupportRequest", shift: "Shift", *, reason: str) -> None:
    """The time of ``shift``, which the group was told, holds no more: its calendar entry is taken back."""
    entry = calendars.withdraw(event_of(shift))
    occasion = str(shift.pk)
    _tell(request, "reopened", shift=shift, reason=reason, occasion=occasion, calendar=entry, expires_at=shift.ends_at)


def tell_answered(inquiry: "Inquiry") -> None:
    _tell(inquiry.request, "answered", subject=f"inquiry:{inquiry.pk}", inquiry=inquiry)


def tell_closed(request: "SupportRequest", *, reason: str, told: "Shift | None" = None) -> None:
    """The request is over. ``told``: the shift whose time the group knows; its calendar entry is taken back."""
    entry = calendars.withdraw(event_of(told)) if told else ""
    expires_at = told.ends_at if told else None
    _tell(request, "closed", reason=reason, shift=told, calendar=entry, expires_at=expires_at)


def say_ended(taken_back: "list[SupportRequest]") -> str:
    """To whoever ended a series: what was taken back with it."""
    said = _("このあとの月のお申し込みをやめました。")
    if taken_back:
        numbers = say_list(one.number for one in taken_back)
        said += _("もう作られていたお申し込みも取り消しました: %(numbers)s") % {"numbers": numbers}
    return said


def ask_for_feedback(session: "Session") -> None:
    """After the session, once. Who can only be rung is not: a call for it would cost more than the answer gives."""
    contact = session.request.group.contact
    if reads_letters(contact):
        page = f"{status_url(session.request)}#feedback"
        _tell(session.request, "feedback", matter=Matter.FEEDBACK, session=session, feedback_url=page)

"""What supporters and guardians are told, each wording in templates/supporters/messages/."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from notifications import calendars, links
from notifications.models import Message
from notifications.outbox import entries_mailed, mail_entry, tell, withdraw
from notifications.reminding import tell_each
from notifications.writing import Letter
from programme.errors import Refused
from programme.models import Course, Programme
from programme.wording import say_moment

if TYPE_CHECKING:
    from supporters.models import Assignment, Consent, Shift, Supporter

OFFER = "offer"
CONSENT = "consent"
KEEP = "keep_data"
CERTIFICATE = "certificate"
# Kinds of messages of supporters/reminders.py that speak of a duty still to come.
REMINDERS = ("reminder_week", "reminder_day", "reminder_morning", "offer_reminder")
# When the calendar of a supporter rings before a duty.
ALARMS = (timedelta(days=1), timedelta(hours=2))
# Until when the links open: an offer's page stays useful to its end and a little after, a guardian's until 18.
LIFETIME = {OFFER: timedelta(days=180), CONSENT: timedelta(days=8 * 366), KEEP: timedelta(days=60)}


# What may be answered in a chat: supporters/chat.py calls the verb.
OFFER_ANSWERS = [("accept", _("行けます")), ("decline", _("行けません"))]


def offer_url(assignment: "Assignment") -> str:
    """The private address at which an offer is answered, without signing in."""
    return links.absolute(reverse("supporters:offer", args=[links.token(OFFER, assignment.pk)]))


def consent_url(consent: "Consent") -> str:
    """The private address at which a guardian agrees, or takes it back."""
    return links.absolute(reverse("supporters:consent", args=[links.token(CONSENT, consent.pk)]))


def event_of(shift: "Shift") -> calendars.Event:
    """The shift as a calendar entry, for whoever is no member of its team."""
    # As on its map: a position that nobody verified is not handed on.
    latitude, longitude = shift.venue.position if shift.venue.coordinates_verified else (None, None)
    return calendars.Event(
        uid=shift.uid,
        sequence=shift.sequence,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        summary=shift.title,
        location=" ".join(filter(None, [str(shift.venue), shift.room.name if shift.room else "", shift.venue.address])),
        latitude=latitude,
        longitude=longitude,
        description=shift.note,
    )


def duty_of(shift: "Shift", number: int, url: str) -> calendars.Event:
    """The shift as an entry in the calendar of one of its people; ``url`` is the page about it.

    Its UID is the person's own (``number``): two who share a mailbox may serve on one shift, and one of them may leave.
    """
    return replace(
        event_of(shift),
        uid=f"shift-{shift.pk}-{number}@mdeji",
        description="\n".join(filter(None, [shift.note, url])),
        url=url,
        alarms=ALARMS,
    )


def own_entry(assignment: "Assignment") -> calendars.Event:
    """The duty as an entry that leads to its private page."""
    return duty_of(assignment.shift, assignment.entry_number, offer_url(assignment))


def _invitation(assignment: "Assignment") -> str:
    contact = assignment.supporter.contact
    return calendars.request(own_entry(assignment), contact.name, contact.email)


def _cancellation(assignment: "Assignment") -> str:
    contact = assignment.supporter.contact
    return calendars.cancel(own_entry(assignment), contact.name, contact.email)


def _tell(
    assignment: "Assignment",
    kind: str,
    *,
    calendar: str = "",
    occasion: str = "",
    expires_at: dt.datetime | None = None,
    **context: object,
) -> Message:
    """How the duty stands now. Of no use after ``expires_at``, which is its end unless something else is given."""
    asks = assignment.status == assignment.Status.OFFERED
    return tell(
        assignment.supporter.contact,
        kind=kind,
        subject=f"assignment:{assignment.pk}",
        template=f"supporters/messages/{kind}.txt",
        context={
            "assignment": assignment,
            "shift": assignment.shift,
            "url": offer_url(assignment),
            "programme": Programme.objects.first(),
            **context,
        },
        occasion=occasion,
        calendar=calendar,
        expires_at=expires_at or assignment.shift.ends_at,
        answers=OFFER_ANSWERS if asks else (),
        replaces=True,
    )


def tell_offer(assignment: "Assignment") -> None:
    _tell(assignment, "offer", expires_at=assignment.answer_by)


def tell_accepted(assignment: "Assignment") -> None:
    _tell(assignment, "accepted", calendar=_invitation(assignment))


def tell_released(assignment: "Assignment") -> None:
    _tell(assignment, "released", calendar=_cancellation(assignment))


def tell_cancelled(assignment: "Assignment") -> None:
    _tell(assignment, "cancelled", calendar=_cancellation(assignment))


def tell_not_chosen(assignment: "Assignment") -> None:
    _tell(assignment, "not_chosen")


def tell_stood_down(assignment: "Assignment") -> None:
    """A minor need not come: no adult goes along."""
    _tell(assignment, "stood_down", calendar=_cancellation(assignment), occasion=str(assignment.shift.sequence))


def tell_taken_off(assignment: "Assignment", *, reason: str) -> None:
    """The office has put the team together anew: the person need not come."""
    occasion = str(assignment.shift.sequence)
    _tell(assignment, "taken_off", calendar=_cancellation(assignment), occasion=occasion, reason=reason)


def tell_moved(assignment: "Assignment", *, before: tuple[dt.datetime, dt.datetime], reason: str) -> None:
    """The shift has another time. Who has said yes gets the calendar entry anew: same UID, raised SEQUENCE."""
    entry = _invitation(assignment) if assignment.is_held else ""
    occasion = str(assignment.shift.sequence)
    until = max(before[1], assignment.shift.ends_at)
    _tell(assignment, "moved", calendar=entry, occasion=occasion, expires_at=until, before=before, reason=reason)


def tell_moved_off(
    assignment: "Assignment", *, before: tuple[dt.datetime, dt.datetime], reason: str, why: Refused
) -> None:
    """The shift has another time, which the person cannot take (``why``): they need not come."""
    _tell(
        assignment,
        "moved_off",
        calendar=_cancellation(assignment),
        occasion=str(assignment.shift.sequence),
        expires_at=before[1],
        before=before,
        reason=reason,
        why=why,
    )


def mail_coming_entries(assignments: "Iterable[Assignment]") -> None:
    """Into the calendar of whoever reads mail at an address by now: each of these duties that is not in it yet.

    Two queries, and those of each mail.
    """
    coming = {f"assignment:{one.pk}": one for one in assignments}
    mailed = entries_mailed(coming)
    for subject, assignment in coming.items():
        contact = assignment.supporter.contact
        if mailed.get(subject) == contact.email:
            continue
        shift = assignment.shift
        mail_entry(
            contact,
            subject=subject,
            occasion=timezone.now().isoformat(),
            calendar=_invitation(assignment),
            about=format_lazy("{} {}", lazy(say_moment, str)(shift.starts_at), shift.title),
            expires_at=shift.ends_at,
        )


def take_reminders_back(assignment: "Assignment") -> None:
    """What waits to be sent about the time of this duty, or for an answer, is not true any more, or not for now."""
    withdraw(f"assignment:{assignment.pk}", kinds=REMINDERS, again=True)


def take_back(assignment: "Assignment") -> None:
    """The person has answered, or is gone: nothing of the duty needs to be told."""
    withdraw(f"assignment:{assignment.pk}")


def ask_consent(consent: "Consent") -> None:
    """Send the guardian the page on which to agree."""
    tell(
        consent.guardian,
        kind="consent",
        subject=f"consent:{consent.pk}",
        template="supporters/messages/consent.txt",
        context={"consent": consent, "url": consent_url(consent), "programme": Programme.objects.first()},
    )


def stop_asking_consent(consent: "Consent") -> None:
    """The guardian has agreed, on paper or by the link, or somebody else is asked."""
    withdraw(f"consent:{consent.pk}", kinds=["consent", "consent_reminder"])


def tell_applied(supporter: "Supporter", *, minor: bool) -> None:
    """The application has arrived, and what comes next; for a ``minor`` that the guardian was asked."""
    _tell_person(supporter, "applied", occasion=supporter.applied_at.isoformat(), minor=minor)


def tell_activated(supporter: "Supporter") -> None:
    """Offers may come from now on. Somebody who left and came back is told again."""
    _tell_person(supporter, "activated", occasion=supporter.applied_at.isoformat())


def tell_consent_revoked(consent: "Consent", *, adult_age: int) -> None:
    """The guardian has taken it back: what becomes of the person's duties, and how it is given again."""
    _tell_person(consent.supporter, "consent_revoked", occasion=str(consent.pk), adult_age=adult_age)


def tell_consent_needed(supporter: "Supporter", *, adult_age: int) -> None:
    """By the birth date that was put right a guardian has to agree: what becomes of the person's duties until then."""
    occasion = supporter.birth_date.isoformat()
    _tell_person(supporter, "consent_needed", occasion=occasion, adult_age=adult_age)


def tell_erasure(supporter: "Supporter", *, asked_at: dt.datetime) -> None:
    """On which day the person's data go, and where that may be taken back until then."""
    url = links.absolute(reverse("supporters:keep_data", args=[links.token(KEEP, supporter.pk)]))
    _tell_person(supporter, "erasure", occasion=asked_at.isoformat(), erase_on=supporter.erase_on, url=url)


def take_erasure_back(supporter: "Supporter") -> None:
    """The data stay: the day on which they were to go is told no more."""
    withdraw(f"supporter:{supporter.pk}", kinds=["erasure"])


def tell_required(course: Course, *, before: bool) -> None:
    """A course is required by now, or is so no more: who has not finished it is told, or is told so no longer."""
    from supporters.models.training import lacking

    subject = f"course:{course.pk}"
    if before and not course.required:
        withdraw(subject, kinds=["course_required"], again=True)
    if before or not course.required:
        return
    url, today = links.absolute(reverse("supporters:training_mine")), str(timezone.localdate())
    tell_each(
        lacking(course).select_related("contact"),
        lambda row: Letter(
            recipient=row.contact,
            kind="course_required",
            subject=subject,
            template="supporters/messages/course_required.txt",
            context={"course": course, "url": url},
            occasion=today,
            calls=False,
        ),
    )


def _tell_person(supporter: "Supporter", kind: str, *, occasion: str, **context: object) -> None:
    tell(
        supporter.contact,
        kind=kind,
        subject=f"supporter:{supporter.pk}",
        template=f"supporters/messages/{kind}.txt",
        context={
            "url": links.absolute(reverse("supporters:home")),
            "programme": Programme.objects.first(),
            **context,
        },
        occasion=occasion,
    )

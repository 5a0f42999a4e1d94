"""What supporters and guardians are told, each wording in templates/supporters/messages/."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse

from notifications import calendars, links
from notifications.models import Message
from notifications.outbox import tell
from programme.models import Programme

if TYPE_CHECKING:
    from supporters.models import Assignment, Consent, Shift, Supporter

OFFER = "offer"
CONSENT = "consent"
# Until when the links open: an offer's page stays useful to its end and a little after, a guardian's until 18.
LIFETIME = {OFFER: timedelta(days=180), CONSENT: timedelta(days=8 * 366)}


def offer_url(assignment: "Assignment") -> str:
    """The private address at which an offer is answered, without signing in."""
    return links.absolute(reverse("supporters:offer", args=[links.token(OFFER, assignment.pk)]))


def consent_url(consent: "Consent") -> str:
    """The private address at which a guardian agrees, or takes it back."""
    return links.absolute(reverse("supporters:consent", args=[links.token(CONSENT, consent.pk)]))


def event_of(shift: "Shift") -> calendars.Event:
    """The shift as a calendar entry."""
    latitude, longitude = shift.venue.position
    return calendars.Event(
        uid=shift.uid,
        sequence=shift.sequence,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        summary=shift.title,
        location=" ".join(filter(None, [str(shift.venue), shift.venue.address])),
        latitude=latitude,
        longitude=longitude,
        description=shift.note,
    )


def _tell(assignment: "Assignment", kind: str, *, calendar: str = "") -> Message:
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
        },
        calendar=calendar,
    )


def tell_offer(assignment: "Assignment") -> None:
    _tell(assignment, "offer")


def tell_accepted(assignment: "Assignment") -> None:
    contact = assignment.supporter.contact
    _tell(assignment, "accepted", calendar=calendars.request(event_of(assignment.shift), contact.name, contact.email))


def tell_released(assignment: "Assignment") -> None:
    contact = assignment.supporter.contact
    _tell(assignment, "released", calendar=calendars.cancel(event_of(assignment.shift), contact.name, contact.email))


def tell_cancelled(assignment: "Assignment") -> None:
    contact = assignment.supporter.contact
    _tell(assignment, "cancelled", calendar=calendars.cancel(event_of(assignment.shift), contact.name, contact.email))


def ask_consent(consent: "Consent") -> None:
    """Send the guardian the page on which to agree."""
    tell(
        consent.guardian,
        kind="consent",
        subject=f"consent:{consent.pk}",
        template="supporters/messages/consent.txt",
        context={"consent": consent, "url": consent_url(consent), "programme": Programme.objects.first()},
    )


def tell_applied(supporter: "Supporter", *, minor: bool) -> None:
    """The application has arrived, and what comes next; for a ``minor`` that the guardian was asked."""
    _tell_person(supporter, "applied", occasion=supporter.applied_at.isoformat(), minor=minor)


def tell_activated(supporter: "Supporter") -> None:
    """Offers may come from now on. Somebody who left and came back is told again."""
    _tell_person(supporter, "activated", occasion=supporter.applied_at.isoformat())


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

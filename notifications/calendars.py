"""iCalendar objects (RFC 5545, RFC 5546): PUBLISH for groups, REQUEST and CANCEL for supporters."""

import datetime as dt
from dataclasses import dataclass
from email.utils import parseaddr
from functools import cache
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.utils import timezone

TOKYO = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Event:
    """What a calendar entry says. Times are aware; coordinates are WGS 84 degrees."""

    uid: str
    sequence: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    summary: str
    location: str
    latitude: float
    longitude: float
    description: str = ""


def publish(event: Event) -> str:
    """An entry to look at, with nobody to answer."""
    return _calendar("PUBLISH", event, status="CONFIRMED")


def request(event: Event, name: str, email: str) -> str:
    """An invitation to one person; "" when there is no address to invite."""
    return _calendar("REQUEST", event, status="CONFIRMED", attendee=(name, email)) if email else ""


def cancel(event: Event, name: str, email: str) -> str:
    """Takes the entry with the same UID back; the event's sequence must be higher than before."""
    return _calendar("CANCEL", event, status="CANCELLED", attendee=(name, email)) if email else ""


def method_of(text: str) -> str:
    """The METHOD of an iCalendar object: the MIME part that carries it must name the same."""
    return str(icalendar.Calendar.from_ical(text)["METHOD"])


def _calendar(method: str, event: Event, *, status: str, attendee: tuple[str, str] | None = None) -> str:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Mdeji//ja")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_tokyo())
    entry = icalendar.Event()
    entry.add("uid", event.uid)
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", timezone.now().astimezone(dt.UTC))
    entry.add("dtstart", event.starts_at.astimezone(TOKYO))
    entry.add("dtend", event.ends_at.astimezone(TOKYO))
    entry.add("summary", event.summary)
    entry.add("location", event.location)
    entry.add("geo", (event.latitude, event.longitude))
    entry.add("status", status)
    if event.description:
        entry.add("description", event.description)
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    entry.add("organizer", _person(name, address))
    if attendee:
        entry.add("attendee", _person(*attendee, role="REQ-PARTICIPANT", rsvp="FALSE"))
    calendar.add_component(entry)
    return str(calendar.to_ical(), "utf-8")


@cache
def _tokyo() -> icalendar.Timezone:
    """The VTIMEZONE, worked out once: it takes longer than all the rest."""
    return icalendar.Timezone.from_tzinfo(TOKYO)


def _person(name: str, email: str, **parameters: str) -> icalendar.vCalAddress:
    person = icalendar.vCalAddress(f"mailto:{email}")
    for key, value in {"cn": name, **parameters}.items():
        person.params[key.upper()] = icalendar.vText(value)
    return person

"""iCalendar objects (RFC 5545, RFC 5546, RFC 7986): REQUEST and CANCEL for supporters, PUBLISH for groups and feeds."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

import icalendar
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

TOKYO = ZoneInfo("Asia/Tokyo")
# What no text of a calendar may hold: controls other than the tab and the line feed. Source: RFC 5545, 3.1
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Event:
    """What a calendar entry says. Times are aware; coordinates are WGS 84 degrees.

    ``url`` is its page. ``alarms`` ring so long before the start; an entry that takes something back has none.
    """

    uid: str
    sequence: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    summary: str
    location: str
    latitude: float | None
    longitude: float | None
    description: str = ""
    url: str = ""
    alarms: tuple[dt.timedelta, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of a feed: since when it says this, and whether it was called off."""

    event: Event
    changed_at: dt.datetime
    cancelled: bool = False


def publish(event: Event) -> str:
    """An entry to look at, with nobody to answer."""
    return _calendar("PUBLISH", event)


def withdraw(event: Event) -> str:
    """Takes a published entry with the same UID back; the event's sequence must be higher than before."""
    return _calendar("CANCEL", event)


def request(event: Event, name: str, email: str) -> str:
    """An invitation to one person; "" when there is no address to invite."""
    return _calendar("REQUEST", event, (name, email)) if email else ""


def cancel(event: Event, name: str, email: str) -> str:
    """Takes one person's entry with the same UID back; the event's sequence must be higher than before."""
    return _calendar("CANCEL", event, (name, email)) if email else ""


def addressed(text: str, email: str) -> str:
    """``text`` as it goes to ``email``: an invitation is for whoever it reaches, be it another address by now."""
    calendar, address = icalendar.Calendar.from_ical(text), f"mailto:{email}"
    invited = [entry for entry in calendar.walk("VEVENT") if entry.get("attendee", address) != address]
    for entry in invited:
        person = icalendar.vCalAddress(address)
        person.params = entry["attendee"].params
        entry["attendee"] = person
    return str(calendar.to_ical(), "utf-8") if invited else text


def feed(name: str, entries: Iterable[Entry]) -> str:
    """A calendar to subscribe to. The same entries give the same text, whenever it is asked for."""
    calendar = _head("PUBLISH")
    calendar.add("name", _clean(name))
    calendar.add("x-wr-calname", _clean(name))
    calendar.add("x-wr-timezone", "Asia/Tokyo")
    calendar.add("refresh-interval", dt.timedelta(hours=6), parameters={"VALUE": "DURATION"})
    return _with(calendar, [_kept(one, _organizer()) for one in entries])


def feed_response(request: HttpRequest, name: str, entries: Sequence[Entry], *, cache_control: str) -> HttpResponse:
    """The feed, or 304 when the reader has it already: then nothing of it is written.

    The ETag is made of what the feed would say, so nothing that it says can change unnoticed.
    """
    etag = quote_etag(hashlib.sha256(repr((name, entries)).encode()).hexdigest())
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        feed(name, entries), content_type="text/calendar; charset=utf-8; method=PUBLISH"
    )
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = cache_control
    return response


def method_of(text: str) -> str:
    """The METHOD of an iCalendar object: the MIME part that carries it must name the same."""
    return str(icalendar.Calendar.from_ical(text)["METHOD"])


def _calendar(method: str, event: Event, attendee: tuple[str, str] | None = None) -> str:
    entry = Entry(event, timezone.now(), cancelled=method == "CANCEL")
    return _with(_head(method), [_written(entry, _organizer(), attendee)])


def _head(method: str) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Mdeji//ja")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_tokyo())
    return calendar


def _with(calendar: icalendar.Calendar, entries: Iterable[str]) -> str:
    """The calendar as text, with entries that are text already before its last line."""
    end = "END:VCALENDAR\r\n"
    return str(calendar.to_ical(), "utf-8").removesuffix(end) + "".join(entries) + end


@lru_cache(maxsize=4096)
def _kept(entry: Entry, organizer: tuple[str, str]) -> str:
    """The VEVENT as text, kept: of a feed only those entries are written anew that have changed."""
    return _written(entry, organizer)


def _written(one: Entry, organizer: tuple[str, str], attendee: tuple[str, str] | None = None) -> str:
    """The VEVENT as text."""
    event, entry = one.event, icalendar.Event()
    entry.add("uid", event.uid)
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", one.changed_at.astimezone(dt.UTC))
    entry.add("dtstart", event.starts_at.astimezone(TOKYO))
    entry.add("dtend", event.ends_at.astimezone(TOKYO))
    entry.add("summary", _clean(event.summary))
    entry.add("location", _clean(event.location))
    if event.latitude is not None:
        entry.add("geo", (event.latitude, event.longitude))
    entry.add("status", "CANCELLED" if one.cancelled else "CONFIRMED")
    if event.description:
        entry.add("description", _clean(event.description))
    if event.url:
        entry.add("url", event.url)
    entry.add("organizer", _person(*organizer))
    if attendee:
        entry.add("attendee", _person(*attendee, role="REQ-PARTICIPANT", rsvp="FALSE"))
    for before in () if one.cancelled else event.alarms:
        entry.add_component(_alarm(before, event.summary))
    return str(entry.to_ical(), "utf-8")


def _clean(text: str) -> str:
    return CONTROLS.sub("", text)


def _alarm(before: dt.timedelta, text: str) -> icalendar.Alarm:
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -before)
    alarm.add("description", _clean(text))
    return alarm


@cache
def _tokyo() -> icalendar.Timezone:
    """The VTIMEZONE, worked out once: it takes longer than all the rest."""
    return icalendar.Timezone.from_tzinfo(TOKYO)


def _organizer() -> tuple[str, str]:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)


def _person(name: str, email: str, **parameters: str) -> icalendar.vCalAddress:
    person = icalendar.vCalAddress(f"mailto:{email}")
    for key, value in {"cn": _clean(name), **parameters}.items():
        person.params[key.upper()] = icalendar.vText(value)
    return person

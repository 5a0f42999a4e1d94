"""Calendar entries, read back by another parser."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject

from notifications import calendars

TOKYO = ZoneInfo("Asia/Tokyo")
EVENT = calendars.Event(
    uid="shift-7@mdeji",
    sequence=2,
    starts_at=dt.datetime(2026, 12, 1, 1, 0, tzinfo=dt.UTC),
    ends_at=dt.datetime(2026, 12, 1, 2, 30, tzinfo=dt.UTC),
    summary="出張サポート 髙﨑; 𠮷田, 会 📱",
    location="上川淵公民館 前橋市, 1\\2",
    latitude=36.363042,
    longitude=139.100836,
    description="持ち物:\nスマートフォン",
)


def parsed(text: str) -> tuple[icalendar.Calendar, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


@pytest.mark.parametrize(
    ("text", "method", "status"),
    [
        (calendars.publish(EVENT), "PUBLISH", "CONFIRMED"),
        (calendars.request(EVENT, "支援 花子", "hanako@example.jp"), "REQUEST", "CONFIRMED"),
        (calendars.cancel(EVENT, "支援 花子", "hanako@example.jp"), "CANCEL", "CANCELLED"),
    ],
)
def test_each_method_keeps_uid_and_sequence(text: str, method: str, status: str) -> None:
    calendar, event = parsed(text)
    assert (calendar["METHOD"], event["UID"], event["SEQUENCE"], event["STATUS"]) == (
        method,
        "shift-7@mdeji",
        2,
        status,
    )
    assert calendars.method_of(text) == method


def test_times_are_tokyo_s_and_the_zone_is_there() -> None:
    calendar, event = parsed(calendars.publish(EVENT))
    assert event["DTSTART"].params["TZID"] == "Asia/Tokyo"
    assert event["DTSTART"].dt == dt.datetime(2026, 12, 1, 10, 0, tzinfo=TOKYO)
    assert event["DTEND"].dt == dt.datetime(2026, 12, 1, 11, 30, tzinfo=TOKYO)
    assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == ["Asia/Tokyo"]


def test_text_survives_escaping_and_folding() -> None:
    text = calendars.publish(EVENT)
    _, event = parsed(text)
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == (EVENT.summary, EVENT.location)
    assert str(event["DESCRIPTION"]) == EVENT.description
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


def test_no_control_character_gets_into_a_calendar() -> None:
    odd = replace(EVENT, summary="会\x00\x07合", location="公\x1b[31m民館\x85", description="a\tb\r\nc\x0bd")
    text = calendars.request(odd, "支援\x08 花子", "hanako@example.jp") + calendars.feed("予\x01定", [])
    assert {sign for sign in text if ord(sign) < 32 or 127 <= ord(sign) < 160} == {"\t", "\r", "\n"}
    _, event = parsed(calendars.publish(odd))
    assert (str(event["SUMMARY"]), str(event["DESCRIPTION"])) == ("会合", "a\tb\ncd")


def test_only_supporters_are_attendees() -> None:
    _, published = parsed(calendars.publish(EVENT))
    _, asked = parsed(calendars.request(EVENT, "支援 花子", "hanako@example.jp"))
    assert "ATTENDEE" not in published
    assert str(asked["ATTENDEE"]) == "mailto:hanako@example.jp"


def test_nobody_without_an_address_is_invited() -> None:
    assert (calendars.request(EVENT, "花子", ""), calendars.cancel(EVENT, "花子", "")) == ("", "")


def test_what_is_taken_back_from_a_group_names_nobody_and_does_not_ring() -> None:
    ringing = replace(EVENT, alarms=(dt.timedelta(hours=2),))
    calendar, event = parsed(calendars.withdraw(ringing))
    assert (calendar["METHOD"], event["STATUS"], "ATTENDEE" in event) == ("CANCEL", "CANCELLED", False)
    assert (len(event.walk("VALARM")), len(parsed(calendars.publish(ringing))[1].walk("VALARM"))) == (0, 1)


@pytest.mark.parametrize(
    "title", ["📱" * 60, "漢" * 200, "a" * 74 + "é", "tab\tand\nline", '\\;,:"', "👩‍👩‍👧‍👦 e\u0301"]
)
def test_every_title_comes_back_from_two_parsers_as_it_went(title: str) -> None:
    """Lines are folded between signs, never within one: each line alone is UTF-8."""
    text = calendars.feed("予定, 📅", [calendars.Entry(replace(EVENT, summary=title), EVENT.starts_at)])
    calendar, event = parsed(text)
    assert (str(event["SUMMARY"]), str(calendar["X-WR-CALNAME"])) == (title, "予定, 📅")
    assert str(vobject.readOne(text).vevent.summary.value) == title
    lines = text.encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()

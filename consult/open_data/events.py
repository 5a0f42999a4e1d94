"""イベント一覧: the openings of the desks, and the sessions that anybody may come to."""

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from consult.models import Opening
from consult.open_data.issuer import Issuer, katakana, note_on_coordinates
from consult.open_data.tables import Record
from notifications.links import absolute
from programme.fiscal import Month
from programme.models import Programme
from support_requests.models import Session
from supporters.models import Shift


def events() -> Iterator[Record]:
    """One row for each opening of this fiscal year and what is planned beyond, and for each public session to come.

    In the order of their days. Called-off ones are left out, and those to come of a desk that was given up; what it
    opened before stays. A number (NO) is never given to another event.
    """
    issuer = Issuer()
    first = Month.of(timezone.localdate()).fiscal_year_first
    now = timezone.now()
    openings = Opening.objects.standing().filter(date__gte=first)
    openings = openings.exclude(desk__active=False, shift__starts_at__gt=now)
    openings = openings.select_related("desk", "shift__venue").order_by("date", "shift__starts_at", "pk")
    sessions = Session.objects.open_to_all().filter(shift__ends_at__gt=now)
    sessions = sessions.select_related("shift__venue", "shift__room").order_by("shift__starts_at", "pk")
    found = [(opening.shift.starts_at, _opening(issuer, opening)) for opening in openings]
    found += [(session.shift.starts_at, _session(issuer, session)) for session in sessions]
    yield from (row for _starts_at, row in sorted(found, key=lambda each: each[0]))


def _opening(issuer: Issuer, opening: Opening) -> Record:
    desk, venue = opening.desk, opening.shift.venue
    return {
        **issuer.head(f"A{opening.pk:08}"),
        **_common(issuer.programme, opening.shift),
        **issuer.place(venue),
        "イベント名": desk.name,
        "イベント名_カナ": f"デジタルヨロズソウダンジョ {katakana(venue.kana)}".strip(),
        "イベント名_英語": f"Digital help desk at {venue.name_en}" if venue.name_en else None,
        "説明": "スマートフォンなどの困りごとを、デジタルサポーターに相談できます。",
        "参加申込方法": _how_to_come(opening),
        "URL": absolute(reverse("consult:reserve" if _is_reservable(opening) else "consult:place", args=[desk.pk])),
        "備考": note_on_coordinates(venue),
    }


def _is_reservable(opening: Opening) -> bool:
    desk, is_to_come = opening.desk, opening.shift.starts_at > timezone.now()
    return bool(is_to_come and opening.slot_minutes and desk.reservable and desk.active)


def _how_to_come(opening: Opening) -> str:
    if _is_reservable(opening):
        return "URLのページで時間を予約できます。予約がなくても、直接お越しいただけます。"
    return "申込みはいりません。直接お越しください。"


def _session(issuer: Issuer, session: Session) -> Record:
    venue, room = session.shift.venue, session.shift.room
    return {
        **issuer.head(f"B{session.pk:08}"),
        **_common(issuer.programme, session.shift),
        **issuer.place(venue),
        "イベント名": session.public_title,
        "説明": "デジタルサポーターと一緒に学ぶ会です。だれでも参加できます。",
        "方書": room.name if room else None,
        "定員": room.capacity if room else None,
        "備考": note_on_coordinates(venue),
    }


def _common(programme: Programme, shift: Shift) -> Record:
    starts, ends = timezone.localtime(shift.starts_at), timezone.localtime(shift.ends_at)
    return {
        "開始日": str(starts.date()),
        "終了日": str(ends.date()),
        "開始時間": _clock(starts),
        "終了時間": _clock(ends),
        "料金(基本)": "無料",
        "連絡先名称": f"{programme.name}事務局",
        "連絡先電話番号": programme.phone or None,
        "主催者": programme.city,
        "場所名称": shift.venue.name,
    }


def _clock(moment: dt.datetime) -> str:
    return f"{moment:%H:%M}"

"""The rows of the benchmark, made inside PostgreSQL: five fiscal years, evenly filled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db import connection, models

from consult.models import Activity, Consultation, Desk, Opening
from notifications.models import Contact
from programme.models import User
from support_requests.models import Feedback, Group, Report, RequestTopic, Session, SupportRequest, SupportRequestMove
from supporters.models import Assignment, AssignmentMove, Registration, Seat, Shift, Skill, Supporter

FIRST, DAYS = dt.date(2021, 4, 1), 1826  # to 31 March 2026
DESKS = 60
SEATS = 10  # duties a shift


def fill(scale: float) -> None:
    call_command("migrate", verbosity=0)
    call_command("load_programme", verbosity=0)
    supporters, groups = int(60_000 * scale), max(20, int(5_000 * scale))
    consultations = int(10_000_000 * scale)
    duties = int(1_000_000 * scale)
    shifts = duties // SEATS
    sessions = shifts // 2
    day = f"(date '{FIRST}' + (g::bigint * {DAYS} / {{n}})::int)"

    def at(n: int, hour: int = 9) -> str:
        return f"(({day.format(n=n)} + time '{hour:02}:00') AT TIME ZONE 'Asia/Tokyo')"

    user = User.objects.create_user("bench@example.jp").pk
    _insert(Contact, supporters + groups, name="'人' || g", email="'p' || g || '@example.jp'")
    _insert(
        Supporter,
        supporters,
        id="g",
        contact_id="(SELECT min(id) FROM notifications_contact) + g - 1",
        name="'人' || g",
        kana="'ひと' || g",
        search_key="'ひと' || g",
        birth_date="date '1940-01-01' + (g::bigint * 7919 % 24000)::int",
        category_id=_one_of("programme_category"),
        home_district_id=_one_of("programme_district"),
        status="'active'",
        may_be_paid="g % 5 <> 0",
    )

    def started(g: str) -> str:
        return f"(date '{FIRST}' + ({g}::bigint * 6151 % {DAYS})::int)"

    _insert(
        Registration,
        supporters,
        supporter_id="g",
        started_on=started("g"),
        ended_on=f"CASE WHEN g % 8 = 0 THEN {started('g')} + 300 END",
    )
    _insert(
        Registration,
        supporters // 16,
        supporter_id="g * 16",
        started_on=f"{started('(g * 16)')} + 301 + (g % 60)::int",
    )
    _insert(
        Skill,
        3 * supporters,
        supporter_id="1 + (g - 1) / 3",
        topic_id=_topic("(g % 3) * 7 + g / 3 % 7"),
        level="1 + g % 3",
    )
    _insert(
        Desk,
        DESKS,
        id="g",
        code="'desk-' || g",
        name="'相談所' || g",
        venue_id=_one_of("programme_venue", "id"),
        rule="'FREQ=DAILY'",
        opens="time '09:00'",
        closes="time '12:00'",
    )
    # The first half of the shifts are openings, the second sessions.
    openings = shifts - sessions
    opened = f"(date '{FIRST}' + ((g / {DESKS})::bigint * {DAYS} / {openings // DESKS + 1})::int)"
    _insert(
        Shift,
        openings,
        id="g",
        purpose="'desk'",
        title="'相談所'",
        venue_id=_one_of("programme_venue", "id"),
        starts_at=f"({opened} + time '09:00') AT TIME ZONE 'Asia/Tokyo'",
        ends_at=f"({opened} + time '12:00') AT TIME ZONE 'Asia/Tokyo'",
        needed=str(SEATS),
    )
    _insert(
        Opening,
        openings,
        id="g",
        desk_id=f"1 + g % {DESKS}",
        date=opened,
        shift_id="g",
    )
    _insert(
        Shift,
        sessions,
        id=f"{openings} + g",
        purpose="'session'",
        title="'出張'",
        venue_id=_one_of("programme_venue", "id"),
        starts_at=at(sessions, 14),
        ends_at=at(sessions, 16),
        needed=str(SEATS),
        cancelled_at=f"CASE WHEN g % 20 = 0 THEN {at(sessions, 8)} END",
        cancel_reason="CASE WHEN g % 20 = 0 THEN '雪' ELSE '' END",
    )
    _insert(
        Group,
        groups,
        id="g",
        name="'会' || g",
        search_key="'会' || g",
        kind="(ARRAY['residents','association','section'])[1 + g % 3]",
        district_id=_one_of("programme_district"),
        contact_id=f"(SELECT min(id) FROM notifications_contact) + {supporters} + g - 1",
    )
    _insert(
        SupportRequest,
        sessions,
        id="g",
        group_id=f"1 + g % {groups}",
        status="'reported'",
        received_at=f"{at(sessions, 10)} - (g % 60) * interval '1 day'",
        intake="(ARRAY['web','phone','paper'])[1 + g % 3]",
        participants="5",
        venue_id=_one_of("programme_venue", "id"),
        minutes="120",
    )
    _insert(
        SupportRequest,
        sessions // 4,
        id=f"{sessions} + g",
        group_id=f"1 + g % {groups}",
        status="'withdrawn'",
        received_at=at(sessions // 4, 10),
        participants="5",
        venue_id=_one_of("programme_venue", "id"),
        minutes="120",
    )
    _insert(RequestTopic, sessions, request_id="g", topic_id=_topic("g"), level="1 + g % 3")
    _insert(
        SupportRequestMove,
        sessions // 4,
        subject_id=f"{sessions} + g",
        from_status="'confirmed'",
        to_status="(ARRAY['withdrawn','declined'])[1 + g % 2]",
        at=at(sessions // 4, 11),
    )
    _insert(Session, sessions, id="g", request_id="g", shift_id=f"{openings} + g")
    _insert(Report, sessions, id="g", session_id="g", attendees="g % 25", reported_at=at(sessions, 17))
    _insert(
        Feedback,
        sessions // 2,
        session_id="2 * g",
        helpful="1 + g % 4",
        again="1 + g / 3 % 4",
        given_at=at(sessions, 17),
    )
    _run(
        f"INSERT INTO {Report.topics.through._meta.db_table} (report_id, topic_id) "
        f"SELECT g, {_topic('g + 0')} FROM generate_series(1, {sessions}) g UNION ALL "
        f"SELECT g, {_topic('g + 5')} FROM generate_series(1, {sessions}) g"
    )
    shift, seat = f"(1 + (g - 1) / {SEATS})", f"(1 + (g - 1) % {SEATS})"
    _insert(Seat, duties, id=f"{shift} * 100 + {seat}", shift_id=shift, number=seat)
    held = "g % 12 <> 0"
    _insert(
        Assignment,
        duties,
        id="g",
        shift_id=shift,
        supporter_id=f"1 + (g::bigint * 7919 % {supporters})",
        status=f"CASE WHEN {held} THEN 'attended' ELSE 'released' END",
        seat_id=f"CASE WHEN {held} THEN {shift} * 100 + {seat} END",
    )
    shift_time = f"(SELECT starts_at FROM supporters_shift s WHERE s.id = 1 + (g - 1) / {SEATS})"
    _insert(
        AssignmentMove,
        duties,
        subject_id="g",
        from_status="'offered'",
        to_status="CASE g % 7 WHEN 0 THEN 'declined' WHEN 1 THEN 'lapsed' ELSE 'accepted' END",
        at=f"{shift_time} - interval '5 days'",
    )
    _insert(
        AssignmentMove,
        duties // 12,
        subject_id="g * 12",
        from_status="'accepted'",
        to_status="'standing_in_wanted'",
        at=f"(SELECT starts_at FROM supporters_shift s WHERE s.id = 1 + (g * 12 - 1) / {SEATS}) - interval '1 day'",
    )
    _insert(
        Activity,
        max(100, int(20_000 * scale)),
        kind="(ARRAY['association_tablet','hall_course','prevention_course'])[1 + g % 3]",
        date=day.format(n=max(100, int(20_000 * scale))),
        name="'活動' || g",
        district_id=_one_of("programme_district"),
        attendees="g % 30",
    )
    _insert(
        Consultation,
        consultations,
        desk_id=f"1 + (g * 37 % {DESKS})",
        date=day.format(n=consultations),
        happened_at=f"{at(consultations)} + (g % 180) * interval '1 minute'",
        topic_id=_topic("(random() * 1000)::int"),
        outcome_id=_one_of("programme_outcome", by="(random() * 1000)::int"),
        device_id=f"CASE WHEN random() < 0.8 THEN {_one_of('programme_device', by='(random() * 1000)::int')} END",
        age_band_id=f"CASE WHEN random() < 0.8 THEN {_one_of('programme_ageband', by='(random() * 1000)::int')} END",
        visit_id=f"CASE WHEN random() < 0.8 THEN {_one_of('programme_visit', by='(random() * 1000)::int')} END",
        follow_up="random() < 0.1",
        voided_at="CASE WHEN g % 100 = 0 THEN now() END",
        voided_by_id=f"CASE WHEN g % 100 = 0 THEN {user} END",
        void_reason="CASE WHEN g % 100 = 0 THEN '二重' ELSE '' END",
    )
    _run("VACUUM ANALYZE")


_LISTS: dict[tuple[str, str], str] = {}


def _one_of(table: str, column: str = "code", by: str = "g") -> str:
    """One of the codes of a list, by a number."""
    if (table, column) not in _LISTS:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT array_agg({column} ORDER BY {column})::text FROM {table}")
            _LISTS[table, column] = cursor.fetchone()[0]
    kind = "bigint" if column == "id" else "text"
    values = f"('{_LISTS[table, column]}'::{kind}[])"
    return f"{values}[1 + ({by}) % {_LISTS[table, column].count(',') + 1}]"


def _topic(by: str) -> str:
    return _one_of("programme_topic", by=by)


def _insert(model: type[models.Model], number: int, /, **columns: str) -> None:
    """``number`` rows of ``model``: of each column an SQL expression over ``g`` (1 to ``number``), or its default."""
    names, values = [], []
    for field in model._meta.concrete_fields:
        if field.column in columns:
            names.append(field.column)
            values.append(columns.pop(field.column))
        elif not (field.primary_key and isinstance(field, models.BigAutoField | models.AutoField)):
            names.append(field.column)
            values.append(_default(field))
    if columns:
        raise ValueError(f"{model}: no columns {sorted(columns)}")
    table = model._meta.db_table
    quoted = ", ".join(f'"{name}"' for name in names)
    with _without_indexes(table):
        _run(f'INSERT INTO "{table}" ({quoted}) SELECT {", ".join(values)} FROM generate_series(1, {number}) g')


@contextmanager
def _without_indexes(table: str) -> Iterator[None]:
    """Rows go in faster when the indexes are made afterwards, and without looking up each foreign key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN "
            "(SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)",
            [table, table],
        )
        indexes = cursor.fetchall()
    for name, _definition in indexes:
        _run(f'DROP INDEX "{name}"')
    _run("SET session_replication_role = replica")
    yield
    _run("SET session_replication_role = DEFAULT")
    for _name, definition in indexes:
        _run(definition)


def _default(field: Any) -> str:
    if field.null:
        return "NULL"
    match field:
        case models.UUIDField():
            return "gen_random_uuid()"
        case models.DateTimeField():
            return "now()"
        case models.JSONField():
            return "'[]'"
        case models.BooleanField():
            return str(bool(field.default)).lower()
        case _ if field.has_default() and not callable(field.default):
            return f"'{field.default}'"
    return "''"


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)

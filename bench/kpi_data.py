"""The rows of the benchmark, made inside PostgreSQL: five fiscal years, evenly filled."""

import datetime as dt

from django.core.management import call_command

from bench.rows import insert, one_of, run, topic
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
    insert(Contact, supporters + groups, name="'人' || g", email="'p' || g || '@example.jp'")
    insert(
        Supporter,
        supporters,
        id="g",
        contact_id="(SELECT min(id) FROM notifications_contact) + g - 1",
        name="'人' || g",
        kana="'ひと' || g",
        search_key="'ひと' || g",
        birth_date="date '1940-01-01' + (g::bigint * 7919 % 24000)::int",
        category_id=one_of("programme_category"),
        home_district_id=one_of("programme_district"),
        status="'active'",
        may_be_paid="g % 5 <> 0",
    )

    def started(g: str) -> str:
        return f"(date '{FIRST}' + ({g}::bigint * 6151 % {DAYS})::int)"

    insert(
        Registration,
        supporters,
        supporter_id="g",
        started_on=started("g"),
        ended_on=f"CASE WHEN g % 8 = 0 THEN {started('g')} + 300 END",
    )
    insert(
        Registration,
        supporters // 16,
        supporter_id="g * 16",
        started_on=f"{started('(g * 16)')} + 301 + (g % 60)::int",
    )
    insert(
        Skill,
        3 * supporters,
        supporter_id="1 + (g - 1) / 3",
        topic_id=topic("(g % 3) * 7 + g / 3 % 7"),
        level="1 + g % 3",
    )
    insert(
        Desk,
        DESKS,
        id="g",
        code="'desk-' || g",
        name="'相談所' || g",
        venue_id=one_of("programme_venue", "id"),
        rule="'FREQ=DAILY'",
        opens="time '09:00'",
        closes="time '12:00'",
    )
    # The first half of the shifts are openings, the second sessions.
    openings = shifts - sessions
    opened = f"(date '{FIRST}' + ((g / {DESKS})::bigint * {DAYS} / {openings // DESKS + 1})::int)"
    insert(
        Shift,
        openings,
        id="g",
        purpose="'desk'",
        title="'相談所'",
        venue_id=one_of("programme_venue", "id"),
        starts_at=f"({opened} + time '09:00') AT TIME ZONE 'Asia/Tokyo'",
        ends_at=f"({opened} + time '12:00') AT TIME ZONE 'Asia/Tokyo'",
        needed=str(SEATS),
    )
    insert(
        Opening,
        openings,
        id="g",
        desk_id=f"1 + g % {DESKS}",
        date=opened,
        shift_id="g",
    )
    insert(
        Shift,
        sessions,
        id=f"{openings} + g",
        purpose="'session'",
        title="'出張'",
        venue_id=one_of("programme_venue", "id"),
        starts_at=at(sessions, 14),
        ends_at=at(sessions, 16),
        needed=str(SEATS),
        cancelled_at=f"CASE WHEN g % 20 = 0 THEN {at(sessions, 8)} END",
        cancel_reason="CASE WHEN g % 20 = 0 THEN '雪' ELSE '' END",
    )
    insert(
        Group,
        groups,
        id="g",
        name="'会' || g",
        search_key="'会' || g",
        kind="(ARRAY['residents','association','section'])[1 + g % 3]",
        district_id=one_of("programme_district"),
        contact_id=f"(SELECT min(id) FROM notifications_contact) + {supporters} + g - 1",
    )
    insert(
        SupportRequest,
        sessions,
        id="g",
        group_id=f"1 + g % {groups}",
        status="'reported'",
        received_at=f"{at(sessions, 10)} - (g % 60) * interval '1 day'",
        intake="(ARRAY['web','phone','paper'])[1 + g % 3]",
        participants="5",
        venue_id=one_of("programme_venue", "id"),
        minutes="120",
    )
    insert(
        SupportRequest,
        sessions // 4,
        id=f"{sessions} + g",
        group_id=f"1 + g % {groups}",
        status="'withdrawn'",
        received_at=at(sessions // 4, 10),
        participants="5",
        venue_id=one_of("programme_venue", "id"),
        minutes="120",
    )
    insert(RequestTopic, sessions, request_id="g", topic_id=topic("g"), level="1 + g % 3")
    insert(
        SupportRequestMove,
        sessions // 4,
        subject_id=f"{sessions} + g",
        from_status="'confirmed'",
        to_status="(ARRAY['withdrawn','declined'])[1 + g % 2]",
        at=at(sessions // 4, 11),
    )
    insert(Session, sessions, id="g", request_id="g", shift_id=f"{openings} + g")
    insert(Report, sessions, id="g", session_id="g", attendees="g % 25", reported_at=at(sessions, 17))
    insert(
        Feedback,
        sessions // 2,
        session_id="2 * g",
        helpful="1 + g % 4",
        again="1 + g / 3 % 4",
        given_at=at(sessions, 17),
    )
    run(
        f"INSERT INTO {Report.topics.through._meta.db_table} (report_id, topic_id) "
        f"SELECT g, {topic('g + 0')} FROM generate_series(1, {sessions}) g UNION ALL "
        f"SELECT g, {topic('g + 5')} FROM generate_series(1, {sessions}) g"
    )
    shift, seat = f"(1 + (g - 1) / {SEATS})", f"(1 + (g - 1) % {SEATS})"
    insert(Seat, duties, id=f"{shift} * 100 + {seat}", shift_id=shift, number=seat)
    held = "g % 12 <> 0"
    insert(
        Assignment,
        duties,
        id="g",
        shift_id=shift,
        supporter_id=f"1 + (g::bigint * 7919 % {supporters})",
        status=f"CASE WHEN {held} THEN 'attended' ELSE 'released' END",
        seat_id=f"CASE WHEN {held} THEN {shift} * 100 + {seat} END",
    )
    shift_time = f"(SELECT starts_at FROM supporters_shift s WHERE s.id = 1 + (g - 1) / {SEATS})"
    insert(
        AssignmentMove,
        duties,
        subject_id="g",
        from_status="'offered'",
        to_status="CASE g % 7 WHEN 0 THEN 'declined' WHEN 1 THEN 'lapsed' ELSE 'accepted' END",
        at=f"{shift_time} - interval '5 days'",
    )
    insert(
        AssignmentMove,
        duties // 12,
        subject_id="g * 12",
        from_status="'accepted'",
        to_status="'standing_in_wanted'",
        at=f"(SELECT starts_at FROM supporters_shift s WHERE s.id = 1 + (g * 12 - 1) / {SEATS}) - interval '1 day'",
    )
    insert(
        Activity,
        max(100, int(20_000 * scale)),
        kind="(ARRAY['association_tablet','hall_course','prevention_course'])[1 + g % 3]",
        date=day.format(n=max(100, int(20_000 * scale))),
        name="'活動' || g",
        district_id=one_of("programme_district"),
        attendees="g % 30",
    )
    insert(
        Consultation,
        consultations,
        desk_id=f"1 + (g * 37 % {DESKS})",
        date=day.format(n=consultations),
        happened_at=f"{at(consultations)} + (g % 180) * interval '1 minute'",
        topic_id=topic("(random() * 1000)::int"),
        outcome_id=one_of("programme_outcome", by="(random() * 1000)::int"),
        device_id=f"CASE WHEN random() < 0.8 THEN {one_of('programme_device', by='(random() * 1000)::int')} END",
        age_band_id=f"CASE WHEN random() < 0.8 THEN {one_of('programme_ageband', by='(random() * 1000)::int')} END",
        visit_id=f"CASE WHEN random() < 0.8 THEN {one_of('programme_visit', by='(random() * 1000)::int')} END",
        follow_up="random() < 0.1",
        voided_at="CASE WHEN g % 100 = 0 THEN now() END",
        voided_by_id=f"CASE WHEN g % 100 = 0 THEN {user} END",
        void_reason="CASE WHEN g % 100 = 0 THEN '二重' ELSE '' END",
    )
    run("VACUUM ANALYZE")

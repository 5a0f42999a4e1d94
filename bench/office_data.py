"""The rows of a very large programme, made inside PostgreSQL: three years of it, and two months that are to come.

Beside the demo's rows, whose pages the benchmark opens: 5,000 supporters, 20,000 shifts (half of them desks' openings,
half sessions), 60,000 assignments, and all that belongs to them, in the states that their days bring about.
"""

import json
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.utils import timezone

from bench.rows import insert, one_of, run, topic
from consult.kpi.definitions import PROGRAMME_BEGAN
from consult.kpi.ledger import close_month
from consult.models import Activity, Consultation, Desk, MonthReport, Opening
from notifications.models import Contact, Message, Suppression
from programme.fiscal import Month
from programme.models import Course, User
from programme.models.records import Entry
from support_requests.models import (
    Feedback,
    Group,
    Plan,
    PlannedMember,
    PlannedTask,
    PreferredTime,
    Report,
    RequestTopic,
    Session,
    SupportRequest,
    SupportRequestMove,
)
from support_requests.planning.problem import request_hash
from supporters.models import (
    Assignment,
    AssignmentMove,
    CheckIn,
    Claim,
    Honorarium,
    Payment,
    Registration,
    Seat,
    Shift,
    ShiftTopic,
    Skill,
    Supporter,
    SupporterMove,
    TrainingCompletion,
    WeeklyWindow,
)

SUPPORTERS, ACTIVE = 5_000, 4_500
GROUPS, DESKS, CASES = 1_500, 120, 150_000
SHIFTS, TEAM = 20_000, 3
SESSIONS, WAITING = SHIFTS // 2, 150
DAYS, AHEAD = 1_094, 60  # from the first day to the last one, and how many of them are to come
BASE = 100_000  # the demo's keys are below

DAY = f"(CURRENT_DATE - {DAYS - AHEAD} + ({{g}}::bigint * {DAYS} / {SHIFTS})::int)"
OVER, REPORTED = f"{DAY} < CURRENT_DATE", f"{DAY} < CURRENT_DATE - 5"
CALLED_OFF = "{g} % 25 = 0"


def _at(day: str, time: str) -> str:
    return f"(({day} + time '{time}') AT TIME ZONE 'Asia/Tokyo')"


def _of(g: str, sql: str) -> str:
    return sql.format(g=g)


def fill() -> None:
    coordinator = User.objects.filter(role="coordinator")[0].pk
    _people(coordinator)
    _shifts()
    _requests()
    _duties()
    _cases(coordinator)
    _honoraria(coordinator)
    _plan()
    _messages()
    _record(coordinator)
    run("VACUUM ANALYZE")


def _people(coordinator: int) -> None:
    insert(
        Contact,
        SUPPORTERS + GROUPS,
        id=f"{BASE} + g",
        name="'人' || g",
        email="'p' || g || '@example.jp'",
        phone="'027-200-' || lpad((g % 10000)::text, 4, '0')",
        phone_e164="'+8127200' || lpad((g % 10000)::text, 4, '0')",
        mobile="CASE WHEN g % 3 = 0 THEN '090-1000-' || lpad((g % 10000)::text, 4, '0') ELSE '' END",
        mobile_e164="CASE WHEN g % 3 = 0 THEN '+81901000' || lpad((g % 10000)::text, 4, '0') ELSE '' END",
        language="'ja'",
        email_proved_at="now()",
    )
    insert(
        Suppression,
        100,
        channel="'email'",
        address="'p' || (g * 37) || '@example.jp'",
        reason="'bounced'",
    )
    insert(
        Supporter,
        SUPPORTERS,
        id=f"{BASE} + g",
        contact_id=f"{BASE} + g",
        name="'人' || g",
        kana="'ひと' || g",
        search_key="'人' || g || 'ひと' || g",
        kana_key="'ひと' || g",
        birth_date="CURRENT_DATE - 16 * 365 - (g::bigint * 7919 % 24000)::int",
        category_id=one_of("programme_category"),
        home_district_id=one_of("programme_district"),
        status=f"""CASE WHEN g <= {ACTIVE} THEN 'active' WHEN g % 5 = 0 THEN 'applied' WHEN g % 5 = 1 THEN 'training'
            WHEN g % 5 = 2 THEN 'paused' ELSE 'withdrawn' END""",
        applied_at="now() - (g % 1000) * interval '1 day'",
        may_be_paid="g % 5 <> 0",
        is_lead="g % 6 = 0",
    )
    insert(
        Registration,
        ACTIVE,
        supporter_id=f"{BASE} + g",
        started_on=f"CURRENT_DATE - {DAYS - AHEAD} - (g % 300)",
    )
    insert(
        SupporterMove,
        2 * ACTIVE,
        subject_id=f"{BASE} + 1 + (g - 1) / 2",
        from_status="CASE g % 2 WHEN 1 THEN 'applied' ELSE 'training' END",
        to_status="CASE g % 2 WHEN 1 THEN 'training' ELSE 'active' END",
        at=f"now() - interval '{DAYS} days'",
        by_id=str(coordinator),
    )
    insert(
        Skill,
        4 * SUPPORTERS,
        supporter_id=f"{BASE} + 1 + (g - 1) / 4",
        topic_id=topic("(g % 4) * 5 + g / 4 % 5"),
        level="1 + g % 3",
    )
    insert(
        WeeklyWindow,
        3 * SUPPORTERS,
        supporter_id=f"{BASE} + 1 + (g - 1) / 3",
        weekday="(g % 3) * 2 + g / 3 % 2",
        starts="time '09:00'",
        ends="time '17:00'",
    )
    for course in Course.objects.all():
        insert(
            TrainingCompletion,
            ACTIVE,
            supporter_id=f"{BASE} + g",
            course_id=f"'{course.pk}'",
            completed_on="CURRENT_DATE - 900",
        )
    insert(
        Group,
        GROUPS,
        id=f"{BASE} + g",
        name="'会' || g",
        search_key="'会' || g",
        kind="(ARRAY['residents','association','section'])[1 + g % 3]",
        district_id=one_of("programme_district"),
        contact_id=f"{BASE} + {SUPPORTERS} + g",
    )


def _shifts() -> None:
    day, hour = DAY.format(g="g"), "CASE g % 2 WHEN 1 THEN time '09:00' ELSE time '14:00' END"
    starts = f"(({day} + {hour}) AT TIME ZONE 'Asia/Tokyo')"
    off = CALLED_OFF.format(g="g")
    insert(
        Desk,
        DESKS,
        id=f"{BASE} + g",
        code="'desk-' || g",
        name="'相談所' || g",
        venue_id=one_of("programme_venue", "id"),
        rule="'FREQ=WEEKLY;INTERVAL=2;BYDAY=TU'",
        opens="time '09:00'",
        closes="time '12:00'",
        seats=str(TEAM),
    )
    insert(
        Shift,
        SHIFTS,
        id=f"{BASE} + g",
        purpose="CASE g % 2 WHEN 1 THEN 'desk' ELSE 'session' END",
        title=f"""CASE g % 2 WHEN 1 THEN '相談所' || (1 + g / 2 % {DESKS})
            ELSE '出張サポート 会' || (1 + g / 2 % {GROUPS}) END""",
        venue_id=one_of("programme_venue", "id", by="g / 2"),
        starts_at=starts,
        ends_at=f"{starts} + CASE g % 2 WHEN 1 THEN interval '3 hours' ELSE interval '2 hours' END",
        needed=str(TEAM),
        cancelled_at=f"CASE WHEN {off} THEN {starts} - interval '2 days' END",
        cancel_reason=f"CASE WHEN {off} THEN '大雪' ELSE '' END",
        cancel_cause=f"CASE WHEN {off} THEN 'weather' ELSE '' END",
    )
    insert(ShiftTopic, SHIFTS, shift_id=f"{BASE} + g", topic_id=topic("g"), level="1 + g % 3")
    insert(
        Opening,
        SHIFTS // 2,
        id=f"{BASE} + g",
        desk_id=f"{BASE} + 1 + g % {DESKS}",
        date=DAY.format(g="(2 * g - 1)"),
        shift_id=f"{BASE} + 2 * g - 1",
    )
    run(
        f"INSERT INTO {Seat._meta.db_table} (id, shift_id, number) SELECT ({BASE} + s) * 100 + n, {BASE} + s, n "
        f"FROM generate_series(1, {SHIFTS}) s, generate_series(1, {TEAM}) n"
    )


def _requests() -> None:
    """One for each session, held long ago or to be held; and those that wait for a plan."""
    shift = "(2 * g)"
    held, off = REPORTED.format(g=shift), CALLED_OFF.format(g=shift)
    received = f"{_at(DAY.format(g=shift), '10:00')} - (14 + g % 30) * interval '1 day'"
    facts = {
        "participants": "3 + g % 20",
        "venue_id": one_of("programme_venue", "id"),
        "minutes": "120",
        "intake": "(ARRAY['web','phone','paper'])[1 + g % 3]",
        "group_id": f"{BASE} + 1 + g % {GROUPS}",
    }
    insert(
        SupportRequest,
        SESSIONS,
        id=f"{BASE} + g",
        status=f"""CASE WHEN {off} THEN 'withdrawn' WHEN {held} THEN 'reported'
            WHEN {OVER.format(g=shift)} OR g % 3 > 0 THEN 'booked' ELSE 'planned' END""",
        received_at=received,
        **facts,
    )
    insert(
        SupportRequest,
        WAITING,
        id=f"{BASE} + {SESSIONS} + g",
        status="CASE g % 5 WHEN 0 THEN 'received' ELSE 'confirmed' END",
        received_at="now() - (g % 20) * interval '1 day'",
        **facts,
    )
    every = SESSIONS + WAITING
    insert(
        PreferredTime,
        3 * every,
        request_id=f"{BASE} + 1 + (g - 1) / 3",
        rank="1 + (g - 1) % 3",
        starts_at=f"""CASE WHEN (g - 1) / 3 < {SESSIONS} THEN {_at(DAY.format(g="(2 * (1 + (g - 1) / 3))"), "14:00")}
            ELSE {_at("(CURRENT_DATE + 8 + (g % 30)::int)", "10:00")} END + ((g - 1) % 3) * interval '1 day'""",
    )
    insert(RequestTopic, every, request_id=f"{BASE} + g", topic_id=topic("g"), level="1 + g % 3")
    for number, (before, after) in enumerate(
        [("received", "confirmed"), ("confirmed", "planned"), ("planned", "booked"), ("booked", "reported")]
    ):
        insert(
            SupportRequestMove,
            SESSIONS * 9 // 10,
            subject_id=f"{BASE} + g",
            from_status=f"'{before}'",
            to_status=f"'{after}'",
            at=f"{received} + {number} * interval '3 days'",
        )
    insert(Session, SESSIONS, id=f"{BASE} + g", request_id=f"{BASE} + g", shift_id=f"{BASE} + 2 * g")
    told = f"FROM generate_series(1, {SESSIONS}) g WHERE {held} AND NOT {off}"
    run(
        f"INSERT INTO {Report._meta.db_table} (id, session_id, attendees, note, follow_up, went, reported_at) "
        f"SELECT {BASE} + g, {BASE} + g, 3 + g % 20, '', false, 'well', {_at(DAY.format(g=shift), '17:00')} {told}"
    )
    run(
        f"INSERT INTO {Report.topics.through._meta.db_table} (report_id, topic_id) "
        f"SELECT {BASE} + g, {topic('g')} {told}"
    )
    run(
        f"INSERT INTO {Feedback._meta.db_table} (session_id, helpful, again, thanks, given_at) "
        f"SELECT {BASE} + g, 1 + g % 4, 1 + g % 4, '', {_at(DAY.format(g=shift), '18:00')} {told} AND g % 2 = 0"
    )


def _duties() -> None:
    """Of each shift ``TEAM`` people, each of whom comes about every eighty days."""
    number, shift = SHIFTS * TEAM, f"(1 + (g - 1) / {TEAM})"
    after = """CASE WHEN g % 20 = 0 THEN 'declined' WHEN g % 20 = 1 THEN 'absent' ELSE 'attended' END"""
    ahead = """CASE g % 10 WHEN 0 THEN 'declined' WHEN 1 THEN 'offered' WHEN 2 THEN 'standing_in_wanted'
        WHEN 3 THEN 'lapsed' ELSE 'accepted' END"""
    told = f"""{REPORTED.format(g=shift)} OR {shift} % 2 = 1 AND {OVER.format(g=shift)}"""
    unsaid = "CASE WHEN g % 20 = 0 THEN 'declined' ELSE 'accepted' END"
    status = f"""CASE WHEN {CALLED_OFF.format(g=shift)} THEN 'cancelled' WHEN {told} THEN {after}
        WHEN {OVER.format(g=shift)} THEN {unsaid} ELSE {ahead} END"""
    starts = _at(DAY.format(g=shift), "09:00")
    insert(
        Assignment,
        number,
        id=f"{BASE} + g",
        shift_id=f"{BASE} + {shift}",
        supporter_id=f"{BASE} + 1 + g % {ACTIVE}",
        status=status,
        seat_id=f"""CASE WHEN {status} IN ('accepted', 'standing_in_wanted', 'attended')
            THEN ({BASE} + {shift}) * 100 + 1 + (g - 1) % {TEAM} END""",
        offered_at=f"{starts} - interval '20 days'",
        answer_by=f"greatest({starts} - interval '17 days', now() + (g % 50) * interval '1 hour')",
    )
    for before, after, days in (("proposed", "offered", 20), ("offered", "accepted", 18)):
        insert(
            AssignmentMove,
            number,
            subject_id=f"{BASE} + g",
            from_status=f"'{before}'",
            to_status=f"'{after}'",
            at=f"{starts} - interval '{days} days'",
        )
    held, assignments, shifts = "('accepted', 'standing_in_wanted')", Assignment._meta.db_table, Shift._meta.db_table
    run(
        f"INSERT INTO {Claim._meta.db_table} (supporter_id, cell, assignment_id) SELECT a.supporter_id, cell, a.id "
        f"FROM {assignments} a JOIN {shifts} s ON s.id = a.shift_id, generate_series("
        "extract(epoch FROM s.starts_at)::int / 900, extract(epoch FROM s.ends_at)::int / 900 - 1) cell "
        f"WHERE a.id > {BASE} AND a.status IN {held}"
    )
    run(
        f"INSERT INTO {CheckIn._meta.db_table} (assignment_id, at, way, late_because) SELECT a.id, s.starts_at, "
        f"'code', '' FROM {assignments} a JOIN {shifts} s ON s.id = a.shift_id "
        f"WHERE a.id > {BASE} AND a.status = 'attended'"
    )


def _cases(coordinator: int) -> None:
    """At the desks that were open, and what was held without a request."""
    each = CASES // (SHIFTS // 2)
    opening = f"(1 + (g - 1) / {each})"
    day = DAY.format(g=f"(2 * {opening} - 1)")
    insert(
        Consultation,
        CASES * (DAYS - AHEAD) // DAYS,
        opening_id=f"{BASE} + {opening}",
        desk_id=f"{BASE} + 1 + {opening} % {DESKS}",
        date=day,
        happened_at=f"{_at(day, '09:00')} + (g % {each}) * interval '10 minutes'",
        topic_id=topic("g"),
        outcome_id=one_of("programme_outcome", by="g / 3"),
        device_id=one_of("programme_device", by="g / 5"),
        age_band_id=one_of("programme_ageband", by="g / 7"),
        visit_id=one_of("programme_visit", by="g / 2"),
    )
    insert(
        Activity,
        1_000,
        kind="(ARRAY['association_tablet','hall_course','prevention_course'])[1 + g % 3]",
        date="CURRENT_DATE - g",
        name="'活動' || g",
        district_id=one_of("programme_district"),
        attendees="g % 30",
        logged_by_id=str(coordinator),
    )


def _honoraria(coordinator: int) -> None:
    """Paid month by month; last month's lines are approved, this month's wait."""
    insert(
        Payment,
        36,
        id=f"{BASE} + g",
        made_at="now() - g * interval '1 month'",
        made_by_id=str(coordinator),
    )
    month = "date_trunc('month', CURRENT_DATE)"
    months = f"""(12 * extract(year FROM age({month}, date_trunc('month', s.starts_at)))
        + extract(month FROM age({month}, date_trunc('month', s.starts_at))))::int"""
    minutes = "(extract(epoch FROM s.ends_at - s.starts_at) / 60)::int"
    drawn_up = "least(now(), date_trunc('month', s.starts_at) + interval '1 month')"
    run(
        f"INSERT INTO {Honorarium._meta.db_table} (assignment_id, day, cause, minutes, yen, reason, made_at, "
        f"made_by_id, approved_at, approved_by_id, payment_id) SELECT a.id, s.starts_at::date, 'duty', {minutes}, "
        f"CASE WHEN p.may_be_paid THEN {minutes} * 1000 / 120 ELSE 0 END, '', {drawn_up}, {coordinator}, "
        f"CASE WHEN {months} > 0 THEN {drawn_up} END, CASE WHEN {months} > 0 THEN {coordinator} END, "
        f"CASE WHEN {months} > 1 THEN {BASE} + least({months}, 36) END "
        f"FROM {Assignment._meta.db_table} a JOIN {Shift._meta.db_table} s ON s.id = a.shift_id "
        f"JOIN {Supporter._meta.db_table} p ON p.id = a.supporter_id "
        f"WHERE a.id > {BASE} AND a.status = 'attended'"
    )


def _plan() -> None:
    """One that somebody is to look at: all requests that wait, and a hundred shifts that are short of people."""
    first = SHIFTS * (DAYS - AHEAD) // DAYS + 100  # shifts of the days that come
    insert(
        Plan,
        1,
        id=str(BASE),
        first="CURRENT_DATE",
        last=f"CURRENT_DATE + {AHEAD}",
        status="'ready'",
        served_weight="1000",
        claimed_at="now()",
        bound="1100",
        progress="'{}'",
    )
    insert(
        PlannedTask,
        WAITING,
        id=f"{BASE} + g",
        plan_id=str(BASE),
        request_id=f"{BASE} + {SESSIONS} + g",
        starts_at=f"""CASE WHEN g % 4 > 0 THEN {_at("(CURRENT_DATE + 8 + (g % 30)::int)", "10:00")} END""",
    )
    insert(
        PlannedTask,
        100,
        id=f"{BASE} + {WAITING} + g",
        plan_id=str(BASE),
        shift_id=f"{BASE} + {first} + 2 * g",
        starts_at=_at(DAY.format(g=f"({first} + 2 * g)"), "14:00"),
    )
    insert(
        PlannedMember,
        2 * (WAITING + 100),
        task_id=f"{BASE} + 1 + (g - 1) / 2",
        supporter_id=f"{BASE} + 1 + g * 7 % {ACTIVE}",
    )
    tasks = list(PlannedTask.objects.filter(request__isnull=False, plan=BASE).select_related("request"))
    for task in tasks:
        task.asked_hash = request_hash(task.request)
    PlannedTask.objects.bulk_update(tasks, ["asked_hash"])
    run(
        f"DELETE FROM {PlannedMember._meta.db_table} WHERE task_id IN "
        f"(SELECT id FROM {PlannedTask._meta.db_table} WHERE plan_id = {BASE} AND starts_at IS NULL)"
    )


def _messages() -> None:
    """Two for each duty; a few wait, a few failed."""
    number = 2 * SHIFTS * TEAM
    state = """CASE WHEN g % 3000 = 0 THEN 'failed' WHEN g % 3000 = 1 THEN 'unknown' WHEN g % 3000 = 2 THEN 'queued'
        ELSE 'delivered' END"""
    insert(
        Message,
        number,
        kind="CASE g % 2 WHEN 1 THEN 'offer' ELSE 'accepted' END",
        subject=f"'assignment:' || {BASE} + 1 + (g - 1) / 2",
        recipient_id=f"{BASE} + 1 + ((g - 1) / 2 + 1) % {ACTIVE}",
        channel="'email'",
        address=f"'p' || 1 + ((g - 1) / 2 + 1) % {ACTIVE} || '@example.jp'",
        title="'活動のお願い'",
        body="repeat('活動をお願いできますか。', 12)",
        state=state,
        created_at=f"now() - ({number} - g) * interval '13 minutes'",
        due_at=f"now() - ({number} - g) * interval '13 minutes'",
        sent_at=f"CASE WHEN {state} = 'delivered' THEN now() - ({number} - g) * interval '13 minutes' END",
    )


def _record(coordinator: int) -> None:
    """What was changed: of each supporter three times, of each shift and request once."""
    for model, number, by in ((Supporter, 3 * SUPPORTERS, 3), (Shift, SHIFTS, 1), (SupportRequest, SESSIONS, 1)):
        key = f"({BASE} + 1 + (g - 1) / {by})"
        insert(
            Entry,
            number,
            content_type_id=str(ContentType.objects.get_for_model(model).pk),
            object_pk=f"{key}::text",
            object_id=key,
            action="1",
            changes="""'{"note": ["前", "後"]}'""",
            timestamp="now() - g * interval '10 minutes'",
            actor_id=str(coordinator),
            by_page="true",
            additional_data="NULL",
        )


def close_months() -> None:
    """All but the last one, as an office does."""
    coordinator = User.objects.filter(role="coordinator")[0]
    month = Month.of(PROGRAMME_BEGAN)
    while month <= last_closed():
        if not MonthReport.objects.filter(year=month.year, month=month.month).exists():
            close_month(month, coordinator)
        month = month.next


def last_closed() -> Month:
    return Month.of(timezone.localdate()).previous.previous


def keep(rows: dict[str, Any]) -> None:
    """Keep the arguments of pages on the demo's rows with these, for ``keys``."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_rows AS SELECT %s::jsonb AS rows", [json.dumps(rows, default=str)])


def keys() -> dict[str, Any]:
    """The arguments of each page: rows of the large programme where it has such, else the demo's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rows::text FROM bench_rows")
        demo = json.loads(cursor.fetchone()[0])
    coming = Shift.objects.filter(pk__gt=BASE, starts_at__gt=timezone.now(), cancelled_at=None)
    session = Session.objects.filter(pk__gt=BASE, report__isnull=False).latest("pk").pk
    return demo | {
        "supporter": BASE + 3,
        "contact": BASE + 3,
        "shift": coming.filter(purpose="session")[5].pk,
        "opening": Opening.objects.filter(shift__in=coming)[5].pk,
        "desk": BASE + 7,
        "request": SupportRequest.objects.filter(pk__gt=BASE, status="planned").order_by("-pk")[5].pk,
        "session": session,
        "with_session": session,
        "plan": BASE,
        "planned_task": BASE + 1,
        "payment": BASE + 3,
        "half": f"{Month.of(timezone.localdate()).fiscal_year - 1}H1",
    }

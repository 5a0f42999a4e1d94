"""Rows that the figures count, with only the facts that matter to them. They need ``programme_facts``."""

import datetime as dt
from typing import Any

from django.utils import timezone

from consult.models import Activity, Consultation, Desk
from programme.models import District, Outcome, Topic, User
from support_requests.models import Group, Report, Session, SupportRequest
from supporters.models import Registration, Shift, Supporter
from tests.factories import ContactFactory, GroupFactory, SupporterFactory, a_hall

DAY = dt.date(2024, 5, 15)


def tokyo(day: dt.date, hour: int = 10, minute: int = 0) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))


def a_supporter(*spans: tuple[dt.date, dt.date | None]) -> Supporter:
    """Somebody registered for each of ``spans`` (first day, first day on which not registered)."""
    supporter = SupporterFactory(ready=False)
    for started_on, ended_on in spans:
        Registration.objects.create(supporter=supporter, started_on=started_on, ended_on=ended_on)
    return supporter


def a_group() -> Group:
    return GroupFactory()


def a_session(
    starts_at: dt.datetime | None = None,
    *,
    attendees: int | None = 5,
    group: Group | None = None,
    cancelled: bool = False,
) -> Session:
    """A session of 90 minutes, at 10:00 on DAY unless told; not reported when ``attendees`` is None."""
    starts_at = starts_at or tokyo(DAY)
    request = SupportRequest.objects.create(
        group=group or a_group(), status="reported", participants=30, venue=a_hall(), minutes=90
    )
    shift = Shift.objects.create(
        purpose=Session.PURPOSE,
        title="出張サポート",
        venue=a_hall(),
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=90),
        needed=2,
        cancelled_at=starts_at if cancelled else None,
        cancel_reason="大雪" if cancelled else "",
    )
    session = Session.objects.create(request=request, shift=shift)
    if attendees is not None:
        Report.objects.create(session=session, attendees=attendees)
    return session


def a_desk() -> Desk:
    desk, _made = Desk.objects.get_or_create(
        code="kpi",
        defaults={
            "name": "よろず相談所",
            "venue": a_hall(),
            "rule": "FREQ=WEEKLY;BYDAY=TU",
            "opens": dt.time(9),
            "closes": dt.time(12),
        },
    )
    return desk


def a_consultation(day: dt.date = DAY, *, voided_by: User | None = None, more_topics: int = 0) -> Consultation:
    void: dict[str, Any] = {}
    if voided_by:
        void = {"voided_at": tokyo(day), "voided_by": voided_by, "void_reason": "二重に記録した"}
    consultation = Consultation.objects.create(
        desk=a_desk(), date=day, happened_at=tokyo(day), topic_id="T05", outcome=Outcome.objects.all()[0], **void
    )
    consultation.more_topics.set(Topic.objects.exclude(pk="T05")[:more_topics])
    return consultation


def an_activity(
    kind: str = Activity.Kind.ASSOCIATION_TABLET, day: dt.date = DAY, *, attendees: int = 10, name: str | None = None
) -> Activity:
    return Activity.objects.create(
        kind=kind,
        date=day,
        name=name or f"自治会{Activity.objects.count() + 1}",
        district=District.objects.order_by("position")[0],
        attendees=attendees,
    )


def some_of_each(number: int, day: dt.date = DAY) -> None:
    """``number`` rows for every figure."""
    contact = ContactFactory()
    for _each in range(number):
        a_supporter((day, None))
        a_supporter((day - dt.timedelta(days=99), day - dt.timedelta(days=9)), (day, None))
        a_supporter((day - dt.timedelta(days=99), day))
        a_session(tokyo(day), group=GroupFactory(contact=contact))
        a_consultation(day)
        for kind in Activity.Kind:
            an_activity(kind, day)

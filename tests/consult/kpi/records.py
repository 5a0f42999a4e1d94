"""Rows that the figures count, with only the facts that matter to them. They need ``programme_facts``."""

import datetime as dt
from typing import Any

from django.utils import timezone

from consult.kpi import proposals
from consult.models import Activity, Consultation, Correction, Desk, Opening, ProposedCorrection
from programme.fiscal import Month
from programme.models import District, Outcome, Topic, User, Venue
from support_requests.models import Feedback, Group, Report, Session, SupportRequest, SupportRequestMove
from supporters.models import Assignment, AssignmentMove, Registration, Seat, Shift, Supporter
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


def a_request(
    received_at: dt.datetime,
    *,
    group: Group | None = None,
    intake: str = "web",
    closed: tuple[str, dt.datetime] | None = None,
    venue: Venue | None = None,
) -> SupportRequest:
    """A request without a session; ``closed``: the status in which it ended, and when."""
    request = SupportRequest.objects.create(
        group=group or a_group(),
        status=closed[0] if closed else "confirmed",
        intake=intake,
        received_at=received_at,
        participants=5,
        venue=venue or a_hall(),
        minutes=90,
    )
    if closed:
        before = "booked" if closed[0] == "reported" else "confirmed"
        SupportRequestMove.objects.create(subject=request, from_status=before, to_status=closed[0], at=closed[1])
    return request


def an_opening(day: dt.date = DAY, *, desk: Desk | None = None, minutes: int = 180, cancelled: bool = False) -> Opening:
    """An opening from 9:00."""
    desk = desk or a_desk()
    starts_at = tokyo(day, 9)
    shift = Shift.objects.create(
        purpose=Opening.PURPOSE,
        title=desk.name,
        venue=desk.venue,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=minutes),
        needed=1,
        cancelled_at=starts_at if cancelled else None,
        cancel_reason="大雪" if cancelled else "",
    )
    return Opening.objects.create(desk=desk, date=day, shift=shift)


def a_duty(
    shift: Shift,
    supporter: Supporter,
    status: str = "attended",
    *,
    moves: tuple[tuple[str, str, dt.datetime], ...] = (),
) -> Assignment:
    """``supporter`` on ``shift``; ``moves``: the states from and to which it went, and when."""
    seat = None
    if status in Assignment.HELD:
        seat = Seat.at(shift, shift.seats.count() + 1)
        seat.save(force_insert=True)
    duty = Assignment.objects.create(shift=shift, supporter=supporter, status=status, seat=seat)
    for came_from, to, at in moves:
        AssignmentMove.objects.create(subject=duty, from_status=came_from, to_status=to, at=at)
    return duty


def a_session(
    starts_at: dt.datetime | None = None,
    *,
    attendees: int | None = 5,
    group: Group | None = None,
    cancelled: bool = False,
    received_at: dt.datetime | None = None,
    venue: Venue | None = None,
    feedback: tuple[int, int] | None = None,
) -> Session:
    """A session of 90 minutes, at 10:00 on DAY unless told; not reported when ``attendees`` is None.

    ``feedback``: what the group said, (helpful, again).
    """
    starts_at = starts_at or tokyo(DAY)
    venue = venue or a_hall()
    request = SupportRequest.objects.create(
        group=group or a_group(),
        status="reported",
        participants=30,
        venue=venue,
        minutes=90,
        received_at=received_at or starts_at,
    )
    shift = Shift.objects.create(
        purpose=Session.PURPOSE,
        title="出張サポート",
        venue=venue,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=90),
        needed=2,
        cancelled_at=starts_at if cancelled else None,
        cancel_reason="大雪" if cancelled else "",
    )
    session = Session.objects.create(request=request, shift=shift)
    if attendees is not None:
        Report.objects.create(session=session, attendees=attendees)
    if feedback:
        Feedback.objects.create(session=session, helpful=feedback[0], again=feedback[1])
    return session


def a_desk(code: str = "kpi", venue: Venue | None = None) -> Desk:
    desk, _made = Desk.objects.get_or_create(
        code=code,
        defaults={
            "name": "よろず相談所",
            "venue": venue or a_hall(),
            "rule": "FREQ=WEEKLY;BYDAY=TU",
            "opens": dt.time(9),
            "closes": dt.time(12),
        },
    )
    return desk


def a_consultation(
    day: dt.date = DAY, *, voided_by: User | None = None, more_topics: int = 0, **facts: Any
) -> Consultation:
    void: dict[str, Any] = {}
    if voided_by:
        void = {"voided_at": tokyo(day), "voided_by": voided_by, "void_reason": "二重に記録した"}
    usual = {"desk": a_desk(), "topic_id": "T05", "outcome_id": Outcome.objects.all()[0].pk}
    consultation = Consultation.objects.create(date=day, happened_at=tokyo(day), **usual | void | facts)
    consultation.more_topics.set(Topic.objects.exclude(pk="T05")[:more_topics])
    return consultation


def an_activity(
    kind: str = Activity.Kind.ASSOCIATION_TABLET,
    day: dt.date = DAY,
    *,
    attendees: int = 10,
    name: str | None = None,
    district: str | None = None,
) -> Activity:
    return Activity.objects.create(
        kind=kind,
        date=day,
        name=name or f"自治会{Activity.objects.count() + 1}",
        district_id=district or District.objects.order_by("position")[0].pk,
        attendees=attendees,
    )


def some_of_each(number: int, day: dt.date = DAY) -> None:
    """``number`` rows for every figure."""
    contact = ContactFactory()
    for _each in range(number):
        helper = a_supporter((day, None))
        a_supporter((day - dt.timedelta(days=99), day - dt.timedelta(days=9)), (day, None))
        a_supporter((day - dt.timedelta(days=99), day))
        session = a_session(tokyo(day), group=GroupFactory(contact=contact), feedback=(4, 4))
        a_duty(session.shift, helper, moves=(("offered", "accepted", tokyo(day)),))
        a_request(tokyo(day), group=session.request.group, closed=("withdrawn", tokyo(day)))
        an_opening(day, desk=a_desk(f"kpi-{Opening.objects.count()}"))
        a_consultation(day, follow_up=True)
        for kind in Activity.Kind:
            an_activity(kind, day)


def waiting(month: Month) -> dict[str, ProposedCorrection]:
    """The corrections that a month's records propose, by figure."""
    proposals.sweep()
    found = ProposedCorrection.objects.waiting().filter(report__year=month.year, report__month=month.month)
    return {proposal.figure: proposal for proposal in found}


def state_late(month: Month, figure: str, by: User, reason: str = "入力が遅れた") -> Correction:
    """State what came into a closed month since."""
    return proposals.approve(waiting(month)[figure], reason=reason, by=by)

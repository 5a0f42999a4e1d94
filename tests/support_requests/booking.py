"""A session whose team has said yes, made by the verbs that make it so in life."""

from collections.abc import Sequence
from typing import Any

from support_requests.models import Session, SupportRequest
from supporters.models import Shift
from tests.factories import SupporterFactory, SupportRequestFactory, an_offer


def a_planned_session(*, needed: int = 1, **facts: Any) -> Session:
    """A time is fixed (the first wish), nobody has answered yet."""
    asked = SupportRequestFactory.create(**facts)
    starts_at = asked.times.all()[0].starts_at
    shift = Shift.plan(
        purpose=Session.PURPOSE,
        title=asked.title,
        venue=asked.venue,
        starts_at=starts_at,
        ends_at=starts_at.replace(hour=starts_at.hour + 1),
        needed=needed,
        topics=[(wanted.topic, wanted.level) for wanted in asked.topics.all()],
    )
    SupportRequest.objects.filter(pk=asked.pk).update(status=SupportRequest.Status.PLANNED)
    return Session.objects.create(request=asked, shift=shift)


def a_booked_session(*, names: Sequence[str] = ("支援一郎",), **facts: Any) -> Session:
    """Everybody named has accepted."""
    session = a_planned_session(needed=len(names), **facts)
    for name in names:
        an_offer(session.shift, SupporterFactory.create(name=name)).accept(by=None)
    return Session.objects.select_related("request", "shift").get(pk=session.pk)

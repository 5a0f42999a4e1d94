"""What shifts ask of the apps that own them."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consult.models import Desk, Opening
from programme.fiscal import start_of
from programme.models import Programme
from support_requests.models import Report, Session, SupportRequest
from supporters.models import Assignment, Shift, Supporter
from supporters.owners import Link, links_of, owner_of
from tests.factories import SupporterFactory, SupportRequestFactory, a_hall, a_shift

pytestmark = pytest.mark.usefixtures("programme_facts")


def an_opening(days: int) -> Opening:
    desk, _made = Desk.objects.get_or_create(
        code="desk",
        defaults={
            "name": "相談所",
            "venue": a_hall(),
            "rule": "FREQ=DAILY",
            "opens": dt.time(10),
            "closes": dt.time(12),
        },
    )
    day = timezone.localdate() + dt.timedelta(days=days)
    return Opening.objects.create(desk=desk, date=day, shift=a_shift(days=days))


def a_session(days: int) -> Session:
    shift = a_shift(purpose="session", days=days)
    return Session.objects.create(request=SupportRequestFactory(status="booked"), shift=shift)


def my_page(shift: Shift, supporter: Supporter) -> str:
    """The own page of ``supporter``, who has a seat on ``shift``."""
    Assignment.objects.create(shift=shift, supporter=supporter, status="accepted", seat=shift.seats.get())
    client = Client()
    client.force_login(supporter.user)  # type: ignore[arg-type]
    return client.get(reverse("supporters:home")).content.decode()


def test_a_purpose_that_nobody_registered_is_named() -> None:
    with pytest.raises(KeyError, match="dance"):
        owner_of(Shift(purpose="dance"))


@pytest.mark.parametrize("days", [0, -1])
def test_a_desk_can_be_logged_from_its_day_on(days: int) -> None:
    opening = an_opening(days)
    link = Link("相談を記録する", reverse("consult:log", args=[opening.pk]))
    assert links_of([opening.shift]) == {opening.shift_id: [link]}
    assert link.url in my_page(opening.shift, SupporterFactory())


def test_a_desk_of_tomorrow_cannot_be_logged_yet() -> None:
    assert links_of([an_opening(1).shift]) == {}


def test_a_session_can_be_reported_when_it_has_begun() -> None:
    session = a_session(-1)
    link = Link("活動を報告する", reverse("support_requests:report", args=[session.pk]))
    assert links_of([session.shift]) == {session.shift_id: [link]}
    assert link.url in my_page(session.shift, SupporterFactory())


def test_a_session_to_come_or_reported_asks_for_no_report() -> None:
    coming, reported = a_session(1), a_session(-1)
    Report.objects.create(session=reported, attendees=5)
    assert links_of([coming.shift, reported.shift]) == {}


def test_links_of_many_shifts_take_as_many_queries_as_those_of_few() -> None:
    counts = []
    for rows in ([(an_opening(-1), a_session(-1))], [(an_opening(-day), a_session(-day)) for day in (2, 3, 4)]):
        shifts = [row.shift for pair in rows for row in pair]
        with CaptureQueriesContext(connection) as queries:
            links_of(shifts)
        counts.append(len(queries))
    assert counts == [2, 2]


def test_on_the_day_the_group_is_rung_where_it_agreed_and_the_office_always() -> None:
    Programme.objects.update(phone="027-000-0000")
    session, other = a_session(0), a_session(1)
    for one in (session, other):
        one.request.group.contact.phone = "027−224ー1111"
        one.request.group.contact.save()
        Shift.objects.filter(pk=one.shift_id).update(ends_at=start_of(one.shift.local_date + dt.timedelta(days=1)))
    assert "tel:+81272241111" not in (page := my_page(session.shift, SupporterFactory()))
    assert "tel:027-000-0000" in page.partition("<footer")[0]
    SupportRequest.objects.update(may_be_rung=True)
    client = Client()
    client.force_login(session.shift.assignments.get().supporter.user)
    assert "tel:+81272241111" in client.get(reverse("supporters:home")).content.decode()
    assert "tel:+81272241111" not in my_page(other.shift, SupporterFactory())

"""Two coordinators at once draw up, approve and pay honoraria; many book one room; two make one draw. On PostgreSQL."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import Count

from programme.fiscal import Month
from programme.models import Room, User, Venue
from support_requests.models import Draw
from supporters.honoraria import approvable, approve_lines, count_of, draw_up, pay
from supporters.models import Assignment, CheckIn, Honorarium, Payment, RoomClaim, Shift
from tests.engines import on_postgresql
from tests.factories import SupporterFactory, a_hall, a_shift
from tests.storming import at_once

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True), on_postgresql]

MAY = Month(2026, 5)
ROUNDS = 5


@pytest.fixture
def second(programme_facts: None, coordinator: User) -> User:
    return User.objects.create_user("second@example.jp", name="Bob", role=coordinator.role)


def _duties(number: int) -> None:
    """Desk duties in May of which it is known that the person came."""
    for place in range(number):
        shift, starts_at = a_shift(), datetime(2026, 5, 1 + place, 1, tzinfo=UTC)
        Shift.objects.filter(pk=shift.pk).update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
        row = Assignment.objects.create(
            shift=shift, supporter=SupporterFactory.create(), status="accepted", seat=shift.seats.get()
        )
        CheckIn.objects.create(assignment=row, at=starts_at, way="code")


def test_two_who_draw_up_approve_and_pay_at_once_pay_each_line_once(coordinator: User, second: User) -> None:
    for _round in range(ROUNDS):
        before = Payment.objects.count()
        done = Honorarium.objects.count()
        _duties(3)
        assert Counter(at_once([lambda: draw_up(MAY, by=coordinator)] * 3)) == {"done": 3}
        assert Honorarium.objects.count() == done + 3
        seen = count_of(approvable(MAY, by=second))
        answers = Counter(at_once([partial(approve_lines, MAY, by=second, seen=seen)] * 3))
        assert answers == {"done": 1, "ChangedMeanwhile": 2}
        assert Counter(at_once([lambda: pay(by=coordinator)] * 3)) == {"done": 1, "NothingToPay": 2}
        assert Payment.objects.count() == before + 1
        assert not Honorarium.objects.filter(payment=None).exists()
    once = Honorarium.objects.values("assignment").annotate(number=Count("pk")).values_list("number", flat=True)
    assert set(once) == {1}
    assert sum(payment.lines.count() for payment in Payment.objects.all()) == 3 * ROUNDS

    def approve() -> None:
        approve_lines(MAY, by=second, seen=count_of(approvable(MAY, by=second)))

    verbs: list[Callable[[], Any]] = [lambda: draw_up(MAY, by=coordinator), approve, lambda: pay(by=coordinator)]
    for _round in range(ROUNDS):
        _duties(2)
        assert not [answer for answer in at_once(verbs * 3) if answer.startswith("fault")]
    for verb in verbs:  # what was left over comes in, once
        at_once([verb])
    assert Honorarium.objects.count() == Honorarium.objects.exclude(payment=None).count() == 5 * ROUNDS


def test_of_many_bookings_of_one_room_and_time_one_holds(programme_facts: None) -> None:
    hall: Venue = a_hall()
    room = Room.objects.create(venue=hall, name="会議室")

    def book(start: datetime) -> Shift:
        end = start + timedelta(hours=2)
        return Shift.plan(purpose="desk", title="x", venue=hall, room=room, starts_at=start, ends_at=end, needed=1)

    for number in range(ROUNDS):
        start = datetime(2030, 1, 1 + number, 1, tzinfo=UTC)
        starts = [start + timedelta(minutes=30 * (place % 3)) for place in range(9)]
        answers = Counter(at_once([lambda start=start: book(start) for start in starts]))
        assert answers == {"done": 1, "RoomTaken": 8}
        assert Shift.objects.filter(starts_at__date=date(2030, 1, 1 + number)).count() == 1
    assert RoomClaim.objects.count() == 8 * ROUNDS


def test_a_draw_made_by_many_at_once_is_one_draw(programme_facts: None) -> None:
    for number in range(1, ROUNDS + 1):
        assert Counter(at_once([partial(Draw.objects.of, Month(2030, number))] * 6)) == {"done": 6}
        assert Draw.objects.filter(year=2030, month=number).count() == 1

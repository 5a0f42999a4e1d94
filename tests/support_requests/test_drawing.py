"""The draw: committed to before, the same for everybody who makes it again, and decisive among equals alone."""

import datetime as dt
import hashlib
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from programme.fiscal import Month
from programme.models import Room, User
from support_requests.models import Draw, Plan, SupportRequest
from support_requests.planning import drawing
from support_requests.planning.approving import approve
from support_requests.planning.solving import solve
from supporters.models import Shift, Supporter
from tests.factories import SupporterFactory, SupportRequestFactory, a_hall, a_shift, at
from tests.support_requests.asking import open_days
from tests.support_requests.test_planning_solving import a_plan

pytestmark = pytest.mark.usefixtures("programme_facts")

Clock = Callable[[dt.datetime], None]


@pytest.fixture
def draw() -> Draw:
    """This month's, with a seed that a test may know."""
    today = timezone.localdate()
    return Draw.objects.create(year=today.year, month=today.month, seed="a" * 64)


def solved() -> Plan:
    plan = a_plan()
    solve(plan.pk)
    return Plan.objects.get(pk=plan.pk)


def served(plan: Plan) -> set[int]:
    return set(plan.tasks.filter(starts_at__isnull=False, request__isnull=False).values_list("request", flat=True))


def morning(number: int) -> dt.datetime:
    """10:00 on a day on which halls are open."""
    return at((open_days()[number] - timezone.localdate()).days)


def equals(number: int, **facts: object) -> list[SupportRequest]:
    """Requests of groups that nobody visited, received today, for the same hour."""
    return SupportRequestFactory.create_batch(number, wishes=[morning(0)], **facts)


# --- The seed and the lots ------------------------------------------------------------------------------


def test_a_lot_is_the_sha256_of_seed_and_number(draw: Draw) -> None:
    assert draw.commitment == hashlib.sha256(b"a" * 64).hexdigest()
    assert draw.lot(12) == hashlib.sha256(b"a" * 64 + b":12").hexdigest()
    assert draw.order([3, 1, 2]) == sorted([1, 2, 3], key=draw.lot)


def test_this_month_and_the_next_are_committed_to_once() -> None:
    Draw.objects.commit()
    seeds = list(Draw.objects.values_list("seed", flat=True))
    Draw.objects.commit()
    month = Month.of(timezone.localdate())
    assert [str(draw) for draw in Draw.objects.all()] == [str(month.next), str(month)]
    assert list(Draw.objects.values_list("seed", flat=True)) == seeds
    assert len(set(seeds)) == 2


def test_the_database_holds_one_draw_a_month(draw: Draw) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Draw.objects.create(year=draw.year, month=draw.month)


def test_the_page_shows_the_commitment_before_and_the_seed_after(client: Client, draw: Draw, set_now: Clock) -> None:
    shown = []
    for days in (0, 32):
        set_now(timezone.make_aware(dt.datetime.combine(timezone.localdate(), dt.time(9))) + dt.timedelta(days=days))
        page = client.get("/requests/draw/").content.decode()
        shown.append((draw.commitment in page, draw.seed in page))
    assert shown == [(True, False), (True, True)]


def test_the_command_makes_the_order_again_when_the_month_is_over(draw: Draw, set_now: Clock) -> None:
    with pytest.raises(CommandError, match="公開します"):
        call_command("draw", str(draw), "1", stdout=StringIO())
    set_now(timezone.now() + dt.timedelta(days=32))
    said = StringIO()
    call_command("draw", str(draw), "1", "2", "3", stdout=said)
    first, seed, *order = said.getvalue().splitlines()
    assert (first, seed) == (f"SHA-256(seed) {draw.commitment}", f"seed {draw.seed}")
    assert order == [f"{draw.lot(number)} {number}" for number in draw.order([1, 2, 3])]


@pytest.mark.parametrize(("month", "words"), [("2026", "not a month"), ("1999-01", "抽選はありません")])
def test_the_command_says_what_it_cannot_show(month: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("draw", month)


# --- People ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ["a", "b", "c", "d"])
def test_of_equals_that_want_one_person_the_smallest_lot_is_served(draw: Draw, seed: str) -> None:
    Draw.objects.update(seed=seed * 64)
    draw.refresh_from_db()
    asked = equals(3)
    SupporterFactory()
    plan = solved()
    first, *others = draw.order([one.pk for one in asked])
    assert served(plan) == {first}
    assert plan.contests == [{"won": first, "lost": lost, "about": "people"} for lost in others]
    assert (plan.draw, plan.served_weight) == (draw, plan.bound)


def test_planning_again_changes_no_lot(draw: Draw) -> None:
    equals(2)
    SupporterFactory()
    assert served(solved()) == served(solved())


def test_more_weight_needs_no_luck(draw: Draw) -> None:
    asked = equals(2)
    unlucky = draw.order([one.pk for one in asked])[1]
    SupportRequest.objects.filter(pk=unlucky).update(received_at=timezone.now() - dt.timedelta(days=9))
    SupporterFactory()
    plan = solved()
    assert (served(plan), plan.contests) == ({unlucky}, [])


def test_a_plan_too_large_to_ask_about_everybody_stays_the_matchers(
    draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "LOOKS_AT_MOST", 0)
    equals(2)
    SupporterFactory()
    plan = solved()
    assert (len(served(plan)), plan.contests) == (1, [])


def test_where_there_are_enough_people_nothing_is_drawn(draw: Draw) -> None:
    asked = equals(2)
    SupporterFactory.create_batch(2)
    plan = solved()
    assert (served(plan), plan.contests) == ({one.pk for one in asked}, [])


def test_who_could_not_go_instead_is_in_no_draw(draw: Draw) -> None:
    """Nobody knows what the second asks for: it lost nothing by lot."""
    asked = equals(2)
    Supporter.objects.all().delete()
    person = SupporterFactory()
    asked[1].topics.update(topic="T12")
    plan = solved()
    assert (served(plan), plan.contests) == ({asked[0].pk}, [])
    assert person.planned.count() == 1


# --- Rooms ----------------------------------------------------------------------------------------------


def test_one_room_is_promised_to_one_and_the_other_goes_to_another_wish(draw: Draw) -> None:
    Room.objects.create(venue=a_hall(), name="学習室", capacity=20)
    asked = SupportRequestFactory.create_batch(2, wishes=[morning(0), morning(1)])
    SupporterFactory.create_batch(2)
    plan = solved()
    first, second = draw.order([one.pk for one in asked])
    times = dict(plan.tasks.values_list("request", "starts_at"))
    assert times == {first: morning(0), second: morning(1)}
    assert plan.contests == [{"won": first, "lost": second, "about": "room"}]
    assert approve(plan, by=None) == 2


def test_a_room_that_is_too_small_is_nobody_s(draw: Draw) -> None:
    Room.objects.create(venue=a_hall(), name="小", capacity=6)
    large = Room.objects.create(venue=a_hall(), name="大", capacity=40)
    asked = SupportRequestFactory.create_batch(2, participants=15, wishes=[morning(0)])
    SupporterFactory.create_batch(8)
    plan = solved()
    first, second = draw.order([one.pk for one in asked])
    assert served(plan) == {first}
    assert {"won": first, "lost": second, "about": "room"} in plan.contests
    assert approve(plan, by=None) == 1
    assert Shift.objects.get(session__request=first).room == large


def test_who_is_left_without_a_room_reads_so(draw: Draw) -> None:
    Room.objects.create(venue=a_hall(), name="学習室", capacity=20)
    asked = equals(2)
    SupporterFactory.create_batch(2)
    plan = solved()
    first, second = draw.order([one.pk for one in asked])
    assert served(plan) == {first}
    assert {"won": first, "lost": second, "about": "room"} in plan.contests
    assert [one["level"] for one in plan.tasks.get(request=second).explanation] == ["room"]
    assert approve(plan, by=None) == 1


def test_a_room_that_was_booked_before_is_drawn_for_by_nobody(draw: Draw) -> None:
    room = Room.objects.create(venue=a_hall(), name="学習室", capacity=20)
    a_shift(days=(timezone.localdate(morning(0)) - timezone.localdate()).days, room=room)
    equals(2)
    SupporterFactory.create_batch(2)
    plan = solved()
    assert (served(plan), plan.contests) == (set(), [])


# --- The plan's page ------------------------------------------------------------------------------------


def test_the_plan_shows_both_lots(client: Client, coordinator: User, draw: Draw) -> None:
    equals(2)
    SupporterFactory()
    plan = solved()
    client.force_login(coordinator)
    page = client.get(f"/requests/plans/{plan.pk}/").content.decode()
    (contest,) = plan.contests
    assert "くじで決めた申込み" in page
    assert page.index(draw.lot(contest["won"])) < page.index(draw.lot(contest["lost"]))
    SupportRequest.objects.filter(pk=contest["lost"]).delete()  # erased since
    assert client.get(f"/requests/plans/{plan.pk}/").status_code == 200

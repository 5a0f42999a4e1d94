"""Desks and sessions in one plan: solved, approved, accepted; and the standing teams' places left to them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consult import teams
from consult.models import Desk, Opening, StandingTeam
from notifications.models import Message
from programme.models import Topic, User
from support_requests.models import Plan, PlannedMember, SupportRequest
from support_requests.planning.approving import approve
from support_requests.planning.problem import build_problem
from support_requests.planning.solving import solve
from supporters.models import Assignment, Claim, Supporter
from tests.consult.rows import a_desk, an_opening
from tests.factories import SupporterFactory, SupportRequestFactory, an_offer, at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]


def a_day(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def a_ready_plan() -> Plan:
    """A solved plan of the next four weeks."""
    plan = Plan.objects.create(first=a_day(1), last=a_day(28))
    solve(plan.pk)
    plan.refresh_from_db()
    assert plan.status == Plan.Status.READY
    return plan


def a_team(desk: Desk, *people: Supporter, agrees: bool, by: User) -> StandingTeam:
    team = StandingTeam.objects.create(desk=desk)
    for person in people:
        team.put(person, agrees=agrees, by=by)
    return team


def test_one_plan_staffs_a_session_and_a_desk_and_nobody_is_sent_to_both_at_once(coordinator: User) -> None:
    request = SupportRequestFactory(wishes=[at(14)])
    wished = timezone.localtime(at(14))
    desk = a_desk()
    beside, later = an_opening(desk, wished.date()), an_opening(desk, wished.date() + dt.timedelta(days=1))
    assert beside.shift.starts_at <= at(14) < beside.shift.ends_at
    people = [SupporterFactory.create(week_limit=5, month_limit=9) for _person in range(3)]
    plan = a_ready_plan()
    assert {(bool(task.request_id), task.shift_id) for task in plan.tasks.all()} == {
        (True, None),
        (False, beside.shift_id),
        (False, later.shift_id),
    }
    assert approve(plan, by=coordinator) == 3
    assert Assignment.objects.offered().count() == 5
    assert Message.objects.filter(kind="offer", recipient__in=[one.contact for one in people]).count() == 5
    for offer in Assignment.objects.offered():
        offer.accept(by=offer.supporter.user)
    request.refresh_from_db()
    assert request.status == SupportRequest.Status.BOOKED
    for opening in (beside, later):
        assert opening.shift.is_staffed()
        assert opening in Opening.objects.visible_to(opening.shift.assignments.all()[0].supporter.user)
    session = {one.supporter_id for one in request.session.shift.assignments.held()}
    assert not session & {one.supporter_id for one in beside.shift.assignments.held()}
    assert Claim.objects.values("supporter", "cell").distinct().count() == Claim.objects.count()
    assert build_problem(a_day(1), a_day(28), timezone.now())[1] == {}


def test_a_no_to_a_desk_is_planned_again_with_somebody_else_and_a_desk_keeps_its_topics(coordinator: User) -> None:
    desk = a_desk(seats=1)
    opening = desk._open_on(a_day(7), [(Topic.objects.get(pk="T05"), 1)])
    first = SupporterFactory.create()
    approve(a_ready_plan(), by=coordinator)
    assert [one.supporter for one in opening.shift.assignments.offered()] == [first]
    SupporterFactory.create().skills.all().delete()  # knows no topic
    second = SupporterFactory.create()
    opening.shift.assignments.get().decline(by=first.user)
    approve(a_ready_plan(), by=coordinator)
    assert [one.supporter for one in opening.shift.assignments.offered()] == [second]


def test_the_planner_keeps_the_places_of_a_standing_team_and_fills_the_others(coordinator: User) -> None:
    desk = a_desk(seats=2)
    opening = an_opening(desk, a_day(7))
    member = SupporterFactory.create()
    team = a_team(desk, member, agrees=True, by=coordinator)
    other = SupporterFactory.create()
    approve(a_ready_plan(), by=coordinator)
    assert [one.supporter for one in opening.shift.assignments.all()] == [other]
    teams.fill(desk, by=coordinator)
    assert {(one.supporter, one.status) for one in opening.shift.assignments.all()} == {
        (member, Assignment.Status.ACCEPTED),
        (other, Assignment.Status.OFFERED),
    }
    # A place that the team does not want any more is everybody's.
    fresh = an_opening(desk, a_day(8))
    team.drop(member)
    task = next(one for one in build_problem(a_day(8), a_day(8), timezone.now())[0].tasks if one.id.startswith("shift"))
    assert (task.id, task.k) == (f"shift:{fresh.shift_id}", 2)


@pytest.mark.parametrize("agrees", [True, False])
def test_a_member_of_a_standing_team_is_sent_nowhere_else_at_that_time(coordinator: User, *, agrees: bool) -> None:
    request = SupportRequestFactory(wishes=[at(14)])
    desk = a_desk(seats=1)
    an_opening(desk, at(14).date())
    member = SupporterFactory.create()
    a_team(desk, member, agrees=agrees, by=coordinator)
    plan = a_ready_plan()
    assert [(task.request, task.starts_at) for task in plan.tasks.all()] == [(request, None)]
    StandingTeam.objects.all().delete()
    assert PlannedMember.objects.filter(task__plan=a_ready_plan()).get().supporter == member


def test_a_place_is_kept_only_for_a_member_who_can_come(coordinator: User) -> None:
    desk = a_desk(seats=1)
    opening = an_opening(desk, a_day(7))
    member, other = SupporterFactory.create(), SupporterFactory.create()
    a_team(desk, member, agrees=True, by=coordinator)
    an_offer(opening.shift, member).decline(by=member.user)
    approve(a_ready_plan(), by=coordinator)
    assert [one.supporter for one in opening.shift.assignments.offered()] == [other]


def test_a_plan_asks_the_same_for_one_standing_team_and_for_three(coordinator: User) -> None:
    counts = []
    for number in range(3):
        desk = a_desk(f"相談所{number}", seats=2)
        an_opening(desk, a_day(7 + number))
        a_team(desk, SupporterFactory.create(), agrees=True, by=coordinator)
        with CaptureQueriesContext(connection) as asked:
            build_problem(a_day(1), a_day(28), timezone.now())
        counts.append(len(asked))
    assert counts[0] == counts[2]

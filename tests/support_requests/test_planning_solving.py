"""Plans are made by one worker, stored whole or not at all, and survive a lost broker and a dead worker."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from celery.exceptions import OperationalError
from django.utils import timezone

import matching
from programme.models import User
from support_requests import tasks
from support_requests.models import Plan, PlannedTask
from support_requests.planning import solving
from support_requests.planning.errors import PeriodOver, PeriodTooLong
from support_requests.planning.problem import build_problem, problem_hash
from support_requests.planning.solving import request_plan, solve, try_again
from supporters.models import Supporter
from tests.factories import SupporterFactory, SupportRequestFactory, a_shift, at

pytestmark = pytest.mark.usefixtures("programme_facts")

OnCommit = Callable[..., Any]


def a_plan(**facts: Any) -> Plan:
    """A plan of the next four weeks that waits."""
    return Plan.objects.create(first=at(1).date(), last=at(28).date(), **facts)


def solved() -> Plan:
    plan = a_plan()
    solve(plan.pk)
    plan.refresh_from_db()
    return plan


def team(task: PlannedTask) -> set[Supporter]:
    return {member.supporter for member in task.team.all()}


def utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()


def moves(plan: Plan) -> list[str]:
    return list(plan.moves.values_list("to_status", flat=True))


def test_a_plan_gives_a_request_its_best_time_and_a_team() -> None:
    request, person = SupportRequestFactory(), SupporterFactory()
    plan = solved()
    (task,) = plan.tasks.all()
    assert (plan.status, task.request, task.shift, task.starts_at) == (Plan.Status.READY, request, None, at(14))
    assert (team(task), task.explanation) == ({person}, [])


def test_a_plan_keeps_its_weight_its_bound_and_the_hash_of_its_facts() -> None:
    SupportRequestFactory()
    SupporterFactory()
    plan = solved()
    assert plan.claimed_at is not None
    problem = build_problem(plan.first, plan.last, plan.claimed_at)[0]
    assert (plan.served_weight, plan.bound, plan.problem_hash) == (15, 15, problem_hash(problem))
    assert moves(plan) == ["solving", "ready"]


def test_a_shift_short_of_people_is_planned_at_its_own_time() -> None:
    shift, person = a_shift(days=7), SupporterFactory()
    (task,) = solved().tasks.all()
    assert (task.shift, task.request, task.starts_at, team(task)) == (shift, None, shift.starts_at, {person})


def test_what_nobody_can_serve_says_per_time_what_is_missing() -> None:
    SupportRequestFactory(needs=["sign"], wishes=[at(14), at(-1), at(60)])
    SupporterFactory(is_lead=False)
    (task,) = solved().tasks.all()
    assert task.starts_at is None
    assert task.explanation == [
        {"starts_at": utc(at(-1)), "level": "past", "missing": []},
        {"starts_at": utc(at(14)), "level": "static", "missing": ["lead", "need:sign"]},
        {"starts_at": utc(at(60)), "level": "outside", "missing": []},
    ]


def test_of_two_requests_that_need_the_same_person_the_one_that_waits_longer_is_served() -> None:
    late = SupportRequestFactory(wishes=[at(14)])
    early = SupportRequestFactory(wishes=[at(14)], received_at=timezone.now() - dt.timedelta(days=9))
    SupporterFactory()
    plan = solved()
    assert {task.request: task.starts_at for task in plan.tasks.all()} == {early: at(14), late: None}
    (reason,) = plan.tasks.get(request=late).explanation
    assert (reason["level"], reason["missing"][0]) == ("busy", "size")


def test_nothing_to_plan_is_a_plan_without_tasks() -> None:
    plan = solved()
    assert (plan.status, plan.served_weight, plan.bound, plan.tasks.count()) == (Plan.Status.READY, 0, 0, 0)


def test_people_who_asked_for_a_plan_get_it_from_the_worker(
    coordinator: User, django_capture_on_commit_callbacks: OnCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.solve_plan, "delay", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        plan = request_plan(at(1).date(), at(28).date(), by=coordinator)
    assert (sent, plan.status, plan.created_by) == ([plan.pk], Plan.Status.WAITING, coordinator)
    tasks.solve_plan(plan.pk)
    plan.refresh_from_db()
    assert plan.status == Plan.Status.READY


def test_a_double_tap_is_one_plan(coordinator: User) -> None:
    first = request_plan(at(1).date(), at(28).date(), by=coordinator)
    second = request_plan(at(1).date(), at(28).date(), by=coordinator)
    assert (second, Plan.objects.count()) == (first, 1)


def test_a_period_that_is_over_or_too_long_is_refused(coordinator: User) -> None:
    with pytest.raises(PeriodOver):
        request_plan(at(-9).date(), at(0).date(), by=coordinator)
    with pytest.raises(PeriodOver):
        request_plan(at(9).date(), at(8).date(), by=coordinator)
    with pytest.raises(PeriodTooLong):
        request_plan(at(1).date(), at(91).date(), by=coordinator)
    assert request_plan(at(1).date(), at(90).date(), by=coordinator).status == Plan.Status.WAITING


def test_a_lost_broker_loses_no_plan(
    coordinator: User,
    django_capture_on_commit_callbacks: OnCommit,
    monkeypatch: pytest.MonkeyPatch,
    set_now: Callable[[dt.datetime], None],
) -> None:
    def gone(pk: int) -> None:
        raise OperationalError("the broker does not answer")

    monkeypatch.setattr(tasks.solve_plan, "delay", gone)
    with django_capture_on_commit_callbacks(execute=True):
        plan = request_plan(at(1).date(), at(28).date(), by=coordinator)
    assert tasks.solve_waiting_plans() == 0  # the broker may still bring it
    set_now(timezone.now() + dt.timedelta(seconds=30))
    assert tasks.solve_waiting_plans() == 1
    plan.refresh_from_db()
    assert plan.status == Plan.Status.READY


def test_a_plan_whose_worker_died_is_made_by_another() -> None:
    SupportRequestFactory()
    now = timezone.now()
    dead = a_plan(created_at=now - dt.timedelta(hours=1))
    dead._move(Plan.Status.SOLVING, by=None, claimed_at=now - solving.LEASE - dt.timedelta(seconds=1))
    alive = a_plan(created_at=now - dt.timedelta(hours=1))
    alive._move(Plan.Status.SOLVING, by=None, claimed_at=now - solving.LEASE + dt.timedelta(seconds=9))
    tasks.solve_waiting_plans()
    assert moves(dead) == ["solving", "waiting", "solving", "ready"]
    assert (moves(alive), dead.tasks.count()) == (["solving"], 1)


def test_a_plan_that_kills_three_workers_is_given_up_with_a_sentence() -> None:
    plan = a_plan()
    for _attempt in range(3):
        plan.refresh_from_db()
        plan._move(Plan.Status.SOLVING, by=None, claimed_at=timezone.now() - dt.timedelta(hours=1))
        assert solving.sweep(timezone.now() - dt.timedelta(minutes=50)) == 1
    plan.refresh_from_db()
    assert (plan.status, plan.message) == (
        Plan.Status.FAILED,
        "計算が何度も途中で止まりました。期間を短くしてお試しください。",
    )


def test_a_plan_is_made_once_whoever_is_told_to_make_it() -> None:
    SupportRequestFactory()
    plan = solved()
    solve(plan.pk)
    assert (plan.tasks.count(), moves(plan)) == (1, ["solving", "ready"])


def test_the_result_of_a_worker_that_was_taken_for_dead_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    SupportRequestFactory()
    plan, real = a_plan(), matching.solve

    def slow(problem: matching.Problem, **options: Any) -> matching.Plan:
        Plan.objects.filter(pk=plan.pk).update(claimed_at=timezone.now() + dt.timedelta(minutes=6))  # another's now
        return real(problem, **options)

    monkeypatch.setattr(matching, "solve", slow)
    solve(plan.pk)
    plan.refresh_from_db()
    assert (plan.status, plan.tasks.count()) == (Plan.Status.SOLVING, 0)


def test_a_failure_is_a_sentence_and_may_be_tried_again(monkeypatch: pytest.MonkeyPatch, coordinator: User) -> None:
    def broken(problem: matching.Problem, **options: Any) -> matching.Plan:
        raise RuntimeError("no more memory")

    with monkeypatch.context() as patched:
        patched.setattr(matching, "solve", broken)
        plan = solved()
    assert (plan.status, plan.tasks.count()) == (Plan.Status.FAILED, 0)
    assert plan.message.startswith("計算の途中で問題が起きました。")
    try_again(plan, by=coordinator)
    try_again(plan, by=coordinator)
    solve(plan.pk)
    plan.refresh_from_db()
    assert (plan.status, plan.message) == (Plan.Status.READY, "")


def test_a_plan_that_another_worker_took_up_anew_is_not_taken_back() -> None:
    plan = a_plan()
    plan._move(Plan.Status.SOLVING, by=None, claimed_at=timezone.now() - dt.timedelta(hours=1))
    stale = Plan.objects.get(pk=plan.pk)  # as the sweep listed it
    Plan.objects.filter(pk=plan.pk).update(claimed_at=timezone.now())
    solving._take_back(stale)
    plan.refresh_from_db()
    assert (plan.status, plan.moves.count()) == (Plan.Status.SOLVING, 1)

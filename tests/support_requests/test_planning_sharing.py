"""Parts of a large plan are solved by whoever is free; the plan is that of one process, byte for byte."""

import datetime as dt
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from celery.exceptions import OperationalError
from django.utils import timezone

import matching
from bench.instances import area
from matching import large
from matching.writer import to_json
from support_requests import tasks
from support_requests.models import Plan, PlanPart
from support_requests.planning import sharing
from support_requests.planning.sharing import SharedParts, help_with
from tests.factories import at
from tests.processes import ROOT, own_environment, shell, wait_until

pytestmark = pytest.mark.django_db

CUTS = ((80, 3, 1e-3, True), (60, 3, 1e-3), (40, 3, 1e-3))


@pytest.fixture(scope="module")
def problem() -> matching.Problem:
    return matching.problem_from_dict(area(seed=4, towns=4, people=220, tasks=190))


@pytest.fixture(scope="module")
def alone(problem: matching.Problem, small_parts: None) -> str:
    """The plan of one process."""
    return said(matching.solve(problem))


@pytest.fixture(scope="module")
def small_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("matching.solve"), "AT_ONCE", 100)
        patch.setattr(large, "cuts", lambda: iter([large.Cut(*cut) for cut in CUTS]))
        yield


@pytest.fixture
def plan(programme_facts: None) -> Plan:
    return Plan.objects.create(first=at(1).date(), last=at(28).date())


def said(found: matching.Plan) -> str:
    return to_json(matching.plan_to_dict(found))


def test_one_worker_alone_makes_the_plan_of_one_process(plan: Plan, problem: matching.Problem, alone: str) -> None:
    assert said(matching.solve(problem, executor=SharedParts(plan))) == alone
    assert not PlanPart.objects.exists()


def test_with_helpers_who_take_most_parts_the_plan_is_the_same(
    plan: Plan, problem: matching.Problem, alone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    helped: list[int] = []

    def help_at_once(pk: int) -> None:
        help_with(pk)
        helped.append(pk)

    monkeypatch.setattr(sharing, "_ask_for_help", help_at_once)
    assert said(matching.solve(problem, executor=SharedParts(plan))) == alone
    assert len(helped) > 3


def test_a_part_whose_worker_died_is_solved_here(
    plan: Plan, problem: matching.Problem, alone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def take_and_die(pk: int) -> None:
        PlanPart.objects.filter(pk=pk).update(claimed_at=timezone.now())
        taken.append(pk)

    monkeypatch.setattr(sharing, "_ask_for_help", take_and_die)
    monkeypatch.setattr(sharing, "PATIENCE", dt.timedelta(seconds=0.1))
    assert said(matching.solve(problem, executor=SharedParts(plan))) == alone
    assert taken


def test_without_a_broker_one_worker_goes_on_alone(
    plan: Plan,
    problem: matching.Problem,
    alone: str,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    def lost(pk: int) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.solve_part, "delay", lost)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        assert said(matching.solve(problem, executor=SharedParts(plan))) == alone


def test_a_part_is_solved_by_one_and_its_first_answer_stays(plan: Plan) -> None:
    answered = PlanPart.objects.create(
        plan=plan, asked={}, answer=[[1, [2]]], claimed_at=timezone.now(), answered_at=timezone.now()
    )
    help_with(answered.pk)
    help_with(answered.pk + 1)  # gone with its plan
    sharing._answer(answered.pk, None)
    answered.refresh_from_db()
    assert answered.answer == [[1, [2]]]


SOLVE = f"""
import datetime as dt, hashlib
from importlib import import_module
import matching
from bench.instances import area
from matching import large
from matching.writer import to_json
from support_requests.models import Plan, PlanPart
from support_requests.planning.sharing import SharedParts
from tests.processes import wait_until

import_module("matching.solve").AT_ONCE = 100
large.cuts = lambda: iter([large.Cut(*cut) for cut in {CUTS}])
problem = matching.problem_from_dict(area(seed=4, towns=4, people=220, tasks=190))
counts = dict(all=0, here=0)

class Counting(SharedParts):
    def map(self, fn, parts):
        parts = list(parts)
        counts["all"] += len(parts)
        def here(part):
            if not counts["here"] and len(parts) > 1:  # the worker may be slower to hear than this process to solve
                wait_until(PlanPart.objects.filter(answered_at__isnull=False).exists, seconds=60)
            counts["here"] += 1
            return fn(part)
        return super().map(here, parts)

plan = Plan.objects.create(first=dt.date(2026, 5, 1), last=dt.date(2026, 5, 28))
found = to_json(matching.plan_to_dict(matching.solve(problem, executor=Counting(plan))))
import json
print(json.dumps([hashlib.sha256(found.encode()).hexdigest(), counts]))
"""


@pytest.mark.slow
def test_a_real_worker_takes_parts_and_the_plan_is_the_same(tmp_path: Path, alone: str) -> None:
    log = tmp_path / "worker.log"
    with own_environment(tmp_path) as environment, log.open("w") as output:
        command = [sys.executable, "-m", "celery", "-A", "mdeji", "worker", "--pool=solo", "--loglevel=info"]
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            wait_until(lambda: "ready." in log.read_text(), seconds=60)
            digest, counts = json.loads(shell(environment, SOLVE).splitlines()[-1])
        finally:
            worker.terminate()
            worker.wait(20)
    assert digest == hashlib.sha256(alone.encode()).hexdigest()
    assert counts["here"] < counts["all"], "the worker helped with none"

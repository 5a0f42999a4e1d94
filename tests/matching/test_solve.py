"""Plans of a city's and a small prefecture's size."""

import time
from dataclasses import replace

import pytest

from bench.instances import area, city
from matching import (
    Plan,
    Previous,
    Problem,
    Progress,
    explain,
    greedy,
    plan_to_dict,
    problem_from_dict,
    solve,
)
from matching.writer import to_json

from . import checker


@pytest.fixture(scope="module")
def problem() -> Problem:
    return problem_from_dict(city(seed=2, people=90, tasks=70))


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return solve(problem)


@pytest.fixture(scope="module")
def prefecture() -> Problem:
    return problem_from_dict(area(seed=3, towns=6, people=600, tasks=520))


def test_a_citys_plan_is_proven_and_explained(problem: Problem, plan: Plan) -> None:
    assert checker.faults(problem, plan.assignments) == []
    assert plan.served_weight == plan.bound == checker.served_weight(problem, plan.assignments)
    assert plan.q == plan.q_bound == checker.q_value(problem, plan.assignments)
    assert plan.served_weight > greedy(problem).served_weight
    assert explain(problem, plan) == checker.reasons(problem, plan.assignments)


def test_the_same_input_gives_the_same_bytes(problem: Problem, plan: Plan) -> None:
    again = to_json(plan_to_dict(solve(problem, workers=2), explain(problem, plan)))
    assert again == to_json(plan_to_dict(plan, explain(problem, plan)))


def test_a_large_areas_plan_is_valid_bounded_and_the_same_on_two_workers(prefecture: Problem) -> None:
    told: list[Progress] = []
    one = solve(prefecture, stop_gap=0.04, progress=told.append)
    two = solve(prefecture, stop_gap=0.04, workers=2)
    assert to_json(plan_to_dict(one)) == to_json(plan_to_dict(two))
    assert checker.faults(prefecture, one.assignments) == []
    assert greedy(prefecture).served_weight < one.served_weight <= one.bound
    assert one.gap <= 0.04
    assert {p.stage for p in told} == {"greedy", "weight", "quality"}
    assert one.q == checker.q_value(prefecture, one.assignments)
    reasons = explain(prefecture, one)
    assert all(r["missing"] or r["level"] == "deadline" for rs in reasons.values() for r in rs)


def test_stopped_early_the_plan_is_valid_and_not_worse_than_greedy(prefecture: Problem) -> None:
    began = time.monotonic()
    plan = solve(prefecture, time_limit=0.5)
    assert time.monotonic() - began < 5
    assert checker.faults(prefecture, plan.assignments) == []
    assert plan.served_weight >= greedy(prefecture).served_weight
    assert plan.bound >= plan.served_weight


def told(plan: Plan, accepted: int) -> tuple[Previous, ...]:
    """The plan as it was told to people, its first tasks accepted."""
    return tuple(
        Previous(a.task, a.start, a.team, "accepted" if i < accepted else "proposed")
        for i, a in enumerate(plan.assignments)
    )


def test_a_plan_told_to_people_changes_for_nobody(problem: Problem, plan: Plan) -> None:
    again = solve(replace(problem, previous=told(plan, accepted=10)))
    assert {(a.task, a.start, a.team) for a in again.assignments} == {
        (a.task, a.start, a.team) for a in plan.assignments
    }
    assert again.changed == ()


def test_a_decline_keeps_what_was_accepted_and_moves_few(problem: Problem, plan: Plan) -> None:
    leaver = plan.assignments[-1].team[0]
    people = tuple(replace(p, active=p.id != leaver) for p in problem.supporters)
    kept = tuple(a for a in plan.assignments if leaver not in a.team)
    previous = tuple(
        replace(one, status="accepted" if one.task in {a.task for a in kept[:10]} else "proposed")
        for one in told(plan, accepted=0)
    )
    later = replace(problem, supporters=people, previous=previous)
    again = solve(later)
    assert checker.faults(later, again.assignments) == []
    assert again.served_weight == again.bound
    before = {(p, a.task, a.start) for a in plan.assignments for p in a.team}
    after = {(p, a.task, a.start) for a in again.assignments for p in a.team}
    assert set(again.changed) == {p for p, *_ in before ^ after}
    assert leaver in again.changed
    assert len(again.changed) <= 12


def test_in_a_large_area_too_what_was_told_is_kept(prefecture: Problem) -> None:
    plan = greedy(prefecture)
    leaver = plan.assignments[0].team[0]
    people = tuple(replace(p, active=p.id != leaver) for p in prefecture.supporters)
    later = replace(prefecture, supporters=people, previous=told(plan, accepted=0))
    again = solve(later, stop_gap=0.5)
    assert checker.faults(later, again.assignments) == []
    before = {(p, a.task, a.start) for a in plan.assignments for p in a.team}
    after = {(p, a.task, a.start) for a in again.assignments for p in a.team}
    assert len(before - after) <= len(before) // 50

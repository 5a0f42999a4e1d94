"""A decline: what was told to people stays, and only what it touches is solved again."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from bench.instances import city
from matching import Plan, Previous, Problem, problem_from_dict, replan, solve

from . import checker, small
from .test_brute_force import SLOW


@pytest.fixture(scope="module")
def problem() -> Problem:
    return problem_from_dict(city(seed=2, people=90, tasks=70))


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return solve(problem)


def small_city() -> dict[str, Any]:
    raw = city(seed=2, people=6, tasks=2)
    for one in raw["supporters"]:
        one.update(minor=False, exceptions=[], booked=[], newcomer=False)
    return raw


def declined(problem: Problem, plan: Plan, leaver: str) -> Problem:
    """The plan as it was told to people, and one of them who has left."""
    told = tuple(Previous(a.task, a.start, a.team, "proposed") for a in plan.assignments)
    people = tuple(replace(p, active=p.id != leaver) for p in problem.supporters)
    return replace(problem, previous=told, supporters=people)


def test_a_decline_changes_hardly_anybody_and_says_whom(problem: Problem, plan: Plan) -> None:
    duties = Counter(p for a in plan.assignments for p in a.team)
    for leaver in [a.team[0] for a in plan.assignments[:40:8]]:
        later = declined(problem, plan, leaver)
        again = replan(later)
        assert checker.faults(later, again.assignments) == []
        assert again.q == checker.q_value(later, again.assignments)
        before = {(p, a.task, a.start) for a in plan.assignments for p in a.team}
        after = {(p, a.task, a.start) for a in again.assignments for p in a.team}
        assert set(again.changed) == {p for p, *_ in before ^ after}
        assert leaver in again.changed
        assert len(again.changed) <= 1 + 8 * duties[leaver]


def test_a_decline_costs_little_against_a_whole_new_plan(problem: Problem, plan: Plan) -> None:
    later = declined(problem, plan, plan.assignments[-1].team[0])
    again, anew = replan(later), solve(later)
    assert anew.served_weight <= again.bound
    assert anew.served_weight * 0.98 <= again.served_weight <= anew.served_weight


def test_who_is_still_there_stays_however_often_the_person_served_before() -> None:
    raw = small_city()
    wide = [[weekday, 0, 1440] for weekday in range(7)]
    raw["supporters"] = [
        {**one, "windows": wide, "skills": dict.fromkeys(raw["topics"], 3), "areas": [], "max_travel": 999}
        for one in raw["supporters"]
    ]
    gone, stays = raw["supporters"][0], raw["supporters"][1]
    gone["active"], stays["history"] = False, 500
    raw["tasks"] = [{**raw["tasks"][0], "k": 2, "kmax": 2, "lead": False, "needs": []}]
    raw["previous"] = [
        {"task": raw["tasks"][0]["id"], "start": 0, "team": [gone["id"], stays["id"]], "status": "proposed"}
    ]
    problem = problem_from_dict(raw)
    again = replan(problem)
    (mended,) = again.assignments
    assert (mended.start, stays["id"] in mended.team, len(again.changed)) == (0, True, 2)
    assert again.q == checker.q_value(problem, again.assignments)


def test_without_a_change_nobodys_plan_changes(problem: Problem, plan: Plan) -> None:
    again = replan(declined(problem, plan, "nobody"))
    assert (again.changed, again.served_weight) == ((), plan.served_weight)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(small.problems())
def test_a_mended_plan_is_valid_within_its_bound_and_drops_nothing_that_can_stay(problem: Problem) -> None:
    best, _ = small.best(problem)
    plan = replan(problem)
    assert checker.faults(problem, plan.assignments) == []
    assert plan.served_weight <= best <= plan.bound
    told = [one for one in problem.previous if one.status == "proposed"]
    if len(told) == 1 and any(
        one.task == told[0].task and (one.start, set(one.team)) == (told[0].start, set(told[0].team))
        for one in small.options(problem, [t.id for t in problem.tasks].index(told[0].task))
    ):
        assert (told[0].task, told[0].start) in {(a.task, a.start) for a in plan.assignments}

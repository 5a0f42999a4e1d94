"""Answers for people: each is checked by changing the plan and judging it anew."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings

from bench.instances import city
from matching import (
    Plan,
    Problem,
    ProblemError,
    greedy,
    next_best,
    next_best_of_all,
    problem_from_dict,
    recruits,
    solve,
    why_not,
)
from matching.clock import countdown

from . import checker, small
from .test_brute_force import SLOW


@pytest.fixture(scope="module")
def problem() -> Problem:
    return problem_from_dict(city(seed=1, people=60, tasks=40))


@pytest.fixture(scope="module")
def plan(problem: Problem) -> Plan:
    return greedy(problem)


def test_the_next_best_cost_exactly_what_is_said(problem: Problem, plan: Plan) -> None:
    tried = 0
    for one in plan.assignments:
        for other in next_best(problem, plan, one.task, limit=100):
            if other.leaves:
                continue
            team = (*(p for p in one.team if p != other.replaces), other.supporter)
            new = [replace(a, team=team) if a is one else a for a in plan.assignments]
            assert checker.faults(problem, new) == []
            assert checker.q_value(problem, new) - plan.q == other.q
            tried += 1
    assert tried > 20


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(small.problems())
def test_what_is_offered_can_be_taken_in_a_week_of_two_months(problem: Problem) -> None:
    every_day = tuple((weekday, 900, 1200) for weekday in range(7))
    people = tuple(replace(p, windows=every_day, booked=(), active=True) for p in problem.supporters)
    # A Monday: the third day is the first of July.
    problem = replace(problem, start_date=date(2026, 6, 29), supporters=people, previous=())
    plan = greedy(problem)
    for one in plan.assignments:
        for other in next_best(problem, plan, one.task, limit=100):
            team = (*(p for p in one.team if p != other.replaces), other.supporter)
            others = [a for a in plan.assignments if a is not one and a.task not in other.leaves]
            assert checker.faults(problem, [*others, replace(one, team=team)]) == []


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(small.problems())
def test_the_rule_that_is_named_is_the_first_that_fails(problem: Problem) -> None:
    plan = solve(problem)
    for task in problem.tasks:
        for person in problem.supporters:
            answer = why_not(problem, plan, task.id, person.id)
            made = {a.task: a for a in plan.assignments}
            assert answer.chosen == (task.id in made and person.id in made[task.id].team)
            assert answer.start is not None
            static = checker.may(problem, person, task, answer.start)
            if static is not None:
                assert answer.rule == static
            elif answer.rule is not None and not answer.chosen:
                assert answer.rule in ("H6", "H7", "H2")


def test_unknown_ids_are_refused_by_name(problem: Problem, plan: Plan) -> None:
    with pytest.raises(ProblemError, match="nobody"):
        why_not(problem, plan, problem.tasks[0].id, "nobody")
    with pytest.raises(ProblemError, match="nothing"):
        next_best(problem, plan, "nothing")


def test_each_recruit_comes_with_a_valid_plan_that_serves_more(problem: Problem, plan: Plan) -> None:
    best = solve(problem)
    found = recruits(problem, best)
    assert found
    for one in found:
        larger = replace(problem, supporters=(*problem.supporters, one.supporter))
        assert checker.faults(larger, one.witness.assignments) == []
        served = checker.served_weight(larger, one.witness.assignments)
        assert served == one.witness.served_weight == best.served_weight + one.weight <= one.witness.bound
        assert set(one.tasks) == {a.task for a in one.witness.assignments} - {a.task for a in best.assignments}
    assert [r.weight for r in found] == sorted((r.weight for r in found), reverse=True)


def test_nobody_is_looked_for_who_would_be_needed_after_midnight() -> None:
    raw = city(seed=1, people=3, tasks=4)
    for task in raw["tasks"]:
        task.update(starts=[[5, 1380]], dur=120)
    problem = problem_from_dict(raw)
    assert recruits(problem, solve(problem)) == ()


def test_answers_for_which_there_is_no_time_are_left_out(problem: Problem, plan: Plan) -> None:
    over = countdown(0)
    assert (next_best_of_all(problem, plan, left=over), recruits(problem, plan, left=over)) == ({}, ())

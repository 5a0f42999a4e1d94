"""Answers for people: each is checked by changing the plan and judging it anew."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings

from bench.instances import city
from matching import (
    Assignment,
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


def test_in_a_week_of_two_months_the_one_to_leave_counts_for_both(problem: Problem) -> None:
    # Monday 29 June to Sunday 5 July: the week and July are full, and only the task in July counts for both.
    person = replace(
        problem.supporters[0],
        skills=(("general", 3),),
        windows=tuple((weekday, 540, 1080) for weekday in range(7)),
        areas=(),
        exceptions=(),
        booked=(),
        max_travel=999,
        max_week=2,
        max_month=1,
        minor=False,
        lead=True,
        active=True,
    )
    other = replace(person, id="other", max_week=1)
    asked = replace(problem.tasks[0], topics=(("general", 1),), needs=(), k=1, kmax=1, deadline=9, dur=60)
    days = {"june": (1, 1), "july": (2, 5), "later": (3, 5)}
    tasks = tuple(replace(asked, id=name, starts=((day, 600),), weight=w) for name, (day, w) in days.items())
    small_one = replace(problem, start_date=date(2026, 6, 29), supporters=(person, other), tasks=tasks, previous=())
    mine = [Assignment(name, 0, (person.id,)) for name in ("june", "july")]
    made = Plan((*mine, Assignment("later", 0, ("other",))), 11, 0, 11)
    assert checker.faults(small_one, made.assignments) == []
    (offer,) = next_best(small_one, made, "later")
    assert (offer.supporter, offer.replaces, offer.leaves, offer.weight) == (person.id, "other", ("july",), 5)


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

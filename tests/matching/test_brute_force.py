"""The matcher against all plans of small problems."""

from hypothesis import HealthCheck, given, settings

from matching import Problem, explain, greedy, solve

from . import checker, small

SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(small.problems())
def test_the_plan_is_the_best_of_all_plans_and_its_bounds_are_tight(problem: Problem) -> None:
    weight, q = small.best(problem)
    plan = solve(problem)
    assert checker.faults(problem, plan.assignments) == []
    assert plan.served_weight == checker.served_weight(problem, plan.assignments) == weight
    assert plan.q == checker.q_value(problem, plan.assignments) == q
    assert (plan.bound, plan.q_bound) == (weight, q)


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(small.problems())
def test_greedy_is_valid_and_the_reasons_are_those_of_plain_loops(problem: Problem) -> None:
    plan = greedy(problem)
    assert checker.faults(problem, plan.assignments) == []
    assert plan.q == checker.q_value(problem, plan.assignments)
    assert explain(problem, plan) == checker.reasons(problem, plan.assignments)
    assert not any(
        reason["level"] == "busy" and not reason["missing"]
        for reasons in explain(problem, plan).values()
        for reason in reasons
    )

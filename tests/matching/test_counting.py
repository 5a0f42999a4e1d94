"""Bounds by counting hold for all plans, and prove what the relaxation cannot."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.instances import city
from matching import Problem, problem_from_dict, solve
from matching.bound import limits_of
from matching.candidates import candidates_of
from matching.clock import countdown
from matching.counting import counts_of
from matching.exact import relaxed_weight
from matching.model import scope_of
from matching.settled import settle

from . import small
from .test_brute_force import SLOW


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(small.problems(), st.randoms(use_true_random=False))
def test_whatever_the_prices_no_plan_exceeds_a_count_or_its_row(problem: Problem, random: object) -> None:
    base = settle(candidates_of(problem))
    c = base.candidates
    scope = scope_of(base, np.array([t for t in range(len(problem.tasks)) if t not in base.served], dtype=np.int64))
    limits = limits_of(base, scope)
    if not len(scope.starts) or not len(limits.most):
        return
    prices = np.array([random.choice([0, 0.5, 1, 2.25, 4.5, 7]) for _ in limits.most])
    best, _ = small.best(problem)
    served = {(c.task_index[a.task], a.start) for a in solve(problem).assignments}
    here = np.array([(int(c.task[s]), int(c.rank[s])) in served for s in scope.starts])
    for count in counts_of(c, scope, limits, prices):
        assert base.served_weight + count.bound >= best
        assert count.takes[here].sum() <= count.most


def test_half_of_a_shift_is_no_shift() -> None:
    """Three people, two shifts for two at the same time and one elsewhere: one shift, not one and a half."""
    raw = city(seed=1, people=3, tasks=2)
    person = {
        **raw["supporters"][0], "areas": [], "max_travel": 600, "skills": {"general": 3}, "windows": [[0, 0, 1440]],
        "exceptions": [], "booked": [], "max_week": 1, "max_month": 1, "minor": False, "active": True,
    }  # fmt: skip
    shift = {
        **raw["tasks"][0], "kind": "desk", "k": 2, "kmax": 2, "topics": [["general", 1]], "lead": False, "needs": [],
        "starts": [[0, 600]], "dur": 60, "deadline": 29, "weight": 9,
    }  # fmt: skip
    raw["supporters"] = [{**person, "id": f"s{i}"} for i in range(3)]
    raw["tasks"] = [{**shift, "id": f"t{i}"} for i in range(2)]
    base = settle(candidates_of(problem_from_dict(raw)))
    assert relaxed_weight(base, countdown(None)) == 9

"""What keeps the plans of large areas right: the bound, and parts that cannot collide."""

import numpy as np
import pytest

from bench.instances import area, city
from matching import Problem, groups, problem_from_dict, solve
from matching import bound as bounds
from matching.bound import guide_of
from matching.candidates import Candidates, candidates_of
from matching.clock import countdown
from matching.diary import Diary
from matching.greedy import first_come
from matching.groups import grouped_bound
from matching.large import cuts
from matching.model import Floats, scope_of
from matching.parts import allowed_pairs, blocks_of, pairs_of, towns_of
from matching.settled import settle


@pytest.fixture(scope="module")
def problem() -> Problem:
    return problem_from_dict(city(seed=2, people=90, tasks=70))


@pytest.fixture(scope="module")
def towns() -> Candidates:
    return candidates_of(problem_from_dict(area(seed=3, towns=6, people=600, tasks=520)))


@pytest.mark.parametrize("iterations", [1, 40, 1200])
def test_the_bound_holds_however_roughly_the_relaxation_is_solved(
    problem: Problem, iterations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "ITERATIONS", iterations)
    base = settle(candidates_of(problem))
    guide = guide_of(base, scope_of(base, np.arange(len(problem.tasks))), countdown(None))
    best = solve(problem).served_weight
    assert guide.bound >= best - 1e-6
    if iterations == 1200:
        assert guide.bound <= best * 1.01


def test_without_time_for_prices_there_is_still_a_bound(problem: Problem) -> None:
    base = settle(candidates_of(problem))
    guide = guide_of(base, scope_of(base, np.arange(len(problem.tasks))), countdown(0.0))
    assert guide.bound >= solve(problem).served_weight


def test_parts_hold_every_task_once(towns: Candidates) -> None:
    tasks = np.unique(towns.task[towns.possible])
    scope = scope_of(settle(towns), tasks)
    for parts in (towns_of(scope, towns, 100), blocks_of(towns, tasks, 60, 0.9, 1500.0)):
        assert sorted(np.concatenate(parts).tolist()) == tasks.tolist()
        assert max(len(part) for part in parts) <= 100


def test_a_person_is_free_for_one_part_of_a_batch_only(towns: Candidates) -> None:
    diary = Diary(towns)
    first_come(diary)
    parts = blocks_of(towns, np.arange(len(towns.problem.tasks)), 130)
    among = np.arange(len(towns.person)) % 3 > 0
    allowed = allowed_pairs(diary, parts, among)
    planned = {(s, p) for s, team in diary.served.values() for p in team}
    part = {t: i for i, tasks in enumerate(parts) for t in tasks.tolist()}
    seen: dict[int, int] = {}
    for i in np.flatnonzero(allowed).tolist():
        s, p = int(towns.pair_start[i]), int(towns.person[i])
        if (s, p) not in planned:
            assert among[i]
            assert seen.setdefault(p, part[int(towns.task[s])]) == part[int(towns.task[s])]
    assert len(set(seen.values())) == len(parts)


def test_pairs_of_tasks_are_those_of_their_starts(towns: Candidates) -> None:
    tasks = np.array([3, 4, 17, 200])
    expected = np.flatnonzero(np.isin(towns.task[towns.pair_start], tasks))
    assert pairs_of(towns, tasks).tolist() == expected.tolist()


def test_passes_never_end_and_work_harder_each_round() -> None:
    every = cuts()
    nodes = [next(every).nodes for _ in range(20)]
    assert nodes[4:] == sorted(nodes[4:])
    assert nodes[-1] > nodes[4]


def test_groups_of_municipalities_bound_no_plan_away_and_more_tightly_than_prices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(groups, "SIZE", 40)
    few = candidates_of(problem_from_dict(area(seed=4, towns=8, people=130, tasks=150)))
    base = settle(few)
    scope = scope_of(base, np.unique(few.task[few.possible]))
    guide = guide_of(base, scope, countdown(None))
    plan = Diary(few)
    first_come(plan)
    served = solve(few.problem).served_weight

    def bound(prices: Floats, seconds: float | None) -> float:
        return grouped_bound(base, scope, prices, plan, countdown(seconds), _Here())

    assert served <= bound(guide.prices, None) < guide.bound
    # Out of time the relaxation's prices stand, rounded to thousandths; and without prices everybody is everywhere.
    assert bound(guide.prices, 0.0) == pytest.approx(guide.bound, abs=len(guide.prices) / groups.SCALE)
    assert served <= bound(0 * guide.prices, None)
    assert bound(guide.prices, None) < bound(0 * guide.prices, None)


class _Here:
    map = staticmethod(map)

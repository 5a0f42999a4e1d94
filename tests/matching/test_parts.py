"""Parts are messages: whoever solves them, wherever and in whatever order, the plan is the same."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

import pytest

from bench.instances import area
from matching import Part, Problem, Teams, large, pack, plan_to_dict, problem_from_dict, solve, solve_part, unpack
from matching.writer import to_json


@pytest.fixture(scope="module")
def problem() -> Problem:
    return problem_from_dict(area(seed=4, towns=4, people=220, tasks=190))


class ByMail:
    """Sends each part as JSON, has them solved last first, and gets the answers as JSON."""

    def __init__(self) -> None:
        self.sent = 0

    def map(self, fn: Callable[[Part], Teams], parts: Iterable[Part], /) -> Iterator[Teams]:
        letters = [json.dumps(pack(part)) for part in parts]
        answers = [json.dumps(pack(fn(unpack(json.loads(letter))))) for letter in reversed(letters)]
        self.sent += len(letters)
        return iter([unpack(json.loads(answer)) for answer in reversed(answers)])


@pytest.fixture(scope="module")
def small_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("matching.solve"), "AT_ONCE", 100)
        patch.setattr(large, "QUALITY_SIZE", 60)
        few = (large.Cut(80, 3, 1e-3, towns=True), large.Cut(60, 3, 1e-3), large.Cut(40, 3, 1e-3, wished=False))
        patch.setattr(large, "cuts", lambda: iter(few))
        yield


def test_on_threads_on_processes_and_by_mail_in_another_order_the_plan_is_the_same(
    problem: Problem, small_parts: None
) -> None:
    alone = to_json(plan_to_dict(solve(problem)))
    mail = ByMail()
    assert to_json(plan_to_dict(solve(problem, executor=mail))) == alone
    assert mail.sent > 10
    assert to_json(plan_to_dict(solve(problem, workers=3))) == alone
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert to_json(plan_to_dict(solve(problem, executor=processes))) == alone


def test_a_part_whose_time_is_over_answers_at_once_with_nothing(problem: Problem, small_parts: None) -> None:
    mail = ByMail()
    solve(problem, time_limit=0.01, executor=mail)
    late: list[Teams] = []

    class Late:
        def map(self, fn: Callable[[Part], Teams], parts: Iterable[Part], /) -> Iterator[Teams]:
            for part in parts:
                raw = pack(part) | {"end": 0.0}
                late.append(solve_part(unpack(raw)))
                yield late[-1]

    solve(problem, executor=Late())
    assert late
    assert set(late) == {None}

"""The chance of a start: "good" means that anybody may fall out, and is judged by taking each person away."""

from dataclasses import replace

from hypothesis import given, settings

from matching import Chance, Problem, chances

from .small import problems


def without(problem: Problem, number: int) -> Problem:
    """Nobody is told anything yet, so that a person may be missing."""
    people = problem.supporters
    return replace(problem, supporters=people[:number] + people[number + 1 :], previous=())


@settings(deadline=None, max_examples=150)
@given(problems())
def test_a_start_is_good_when_it_bears_the_loss_of_anybody(problem: Problem) -> None:
    whole = chances(replace(problem, previous=()))
    fewer = [chances(without(problem, number)) for number in range(len(problem.supporters))]
    for task, found in whole.items():
        for start, chance in enumerate(found):
            bears = all(one[task][start] is not Chance.HARD for one in fewer)
            expected = Chance.GOOD if bears else Chance.FEW
            assert chance is Chance.HARD or chance is expected
            if chance is Chance.HARD:
                assert not bears

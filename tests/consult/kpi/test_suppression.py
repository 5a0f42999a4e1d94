"""Small cells are hidden, and an attacker who tries every possibility cannot tell whether a hidden one is small."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from consult.kpi.suppression import THRESHOLD, hidden, is_small


def possible(total: int, cells: dict[str, int], concealed: frozenset[str]) -> dict[str, set[int]]:
    """Every value that each hidden cell may have, by trying all of them: the reader knows the total and the rest."""
    left = total - sum(value for key, value in cells.items() if key not in concealed)
    names = sorted(concealed)
    least = 0 if concealed == frozenset(cells) else 1  # a zero is seen, unless all is hidden
    found: dict[str, set[int]] = {name: set() for name in names}
    for values in product(range(least, left + 1), repeat=len(names)):
        if sum(values) == left:
            for name, value in zip(names, values, strict=True):
                found[name].add(value)
    return found


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9), min_size=2))
def test_no_small_cell_is_seen_or_can_be_computed(cells):
    total = sum(cells.values())
    concealed = hidden(cells)

    assert {key for key, value in cells.items() if is_small(value)} <= concealed
    if total < THRESHOLD:
        return  # the total is small itself, and hidden by whoever publishes it
    for values in possible(total, cells, concealed).values():
        assert min(values) < THRESHOLD <= max(values)


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 99) | st.just(0)))
def test_nothing_is_hidden_where_nothing_is_small(cells):
    large = {key: value and value + THRESHOLD for key, value in cells.items()}

    assert hidden(large) == frozenset()


def test_the_smallest_of_the_others_goes_with_a_single_small_cell():
    assert hidden({"初回": 3, "再訪": 40, "不明": 12}) == {"初回", "不明"}


def test_zeros_stay_visible_beside_hidden_cells():
    assert hidden({"a": 2, "b": 0, "c": 30}) == {"a", "c"}


def test_two_cells_of_one_person_each_would_be_known_from_their_sum():
    assert hidden({"a": 1, "b": 1, "c": 7, "d": 9}) == {"a", "b", "c"}


def test_a_breakdown_with_too_little_to_hide_is_hidden_whole():
    assert hidden({"a": 1, "b": 0, "c": 0}) == {"a", "b", "c"}

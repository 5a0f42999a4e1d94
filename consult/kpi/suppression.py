"""Hiding small cells so that nobody can compute them back from what stays visible.

A breakdown is published beside its total. Hiding the one small cell of it would hide nothing: total less the rest
gives it. So more cells are hidden, the smallest first, until each of the hidden ones may, for all that a reader
knows, be small or not. Source: 総務省「公的統計の秘匿処理」, and the p-rule's idea of a feasibility interval
(Hundepool et al., Statistical Disclosure Control, 2012, ch. 4).
"""

from collections.abc import Hashable, Mapping
from typing import TypeVar

THRESHOLD = 5

Key = TypeVar("Key", bound=Hashable)


def is_small(value: int, threshold: int = THRESHOLD) -> bool:
    """Whether a count could point to single people. 0 points to nobody."""
    return 0 < value < threshold


def hidden(cells: Mapping[Key, int], *, threshold: int = THRESHOLD) -> frozenset[Key]:
    """The cells of a breakdown to hide, where their total is published and cells that are 0 may be seen.

    The reader knows the sum of the hidden cells and that none of them is 0. With m of them and the sum s, each may be
    anything from 1 to s − m + 1: at least two are hidden, and so many that this reaches ``threshold``. Where the
    breakdown has not enough to hide, the whole of it is hidden, its zeros too.
    """
    small = [key for key, value in cells.items() if is_small(value, threshold)]
    if not small:
        return frozenset()
    others = sorted((key for key, value in cells.items() if value >= threshold), key=lambda key: cells[key])
    chosen = list(small)
    while not _is_safe([cells[key] for key in chosen], threshold):
        if not others:
            return frozenset(cells)
        chosen.append(others.pop(0))
    return frozenset(chosen)


def _is_safe(values: list[int], threshold: int) -> bool:
    return len(values) >= 2 and sum(values) - len(values) + 1 >= threshold

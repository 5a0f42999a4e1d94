"""What came out: who goes where, how good it is, and how good it could be at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .problem import Assignment

__all__ = ["Plan", "Progress", "ProgressReport"]


@dataclass(frozen=True, slots=True)
class Plan:
    """A valid plan for one problem."""

    assignments: tuple[Assignment, ...]
    """served tasks, in the order of the problem's list"""
    served_weight: int
    """sum of the weights of the served tasks"""
    q: int
    """the secondary objective (lower is better), exact for this plan"""
    bound: int
    """no plan at all serves more weight than this (proven)"""
    q_bound: int | None = None
    """no plan of this served weight has a smaller Q (proven); None when not known"""
    changed: tuple[str, ...] = ()
    """ids of people whose proposed or accepted tasks differ from `previous`"""

    @property
    def gap(self) -> float:
        """What might be missing, as a fraction of the bound; 0 is a proven optimum."""
        return (self.bound - self.served_weight) / self.bound if self.bound else 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the search is; sent whenever plan or bound improve."""

    stage: str
    """`greedy`, `weight` (stage one), `quality` (stage two) or `mended` (a re-plan of what a decline touches)"""
    served_weight: int
    bound: int | None
    q: int | None = None


ProgressReport = Callable[[Progress], None]

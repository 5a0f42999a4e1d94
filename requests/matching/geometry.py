"""Journeys on the map, in whole minutes and by whole numbers only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import Params, Problem

__all__ = ["Ints", "Places", "places_of", "reach", "travel_minutes"]

Ints = NDArray[np.int64]


def travel_minutes(params: Params, ax: Ints, ay: Ints, bx: Ints, by: Ints) -> Ints:
    """Minutes from points a to points b (metres), broadcast against each other.

    0 where both are the same point, else base + ceil(num · floor(metres) / den).
    """
    square = (ax - bx) ** 2 + (ay - by) ** 2
    metres = np.sqrt(square.astype(np.float64)).astype(np.int64)
    # The root of n² − 1 may round up to n: step back where it did.
    metres -= metres * metres > square
    minutes = params.travel_base - (-params.travel_num * metres // params.travel_den)
    return np.where(square == 0, 0, minutes)


def reach(params: Params, minutes: int) -> float:
    """Metres beyond which a journey certainly takes longer than `minutes`."""
    if not params.travel_num:
        return float("inf")
    return max(0, minutes - params.travel_base) * params.travel_den / params.travel_num + 1.0


@dataclass(frozen=True, slots=True)
class Places:
    """Where the venues are."""

    params: Params
    x: Ints
    y: Ints

    def gap(self, a: Ints, b: Ints) -> Ints:
        """Minutes that must lie between tasks at venues a and b (H6): 0 at the same one."""
        minutes = travel_minutes(self.params, self.x[a], self.y[a], self.x[b], self.y[b])
        return np.where(a == b, 0, minutes + self.params.buffer)

    def from_home(self, x: int, y: int, venue: int) -> int:
        """Minutes from a point to a venue."""
        here, there = (np.array([v], dtype=np.int64) for v in (x, y))
        return int(travel_minutes(self.params, here, there, self.x[[venue]], self.y[[venue]])[0])


def places_of(problem: Problem) -> Places:
    """The venues of a problem as arrays."""
    x = np.array([venue.x for venue in problem.venues], dtype=np.int64)
    y = np.array([venue.y for venue in problem.venues], dtype=np.int64)
    return Places(problem.params, x, y)

"""The secondary objective Q of a plan, and its parts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .candidates import Candidates

__all__ = ["Served", "mentored", "positions", "promised", "promised_pairs", "quality"]

Served = Mapping[int, tuple[int, tuple[int, ...]]]
"""index of the task → (start, indices of the members)"""


def quality(candidates: Candidates, served: Served) -> int:
    """Q of a plan, as the problem defines it; lower is better."""
    c, costs, people = candidates, candidates.problem.params.q, candidates.people
    total = 0
    times = np.zeros(len(people.x), dtype=np.int64)
    for s, team in served.values():
        members = list(team)
        total += costs.rank * int(c.rank[s])
        total += int(c.cost[positions(c, s, team)].sum())
        times[members] += 1
    total += costs.fair * int((times * (2 * people.before + times)).sum())
    total -= costs.mentor * len(mentored(c, served))
    kept = sum(
        len(set(members) & set(served.get(t, (-1, ()))[1]))
        for t, (s, members) in promised(c).items()
        if served.get(t, (-1, ()))[0] == s
    )
    everybody = sum(len(members) for _, members in promised(c).values())
    return total + costs.stability * (everybody - kept)


def mentored(candidates: Candidates, served: Served) -> set[int]:
    """Newcomers who serve at least once in a team with an adult lead."""
    people = candidates.people
    return {p for _, team in served.values() if people.lead[list(team)].any() for p in team if people.newcomer[p]}


def positions(candidates: Candidates, s: int, team: tuple[int, ...]) -> NDArray[np.int64]:
    """Where the pairs of start s with the members (ascending) stand."""
    pairs = candidates.pairs(s)
    places = np.searchsorted(candidates.person[pairs], np.array(team, dtype=np.int64))
    return np.asarray(pairs.start + places, dtype=np.int64)


def promised(candidates: Candidates) -> dict[int, tuple[int, tuple[int, ...]]]:
    """What was proposed to people: task → (start, members), whether they still can or not."""
    c = candidates
    return {
        c.task_index[one.task]: (
            int(c.task_first[c.task_index[one.task]]) + one.start,
            tuple(sorted(c.person_index[p] for p in one.team)),
        )
        for one in c.problem.previous
        if one.status == "proposed"
    }


def promised_pairs(candidates: Candidates) -> NDArray[np.int64]:
    """The pairs (positions) by which proposed teams would be kept, as far as they still fit."""
    found: list[int] = []
    for s, team in promised(candidates).values():
        pairs = candidates.pairs(s)
        here = np.isin(candidates.person[pairs], np.array(team, dtype=np.int64))
        found += (pairs.start + np.flatnonzero(here)).tolist()
    return np.array(sorted(found), dtype=np.int64)

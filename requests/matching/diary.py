"""What is planned so far, and who is still free for what (H6, H7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from .candidates import Candidates
from .people import Bools
from .problem import Assignment

__all__ = ["Diary"]


class Diary:
    """A plan while it is being made: served tasks, and what is left of everybody's time."""

    def __init__(self, candidates: Candidates) -> None:
        self.candidates = candidates
        self.served: dict[int, tuple[int, tuple[int, ...]]] = {}
        """index of the task → (start, indices of the members, ascending)"""
        self.week_left = candidates.people.week_left.copy()
        self.month_left = candidates.people.month_left.copy()
        self.starts_of: dict[int, list[int]] = defaultdict(list)
        """index of the person → starts that the person serves"""
        self._busy = np.zeros((len(candidates.people.x), candidates.problem.days), dtype=np.bool_)

    def copy(self) -> Diary:
        """An independent diary with the same entries."""
        twin = Diary.__new__(Diary)
        twin.candidates = self.candidates
        twin.served = dict(self.served)
        twin.week_left = self.week_left.copy()
        twin.month_left = self.month_left.copy()
        twin.starts_of = defaultdict(list, {p: list(s) for p, s in self.starts_of.items()})
        twin._busy = self._busy.copy()
        return twin

    @property
    def served_weight(self) -> int:
        """Sum of the weights of the served tasks."""
        tasks = self.candidates.problem.tasks
        return sum(tasks[t].weight for t in self.served)

    def free(self, s: int, allowed: Bools | None = None) -> Bools:
        """Of the people who fit start s: who is still free for it, as a mask; `allowed` [N] keeps pairs out."""
        c = self.candidates
        who = c.person[c.pairs(s)]
        day = c.day[s]
        free: Bools = (self.week_left[who, c.week[s]] > 0) & (self.month_left[who, c.month[s]] > 0)
        if allowed is not None:
            free &= allowed[c.pairs(s)]
        for i in np.flatnonzero(self._busy[who, day] & free):
            free[i] = not any(self.clash(s, other) for other in self.starts_of[int(who[i])])
        return free

    def clash(self, s: int, other: int) -> bool:
        """Whether one person cannot serve both starts (H6)."""
        c = self.candidates
        if c.day[s] != c.day[other]:
            return False
        gap = int(c.people.places.gap(c.venue[s : s + 1], c.venue[other : other + 1])[0])
        return bool(c.start[s] < c.end[other] + gap and c.start[other] < c.end[s] + gap)

    def add(self, s: int, team: Iterable[int]) -> None:
        """Write down that `team` serves start s."""
        c = self.candidates
        members = tuple(sorted(int(p) for p in team))
        self.served[int(c.task[s])] = (int(s), members)
        for p in members:
            self.week_left[p, c.week[s]] -= 1
            self.month_left[p, c.month[s]] -= 1
            self.starts_of[p].append(int(s))
            self._busy[p, c.day[s]] = True

    def remove(self, t: int) -> None:
        """Strike task t."""
        c = self.candidates
        s, members = self.served.pop(t)
        for p in members:
            self.week_left[p, c.week[s]] += 1
            self.month_left[p, c.month[s]] += 1
            self.starts_of[p].remove(s)
            self._busy[p, c.day[s]] = any(c.day[o] == c.day[s] for o in self.starts_of[p])

    def assignments(self) -> tuple[Assignment, ...]:
        """The plan, in the order of the problem's tasks."""
        c = self.candidates
        people, tasks = c.problem.supporters, c.problem.tasks
        return tuple(
            Assignment(tasks[t].id, int(c.rank[s]), tuple(people[p].id for p in members))
            for t, (s, members) in sorted(self.served.items())
        )

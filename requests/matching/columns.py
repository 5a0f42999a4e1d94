"""Stage two with whole teams as columns: Q is minimised, the served weight is kept.

One column is "this team serves this start".  The linear relaxation over all teams
is much tighter than that of a model with one column per person (no start is served
by thirds of people), so few columns are needed.  They are found by pricing: the
cheapest team of each start under the present dual prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import csr_array

from .clock import Left, is_over
from .geometry import Ints
from .highs import Answer, minimise, new_highs
from .model import INF, Floats, Rows
from .quality_model import QualityModel, Team
from .team import cheapest_team, teams_below

__all__ = ["QualityAnswer", "lower_quality"]

EPSILON = 1e-6
COLUMNS = 8_000
"""most teams that are added to close the gap; more would take minutes"""
PARTS = (1.0, 0.5, 0.25, 0.125, 0.0625)
"""parts of the gap below which teams are looked for, until they are no more than that"""


@dataclass(frozen=True, slots=True)
class QualityAnswer:
    """What stage two found for a scope, in units of Q, relative to the diary without it."""

    teams: list[Team]
    value: float
    bound: float


class Master:
    """The linear programme over the teams found so far."""

    def __init__(self, model: QualityModel) -> None:
        m = self._m = model
        self._link = csr_array((m.value, (m.pair, m.row)), shape=(len(m.base), len(m.upper)))
        tasks = int(m.task.max(initial=-1)) + 1
        self._offset = tasks + 1
        self.lower = np.concatenate((np.full(tasks, -INF), [m.served], np.full(len(m.upper), -INF)))
        self.upper = np.concatenate((np.ones(tasks), [INF], m.upper))
        self.costs: list[float] = []
        self.teams: list[Team | None] = []
        self.parts: list[tuple[Ints, Floats]] = []
        self._known: set[Team] = set()
        self._flushed = 0
        self._lp = new_highs()
        none = np.zeros(0, dtype=np.int32)
        self._lp.addRows(len(self.lower), self.lower, self.upper, 0, none, none, np.zeros(0))
        for r, n in m.steps.tolist():
            self._append(m.step * n, np.array([self._offset + r]), np.array([-1.0]), None)
        for r in m.newcomers.tolist():
            self._append(-m.mentoring, np.array([self._offset + r]), np.array([1.0]), None)

    def add(self, team: Team) -> bool:
        """Add a team's column; False when it is there already."""
        if team in self._known:
            return False
        self._known.add(team)
        i, members = team
        places = np.array(members, dtype=np.int64)
        entries: dict[int, float] = {int(self._m.task[i]): 1.0, self._offset - 1: self._m.weight[i]}
        for j in members:
            span = slice(self._link.indptr[j], self._link.indptr[j + 1])
            for r, v in zip(self._link.indices[span].tolist(), self._link.data[span].tolist(), strict=True):
                entries[self._offset + r] = entries.get(self._offset + r, 0.0) + v
        if self._m.lead[places].any():
            for j in members:
                if self._m.mentor[j] >= 0:
                    entries[self._offset + int(self._m.mentor[j])] = -1.0
        rows = np.array(sorted(entries), dtype=np.int64)
        values = np.array([entries[r] for r in rows.tolist()])
        self._append(float(self._m.rank[i] + self._m.base[places].sum()), rows, values, team)
        return True

    def _append(self, cost: float, rows: Ints, values: Floats, team: Team | None) -> None:
        self.costs.append(cost)
        self.parts.append((rows, values))
        self.teams.append(team)

    def solve(self, left: float | None) -> Floats | None:
        """Solve the relaxation; returns the dual prices of the rows (None: out of time)."""
        new = self.parts[self._flushed :]
        if new:
            lengths = np.array([len(rows) for rows, _ in new])
            starts = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int32)
            index = np.concatenate([rows for rows, _ in new]).astype(np.int32)
            value = np.concatenate([values for _, values in new])
            cost = np.array(self.costs[self._flushed :])
            # The rows of tasks hold teams at one; the other columns need a bound of their own.
            most = np.array([1.0 if t is None else INF for t in self.teams[self._flushed :]])
            self._lp.addCols(len(new), cost, np.zeros(len(new)), most, len(index), starts, index, value)
            self._flushed = len(self.parts)
        if left is not None:
            if left <= 0:
                return None
            self._lp.setOptionValue("time_limit", float(self._lp.getRunTime()) + left)
        self._lp.run()
        if self._lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(self._lp.getSolution().row_dual)

    @property
    def value(self) -> float:
        """Objective of the last relaxation."""
        return float(self._lp.getInfo().objective_function_value)

    def prices(self, dual: Floats) -> tuple[Floats, Floats, Floats]:
        """(price of each pair, further price of it beside a lead, fixed price of each start)."""
        people = dual[self._offset :]
        pair = self._m.base - self._link @ people
        beside = np.zeros(len(pair))
        new = self._m.mentor >= 0
        beside[new] = people[self._m.mentor[new]]
        fixed = self._m.rank - dual[self._m.task] - self._m.weight * dual[self._offset - 1]
        return pair, beside, fixed

    def best_teams(self, dual: Floats) -> tuple[list[tuple[float, Team]], float]:
        """Teams of negative reduced cost, at most two per start; and what the bound loses by them.

        Value of the relaxation plus the second number is a bound (Lagrange): no task
        can gain more than its best team does.
        """
        pair, beside, fixed = self.prices(dual)
        found: list[tuple[float, Team]] = []
        gain: dict[int, float] = {}
        for i in range(len(self._m.rank)):
            for cost, team in self._cheapest(i, pair, beside):
                reduced = cost + float(fixed[i])
                t = int(self._m.task[i])
                gain[t] = min(gain.get(t, 0.0), reduced)
                if reduced < -EPSILON:
                    found.append((reduced, (i, team)))
        return found, sum(gain.values())

    def _cheapest(self, i: int, pair: Floats, beside: Floats) -> list[tuple[float, tuple[int, ...]]]:
        first = int(self._m.first[i])
        found = []
        for meets, price, whole in self._variants(i, pair, beside):
            best = cheapest_team(meets, price, whole, int(self._m.k[i]), int(self._m.kmax[i]))
            if best is not None:
                found.append((best[0], tuple(first + j for j in best[1])))
        return found

    def _variants(self, i: int, pair: Floats, beside: Floats) -> list[tuple[list[int], list[float], int]]:
        """(meets, price, whole) of the teams without a lead's bonus, and of those with one."""
        here = slice(int(self._m.first[i]), int(self._m.first[i + 1]))
        whole = int(self._m.every[i])
        meets = self._m.meets[here]
        lead = self._m.lead[here]
        plain = (meets.tolist(), pair[here].tolist(), whole)
        if not beside[here].any() or not lead.any():
            return [plain]
        led = (pair[here] + beside[here]).tolist()
        if self._m.asks_lead[i]:
            return [(meets.tolist(), led, whole)]
        bit = whole + 1
        return [plain, ((meets | np.where(lead, bit, 0)).tolist(), led, whole | bit)]

    def teams_within(self, dual: Floats, slack: float, most: int, left: Left) -> list[Team] | None:
        """All teams whose reduced cost is below `slack`; None when there are more than `most`, or no time."""
        pair, beside, fixed = self.prices(dual)
        found: list[Team] = []
        for i in range(len(self._m.rank)):
            if is_over(left):
                return None
            k, kmax = int(self._m.k[i]), int(self._m.kmax[i])
            first = int(self._m.first[i])
            for meets, price, whole in self._variants(i, pair, beside):
                limit = slack - float(fixed[i])
                some = teams_below(meets, price, whole, k, kmax, limit, most - len(found))
                if some is None:
                    return None
                found += [(i, tuple(first + j for j in team)) for team in some]
        return found

    def whole_solution(self, start: list[Team], left: float | None, nodes: int | None) -> tuple[Answer, list[Team]]:
        """The best plan from the columns there are; it begins with `start`."""
        rows = Rows()
        column = np.repeat(np.arange(len(self.parts)), [len(r) for r, _ in self.parts])
        row = np.concatenate([r for r, _ in self.parts])
        value = np.concatenate([v for _, v in self.parts])
        rows.add(row, column, value, self.lower, self.upper, len(self.lower))
        whole = np.array([team is not None for team in self.teams], dtype=np.bool_)
        answer = minimise(
            np.array(self.costs),
            rows.matrix(),
            whole=whole,
            start=self._values(start),
            seconds=left,
            nodes=nodes,
            presolve=False,
            nearby=False,
        )
        if answer.values is None:
            return Answer(None, INF, answer.bound, optimal=False), start
        chosen = [
            team for team, v in zip(self.teams, answer.values.tolist(), strict=True) if team is not None and v > 0.5
        ]
        return answer, chosen

    def _values(self, plan: list[Team]) -> Floats:
        """The columns' values in a plan, with the best values of those that are no teams."""
        chosen = set(plan)
        values = np.array([1.0 if team in chosen else 0.0 for team in self.teams])
        used = np.zeros(len(self.lower))
        for (rows, entries), v in zip(self.parts, values.tolist(), strict=True):
            if v:
                used[rows] += entries
        for j, team in enumerate(self.teams):
            if team is None:
                (r,), (entry,) = self.parts[j][0].tolist(), self.parts[j][1].tolist()
                # A step is needed while the row is above its bound, a mentoring is free while below.
                if (entry < 0 and used[r] > self.upper[r] + 0.5) or (entry > 0 and used[r] < -0.5):
                    values[j] = 1.0
                    used[r] += entry
        return values


def lower_quality(
    model: QualityModel, left: Left, nodes: int | None = None, *, prove: bool = True
) -> QualityAnswer | None:
    """Minimise Q over a scope with the weight that is served there; None without starts.

    The answer is never worse than the plan that the model holds.  With `prove` the gap
    to the bound is closed if that is cheap.
    """
    if not len(model.rank):
        return None
    held = list(model.held)
    master = Master(model)
    for team in held:
        master.add(team)
    bound, dual, closed = -INF, None, False
    while not closed:
        prices = master.solve(left())
        if prices is None:
            break
        dual = prices
        found, loss = master.best_teams(dual)
        bound = max(bound, master.value + loss)
        closed = not sum([master.add(team) for _, team in found])
    answer, chosen = master.whole_solution(held, left(), nodes)
    if prove and closed and dual is not None:
        return _prove(master, dual, QualityAnswer(chosen, answer.objective, bound), left, nodes)
    return QualityAnswer(chosen, answer.objective, bound)


def _prove(master: Master, dual: Floats, answer: QualityAnswer, left: Left, nodes: int | None) -> QualityAnswer:
    """Close the gap: every team of a better plan has a reduced cost below it.

    With all of these teams as columns the best plan is among them.  Where they are too many, the
    best of them make a better plan, which makes the gap smaller, and all are tried once more.
    """
    for parts in (PARTS, PARTS[:1]):
        gap = answer.value - answer.bound
        if gap < 1 - EPSILON:
            break
        for part in parts:
            more = master.teams_within(dual, (gap - 1 + 2 * EPSILON) * part, COLUMNS, left)
            if more is not None:
                break
        else:
            break
        for team in more:
            master.add(team)
        found, chosen = master.whole_solution(answer.teams, left(), nodes)
        if found.values is None:
            break
        proven = part == 1.0 and found.optimal
        answer = QualityAnswer(chosen, found.objective, found.objective if proven else answer.bound)
        if proven:
            break
    return answer

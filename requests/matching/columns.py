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

from .clock import Left
from .diary import Diary
from .geometry import Ints
from .highs import Answer, minimise, new_highs
from .model import INF, Floats, Rows, Scope, limit_rows
from .objective import mentored, positions, promised_pairs
from .team import cheapest_team, teams_below

__all__ = ["QualityAnswer", "lower_quality"]

Team = tuple[int, tuple[int, ...]]
"""(place of the start among the scope's, places of the members among its pairs)"""

EPSILON = 1e-6
ATTEMPTS = ((5_000, 1.0), (8_000, 0.25), (16_000, 1.0))
"""(most columns, part of the gap) of the attempts to close it; more would take minutes"""


@dataclass(frozen=True, slots=True)
class QualityAnswer:
    """What stage two found for a scope, in units of Q, relative to the diary without it."""

    teams: list[Team]
    value: float
    bound: float


class Master:
    """The linear programme over the teams found so far."""

    def __init__(self, diary: Diary, scope: Scope, weight: int) -> None:
        """The scope has to serve at least `weight`; the diary holds everything outside it."""
        c = self._c = diary.candidates
        self._scope = scope
        costs, people = c.problem.params.q, c.people
        who = self._who = c.person[scope.pairs].astype(np.int64)
        times = np.zeros(len(people.x), dtype=np.int64)
        for p, served in diary.starts_of.items():
            times[p] = len(served)
        kept = np.isin(scope.pairs, promised_pairs(c))
        first = costs.fair * (2 * (people.before + times)[who] + 1)
        self._base = (c.cost[scope.pairs] + first - costs.stability * kept).astype(np.float64)
        self._lead = people.lead[who]
        tasks, self._task = np.unique(c.task[scope.starts], return_inverse=True)
        self._weight = np.array([c.problem.tasks[t].weight for t in c.task[scope.starts]], dtype=np.float64)
        self._rank = costs.rank * c.rank[scope.starts].astype(np.float64)
        self._first = np.searchsorted(scope.at, np.arange(len(scope.starts) + 1))
        rows = Rows()
        limit_rows(diary, rows, scope, np.arange(len(who)))
        steps = self._add_steps(rows, diary)
        done = mentored(c, diary.served)
        self._mentor = np.full(len(who), -1, dtype=np.int64)
        newcomers = self._add_newcomers(rows, done)
        row, pair, value, _, upper = rows.arrays()
        self._link = csr_array((value, (pair, row)), shape=(len(who), rows.count))
        self._offset = len(tasks) + 1
        self.lower = np.concatenate((np.full(len(tasks), -INF), [weight], np.full(rows.count, -INF)))
        self.upper = np.concatenate((np.ones(len(tasks)), [INF], upper))
        self.costs: list[float] = []
        self.teams: list[Team | None] = []
        self.parts: list[tuple[Ints, Floats]] = []
        self._known: set[Team] = set()
        self._flushed = 0
        self._lp = new_highs()
        none = np.zeros(0, dtype=np.int32)
        self._lp.addRows(len(self.lower), self.lower, self.upper, 0, none, none, np.zeros(0))
        for r, step in steps:
            self._append(2.0 * costs.fair * step, np.array([self._offset + r]), np.array([-1.0]), None)
        if costs.mentor:
            for r in newcomers:
                self._append(-float(costs.mentor), np.array([self._offset + r]), np.array([1.0]), None)

    def _add_steps(self, rows: Rows, diary: Diary) -> list[tuple[int, int]]:
        """Rows "assignments of p − further ones ≤ 1"; returns (row, number of the further one).

        One more assignment raises after² by 2 · after + 1: the first one's cost stands
        in the pair, each further one costs 2 · fair more than the one before it.
        """
        c, who = self._c, self._who
        months = np.minimum(diary.month_left, c.problem.days).sum(axis=1)
        weeks = np.minimum(diary.week_left, c.problem.days).sum(axis=1)
        task = c.task[c.pair_start[self._scope.pairs]]
        own = np.unique(who * (len(c.problem.tasks) + 1) + task) // (len(c.problem.tasks) + 1)
        different = np.bincount(own, minlength=len(c.people.x))
        most = np.minimum(np.minimum(months, weeks), different)
        several = np.flatnonzero(most > 1)
        number = np.full(len(most), -1, dtype=np.int64)
        number[several] = np.arange(len(several))
        pairs = np.flatnonzero(number[who] >= 0)
        base = rows.count
        rows.add(number[who[pairs]], pairs, 1.0, -INF, 1.0, len(several))
        return [(base + i, n) for i, p in enumerate(several.tolist()) for n in range(1, int(most[p]))]

    def _add_newcomers(self, rows: Rows, done: set[int]) -> list[int]:
        """Rows "mentored p ≤ teams with p and a lead"; the teams' entries depend on the team."""
        new = np.flatnonzero(self._c.people.newcomer[self._who])
        new = new[[int(p) not in done for p in self._who[new]]] if len(new) else new
        people, number = np.unique(self._who[new], return_inverse=True)
        base = rows.count
        self._mentor[new] = base + number
        # The rows' entries are set column by column; a zero entry reserves the row.
        rows.add(number, new, 0.0, -INF, 0.0, len(people))
        return list(range(base, base + len(people)))

    def add(self, team: Team) -> bool:
        """Add a team's column; False when it is there already."""
        if team in self._known:
            return False
        self._known.add(team)
        i, members = team
        places = np.array(members, dtype=np.int64)
        entries: dict[int, float] = {int(self._task[i]): 1.0, self._offset - 1: self._weight[i]}
        for j in members:
            span = slice(self._link.indptr[j], self._link.indptr[j + 1])
            for r, v in zip(self._link.indices[span].tolist(), self._link.data[span].tolist(), strict=True):
                entries[self._offset + r] = entries.get(self._offset + r, 0.0) + v
        if self._lead[places].any():
            for j in members:
                if self._mentor[j] >= 0:
                    entries[self._offset + int(self._mentor[j])] = -1.0
        rows = np.array(sorted(entries), dtype=np.int64)
        values = np.array([entries[r] for r in rows.tolist()])
        self._append(float(self._rank[i] + self._base[places].sum()), rows, values, team)
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
        pair = self._base - self._link @ people
        beside = np.zeros(len(pair))
        new = self._mentor >= 0
        beside[new] = people[self._mentor[new]]
        fixed = self._rank - dual[self._task] - self._weight * dual[self._offset - 1]
        return pair, beside, fixed

    def best_teams(self, dual: Floats) -> tuple[list[tuple[float, Team]], float]:
        """Teams of negative reduced cost, at most two per start; and what the bound loses by them.

        Value of the relaxation plus the second number is a bound (Lagrange): no task
        can gain more than its best team does.
        """
        pair, beside, fixed = self.prices(dual)
        found: list[tuple[float, Team]] = []
        gain: dict[int, float] = {}
        for i in range(len(self._scope.starts)):
            for cost, team in self._cheapest(i, pair, beside):
                reduced = cost + float(fixed[i])
                t = int(self._task[i])
                gain[t] = min(gain.get(t, 0.0), reduced)
                if reduced < -EPSILON:
                    found.append((reduced, (i, team)))
        return found, sum(gain.values())

    def _cheapest(self, i: int, pair: Floats, beside: Floats) -> list[tuple[float, tuple[int, ...]]]:
        first = int(self._first[i])
        found = []
        for meets, price, whole in self._variants(i, pair, beside):
            task = self._c.problem.tasks[self._c.task[self._scope.starts[i]]]
            best = cheapest_team(meets, price, whole, task.k, task.kmax)
            if best is not None:
                found.append((best[0], tuple(first + j for j in best[1])))
        return found

    def _variants(self, i: int, pair: Floats, beside: Floats) -> list[tuple[list[int], list[float], int]]:
        """(meets, price, whole) of the teams without a lead's bonus, and of those with one."""
        c, here = self._c, slice(int(self._first[i]), int(self._first[i + 1]))
        whole = int(c.every[self._scope.starts[i]])
        meets = c.meets[self._scope.pairs[here]]
        lead = self._lead[here]
        plain = (meets.tolist(), pair[here].tolist(), whole)
        if not beside[here].any() or not lead.any():
            return [plain]
        led = (pair[here] + beside[here]).tolist()
        if c.problem.tasks[c.task[self._scope.starts[i]]].lead:
            return [(meets.tolist(), led, whole)]
        bit = whole + 1
        return [plain, ((meets | np.where(lead, bit, 0)).tolist(), led, whole | bit)]

    def teams_within(self, dual: Floats, slack: float, most: int, left: Left) -> list[Team] | None:
        """All teams whose reduced cost is below `slack`; None when there are more than `most`, or no time."""
        pair, beside, fixed = self.prices(dual)
        found: list[Team] = []
        for i in range(len(self._scope.starts)):
            remaining = left()
            if remaining is not None and remaining <= 0:
                return None
            task = self._c.problem.tasks[self._c.task[self._scope.starts[i]]]
            first = int(self._first[i])
            for meets, price, whole in self._variants(i, pair, beside):
                limit = slack - float(fixed[i])
                some = teams_below(meets, price, whole, task.k, task.kmax, limit, most - len(found))
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
            rows,
            whole=whole,
            start=self._values(start),
            seconds=left,
            nodes=nodes,
            presolve=False,
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
    base: Diary, scope: Scope, now: Diary, left: Left, nodes: int | None = None, *, prove: bool = True
) -> QualityAnswer | None:
    """Minimise Q over the scope with the weight that `now` serves there; None without starts.

    `base` is the plan without the scope's tasks, `now` a plan with them, which the
    answer is never worse than.  With `prove` the gap to the bound is closed if that is cheap.
    """
    c = base.candidates
    held = _teams_of(scope, now)
    weight = sum(c.problem.tasks[c.task[scope.starts[i]]].weight for i, _ in held)
    if not len(scope.starts):
        return None
    master = Master(base, scope, weight)
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

    With all of these teams as columns the best plan is among them.  Where they are
    too many, a quarter of the gap is tried first: a better plan makes the gap smaller.
    """
    for most, part in ATTEMPTS:
        remaining = left()
        gap = answer.value - answer.bound
        if gap < 1 - EPSILON or (remaining is not None and remaining <= 0):
            break
        more = master.teams_within(dual, (gap - 1 + 2 * EPSILON) * part, most, left)
        if more is None:
            continue
        for team in more:
            master.add(team)
        found, chosen = master.whole_solution(answer.teams, left(), nodes)
        if found.values is None:
            break
        proven = part == 1.0 and found.optimal
        answer = QualityAnswer(chosen, found.objective, found.objective if proven else answer.bound)
    return answer


def _teams_of(scope: Scope, diary: Diary) -> list[Team]:
    c = diary.candidates
    found: list[Team] = []
    for s, members in diary.served.values():
        i = int(np.searchsorted(scope.starts, s))
        if i < len(scope.starts) and scope.starts[i] == s:
            places = np.searchsorted(scope.pairs, positions(c, s, members))
            found.append((i, tuple(places.tolist())))
    return sorted(found)

"""Measure the matcher: `PYTHONPATH=requests python -m bench.matcher [FILES]`.

Without files: those in the folder MATCHING_INSTANCES but for nations, which take half
an hour and have to be named, or else seeded ones.  Each instance runs in a process of
its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from bench.instances import area, city
from matching import Problem, Progress, greedy, problem_from_dict, read_problem, solve
from matching.candidates import candidates_of
from matching.highs import relax
from matching.model import scope_of, weight_costs, weight_rows
from matching.settled import settle

SEEDED = {
    "city": lambda: city(seed=1),
    "two cities": lambda: area(seed=2, towns=2, people=500, tasks=360),
    "county": lambda: area(seed=4, towns=12, people=1500, tasks=1050),
    "prefecture": lambda: area(seed=3, towns=30, people=5000, tasks=3500),
    "nation": lambda: area(seed=5, towns=1741, people=60000, tasks=55000),
}
USUAL = ("city", "two cities", "county", "prefecture")
"""measured when nothing is named; a nation takes half an hour"""
CLOSE = 0.995
NATION = 1_000_000
"""bytes of a file that is taken for a nation's (a prefecture's has 300,000, compressed)"""
HEAD = (
    "instance", "greedy", "plan", "bound", "gap", "Q", "Q bound", "99.5 % at", "weight at", "done at",
    "CPU", "relaxation", "starts", "pairs", "rows", "memory",
)  # fmt: skip


@dataclass
class Measured:
    """One line of the table; seconds of the wall clock from the start of the process' reading."""

    instance: str
    greedy: int = 0
    weight: int = 0
    bound: int = 0
    q: int = 0
    q_bound: int | None = None
    weight_at: float = 0.0
    done_at: float = 0.0
    cpu: float = 0.0
    """seconds of the process until the plan, all threads: it says more than the clock where others work too"""
    relaxation: float | None = None
    """of the pair model alone, by the interior point method"""
    gave_up: bool = False
    """whether the relaxation was stopped by its limit"""
    starts: int = 0
    pairs: int = 0
    rows: int = 0
    megabytes: int = 0
    curve: list[tuple[float, int, int]] = field(default_factory=list)
    """(seconds, served weight, bound)"""

    @property
    def close_at(self) -> float | None:
        """When the plan first had 99.5 % of the bound."""
        return next((at for at, weight, _ in self.curve if weight >= CLOSE * self.bound), None)


def measure(name: str, problem: Problem, began: float, options: argparse.Namespace) -> Measured:
    """Solve one instance and write down what it took."""
    found = Measured(name, greedy=greedy(problem).served_weight)

    def note(progress: Progress) -> None:
        now = time.monotonic() - began
        if progress.stage == "weight":
            found.weight_at = now
        found.curve.append((now, progress.served_weight, progress.bound or 0))

    plan = solve(problem, options.time_limit, options.stop_gap, options.workers, note)
    found.done_at = time.monotonic() - began
    found.weight, found.bound, found.q, found.q_bound = plan.served_weight, plan.bound, plan.q, plan.q_bound
    used = resource.getrusage(resource.RUSAGE_SELF)
    found.cpu = used.ru_utime + used.ru_stime
    found.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    diary = settle(candidates_of(problem))
    scope = scope_of(diary, np.arange(len(problem.tasks)))
    rows = weight_rows(diary, scope)
    found.starts, found.pairs, found.rows = len(scope.starts), len(scope.pairs), rows.count
    if options.relaxation_limit:
        at = time.monotonic()
        relax(weight_costs(diary.candidates, scope), rows, "ipm", seconds=options.relaxation_limit)
        found.relaxation = time.monotonic() - at
        found.gave_up = found.relaxation >= options.relaxation_limit
    return found


def line(m: Measured) -> list[str]:
    """The line as texts."""
    return [
        m.instance,
        f"{m.greedy:,}",
        f"{m.weight:,}",
        f"{m.bound:,}",
        f"{100 * (m.bound - m.weight) / max(1, m.bound):.2f} %",
        f"{m.q:,}",
        "–" if m.q_bound is None else f"{m.q_bound:,}",
        "–" if m.close_at is None else f"{m.close_at:.1f} s",
        f"{m.weight_at:.1f} s",
        f"{m.done_at:.1f} s",
        f"{m.cpu:.1f} s",
        "–" if m.relaxation is None else f"{'> ' if m.gave_up else ''}{m.relaxation:.1f} s",
        f"{m.starts:,}",
        f"{m.pairs:,}",
        f"{m.rows:,}",
        f"{m.megabytes:,} MB",
    ]


def picture(found: list[Measured], path: Path) -> None:
    """Served weight and bound over time, one panel per instance."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(found), 4), layout="constrained")
    for axes, m in zip(np.atleast_1d(figure.subplots(1, len(found))), found, strict=True):
        times, weights, bounds = zip(*m.curve, strict=True)
        axes.step([*times, m.done_at], [*weights, m.weight], where="post", label="plan")
        axes.step([*times, m.done_at], [*bounds, m.bound], where="post", label="bound")
        axes.set(title=m.instance, xlabel="seconds", ylabel="served weight")
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _files(folder: Path) -> list[Path]:
    """The folder's instances, the smaller ones first, but for nations."""
    every = sorted(folder.glob("*.json*"), key=lambda path: (path.suffix == ".gz", path.name))
    for path in every:
        if path.stat().st_size >= NATION:
            print(f"left out, takes half an hour: {path.name} (name it to measure it)", file=sys.stderr)
    return [path for path in every if path.stat().st_size < NATION]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--seeded", choices=sorted(SEEDED), help="one seeded instance")
    parser.add_argument("--time-limit", type=float, help="seconds per instance")
    parser.add_argument("--stop-gap", type=float, default=0.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--relaxation-limit", type=float, default=300.0, help="seconds for the linear relaxation alone; 0 leaves it out"
    )
    parser.add_argument("--picture", type=Path, help="served weight over time (needs matplotlib)")
    parser.add_argument("--line", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.line:
        began = time.monotonic()
        one = problem_from_dict(SEEDED[options.seeded]()) if options.seeded else read_problem(options.files[0])
        print(json.dumps(asdict(measure(one.name, one, began, options))))
        return 0
    folder = os.environ.get("MATCHING_INSTANCES")
    files = options.files or (_files(Path(folder)) if folder and not options.seeded else [])
    runs = [[str(path)] for path in files] or [["--seeded", name] for name in (options.seeded,) if name]
    runs = runs or [["--seeded", name] for name in USUAL]
    found = []
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    for run in runs:
        given = ["--relaxation-limit", str(options.relaxation_limit), "--stop-gap", str(options.stop_gap)]
        given += ["--workers", str(options.workers)]
        given += ["--time-limit", str(options.time_limit)] if options.time_limit else []
        command = [sys.executable, "-m", "bench.matcher", "--line", *given, *run]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(Measured(**json.loads(done.stdout)))
        print("| " + " | ".join(line(found[-1])) + " |", flush=True)
    if options.picture:
        picture(found, options.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())

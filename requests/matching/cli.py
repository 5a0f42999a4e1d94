"""`python -m matching problem.json -o plan.json`: a plan file for a problem file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .advice import NextBest, next_best_of_all
from .clock import Left, countdown, less
from .explain import explain
from .plan import Plan, Progress
from .problem import Problem, ProblemError
from .reader import read_problem
from .recruit import recruits
from .replan import replan
from .solve import solve
from .writer import plan_to_dict, to_json

__all__ = ["main"]

OVERHEAD = 0.5
"""seconds kept for starting, explaining and writing"""
FOR_ANSWERS = 1 / 5
"""of a time limit, with `--explain`"""
ALL_OTHERS = 5_000
"""tasks for which the file lists who could come instead (a prefecture's month)"""
UNUSABLE = 2
"""exit status for input that is unreadable or inconsistent"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    source: Path = options.problem
    if options.output and not os.access(options.output if options.output.exists() else options.output.parent, os.W_OK):
        return _refuse(f"{options.output}: cannot be written")
    # Reading and writing count, too: whoever gives a limit waits for the whole command.
    left = less(countdown(options.time_limit), OVERHEAD)
    try:
        problem = read_problem(source)
        limit = None if (seconds := left()) is None else max(seconds * (1 - FOR_ANSWERS * options.explain), 0.1)
        if options.mend:
            plan = replan(problem, limit)
            _say(Progress("mended", plan.served_weight, plan.bound, plan.q))
        else:
            plan = solve(problem, limit, options.stop_gap, options.workers, _say)
        if problem.previous:
            sys.stderr.write(f"people whose plan changed: {len(plan.changed)}\n")
        answers: tuple[Any, ...] = ()
        if options.explain:
            answers = explain(problem, plan), _others(problem, plan, left), recruits(problem, plan, left=left)
    except ProblemError as error:
        return _refuse(f"{source}: {error}")
    text = to_json(plan_to_dict(plan, *answers))
    try:
        if options.output is None:
            sys.stdout.buffer.write(text.encode())
            sys.stdout.buffer.flush()
        else:
            options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        # What could not be written shall not be tried again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _refuse(f"{options.output or 'standard output'}: {error.strerror}")
    return 0


def _others(problem: Problem, plan: Plan, left: Left) -> dict[str, tuple[NextBest, ...]] | None:
    """Who could come instead; where a nation is planned that is asked task by task (`next_best`)."""
    return next_best_of_all(problem, plan, left=left) if len(problem.tasks) <= ALL_OTHERS else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="matching", description=__doc__)
    parser.add_argument("problem", type=Path, help="problem file, plain or gzip")
    parser.add_argument("-o", "--output", type=Path, help="plan file (default: standard output)")
    parser.add_argument("--time-limit", type=_positive, metavar="SECONDS", help="wall clock")
    parser.add_argument("--stop-gap", type=_fraction, default=0.0, metavar="FRACTION", help="good enough (0.01 = 1 %%)")
    parser.add_argument("--workers", type=_count, default=1, metavar="N", help="parts solved at once")
    parser.add_argument("--mend", action="store_true", help="keep `previous`; solve again only what no longer holds")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say why tasks are not served, who could come instead, and whom to look for",
    )
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError("must be from 0 to below 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 256:
        raise argparse.ArgumentTypeError("must be 1 to 256")
    return value


def _say(progress: Progress) -> None:
    parts = [progress.stage, f"weight {progress.served_weight}"]
    if progress.bound is not None:
        parts.append(f"bound {progress.bound}")
    if progress.q is not None:
        parts.append(f"Q {progress.q}")
    sys.stderr.write(" ".join(parts) + "\n")
    sys.stderr.flush()


def _refuse(sentence: str) -> int:
    line = " ".join(sentence.split())
    sys.stderr.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
    return UNUSABLE

"""The only door to HiGHS: a model and an objective in, a solution and a proven bound out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from .model import Matrix

__all__ = ["Answer", "Relaxation", "minimise", "new_highs", "relax"]

Floats = NDArray[np.float64]
Method = Literal["simplex", "ipm", "pdlp"]

HEED = 0.85
"""share of the time left that the solver is told of"""
TOLERANCE = 1e-5
"""relative, at which first-order steps stop early"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What HiGHS found."""

    values: Floats | None
    """[columns] the best solution, None when none was found"""
    objective: float
    bound: float
    """no solution is below it (proven, up to the solver's tolerances)"""
    optimal: bool


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A solution of a relaxation, exact or not."""

    values: Floats
    """[columns]"""
    duals: Floats
    """[rows]"""


def new_highs() -> Any:
    """A solver with one thread, a fixed seed and no log; highspy itself is not typed."""
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    log = False
    highs.setOptionValue("output_flag", log)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("random_seed", 0)
    return highs


def _loaded(cost: Floats, rows: Matrix, upper: Floats | float) -> Any:
    n = len(cost)
    matrix = csr_array((rows.value, (rows.row, rows.column)), shape=(rows.count, n))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = n, rows.count
    lp.col_cost_ = cost
    lp.col_lower_ = np.zeros(n)
    lp.col_upper_ = np.broadcast_to(np.asarray(upper, dtype=np.float64), (n,)).copy()
    lp.row_lower_, lp.row_upper_ = rows.lower, rows.upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = matrix.indptr
    lp.a_matrix_.index_ = matrix.indices
    lp.a_matrix_.value_ = matrix.data
    highs = new_highs()
    highs.passModel(lp)
    return highs


def relax(
    cost: Floats, rows: Matrix, method: Method, iterations: int | None = None, seconds: float | None = None
) -> Relaxation:
    """The relaxation 0 ≤ v ≤ 1: exactly, or roughly by `iterations` first-order steps (PDLP).

    A first-order step costs two products with the matrix, so that an area's prices are
    good long before its relaxation is solved.  The simplex method ends in a corner, where
    prices are few different numbers; the interior point method is the fastest for large
    areas and is not moved to a corner.  Out of time: what was reached by then.
    """
    highs = _loaded(cost, rows, 1.0)
    highs.setOptionValue("solver", method)
    if method == "ipm":
        highs.setOptionValue("run_crossover", "off")
    if method == "pdlp":
        highs.setOptionValue("presolve", "off")
        highs.setOptionValue("pdlp_optimality_tolerance", TOLERANCE)
        if iterations is not None:
            highs.setOptionValue("pdlp_iteration_limit", iterations)
    if seconds is not None:
        highs.setOptionValue("time_limit", max(seconds, 0.01))
    highs.run()
    solution = highs.getSolution()
    values, duals = np.array(solution.col_value), np.array(solution.row_dual)
    # Nothing at all was reached: no prices are prices too.
    return Relaxation(
        values if len(values) == len(cost) else np.zeros(len(cost)),
        duals if len(duals) == rows.count else np.zeros(rows.count),
    )


def minimise(
    cost: Floats,
    rows: Matrix,
    *,
    upper: Floats | float = 1.0,
    whole: NDArray[np.bool_] | None = None,
    start: Floats | None = None,
    seconds: float | None = None,
    nodes: int | None = None,
    gap: float = 0.0,
    target: float | None = None,
    presolve: bool = True,
    nearby: bool = True,
) -> Answer:
    """Minimise cost · v over 0 ≤ v ≤ upper and the rows; v whole where `whole` says so.

    `start` is a feasible solution to begin with; `seconds` and `nodes` stop early,
    `gap` stops at a relative gap, `target` at a solution that is as good as this (no
    better one is possible, it is known); without `presolve` models that are tight already are
    solved several times faster, and without smaller models `nearby` (RINS, RENS) those whose
    relaxation is nearly whole.  All solutions are taken to have whole objectives.
    One thread and a fixed seed: the same input has the same answer.
    """
    highs = _loaded(cost, rows, upper)
    n = len(cost)
    kinds = np.ones(n, dtype=np.uint8) if whole is None else whole.astype(np.uint8)
    highs.changeColsIntegrality(n, np.arange(n, dtype=np.int32), kinds)
    highs.setOptionValue("mip_rel_gap", gap)
    # Objectives are whole numbers: less than one of them apart is proven.
    highs.setOptionValue("mip_abs_gap", 1 - 1e-4)
    if not presolve:
        highs.setOptionValue("presolve", "off")
        highs.setOptionValue("mip_root_presolve_only", not presolve)
    if not nearby:
        for search in ("rins", "rens", "root_reduced_cost"):
            highs.setOptionValue(f"mip_heuristic_run_{search}", nearby)
    if seconds is not None:
        # The solver looks at the clock between steps that may take a while.
        highs.setOptionValue("time_limit", max(HEED * seconds, 0.01))
    if target is not None:
        highs.setOptionValue("objective_target", target + 0.5)
    if nodes is not None:
        highs.setOptionValue("mip_max_nodes", nodes)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = list(start)
        highs.setSolution(solution)
    highs.run()
    status = highs.getModelStatus()
    info = highs.getInfo()
    reached = status == highspy.HighsModelStatus.kObjectiveTarget
    optimal = reached or status == highspy.HighsModelStatus.kOptimal
    found = info.primal_solution_status == 2
    solution = highs.getSolution()
    values = np.array(solution.col_value) if found else None
    objective = float(info.objective_function_value)
    # The bound may stay up to one below a proven optimum: it is the optimum.
    bound = objective if optimal and gap == 0 else float(info.mip_dual_bound)
    return Answer(values, objective, bound, optimal)

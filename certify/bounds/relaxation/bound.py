"""The result of solving a relaxation, which writes itself as a certificate of one leaf."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from certify.bounds.blocks.writing import blocks_certificate
from certify.bounds.proofs.proof_time import blocks_seconds
from certify.bounds.relaxation.exact_root_leaf import exact_root_certificate
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.bounds.report import GapPoint
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
from certify.floats.problem import Arrays
from formulations.arbitrary_precision.solve import HighPrecisionSolution
from formulations.arrays import Matrix
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multipliers import DualSolution, Multipliers
from formulations.sdp.shor import improve_slack, level_of

_LEAST_BLOCK, _LARGEST_BLOCK = 32, 3000  # samples in a block of a residual's proof, whose tables are dense


@dataclass(frozen=True)
class BlocksSolution:
    """An approximate dual solution in blocks of samples.

    Attributes:
        dual_value: of all blocks together (a loss).
        proofs: of blocks that have each sample once.
    """

    dual_value: float
    proofs: tuple[BlockProof, ...]

    @property
    def dual_point(self) -> Matrix:
        """N, n x c: the rows of all blocks in the order of the samples."""
        rows = np.concatenate([proof.rows for proof in self.proofs])
        N: Matrix = np.empty((len(rows), self.proofs[0].dual_rows.shape[1]))
        N[rows] = np.vstack([proof.dual_rows for proof in self.proofs])
        return N


@dataclass(frozen=True)
class Relaxation:
    """An approximate dual solution on its way to a certificate.

    Attributes:
        method: "sdp" or "shor".
        solver: what ran.
        estimate: the solver's value of the relaxation (a loss, no bound); None where it was not solved.
        solution: double or high precision, or its dual value and a proof for each block of samples.
        cut_short: whether the time limit ended the solver.
        curve: both bounds while it ran, where it says.
    """

    method: str
    solver: str
    estimate: float | None
    solution: DualSolution | HighPrecisionSolution | BlocksSolution
    cut_short: bool = False
    curve: tuple[GapPoint, ...] = ()

    def with_curve(self, curve: tuple[GapPoint, ...]) -> Relaxation:
        """Return the same with both bounds over time."""
        return replace(self, curve=curve)

    @property
    def value(self) -> float:
        """The dual value (a loss), a lower bound up to rounding."""
        if isinstance(self.solution, HighPrecisionSolution):
            return float(self.solution.value)
        return self.solution.dual_value

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Turn the solution into a valid certificate."""
        if isinstance(self.solution, HighPrecisionSolution):
            yield exact_root_certificate(problem, self.solution, preprocessing=preprocessing)
            return
        if isinstance(self.solution, BlocksSolution):
            yield blocks_certificate(
                problem, self.solution.proofs, preprocessing=preprocessing, method=self.method
            )
            return
        yield root_certificate(
            problem,
            self.solution.dual_point,
            self.solution.multipliers,
            preprocessing=preprocessing,
            method=self.method,
        )


def residual_relaxation(
    arrays: Arrays,
    residual: Matrix,
    seconds: float = math.inf,
    is_over: Callable[[], bool] = lambda: False,
) -> Relaxation | None:
    """Take a network's residual as the dual point, with the best slack for it: quick, and weak.

    Args:
        arrays: the problem.
        residual: Y - f(X), n x c.
        seconds: that its proof may take; where one leaf takes more, the samples are divided into blocks,
            which is weaker.
        is_over: looked at often; once true, what is left of the slack is as it is.

    Returns:
        None where no number of blocks has a proof in that time.
    """
    arrays = arrays.for_relaxations
    (n, d), c = arrays.X.shape, residual.shape[1]
    order = d + c
    number = 1
    while number * _LEAST_BLOCK < n and not _may_have(n // number + 1, number, d, c, seconds):
        number *= 2
    if not _may_have(n // number + 1, number, d, c, seconds):
        return None
    proofs = []
    for first in range(number):
        X, N = arrays.X[first::number], residual[first::number]
        slack = improve_slack(X, N, is_over=is_over)
        multipliers = replace(Multipliers.zero(len(X)), slack=slack)
        if number == 1:
            solution = DualSolution(N, multipliers, 0.0, 0.0, "residual", "feasible", 0.0)
            return Relaxation("shor", "residual", None, solution)
        gauge = math.sqrt(level_of(X, N, slack))
        scaled = multipliers.scaled(1 / gauge if gauge > 0 else 0.0)
        proofs.append(BlockProof(tuple(range(first, n, number)), gauge * np.eye(order), N, scaled))
    return Relaxation("shor", "residual", None, BlocksSolution(0.0, tuple(proofs)))


def _may_have(rows: int, number: int, d: int, c: int, seconds: float) -> bool:
    """Say whether a proof may have so many blocks of so many rows."""
    return rows <= _LARGEST_BLOCK and blocks_seconds([rows] * number, d, c) <= seconds

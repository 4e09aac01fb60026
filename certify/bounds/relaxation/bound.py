"""The result of solving a relaxation, which writes itself as a certificate of one leaf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from certify.bounds.blocks.writing import blocks_certificate
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
from formulations.sdp.shor import improve_slack


@dataclass(frozen=True)
class BlocksSolution:
    """An approximate dual solution in blocks of samples.

    Attributes:
        dual_value: of all blocks together (a loss).
        proofs: of blocks that have each sample once.
    """

    dual_value: float
    proofs: tuple[BlockProof, ...]


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


def residual_relaxation(arrays: Arrays, residual: Matrix) -> Relaxation:
    """Take a network's residual as the dual point, with the best slack for it: quick, and weak.

    Args:
        arrays: the problem.
        residual: Y - f(X), n x c.
    """
    multipliers = replace(Multipliers.zero(len(residual)), slack=improve_slack(arrays.X, residual))
    solution = DualSolution(residual, multipliers, 0.0, 0.0, "residual", "feasible", 0.0)
    return Relaxation("shor", "residual", None, solution)

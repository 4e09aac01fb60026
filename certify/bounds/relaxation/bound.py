"""The result of solving a relaxation, which writes itself as a certificate of one leaf."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from certify.bounds.blocks.writing import BlockProof, blocks_certificate
from certify.bounds.proof_time import leaves_seconds
from certify.bounds.relaxation.exact_root_leaf import exact_root_certificate
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.bounds.report import GapPoint
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem
from certify.floats.problem import Arrays
from formulations.arbitrary_precision.solve import HighPrecisionSolution
from formulations.arrays import Indices, Matrix
from formulations.sdp.multipliers import DualSolution, Multipliers
from formulations.sdp.shor import improve_slack, level_of

_LEAST_BLOCK = 32  # samples in a block of a residual's proof


@dataclass(frozen=True)
class Relaxation:
    """An approximate dual solution on its way to a certificate.

    Attributes:
        method: "sdp" or "shor".
        solver: what ran.
        estimate: the solver's value of the relaxation (a loss, no bound); None where it was not solved.
        solution: double or high precision.
        cut_short: whether the time limit ended the solver.
        curve: both bounds while it ran, where it says.
        shares: of blocks of samples that the multipliers keep to, with the numbers of the samples; none where
            there is one block.
    """

    method: str
    solver: str
    estimate: float | None
    solution: DualSolution | HighPrecisionSolution
    cut_short: bool = False
    curve: tuple[GapPoint, ...] = ()
    shares: tuple[tuple[Indices, Matrix], ...] = ()

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
        if self.shares:
            yield blocks_certificate(
                problem,
                self._block_proofs(float(problem.gamma)),
                preprocessing=preprocessing,
                method=self.method,
            )
            return
        yield root_certificate(
            problem,
            self.solution.dual_point,
            self.solution.multipliers,
            preprocessing=preprocessing,
            method=self.method,
        )

    def _block_proofs(self, gamma: float) -> list[BlockProof]:
        """Return the blocks with their parts of the solution; what is in none joins the first."""
        assert isinstance(self.solution, DualSolution)
        table, N = self.solution.multipliers.scaled(1 / gamma), self.solution.dual_point
        inside = np.zeros(len(N), dtype=bool)
        for rows, _ in self.shares:
            inside[rows] = True
        proofs = []
        for number, (rows, share) in enumerate(self.shares):
            members = np.union1d(rows, np.flatnonzero(~inside)) if number == 0 else rows
            pairs = np.ix_(members, members)
            multipliers = Multipliers(
                table.alpha_alpha[pairs],
                table.alpha_beta[pairs],
                table.beta_beta[pairs],
                table.slack[members],
            )
            proofs.append(BlockProof(members.tolist(), share, N[members], multipliers))
        return proofs


def residual_relaxation(arrays: Arrays, residual: Matrix, seconds: float = math.inf) -> Relaxation:
    """Take a network's residual as the dual point, with the best slack for it: quick, and weak.

    Args:
        arrays: the problem.
        residual: Y - f(X), n x c.
        seconds: that its proof may take; where one leaf takes more, the samples are divided into blocks,
            which is weaker.
    """
    n, d = arrays.X.shape
    order = d + residual.shape[1]
    number = 1
    while number * _LEAST_BLOCK < n and leaves_seconds([n // number + 1 + d] * number) > seconds:
        number *= 2
    blocks = [np.arange(first, n, number) for first in range(number)]
    slack = np.zeros(n)
    shares = []
    for rows in blocks:
        slack[rows] = improve_slack(arrays.X[rows], residual[rows])
        if number > 1:
            gauge = math.sqrt(level_of(arrays.X[rows], residual[rows], slack[rows]))
            shares.append((rows, gauge * np.eye(order)))
            slack[rows] *= arrays.gamma / gauge if gauge > 0 else 0.0
    multipliers = replace(Multipliers.zero(n), slack=slack)
    solution = DualSolution(residual, multipliers, 0.0, 0.0, "residual", "feasible", 0.0)
    return Relaxation("shor", "residual", None, solution, shares=tuple(shares))

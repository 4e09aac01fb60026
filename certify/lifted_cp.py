"""Why SDP-NN is loose: how far its lifted matrix is from complete positivity, and what cuts it off.

SDP-NN asks of the matrix Lambda, of order 2n + d + c over (alpha, beta, u, v), that it is semidefinite with
nonnegative products of alphas and betas. CP-NN, whose value is the optimum, asks that it is completely
positive over R^{2n}_+ x R^{d+c} (docs/method.md, sections 3a and 8). A copositive M of order 2n with a
negative product with Lambda is a valid inequality that SDP-NN lacks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from certify.completely_positive import CompletePositivityReport, decide
from certify.progress import Observer
from certify.symmetric_matrix import SymmetricMatrix
from formulations.copositive_cuts import CutRound, copositive_cuts
from formulations.multipliers import Matrix
from formulations.nearest_cp import nearest_cp
from formulations.reduced import ReducedSolution, solve_reduced
from formulations.splitting import extend

_MARGIN = 30.0  # of the distance: it is the least there is up to 3 %
_TOLERANCE = 1e-6  # a relative distance below it is no more than a solver's error
_BITS = 40  # of the entries of the repaired matrix
_IDLE = 1e-9  # diagonal entries below it, relative to the largest, are a solver's noise


@dataclass(frozen=True)
class LiftedDiagnosis:
    """How a solution of SDP-NN stands to CP-NN.

    Attributes:
        lifted: Lambda as the solver has it, of order 2n + d + c over (alpha, beta, u, v); symmetric.
        rows: n.
        value: SDP-NN's value (a loss), the solver's word.
        least_entry: the smallest product of two alphas or betas, over the largest; negative by the solver's
            error alone.
        least_eigenvalue: of Lambda, over the largest.
        distance: |B - sum_k b_k b_k^T|_F over |B|_F for the block B of (alpha, beta) and the best b_k >= 0
            that were found; an estimate, from above.
        columns: the number of these b_k.
        repair: |Lambda' - Lambda|_F over |Lambda|_F for the doubly nonnegative rational matrix Lambda' that
            `report` is about.
        report: the answer for Lambda', with its certificate.
        separation: <M, B> / (|M|_F |B|_F) for the copositive matrix M of the certificate and the solver's B,
            both scaled to a diagonal of ones of B; negative. None if Lambda' is not separated.
        rounds: SDP-NN with more and more copositive cuts; () if none were asked for.
    """

    lifted: Matrix
    rows: int
    value: float
    least_entry: float
    least_eigenvalue: float
    distance: float
    columns: int
    repair: float
    report: CompletePositivityReport
    separation: float | None
    rounds: tuple[CutRound, ...]

    @property
    def cut(self) -> SymmetricMatrix | None:
        """M, of order 2n, with <M, B> >= 0 for CP-NN and < 0 here; None if Lambda' is not separated."""
        certificate = self.report.certificate
        if certificate is None or not certificate.separator:
            return None
        return SymmetricMatrix(certificate.separator, 1)


def diagnose(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    solution: ReducedSolution | None = None,
    cuts: int = 0,
    time_limit: float | None = None,
    observer: Observer | None = None,
) -> LiftedDiagnosis:
    """Solve SDP-NN and say how far its matrix is from complete positivity; meant for about ten samples.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        solution: of SDP-NN in its reduced form, if it is at hand.
        cuts: how many copositive cuts to add one by one, to see what they are worth.
        time_limit: in seconds, for the decision; none by default.
        observer: watches the decision.

    Raises:
        ValueError: the problem is malformed, or the solver returned no numbers.
        DataError: the time limit is no positive number.
    """
    solved = solve_reduced(X, Y, gamma) if solution is None else solution
    n = len(X)
    lifted = extend((solved.lifted + solved.lifted.T) / 2, X)
    lifted = (lifted + lifted.T) / 2
    block = lifted[: 2 * n, : 2 * n]
    size = float(np.linalg.norm(block))
    nearest = (
        nearest_cp(2 * n / size * block, [np.eye(2 * n)], tolerance=_TOLERANCE, margin=_MARGIN)
        if size > 0
        else None
    )
    eigenvalues = np.linalg.eigvalsh(lifted)
    repaired = _repaired(lifted, n)
    report = decide(repaired, free=len(lifted) - 2 * n, time_limit=time_limit, observer=observer)
    difference = np.array(repaired.entries, dtype=float) / repaired.denominator - lifted
    diagnosis = LiftedDiagnosis(
        lifted=lifted,
        rows=n,
        value=solved.value,
        least_entry=float(block.min() / max(float(block.max()), 1e-300)),
        least_eigenvalue=float(eigenvalues[0] / max(float(eigenvalues[-1]), 1e-300)),
        distance=0.0 if nearest is None else nearest.distance / (2 * n),
        columns=0 if nearest is None else len(nearest.columns),
        repair=float(np.linalg.norm(difference)) / max(float(np.linalg.norm(lifted)), 1e-300),
        report=report,
        separation=None,
        rounds=copositive_cuts(X, Y, gamma, cuts=cuts) if cuts else (),
    )
    cut = diagnosis.cut
    return diagnosis if cut is None else replace(diagnosis, separation=_separation(cut, block))


def _separation(cut: SymmetricMatrix, block: Matrix) -> float:
    """Return the cosine of the angle between M and B, where B is scaled to a diagonal of ones."""
    roots = np.sqrt(np.maximum(block.diagonal(), 0.0))
    alive = roots > np.sqrt(_IDLE) * float(roots.max())
    kept = np.ix_(alive, alive)
    scale = np.outer(roots, roots)[kept]
    unit = block[kept] / scale
    M = np.array(cut.entries, dtype=float)[kept] * scale
    return float(np.sum(M * unit)) / float(np.linalg.norm(M) * np.linalg.norm(unit))


def _repaired(lifted: Matrix, n: int) -> SymmetricMatrix:
    """Return a semidefinite rational matrix near Lambda, without negative entries in its block of order 2n.

    Products alpha_i beta_i become zero exactly, and so does what belongs to alphas and betas that are never
    positive. What that and rounding take from the eigenvalues is added to the diagonal.
    """
    matrix = lifted.copy()
    block = matrix[: 2 * n, : 2 * n]
    np.maximum(block, 0.0, out=block)
    pairs = np.arange(n)
    block[pairs, n + pairs] = block[n + pairs, pairs] = 0.0
    largest = float(matrix.diagonal().max(initial=0.0))
    idle = matrix.diagonal() <= _IDLE * largest
    matrix[idle] = matrix[:, idle] = 0.0
    shift = max(-float(np.linalg.eigvalsh(matrix)[0]), 0.0) + 1e-12 * largest
    matrix[np.diag_indices_from(matrix)] += np.where(idle, 0.0, 2 * shift)
    unit = Fraction(2) ** (int(np.frexp(largest)[1]) - _BITS)
    entries = [[round(entry / float(unit)) * unit for entry in row] for row in matrix.tolist()]
    return SymmetricMatrix.from_rationals(entries, "the lifted matrix")

"""Why SDP-NN is loose: how far its lifted matrix is from complete positivity, and what cuts it off.

SDP-NN asks of the matrix Lambda, of order 2n + d + c over (alpha, beta, u, v), that it is semidefinite with
nonnegative products of alphas and betas. CP-NN, whose value is the optimum, asks that it is completely
positive over R^{2n}_+ x R^{d+c} (docs/method.md, sections 3a and 8). A copositive M of order 2n with a
negative product with Lambda is a valid inequality that SDP-NN lacks. Five activations are the fewest that M
can be about, and Horn's inequality between five is looked for first.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

import numpy as np

from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.matrix import SymmetricMatrix
from certify.matrices.completely_positive.decide import CompletePositivityReport, decide_complete_positivity
from certify.runtime.progress import Observer
from formulations.arrays import Indices, Matrix, Vector, check_problem
from formulations.copositive.horn import HORN, HornCut, strongest_horn_cut
from formulations.copositive.nearest_cp import nearest_cp
from formulations.sdp.conic.reduced import ReducedSolution, solve_reduced
from formulations.sdp.copositive_cuts import CutRound, copositive_cuts
from formulations.sdp.lifted import extend

_MARGIN = 30.0  # of the distance: it is the least there is up to 3 %
_TOLERANCE = 1e-6  # a relative distance below it is no more than a solver's error
_RANK = 1e-6  # of the largest eigenvalue: those below do not count
_BITS = 40  # of the entries of the repaired matrix
_WEIGHT_BITS = 12  # of the least weight of Horn's inequality
_IDLE = 1e-9  # diagonal entries below it, relative to the largest, are a solver's noise
_TINY = 1e-300
_LEAST_SECONDS = 0.1  # for the decision, when the time is all but up
_NEAR_SECONDS = 2.0  # for it, where nothing will be cut off


class Finding(Enum):
    """How SDP-NN's matrix stands to the completely positive ones."""

    ZERO = "it is zero"
    PROVED = "completely positive"
    NEAR = "completely positive up to the solver's error"
    SEPARATED = "not completely positive"
    OPEN = "undecided"


@dataclass(frozen=True)
class LiftedDiagnosis:
    """How a solution of SDP-NN stands to CP-NN.

    Attributes:
        lifted: Lambda as the solver has it, of order 2n + d + c over (alpha, beta, u, v); symmetric.
        rows: n.
        value: SDP-NN's value (a loss), the solver's word.
        zero: whether that is the loss of the network without neurons, up to the solver's error: then Lambda
            is nothing but this error, and nothing else is asked of it.
        least_entry: the smallest product of two alphas or betas, over the largest; negative by the solver's
            error alone.
        least_eigenvalue: of Lambda, over the largest.
        rank: how many eigenvalues of Lambda are above 1e-6 of the largest.
        distance: |B - sum_k b_k b_k^T|_F over |B|_F for the block B of (alpha, beta) and the best b_k >= 0
            that were found; an estimate, from above.
        columns: the number of these b_k.
        repair: |Lambda' - Lambda|_F over |Lambda|_F for the doubly nonnegative rational matrix Lambda' that
            `report` is about; the parts over (alpha, beta), u and v are first scaled to one size.
        report: the answer for Lambda', with its certificate; None if `zero`.
        horn: Horn's inequality that M is, over coordinates of (alpha, beta) that are scaled to a diagonal of
            ones of B; None if M is no such inequality, or there is none.
        separation: <M, B> / (|M|_F |B|_F) for the copositive matrix M of the certificate and the solver's B,
            both scaled to a diagonal of ones of B; negative. None if Lambda' is not separated.
        rounds: SDP-NN with more and more copositive cuts, of which M is the first; () if none were asked for.
    """

    lifted: Matrix
    rows: int
    value: float
    zero: bool
    least_entry: float
    least_eigenvalue: float
    rank: int
    distance: float = 0.0
    columns: int = 0
    repair: float = 0.0
    report: CompletePositivityReport | None = None
    horn: HornCut | None = None
    separation: float | None = None
    rounds: tuple[CutRound, ...] = ()

    @property
    def block(self) -> Matrix:
        """B, of order 2n over (alpha, beta)."""
        return self.lifted[: 2 * self.rows, : 2 * self.rows]

    @property
    def cut(self) -> SymmetricMatrix | None:
        """M, of order 2n, with <M, B> >= 0 for CP-NN and < 0 here; None if Lambda' is not separated."""
        certificate = None if self.report is None else self.report.certificate
        if certificate is None or not certificate.separator:
            return None
        return SymmetricMatrix(certificate.separator, 1)

    @property
    def finding(self) -> Finding:
        """What this comes to."""
        if self.zero or self.report is None:
            return Finding.ZERO
        if self.report.answer == "yes":
            return Finding.PROVED
        if self.distance <= _TOLERANCE:
            return Finding.NEAR
        return Finding.SEPARATED if self.cut is not None else Finding.OPEN


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
        time_limit: in seconds, after which the decision and the cuts end where they are; none by default.
        observer: watches the decision.

    Raises:
        ValueError: the problem is malformed, or the solver returned no numbers.
        DataError: the time limit is no positive number.
    """
    check_problem(X, Y, gamma)
    end = None if time_limit is None else time.monotonic() + time_limit
    solved = solve_reduced(X, Y, gamma) if solution is None else solution
    (n, d), order = X.shape, 2 * len(X)
    lifted = extend(solved.lifted, X)
    lifted = (lifted + lifted.T) / 2
    block = lifted[:order, :order]
    scales = _scales(lifted, n, d)
    scaled = scales[:, None] * lifted * scales
    eigenvalues = np.linalg.eigvalsh(scaled)
    found = LiftedDiagnosis(
        lifted=lifted,
        rows=n,
        value=solved.value,
        zero=solved.value >= (1 - _TOLERANCE) * float(np.sum(Y**2)) / 2,
        least_entry=float(block.min() / max(float(block.max()), _TINY)),
        least_eigenvalue=float(eigenvalues[0] / max(float(eigenvalues[-1]), _TINY)),
        rank=int(np.sum(eigenvalues > _RANK * eigenvalues[-1])),
    )
    if found.zero:
        return found

    def over(_: float = 0.0) -> bool:
        return end is not None and time.monotonic() > end

    size = float(np.linalg.norm(block)) / order
    nearest = nearest_cp(
        block / size, [np.eye(order)], tolerance=_TOLERANCE, margin=_MARGIN, should_stop=over
    )
    horn = _horn_cut(block)
    separators = [] if horn is None else [_integers(horn, block)]
    repaired = _repaired(scaled, n, scales)
    # On the boundary of the cone a proof may take hours, and says no more than the distance does.
    is_near = nearest.distance <= _TOLERANCE * order
    limits = [_NEAR_SECONDS] * is_near + (
        [] if end is None else [max(end - time.monotonic(), _LEAST_SECONDS)]
    )
    report = decide_complete_positivity(
        repaired,
        free=len(lifted) - order,
        separators=separators,
        time_limit=min(limits, default=None),
        observer=observer,
    )
    change = scales[:, None] * _floats(repaired) * scales - scaled
    found = replace(
        found,
        distance=nearest.distance / order,
        columns=len(nearest.columns),
        repair=float(np.linalg.norm(change) / np.linalg.norm(scaled)),
        report=report,
    )
    M = None if found.cut is None else _floats(found.cut)
    return replace(
        found,
        horn=horn if found.cut is not None and found.cut.entries in separators else None,
        separation=None if M is None else _separation(M, block),
        rounds=(
            copositive_cuts(X, Y, gamma, cuts=cuts, solution=solved, first=M, should_stop=over)
            if cuts
            else ()
        ),
    )


def unit_coordinates(block: Matrix) -> tuple[Indices, Vector]:
    """Return which coordinates of B are more than a solver's noise, and the roots of their <z_i z_i>."""
    diagonal = block.diagonal()
    alive = np.flatnonzero(diagonal > _IDLE * float(diagonal.max()))
    return alive, np.sqrt(diagonal[alive])


def _separation(M: Matrix, block: Matrix) -> float:
    """Return the cosine of the angle between M and B, where B is scaled to a diagonal of ones."""
    alive, roots = unit_coordinates(block)
    kept, scale = np.ix_(alive, alive), np.outer(roots, roots)
    unit, scaled = block[kept] / scale, M[kept] * scale
    return float(np.sum(scaled * unit)) / float(np.linalg.norm(scaled) * np.linalg.norm(unit))


def _horn_cut(block: Matrix) -> HornCut | None:
    """Return the strongest of Horn's inequalities for B with a diagonal of ones, as one about all of B."""
    alive, roots = unit_coordinates(block)
    unit = _nonnegative(block)[np.ix_(alive, alive)] / np.outer(roots, roots)
    cut = strongest_horn_cut(unit)
    return None if cut is None else replace(cut, places=tuple(alive[list(cut.places)].tolist()))


def _integers(horn: HornCut, block: Matrix) -> IntegerRows:
    """Return Horn's inequality as a matrix of order 2n for B as it is, in the smallest integers."""
    weights = np.array(horn.weights) / np.sqrt(block.diagonal()[list(horn.places)])
    whole = [round(weight) for weight in (weights / weights.min() * 2.0**_WEIGHT_BITS).tolist()]
    divisor = math.gcd(*whole)
    rows = [[0] * len(block) for _ in block]
    for i, first, signs in zip(horn.places, whole, HORN, strict=True):
        for j, second, sign in zip(horn.places, whole, signs, strict=True):
            rows[i][j] = sign * (first // divisor) * (second // divisor)
    return tuple(map(tuple, rows))


def _nonnegative(block: Matrix) -> Matrix:
    """Return B with zeros for the alpha_i beta_i, which are zero, and for what is negative."""
    n = len(block) // 2
    clipped, pairs = np.maximum(block, 0.0), np.arange(n)
    clipped[pairs, n + pairs] = clipped[n + pairs, pairs] = 0.0
    return clipped


def _scales(lifted: Matrix, n: int, d: int) -> Vector:
    """Return powers of two that bring (alpha, beta), u and v to one size, whatever the units of the data."""
    parts = np.split(lifted.diagonal(), [2 * n, 2 * n + d])
    halves = [int(np.frexp(part.max())[1]) // 2 for part in parts]
    return np.concatenate([np.full(len(part), 2.0**-half) for part, half in zip(parts, halves, strict=True)])


def _repaired(scaled: Matrix, n: int, scales: Vector) -> SymmetricMatrix:
    """Return a semidefinite rational matrix near Lambda, without negative entries in its block of order 2n.

    Products alpha_i beta_i become zero exactly, and so does what belongs to activations and weights that are
    nothing but noise. What that and rounding take from the eigenvalues is added to the diagonal.

    Args:
        scaled: Lambda in the scales.
        n: the number of samples.
        scales: powers of two, one for each coordinate.
    """
    matrix = scaled.copy()
    matrix[: 2 * n, : 2 * n] = _nonnegative(matrix[: 2 * n, : 2 * n])
    idle = matrix.diagonal() <= _IDLE * float(matrix.diagonal().max())
    matrix[idle] = matrix[:, idle] = 0.0
    # Rounding changes no eigenvalue by more than half a unit for each coordinate.
    unit = 2.0**-_BITS
    shift = max(-float(np.linalg.eigvalsh(matrix)[0]), 0.0) + len(matrix) * unit
    matrix[np.diag_indices_from(matrix)] += np.where(idle, 0.0, shift)
    exact = [Fraction(scale) for scale in scales.tolist()]
    entries = [
        [Fraction(round(entry / unit), 2**_BITS) / (s * t) for entry, t in zip(row, exact, strict=True)]
        for row, s in zip(matrix.tolist(), exact, strict=True)
    ]
    return SymmetricMatrix.from_rationals(entries, "the lifted matrix")


def _floats(matrix: SymmetricMatrix) -> Matrix:
    """Return a rational matrix in floating point."""
    return np.array([[entry / matrix.denominator for entry in row] for row in matrix.entries])

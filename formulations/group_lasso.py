"""The convex master: networks whose hidden directions are fixed (docs/method.md, section 4).

With unit directions u_k and atoms a_k = relu(X u_k), the training problem over the output weights is

    min_V  1/2 |A V - Y|_F^2 + gamma sum_k |v_k|_2 .

Writing |v| = min over eta > 0 of (|v|^2 / eta + eta) / 2 and minimising over V leaves one number per atom,

    min_{eta >= 0}  gamma/2 sum_k eta_k + gamma/2 tr( Y^T (gamma I + A diag(eta) A^T)^-1 Y ) ,

which is smooth and convex. With W the matrix (gamma I + A diag(eta) A^T)^-1 Y the output weights are
v_k = eta_k W^T a_k, the residual is gamma W, and an atom belongs to an optimal network where |W^T a_k| = 1.
A primal-dual interior-point method on eta needs about a dozen Newton steps, each of the order of the number
of atoms whatever the number of outputs, and does not suffer from nearly parallel atoms.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_STALLED_AFTER = 10


@dataclass(frozen=True)
class GroupLassoSolution:
    """Output weights over fixed atoms, with a measure of how good they are.

    Attributes:
        output: V, of shape (K, c); the rows of unused atoms are exactly zero.
        residual: Y - A V, of shape (n, c).
        dual_point: N, of shape (n, c), feasible: |a_k^T N| <= gamma for every atom. At the optimum it is the
            residual, up to rounding.
        value: 1/2 |A V - Y|_F^2 + gamma sum_k |v_k| (a loss).
        gap: value minus the dual bound <N, Y> - |N|_F^2 / 2 (a loss): up to rounding, no V has a value
            below value - gap.
        iterations: Newton steps.
    """

    output: Matrix
    residual: Matrix
    dual_point: Matrix
    value: float
    gap: float
    iterations: int


def solve_group_lasso(
    atoms: Matrix, targets: Matrix, gamma: float, *, tolerance: float = 1e-10, max_iterations: int = 60
) -> GroupLassoSolution:
    """Train the output weights over fixed hidden directions to the global optimum of that convex problem.

    Args:
        atoms: A, of shape (n, K); column k is relu(X u_k) of a unit direction u_k.
        targets: Y, of shape (n, c).
        gamma: weight of the penalty, positive.
        tolerance: relative duality gap to stop at.
        max_iterations: limit of Newton steps.

    Returns:
        The best point met, also where rounding or the limit leaves a gap above the tolerance.

    Raises:
        ValueError: if gamma is not positive or the numbers of rows differ.
    """
    if not gamma > 0:
        raise ValueError(f"gamma is {gamma}, but the weight of the penalty must be positive")
    if atoms.shape[0] != targets.shape[0]:
        raise ValueError(f"atoms have {len(atoms)} rows but targets {len(targets)}: give one row per sample")
    count, half_square = atoms.shape[1], 0.5 * float(np.sum(targets**2))
    if np.linalg.norm(atoms.T @ targets, axis=1).max(initial=0.0) <= gamma * (1 + 1e-12):
        zero = np.zeros((count, targets.shape[1]))
        return GroupLassoSolution(zero, targets.copy(), targets.copy(), half_square, 0.0, 0)
    # Fewer atoms than samples: only the part of Y in their span can be fitted, so n shrinks to K.
    basis = np.linalg.qr(atoms)[0] if count < atoms.shape[0] else np.eye(atoms.shape[0])
    beyond = targets - basis @ (basis.T @ targets)
    master = _Master(basis.T @ atoms, basis.T @ targets, gamma, 0.5 * float(np.sum(beyond**2)))
    best, iterations = _interior_point(master, tolerance, max_iterations)

    output = best.eta[:, None] * best.correlations
    residual = targets - atoms @ output
    value = 0.5 * float(np.sum(residual**2)) + gamma * float(np.linalg.norm(output, axis=1).sum())
    dual_point = basis @ best.dual_point + beyond
    return GroupLassoSolution(output, residual, dual_point, value, max(best.gap, 0.0), iterations)


@dataclass(frozen=True)
class _Point:
    """What a Newton step needs at one eta, and the duality gap there."""

    eta: Vector
    correlations: Matrix  # W^T a_k as rows, K x c
    gram: Matrix  # a_k^T (gamma I + A diag(eta) A^T)^-1 a_l
    dual_point: Matrix
    value: float
    gap: float


@dataclass(frozen=True)
class _Master:
    """The problem in eta; unreachable is the part of the loss that no atom can change."""

    atoms: Matrix
    targets: Matrix
    gamma: float
    unreachable: float

    def at(self, eta: Vector) -> _Point:
        A, Y, gamma = self.atoms, self.targets, self.gamma
        factor = self._factor(eta)
        half = scipy.linalg.solve_triangular(factor, A, lower=True, check_finite=False)
        weights = scipy.linalg.cho_solve((factor, True), Y, check_finite=False)
        # One step of refinement: without it the gap stalls near 1e-9 when gamma is small.
        defect = Y - gamma * weights - (A * eta) @ (A.T @ weights)
        weights = weights + scipy.linalg.cho_solve((factor, True), defect, check_finite=False)
        correlations = A.T @ weights
        norms = np.linalg.norm(correlations, axis=1)
        fitted = A @ (eta[:, None] * correlations)
        value = 0.5 * float(np.sum((Y - fitted) ** 2)) + gamma * float(eta @ norms)
        dual_point = gamma * weights
        fit, square = float(np.sum(dual_point * Y)), float(np.sum(dual_point**2))
        scale = min(1 / norms.max(), fit / square)
        gap = value - (scale * fit - scale**2 / 2 * square)
        return _Point(eta, correlations, half.T @ half, scale * dual_point, value + self.unreachable, gap)

    def _factor(self, eta: Vector) -> Matrix:
        """Return the lower triangular L with L L^T = gamma I + A diag(eta) A^T."""
        A, identity = self.atoms, np.eye(len(self.atoms))
        try:
            factor: Matrix = scipy.linalg.cholesky(self.gamma * identity + (A * eta) @ A.T, lower=True)
        except np.linalg.LinAlgError:  # gamma is lost in the rounding of the sum, not in that of its root
            root = np.vstack([np.sqrt(eta)[:, None] * A.T, np.sqrt(self.gamma) * identity])
            factor = scipy.linalg.qr(root, mode="r")[0][: len(A)].T
        return factor


@dataclass(frozen=True)
class _State:
    """A point of the interior and its slack: the gradient, once eta * slack has vanished."""

    point: _Point
    slack: Vector


def _interior_point(master: _Master, tolerance: float, max_iterations: int) -> tuple[_Point, int]:
    """Take Newton steps on (eta, slack) until the gap closes or rounding stops all progress."""
    state = best = _start(master)
    least_product = np.inf
    iteration = last_progress = 0
    while best.point.gap > tolerance * best.point.value and iteration < max_iterations:
        try:
            state = _advance(master, state)
        except np.linalg.LinAlgError:  # positive definite, but not to working precision
            break
        iteration += 1
        product = float(state.point.eta @ state.slack)
        if product < least_product / 2:
            least_product, last_progress = product, iteration
        if state.point.gap < best.point.gap:
            best, last_progress = state, iteration
        if iteration - last_progress >= _STALLED_AFTER:
            break
    return _without_zeros(master, best, tolerance), iteration


def _start(master: _Master) -> _State:
    """Return an eta whose entries are all equal, to a factor of four the best such one.

    Where the best is zero, it is set by the atom that on its own has the largest eta.
    """
    squares, vectors = np.linalg.eigh(master.atoms @ master.atoms.T)
    squares = np.maximum(squares, 0.0)
    energy = np.sum((vectors.T @ master.targets) ** 2, axis=1)
    count = master.atoms.shape[1]
    norms = np.linalg.norm(master.atoms, axis=0)
    excess = np.linalg.norm(master.atoms.T @ master.targets, axis=1) - master.gamma
    alone = float(np.max(excess[excess > 0] / norms[excess > 0] ** 2))

    def is_too_large(level: float) -> bool:
        return bool(count > np.sum(energy * squares / (master.gamma + level * squares) ** 2))

    level = alone
    while not is_too_large(level):
        level *= 4
    while is_too_large(level / 4) and level > alone / count:
        level /= 4
    return _State(master.at(np.full(count, level)), np.full(count, master.gamma / 2))


def _advance(master: _Master, state: _State) -> _State:
    """Take one predictor-corrector step."""
    point, slack, gamma = state.point, state.slack, master.gamma
    eta = point.eta
    gradient = gamma / 2 * (1 - np.sum(point.correlations**2, axis=1))
    hessian = gamma * point.gram * (point.correlations @ point.correlations.T)
    # Careful steps far from the solution keep eta * slack even; long ones end with fast convergence.
    reach = 1 - min(max(point.gap / point.value, 0.005), 0.1)
    # In the units of sqrt(eta / slack) the diagonal that the barrier adds is the identity.
    unit = np.sqrt(eta / slack)
    scaled = hessian * unit * unit[:, None] + np.eye(len(eta))
    factor = scipy.linalg.cho_factor(scaled, check_finite=False, overwrite_a=True)
    predictor = _newton(factor, unit, -gradient)
    predictor_slack = -slack - slack / eta * predictor
    ahead = eta + _step(eta, predictor, reach) * predictor
    product_ahead = float(ahead @ (slack + _step(slack, predictor_slack, reach) * predictor_slack))
    product = float(eta @ slack)
    centring = product * min(max((product_ahead / product) ** 3, 1e-6), 1.0)
    # Complementarity must not run ahead of slack = gradient, or the steps become tiny.
    mismatch = float(eta @ np.abs(gradient - slack))
    centring = max(centring, min(0.1 * mismatch, product)) / len(eta)
    aim = (centring - predictor * predictor_slack) / eta
    change = _newton(factor, unit, aim - gradient)
    slack_change = aim - slack - slack / eta * change
    return _State(
        master.at(eta + _step(eta, change, reach) * change),
        slack + _step(slack, slack_change, reach) * slack_change,
    )


def _newton(factor: tuple[Matrix, bool], unit: Vector, right: Vector) -> Vector:
    return unit * scipy.linalg.cho_solve(factor, unit * right, check_finite=False)


def _step(values: Vector, change: Vector, reach: float) -> float:
    """Return the step, at most one, that goes the fraction reach of the way to the first zero."""
    falling = change < 0
    return min(1.0, reach * float(np.min(-values[falling] / change[falling], initial=np.inf)))


def _without_zeros(master: _Master, state: _State, tolerance: float) -> _Point:
    """Set to exact zero the atoms whose eta vanishes rather than their slack, unless the loss suffers.

    The dual point stays: it feels the removal at first order, the loss only at second.
    """
    point = state.point
    used = point.eta / point.eta.max() > state.slack / (master.gamma / 2)
    sparse = master.at(np.where(used, point.eta, 0.0))
    gap = point.gap + sparse.value - point.value
    if gap > max(2 * point.gap, tolerance * point.value):
        return point
    return dataclasses.replace(sparse, dual_point=point.dual_point, gap=gap)

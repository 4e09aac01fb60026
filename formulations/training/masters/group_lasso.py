"""The convex master: the best network over fixed hidden directions, for the squared loss.

It is what column generation solves again and again (docs/method.md, section 4). With unit directions u_k and
atoms a_k = relu(X u_k), the training problem over the output weights is

    min_V  1/2 |A V - Y|_F^2 + gamma sum_k |v_k|_2 .

Writing |v| = min over eta > 0 of (|v|^2 / eta + eta) / 2 and minimising over V leaves one number per atom,

    min_{eta >= 0}  gamma/2 sum_k eta_k + gamma/2 tr( Y^T (gamma I + A diag(eta) A^T)^-1 Y ) ,

which is smooth and convex. With W the matrix (gamma I + A diag(eta) A^T)^-1 Y the output weights are
v_k = eta_k W^T a_k, the dual point is gamma W, and an atom belongs to an optimal network where |W^T a_k| = 1.
A primal-dual interior-point method on eta needs about a dozen Newton steps, each of the order of the number
of atoms whatever the number of outputs, and does not suffer from nearly parallel atoms. Where there are fewer
atoms than samples, the inverse is taken through A^T A.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from formulations.arrays import Matrix, Vector
from formulations.losses.squared import SquaredLoss

_STALLED_AFTER = 10
_JITTER = 1e-13
_STIFF = 1e7


@dataclass(frozen=True)
class GroupLassoSolution:
    """Output weights over fixed atoms, with a measure of how good they are.

    Attributes:
        output: V, of shape (K, c); the rows of unused atoms are exactly zero.
        dual_point: N, of shape (n, c), feasible: |a_k^T N| <= gamma for every atom. At the optimum it is
            minus the loss's gradient at A V, up to rounding.
        value: 1/2 |A V - Y|_F^2 + gamma sum_k |v_k| (a loss).
        gap: value minus the loss's dual value of N (a loss): up to rounding, no V has a value below
            value - gap.
        iterations: Newton steps.
    """

    output: Matrix
    dual_point: Matrix
    value: float
    gap: float
    iterations: int


def solve_group_lasso(
    atoms: Matrix,
    loss: SquaredLoss,
    gamma: float,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 60,
    should_stop: Callable[[], bool] = lambda: False,
) -> GroupLassoSolution:
    """Train the output weights over fixed hidden directions to the global optimum of that convex problem.

    Args:
        atoms: A, of shape (n, K); column k is relu(X u_k) of a unit direction u_k.
        loss: with its targets Y, of shape (n, c).
        gamma: weight of the penalty, positive.
        tolerance: relative duality gap to stop at.
        max_iterations: limit of Newton steps.
        should_stop: asked before each of them; once true, that is the end as well.

    Returns:
        The best point met, also where rounding or a limit leaves a gap above the tolerance.

    Raises:
        ValueError: if gamma is not positive or the numbers of rows differ.
    """
    if not gamma > 0:
        raise ValueError(f"gamma is {gamma}, but the weight of the penalty must be positive")
    targets = loss.targets
    if atoms.shape[0] != targets.shape[0]:
        raise ValueError(f"atoms have {len(atoms)} rows but targets {len(targets)}: give one row per sample")
    nothing = np.zeros_like(targets)
    dual_point = -loss.gradient(nothing)
    if np.linalg.norm(atoms.T @ dual_point, axis=1).max(initial=0.0) <= gamma * (1 + 1e-12):
        zero = np.zeros((atoms.shape[1], targets.shape[1]))
        return GroupLassoSolution(zero, dual_point, loss.value(nothing), 0.0, 0)
    master = _Master(atoms, loss, gamma, atoms.T @ atoms)
    best, iterations = _interior_point(master, tolerance, max_iterations, should_stop)
    return GroupLassoSolution(best.output, best.dual_point, best.value, max(best.gap, 0.0), iterations)


@dataclass(frozen=True)
class _Point:
    """What a Newton step needs at one eta, and the duality gap there."""

    eta: Vector
    correlations: Matrix  # W^T a_k as rows, K x c
    hat: Matrix  # diag(eta)^1/2 A^T (gamma I + A diag(eta) A^T)^-1 A diag(eta)^1/2; only its lower triangle
    output: Matrix
    dual_point: Matrix
    value: float
    gap: float


@dataclass(frozen=True)
class _Master:
    """The problem in eta, with its Gram matrix A^T A."""

    atoms: Matrix
    loss: SquaredLoss
    gamma: float
    gram: Matrix

    def at(self, eta: Vector) -> _Point:
        """Evaluate at a positive eta."""
        A, Y, gamma = self.atoms, self.loss.targets, self.gamma
        solve, hat = self._inverse(eta)

        weights = solve(Y)
        # One step of refinement: without it the gap stalls near 1e-8 when gamma is small.
        weights += solve(Y - gamma * weights - A @ (eta[:, None] * (A.T @ weights)))
        correlations = A.T @ weights
        output = eta[:, None] * correlations
        dual_point = gamma * weights
        value = self.loss.value(A @ output) + gamma * float(np.linalg.norm(output, axis=1).sum())
        # Where gamma is below rounding, the residual and with it all correlations may vanish.
        largest = float(np.linalg.norm(correlations, axis=1).max())
        most = 1 / max(largest, np.finfo(float).tiny)
        scale, bound = self.loss.best_multiple(dual_point, most)
        return _Point(eta, correlations, hat, output, scale * dual_point, value, value - bound)

    def _inverse(self, eta: Vector) -> tuple[Callable[[Matrix], Matrix], Matrix]:
        """Return how to solve (gamma I + A diag(eta) A^T) W = right, and the hat matrix."""
        A, gamma = self.atoms, self.gamma
        samples, count = A.shape
        root = np.sqrt(eta / gamma)
        scaled = A * root
        # Through the Gram matrix both are differences, which cancel where eta is large.
        is_stiff = np.max(eta * np.diag(self.gram)) > _STIFF * gamma
        if count > 2 * samples or (is_stiff and samples <= 2 * count):
            factor = _factor(scaled @ scaled.T, scaled.T)
            half = scipy.linalg.solve_triangular(factor, scaled, lower=True, check_finite=False)
            return (
                lambda right: scipy.linalg.cho_solve((factor, True), right, check_finite=False) / gamma,
                half.T @ half,
            )
        if is_stiff:
            return _through_orthogonal_columns(scaled, gamma)
        factor = _factor(self.gram * root * root[:, None], scaled)
        hat: Matrix = -scipy.linalg.lapack.dpotri(factor, lower=1)[0]
        hat[np.diag_indices(count)] += 1

        def solve(right: Matrix) -> Matrix:
            inner = scipy.linalg.cho_solve((factor, True), scaled.T @ right, check_finite=False)
            difference: Matrix = right - scaled @ inner
            return difference / gamma

        return solve, hat

    def only(self, atoms: NDArray[np.intp]) -> _Master:
        """Return the problem without the other atoms."""
        return _Master(self.atoms[:, atoms], self.loss, self.gamma, self.gram[np.ix_(atoms, atoms)])


def _through_orthogonal_columns(scaled: Matrix, gamma: float) -> tuple[Callable[[Matrix], Matrix], Matrix]:
    """Return what `_inverse` does for many samples and few atoms: nothing is as large as the samples squared.

    With [S; I] = Q R for the scaled atoms S, the columns of the upper part of Q span what I + S S^T raises,
    and the lower part is the inverse of R.
    """
    samples, count = scaled.shape
    stacked = np.vstack([scaled, np.eye(count)])
    columns = scipy.linalg.qr(stacked, mode="economic", overwrite_a=True, check_finite=False)[0]
    upper, lower = columns[:samples], columns[samples:]
    return lambda right: (right - upper @ (upper.T @ right)) / gamma, np.eye(count) - lower @ lower.T


def _factor(product: Matrix, root: Matrix) -> Matrix:
    """Return the lower triangular L with L L^T = I + product, where product = root^T root."""
    identity = np.eye(len(product))
    try:
        return np.asarray(scipy.linalg.cholesky(identity + product, lower=True, check_finite=False))
    except np.linalg.LinAlgError:  # the identity is lost in the rounding of the sum, not in that of its root
        stacked = np.vstack([root, identity])
        return np.asarray(scipy.linalg.qr(stacked, mode="r")[0][: len(product)].T, dtype=np.float64)


@dataclass(frozen=True)
class _State:
    """A point of the interior and its slack: the gradient, once eta * slack has vanished."""

    point: _Point
    slack: Vector


def _interior_point(
    master: _Master, tolerance: float, max_iterations: int, should_stop: Callable[[], bool]
) -> tuple[_Point, int]:
    """Take Newton steps on (eta, slack) until the gap closes, rounding stops all progress, or it is time."""
    # All eta alike: no optimal ones have a larger sum.
    count = master.atoms.shape[1]
    level = master.loss.value(np.zeros_like(master.loss.targets)) / (master.gamma * count)
    state = best = _State(master.at(np.full(count, level)), np.full(count, master.gamma / 2))
    least_product = np.inf
    iteration = last_progress = 0
    while best.point.gap > tolerance * best.point.value and iteration < max_iterations:
        if should_stop():
            break
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


def _advance(master: _Master, state: _State) -> _State:
    """Take one predictor-corrector step."""
    point, slack, gamma = state.point, state.slack, master.gamma
    eta = point.eta
    gradient = gamma / 2 * (1 - np.sum(point.correlations**2, axis=1))
    # Careful steps far from the solution keep eta * slack even; long ones end with fast convergence.
    reach = 1 - min(max(point.gap / point.value, 0.005), 0.1)
    # In the units of sqrt(eta / slack) the diagonal that the barrier adds is the identity.
    unit = np.sqrt(eta / slack)
    factor = _factor_newton(point, slack, gamma)
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


def _factor_newton(point: _Point, slack: Vector, gamma: float) -> tuple[Matrix, bool]:
    """Factor the Hessian plus the barrier in the units in which the latter is the identity."""
    weights = point.correlations / np.sqrt(slack)[:, None]
    scaled = gamma * point.hat * (weights @ weights.T)
    diagonal = np.diag_indices_from(scaled)
    scaled[diagonal] += 1
    try:
        return scipy.linalg.cho_factor(scaled, lower=True, check_finite=False)
    except np.linalg.LinAlgError:  # the slack of parallel atoms is below the rounding of the hat
        scaled[diagonal] += _JITTER * float(scaled[diagonal].max())
        return scipy.linalg.cho_factor(scaled, lower=True, check_finite=False)


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
    used = np.flatnonzero(point.eta / point.eta.max() > state.slack / (master.gamma / 2))
    if not len(used):  # at the start no atom is told from the others yet
        return point
    sparse = master.only(used).at(point.eta[used])
    gap = point.gap + sparse.value - point.value
    if gap > max(2 * point.gap, tolerance * point.value):
        return point
    output = np.zeros_like(point.output)
    output[used] = sparse.output
    return dataclasses.replace(point, output=output, value=sparse.value, gap=gap)

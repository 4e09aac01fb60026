"""The convex master for any loss: the best output weights and output bias over fixed hidden directions.

With unit directions u_k and atoms a_k = relu(X u_k) it is

    min over V, b of  sum_i w_i l(a_i V + b, y_i) + gamma sum_k |v_k|_2  (+ gamma/2 |b|^2 for a decayed b) ,

and its dual, with b the loss's dual value (docs/method.md, sections 2 and 4),

    max over N of  b(N)  (- |1^T N|^2 / (2 gamma))   with  |a_k^T N| <= gamma for all k,  N in the domain,

and 1^T N = 0 for a free output bias. A primal-dual interior-point method works on the dual: the norms are as
many constraints s_k = (gamma - |a_k^T N|^2 / gamma) / 2 >= 0, whose multipliers eta_k give the weights, v_k =
eta_k a_k^T N / gamma; the ends of the domain have theirs. A loss enters through its domain and the diagonal
of second derivatives of b, so that kinked losses are no harder than smooth ones: their kinks are ends of the
domain. A term -E |nu| is taken apart, nu = p - q with p, q >= 0. Rows that sum to zero are written in an
orthonormal basis of such rows.

Every iterate is strictly inside the constraints, so that its dual value is a bound, but for 1^T N = 0, which
holds once a whole step has been taken. The equations of a step are those of
`formulations.training.masters.newton_system` with

    1 / give = minus the second derivatives of b, and the multipliers of the ends over their distances,
    Theta_k  = eta_k / gamma ( I + a_k^T N (a_k^T N)^T / (gamma s_k) ) .

Steps are predicted and corrected as Mehrotra does. The products of slacks and multipliers may not run ahead
of the gap, or the steps become tiny.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from formulations.arrays import Matrix, Vector
from formulations.losses.loss import Loss
from formulations.training.masters.newton_system import Bias, NewtonSystem, Stiffness, Unknowns

_REACH = 0.98  # of the way to the first end
_STALLED_AFTER = 12
_LEAST_CENTRING = 1e-3
_BEHIND = 0.1  # of what the gap has besides the products, that these keep
_ENOUGH = 0.1
_STARTS = 6  # multiples of a point inside the domain, and sizes of its multipliers, to start from
_LEVELS = 3


@dataclass(frozen=True)
class PathSolution:
    """Output weights and an output bias over fixed atoms, with a measure of how good they are.

    Attributes:
        output: V, of shape (K, c); the rows of unused atoms are exactly zero.
        output_bias: b, of length c; zero without one.
        dual_point: N, n x c, in the loss's domain, with |a_k^T N| <= gamma for every atom, up to rounding.
            With a free output bias its columns sum to zero up to rounding.
        value: of the problem above (a loss).
        gap: value minus the dual's (a loss): up to rounding, nothing has a value below value - gap.
        iterations: Newton steps.
    """

    output: Matrix
    output_bias: Vector
    dual_point: Matrix
    value: float
    gap: float
    iterations: int


def follow_path(
    atoms: Matrix,
    loss: Loss,
    gamma: float,
    *,
    output_bias: str = "none",
    tolerance: float = 1e-9,
    max_iterations: int = 100,
    should_stop: Callable[[], bool] = lambda: False,
) -> PathSolution:
    """Train output weights and bias over fixed hidden directions to the optimum of that convex problem.

    Args:
        atoms: A, of shape (n, K); column k is relu(X u_k) of a unit direction u_k.
        loss: of n samples.
        gamma: weight of the penalty, positive.
        output_bias: "none", "free" or "decayed".
        tolerance: relative gap to stop at.
        max_iterations: limit of Newton steps.
        should_stop: asked before each of them; once true, that is the end as well.

    Returns:
        The best point met, also where rounding or a limit leaves a gap above the tolerance. A free bias has
        no optimum where all targets of an output are on one side, as those of an absent class: then the
        values fall for ever, and fewer digits are reached.
    """
    problem = _Problem(atoms, loss, gamma, output_bias)
    # Where only N = 0 is feasible the bias runs off to infinity; what overflows then is never better.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _follow(problem, tolerance, max_iterations, should_stop)


def _follow(
    problem: _Problem, tolerance: float, max_iterations: int, should_stop: Callable[[], bool]
) -> PathSolution:
    state = best = problem.start()
    result = best_result = problem.read(state)
    iteration = last_progress = 0
    while best_result.gap > tolerance * best_result.size and iteration < max_iterations:
        if should_stop():
            break
        try:
            state = problem.advance(state, result.gap, tolerance * result.size)
        except np.linalg.LinAlgError:  # positive definite, but not to working precision
            break
        iteration += 1
        result = problem.read(state)
        if result.gap < best_result.gap:
            if result.gap < 0.9 * best_result.gap:
                last_progress = iteration
            best, best_result = state, result
        if iteration - last_progress >= _STALLED_AFTER:
            break
    return problem.solution(best, best_result, tolerance, iteration)


@dataclass(frozen=True)
class _State:
    """A point inside all constraints, with positive multipliers."""

    parts: Matrix  # p and q of nu = p - q, or nu alone: 2 x n x c or 1 x n x c
    below: Matrix  # multipliers of the lower ends, zero where infinite, of that shape
    above: Matrix  # of the upper ends
    eta: Vector  # of the K norms
    slack: Vector
    bias: Vector  # of 1^T N = 0; unused without a free output bias, of length C


@dataclass(frozen=True)
class _Result:
    """What a state gives: a point of the problem, and of its dual."""

    output: Matrix
    output_bias: Vector
    dual_point: Matrix
    value: float
    gap: float
    size: float


@dataclass(frozen=True)
class _Change:
    """A Newton step."""

    parts: Matrix
    below: Matrix
    above: Matrix
    eta: Vector
    bias: Vector
    slack: Vector  # the linear change of the s_k
    bend: Vector  # what a whole step takes off them besides


@dataclass(frozen=True)
class _Problem:
    atoms: Matrix
    loss: Loss
    gamma: float
    output_bias: str

    @cached_property
    def bias(self) -> Bias:
        """The output bias as one more atom."""
        return Bias(self.output_bias != "none", self.gamma if self.output_bias == "decayed" else 0.0)

    @cached_property
    def signs(self) -> Matrix:
        """How the parts add up to N."""
        return np.array([1.0, -1.0])[:, None, None] if self.loss.margin else np.ones((1, 1, 1))

    @cached_property
    def ends(self) -> tuple[Matrix, Matrix]:
        """The ends of the parts' intervals."""
        low, high = self.loss.box()
        if not self.loss.margin:
            return low[None], high[None]
        return np.zeros((2, *low.shape)), np.stack([high, -low])

    def point(self, state: _State) -> Matrix:
        """Return N."""
        return np.asarray((self.signs * state.parts).sum(axis=0))

    def start(self) -> _State:
        """Return a point well inside: towards the middle of the domain, as far as the norms allow."""
        middle = self._middle()
        N = (self.signs * middle).sum(axis=0)
        norms = np.linalg.norm(self.atoms.T @ N, axis=1)
        largest = float(norms.max(initial=0.0))
        most = min(1.0, 0.5 * self.gamma / largest) if largest else 1.0
        share = max((most / 10**k for k in range(_STARTS)), key=lambda share: self.bound(share * N))
        parts, slack = share * middle, (self.gamma - (share * norms) ** 2 / self.gamma) / 2
        low, high = self.ends
        nothing = self.loss.value(np.zeros_like(N))
        level = max(nothing - self.loss.dual_value(share * N), 1e-3 * abs(nothing), 1e-300) / self.count
        states = [
            _State(parts, mu / (parts - low), mu / (high - parts), mu / slack, slack, np.zeros(N.shape[1]))
            for mu in (level / 10**k for k in range(_LEVELS))
        ]
        return min(states, key=lambda state: self.read(state).value)

    def _middle(self) -> Matrix:
        """Return parts in the middle of two ends, one weight off a single one, and at the targets else."""
        low, high = self.ends
        w = self.loss.sample_weights
        bounded = np.isfinite(low) & np.isfinite(high)
        middle = np.where(np.isfinite(low), low + w, self.loss.targets)
        middle = np.where(np.isfinite(high), high - w, middle)
        middle[bounded] = (low[bounded] + high[bounded]) / 2
        if self.loss.zero_sum:
            shares = (high - middle) / (high - middle).sum(axis=-1, keepdims=True)
            middle = high - shares * high.sum(axis=-1, keepdims=True)
        return np.asarray(middle)

    @property
    def count(self) -> int:
        """How many products of a slack and a multiplier there are."""
        low, high = self.ends
        return int(self.atoms.shape[1] + np.isfinite(low).sum() + np.isfinite(high).sum())

    def read(self, state: _State) -> _Result:
        """Return the network of a state, and its gap."""
        N = self.point(state)
        output = state.eta[:, None] / self.gamma * (self.atoms.T @ N)
        b = self.bias_of(state, N)
        return self._measured(output, b, N)

    def _measured(self, output: Matrix, b: Vector, N: Matrix) -> _Result:
        loss, gamma = self.loss, self.gamma
        penalty = gamma * float(np.linalg.norm(output, axis=1).sum())
        value = loss.value(self.atoms @ output + b) + penalty
        if self.output_bias == "decayed":
            value += gamma / 2 * float(b @ b)
        gap, size = value - self.bound(N), max(abs(value), penalty)
        if self.output_bias == "free":
            # Without a bias yet, N may be the best there is but for its sums, and that proves nothing.
            sums, unit = np.abs(N.sum(axis=0)), max(np.abs(N).sum(), loss.sample_weights.sum())
            gap = abs(gap) + float(sums @ np.abs(b)) + size * float(sums.sum() / unit)
        return _Result(output, b, N, value, gap, size)

    def bound(self, N: Matrix) -> float:
        """Return the dual's value; with a free bias that of N alone."""
        bound = self.loss.dual_value(N)
        if self.output_bias == "decayed":
            bound -= float(np.sum(N.sum(axis=0) ** 2)) / (2 * self.gamma)
        return bound

    def bias_of(self, state: _State, N: Matrix) -> Vector:
        if self.output_bias == "free":
            return state.bias
        if self.output_bias == "decayed":
            return np.asarray(N.sum(axis=0) / self.gamma)
        return np.zeros(N.shape[1])

    def advance(self, state: _State, gap: float, wanted: float) -> _State:
        """Take one predictor-corrector step from a state with this gap towards the one that is wanted."""
        system = _System(self, state)
        predictor = system.step(0.0, None)
        average = system.average(state)
        ahead = system.average(system.moved(predictor, 1.0))
        centring = min(max((ahead / average) ** 3, _LEAST_CENTRING), 1.0)
        mu = max(centring * average, min(_BEHIND * (gap / self.count - average), average))
        # Products far below what the gap needs only lose digits.
        mu = max(mu, min(_ENOUGH * wanted / self.count, average))
        return system.moved(system.step(mu, predictor), _REACH)

    def solution(self, state: _State, result: _Result, tolerance: float, iterations: int) -> PathSolution:
        """Set to exact zero the atoms whose eta vanishes rather than their slack, unless the loss suffers."""
        correlations = self.atoms.T @ result.dual_point
        slack = (self.gamma - np.sum(correlations**2, axis=1) / self.gamma) / 2
        used = state.eta / max(state.eta.max(initial=0.0), 1e-300) > slack / (self.gamma / 2)
        sizes = self.gamma * np.linalg.norm(result.output, axis=1)
        used &= sizes > tolerance * result.size / max(len(sizes), 1)
        sparse = self._measured(result.output * used[:, None], result.output_bias, result.dual_point)
        if sparse.gap <= max(2 * result.gap, tolerance * result.size):
            result = sparse
        return PathSolution(
            result.output,
            result.output_bias,
            result.dual_point,
            result.value,
            max(result.gap, 0.0),
            iterations,
        )


class _System:
    """The Newton equations at one state, factored once for the predictor and the corrector."""

    def __init__(self, problem: _Problem, state: _State) -> None:
        self.problem, self.state = problem, state
        gamma, loss = problem.gamma, problem.loss
        low, high = problem.ends
        self.N = problem.point(state)
        self.correlations = problem.atoms.T @ self.N
        self.from_low, self.from_high = state.parts - low, high - state.parts
        if (
            min(float(np.min(gaps, initial=np.inf)) for gaps in (state.slack, self.from_low, self.from_high))
            <= 0
        ):
            raise np.linalg.LinAlgError("a distance from an end is lost in rounding")
        self.stiffness = state.below / self.from_low + state.above / self.from_high
        if not loss.margin:
            self.stiffness = self.stiffness + loss.dual_curvature(self.N)
        self.give = (1 / self.stiffness).sum(axis=0)
        norms = np.linalg.norm(self.correlations, axis=1)
        theta = Stiffness(
            state.eta / gamma,
            norms**2 / (gamma * state.slack),
            self.correlations / np.maximum(norms, 1e-300)[:, None],
        )
        self._newton = NewtonSystem(problem.atoms, problem.bias, self.give, theta, zero_sum=loss.zero_sum)

    def step(self, mu: float, predictor: _Change | None) -> _Change:
        """Solve for the change that brings all products to mu, less what the predictor's products add."""
        problem, state = self.problem, self.state
        gamma, A, loss = problem.gamma, problem.atoms, problem.loss
        low_aim, high_aim, eta_aim = (
            np.full_like(table, mu) for table in (self.from_low, self.from_high, state.eta)
        )
        if predictor is not None:
            low_aim -= predictor.parts * predictor.below
            high_aim += predictor.parts * predictor.above
            eta_aim -= predictor.eta * predictor.slack - state.eta * predictor.bend
        low_aim, high_aim = low_aim / self.from_low, high_aim / self.from_high
        eta_aim = eta_aim / state.slack
        bias = problem.bias_of(state, self.N)
        image = A @ ((eta_aim / gamma)[:, None] * self.correlations) + bias
        # What is missing in the equations of the parts: stiffness d = missing - signs (change of the image).
        missing = problem.signs * (loss.dual_gradient(self.N) - image) - loss.margin + low_aim - high_aim
        free = (problem.signs * missing / self.stiffness).sum(axis=0)
        total = self.N.sum(axis=0) if problem.output_bias == "free" else np.zeros(len(bias))
        right = Unknowns(free / self.give, np.zeros_like(self.correlations), -total)
        solution = self._newton.solve(right)
        change = (free - solution.rows) / self.give
        parts = (missing - problem.signs * change) / self.stiffness
        # The softer part is what the others leave of the change of N, so that no digits are lost.
        softest = self.stiffness.argmin(axis=0)[None]
        np.put_along_axis(parts, softest, 0.0, axis=0)
        rest = solution.rows - (problem.signs * parts).sum(axis=0)
        np.put_along_axis(parts, softest, problem.signs.ravel()[softest] * rest[None], axis=0)
        below = low_aim - state.below - state.below / self.from_low * parts
        above = high_aim - state.above + state.above / self.from_high * parts
        rates = self._newton.rates(solution, right.atoms)
        slack = -np.sum(self.correlations * rates, axis=1) / gamma
        eta = eta_aim - state.eta - state.eta / state.slack * slack
        bend = np.sum(rates**2, axis=1) / (2 * gamma)
        return _Change(parts, below, above, eta, solution.bias, slack, bend)

    def average(self, state: _State) -> float:
        """Return the mean product of a distance from an end and its multiplier."""
        low, high = self.problem.ends
        total = float(state.eta @ state.slack)
        total += _products(state.parts - low, state.below) + _products(high - state.parts, state.above)
        return max(total, 0.0) / self.problem.count

    def moved(self, change: _Change, reach: float) -> _State:
        """Return the state after a whole step, or this share of the way to the first end."""
        state = self.state
        root = np.sqrt(change.slack**2 + 4 * change.bend * state.slack)
        with np.errstate(divide="ignore"):
            bent = 2 * state.slack / np.maximum(root - change.slack, 0.0)
        forth = min(
            float(np.min(bent, initial=np.inf)),
            _length(self.from_low, change.parts),
            _length(self.from_high, -change.parts),
        )
        back = min(
            _length(state.eta, change.eta),
            _length(state.below, change.below),
            _length(state.above, change.above),
        )
        forth, back = min(1.0, reach * forth), min(1.0, reach * back)
        return _State(
            state.parts + forth * change.parts,
            state.below + back * change.below,
            state.above + back * change.above,
            state.eta + back * change.eta,
            state.slack + forth * change.slack - forth**2 * change.bend,
            state.bias + back * change.bias,
        )


def _products(distances: Matrix, multipliers: Matrix) -> float:
    finite = np.isfinite(distances)
    return float(np.sum(distances[finite] * multipliers[finite]))


def _length(values: Matrix, change: Matrix) -> float:
    """Return the step to the first zero."""
    falling = change < 0
    return float(np.min(-values[falling] / change[falling], initial=np.inf))

"""ADMM for the convex program over sampled patterns (Bai, Gautam and Sojoudi 2023).

Over the patterns D_p of random directions, with G_p = (2 D_p - I) X and the signs s = 1, -1 of the output,

    minimise  1/2 |sum_ps s D_p X u_ps - Y|^2 + gamma sum_ps |v_ps|
    over  u = v,  G_p u_ps = t_ps >= 0 .

The authors' method is for one output. Several are trained beside each other, each with neurons of its own:
that is their program column by column, and they share what is factored.

In a step u solves a linear system, v shrinks in groups, and t is clipped. As (2 D_p - I)^2 = I, all blocks of
G^T G are X^T X; so the system's matrix is one d x d block for all, plus what has the rank n, and n x n is all
that is factored, for any number of patterns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from formulations.arrays import Matrix, check_problem
from formulations.patterns.arrangement import sampled_patterns

_BALANCE_EVERY = 50
_UNBALANCED = 5.0  # of the two residuals, before the penalty changes
_Blocks = NDArray[np.float64]  # 2 x P x d x c, the sign of the output first


@dataclass(frozen=True)
class AdmmResult:
    """Where the iterations ended.

    Attributes:
        hidden: u_j as columns, d x m, with |u_j| = |v_j|.
        output: v_j as rows, m x c; one entry of each is not zero.
        patterns: how many different ones were drawn.
        iterations: how many there were.
        residual: of the constraints, relative to u.
        converged: whether the residuals fell below the tolerance.
    """

    hidden: Matrix
    output: Matrix
    patterns: int
    iterations: int
    residual: float
    converged: bool


def train_by_admm(
    X: Matrix,
    Y: Matrix,
    gamma: float,
    *,
    draws: int,
    seed: int = 0,
    tolerance: float = 1e-5,
    max_iterations: int = 5000,
    should_stop: Callable[[], bool] = lambda: False,
) -> AdmmResult:
    """Run ADMM from zero.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: the weight of the regularisation, positive.
        draws: how many random directions give patterns.
        seed: of the draw.
        tolerance: relative, of the primal and the dual residual.
        max_iterations: limit of iterations.
        should_stop: asked before each; once true, that is the end.

    Raises:
        ValueError: the problem is malformed.
    """
    check_problem(X, Y, gamma)
    unit = float(np.sqrt(np.mean(np.sum(X**2, axis=1)))) or 1.0
    program = _Program.of(X / unit, Y, gamma / unit, sampled_patterns(X, draws, seed))
    state = program.start()
    iterations, residuals = 0, (np.inf, np.inf)
    while iterations < max_iterations and not should_stop():
        state, residuals = program.step(state)
        iterations += 1
        if max(residuals) <= tolerance:
            break
        if iterations % _BALANCE_EVERY == 0:
            primal, dual = residuals
            factor = 2.0 if primal > _UNBALANCED * dual else 0.5 if dual > _UNBALANCED * primal else 1.0
            program, state = program.with_penalty(factor), state.rescaled(factor)
    hidden, output = _neurons(state.shrunk / unit)
    return AdmmResult(
        hidden, output, len(program.active), iterations, residuals[0], max(residuals) <= tolerance
    )


@dataclass(frozen=True)
class _State:
    """u and v are 2 x P x d x c, t is 2 x P x n x c; the multipliers are over the penalty."""

    shrunk: _Blocks  # v
    slack: _Blocks  # t
    of_shrunk: _Blocks
    of_slack: _Blocks

    def rescaled(self, factor: float) -> _State:
        """Return the same multipliers over a penalty that is larger by a factor."""
        return _State(self.shrunk, self.slack, self.of_shrunk / factor, self.of_slack / factor)


@dataclass(frozen=True)
class _Program:
    X: Matrix
    Y: Matrix
    gamma: float
    active: Matrix  # P x n, zeros and ones
    penalty: float
    block: Matrix  # (I + X^T X)^-1, d x d
    factor: Matrix  # of penalty I + F blkdiag(block) F^T, n x n, lower triangular

    @classmethod
    def of(
        cls, X: Matrix, Y: Matrix, gamma: float, active: NDArray[np.bool_], penalty: float = 1.0
    ) -> _Program:
        pattern = active.astype(float)
        block = np.asarray(np.linalg.inv(np.eye(X.shape[1]) + X.T @ X), np.float64)
        kernel = 2 * (pattern.T @ pattern) * (X @ block @ X.T)
        factor = np.asarray(scipy.linalg.cholesky(penalty * np.eye(len(X)) + kernel, lower=True), np.float64)
        return cls(X, Y, gamma, pattern, penalty, block, factor)

    def with_penalty(self, factor: float) -> _Program:
        """Return the program with another penalty."""
        if factor == 1.0:
            return self
        return _Program.of(self.X, self.Y, self.gamma, self.active > 0, self.penalty * factor)

    def start(self) -> _State:
        """Return zero."""
        shape = 2, len(self.active), self.X.shape[1], self.Y.shape[1]
        slack = np.zeros((*shape[:2], len(self.X), shape[3]))
        return _State(np.zeros(shape), slack, np.zeros(shape), np.zeros_like(slack))

    def step(self, state: _State) -> tuple[_State, tuple[float, float]]:
        """Take an iteration; return the relative residuals of the constraints and of stationarity as well."""
        signs = 2 * self.active[None, :, :, None] - 1
        right = self._back(self.Y) / self.penalty + state.shrunk - state.of_shrunk
        right += self.X.T @ (signs * (state.slack - state.of_slack))
        u = self._solve(right)
        inside = signs * (self.X @ u)
        pulled = u + state.of_shrunk
        lengths = np.linalg.norm(pulled, axis=2, keepdims=True)
        limit = self.gamma / self.penalty
        shrunk = pulled * np.maximum(1 - limit / np.maximum(lengths, limit), 0.0)
        slack = np.maximum(inside + state.of_slack, 0.0)
        following = _State(shrunk, slack, state.of_shrunk + u - shrunk, state.of_slack + inside - slack)
        size = float(np.linalg.norm(u)) + float(np.linalg.norm(inside)) or 1.0
        primal = float(np.linalg.norm(u - shrunk)) + float(np.linalg.norm(inside - slack))
        dual = float(np.linalg.norm(shrunk - state.shrunk)) + float(np.linalg.norm(slack - state.slack))
        return following, (primal / size, dual / size)

    def _solve(self, right: _Blocks) -> _Blocks:
        """Solve (F^T F / penalty + I + G^T G) u = right by the matrix inversion lemma."""
        plain = self.block @ right
        middle = scipy.linalg.cho_solve((self.factor, True), self._forth(plain))
        return np.asarray(plain - self.block @ self._back(middle))

    def _forth(self, u: _Blocks) -> Matrix:
        """Return F u, n x c."""
        computed = self.X @ (u[0] - u[1])
        return np.asarray((self.active[:, :, None] * computed).sum(axis=0))

    def _back(self, outputs: Matrix) -> _Blocks:
        """Return F^T outputs, 2 x P x d x c."""
        one = self.X.T @ (self.active[:, :, None] * outputs)
        return np.stack([one, -one])


def _neurons(blocks: _Blocks) -> tuple[Matrix, Matrix]:
    """Return the neurons of the groups that are not zero."""
    sign, pattern, output = np.nonzero(np.linalg.norm(blocks, axis=2))
    vectors = blocks[sign, pattern, :, output].T
    roots = np.sqrt(np.linalg.norm(vectors, axis=0))
    weights = np.zeros((len(roots), blocks.shape[3]))
    weights[np.arange(len(roots)), output] = np.where(sign == 0, roots, -roots)
    return vectors / roots, weights

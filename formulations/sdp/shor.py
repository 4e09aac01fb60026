"""The Shor relaxation: no products but alpha_i beta_i = 0, linear in the number of samples, and weak.

With slack s_i = -sigma_i, sigma_i > 0, eliminating alpha from
level |u|^2 - |N^T alpha|^2 + sum_i sigma_i alpha_i (alpha_i - x_i.u) leaves (docs/method.md, section 3a)

    4 level >= lambda_max( X^T S X + X^T N (I - N^T S^-1 N)^-1 N^T X ),   S = diag sigma,   N^T S^-1 N < I.

Prefer it to SDP-NN where that is out of reach: thousands of samples take seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import clarabel
import numpy as np
from scipy import sparse
from scipy.optimize import OptimizeResult, minimize

from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.squared import SquaredLoss
from formulations.sdp.multipliers import DualSolution, Multipliers

# The largest eigenvalue is replaced by the p-norm of the eigenvalues, which is smooth, with p growing.
_NORMS = (4, 16, 64)


def solve_shor(X: Matrix, Y: Matrix, gamma: float) -> DualSolution:
    """Maximise `<N, Y> - 1/2 |N|_F^2` over all N and sigma, as a semidefinite program with n small cones.

    Args:
        X: the inputs, n x d.
        Y: the targets, n x c.
        gamma: positive.

    Returns:
        Estimates, with multipliers in units of the level gamma^2.

    Raises:
        ValueError: if gamma is not positive.
    """
    if not gamma > 0:
        raise ValueError(f"gamma is {gamma}; it has to be a positive number")
    begun = time.perf_counter()
    lengths = np.linalg.norm(X, axis=1)
    live = lengths > 0
    N, slack, status = Y.copy(), np.zeros(len(X)), "Solved"
    # Unit rows and targets of size one make every number of the program about one.
    size = float(np.sqrt(np.mean(Y[live] ** 2))) if np.any(Y[live]) else 0.0
    if size > 0:
        program = _UnitProgram(X[live] / lengths[live, None], Y[live] / size, lengths[live], gamma / size)
        found, sigma, status = program.solve()
        N[live] = found * size / lengths[live, None]
        slack[live] = -gamma * size * sigma / lengths[live] ** 2
    value = SquaredLoss(Y).dual_value(N)
    return DualSolution(
        dual_point=N,
        multipliers=replace(Multipliers.zero(len(X)), slack=slack),
        value=value,
        dual_value=value,
        solver="clarabel",
        status=status,
        seconds=time.perf_counter() - begun,
    )


@dataclass(frozen=True)
class _UnitProgram:
    """The program over (N, sigma, W_1, ..., W_n), where W_i stands for N_i N_i^T / sigma_i.

    Its cones: [[W_i, N_i], [N_i^T, sigma_i]] for each sample, and
    [[gamma I - X^T S X / 4, -X^T N / 2], [-N^T X / 2, gamma I - sum_i W_i]], all positive semidefinite.

    Attributes:
        X: n x d, rows of length one.
        Y: n x c.
        lengths: of the true rows; row i of the true N is N_i / lengths_i.
        gamma: positive.
    """

    X: Matrix
    Y: Matrix
    lengths: Vector
    gamma: float

    def solve(self) -> tuple[Matrix, Vector, str]:
        """Return N, sigma and the solver's word."""
        (n, d), c = self.X.shape, self.Y.shape[1]
        columns = n * c + n + n * c * (c + 1) // 2
        weights = np.repeat(1 / self.lengths**2, c)
        P = sparse.diags(np.concatenate([weights, np.zeros(columns - n * c)]), format="csc")
        q = np.zeros(columns)
        q[: n * c] = -(self.Y / self.lengths[:, None]).ravel()
        top, left = _sample_cones(n, c)
        bottom, constant = self._joint_cone()
        A = sparse.vstack([-top, -bottom], format="csc")
        b = np.concatenate([np.zeros(left), constant])
        cones = [clarabel.PSDTriangleConeT(c + 1) for _ in range(n)] + [clarabel.PSDTriangleConeT(d + c)]
        settings = clarabel.DefaultSettings()
        settings.verbose = False
        solution = clarabel.DefaultSolver(P, q, A, b, cones, settings).solve()
        x = np.array(solution.x)
        return x[: n * c].reshape(n, c), x[n * c : n * c + n], str(solution.status)

    def _joint_cone(self) -> tuple[sparse.csc_array, Vector]:
        """Return the coefficients and the constant of the cone of order d + c, in scaled triangle form."""
        (n, d), c = self.X.shape, self.Y.shape[1]
        order = d + c
        position, scale = _triangle(order)
        blocks = []
        # N_ij enters at (k, d + j) with -x_ik / 2.
        i, j, k = (
            grid.ravel() for grid in np.meshgrid(np.arange(n), np.arange(c), np.arange(d), indexing="ij")
        )
        blocks.append((position[k, d + j], i * c + j, -self.X[i, k] / 2 * scale[k, d + j]))
        # sigma_i enters at (k, l), k <= l, with -x_ik x_il / 4.
        first, second = np.triu_indices(d)
        i, pair = (grid.ravel() for grid in np.meshgrid(np.arange(n), np.arange(len(first)), indexing="ij"))
        k, l = first[pair], second[pair]
        blocks.append((position[k, l], n * c + i, -self.X[i, k] * self.X[i, l] / 4 * scale[k, l]))
        # The entries of W_i enter at (d + k, d + l) with -1.
        first, second = np.triu_indices(c)
        i, pair = (grid.ravel() for grid in np.meshgrid(np.arange(n), np.arange(len(first)), indexing="ij"))
        k, l = d + first[pair], d + second[pair]
        blocks.append((position[k, l], n * c + n + i * len(first) + pair, -scale[k, l]))
        rows, columns, values = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        shape = (order * (order + 1) // 2, n * c + n + n * c * (c + 1) // 2)
        constant = np.zeros(shape[0])
        constant[position[np.arange(order), np.arange(order)]] = self.gamma
        return sparse.csc_array((values, (rows, columns)), shape=shape), constant


def _triangle(order: int) -> tuple[Indices, Matrix]:
    """Return where entry (k, l), k <= l, stands in the solver's triangle, and its factor there."""
    k, l = np.meshgrid(np.arange(order), np.arange(order), indexing="ij")
    return l * (l + 1) // 2 + k, np.where(k == l, 1.0, np.sqrt(2.0))


def _sample_cones(n: int, c: int) -> tuple[sparse.csc_array, int]:
    """Return the coefficients of the n cones [[W_i, N_i], [N_i^T, sigma_i]], and their number of rows."""
    position, scale = _triangle(c + 1)
    height = (c + 1) * (c + 2) // 2
    first, second = np.triu_indices(c)
    pairs = len(first)
    sample = np.arange(n)[:, None]
    output = np.arange(c)[None, :]
    pair = np.arange(pairs)[None, :]
    blocks = [
        (sample * height + position[output, c], sample * c + output, scale[output, c]),
        (sample * height + position[c, c], n * c + sample, scale[c, c]),
        (
            sample * height + position[first, second][None, :],
            n * c + n + sample * pairs + pair,
            scale[first, second][None, :],
        ),
    ]
    rows, columns, values = (
        np.concatenate([np.broadcast_arrays(*block)[part].ravel() for block in blocks]) for part in range(3)
    )
    return sparse.csc_array((values, (rows, columns)), shape=(n * height, n * c + n + n * pairs)), n * height


def improve_slack(X: Matrix, N: Matrix, *, is_over: Callable[[], bool] = lambda: False) -> Vector:
    """Return slack s = -sigma with a small level for a fixed dual point; O(n d^2) an evaluation.

    Args:
        X: the inputs, n x d.
        N: n x c.
        is_over: looked at after each step; what there is by then is returned.

    Returns:
        s, of length n, in the units of |N^T alpha|^2; zero where N or X has a zero row.
    """
    lengths = np.linalg.norm(X, axis=1)
    weights = np.linalg.norm(N, axis=1) * lengths
    live = weights > 0
    slack = np.zeros(len(X))
    if not np.any(live):
        return slack
    units, rows = X[live] / lengths[live, None], N[live] * lengths[live, None]
    # Proportional to |N_i| and twice what makes N^T S^-1 N < I: a good point for short rows of N.
    spread = rows / np.sqrt(weights[live])[:, None]
    start = 2 * weights[live] * np.linalg.norm(spread, 2) ** 2
    theta = np.log(start)

    def look(intermediate_result: OptimizeResult) -> None:
        if is_over():
            raise StopIteration

    for p in _NORMS:
        if is_over():
            break
        theta = minimize(
            _log_level, theta, args=(units, rows, p), jac=True, method="L-BFGS-B", callback=look
        ).x
    slack[live] = -np.exp(theta) / lengths[live] ** 2
    return slack


def level_of(X: Matrix, N: Matrix, slack: Vector) -> float:
    """Return the level that slack, as `improve_slack` returns it, proves for a dual point."""
    lengths = np.linalg.norm(X, axis=1)
    live = slack < 0
    if not np.any(live):
        return 0.0
    theta = np.log(-slack[live] * lengths[live] ** 2)
    units, rows = X[live] / lengths[live, None], N[live] * lengths[live, None]
    return float(np.exp(_log_level(theta, units, rows, _NORMS[-1])[0])) / 4


def _log_level(theta: Vector, X: Matrix, N: Matrix, p: int) -> tuple[float, Vector]:
    """Return the logarithm of the p-norm of the eigenvalues of 4 level, and its gradient in log sigma."""
    sigma = np.exp(theta)
    inner = np.eye(N.shape[1]) - N.T @ (N / sigma[:, None])
    eigenvalues, eigenvectors = np.linalg.eigh(inner)
    if eigenvalues[0] <= 1e-12:
        # Outside the domain: large, with a gradient that leads back to larger sigma.
        return 1e3 - float(theta.mean()), np.full(len(theta), -1 / len(theta))
    inverse = (eigenvectors / eigenvalues) @ eigenvectors.T
    coupled = N @ inverse
    cross = X.T @ coupled
    matrix = (X.T * sigma) @ X + cross @ N.T @ X
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    values = np.maximum(values, 0.0) / values[-1]
    shares = values ** (p - 1) / np.sum(values**p)
    weight = (vectors * shares) @ vectors.T
    top = float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1])
    on_x = np.sum((X @ weight) * X, axis=1)
    back = coupled @ (X.T @ N).T  # row i: X^T N inverse N_i
    on_n = np.sum((back @ weight) * back, axis=1) / sigma**2
    norm = np.log(top) + np.log(np.sum(values**p)) / p
    return float(norm), (on_x - on_n) * sigma / top

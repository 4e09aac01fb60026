"""The equations of a step of `formulations.training.masters.dual_path`, through the smaller of two matrices.

For atoms a_k as columns of A, n x K, they are, with x of n x c and W of K x c,

    x / give + A W = right ,      A^T x - W Theta^-1 = below ,

where `give`, positive, n x c, is what an entry of N moves by for a unit of prediction, and Theta_k, c x c, is
what the weights of atom k move by for a unit of a_k^T N. For a loss whose rows of N sum to zero so do those
of x, and the first equation holds up to a constant for each row. An output bias is one more atom, of ones.

Near the optimum `give` and Theta are tiny or huge. Eliminating W leaves a matrix of the order of x,
eliminating x one of the order of W; either loses digits where what is eliminated is the small one, so that
the solution is refined by the residuals of the equations above. Rows that sum to zero are written without
the entry that gives most, which is minus the sum of the others: no large number is then subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from formulations.arrays import Indices, Matrix, Vector

_JITTER, _MOST_JITTER = 1e-15, 1e-8
_REFINEMENTS = 3


@dataclass(frozen=True)
class Stiffness:
    """Theta_k = size_k (I + ratio_k e_k e_k^T) for K atoms, each with a unit vector e_k.

    Attributes:
        sizes: of length K, positive.
        ratios: of length K, zero or more.
        units: e_k as rows, K x c; zero where the ratio is.
    """

    sizes: Vector
    ratios: Vector
    units: Matrix

    def apply(self, rows: Matrix) -> Matrix:
        """Return Theta_k times row k."""
        along = np.sum(self.units * rows, axis=1)
        return np.asarray(self.sizes[:, None] * (rows + (self.ratios * along)[:, None] * self.units))

    def solve(self, rows: Matrix) -> Matrix:
        """Return the inverse of Theta_k times row k."""
        along = np.sum(self.units * rows, axis=1)[:, None] * self.units
        return np.asarray((rows - along + along / (1 + self.ratios)[:, None]) / self.sizes[:, None])

    def entries(self, p: int, q: int) -> Vector:
        """Return the entries p, q of all Theta_k."""
        return np.asarray(self.sizes * ((p == q) + self.ratios * self.units[:, p] * self.units[:, q]))

    def inverse_entries(self, p: int, q: int) -> Vector:
        """Return the entries p, q of their inverses."""
        shares = self.ratios / (1 + self.ratios)
        return np.asarray(((p == q) - shares * self.units[:, p] * self.units[:, q]) / self.sizes)


@dataclass(frozen=True)
class Bias:
    """An output bias: none, or an atom of ones with Theta = I / penalty, which is infinite for a free one.

    Attributes:
        exists: whether there is one.
        penalty: 0 for a free one.
    """

    exists: bool
    penalty: float = 0.0


@dataclass(frozen=True)
class Unknowns:
    """A solution, or two right-hand sides.

    Attributes:
        rows: x, n x c.
        atoms: W, K x c.
        bias: of the atom of ones, of length c; zero without one.
    """

    rows: Matrix
    atoms: Matrix
    bias: Vector

    def plus(self, other: Unknowns) -> Unknowns:
        """Return the sum."""
        return Unknowns(self.rows + other.rows, self.atoms + other.atoms, self.bias + other.bias)


class NewtonSystem:
    """The equations above, factored once."""

    def __init__(self, atoms: Matrix, bias: Bias, give: Matrix, theta: Stiffness, *, zero_sum: bool) -> None:
        """Build and factor the smaller matrix.

        Args:
            atoms: A, n x K.
            bias: the output bias.
            give: n x c.
            theta: of the atoms.
            zero_sum: whether the rows of x sum to zero.

        Raises:
            numpy.linalg.LinAlgError: if the matrix is not positive definite to working precision.
        """
        self._A, self._bias, self._give, self._theta = atoms, bias, give, theta
        self._zero_sum = zero_sum
        n, c = give.shape
        self._pivots: Indices = give.argmax(axis=1)
        self._is_wide = atoms.shape[1] * c > n * (c - zero_sum)
        if self._is_wide:
            self._factor_rows()
        else:
            self._factor_atoms()

    def solve(self, right: Unknowns) -> Unknowns:
        """Solve, with refinement.

        Args:
            right: in `rows` that of the first equation, in `atoms` and `bias` that of the second.
        """
        solution = self._solve_once(right)
        error = self._residual(right, solution)
        size = self._size(error)
        for _ in range(_REFINEMENTS):
            refined = solution.plus(self._solve_once(error))
            error = self._residual(right, refined)
            remaining = self._size(error)
            if not remaining < size:
                break
            solution, size = refined, remaining
        return solution

    def rates(self, solution: Unknowns, below: Matrix) -> Matrix:
        """Return A^T x, K x c, of a solution, from the side that keeps the digits."""
        stiff = self._theta.ratios > 1
        by_weights = self._theta.solve(solution.atoms) + below
        return np.where(stiff[:, None], by_weights, self._A.T @ solution.rows)

    def _solve_once(self, right: Unknowns) -> Unknowns:
        return self._solve_rows(right) if self._is_wide else self._solve_atoms(right)

    def _residual(self, right: Unknowns, solution: Unknowns) -> Unknowns:
        x, W, b = solution.rows, solution.atoms, solution.bias
        rows = right.rows - x / self._give - self._A @ W - b
        if self._zero_sum:
            rows = rows - np.take_along_axis(rows, self._pivots[:, None], axis=1)
        atoms = right.atoms - self._A.T @ x + self._theta.solve(W)
        bias = right.bias - x.sum(axis=0) + self._bias.penalty * b if self._bias.exists else 0 * b
        return Unknowns(rows, atoms, bias)

    def _size(self, error: Unknowns) -> float:
        """Return the size of a residual: what it moves x and W by, as far as they give."""
        along = np.sum(error.atoms * self._theta.apply(error.atoms))
        return float(np.sum(error.rows**2 * self._give) + along + error.bias @ error.bias)

    def _spread(self, rows: Matrix) -> Matrix:
        """Return x that gives way to rows of predictions: give times them, up to a constant for each."""
        give = self._give
        if not self._zero_sum:
            return np.asarray(give * rows)
        shift = np.sum(give * rows, axis=1, keepdims=True) / give.sum(axis=1, keepdims=True)
        x = give * (rows - shift)
        np.put_along_axis(x, self._pivots[:, None], 0.0, axis=1)
        np.put_along_axis(x, self._pivots[:, None], -x.sum(axis=1, keepdims=True), axis=1)
        return np.asarray(x)

    def _factor_atoms(self) -> None:
        give, theta = self._give, self._theta
        n, c = give.shape
        columns = np.hstack([self._A, np.ones((n, 1))]) if self._bias.exists else self._A
        K, L = self._A.shape[1], columns.shape[1]
        diagonal = np.arange(K)
        matrix = np.zeros((c, L, c, L))
        total = give.sum(axis=1)
        for p in range(c):
            others = np.delete(give, p, axis=1).sum(axis=1)
            for q in range(p + 1):
                block = matrix[p, :, q, :]
                if p == q or self._zero_sum:
                    if not self._zero_sum:
                        weights = give[:, p]
                    else:
                        weights = give[:, p] * (others if p == q else -give[:, q]) / total
                    block += (columns.T * weights) @ columns
                block[diagonal, diagonal] += theta.inverse_entries(p, q)
                if L > K:
                    block[K, K] += self._bias.penalty * (p == q)
        if L > K and self._zero_sum:  # a constant shift of the bias changes nothing
            matrix[:, K, :, K] += np.trace(matrix[:, K, :, K])
        self._columns = columns
        self._factor = _factored(matrix.reshape(c * L, c * L))

    def _solve_atoms(self, right: Unknowns) -> Unknowns:
        K, c = right.atoms.shape
        below = np.vstack([right.atoms, right.bias]) if self._bias.exists else right.atoms
        aim = self._columns.T @ self._spread(right.rows) - below
        W = scipy.linalg.cho_solve((self._factor, True), aim.T.ravel(), check_finite=False)
        W = W.reshape(c, -1).T
        bias = W[K] if self._bias.exists else np.zeros(c)
        return Unknowns(self._spread(right.rows - self._columns @ W), W[:K], bias)

    def _factor_rows(self) -> None:
        A, give, theta = self._A, self._give, self._theta
        n, c = give.shape
        matrix = np.zeros((c, n, c, n))
        stiffness = 1 / give
        diagonal = np.arange(n)
        for p in range(c):
            for q in range(p + 1):
                block = (A * theta.entries(p, q)) @ A.T
                if p == q:
                    block[diagonal, diagonal] += stiffness[:, p]
                    if self._bias.exists and self._bias.penalty:
                        block += 1 / self._bias.penalty
                matrix[p, :, q, :] = block
                matrix[q, :, p, :] = block.T
        border = np.zeros((c, n, c))
        border[np.arange(c), :, np.arange(c)] = 1
        if self._zero_sum:
            self._kept = np.arange(c - 1)[None, :] + (np.arange(c - 1)[None, :] >= self._pivots[:, None])
            matrix = self._without_pivots(self._without_pivots(matrix).transpose(2, 3, 0, 1))
            border = self._without_pivots(border)
        order = matrix.shape[0] * n
        self._factor = _factored(matrix.reshape(order, order))
        if self._bias.exists and not self._bias.penalty:
            self._border = border.reshape(order, c)
            self._moved = scipy.linalg.cho_solve((self._factor, True), self._border, check_finite=False)
            schur = self._border.T @ self._moved
            if self._zero_sum:
                schur = schur + np.trace(schur)
            self._schur = _factored(schur)

    def _without_pivots(self, table: Matrix) -> Matrix:
        """Return the rows (output, sample) of the outputs kept, less those of the sample's pivot."""
        samples = np.arange(table.shape[1])
        pivots = table[self._pivots, samples]
        return np.stack([table[self._kept[:, k], samples] - pivots for k in range(self._kept.shape[1])])

    def _solve_rows(self, right: Unknowns) -> Unknowns:
        n, c = right.rows.shape
        aim = right.rows + self._A @ self._theta.apply(right.atoms)
        if self._bias.exists and self._bias.penalty:
            aim = aim + right.bias / self._bias.penalty
        table = aim.T
        if self._zero_sum:
            table = self._without_pivots(table[:, :, None])[:, :, 0]
        x = scipy.linalg.cho_solve((self._factor, True), table.ravel(), check_finite=False)
        bias = np.zeros(c)
        if self._bias.exists and not self._bias.penalty:
            sums = self._border.T @ x
            bias = scipy.linalg.cho_solve((self._schur, True), sums - right.bias, check_finite=False)
            x = x - self._moved @ bias
        rows = x.reshape(-1, n).T
        if self._zero_sum:
            full = np.zeros((n, c))
            np.put_along_axis(full, self._kept, rows, axis=1)
            np.put_along_axis(full, self._pivots[:, None], -rows.sum(axis=1, keepdims=True), axis=1)
            rows = full
        if self._bias.exists and self._bias.penalty:
            bias = (rows.sum(axis=0) - right.bias) / self._bias.penalty
        return Unknowns(rows, self._theta.apply(self._A.T @ rows - right.atoms), bias)


def _factored(matrix: Matrix) -> Matrix:
    """Return the lower triangular factor, with as much more on the diagonal as rounding makes necessary."""
    diagonal = np.diag_indices_from(matrix)
    values, jitter = matrix[diagonal], _JITTER
    while True:
        matrix[diagonal] = values * (1 + jitter)
        factor, failed = scipy.linalg.lapack.dpotrf(matrix, lower=1)
        if not failed:
            return np.asarray(factor)
        if jitter >= _MOST_JITTER or not np.isfinite(values).all():
            raise np.linalg.LinAlgError("the Newton matrix is not positive definite")
        jitter *= 100

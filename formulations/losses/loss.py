"""What training, the dual point and its bound ask of a loss, in floats.

A `Loss` has its targets and the weights of its samples; predictions go in as an n x c matrix, numbers and
matrices come out. It is the float twin of the checker's exact losses, and the only place of the mathematics
that knows a loss's formula. At predictions Z the dual point is N = -gradient(Z): for the squared loss the
residual Y - Z. What N proves is the sum of b_i(N_i), with

    b_i(nu) = min over z of w_i l(z, y_i) + nu . z ,

as long as its gauge is at most gamma (docs/method.md, section 2). Where b_i is finite is the *domain*: an
interval for every entry and, for losses that do not change when a row of predictions is shifted, rows that
sum to zero. The derivative of b_i at nu is the z that attains it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np

from formulations.arrays import Indices, Matrix, Vector

_SLIP = 1e-9  # of the size of the domain: as far outside of it is rounding
_STEPS = 200


class Loss(ABC):
    """The sum over n samples of a convex loss with c outputs, w_i l(z_i, y_i).

    Rows may have more than one index before the output's, as the batches of several networks have; n stands
    for all of them.
    """

    targets: Matrix
    weights: Vector | None

    @property
    @abstractmethod
    def text(self) -> str:
        """The canonical text, a word and perhaps a number in lowest terms."""

    @property
    def zero_sum(self) -> bool:
        """Whether the rows of the domain sum to zero; only such a loss ties its outputs to each other."""
        return False

    @property
    def margin(self) -> float:
        """The E of a term -E |nu| in b for each entry; 0 where b is smooth inside the domain."""
        return 0.0

    @property
    def sample_weights(self) -> Matrix:
        """The weights of the samples, of shape n x 1."""
        rows = self.targets[..., :1]
        return np.ones_like(rows) if self.weights is None else self.weights[..., None]

    @abstractmethod
    def rows(self, indices: Indices) -> Self:
        """Return the loss of some samples only, in this order, a sample as often as it is named."""

    @abstractmethod
    def value(self, predictions: Matrix) -> float:
        """Return the sum of w_i l(z_i, y_i)."""

    @abstractmethod
    def gradient(self, predictions: Matrix) -> Matrix:
        """Return the derivatives of the value in the predictions, n x c, at a kink one of the possible ones.

        Minus it is in the domain.
        """

    @abstractmethod
    def curvature(self, predictions: Matrix) -> Matrix:
        """Return a diagonal that is nowhere below the second derivatives, n x c; they are it if separate."""

    def hessian(self, predictions: Matrix) -> Matrix:
        """Return the second derivatives of each sample, n x c x c; at their jumps one of both."""
        diagonal = self.curvature(predictions)
        return np.asarray(diagonal[..., None] * np.eye(diagonal.shape[-1]))

    @abstractmethod
    def box(self) -> tuple[Matrix, Matrix]:
        """Return the ends of the domain's intervals, both n x c, perhaps infinite; zero is in all of them."""

    @abstractmethod
    def dual_gradient(self, N: Matrix) -> Matrix:
        """Return the derivatives of the dual value, n x c, without those of its term -margin |nu|.

        Args:
            N: inside the domain, away from its ends where the derivative is infinite there.
        """

    @abstractmethod
    def dual_curvature(self, N: Matrix) -> Matrix:
        """Return minus the second derivatives of the dual value, n x c: they are a diagonal, of any loss.

        Args:
            N: as in `dual_gradient`.
        """

    def dual_value(self, N: Matrix) -> float:
        """Return the sum of b_i(N_i) (a loss); -inf outside the domain, where that is more than rounding."""
        return self._dual_value(self._clipped(N)) if self._strays(N) <= 1 else -np.inf

    @abstractmethod
    def _dual_value(self, N: Matrix) -> float:
        """Return the dual value of a point whose entries are in their intervals."""

    def into_domain(self, N: Matrix) -> Matrix:
        """Return a point of the domain, n x c, as near as can be."""
        return self._clipped(N)

    def best_multiple(self, N: Matrix, most: float, toll: float = 0.0) -> tuple[float, float]:
        """Return the t in [0, most] with the largest dual value of t N less a toll, and that value (a loss).

        It is concave in t: a Newton step on its slope, or half of what is left where the step leaves that.

        Args:
            N: n x c.
            most: at least 0, perhaps infinite.
            toll: of t^2/2, at least 0.
        """
        N = self._tidied(N)
        most = min(most, self._most_inside(N))

        def slope(t: float) -> float:
            return self._slope(t, N) - toll * t

        def value(t: float) -> float:
            return self.dual_value(t * N) - (toll / 2 * t * t if toll else 0.0)  # t may be beyond its square

        if not N.any() or most <= 0 or slope(0.0) <= 0:
            return 0.0, self.dual_value(0 * N)
        low, high = 0.0, most
        if not np.isfinite(high):
            high = 1.0
            while slope(high) > 0 and high < 1e100:
                low, high = high, 2 * high
        elif slope(high) >= 0:
            return high, value(high)
        t = (low + high) / 2
        for _ in range(_STEPS):
            rise = slope(t)
            low, high = (t, high) if rise > 0 else (low, t)
            bend = float(np.sum(self.dual_curvature(t * N) * N * N)) + toll
            ahead = t + rise / bend if bend > 0 else np.inf
            following = ahead if low < ahead < high else (low + high) / 2
            if abs(following - t) <= 1e-15 * high:
                break
            t = following
        return t, value(t)

    def smoothed(self, mu: float) -> Loss:
        """Return a loss without kinks at most mu/2 |N|^2 below, N its dual point; itself if it has none.

        It is the Moreau envelope: its dual value is that of this loss, less mu/2 |N|^2. So minus its gradient
        is in the domain of this loss, too.

        Args:
            mu: positive, in units of a prediction over a dual entry.
        """
        return self

    def _slope(self, t: float, N: Matrix) -> float:
        """Return the derivative of the dual value of t N."""
        with np.errstate(divide="ignore"):
            slope = self.dual_gradient(self._clipped(t * N)) - self.margin * np.sign(N)
            return float(np.sum(np.where(N == 0, 0.0, slope) * N))

    def _clipped(self, N: Matrix) -> Matrix:
        return np.clip(N, *self.box())

    def _strays(self, N: Matrix) -> float:
        """Return how far N is outside the domain, over what rounding may do; infinite for NaN."""
        if not np.isfinite(N).all():
            return np.inf
        low, high = self.box()
        outside = float(np.max(np.maximum(N - high, low - N), initial=0.0))
        if self.zero_sum:
            outside = max(outside, float(np.max(np.abs(N.sum(axis=-1)), initial=0.0)))
        return outside / self._slip

    @property
    def _slip(self) -> float:
        low, high = self.box()
        ends = np.abs(np.concatenate([low.ravel(), high.ravel()]))
        size = float(np.max(ends, initial=0.0, where=np.isfinite(ends)))
        return _SLIP * (size or float(np.max(self.sample_weights, initial=0.0)) or 1.0)

    def _tidied(self, N: Matrix) -> Matrix:
        """Return N with exact zeros where it is outside a zero end of its interval by rounding alone."""
        low, high = self.box()
        stray = ((N < 0) & (low == 0) | (N > 0) & (high == 0)) & (np.abs(N) <= self._slip)
        return np.where(stray, 0.0, N)

    def _most_inside(self, N: Matrix) -> float:
        """Return the largest t with t N in the domain."""
        if self.zero_sum and float(np.max(np.abs(N.sum(axis=-1)), initial=0.0)) > self._slip:
            return 0.0
        low, high = self.box()
        ends = np.where(N > 0, high, -low)
        with np.errstate(divide="ignore", over="ignore"):
            steps = np.divide(ends, np.abs(N), out=np.full_like(ends, np.inf), where=N != 0)
        return float(np.min(steps, initial=np.inf))


def objective(loss: Loss, X: Matrix, gamma: float, hidden: Matrix, output: Matrix) -> float:
    """Return the loss of a network's predictions, with its weight decay gamma/2 (|U|_F^2 + |V|_F^2).

    Args:
        loss: of n samples.
        X: the inputs, n x d.
        gamma: the weight of the penalty.
        hidden: u_j as columns, d x m.
        output: v_j as rows, m x c.
    """
    squares = float(np.sum(hidden**2)) + float(np.sum(output**2))
    return loss.value(np.maximum(X @ hidden, 0.0) @ output) + gamma / 2 * squares


def picked(weights: Vector | None, indices: Indices) -> Vector | None:
    """Return the weights of some samples; None stays None, which is one each."""
    return None if weights is None else weights[indices]

"""Losses whose duals are entropies: logistic, cross-entropy and Poisson. 0 log 0 = 0 throughout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.special import expit, logsumexp, softmax, xlogy

from formulations.arrays import Indices, Matrix, Vector
from formulations.losses.loss import Loss, picked
from formulations.losses.simplex import simplex_projection

_LEAST = 1e-300  # a share is taken for this where its logarithm or inverse is asked for


@dataclass(frozen=True, eq=False)
class LogisticLoss(Loss):
    """log(1 + exp(-y z)) for each output.

    With a = y nu / w in [0, 1], b(nu) is w (-a log a - (1 - a) log(1 - a)).

    Attributes:
        targets: Y of +-1, n x c.
        weights: w, of length n, positive; None for one each.
    """

    targets: Matrix
    weights: Vector | None = None

    @property
    def text(self) -> str:
        """Its name."""
        return "logistic"

    def rows(self, indices: Indices) -> Self:
        """Return the loss of some samples."""
        return type(self)(self.targets[indices], picked(self.weights, indices))

    def value(self, predictions: Matrix) -> float:
        """Return the sum over samples and outputs."""
        return float(np.sum(self.sample_weights * np.logaddexp(0.0, -self.targets * predictions)))

    def gradient(self, predictions: Matrix) -> Matrix:
        """Return -w y / (1 + exp(y z))."""
        return np.asarray(-self.sample_weights * self.targets * expit(-self.targets * predictions))

    def curvature(self, predictions: Matrix) -> Matrix:
        """Return w a (1 - a)."""
        return np.asarray(self.sample_weights * expit(predictions) * expit(-predictions))

    def box(self) -> tuple[Matrix, Matrix]:
        """Return 0 <= y nu <= w."""
        ends = self.sample_weights * self.targets
        return np.minimum(ends, 0.0), np.maximum(ends, 0.0)

    def dual_gradient(self, N: Matrix) -> Matrix:
        """Return y log((1 - a) / a)."""
        a, rest = self._shares(N)
        return np.asarray(self.targets * (np.log(rest) - np.log(a)))

    def dual_curvature(self, N: Matrix) -> Matrix:
        """Return 1 / (w a (1 - a))."""
        a, rest = self._shares(N)
        with np.errstate(over="ignore"):
            return np.asarray((1 / a + 1 / rest) / self.sample_weights)

    def _dual_value(self, N: Matrix) -> float:
        a = np.clip(self.targets * N / self.sample_weights, 0.0, 1.0)
        return -float(np.sum(self.sample_weights * (xlogy(a, a) + xlogy(1 - a, 1 - a))))

    def _shares(self, N: Matrix) -> tuple[Matrix, Matrix]:
        a = self.targets * N / self.sample_weights
        return np.maximum(a, _LEAST), np.maximum(1 - a, _LEAST)


@dataclass(frozen=True, eq=False)
class CrossEntropy(Loss):
    """s log sum_k exp z_k - y . z, for targets y >= 0 with the sum s.

    With q = y - nu / w >= 0, whose sum is s, b(nu) is w (s log s - sum_k q_k log q_k).

    Attributes:
        name: its canonical text; with label smoothing it has a number.
        targets: Y as the formula has it, smoothed already, n x c.
        weights: w, of length n, positive; None for one each.
    """

    name: str
    targets: Matrix
    weights: Vector | None = None

    @property
    def text(self) -> str:
        """Its name, with its number."""
        return self.name

    @property
    def zero_sum(self) -> bool:
        """It does not change when a row of predictions is shifted."""
        return True

    def rows(self, indices: Indices) -> Self:
        """Return the loss of some samples."""
        return replace(self, targets=self.targets[indices], weights=picked(self.weights, indices))

    def value(self, predictions: Matrix) -> float:
        """Return the sum over the samples."""
        logs = logsumexp(predictions, axis=-1, keepdims=True)
        # Differences, because the sum of y z and s log sum exp cancel where z is large.
        return float(np.sum(self.sample_weights * self.targets * (logs - predictions)))

    def gradient(self, predictions: Matrix) -> Matrix:
        """Return w (s softmax(z) - y)."""
        return np.asarray(self.sample_weights * (self._sizes * softmax(predictions, axis=-1) - self.targets))

    def curvature(self, predictions: Matrix) -> Matrix:
        """Return w s softmax(z)."""
        return np.asarray(self.sample_weights * self._sizes * softmax(predictions, axis=-1))

    def hessian(self, predictions: Matrix) -> Matrix:
        """Return w s (diag p - p p^T), with p = softmax(z)."""
        p = softmax(predictions, axis=-1)
        blocks = p[..., None] * np.eye(p.shape[-1]) - p[..., :, None] * p[..., None, :]
        return np.asarray((self.sample_weights * self._sizes)[..., None] * blocks)

    def box(self) -> tuple[Matrix, Matrix]:
        """Return that nu is at most w y: q is not negative."""
        high = np.asarray(self.sample_weights * self.targets)
        return np.full_like(high, -np.inf), high

    def dual_gradient(self, N: Matrix) -> Matrix:
        """Return log q + 1."""
        return np.asarray(np.log(self._shares(N)) + 1)

    def dual_curvature(self, N: Matrix) -> Matrix:
        """Return 1 / (w q)."""
        with np.errstate(over="ignore"):
            return np.asarray(1 / (self.sample_weights * self._shares(N)))

    def _dual_value(self, N: Matrix) -> float:
        q, sizes = np.maximum(self.targets - N / self.sample_weights, 0.0), self._sizes
        entropies = xlogy(sizes, sizes) - xlogy(q, q).sum(axis=-1, keepdims=True)
        return float(np.sum(self.sample_weights * entropies))

    def into_domain(self, N: Matrix) -> Matrix:
        """Return the nearest N with q in its simplex."""
        w = self.sample_weights
        sizes = (w * self._sizes)[..., 0]
        return np.asarray(w * self.targets - simplex_projection(w * self.targets - N, sizes))

    @property
    def _sizes(self) -> Matrix:
        return np.asarray(self.targets.sum(axis=-1, keepdims=True))

    def _shares(self, N: Matrix) -> Matrix:
        return np.maximum(self.targets - N / self.sample_weights, _LEAST)


@dataclass(frozen=True, eq=False)
class PoissonLoss(Loss):
    """exp z - y z for each output: counts y >= 0 with the mean exp z, but for what does not depend on z.

    With q = y - nu / w >= 0, b(nu) is w (q - q log q).

    Attributes:
        targets: Y >= 0, n x c.
        weights: w, of length n, positive; None for one each.
    """

    targets: Matrix
    weights: Vector | None = None

    @property
    def text(self) -> str:
        """Its name."""
        return "poisson"

    def rows(self, indices: Indices) -> Self:
        """Return the loss of some samples."""
        return type(self)(self.targets[indices], picked(self.weights, indices))

    def value(self, predictions: Matrix) -> float:
        """Return the sum over samples and outputs; infinite where exp z is no float."""
        with np.errstate(over="ignore"):
            return float(np.sum(self.sample_weights * (np.exp(predictions) - self.targets * predictions)))

    def gradient(self, predictions: Matrix) -> Matrix:
        """Return w (exp z - y)."""
        with np.errstate(over="ignore"):
            return np.asarray(self.sample_weights * (np.exp(predictions) - self.targets))

    def curvature(self, predictions: Matrix) -> Matrix:
        """Return w exp z."""
        with np.errstate(over="ignore"):
            return np.asarray(self.sample_weights * np.exp(predictions))

    def box(self) -> tuple[Matrix, Matrix]:
        """Return that nu is at most w y."""
        high = np.asarray(self.sample_weights * self.targets)
        return np.full_like(high, -np.inf), high

    def dual_gradient(self, N: Matrix) -> Matrix:
        """Return log q."""
        return np.asarray(np.log(self._means(N)))

    def dual_curvature(self, N: Matrix) -> Matrix:
        """Return 1 / (w q)."""
        with np.errstate(over="ignore"):
            return np.asarray(1 / (self.sample_weights * self._means(N)))

    def _dual_value(self, N: Matrix) -> float:
        q = np.maximum(self.targets - N / self.sample_weights, 0.0)
        return float(np.sum(self.sample_weights * (q - xlogy(q, q))))

    def _means(self, N: Matrix) -> Matrix:
        return np.maximum(self.targets - N / self.sample_weights, _LEAST)

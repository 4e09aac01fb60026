"""The strongest inequality of Horn's matrix that a doubly nonnegative matrix violates.

Five nonnegative numbers in a ring have 4 (w_1 w_2 + w_2 w_3 + w_3 w_4 + w_4 w_5 + w_5 w_1) <= (w_1 + ... +
w_5)^2: this is w^T H w >= 0 for Horn's matrix H, with -1 for neighbours and 1 elsewhere (Hall and Newman
1963), and says as much as that a ring of five has no triangle (Motzkin and Straus 1965). Hence
sum_jk H_jk w_j w_k A_jk >= 0 for each w >= 0 and each completely positive A of order five. Up to order four
doubly nonnegative matrices are completely positive, so that no inequality takes fewer coordinates.

The best w of length 1 for a choice and an order of five coordinates has no zeros, and is the eigenvector of
the least eigenvalue of (H_jk A_jk). There are twelve orders of five, and all choices are gone through.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from formulations.arrays import Matrix

HORN = ((1, -1, 1, 1, -1), (-1, 1, -1, 1, 1), (1, -1, 1, -1, 1), (1, 1, -1, 1, -1), (-1, 1, 1, -1, 1))

_RINGS = [(0, *rest) for rest in permutations(range(1, 5)) if rest[0] < rest[-1]]
_LEAST = 1e-9  # of a violation, which is otherwise rounding


@dataclass(frozen=True)
class HornCut:
    """sum_jk H_jk w_j w_k A_jk >= 0, which A violates.

    Attributes:
        places: the five coordinates, in the order of the ring.
        weights: w, positive and of length 1.
        value: the sum for A; negative.
    """

    places: tuple[int, ...]
    weights: tuple[float, ...]
    value: float


def strongest_horn_cut(A: Matrix) -> HornCut | None:
    """Return the inequality with the least sum; None if A violates none.

    Args:
        A: p x p, symmetric and nonnegative, best with a diagonal of ones. The time grows like p^5, to some
            seconds at p = 24.
    """
    choices = np.array(list(combinations(range(len(A)), 5)), dtype=np.intp).reshape(-1, 5)
    best: HornCut | None = None
    for ring in _RINGS:
        places = choices[:, ring]
        values, vectors = np.linalg.eigh(A[places[:, :, None], places[:, None, :]] * np.array(HORN))
        weights = vectors[:, :, 0] * np.where(vectors[:, :, 0].sum(axis=1) < 0, -1.0, 1.0)[:, None]
        inside = np.flatnonzero((weights > 0).all(axis=1))
        if not inside.size:
            continue
        k = inside[np.argmin(values[inside, 0])]
        if values[k, 0] < (-_LEAST if best is None else best.value):
            best = HornCut(tuple(places[k].tolist()), tuple(weights[k].tolist()), float(values[k, 0]))
    return best

"""Horn's inequalities: by hand, against all orders and choices, and on matrices that violate none."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.copositive.horn import HORN, HornCut, strongest_horn_cut
from tests.certify.checker.copositive_oracle import simplex_minimum


def ring(neighbours: float, others: float = 0.0) -> Matrix:
    """Return the matrix of order five with a diagonal of ones that a turn of the ring leaves as it is."""
    return np.array(
        [
            [1.0 if i == j else (neighbours if (i - j) % 5 in (1, 4) else others) for j in range(5)]
            for i in range(5)
        ]
    )


def value(cut: HornCut, A: Matrix) -> float:
    return sum(
        HORN[j][k] * cut.weights[j] * cut.weights[k] * float(A[cut.places[j], cut.places[k]])
        for j in range(5)
        for k in range(5)
    )


def test_horns_matrix_is_copositive() -> None:
    assert simplex_minimum(HORN) == 0


def test_a_ring_by_hand() -> None:
    # With w_k = 1 / sqrt(5) the sum is 1 - 2 a + 2 b, for a between neighbours and b between others.
    cut = strongest_horn_cut(ring(0.6, 0.05))
    assert cut is not None
    assert cut.value == pytest.approx(1 - 1.2 + 0.1)
    assert cut.weights == pytest.approx([5**-0.5] * 5)
    assert abs(cut.places[0] - cut.places[1]) in (1, 4)
    assert strongest_horn_cut(ring(0.5)) is None
    assert strongest_horn_cut(np.eye(4)) is None


@given(st.integers(0, 2**32 - 1))
def test_completely_positive_matrices_violate_none(seed: int) -> None:
    factor = np.random.default_rng(seed).random((7, 9)) ** 4
    assert strongest_horn_cut(factor @ factor.T) is None


@given(st.integers(0, 2**32 - 1))
def test_the_ring_is_found_among_others_in_any_order_and_scale(seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(7)
    A = np.eye(7)
    A[:5, :5] = ring(0.61)
    scale = rng.uniform(0.5, 2, size=7)
    A = (scale[:, None] * A * scale)[np.ix_(order, order)]
    cut = strongest_horn_cut(A)
    assert cut is not None
    assert cut.value == pytest.approx(value(cut, A), rel=1e-9)
    assert np.linalg.norm(cut.weights) == pytest.approx(1)
    assert {int(order[place]) for place in cut.places} == set(range(5))
    # No order of these five does better.
    best = min(
        np.linalg.eigvalsh(A[np.ix_(places, places)] * np.array(HORN))[0]
        for places in permutations(cut.places)
    )
    assert cut.value == pytest.approx(best)

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from certify.tightness.accuracy import Accuracy, accuracy


def test_both_protocols_by_hand() -> None:
    targets = np.array([[1.0, 0], [0, 1], [1, 0], [0, 1]])
    predictions = np.array([[0.9, 0.1], [0.3, 0.4], [0.6, 0.8], [0.2, 0.7]])
    # The third has the larger output elsewhere; the first, second and fourth are apart from 0.3 on.
    assert accuracy(predictions, targets) == Accuracy(0.75, 0.75, 0.3)


def test_a_single_output_has_a_sign() -> None:
    found = accuracy(np.array([[0.5], [-0.5], [0.2], [0.1]]), np.array([[1.0], [-1], [-1], [-1]]))
    assert found == Accuracy(0.5, 1.0, 0.2)


def test_an_output_at_the_threshold_is_not_above_it() -> None:
    assert accuracy(np.array([[0.0, 0.5]]), np.array([[0.0, 1]])).threshold == 0.0
    assert accuracy(np.array([[0.0, 0.5]]), np.array([[1.0, 0]])).thresholded == 0.0


@given(st.integers(0, 2**32 - 1))
def test_who_is_right_with_a_threshold_has_the_largest_output_right(seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = np.eye(3)[rng.integers(3, size=10)]
    found = accuracy(rng.normal(size=(10, 3)) + targets, targets)
    assert found.thresholded <= found.largest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.kernels import KERNELS, arc_cosine_kernel, ridge_coefficients


def by_integration(X: Matrix, Z: Matrix, kind: str, steps: int = 40_000) -> Matrix:
    """Average over directions in the plane: the squared length of u ~ N(0, I) is 2 on average."""
    angles = (np.arange(steps) + 0.5) * 2 * np.pi / steps
    u = np.vstack([np.cos(angles), np.sin(angles)])
    first, second = X @ u, Z @ u
    kernel = 4 * np.maximum(first, 0) @ np.maximum(second, 0).T / steps
    if kind == "ntk":
        kernel += 2 * (X @ Z.T) * ((first > 0).astype(float) @ (second > 0).T / steps)
    return np.asarray(kernel)


def test_by_hand() -> None:
    X = np.array([[1.0], [-1.0], [2.0], [0.0]])
    # On a line: relu(x) relu(z) for one sign of u and none for the other.
    expected = [[1, 0, 2, 0], [0, 1, 0, 0], [2, 0, 4, 0], [0, 0, 0, 0]]
    assert arc_cosine_kernel(X, X, "nngp") == pytest.approx(np.array(expected))
    assert arc_cosine_kernel(X, X, "ntk") == pytest.approx(2 * np.array(expected))
    # At a right angle sin is one and cos zero.
    assert arc_cosine_kernel(np.array([[3.0, 0]]), np.array([[0, 2.0]]), "ntk") == pytest.approx(6 / np.pi)


@pytest.mark.parametrize("kind", KERNELS)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_is_the_average_over_neurons(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, Z = rng.normal(size=(3, 2)), rng.normal(size=(2, 2))
    assert arc_cosine_kernel(X, Z, kind) == pytest.approx(by_integration(X, Z, kind), abs=1e-2)


def test_regression_by_hand() -> None:
    # K = 1, so that f(z) = relu(z) / (1 + ridge).
    X, Z = np.array([[1.0]]), np.array([[2.0], [-1.0]])
    coefficients = ridge_coefficients(arc_cosine_kernel(X, X, "nngp"), np.array([[1.0]]), 0.25)
    assert arc_cosine_kernel(Z, X, "nngp") @ coefficients == pytest.approx(np.array([[1.6], [0.0]]))


def test_inputs_that_are_zero_predict_zero() -> None:
    X = np.zeros((2, 1))
    assert not ridge_coefficients(arc_cosine_kernel(X, X, "ntk"), np.ones((2, 1)), 0.1).any()


def test_an_unknown_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="'rbf' is unknown"):
        arc_cosine_kernel(np.eye(2), np.eye(2), "rbf")

"""The matrices of the products against the bracket that they make up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.sdp.products import BracketProducts, coordinates, products


def test_products_by_hand() -> None:
    x, y = coordinates(0, 1), coordinates(1, 1)
    assert products(x, y, 2).toarray().ravel().tolist() == [0, 0.5, 0.5, 0]
    assert products(y, y, 2).toarray().ravel().tolist() == [0, 0, 0, 1]


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2))
def test_columns_add_up_to_the_bracket(seed: int, n: int, d: int, extra: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    bracket = BracketProducts.of(X, d + n + extra)
    values = rng.uniform(0, 1, bracket.matrices.shape[1])
    assert values.size == n * (n + 1) + n * (n - 1) + n
    assert bracket.nonnegative == values.size - n
    combined = (bracket.matrices @ values).reshape(d + n + extra, -1)
    multipliers = bracket.multipliers(values)
    assert combined[: d + n, : d + n] == pytest.approx(multipliers.form(X), abs=1e-12)
    assert not combined[d + n :].any()
    assert not np.diag(multipliers.alpha_beta).any()


def test_negative_numbers_become_zero_but_for_the_free_ones() -> None:
    bracket = BracketProducts.of(np.ones((2, 1)), 3)
    multipliers = bracket.multipliers(-np.ones(bracket.matrices.shape[1]))
    for matrix in (multipliers.alpha_alpha, multipliers.alpha_beta, multipliers.beta_beta):
        assert not matrix.any()
    assert multipliers.slack.tolist() == [-1.0, -1.0]

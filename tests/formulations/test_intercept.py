"""Eliminating the output bias leaves its best value's loss."""

import numpy as np
import pytest

from formulations.intercept import Intercept


@pytest.mark.parametrize(("output_bias", "price"), [("none", 0.0), ("free", 0.0), ("decayed", 0.3)])
def test_the_loss_is_that_of_the_best_bias(output_bias: str, price: float) -> None:
    rng = np.random.default_rng(0)
    residual, gamma = rng.normal(size=(7, 3)), 0.3
    intercept = Intercept.of(output_bias, 7, gamma)
    b = intercept.best(residual)
    left = np.sum((residual - b) ** 2) + price * np.sum(b**2)
    mixed = intercept.apply(residual)
    assert np.sum(mixed**2) == pytest.approx(left)
    # N = Q (Q residual) is what the dual bound takes; the bound is tight where Z = 0.
    N = intercept.apply(mixed)
    assert residual - b == pytest.approx(N)
    dual = np.sum(N * residual) - (np.sum(N**2) + intercept.extra(N, gamma)) / 2
    assert dual == pytest.approx(left / 2)
    for other in (b + 0.1, b - 0.1):
        if output_bias != "none":
            assert np.sum((residual - other) ** 2) + price * np.sum(other**2) > left


def test_unknown() -> None:
    with pytest.raises(ValueError, match="none, free or decayed"):
        Intercept.of("maybe", 3, 1.0)

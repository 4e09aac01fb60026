"""All losses in floats: worked cases, Fenchel and Young, derivatives, domains, multiples, envelopes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.losses.loss import Loss, objective
from formulations.losses.reading import read_loss
from formulations.losses.squared import SquaredLoss
from tests.formulations.losses.examples import KINKED, TEXTS, drawn

SEEDS = st.integers(0, 10**6)
PARABOLIC = ("squared", "huber 1/2", "squared-hinge")
SMOOTH = [text for text in TEXTS if text not in KINKED]


def one(text: str, *target: float, weight: float | None = None) -> Loss:
    return read_loss(text, np.array([target]), None if weight is None else np.array([weight]))


def row(*entries: float) -> Matrix:
    return np.array([entries])


def predictions(seed: int, loss: Loss, scale: float = 1.0) -> Matrix:
    rng = np.random.default_rng([seed, 2])
    return scale * rng.normal(size=loss.targets.shape)


@pytest.mark.parametrize(
    ("loss", "z", "value", "gradient"),
    [
        (one("squared", 3.0), row(1), 2.0, row(-2)),
        (one("squared", 3.0, weight=0.5), row(1), 1.0, row(-1)),
        (one("huber 1", 0.0), row(0.5), 0.125, row(0.5)),
        (one("huber 1", 0.0), row(-3), 2.5, row(-1)),
        (one("huber 1", 0.0, weight=2.0), row(-3), 5.0, row(-2)),
        (one("absolute", 1.0, -1.0), row(3, 0), 3.0, row(1, 1)),
        (one("quantile 1/4", 0.0), row(2), 1.5, row(0.75)),
        (one("quantile 1/4", 0.0), row(-2), 0.5, row(-0.25)),
        (one("epsilon-insensitive 1/2", 0.0), row(0.25), 0.0, row(0)),
        (one("epsilon-insensitive 1/2", 0.0), row(2), 1.5, row(1)),
        (one("hinge", -1.0, 1.0), row(0.5, 2), 1.5, row(1, 0)),
        (one("squared-hinge", 1.0), row(-1), 2.0, row(-2)),
        (one("multiclass-hinge", 0.0, 1.0, 0.0), row(1, 0, 0.5), 2.0, row(1, -1, 0)),
        (one("multiclass-hinge", 0.0, 1.0, 0.0), row(1, 3, 0.5), 0.0, row(0, 0, 0)),
        (one("logistic", 1.0), row(0), math.log(2), row(-0.5)),
        (one("cross-entropy", 1.0, 0.0), row(0, 0), math.log(2), row(-0.5, 0.5)),
        (one("cross-entropy", 2.0, 1.0), row(0, 0), 3 * math.log(2), row(-0.5, 0.5)),
        (one("cross-entropy 1/2", 1.0, 0.0), row(0, 0), math.log(2), row(-0.25, 0.25)),
        (one("poisson", 3.0), row(0), 1.0, row(-2)),
    ],
)
def test_values_by_hand(loss: Loss, z: Matrix, value: float, gradient: Matrix) -> None:
    assert loss.value(z) == pytest.approx(value, rel=1e-15)
    assert loss.gradient(z) == pytest.approx(gradient, abs=1e-15)


@pytest.mark.parametrize(
    ("loss", "nu", "value"),
    [
        (one("squared", 3.0, -1.0), row(1, 2), 3 - 2 - 2.5),
        (one("huber 1/2", 3.0), row(0.5), 1.375),
        (one("huber 1/2", 3.0), row(0.6), -math.inf),
        (one("absolute", 3.0), row(-1), -3.0),
        (one("absolute", 3.0), row(-1.1), -math.inf),
        (one("quantile 1/4", 3.0), row(0.25), 0.75),
        (one("quantile 1/4", 3.0), row(0.3), -math.inf),
        (one("epsilon-insensitive 1/2", 3.0), row(-1), -3.5),
        (one("hinge", -1.0), row(-1), 1.0),
        (one("hinge", -1.0), row(0.1), -math.inf),
        (one("squared-hinge", -1.0), row(-4), 4 - 8.0),
        (one("multiclass-hinge", 1.0, 0.0, 0.0), row(0.5, -0.25, -0.25), 0.5),
        (one("multiclass-hinge", 1.0, 0.0, 0.0), row(0.5, -0.25, 0), -math.inf),
        (one("multiclass-hinge", 1.0, 0.0, 0.0), row(1.5, -1, -0.5), -math.inf),
        (one("logistic", -1.0), row(-0.5), math.log(2)),
        (one("logistic", -1.0, weight=2.0), row(-1), 2 * math.log(2)),
        (one("cross-entropy", 1.0, 0.0), row(0.5, -0.5), math.log(2)),
        (one("cross-entropy", 1.0, 0.0), row(0, 0), 0.0),
        (one("cross-entropy", 1.0, 0.0), row(0.5, -0.4), -math.inf),
        (one("poisson", 3.0), row(2), 1.0),
        (one("poisson", 3.0), row(3), 0.0),
        (one("poisson", 3.0), row(3.5), -math.inf),
        (one("absolute", 3.0), row(math.nan), -math.inf),
    ],
)
def test_dual_values_by_hand(loss: Loss, nu: Matrix, value: float) -> None:
    assert loss.dual_value(nu) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("text", [text for text in TEXTS if text not in ("squared", "squared-hinge")])
def test_rounding_does_not_leave_the_domain(text: str) -> None:
    loss = drawn(text, 3, weighted=True)
    edge = -loss.gradient((30 if text == "poisson" else 1e6) * predictions(3, loss))
    moved = edge + 1e-13 * np.array([1.0, -1.0])
    assert np.isfinite(loss.dual_value(moved))
    size = 1 + float(np.abs(edge).max())
    assert loss.dual_value(moved) == pytest.approx(loss.dual_value(edge), abs=1e-9 * size)
    assert loss.best_multiple(edge, 1.0) == pytest.approx(loss.best_multiple(moved, 1.0), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("text", TEXTS)
@given(seed=SEEDS, scale=st.sampled_from([0.1, 1.0, 10.0]))
def test_duality(text: str, weighted: bool, seed: int, scale: float) -> None:
    """l(z) >= b(nu) - nu . z, with equality where nu is minus the gradient, which is in the domain."""
    loss, rng = drawn(text, seed, c=3, weighted=weighted), np.random.default_rng(seed)
    Z = predictions(seed, loss, scale)
    N = loss.into_domain(rng.normal(size=Z.shape))
    assert np.isfinite(loss.dual_value(N))
    assert loss.value(Z) >= loss.dual_value(N) - float(np.sum(N * Z)) - 1e-9
    N = -loss.gradient(Z)
    size = 1 + abs(loss.value(Z)) + float(np.sum(np.abs(N * Z)))
    assert loss.value(Z) == pytest.approx(loss.dual_value(N) - float(np.sum(N * Z)), abs=1e-12 * size)


@pytest.mark.parametrize("text", TEXTS)
@given(seed=SEEDS)
def test_the_domain_is_its_box(text: str, seed: int) -> None:
    loss, rng = drawn(text, seed, c=3, weighted=True), np.random.default_rng(seed)
    low, high = loss.box()
    assert np.all((low <= 0) & (high >= 0))
    drawing = rng.normal(size=low.shape)
    N = loss.into_domain(drawing)
    assert np.all((low - 1e-12 <= N) & (high + 1e-12 >= N))
    if loss.zero_sum:
        assert N.sum(axis=1) == pytest.approx(np.zeros(5), abs=1e-12)
    assert loss.into_domain(N) == pytest.approx(N, abs=1e-12)
    # Nothing else of the domain is nearer.
    other = loss.into_domain(rng.normal(size=low.shape))
    assert float(np.sum((drawing - N) * (other - N))) <= 1e-9


@pytest.mark.parametrize("text", SMOOTH)
@given(seed=SEEDS)
def test_derivatives(text: str, seed: int) -> None:
    loss, rng = drawn(text, seed, c=3, weighted=True), np.random.default_rng(seed)
    Z = predictions(seed, loss)
    step = 1e-4 * rng.normal(size=Z.shape)
    change = loss.value(Z + step) - loss.value(Z - step)
    assert change == pytest.approx(2 * float(np.sum(loss.gradient(Z) * step)), rel=1e-4, abs=1e-7)
    bent = float(np.sum((loss.gradient(Z + step) - loss.gradient(Z - step)) * step)) / 2
    if text not in ("huber 1/2", "squared-hinge"):  # whose second derivatives jump
        exact = float(np.einsum("ij,ijk,ik->", step, loss.hessian(Z), step))
        assert bent == pytest.approx(exact, rel=1e-4, abs=1e-14)
        assert bent <= float(np.sum(loss.curvature(Z) * step**2)) * (1 + 1e-4)


@pytest.mark.parametrize("text", TEXTS)
@given(seed=SEEDS)
def test_derivatives_of_the_dual(text: str, seed: int) -> None:
    loss, rng = drawn(text, seed, c=3, weighted=True), np.random.default_rng(seed)
    inside = 0.5 * -loss.smoothed(0.3).gradient(predictions(seed, loss))
    inner = loss.into_domain(inside) if loss.margin == 0 else inside
    step = 1e-6 * rng.normal(size=inner.shape)
    if loss.zero_sum:
        step -= step.mean(axis=1, keepdims=True)
    low, high = loss.box()
    step[(inner - low < 1e-3) | (high - inner < 1e-3)] = 0
    if loss.zero_sum and np.abs(step.sum(axis=1)).max() > 0:
        return
    if loss.margin:
        step[np.abs(inner) < 1e-3] = 0
    change = (loss.dual_value(inner + step) - loss.dual_value(inner - step)) / 2
    slope = loss.dual_gradient(inner) - loss.margin * np.sign(inner)
    assert change == pytest.approx(float(np.sum(slope * step)), rel=1e-4, abs=1e-10)
    bend = loss.dual_gradient(inner - step) - loss.dual_gradient(inner + step)
    assert bend == pytest.approx(2 * loss.dual_curvature(inner) * step, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("text", [text for text in SMOOTH if text not in PARABOLIC])
@given(seed=SEEDS)
def test_the_slope_of_the_dual_is_the_prediction(text: str, seed: int) -> None:
    loss = drawn(text, seed, c=3, weighted=True)
    Z = predictions(seed, loss)
    slope = loss.dual_gradient(-loss.gradient(Z))
    if loss.zero_sum:
        Z, slope = Z - Z.mean(axis=1, keepdims=True), slope - slope.mean(axis=1, keepdims=True)
    assert slope == pytest.approx(Z, abs=1e-8)


def test_multiple_by_hand() -> None:
    loss = one("squared", 3.0)
    assert loss.best_multiple(row(2), np.inf) == (1.5, 4.5)
    assert loss.best_multiple(row(2), 0.5) == (0.5, 2.5)
    assert loss.best_multiple(row(-2), 1.0) == (0.0, 0.0)
    assert loss.best_multiple(row(0), np.inf) == (0.0, 0.0)
    assert one("absolute", 3.0).best_multiple(row(2), np.inf) == (0.5, 3.0)
    assert one("epsilon-insensitive 1/2", 3.0).best_multiple(row(2), 0.25) == (0.25, 1.25)
    assert one("hinge", -1.0).best_multiple(row(-0.5), np.inf) == (2.0, 1.0)
    assert one("hinge", -1.0).best_multiple(row(0.5), np.inf) == (0.0, 0.0)
    assert one("logistic", 1.0).best_multiple(row(0.25), np.inf) == pytest.approx((2.0, math.log(2)))
    assert one("cross-entropy", 1.0, 0.0).best_multiple(row(1, -1), 0.5) == (0.5, math.log(2))
    assert one("cross-entropy", 1.0, 0.0).best_multiple(row(1, -0.5), np.inf) == (0.0, 0.0)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("text", TEXTS)
@given(seed=SEEDS, most=st.sampled_from([0.01, 2.0, np.inf]), toll=st.sampled_from([0.0, 0.3, 20.0]))
def test_best_multiple_is_best(text: str, weighted: bool, seed: int, most: float, toll: float) -> None:
    loss, rng = drawn(text, seed, weighted=weighted), np.random.default_rng(seed)
    N = rng.uniform(0.1, 3) * loss.into_domain(rng.normal(size=loss.targets.shape))
    t, value = loss.best_multiple(N, most, toll)
    assert 0 <= t <= most
    assert value == pytest.approx(loss.dual_value(t * N) - toll / 2 * t**2, rel=1e-12, abs=1e-12)
    for other in (rng.uniform(0, min(most, 2)), 0.999 * t, min(1.001 * t, most)):
        assert value >= loss.dual_value(other * N) - toll / 2 * other**2 - 1e-9 * (1 + abs(value))


@pytest.mark.parametrize("text", sorted(KINKED))
@given(seed=SEEDS, mu=st.sampled_from([1e-3, 0.1, 1.0]))
def test_envelopes(text: str, seed: int, mu: float) -> None:
    """Their dual value is less by mu/2 |nu|^2, and Fenchel's inequality is an equality at the gradient."""
    loss, rng = drawn(text, seed, c=3, weighted=True), np.random.default_rng(seed)
    smooth, Z = loss.smoothed(mu), predictions(seed, loss)
    assert smooth.smoothed(mu) is smooth
    N = -smooth.gradient(Z)
    assert loss.into_domain(N) == pytest.approx(N, abs=1e-12)
    square = mu / 2 * float(np.sum(N**2))
    assert smooth.dual_value(N) == pytest.approx(loss.dual_value(N) - square, abs=1e-12)
    assert smooth.value(Z) == pytest.approx(smooth.dual_value(N) - float(np.sum(N * Z)), abs=1e-10)
    assert (
        loss.value(Z) - mu * float(np.sum(loss.sample_weights**2)) * 3
        <= smooth.value(Z)
        <= loss.value(Z) + 1e-12
    )
    step = 1e-3 * mu * rng.normal(size=Z.shape)
    change = smooth.value(Z + step) - smooth.value(Z)
    slope = float(np.sum(smooth.gradient(Z) * step))
    assert slope - 1e-12 <= change <= slope + float(np.sum(step**2)) / (2 * mu) + 1e-12
    halfway = (smooth.gradient(Z + 1e-6 * step) - smooth.gradient(Z)) / 1e-6
    if not np.allclose(smooth.curvature(Z), smooth.curvature(Z + 1e-6 * step)):
        return
    assert np.einsum("ijk,ik->ij", smooth.hessian(Z), step) == pytest.approx(halfway, abs=1e-6)


@pytest.mark.parametrize("text", SMOOTH)
def test_smooth_losses_are_their_own_envelopes(text: str) -> None:
    loss = drawn(text, 0)
    assert loss.smoothed(0.1) is loss


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("scale", [1e3, 1e200])
def test_far_out_nothing_becomes_nan(text: str, scale: float) -> None:
    loss = drawn(text, 5, c=3)
    Z = predictions(5, loss, scale)
    with np.errstate(over="ignore"):
        assert not np.isnan(loss.value(Z))
        assert not np.isnan(loss.gradient(Z)).any()
        assert not np.isnan(loss.curvature(Z)).any()
        assert not np.isnan(loss.smoothed(1e-3).value(Z))


@pytest.mark.parametrize("m", [0, 2, 9])
@pytest.mark.parametrize("weighted", [False, True])
def test_best_output_is_stationary(m: int, weighted: bool) -> None:
    loss = drawn("squared", 0, weighted=weighted)
    assert isinstance(loss, SquaredLoss)
    features = np.random.default_rng(0).normal(size=(5, m))
    V = loss.best_output(features, 0.3)
    assert features.T @ loss.gradient(features @ V) + 0.3 * V == pytest.approx(np.zeros((m, 2)), abs=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_rows_add_up(text: str, weighted: bool) -> None:
    loss = drawn(text, 1, weighted=weighted)
    Z = predictions(1, loss)
    halves = [np.array([0, 3]), np.array([4, 1, 2])]
    assert sum(loss.rows(half).value(Z[half]) for half in halves) == pytest.approx(loss.value(Z))
    assert loss.rows(halves[0]).gradient(Z[halves[0]]) == pytest.approx(loss.gradient(Z)[halves[0]])
    # A stack of batches, as several networks have them.
    stack = np.array([[0, 3], [1, 1]])
    assert loss.rows(stack).gradient(Z[stack])[1, 0] == pytest.approx(loss.gradient(Z)[1])
    assert loss.rows(stack).value(Z[stack]) == pytest.approx(
        loss.rows(stack[0]).value(Z[stack[0]]) + 2 * loss.rows(np.array([1])).value(Z[[1]])
    )


@pytest.mark.parametrize("text", [text for text in TEXTS if text != "cross-entropy 1/10"])
def test_a_weight_counts_as_copies(text: str) -> None:
    loss = drawn(text, 2)
    Z = predictions(2, loss)
    copied = np.array([0, 0, 1, 2, 3, 3, 3, 4])
    weighted = read_loss(text, loss.targets, np.array([2.0, 1, 1, 3, 1]))
    assert weighted.value(Z) == pytest.approx(loss.rows(copied).value(Z[copied]))


def test_objective_by_hand() -> None:
    """1/2 (2 * 1 * 3 - 5)^2 + 1/2 * 0.5 * (1 + 9)."""
    loss = one("squared", 5.0)
    assert objective(loss, np.array([[2.0]]), 0.5, np.array([[1.0]]), np.array([[3.0]])) == 0.5 + 2.5


@pytest.mark.parametrize("text", TEXTS)
def test_texts(text: str) -> None:
    assert drawn(text, 0).text == text


@pytest.mark.parametrize(
    ("text", "targets", "message"),
    [
        ("squard", row(1), "one of squared"),
        ("huber", row(1), "takes a number that is positive"),
        ("huber 0", row(1), "has to be positive"),
        ("huber x", row(1), "'x' is no number"),
        ("huber 1 2", row(1), "takes a number"),
        ("quantile 1", row(1), "between 0 and 1"),
        ("hinge 1", row(1), "takes no number"),
        ("hinge", row(0.5), "-1 and 1"),
        ("logistic", row(0), "-1 and 1"),
        ("multiclass-hinge", row(1, 1), "a single 1"),
        ("cross-entropy", row(1, -0.1), "without negative entries"),
        ("cross-entropy", row(0, 0), "not all zero"),
        ("cross-entropy 2", row(1, 0), "at most 1"),
        ("poisson", row(-1), "zero or more"),
        ("absolute", row(math.nan), "finite matrix"),
    ],
)
def test_what_does_not_fit(text: str, targets: Matrix, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_loss(text, targets)


@pytest.mark.parametrize("weights", [np.array([0.0]), np.array([1.0, 1.0]), np.array([math.nan])])
def test_weights_that_do_not_fit(weights: Matrix) -> None:
    with pytest.raises(ValueError, match="a positive weight for each of the 1 samples"):
        read_loss("absolute", row(1), weights)

"""Perceptrons of scikit-learn: their outputs, their classes, and the gradients that they descend along."""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline

from certify.checker.errors import DataError, NetworkError
from certify.networks.frameworks.objective import FrameworkLoss
from certify.networks.frameworks.sklearn_mlp import (
    in_order,
    is_sklearn,
    loss_of_mlp,
    network_of_mlp,
    objective_of_mlp,
)
from certify.networks.link import Link
from certify.networks.loaded import LoadedNetwork

F = Fraction
RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 3))


def fitted(kind: type, y: Any, **arguments: Any) -> Any:
    """Fit a few steps, which need not converge."""
    settings = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0, "alpha": 0.5, **arguments}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kind(**settings).fit(X, y)


def outputs(loaded: LoadedNetwork) -> NDArray[np.float64]:
    network = loaded.network
    hidden = np.array(network.hidden, dtype=float) / network.hidden_denominator
    output = np.array(network.output, dtype=float) / network.output_denominator
    data = np.hstack([X, np.ones((len(X), 1))])
    result: NDArray[np.float64] = np.maximum(data @ hidden, 0) @ output + np.array(
        list(map(float, loaded.output_bias))
    )
    return result


def test_a_regression() -> None:
    mlp = fitted(MLPRegressor, RNG.standard_normal((12, 2)))
    loaded = network_of_mlp(mlp)
    assert is_sklearn(mlp)
    assert loaded.hidden_bias
    assert loaded.hidden_bias_is_free
    assert loaded.link is Link.NONE
    assert loaded.classes == ()
    assert loaded.describe() == (
        "scikit-learn's MLPRegressor: 3 inputs, 5 neurons with a bias, 2 outputs with a bias, float64"
    )
    assert np.allclose(outputs(loaded), mlp.predict(X), atol=1e-12)
    assert loss_of_mlp(mlp) == FrameworkLoss(
        "the loss of MLPRegressor", "squared", reduction="mean over samples"
    )


def test_three_classes() -> None:
    mlp = fitted(MLPClassifier, np.array(["c", "a", "b"] * 4))
    loaded = network_of_mlp(mlp)
    probabilities = np.exp(outputs(loaded))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert np.allclose(probabilities, mlp.predict_proba(X), atol=1e-12)
    assert loaded.classes == ("a", "b", "c")
    assert loss_of_mlp(mlp).loss == "cross-entropy"


def test_two_classes_have_one_output() -> None:
    mlp = fitted(MLPClassifier, np.array([2, 7] * 6))
    loaded = network_of_mlp(mlp)
    assert loaded.outputs == 1
    assert np.allclose(1 / (1 + np.exp(-outputs(loaded)[:, 0])), mlp.predict_proba(X)[:, 1], atol=1e-12)
    assert loaded.classes == ("2", "7")
    assert loss_of_mlp(mlp).loss == "logistic"


def test_several_labels() -> None:
    mlp = fitted(MLPClassifier, RNG.integers(0, 2, (12, 3)))
    loaded = network_of_mlp(mlp)
    assert loaded.outputs == 3
    assert loaded.classes == ()
    assert loss_of_mlp(mlp).loss == "logistic"


def test_counts() -> None:
    try:
        mlp = fitted(MLPRegressor, RNG.integers(0, 4, 12), loss="poisson")
    except TypeError:
        pytest.skip("this version of scikit-learn has no Poisson loss")
    assert np.allclose(np.exp(outputs(network_of_mlp(mlp))[:, 0]), mlp.predict(X), atol=1e-9)
    assert loss_of_mlp(mlp).loss == "poisson"


def test_other_orders_of_classes() -> None:
    # As texts "10" is before "9"; as numbers it is not, which is how the project sorts them.
    mlp = fitted(MLPClassifier, np.array(["9", "10", "11"] * 4))
    loaded = network_of_mlp(mlp)
    assert loaded.classes == ("10", "11", "9")
    ordered = in_order(loaded, ("9", "10", "11"))
    assert np.allclose(outputs(ordered), outputs(loaded)[:, [2, 0, 1]])
    two = network_of_mlp(fitted(MLPClassifier, np.array(["9", "10"] * 6)))
    assert np.allclose(outputs(in_order(two, ("9", "10"))), -outputs(two))
    assert in_order(two, ("10", "9")) is two
    with pytest.raises(
        NetworkError, match="was trained on the classes 10, 9, which are not those of the data"
    ):
        in_order(two, ("9", "8"))


CASES: dict[str, tuple[type, Any, dict[str, Any]]] = {
    "squares": (MLPRegressor, np.random.default_rng(1).standard_normal(12), {}),
    "several squares": (MLPRegressor, np.random.default_rng(1).standard_normal((12, 2)), {}),
    "two classes": (MLPClassifier, np.array([0, 1] * 6), {}),
    "three classes": (MLPClassifier, np.array([0, 1, 2] * 4), {}),
    "several labels": (MLPClassifier, np.random.default_rng(1).integers(0, 2, (12, 3)), {}),
    "counts": (MLPRegressor, np.random.default_rng(1).integers(0, 4, 12), {"loss": "poisson"}),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("batch", [12, 4])
def test_a_step_is_along_the_gradient(name: str, batch: int) -> None:
    """A step of plain SGD, of one batch or of three, from weights of ours; all but the hidden bias."""
    kind, y, more = CASES[name]
    settings = {
        "solver": "sgd",
        "momentum": 0.0,
        "learning_rate_init": 1e-6,
        "batch_size": batch,
        "max_iter": 1,
        "warm_start": True,
        **more,
    }
    try:
        mlp = fitted(kind, y, **settings)
    except TypeError:
        pytest.skip("this version of scikit-learn has no such loss")
    before = [array.copy() for array in (*mlp.coefs_, *mlp.intercepts_)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mlp.fit(X, y)
    steps = [old - new for old, new in zip(before, (*mlp.coefs_, *mlp.intercepts_), strict=True)]

    z_targets = {"squared": y, "poisson": y}
    loss = loss_of_mlp(mlp)
    c = mlp.n_outputs_
    u, v, a, b = (torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in before)
    z = torch.relu(torch.tensor(X) @ u + a) @ v + b
    if loss.loss == "cross-entropy":
        value = torch.nn.functional.cross_entropy(z, torch.tensor(y), reduction="sum")
    elif loss.loss == "logistic":
        signs = torch.tensor(2.0 * np.asarray(y).reshape(12, c) - 1)
        value = torch.log1p(torch.exp(-signs * z)).sum()
    else:
        t = torch.tensor(np.asarray(z_targets[loss.loss], dtype=float).reshape(12, c))
        value = ((z - t) ** 2).sum() / 2 if loss.loss == "squared" else (z.exp() - t * z).sum()
    objective = objective_of_mlp(mlp, 12, c)
    assert objective.gamma == F(1, 2) * F(12, batch)
    ours = value + float(objective.gamma) / 2 * (u.square().sum() + v.square().sum())
    gradients = torch.autograd.grad(ours, [u, v, a, b])
    # Steps so small sum up to one along the mean over the batches.
    rate = 1e-6 * (12 / batch) / float(objective.scale)
    for step, gradient in zip(steps, gradients, strict=True):
        assert np.allclose(step, rate * gradient.numpy(), rtol=1e-3, atol=1e-4 * rate)


def test_the_batch_of_a_solver() -> None:
    y = RNG.standard_normal(12)
    assert objective_of_mlp(fitted(MLPRegressor, y, solver="lbfgs"), 12, 1).gamma == F(1, 2)
    assert objective_of_mlp(fitted(MLPRegressor, y), 12, 1).gamma == F(1, 2)
    assert objective_of_mlp(fitted(MLPRegressor, y, batch_size=3), 12, 1).gamma == 2
    assert objective_of_mlp(fitted(MLPRegressor, y), 1000, 1).gamma == F(5, 2)
    assert objective_of_mlp(fitted(MLPRegressor, y, alpha=0.1), 12, 1).gamma == F(1, 10)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"alpha": 0.0}, "MLPRegressor has alpha = 0, and so no weight decay: fit it with a positive alpha"),
        ({"early_stopping": True}, "MLPRegressor with early_stopping was trained on a part of the samples"),
    ],
)
def test_objectives_that_are_refused(arguments: dict[str, Any], sentence: str) -> None:
    mlp = fitted(MLPRegressor, RNG.standard_normal(12), **arguments)
    with pytest.raises(DataError, match=sentence):
        objective_of_mlp(mlp, 12, 1)


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        (LinearRegression(), "is of type LinearRegression: of scikit-learn's give a fitted MLPClassifier or"),
        (make_pipeline(MLPRegressor()), "is of type Pipeline: of scikit-learn's give a fitted MLPClassifier"),
        (MLPRegressor(), "MLPRegressor is not fitted: fit it first"),
        (
            fitted(MLPRegressor, X[:, 0], activation="tanh"),
            "MLPRegressor has 1 hidden layer with the activation tanh: supported are networks with one, with",
        ),
        (
            fitted(MLPRegressor, X[:, 0], hidden_layer_sizes=(3, 3)),
            "MLPRegressor has 2 hidden layers with the activation relu: supported are networks with one",
        ),
    ],
)
def test_refuses(estimator: Any, sentence: str) -> None:
    assert is_sklearn(estimator)
    with pytest.raises(NetworkError, match=sentence):
        network_of_mlp(estimator)


def test_what_is_not_of_sklearn() -> None:
    assert not is_sklearn(torch.nn.ReLU())
    assert not is_sklearn("net.pt")

"""Fitted multilayer perceptrons of scikit-learn: their weights and the objective that they were trained with.

For a batch of B samples and alpha, MLPClassifier and MLPRegressor descend along the gradient of

    1/B sum_i l(z_i, y_i) + alpha/(2B) sum_j (|w_j|^2 + |v_j|^2),

with the weights w_j and v_j of neuron j, and biases of both layers that are not penalised. l is the sum over
the outputs of 1/2 (z - y)^2 for a regression, also where `loss_`, which the class reports, is a mean over
them; of exp z - y z for loss="poisson"; for a classification the cross-entropy of the softmax, or the
logistic loss of the one output that two classes have, or of every output of several labels. The solver
"lbfgs" takes all n samples as one batch; "sgd" and "adam" take `batch_size`, so that alpha weighs n/B times
as much against the sum over all samples. Where n is no multiple of B, the last batch of an epoch is smaller
and its penalty larger: then no objective is descended exactly, and that of the full batches is taken.

scikit-learn is not imported here: who hands over a perceptron has it loaded already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from certify.checker.data.dataset import parse_gamma
from certify.checker.data.recipe import label_text
from certify.checker.errors import DataError, NetworkError
from certify.checker.text.names import counted, listed, shown
from certify.networks.frameworks.objective import SAMPLES, FrameworkLoss, FrameworkObjective
from certify.networks.link import Link
from certify.networks.loaded import FLOATS, Affine, LoadedNetwork, two_layers
from certify.networks.network import ReLUNetwork

_PACKAGE = "sklearn"
_BY_DEFAULT = 200  # samples of a batch, as batch_size="auto" has it


def is_sklearn(network: object) -> bool:
    """Say whether an object is of a class of scikit-learn's, or one made from one."""
    return any(base.__module__.partition(".")[0] == _PACKAGE for base in type(network).__mro__)


def network_of_mlp(mlp: Any) -> LoadedNetwork:
    """Take over a fitted MLPClassifier or MLPRegressor with one hidden layer of ReLUs.

    The network's outputs are those before `predict_proba` or `predict` turn them into probabilities or
    counts.

    Raises:
        NetworkError: if it is another estimator, not fitted, or has other layers.
    """
    name = type(mlp).__name__
    if not hasattr(mlp, "hidden_layer_sizes"):
        raise NetworkError(
            f"the network is of type {name}: of scikit-learn's give a fitted MLPClassifier or MLPRegressor, "
            "with the data as it comes to that"
        )
    if not hasattr(mlp, "coefs_"):
        raise NetworkError(f"{name} is not fitted: fit it first")
    if mlp.activation != "relu" or len(mlp.coefs_) != 2:
        raise NetworkError(
            f"{name} has {counted(len(mlp.coefs_) - 1, 'hidden layer')} with the activation "
            f"{mlp.activation}: supported are networks with one, with relu"
        )
    layers = [
        Affine(
            np.asarray(weights, dtype=np.float64),
            np.asarray(bias, dtype=np.float64),
            tuple(dtype for dtype in FLOATS if dtype in (weights.dtype.name, bias.dtype.name)),
        )
        for weights, bias in zip(mlp.coefs_, mlp.intercepts_, strict=True)
    ]
    # Of several labels, each with an output of its own, the classes are only numbered.
    is_of_labels = mlp.out_activation_ == "softmax" or mlp.n_outputs_ == 1
    classes = getattr(mlp, "classes_", ()) if is_of_labels else ()
    loaded = two_layers(layers[0], layers[1], f"scikit-learn's {name}", link=Link.NONE)
    return replace(
        loaded, hidden_bias_is_free=True, classes=tuple(label_text(_cell(label)) for label in classes)
    )


def loss_of_mlp(mlp: Any) -> FrameworkLoss:
    """Return the loss that a fitted perceptron was trained with.

    Raises:
        DataError: if it is none of the project's.
    """
    by_activation = {
        "identity": "squared",
        "exp": "poisson",
        "softmax": "cross-entropy",
        "logistic": "logistic",
    }
    if mlp.out_activation_ not in by_activation:
        raise DataError(
            f"{type(mlp).__name__} has the output activation {mlp.out_activation_}, of which no loss is known"
        )
    name = f"the loss of {type(mlp).__name__}"
    return FrameworkLoss(name, by_activation[mlp.out_activation_], reduction=SAMPLES)


def objective_of_mlp(mlp: Any, n: int, c: int) -> FrameworkObjective:
    """Return the objective that a fitted perceptron was trained with, see the head of this module.

    Args:
        mlp: it.
        n: the number of samples that it was trained on.
        c: of outputs.

    Raises:
        DataError: if it was trained on a part of the samples, or without a penalty.
    """
    name = type(mlp).__name__
    if mlp.solver != "lbfgs" and mlp.early_stopping:
        raise DataError(
            f"{name} with early_stopping was trained on a part of the samples that it does not name: fit it "
            "without"
        )
    alpha = parse_gamma(float(mlp.alpha), f"the alpha of {name}")
    if alpha <= 0:
        raise DataError(f"{name} has alpha = {alpha}, and so no weight decay: fit it with a positive alpha")
    return FrameworkObjective(alpha / _batch(mlp, n), n, c, loss_of_mlp(mlp))


def in_order(loaded: LoadedNetwork, classes: Sequence[str]) -> LoadedNetwork:
    """Return the network with its outputs in the order of the data's classes.

    Args:
        loaded: a network that may know the order of its own.
        classes: the labels of the data, as `certify.checker.data.recipe.Preprocessing.classes` has them.

    Raises:
        NetworkError: if it was trained on other classes.
    """
    own = loaded.classes
    if not own or tuple(classes) == own:
        return loaded
    if sorted(own) != sorted(classes):
        raise NetworkError(
            f"{loaded.source} was trained on the classes {listed(map(shown, own))}, which are not those of "
            "the data: give the labels that it was fitted to"
        )
    network, bias = loaded.network, loaded.output_bias
    if loaded.outputs == 1:
        # The other class's output is the negative.
        flipped = replace(network, output=tuple(tuple(-v for v in row) for row in network.output))
        return replace(loaded, network=flipped, output_bias=tuple(-b for b in bias), classes=tuple(classes))
    places = [own.index(name) for name in classes]
    ordered: ReLUNetwork = replace(
        network, output=tuple(tuple(row[k] for k in places) for row in network.output)
    )
    return replace(
        loaded, network=ordered, output_bias=tuple(bias[k] for k in places), classes=tuple(classes)
    )


def _batch(mlp: Any, n: int) -> Fraction:
    """Return the number of samples of a batch."""
    if mlp.solver == "lbfgs":
        return Fraction(n)
    return Fraction(min(_BY_DEFAULT if mlp.batch_size == "auto" else int(mlp.batch_size), n))


def _cell(label: Any) -> str | Fraction:
    label = label.item() if hasattr(label, "item") else label
    return label if isinstance(label, str) else Fraction(label)

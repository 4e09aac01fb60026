"""What is asked about a network: which data, which loss, which gamma, for each way to say it."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from torch import nn

from certify.checker.data.choice import ClassWeight
from certify.checker.data.dataset import Dataset
from certify.checker.errors import CertifyError, DataError, NetworkError
from certify.datasets.arrays import from_arrays
from certify.gaps.question import Objective, Question, ask
from certify.networks.given import loaded_network
from certify.networks.link import Link
from certify.networks.loaded import LoadedNetwork
from certify.networks.network import ReLUNetwork

F = Fraction
X = [[0.0, 1.0], [1.0, 0.5], [-1.0, 0.25], [0.5, -1.0], [2.0, 0.0], [1.0, 1.0]]
LABELS = ["a", "b", "c", "a", "b", "a"]
TWO = ["a", "b", "b", "a", "b", "a"]


def network(outputs: int, link: Link | None = None) -> LoadedNetwork:
    exact = ReLUNetwork.from_rationals([[1, 2], [3, -1]], [range(outputs), range(1, outputs + 1)])
    return replace(loaded_network(exact), link=link)


def asked(
    y: Any, loaded: LoadedNetwork, task: str = "auto", sample_weight: Any = None, **objective: Any
) -> Question:
    def read(bias: bool, weights: ClassWeight | str | None, loss: str) -> Dataset:
        return from_arrays(
            X, y, task=task, bias=bias, sample_weight=sample_weight, class_weight=weights, loss=loss
        )

    return ask(loaded, read, Objective(**objective))


def test_gamma_is_of_the_sum() -> None:
    question = asked(LABELS, network(3), gamma="1/7", loss="cross-entropy 0.1")
    assert (question.gamma, question.loss, question.framework) == ("1/7", "cross-entropy 1/10", None)
    assert asked(LABELS, network(3)).gamma == "0.1"
    assert asked(LABELS, network(3)).loss == "squared"


@pytest.mark.parametrize(
    ("loss", "y", "outputs", "gamma", "text"),
    [
        (None, LABELS, 3, F(6 * 3, 2), "squared"),
        ("squared", LABELS, 3, F(6 * 3, 2), "squared"),
        ("cross-entropy", LABELS, 3, F(6), "cross-entropy"),
        (nn.CrossEntropyLoss(label_smoothing=0.1), LABELS, 3, F(6), "cross-entropy 1/10"),
        (nn.CrossEntropyLoss(reduction="sum"), LABELS, 3, F(1), "cross-entropy"),
        # The labels weigh 3 1 + 2 2 + 1 4.
        (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 4.0])), LABELS, 3, F(11), "cross-entropy"),
        # Two classes have one output, three have one each.
        ("logistic", TWO, 1, F(6), "logistic"),
        ("logistic", LABELS, 3, F(18), "logistic"),
        (nn.BCEWithLogitsLoss(), TWO, 1, F(6), "logistic"),
        # The weights are 1 and 3, and the mean is over the number.
        (nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0)), TWO, 1, F(6), "logistic"),
        (nn.SmoothL1Loss(beta=0.5), [1.5, 2, 3, 4, 5, 6], 1, F(3), "huber 1/2"),
        ("L1Loss", [1.5, 2, 3, 4, 5, 6], 1, F(6), "absolute"),
        ("PoissonNLLLoss", [1.5, 2, 3, 4, 5, 6], 1, F(6), "poisson"),
    ],
)
def test_a_weight_decay_is_of_the_mean(loss: Any, y: Any, outputs: int, gamma: Fraction, text: str) -> None:
    question = asked(y, network(outputs), weight_decay=1, loss=loss)
    assert (question.gamma, question.loss) == (gamma, text)
    assert question.framework is not None
    problem = question.dataset.problem(question.gamma, question.loss, question.output_bias)
    assert question.framework.formula(problem)


def test_weights_of_classes() -> None:
    expected = tuple(map(F, (1, 2, 4, 1, 2, 1)))
    for weights in ([1, 2, 4], {"b": 2, "c": "4"}, torch.tensor([1.0, 2.0, 4.0])):
        objective: dict[str, Any] = {"weight_decay": 1, "loss": "cross-entropy"}
        if isinstance(weights, torch.Tensor):
            objective["loss"] = nn.CrossEntropyLoss(weight=weights)
        else:
            objective["class_weight"] = weights
        question = asked(LABELS, network(3), **objective)
        assert question.dataset.weights == expected
        assert question.gamma == 11
    balanced = asked(LABELS, network(3), gamma=1, class_weight="balanced")
    assert balanced.dataset.weights == (F(2, 3), F(1), F(2), F(2, 3), F(1), F(2, 3))
    positive = asked(TWO, network(1), weight_decay=1, loss=nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0)))
    assert positive.dataset.weights == tuple(map(F, (1, 3, 3, 1, 3, 1)))


def test_weights_of_samples() -> None:
    question = asked(LABELS, network(3), "auto", [1, 2, 3, 4, 5, 6], weight_decay=1, loss="cross-entropy")
    assert question.gamma == 21
    of_number = asked(
        LABELS,
        network(3),
        "auto",
        [1, 2, 3, 4, 5, 6],
        weight_decay=1,
        loss="cross-entropy",
        reduction="mean over samples",
    )
    assert of_number.gamma == 6


def test_a_link_is_noted() -> None:
    question = asked(LABELS, network(3, Link.SOFTMAX), gamma=1, loss="cross-entropy")
    assert question.notes == (
        "ReLUNetwork ends in Softmax, which is a part of the loss cross-entropy: its outputs before that are "
        "judged",
    )


def test_an_output_bias_is_decayed_by_a_framework() -> None:
    biased = replace(network(3), output_bias=(F(1), F(2), F(3)))
    assert asked(LABELS, biased, weight_decay=1).output_bias == "decayed"
    assert asked(LABELS, biased, weight_decay=1, output_bias="free").output_bias == "free"
    with pytest.raises(NetworkError, match="has an output bias: say whether"):
        asked(LABELS, biased, gamma=1)


@pytest.mark.parametrize(
    ("y", "loaded", "objective", "sentence"),
    [
        (LABELS, network(3), {"gamma": 1, "weight_decay": 1}, "there are two weight decays: give gamma for"),
        (
            LABELS,
            network(3),
            {"gamma": 1, "reduction": "sum"},
            "a reduction and a factor 1/2 belong to a weight",
        ),
        (LABELS, network(3), {"gamma": 1, "halved": True}, "a reduction and a factor 1/2 belong to a weight"),
        (LABELS, network(3), {"gamma": 1, "loss": nn.MSELoss()}, "the project's own losses, and MSELoss is"),
        (
            LABELS,
            network(3),
            {"loss": "CrossEntropyLoss"},
            "own losses, and CrossEntropyLoss is another: name",
        ),
        (
            LABELS,
            network(3),
            {"weight_decay": 1, "loss": "mse"},
            "the loss 'mse' is not supported: use one of",
        ),
        (
            LABELS,
            network(2),
            {"loss": "cross-entropy"},
            "has 2 outputs and arrays 3 classes: name the target",
        ),
        (
            TWO,
            network(2),
            {"loss": "logistic"},
            "has 2 outputs, and logistic takes one for two classes: name the loss that it was trained with, "
            "such as cross-entropy for one output a class",
        ),
        (
            TWO,
            network(1),
            {"loss": "cross-entropy"},
            "has 1 output, and cross-entropy takes one for each of two classes: name the loss that it was",
        ),
        (
            LABELS,
            network(3),
            {"weight_decay": 1, "loss": nn.CrossEntropyLoss(weight=torch.ones(2))},
            "there are 2 weights of classes and arrays has 3 classes: give one to each",
        ),
        (
            LABELS,
            network(3),
            {"weight_decay": 1, "loss": nn.CrossEntropyLoss(weight=torch.ones(3)), "class_weight": [1, 2, 3]},
            "CrossEntropyLoss has weights of the classes already: leave the others out",
        ),
        (LABELS, network(3, Link.SOFTMAX), {"gamma": 1}, "ends in Softmax, and squared of that is no loss"),
        (
            LABELS,
            network(3, Link.SOFTMAX),
            {"weight_decay": 1, "loss": "CrossEntropyLoss"},
            "ends in Softmax, and CrossEntropyLoss of that is no loss",
        ),
        (LABELS, network(3), {"hidden_bias": "none"}, "the hidden bias is 'none': choose decayed or free"),
    ],
)
def test_refuses(y: Any, loaded: LoadedNetwork, objective: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CertifyError, match=re.escape(sentence)) as caught:
        asked(y, loaded, **objective)
    assert "\n" not in str(caught.value)


def test_a_label_that_is_left_out() -> None:
    with pytest.raises(
        DataError, match="arrays has the label -100, which CrossEntropyLoss leaves out: leave"
    ):
        asked([0, 1, -100, 0, 1, 0], network(3), "classification", weight_decay=1, loss=nn.CrossEntropyLoss())


BITS = [[0, 1], [1, 1], [0, 0], [1, 0], [0, 1], [1, 1]]


@pytest.mark.parametrize("loss", [nn.BCEWithLogitsLoss(), "BCELoss", "logistic", "hinge"])
def test_targets_of_several_outputs_are_signs(loss: Any) -> None:
    with pytest.raises(DataError, match=r"arrays are 0 and 1, and .* takes -1 and 1: give 2 y - 1"):
        asked(BITS, network(2), weight_decay=1, loss=loss)
    signs = [[2 * bit - 1 for bit in row] for row in BITS]
    assert asked(signs, network(2), weight_decay=1, loss=loss).gamma == 12


def test_probabilities_are_targets_of_the_cross_entropy() -> None:
    soft = [[0.25, 0.75], [1, 0], [0.5, 0.5], [0, 1], [1, 0], [0.125, 0.875]]
    assert asked(soft, network(2), weight_decay=1, loss=nn.CrossEntropyLoss()).gamma == 6
    with pytest.raises(
        DataError, match="there are weights of classes, and the targets of arrays are numbers"
    ):
        asked(soft, network(2), weight_decay=1, loss=nn.CrossEntropyLoss(weight=torch.ones(2)))


def test_weights_of_classes_need_classes() -> None:
    with pytest.raises(
        DataError, match="there are weights of classes, and the targets of arrays are numbers"
    ):
        asked([1.5, 2, 3, 4, 5, 6], network(1), gamma=1, class_weight=[1, 2])


def fitted(kind: type, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kind(hidden_layer_sizes=(4,), alpha=0.25, max_iter=3, random_state=0, solver="lbfgs").fit(X, y)


def test_a_hidden_bias_without_decay() -> None:
    mlp = fitted(MLPClassifier, LABELS)
    question = asked(LABELS, loaded_network(mlp), estimator=mlp)
    assert question.output_bias == "all-free"
    assert not question.dataset.preprocessing.bias
    biased = replace(
        network(3), network=ReLUNetwork.from_rationals([[1], [2], [3]], [[1, 2, 3]]), hidden_bias=True
    )
    for words in ({"hidden_bias": "free"}, {"output_bias": "all-free"}):
        question = asked(LABELS, biased, gamma=1, **words)
        assert question.output_bias == "all-free"
        assert not question.dataset.preprocessing.bias
    assert asked(LABELS, biased, gamma=1).dataset.preprocessing.bias
    # Networks without hidden biases are judged among those with free ones.
    assert asked(LABELS, network(3), gamma=1, output_bias="all-free").output_bias == "all-free"
    wider = replace(biased, hidden_bias=False)
    question = asked(LABELS, wider, gamma=1, output_bias="all-free")
    assert question.loaded.hidden_bias
    assert "one input more than the data" in question.notes[0]
    with pytest.raises(DataError, match="frees the hidden biases as well"):
        asked(LABELS, biased, gamma=1, output_bias="all-free", hidden_bias="decayed")
    for word in ("none", "decayed"):
        with pytest.raises(DataError, match=f"said to be {word}: choose the output bias all-free"):
            asked(LABELS, biased, gamma=1, output_bias=word, hidden_bias="free")


@pytest.mark.parametrize(
    ("kind", "y", "loss"),
    [
        (MLPClassifier, LABELS, "cross-entropy"),
        (MLPClassifier, TWO, "logistic"),
        (MLPRegressor, [1.5, 2, 3, 4, 5, 6], "squared"),
    ],
)
def test_a_perceptron_has_its_own_objective(kind: type, y: Any, loss: str) -> None:
    mlp = fitted(kind, y)
    question = asked(y, loaded_network(mlp), estimator=mlp, hidden_bias="decayed")
    assert (question.loss, question.gamma, question.output_bias) == (loss, F(1, 4), "free")
    assert question.framework is not None
    assert question.framework.scale == 6
    assert question.notes == (
        f"scikit-learn's {kind.__name__} was trained without a penalty of its hidden bias: it is judged by "
        "the objective with one",
    )
    with pytest.raises(
        DataError, match="what weights did in a fit of scikit-learn's perceptrons is not known"
    ):
        asked(y, loaded_network(mlp), "auto", [2] * 6, estimator=mlp, hidden_bias="decayed")


def test_a_perceptrons_classes_come_in_the_order_of_the_data() -> None:
    y = ["9", "10", "11", "9", "10", "11"]
    mlp = fitted(MLPClassifier, y)
    loaded = loaded_network(mlp)
    question = asked(y, loaded, estimator=mlp, hidden_bias="decayed")
    assert question.dataset.preprocessing.classes == ("9", "10", "11")
    assert question.loaded.output_bias == tuple(np.array(loaded.output_bias)[[2, 0, 1]])

"""What is said of predictions, on networks that are worked out by hand."""

import numpy as np
import pytest

from certify import ReLUNetwork
from certify.datasets.arrays import from_arrays
from certify.floats.network import FloatNetwork
from certify.views.page.decision_regions import decision_regions, predicted_classes
from certify.views.page.predictions import Confusion, predictions


def test_classes() -> None:
    # Output 0 is relu(x), output 1 is relu(-x): the first class where x > 0.
    dataset = from_arrays([[2], [1], [-1], [-3], [4]], ["a", "a", "b", "b", "b"], task="classification")
    network = ReLUNetwork.from_floats([[1.0, -1.0]], [[1.0, 0.0], [0.0, 1.0]])
    found = predictions(dataset.problem("0.1"), dataset, network)
    assert found.facts == (("accuracy", "4 of 5 samples, 80 %"), ("wrong", "row 5"))
    assert found.confusion == Confusion(("a", "b"), ((2, 0), (1, 2)))
    assert not found.pictures


def test_margins_have_one_output() -> None:
    dataset = from_arrays([[2], [1], [-1]], ["a", "b", "a"], task="classification")
    network = ReLUNetwork.from_floats([[1.0]], [[1.0]])
    found = predictions(dataset.problem("0.1", "hinge"), dataset, network)
    assert found.facts[0] == ("accuracy", "2 of 3 samples, 66.67 %")
    assert found.confusion == Confusion(("a", "b"), ((1, 1), (0, 1)))


def test_numbers() -> None:
    # Predictions 1, 2, 0 of 1, 4, 0: one residual of 2, mean square 4/3, variance 26/9.
    dataset = from_arrays([[1], [2], [-1]], [1, 4, 0], task="regression")
    network = ReLUNetwork.from_floats([[1.0]], [[1.0]])
    found = predictions(dataset.problem("0.1"), dataset, network)
    assert found.facts == (
        ("y", "root mean square error 1.155, R² 0.5385; the largest residual is 2, of row 2"),
    )
    (picture,) = found.pictures
    assert "3 residuals between 0 and 2 over predictions between 0 and 2." in picture.svg


def test_poisson_predicts_means() -> None:
    dataset = from_arrays([[1], [2]], [1, 3], task="regression")
    network = ReLUNetwork.from_floats([[0.0]], [[1.0]])
    found = predictions(dataset.problem("0.1", "poisson"), dataset, network)
    assert "the largest residual is 2, of row 2" in found.facts[0][1]


@pytest.mark.parametrize(("bias", "standardize"), [(False, False), (True, False), (True, True)])
def test_regions_are_in_the_data_s_own_numbers(bias: bool, standardize: bool) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 2)) * [1, 50] + [3, 100]
    labels = np.where(X[:, 0] > 3, "right", "left")
    dataset = from_arrays(X, labels, task="classification", bias=bias, standardize=standardize)
    problem = dataset.problem("0.1")
    layers = FloatNetwork(rng.normal(size=(problem.d, 6)), rng.normal(size=(6, 2)), np.zeros(2))
    inputs = np.array([[float(entry) for entry in row] for row in dataset.inputs])
    predicted = predicted_classes(layers.predictions(inputs))
    true = np.array([int(label == "right") for label in labels])
    picture = decision_regions(dataset, layers, true, predicted)
    assert picture is not None
    wrong = int(np.sum(true != predicted))
    assert f"12 samples; {wrong} of them are predicted wrong." in picture.svg
    assert "class left</text>" in picture.svg


def test_regions_are_for_two_features_and_few_classes() -> None:
    for d, classes in ((1, 2), (3, 2), (2, 7)):
        X = np.random.default_rng(1).normal(size=(14, d))
        dataset = from_arrays(X, [f"c{k % classes}" for k in range(14)], task="classification")
        layers = FloatNetwork(np.zeros((d, 0)), np.zeros((0, classes)), np.zeros(classes))
        zeros = np.zeros(14, dtype=np.intp)
        assert decision_regions(dataset, layers, zeros, zeros) is None

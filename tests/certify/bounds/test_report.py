"""What a user does with a report: print it, and run its network."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from certify import CopositivityCertificate, Interval, ReLUNetwork, bound, check, copositive, cp, gap
from certify.checker.errors import NetworkError
from certify.explain import explain
from certify.networks.given import loaded_network
from certify.networks.network import loss_at_most

X = np.array([[0.0, 1.0], [1.0, 0.5], [-1.0, 0.25], [0.5, -1.0], [2.0, 0.5]])
Y = np.array([1.0, 0.5, 0.25, -1.0, 0.75])


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"bias": True, "standardize": True, "output_bias": "free"},
        {"output_bias": "all-free", "method": "tree"},
        {"gamma": 1000},  # no neurons
    ],
)
def test_the_network_of_a_report_runs_on_features_as_they_stand(choice: dict[str, Any]) -> None:
    settings: dict[str, Any] = {"gamma": 0.1, "gap": 0.5, "task": "regression", **choice}
    report = bound(X, Y, **settings)
    outputs = report.predict(X)
    assert outputs.shape == (5, 1)
    problem, network = report.problem, report.network
    hidden, output, _ = network.layers()
    weights = (hidden**2).sum() + (output**2).sum()
    if problem.output_bias == "none":
        loss = 0.5 * ((outputs - Y[:, None]) ** 2).sum() + float(problem.gamma) / 2 * weights
        assert loss == pytest.approx(float(loss_at_most(problem, network)), rel=1e-9)
    module = report.to_torch()
    assert np.allclose(module(torch.from_numpy(X)).detach().numpy(), outputs, rtol=1e-12, atol=1e-12)
    with pytest.raises(NetworkError, match="give an array of n rows and 2 columns"):
        report.predict(X[:, :1])


def test_levels_and_scaled_targets_are_as_they_stand() -> None:
    rows: list[list[Any]] = [["red", 1.0, 7], ["blue", 2.0, 8], ["red", 3.0, 7], ["blue", 0.5, 8]]
    y = np.array([100.0, 250.0, 180.0, 90.0])
    report = bound(rows, y, gamma="1/1000", categorical=["1", "3"], standardize_target=True, gap=0.9)
    assert report.predict(rows)[:, 0] == pytest.approx(y, rel=0.05)
    frame = pd.DataFrame(rows, columns=["colour", "size", "kind"])
    assert np.array_equal(report.predict(frame), report.predict(rows))
    # Blue before red, 7 before 8, each in the place of its column.
    inputs = np.array([[0, 1, 1, 1, 0], [1, 0, 2, 0, 1], [0, 1, 3, 1, 0], [1, 0, 0.5, 0, 1]], dtype=float)
    module = report.to_torch()
    assert np.allclose(module(torch.from_numpy(inputs)).detach().numpy(), report.predict(rows))
    wrong = {"column 1 of the features has 'green'": ["green", 1, 7], "has '9'": ["red", 1, 9]}
    for words, row in wrong.items():
        with pytest.raises(NetworkError, match=words):
            report.predict([row])


NETWORK = ReLUNetwork(((1, -1), (0, 2), (1, 0)), ((1, 2), (3, -1)), 2, 1, (Fraction(1, 4), Fraction(0)))


def test_a_network_runs_on_its_own_inputs() -> None:
    """By hand: x = (2, 1) gives the neurons (2 + 1) / 2 and relu(-2 + 2) / 2."""
    expected = [[1.5 + 0.25, 3.0]]
    assert NETWORK.predict([[2, 1, 1]]).tolist() == expected
    assert NETWORK.predict([[2, 1]]).tolist() == expected
    module = NETWORK.to_torch()
    assert module(torch.tensor([[2.0, 1.0, 1.0]], dtype=torch.float64)).tolist() == expected
    biased = NETWORK.to_torch(hidden_bias=True)
    assert biased(torch.tensor([[2.0, 1.0]], dtype=torch.float64)).tolist() == expected
    for wrong in ([[1]], [1, 2], [[1, 2, 3, 4]]):
        with pytest.raises(NetworkError, match="the network takes 3, a bias counted"):
            NETWORK.predict(wrong)
    with pytest.raises(NetworkError, match="no neurons and does not say how many outputs"):
        ReLUNetwork(((),), ()).predict([[1]])
    with pytest.raises(NetworkError, match="a weight beyond the floats"):
        ReLUNetwork(((10**400,),), ((1,),)).predict([[1]])


def test_intervals_are_rounded_outward() -> None:
    interval = Interval(Fraction(1, 3), Fraction(2, 3))
    assert str(interval) == repr(interval) == "Interval(0.3333333333 <= p* <= 0.6666666667)"
    assert repr(Interval(Fraction(-1, 3), Fraction(0))) == "Interval(-0.3333333334 <= p* <= 0)"


def test_results_are_short_in_print(tmp_path: Path) -> None:
    report = bound(X, Y, gamma=0.1, gap=0.1, task="regression")
    verdict = check(report.certificate, X, Y)
    distance = gap(X, Y, report.network, gamma=0.1, gap=0.5, task="regression", search=False)
    matrix = [[1, -2], [-2, 1]]
    decided = copositive(matrix)
    factored = cp([[2, 1], [1, 2]])
    assert isinstance(decided.certificate, CopositivityCertificate)
    explanation = explain(report.certificate, report.dataset)
    printed = {
        f"Report({report.interval.words}, gap": report,
        f"GapReport(loss {report.interval.words.split()[-1]}, ": distance,
        "Certificate(claims p* >= 0.": report.certificate,
        "DataVerdict(valid, p* >= 0.": verdict,
        "TrainingProblem(n=5, d=2, c=1, gamma=1/10, loss='squared', output bias 'none')": report.problem,
        "Dataset(arrays: 5 rows, 2 features": report.dataset,
        "ReLUNetwork(hidden 2 x ": report.network,
        "LoadedNetwork(ReLUNetwork: 2 inputs": loaded_network(report.network),
        "Explanation(p* >= 0.": explanation,
        "CopositivityReport(no, SymmetricMatrix(order 2, sha256": decided,
        "CopositivityCertificate('not_copositive', witness of 2": decided.certificate,
        "CompletePositivityReport(yes, SymmetricMatrix(order 2": factored,
        "CompletePositivityCertificate('completely_positive', free 0, ": factored.certificate,
    }
    for beginning, value in printed.items():
        assert repr(value).startswith(beginning), repr(value)
        assert str(value) == repr(value)
        assert len(repr(value)) < 300
        assert not re.search(r"\d{20}", repr(value))

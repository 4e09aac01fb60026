"""How the package pyscnn is called, and what is made of its answer; it need not be installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from formulations.losses.loss import objective
from formulations.losses.squared import SquaredLoss
from formulations.patterns.pyscnn import is_installed, train_by_scnn


def module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what its functions are called with; the network has one neuron for each of two outputs."""
    calls: list[dict[str, Any]] = []

    def named(name: str) -> Callable[..., SimpleNamespace]:
        return lambda *arguments, **options: SimpleNamespace(name=name, arguments=arguments, options=options)

    def optimize_model(*arguments: Any, **options: Any) -> tuple[SimpleNamespace, None]:
        calls.append({"arguments": arguments, **options})
        hidden, output = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[7.0, 0.0], [0.0, 8.0]]
        return SimpleNamespace(parameters=[np.array(hidden), np.array(output)]), None

    parts: dict[str, dict[str, Any]] = {
        "activations": {"sample_gate_vectors": named("gates")},
        "metrics": {"Metrics": named("metrics")},
        "models": {"ConvexReLU": named("model")},
        "optimize": {"optimize_model": optimize_model},
        "regularizers": {"NeuronGL1": named("penalty")},
        "solvers": {"AL": named("solver")},
    }
    for part, members in parts.items():
        monkeypatch.setitem(sys.modules, f"scnn.{part}", module(f"scnn.{part}", **members))
    monkeypatch.setitem(sys.modules, "scnn", module("scnn"))
    return calls


def test_what_it_is_told_and_how_its_layers_are_turned(calls: list[dict[str, Any]]) -> None:
    X, Y = np.eye(3), np.ones((3, 2))
    found = train_by_scnn(X, Y, 0.6, gates=9, seed=4)
    (call,) = calls
    assert call["regularizer"].arguments == (pytest.approx(0.1),)  # gamma / (n c)
    assert call["unitize_data"] is False
    assert call["dtype"] == "float64"
    model = call["arguments"][0]
    assert model.arguments[0].arguments == (4, 3, 9)
    assert model.options == {"c": 2}
    assert found.hidden.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert found.output.tolist() == [[7, 0], [0, 8]]


@pytest.mark.skipif(not is_installed(), reason="pyscnn is an extra of its own, as it wants torchvision")
@pytest.mark.parametrize(("outputs", "expected"), [(1, 0.14375), (2, 0.14375)])
def test_the_package_itself_by_hand(outputs: int, expected: float) -> None:
    """Samples on opposite sides, x = 1 and -2, have neurons of their own, and in the second case outputs."""
    X, Y = np.array([[1.0], [-2.0]]), np.ones((2, 1)) if outputs == 1 else np.eye(2)
    found = train_by_scnn(X, Y, 0.1, gates=10)
    assert objective(SquaredLoss(Y), X, 0.1, found.hidden, found.output) == pytest.approx(expected, rel=1e-3)

"""A framework's objective times its scale is the project's, by hand, by autograd and on exact networks."""

from fractions import Fraction
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.errors import DataError
from certify.checker.problems.training import TrainingProblem
from certify.networks.framework import REDUCTIONS, FrameworkObjective
from certify.networks.network import ReLUNetwork, exact_loss
from tests.certify.networks.network_files import Weights

F = Fraction


@pytest.mark.parametrize(
    ("reduction", "halved", "scale"),
    [
        ("mean", False, F(150 * 3, 2)),
        ("mean", True, F(150 * 3)),
        ("mean over samples", False, F(75)),
        ("mean over samples", True, F(150)),
        ("sum", False, F(1, 2)),
        ("sum", True, F(1)),
    ],
)
def test_by_hand(reduction: str, halved: bool, scale: Fraction) -> None:
    objective = FrameworkObjective("0.001", 150, 3, reduction, halved)
    assert objective.scale == scale
    assert objective.gamma == scale / 1000


def test_a_float_is_its_decimal() -> None:
    assert FrameworkObjective(0.1, 2, 1).gamma == F(1, 10)
    assert FrameworkObjective(F(1, 3), 2, 1).gamma == F(1, 3)


@pytest.mark.parametrize(("reduction", "halved"), [*product(REDUCTIONS, [False, True])])
def test_the_gradients_of_sgd_agree(reduction: str, halved: bool) -> None:
    """A step of SGD with rate 1 is the gradient of the project's objective over the scale."""
    n, c, decay = 5, 2, 0.25
    module = Weights.random("float64", (True, False)).module()
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(n, size, generator=generator, dtype=torch.float64) for size in (3, c))
    ours = 0.5 * (module(x) - y).square().sum()
    objective = FrameworkObjective(decay, n, c, reduction, halved)
    gamma = float(objective.gamma)
    ours = ours + gamma / 2 * sum((theta.square().sum() for theta in module.parameters()), torch.zeros(()))
    gradients = torch.autograd.grad(ours, list(module.parameters()))

    name = "mean" if reduction == "mean" else "sum"
    loss = torch.nn.functional.mse_loss(module(x), y, reduction=name)
    loss = loss / (n if reduction == "mean over samples" else 1) / (2 if halved else 1)
    before = [theta.detach().clone() for theta in module.parameters()]
    loss.backward()  # type: ignore[no-untyped-call]
    torch.optim.SGD(module.parameters(), lr=1.0, weight_decay=decay).step()
    scale = float(objective.scale)
    for old, theta, gradient in zip(before, module.parameters(), gradients, strict=True):
        assert torch.allclose(scale * (old - theta), gradient, rtol=1e-12, atol=1e-12)


@settings(max_examples=40)
@given(
    st.fractions(min_value=F(1, 100), max_value=10),
    st.lists(st.tuples(*[st.fractions(-9, 9, max_denominator=9)] * 3), min_size=1, max_size=4),
    st.sampled_from(REDUCTIONS),
    st.booleans(),
)
def test_the_objectives_agree_exactly(
    decay: Fraction, rows: list[tuple[Fraction, ...]], reduction: str, halved: bool
) -> None:
    u, v = F(1, 3), (F(2), F(-1))
    n, c = len(rows), 2
    squared = sum(
        (max(x * u, F(0)) * weight - y) ** 2 for x, *ys in rows for weight, y in zip(v, ys, strict=True)
    )
    count = {"mean": n * c, "mean over samples": n, "sum": 1}[reduction]
    theirs = squared / count / (2 if halved else 1) + decay / 2 * (u**2 + v[0] ** 2 + v[1] ** 2)
    objective = FrameworkObjective(decay, n, c, reduction, halved)
    problem = TrainingProblem.from_rationals(
        [row[:1] for row in rows], [row[1:] for row in rows], objective.gamma
    )
    network = ReLUNetwork.from_rationals([[u]], [v])
    assert exact_loss(problem, network) == objective.scale * theirs


def test_formulas() -> None:
    assert (
        FrameworkObjective("0.002", 150, 3).formula()
        == "1/450 |f(X) - Y|^2 + 0.002/2 * sum_j (|u_j|^2 + |v_j|^2)"
    )
    assert (
        FrameworkObjective("1/3", 150, 3, "sum").formula("decayed")
        == "|f(X) - Y|^2 + (1/3)/2 * (sum_j (|u_j|^2 + |v_j|^2) + |b|^2)"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("much", 1, 1), "the weight decay is 'much': give a positive number such as 0.1"),
        ((0, 1, 1), "the weight decay is 0: give a positive number such as 0.001"),
        ((-0.5, 1, 1), "the weight decay is -1/2: give a positive number"),
        ((float("nan"), 1, 1), "the weight decay is 'nan': give a positive number"),
        ((1, 0, 1), "0 samples and 1 outputs make no loss: give at least one of each"),
        ((1, 1, 0), "1 samples and 0 outputs make no loss: give at least one of each"),
        ((1, 1, 1, "none"), "the reduction 'none' is unknown: use mean, mean over samples, sum"),
    ],
)
def test_refuses(arguments: tuple[float, int, int], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        FrameworkObjective(*arguments)

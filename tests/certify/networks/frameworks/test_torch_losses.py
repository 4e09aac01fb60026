"""PyTorch's losses are the multiples of the project's that they are said to be, by autograd; or refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from certify.checker.errors import DataError
from certify.networks.frameworks.objective import FrameworkLoss, FrameworkObjective
from certify.networks.frameworks.torch_losses import is_torch_loss, named_by_torch, of_torch
from certify.networks.link import Link

F = Fraction
REDUCTIONS = ("mean", "sum")


def huber(z: Tensor, y: Tensor, threshold: float) -> Tensor:
    size = (z - y).abs()
    return torch.where(size <= threshold, size**2 / 2, threshold * size - threshold**2 / 2).sum(dim=1)


def cross_entropy(z: Tensor, y: Tensor, smoothing: float) -> Tensor:
    smoothed = (1 - smoothing) * y + smoothing / y.shape[1]
    return smoothed.sum(dim=1) * z.logsumexp(dim=1) - (smoothed * z).sum(dim=1)


# The project's losses of the samples as docs/method.md has them, of outputs and targets n x c.
PROJECT: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "squared": lambda z, y, _: ((z - y) ** 2).sum(dim=1) / 2,
    "absolute": lambda z, y, _: (z - y).abs().sum(dim=1),
    "huber": huber,
    "logistic": lambda z, y, _: torch.log1p(torch.exp(-y * z)).sum(dim=1),
    "cross-entropy": cross_entropy,
    "poisson": lambda z, y, _: (z.exp() - y * z).sum(dim=1),
}


@dataclass(frozen=True)
class Case:
    """A loss of PyTorch, its targets and those of the project, and what is applied to the logits before."""

    make: Callable[..., nn.Module]
    targets: str
    link: Callable[[Tensor], Tensor] = lambda z: z


def log_softmax(z: Tensor) -> Tensor:
    return torch.log_softmax(z, dim=1)


CASES = {
    "MSELoss": Case(nn.MSELoss, "numbers"),
    "L1Loss": Case(nn.L1Loss, "numbers"),
    "SmoothL1Loss": Case(lambda **a: nn.SmoothL1Loss(beta=0.5, **a), "numbers"),
    "SmoothL1Loss of 0": Case(lambda **a: nn.SmoothL1Loss(beta=0.0, **a), "numbers"),
    "HuberLoss": Case(lambda **a: nn.HuberLoss(delta=0.25, **a), "numbers"),
    "CrossEntropyLoss": Case(nn.CrossEntropyLoss, "labels"),
    "CrossEntropyLoss, smoothed": Case(lambda **a: nn.CrossEntropyLoss(label_smoothing=0.1, **a), "labels"),
    "CrossEntropyLoss, weighted": Case(
        lambda **a: nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.5, 0.75]).double(), **a), "labels"
    ),
    "CrossEntropyLoss of probabilities": Case(
        lambda **a: nn.CrossEntropyLoss(label_smoothing=0.25, **a), "probabilities"
    ),
    "NLLLoss": Case(nn.NLLLoss, "labels", log_softmax),
    "NLLLoss, weighted": Case(
        lambda **a: nn.NLLLoss(weight=torch.tensor([1.0, 2.5, 0.75]).double(), **a), "labels", log_softmax
    ),
    "BCEWithLogitsLoss": Case(nn.BCEWithLogitsLoss, "bits"),
    "BCEWithLogitsLoss, weighted": Case(
        lambda **a: nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.5]).double(), **a), "one bit"
    ),
    "BCELoss": Case(nn.BCELoss, "bits", torch.sigmoid),
    "SoftMarginLoss": Case(nn.SoftMarginLoss, "signs"),
    "MultiLabelSoftMarginLoss": Case(nn.MultiLabelSoftMarginLoss, "bits"),
    "PoissonNLLLoss": Case(nn.PoissonNLLLoss, "counts"),
}


def targets(kind: str, n: int, c: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return targets as PyTorch takes them, and the same as the project does, n x c."""
    numbers = torch.randn(n, c, generator=generator, dtype=torch.float64)
    if kind == "numbers":
        return numbers, numbers
    if kind == "counts":
        return (counts := numbers.abs().round()), counts
    if kind == "probabilities":
        return (soft := numbers.softmax(dim=1)), soft
    if kind == "labels":
        labels = numbers.argmax(dim=1)
        return labels, functional.one_hot(labels, c).double()
    signs = torch.where(numbers > 0, 1.0, -1.0).double()
    return (signs, signs) if kind == "signs" else ((signs + 1) / 2, signs)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(sorted(CASES)),
    st.sampled_from(REDUCTIONS),
    st.integers(1, 6),
    st.integers(0, 10**6),
    st.sampled_from(["none", "decayed"]),
)
def test_gradients_are_the_scale_times_those_of_torch(
    name: str, reduction: str, n: int, seed: int, output_bias: str
) -> None:
    """The project's objective, written down here, against a step of SGD of rate 1 with PyTorch's loss."""
    case, generator = CASES[name], torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    c = 1 if case.targets == "one bit" else 3
    x = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    theirs, y = targets(case.targets, n, c, generator)
    layers = nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, c, bias=output_bias == "decayed")
    module = nn.Sequential(*layers).double()
    criterion = case.make(reduction=reduction)

    loss = of_torch(criterion)
    weights = torch.ones(n, dtype=torch.float64)
    if loss.class_weights is not None:
        by_class = torch.tensor([float(weight) for weight in loss.class_weights], dtype=torch.float64)
        weights = by_class[y.argmax(dim=1) if c > 1 else (y[:, 0] > 0).long()]
    decay = F(1, 4)
    objective = FrameworkObjective(decay, n, c, loss, F(float(weights.sum())))
    word, _, parameter = loss.loss.partition(" ")
    values = PROJECT[word](module(x), y, float(F(parameter or 0)))
    squares = torch.stack([theta.square().sum() for theta in module.parameters()]).sum()
    ours = torch.autograd.grad(
        (weights * values).sum() + float(objective.gamma) / 2 * squares, list(module.parameters())
    )

    before = [theta.detach().clone() for theta in module.parameters()]
    criterion(case.link(module(x)), theirs).backward()
    torch.optim.SGD(module.parameters(), lr=1.0, weight_decay=float(decay)).step()
    scale = float(objective.scale)
    for old, theta, gradient in zip(before, module.parameters(), ours, strict=True):
        assert torch.allclose(scale * (old - theta), gradient, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (nn.MSELoss(), FrameworkLoss("MSELoss", "squared", F(2))),
        (nn.SmoothL1Loss(beta=0.1), FrameworkLoss("SmoothL1Loss", "huber 1/10", F(10))),
        (nn.SmoothL1Loss(beta=0.0), FrameworkLoss("SmoothL1Loss", "absolute")),
        (nn.HuberLoss("sum", 2.5), FrameworkLoss("HuberLoss", "huber 5/2", reduction="sum")),
        (
            nn.CrossEntropyLoss(label_smoothing=0.1),
            FrameworkLoss("CrossEntropyLoss", "cross-entropy 1/10", ignored=-100),
        ),
        (
            # A float32 is the shortest decimal that prints it as one.
            nn.CrossEntropyLoss(weight=torch.tensor([0.1, 2.0]), ignore_index=7),
            FrameworkLoss("CrossEntropyLoss", "cross-entropy", class_weights=(F(1, 10), F(2)), ignored=7),
        ),
        (
            nn.NLLLoss(reduction="sum"),
            FrameworkLoss("NLLLoss", "cross-entropy", reduction="sum", takes=Link.LOG_SOFTMAX, ignored=-100),
        ),
        (
            nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0)),
            FrameworkLoss("BCEWithLogitsLoss", "logistic", class_weights=(F(1), F(3)), mean_of_weights=False),
        ),
        (functional.cross_entropy, FrameworkLoss("CrossEntropyLoss", "cross-entropy", ignored=-100)),
        (functional.l1_loss, FrameworkLoss("L1Loss", "absolute")),
    ],
)
def test_what_a_loss_is(loss: Any, expected: FrameworkLoss) -> None:
    assert is_torch_loss(loss)
    assert of_torch(loss) == expected


@pytest.mark.parametrize("name", ["mse_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy"])
def test_functions(name: str) -> None:
    assert is_torch_loss(getattr(functional, name))
    of_torch(getattr(functional, name))


@pytest.mark.filterwarnings("ignore:size_average and reduce args will be deprecated")
def test_the_old_arguments_of_a_reduction() -> None:
    assert of_torch(nn.MSELoss(size_average=False)).reduction == "sum"
    assert of_torch(nn.L1Loss(size_average=True)).reduction == "mean"
    with pytest.raises(DataError, match="L1Loss has the reduction none: say how"):
        of_torch(nn.L1Loss(reduce=False))


def test_a_reduction_of_the_users_own() -> None:
    assert of_torch(nn.MSELoss(reduction="none"), "mean over samples").reduction == "mean over samples"
    assert of_torch(nn.MSELoss(reduction="sum"), "sum").reduction == "sum"
    with pytest.raises(DataError, match="MSELoss has the reduction mean and sum is asked for: leave one"):
        of_torch(nn.MSELoss(), "sum")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("MSELoss", nn.MSELoss()),
        ("L1Loss", nn.L1Loss()),
        ("HuberLoss", nn.HuberLoss()),
        ("HuberLoss 0.5", nn.HuberLoss(delta=0.5)),
        ("SmoothL1Loss 1/2", nn.SmoothL1Loss(beta=0.5)),
        ("SmoothL1Loss 0", nn.SmoothL1Loss(beta=0.0)),
        ("CrossEntropyLoss", nn.CrossEntropyLoss()),
        ("CrossEntropyLoss 0.1", nn.CrossEntropyLoss(label_smoothing=0.1)),
        ("NLLLoss", nn.NLLLoss()),
        ("BCEWithLogitsLoss", nn.BCEWithLogitsLoss()),
        ("BCELoss", nn.BCELoss()),
        ("SoftMarginLoss", nn.SoftMarginLoss()),
        ("MultiLabelSoftMarginLoss", nn.MultiLabelSoftMarginLoss()),
        ("PoissonNLLLoss", nn.PoissonNLLLoss()),
    ],
)
def test_names(text: str, same: nn.Module) -> None:
    assert named_by_torch(text) == of_torch(same)
    sums = type(same)(reduction="sum")
    if " " not in text:
        assert named_by_torch(text, "sum") == of_torch(sums)


@pytest.mark.parametrize("text", ["cross-entropy", "huber 0.5", "squared", "", "loss"])
def test_names_that_are_not_of_torch(text: str) -> None:
    assert named_by_torch(text) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "MultiMarginLoss",
            "the loss MultiMarginLoss has no counterpart here: supported of PyTorch's are MSE",
        ),
        ("HuberLoss 1 2", "the loss 'HuberLoss 1 2' has a number too many: write HuberLoss delta"),
        ("MSELoss 1", "the loss 'MSELoss 1' has a number too many: write MSELoss"),
        ("HuberLoss much", "the delta of HuberLoss is 'much': give a positive number"),
        ("HuberLoss 0", "huber D takes a positive D"),
        ("SmoothL1Loss -1", "huber D takes a positive D"),
        ("CrossEntropyLoss 1.5", "takes a label smoothing S from 0 to 1"),
    ],
)
def test_names_that_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(DataError, match=re.escape(sentence)):
        named_by_torch(text)


class OwnLoss(nn.CrossEntropyLoss):
    """May compute anything."""


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        (
            nn.MultiMarginLoss(),
            "the loss MultiMarginLoss has no counterpart here: supported of PyTorch's are",
        ),
        (nn.KLDivLoss(), "the loss KLDivLoss has no counterpart here"),
        (nn.ReLU(), "the loss ReLU has no counterpart here"),
        (OwnLoss(), "the loss OwnLoss has no counterpart here"),
        (functional.kl_div, "the loss kl_div has no counterpart here"),
        (torch.relu, "the loss relu has no counterpart here"),
        (nn.MSELoss, "the loss is the class MSELoss itself: give an instance, MSELoss()"),
        (
            nn.CrossEntropyLoss(weight=torch.ones(2), label_smoothing=0.1),
            "CrossEntropyLoss with both weight and label_smoothing weighs the smoothed labels one by one",
        ),
        (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 0.0])), "a class has the weight 0: give positive"),
        (nn.CrossEntropyLoss(weight=torch.tensor([1.0, torch.nan])), "an entry of the weight of Cross"),
        (nn.BCEWithLogitsLoss(weight=torch.ones(2)), "BCEWithLogitsLoss has a weight, which is of entries"),
        (nn.BCELoss(weight=torch.ones(2)), "BCELoss has a weight, which is of entries"),
        (
            nn.BCEWithLogitsLoss(pos_weight=torch.ones(2)),
            "BCEWithLogitsLoss has a pos_weight for 2 outputs, and here weights are of samples",
        ),
        (nn.PoissonNLLLoss(log_input=False), "PoissonNLLLoss with log_input=False is no loss that is"),
        (nn.PoissonNLLLoss(full=True), "PoissonNLLLoss with full=True adds a constant"),
    ],
)
def test_refuses(loss: Any, sentence: str) -> None:
    assert is_torch_loss(loss)
    with pytest.raises(DataError, match=re.escape(sentence)) as caught:
        of_torch(loss)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("thing", [3, None, print, lambda z, y: z, {"loss": 1}])
def test_what_is_none_of_torch(thing: Any) -> None:
    assert not is_torch_loss(thing)

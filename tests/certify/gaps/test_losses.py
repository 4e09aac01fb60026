"""Gaps for every loss: by hand, from every format, and as it is typed."""

from __future__ import annotations

import csv
import io
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import helper
from rich.console import Console
from torch import nn

from certify import ReLUNetwork, check, load_certificate
from certify.gaps.network_gap import gap
from certify.gaps.report import GapReport
from certify.networks.files import load_network
from certify.views.terminal.summary import print_gap
from tests.certify.cli.command_line import run
from tests.certify.networks.network_files import Weights

F = Fraction
ONE = ReLUNetwork.from_rationals([[1]], [[1]])


def entropy(q: float) -> float:
    return -q * math.log(q) if q else 0.0


@pytest.mark.parametrize(
    ("loss", "target", "loss_at_one", "optimum"),
    [
        # With w = u v and the decay |w| / 10, where the derivative of the loss is -1/10.
        ("squared", 2, 0.5, 0.1**2 / 2 + 0.19),
        ("huber 1/2", 2, 0.5 - 0.125, 0.1**2 / 2 + 0.19),
        ("absolute", 2, 1, 0.2),
        ("quantile 1/4", 2, 0.25, 0.2),
        ("epsilon-insensitive 1/2", 2, 0.5, 0.15),
        ("hinge", 1, 0, 0.1),
        ("squared-hinge", 1, 0, 0.1**2 / 2 + 0.09),
        ("logistic", 1, math.log1p(math.exp(-1)), entropy(0.1) + entropy(0.9)),
        # exp w - 2 w, least where exp w - 2 = -1/10.
        ("poisson", 2, math.e - 2, 1.9 - 1.9 * math.log(1.9)),
    ],
)
@pytest.mark.parametrize("search", [True, False])
def test_one_sample_by_hand(loss: str, target: int, loss_at_one: float, optimum: float, search: bool) -> None:
    report = gap([[1]], [target], ONE, 0.1, loss=loss, task="regression", gap=1e-6, search=search)
    assert float(report.loss) == pytest.approx(loss_at_one + 0.1)
    assert float(report.interval.lower) <= optimum + 1e-12
    if search:
        assert float(report.interval.lower) == pytest.approx(optimum, rel=1e-5)
        assert float(report.interval.upper) == pytest.approx(optimum, rel=1e-5)
    verdict = check(report.certificate, [[1]], [target])
    assert verdict.valid
    assert verdict.bound == report.interval.lower
    _shown(report)


@pytest.mark.parametrize(
    ("loss", "optimum"),
    [
        # One sample of the first of two classes: z = (w, -w) / sqrt(2), whose nuclear norm is |w|.
        ("cross-entropy", None),
        # A margin of 1 is w = 1 / sqrt(2).
        ("multiclass-hinge", 0.1 / math.sqrt(2)),
    ],
)
def test_two_outputs_by_hand(loss: str, optimum: float | None) -> None:
    if optimum is None:
        # log(1 + exp(-sqrt(2) w)) + w/10, least where the sigmoid of -sqrt(2) w is 1 / (10 sqrt(2)).
        q = 0.1 / math.sqrt(2)
        optimum = -math.log(1 - q) + 0.1 * math.log((1 - q) / q) / math.sqrt(2)
    network = ReLUNetwork.from_rationals([[1]], [[1, 0]])
    report = gap([[1]], [[1, 0]], network, 0.1, loss=loss, task="regression", gap=1e-6)
    assert float(report.interval.lower) == pytest.approx(optimum, rel=1e-5)
    assert float(report.interval.upper) == pytest.approx(optimum, rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "output_bias"),
    [
        ("huber 1/2", None),
        ("absolute", "free"),
        ("quantile 1/3", "decayed"),
        ("epsilon-insensitive 1/4", None),
        ("hinge", "free"),
        ("squared-hinge", "decayed"),
        ("multiclass-hinge", None),
        ("logistic", "free"),
        ("cross-entropy 1/10", "decayed"),
        ("poisson", None),
    ],
)
def test_bounds_surround_the_optimum(loss: str, output_bias: str | None) -> None:
    """Whatever the network, all lower bounds are below all losses."""
    rng = np.random.default_rng(1)
    X = rng.integers(-2, 3, (8, 2)).tolist()
    y = rng.integers(0, 3, 8).tolist()
    weight = rng.integers(1, 4, 8).tolist()
    numbers = loss.split()[0] in ("huber", "absolute", "quantile", "epsilon-insensitive", "poisson")
    c, task = (1, "regression") if numbers else (3, "classification")
    reports = []
    for m, search in ((1, True), (4, True), (4, False)):
        hidden, output = rng.standard_normal((2, m)), rng.standard_normal((m, c))
        network = ReLUNetwork.from_floats(hidden, output, [0.5] * c if output_bias else ())
        options: dict[str, Any] = {"loss": loss, "task": task, "output_bias": output_bias, "gap": 5e-2}
        report = gap(X, y, network, 0.2, search=search, sample_weight=weight, **options)
        assert report.interval.upper <= report.loss
        assert check(report.certificate, X, y, sample_weight=weight).bound == report.interval.lower
        reports.append(report)
    lower, upper = ([getattr(report.interval, end) for report in reports] for end in ("lower", "upper"))
    assert max(lower) <= min(upper)


def test_a_kinked_loss_at_its_optimum_is_stationary() -> None:
    root = 2**0.5
    network = ReLUNetwork.from_floats([[root]], [[root]])
    for search in (True, False):
        report = gap([[1]], [2], network, 0.1, loss="absolute", task="regression", search=search)
        assert report.diagnosis.is_stationary
        assert report.conclusion == "it is a global optimum, as far as was asked"


def test_a_kinked_loss_off_its_kinks() -> None:
    report = gap([[1]], [2], ONE, 0.1, loss="absolute", task="regression", search=False)
    assert report.conclusion == (
        "it is not stationary, as steps on a loss with kinks seldom end: the gradient is 9 times the weight "
        "decay's own, and a stationary point's is zero"
    )
    smooth = gap([[1]], [2], ONE, 0.1, loss="huber", task="regression", search=False)
    assert smooth.conclusion.startswith("training has not ended: the gradient is 9 times")


def test_an_optimum_below_zero_has_no_percentage() -> None:
    # exp z - 20 z is about -40 at its least.
    report = gap([[1]], [20], ONE, 0.1, loss="poisson", task="regression", gap=1e-4)
    assert report.interval.upper < 0
    assert report.excess == (F(0), None)
    nearest, furthest = report.distance
    assert 0 < nearest <= furthest <= nearest * (1 + F(1, 1000))
    assert report.is_improvable
    assert "training has not ended" in report.conclusion
    assert "and at most" in _shown(report)
    assert "% above" not in _shown(report)
    best = gap([[1]], [20], report.best, 0.1, loss="poisson", task="regression", gap=1e-3)
    assert best.conclusion == "it is a global optimum, as far as was asked"


DATA = np.random.default_rng(5).integers(-3, 4, (14, 2)).astype(float)
LABELS = np.random.default_rng(6).integers(0, 3, 14)


def test_every_format_has_the_same_verdict(tmp_path: Path) -> None:
    weights = Weights.random("float32", (True, True), 2, 5, 3)
    model = weights.onnx()
    model.graph.node.append(helper.make_node("Softmax", [model.graph.output[0].name], ["p"]))
    model.graph.output[0].name = "p"
    (tmp_path / "softmax.onnx").write_bytes(model.SerializeToString())
    sources: list[Any] = [weights.write(tmp_path, end) for end in (".npz", ".safetensors", ".onnx", ".pt")]
    sources += [tmp_path / "softmax.onnx", weights.module(), load_network(sources[0])]
    sources += [weights.module().append(nn.LogSoftmax(dim=1)), weights.module().append(nn.Softmax(dim=1))]
    verdicts = set()
    for source in sources:
        report = gap(
            DATA, LABELS, source, weight_decay=0.01, loss="cross-entropy", search=False, task="classification"
        )
        verdicts.add((report.loss, report.interval.lower, report.problem.sha256()))
    assert len(verdicts) == 1
    ((loss, lower, _),) = verdicts
    with torch.no_grad():
        theirs = nn.CrossEntropyLoss()(weights.module().double()(torch.tensor(DATA)), torch.tensor(LABELS))
        squares = sum(float(theta.double().square().sum()) for theta in weights.module().parameters())
    assert float(loss) == pytest.approx(14 * (float(theirs) + 0.01 / 2 * squares))
    assert 0 <= lower <= loss


def test_a_trained_classifier() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 20), nn.ReLU(), nn.Linear(20, 3)).double()
    criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 1.0]).double())
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9, weight_decay=0.02)
    for _ in range(1000):
        optimizer.zero_grad()
        criterion(module(torch.tensor(DATA)), torch.tensor(LABELS)).backward()
        optimizer.step()
    before = [theta.detach().clone() for theta in module.parameters()]
    optimizer.zero_grad()
    criterion(module(torch.tensor(DATA)), torch.tensor(LABELS)).backward()
    gradients = [
        0.02 * old + theta.grad
        for old, theta in zip(before, module.parameters(), strict=True)
        if theta.grad is not None
    ]
    report = gap(DATA, LABELS, module, weight_decay=0.02, loss=criterion, gap=1e-2, task="classification")
    assert report.interval.relative_gap <= F(1, 100)
    assert report.interval.upper <= report.loss
    size, pull = (float(torch.cat([part.ravel() for part in parts]).norm()) for parts in (gradients, before))
    assert report.diagnosis.gradient == pytest.approx(size / (0.02 * pull), rel=1e-6)
    assert report.problem.weights is not None
    assert check(report.certificate, DATA, LABELS).bound == report.interval.lower


@pytest.mark.parametrize("loss", ["logistic", "hinge", "BCEWithLogitsLoss", "SoftMarginLoss"])
def test_two_classes_with_one_output(loss: str) -> None:
    weights = Weights.random("float64", (False, False), 2, 4, 1)
    labels = np.where(LABELS == 1, "yes", "no")
    decay: dict[str, Any] = {"weight_decay": 0.01} if loss.endswith("Loss") else {"gamma": 0.1}
    report = gap(DATA, labels, weights.module(), loss=loss, search=False, **decay)
    assert report.problem.c == 1
    assert report.interval.lower <= report.loss
    if loss == "logistic":
        ended = gap(DATA, labels, weights.module().append(nn.Sigmoid()), loss=loss, search=False, **decay)
        assert (ended.loss, ended.interval) == (report.loss, report.interval)
        assert "ends in Sigmoid, which is a part of the loss logistic" in ended.notes[0]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["p", "q", "w", "kind"])
        for i, ((p, q), label) in enumerate(zip(DATA.tolist(), LABELS.tolist(), strict=True)):
            writer.writerow([p, q, 1 + i % 3, "abc"[label]])
    return path


@pytest.mark.parametrize(
    ("arguments", "objective", "trained", "scale"),
    [
        (
            ["--loss", "cross-entropy", "--weight-decay", "0.01"],
            "-sum_ik w_i y_ik log softmax(f(x_i))_k",
            "-1/27 sum_ik w_i y_ik log softmax(f(x_i))_k",
            "27",
        ),
        (
            ["--loss", "CrossEntropyLoss 0.1", "--weight-decay", "0.01", "--reduction", "sum"],
            "-sum_ik w_i (9/10 y_ik + 1/(10 c)) log softmax(f(x_i))_k",
            "-sum_ik w_i (9/10 y_ik + 1/(10 c)) log softmax(f(x_i))_k",
            "1",
        ),
        (
            ["--loss", "HuberLoss 0.5", "--weight-decay", "0.01", "--reduction", "mean over samples"],
            "1/2 sum_ik w_i ((f(x_i)_k - y_ik)^2 - max(0, |f(x_i)_k - y_ik| - 1/2)^2)",
            "1/28 sum_ik w_i ((f(x_i)_k - y_ik)^2 - max(0, |f(x_i)_k - y_ik| - 1/2)^2)",
            "14",
        ),
    ],
)
def test_as_it_is_typed(
    arguments: list[str],
    objective: str,
    trained: str,
    scale: str,
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, cert = Weights.random(d=2, c=3).write(tmp_path, ".pt"), tmp_path / "c.cert"
    typed = ["--data", table, "--network", path, "--no-search", "--certificate", cert]
    typed += ["--sample-weight", "w", *arguments]
    assert run(monkeypatch, "gap", *typed) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert f"objective {objective} + " in shown
    assert f"as trained {trained} + 0.01/2 * (sum_j (|u_j|^2 + |v_j|^2) + |b|^2)" in shown
    assert f"the objective is {scale} times that" in shown
    assert run(monkeypatch, "check", cert, "--data", table) == 0


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("1,2.5,1", [F(1), F(5, 2), F(1)]),
        ("b=5/2", [F(1), F(5, 2), F(1)]),
        (" c=1 , b=2.5", [F(1), F(5, 2), F(1)]),
        ("balanced", None),
    ],
)
def test_weights_of_classes_as_they_are_typed(
    text: str,
    weights: list[Fraction] | None,
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, cert = Weights.random(d=3, c=3).write(tmp_path, ".pt"), tmp_path / "c.cert"
    typed = ["--data", table, "--network", path, "--no-search", "--certificate", cert, "--json"]
    typed += ["--loss", "cross-entropy", "--weight-decay", "0.01", "--class-weight", text]
    assert run(monkeypatch, "gap", *typed) == 0
    found = json.loads(capsys.readouterr().out)
    if weights is None:
        counts = [int(np.sum(k == LABELS)) for k in range(3)]
        weights = [F(14, 3 * count) for count in counts]
    total = sum(weights[label] for label in LABELS.tolist())
    assert F(found["gamma_exact"]) == total / 100
    recipe = load_certificate(cert).preprocessing
    assert recipe is not None
    assert recipe.class_weights == tuple(weights)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--gamma", "1", "--loss", "CrossEntropyLoss"], "gamma belongs to the project's own losses"),
        (["--gamma", "1", "--loss", "mse"], "the loss 'mse' is not supported: use one of squared"),
        (["--weight-decay", "1", "--loss", "MultiMarginLoss"], "the loss MultiMarginLoss has no counterpart"),
        (["--weight-decay", "1", "--loss", "HuberLoss much"], "the delta of HuberLoss is 'much'"),
        (["--weight-decay", "1", "--loss", "HuberLoss 1", "--halved"], "only squares can be halved"),
        (
            ["--gamma", "1", "--loss", "poisson", "--hidden-bias", "free", "--output-bias", "none"],
            "choose the output bias all-free, or the hidden bias decayed",
        ),
        (["--gamma", "1", "--hidden-bias", "none"], "the hidden bias is 'none': choose decayed or free"),
        (["--gamma", "1", "--class-weight", "1,2"], "there are 2 weights of classes and"),
        (["--gamma", "1", "--class-weight", "1,2,-1"], "is not positive"),
        (["--gamma", "1", "--class-weight", "1,,2"], "the weight of a class is ''"),
        (["--gamma", "1", "--class-weight", "even"], "the weight of a class is 'even'"),
        (["--gamma", "1", "--class-weight", "d=2"], "the class weight of 'd' is of none of the classes"),
        (["--gamma", "1", "--sample-weight", "weight"], "has no column 'weight'"),
    ],
)
def test_options_that_do_not_fit(
    arguments: list[str],
    sentence: str,
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = Weights.random(d=3, c=3).write(tmp_path, ".npz")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "gap", "--data", table, "--network", path, *arguments) == 2
    shown = capsys.readouterr().err
    sentences = [line for line in shown.splitlines() if line.startswith("certify: ")]
    assert len(sentences) == 1
    assert sentence in sentences[0]


def _shown(report: GapReport) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_gap(console, report)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]

"""Certificates of every method explained, in Python and as a user types it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from certify import ReLUNetwork, TrainingProblem, load_certificate
from certify.bounds.bound import Settings, bound_dataset
from certify.bounds.proofs.writing import certificate_of, trivial_certificate
from certify.bounds.report import Report
from certify.checker.certificate.file import save_certificate
from certify.checker.certificate.nodes import Leaf
from certify.checker.data.choice import read_dataset
from certify.checker.data.dataset import Dataset
from certify.checker.errors import CertificateError, NetworkError
from certify.checker.training.check import check_certificate
from certify.datasets.arrays import from_arrays
from certify.explain.explain import explain
from certify.explain.explanation import Explanation
from certify.explain.from_files import explain_file
from certify.networks.files import load_network
from certify.networks.loaded import network_for
from certify.networks.network import loss_at_most
from certify.runtime.progress import Observer
from certify.views.terminal.explanation import print_explanation
from tests.certify.checker import row_signs
from tests.certify.cli.command_line import run

METHODS = ("tree", "sdp", "shor", "partition")
MOST_LINES = 42


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of twelve rows in two classes, with a blank line before the last."""
    rng = random.Random(1)
    rows = [f"{rng.uniform(-1, 1):.2f},{rng.uniform(-1, 1):.2f},{'ab'[i % 2]}" for i in range(12)]
    rows.insert(11, "")
    path = tmp_path_factory.mktemp("explain") / "small.csv"
    path.write_text("p,q,kind\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def reports(data: Path) -> dict[str, Report]:
    """Return what each method finds."""
    dataset = read_dataset(data)
    return {method: bound_dataset(dataset, Settings(method=method), Observer()) for method in METHODS}


@pytest.fixture
def files(reports: dict[str, Report], tmp_path: Path) -> dict[str, Path]:
    """Return a certificate file of each method and a network."""
    paths = {method: tmp_path / f"{method}.cert" for method in METHODS} | {"network": tmp_path / "n.npz"}
    for method, report in reports.items():
        report.save_certificate(paths[method])
    reports["tree"].save_network(paths["network"])
    return paths


def printed(explanation: Explanation) -> str:
    stream = StringIO()
    print_explanation(Console(file=stream, highlight=False, width=80), explanation)
    return stream.getvalue()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("with_network", [False, True])
def test_every_method(method: str, with_network: bool, reports: dict[str, Report]) -> None:
    report = reports[method]
    network = report.network if with_network else None
    found = explain(report.certificate, report.dataset, network)
    lower, upper = report.interval.lower, report.interval.upper
    assert found.verdict.valid
    assert found.complete
    assert sum(sample.contribution for sample in found.samples.samples) == lower
    assert sum(found.samples.classes.values()) == lower
    assert found.samples.classes.keys() == {"a", "b"}
    assert found.samples.samples[-1].line == 14  # a header and a blank line before it
    assert found.cells.leaves == report.certificate.leaves == sum(found.cells.kinds.values())
    assert 0 < found.gauge.ratio <= 1 + 1e-9
    assert Fraction(found.error_budget.steps[-1].value) <= lower
    text = printed(found)
    assert report.dataset.describe() in text
    assert f"Method: {method}" in text
    assert "(exact)" in text
    assert len(text.splitlines()) <= MOST_LINES
    json.loads(json.dumps(found.to_json(), allow_nan=False))
    if with_network:
        assert found.gap is not None
        assert found.gap.loss == upper
        parts = found.gap.mismatch + sum(neuron.excess for neuron in found.gap.neurons)
        assert parts == upper - lower
        assert min(found.gap.mismatch, *(neuron.excess for neuron in found.gap.neurons)) >= 0
        assert Fraction(found.error_budget.steps[0].value) >= upper
        assert {n.index for n in found.tight}.isdisjoint(n.index for n in found.loose)
        assert f"the network has {report.network.width} neuron" in text
    else:
        assert found.gap is None
        assert "--network NET" in text


def test_where_a_tree_and_a_relaxation_lose(reports: dict[str, Report]) -> None:
    # The tree's neurons are where its dual point's gauge is largest; the rest of its gap is the level's.
    tree = explain(reports["tree"].certificate, reports["tree"].dataset, reports["tree"].network)
    assert tree.gap is not None
    assert len(tree.tight) == len(tree.gap.neurons)
    assert tree.error_budget.share(tree.error_budget.steps[-2]) > 0.9
    assert tree.error_budget.steps[-2].name == "what N could prove"
    assert {cell.depth for cell in tree.cells.deepest} <= set(tree.cells.depths)
    # Shor's dual point is far from the residual.
    shor = explain(reports["shor"].certificate, reports["shor"].dataset, reports["tree"].network)
    assert shor.gap is not None
    assert shor.gap.share(shor.gap.mismatch) > 0.1
    assert shor.cells.kinds == {"multipliers": 1}
    assert shor.cells.multipliers.keys() == {"alpha_i beta_i", "beta beta"}
    assert "the solver had for its relaxation is not on record" in printed(shor)


def test_loose_neurons_can_weigh_little(reports: dict[str, Report]) -> None:
    report = reports["tree"]
    # A neuron where the gauge is small, too light to matter for the loss.
    hidden = [[Fraction(e, report.network.hidden_denominator) for e in row] for row in report.network.hidden]
    output = [[Fraction(e, report.network.output_denominator) for e in row] for row in report.network.output]
    N = np.array(report.certificate.dual_point, dtype=float)
    X = np.array(report.problem.inputs, dtype=float)
    angles = np.linspace(0, 2 * np.pi, 60)
    circle = np.array([np.cos(angles), np.sin(angles)])
    away = circle[:, np.argmin(np.linalg.norm(N.T @ np.maximum(X @ circle, 0), axis=0))]
    light = [Fraction(1, 1000)] * report.problem.c
    network = ReLUNetwork.from_rationals(
        [[*row, Fraction(float(u)) / 1000] for row, u in zip(hidden, away, strict=True)], [*output, light]
    )
    found = explain(report.certificate, report.dataset, network)
    (loose,) = found.loose
    assert loose.index == network.width
    assert loose.weight < loose.weight_at_most < 0.1
    assert f"loose: neuron {network.width}," in printed(found)


def test_a_problem_without_names(reports: dict[str, Report]) -> None:
    report = reports["tree"]
    found = explain(report.certificate, report.problem)
    assert found.subject.dataset is None
    assert f"Problem: n = {report.problem.n}, d = 2, c = 2; gamma = " in printed(found)
    assert found.cells.coordinates == ("x1", "x2")
    assert not found.samples.classes
    assert {sample.target for sample in found.samples.samples} == {"1, 0", "0, 1"}
    assert found.samples.samples[0].line is None


def test_signs_of_samples() -> None:
    for name, rows in (("of samples", "3 rows"), ("in a quadrant", "1 row")):
        certificate, problem = row_signs.VALID[name]
        found = explain(certificate, problem)
        assert f"cells are divided by the signs of {rows} as well, most often of " in printed(found)
        said = json.loads(json.dumps(found.to_json()))
        assert said["cells"]["divided"] == list(found.cells.divided)
    assert "as well, most often of 3 (40 %) of the leaves" in printed(found)


def test_nothing_proved() -> None:
    dataset = from_arrays([[1.0], [2.0], [3.0]], [1.0, 2.5, 0.5], bias=True)
    certificate = trivial_certificate(dataset.problem(1), preprocessing=dataset.preprocessing)
    found = explain(certificate, dataset, ReLUNetwork(((), ()), ()))
    assert found.samples.bound == 0
    assert found.gap is not None
    assert not found.tight
    assert found.gap.mismatch == found.gap.gap == dataset.problem(1).loss_at_zero()
    text = printed(found)
    assert "none: the bound is 0, which no loss is below" in text
    assert "0 neurons" in text
    assert found.cells.coordinates == ("x1", "the bias")


def test_weights_beyond_floating_point(reports: dict[str, Report]) -> None:
    report = reports["tree"]
    huge, tiny = (
        ReLUNetwork.from_rationals([[size]] * report.problem.d, [[size] * report.problem.c])
        for size in (Fraction(10**200), Fraction(1, 10**200))
    )
    with pytest.raises(NetworkError, match="has a weight beyond"):
        explain(report.certificate, report.dataset, huge)
    json.dumps(explain(report.certificate, report.dataset, tiny).to_json(), allow_nan=False)


@pytest.mark.parametrize("bias", ["free", "decayed"])
def test_output_bias(bias: str) -> None:
    dataset = from_arrays([[1.0], [2.0], [-1.0]], [3.5, -0.5, 1.25])
    problem = dataset.problem("1000", output_bias=bias)
    # gamma is so large that no more than alpha_i beta_i = 0 is needed.
    N = ((2,), (-3,), (1 if bias == "free" else 2,))
    leaf = Leaf(1, 1, tuple((i, 3 + i, -1) for i in range(3)))
    certificate = certificate_of(problem, N, 1, (leaf,), dataset.preprocessing, "by hand")
    assert not check_certificate(certificate, problem).valid
    leaf = Leaf(1, 1, tuple(product for i in range(3) for product in ((i, 3 + i, -200), (3 + i, 3 + i, 100))))
    certificate = replace(certificate, tree=(leaf,))
    assert check_certificate(certificate, problem).valid
    network = ReLUNetwork.from_rationals([[1]], [[Fraction(1, 2)]], [Fraction(1, 4)])
    found = explain(certificate, dataset, network)
    assert found.gap is not None
    parts = found.gap.mismatch + found.gap.output_bias + found.gap.neurons[0].excess
    assert parts == found.gap.gap == loss_at_most(problem, network) - certificate.bound
    text = printed(found)
    assert ("with the penalty" in text) == (bias == "decayed")
    assert ("the output bias takes off" in text) == (bias == "decayed")
    assert "+ b on these" in text


def test_a_certificate_that_is_not_valid(reports: dict[str, Report]) -> None:
    certificate, dataset = reports["tree"].certificate, reports["tree"].dataset
    with pytest.raises(CertificateError, match="more than the dual point proves"):
        explain(replace(certificate, bound=certificate.bound + 1), dataset)
    other = TrainingProblem.from_rationals([[1, 2]], [[1]], certificate.gamma)
    with pytest.raises(CertificateError, match="another problem"):
        explain(certificate, other)


def test_command(
    files: dict[str, Path],
    data: Path,
    reports: dict[str, Report],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, "explain", files["tree"], "--data", data) == 0
    out = capsys.readouterr().out
    assert "VALID   trust: exact" in out
    assert "target kind: 2 classes (a, b), one-hot" in out
    assert run(monkeypatch, "explain", files["sdp"], "--data", data, "--network", files["network"]) == 0
    assert "one leaf for all directions, on which the signs of 12 rows are open" in capsys.readouterr().out
    assert run(monkeypatch, "shrink", files["tree"], "--data", data) == 0
    capsys.readouterr()
    small = files["tree"].with_name("tree.small.cert")
    arguments = "explain", small, "--data", data, "--network", files["network"], "--json"
    assert run(monkeypatch, *arguments) == 0
    found = json.loads(capsys.readouterr().out)
    interval = reports["tree"].interval
    assert found["valid"]
    assert Fraction(found["lower_bound_exact"]) == interval.lower >= Fraction(found["lower_bound"])
    assert Fraction(found["network"]["loss_exact"]) == interval.upper
    assert sum(Fraction(sample["contribution_exact"]) for sample in found["samples"]) == interval.lower
    assert [sample["row"] for sample in found["samples"]] == list(range(1, 13))
    assert found["cells"]["leaves"] == load_certificate(small).leaves
    assert {neuron["state"] for neuron in found["network"]["neurons"]} <= {"tight", "loose", "between"}


def test_command_on_what_is_not_valid(
    files: dict[str, Path], data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = load_certificate(files["shor"])
    save_certificate(replace(forged, bound=forged.bound + 1), files["shor"])
    assert run(monkeypatch, "explain", files["shor"], "--data", data) == 1
    assert "REJECTED" in capsys.readouterr().out
    assert run(monkeypatch, "explain", files["shor"], "--data", data, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["valid"], found["obligation"]) == (False, "claim")
    # Other data, of the same kind and of another.
    other = data.with_name("other.csv")
    other.write_text(data.read_text().replace(",a\n", ",b\n", 1))
    assert run(monkeypatch, "explain", files["tree"], "--data", other) == 1
    assert "another problem" in capsys.readouterr().out
    other.write_text(data.read_text().replace(",a\n", ",c\n", 1))
    assert run(monkeypatch, "explain", files["tree"], "--data", other) == 1
    assert "not for this data" in capsys.readouterr().out
    for arguments, words in (
        ([files["tree"], "--data", data.with_name("missing.csv")], "missing.csv"),
        ([files["network"], "--data", data], "n.npz"),
        ([files["tree"], "--data", data, "--network", data.with_name("missing.npz")], "missing.npz"),
    ):
        assert run(monkeypatch, "explain", *arguments) == 2
        last = capsys.readouterr().err.strip().splitlines()[-1]
        assert last.startswith("certify: ")
        assert words in last


def test_networks_of_other_shapes(files: dict[str, Path], data: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    plain: dict[str, Any] = {"hidden": np.ones((2, 3)), "output": np.ones((3, 2))}
    for arrays, words in (
        (plain | {"hidden_bias": np.ones(3)}, "and the problem has none"),
        (plain | {"output_bias": np.ones(2)}, "the problem has none"),
        (plain | {"hidden": np.ones((3, 3))}, "has 2 inputs"),
        (plain | {"output": np.ones((3, 1))}, "2 outputs"),
    ):
        np.savez(path, **arrays)
        with pytest.raises(NetworkError, match=words):
            explain_file(files["tree"], data, path)
    np.savez(path, **plain, hidden_bias=np.full(3, 0.5))
    dataset: Dataset = read_dataset(data, bias=True)
    network = network_for(dataset.problem("0.1"), load_network(path))
    assert network.hidden[-1] == (1, 1, 1)
    assert network.hidden_denominator == 2


def test_ctrl_c_after_the_check(files: dict[str, Path], data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pressed:
        came = True

        def __enter__(self) -> Pressed:
            return self

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr("certify.explain.from_files.Interrupts", Pressed)
    report = explain_file(files["tree"], data, files["network"])
    assert report.explanation is not None
    assert not report.explanation.complete
    assert "Interrupted" in printed(report.explanation)
    # What is known without an ascent is still of use.
    assert 0.5 < report.explanation.gauge.ratio <= 1 + 1e-9
    assert not report.explanation.gauge.maxima

"""Networks with an output bias: intervals around known optima, and what is refused."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from certify import ReLUNetwork, Report, SolverError, bound, check
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.bounds.report import Status
from certify.checker.data.choice import read_dataset
from certify.checker.errors import CheckpointError
from certify.checker.obligations import Obligation
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.networks.files import load_network
from certify.networks.network import loss_at_most
from certify.runtime.progress import Observer
from certify.views.page.bound import render_page
from formulations.arrays import Matrix
from formulations.sdp.multipliers import Multipliers
from formulations.sdp.shor import improve_slack
from formulations.training.arcs import global_optimum_2d
from tests.certify.cli.command_line import run
from tests.certify.cli.test_app import small

__all__ = ["small"]

F = Fraction
BIASES = ["free", "decayed"]


def enclose(X: Matrix, Y: Matrix, gamma: Fraction | float, output_bias: str, gap: float = 1e-6) -> Report:
    """An interval that is as small as wanted, its certificate checked by the data alone."""
    report = bound(X, Y, gamma, task="regression", output_bias=output_bias, gap=gap)
    assert report.status is Status.GAP_REACHED
    verdict = check(report.certificate, X, Y)
    assert verdict.valid, verdict.reason
    assert verdict.bound == report.interval.lower
    return report


def assert_around(report: Report, optimum: float, tolerance: float = 1e-8) -> None:
    assert float(report.interval.lower) <= optimum + tolerance
    assert float(report.interval.upper) >= optimum - tolerance


# Samples 0 and 1, targets 1 and 3: f(0) = b and f(1) = b + z cost 1/2 (b - 1)^2 + 1/2 (b + z - 3)^2 + z/2.
# A free b is 3/2, with z = 1; one that costs b^2/4 is 1, with z = 3/2; without one z is 5/2.
@pytest.mark.parametrize(
    ("output_bias", "optimum", "b"),
    [("free", F(3, 4), F(3, 2)), ("decayed", F(9, 8), F(1)), ("none", F(15, 8), None)],
)
def test_two_samples_by_hand(output_bias: str, optimum: Fraction, b: Fraction | None) -> None:
    report = enclose(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]]), F(1, 2), output_bias, 1e-9)
    assert report.interval.lower <= optimum <= report.interval.upper
    assert [float(entry) for entry in report.network.output_bias] == pytest.approx(
        [] if b is None else [float(b)], abs=1e-4
    )


def optimum_1d(x: Matrix, y: Matrix, gamma: float, price: float) -> float:
    """The optimum for one feature and one target: all signs of the two neurons that there can be."""
    best = np.inf
    atoms = np.column_stack([np.maximum(x, 0), np.maximum(-x, 0), np.ones(len(x))])
    for signs in product((-1, 0, 1), repeat=2):
        used = [k for k in range(2) if signs[k]] + [2]
        A = atoms[:, used]
        linear = gamma * np.array([abs(s) * s for s in signs if s] + [0.0])
        penalty = np.zeros((len(used), len(used)))
        penalty[-1, -1] = price
        weights = np.linalg.lstsq(A.T @ A + penalty, A.T @ y - linear, rcond=None)[0]
        loss = 0.5 * np.sum((A @ weights - y) ** 2) + gamma * np.abs(weights[:-1]).sum()
        best = min(best, float(loss + 0.5 * price * weights[-1] ** 2))
    return best


numbers = st.integers(-4, 4)


@settings(max_examples=10, deadline=None)
@given(
    rows=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6),
    gamma=st.sampled_from([F(1, 1000), F(1, 10), F(2)]),
    output_bias=st.sampled_from(BIASES),
)
@example(rows=[(0, 3)], gamma=F(1, 10), output_bias="decayed")
@example(rows=[(0, 3), (0, 1), (2, 4)], gamma=F(1, 10), output_bias="free")
@example(rows=[(2, 3)], gamma=F(1, 10), output_bias="free")
def test_one_feature(rows: list[tuple[int, int]], gamma: Fraction, output_bias: str) -> None:
    x, y = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    price = float(gamma) if output_bias == "decayed" else 0.0
    optimum = optimum_1d(x, y, float(gamma), price)
    report = enclose(x[:, None], y[:, None], gamma, output_bias)
    assert_around(report, optimum)


def least_over_bias(X: Matrix, Y: Matrix, gamma: float, price: float) -> float:
    """The optimum for one target: that of the targets Y - b is a convex function of b."""
    found = minimize_scalar(
        lambda b: global_optimum_2d(X, Y - b, gamma).upper + price * b * b / 2,
        bounds=(float(Y.min()) - 1, float(Y.max()) + 1),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(found.fun)


@settings(max_examples=4, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 8),
    zeros=st.integers(0, 2),
    output_bias=st.sampled_from(BIASES),
)
@example(seed=0, n=6, zeros=2, output_bias="free")
@example(seed=1, n=6, zeros=0, output_bias="decayed")
def test_two_features(seed: int, n: int, zeros: int, output_bias: str) -> None:
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(n, 2)).round(2), rng.normal(size=(n, 1)).round(2) + 2
    X[:zeros] = 0
    price = 0.1 if output_bias == "decayed" else 0.0
    report = enclose(X, Y, 0.1, output_bias)
    assert_around(report, least_over_bias(X, Y, 0.1, price), 1e-7)


@pytest.mark.parametrize("output_bias", BIASES)
def test_several_targets(output_bias: str) -> None:
    """The network's own b, taken off the targets, leaves a problem without one; any other b is worse."""
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(10, 2)).round(2), rng.normal(size=(10, 3)).round(2) + np.array([2, 0, -5])
    price = 0.1 if output_bias == "decayed" else 0.0
    report = enclose(X, Y, 0.1, output_bias)
    b = np.array([float(entry) for entry in report.network.output_bias])

    def loss(at: Matrix) -> float:
        return global_optimum_2d(X, Y - at, 0.1).upper + price / 2 * float(at @ at)

    assert_around(report, loss(b), 1e-7)
    for step in np.vstack([np.eye(3), -np.eye(3)]) / 10:
        assert loss(b + step) > float(report.interval.upper)


def test_a_free_bias_takes_up_a_shift() -> None:
    rng = np.random.default_rng(3)
    X, Y = rng.normal(size=(12, 2)), rng.normal(size=(12, 2))
    plain, shifted = (enclose(X, Y + shift, 0.1, "free") for shift in (0.0, np.array([64.0, -3.0])))
    assert float(plain.interval.upper) == pytest.approx(float(shifted.interval.upper), rel=1e-7)
    assert float(plain.interval.lower) == pytest.approx(float(shifted.interval.lower), rel=2e-6)


def test_odd_data() -> None:
    """With x -> -x and y -> -y some optimal network is odd, its free bias zero: none is as good."""
    rng = np.random.default_rng(4)
    half, targets = rng.normal(size=(5, 2)).round(2), rng.normal(size=(5, 1)).round(2)
    X, Y = np.vstack([half, -half]), np.vstack([targets, -targets])
    without, free = (enclose(X, Y, 0.1, output_bias) for output_bias in ("none", "free"))
    assert without.interval.lower <= free.interval.upper
    assert free.interval.lower <= without.interval.upper


@pytest.mark.parametrize("gamma", [F(1, 10**9), F(1, 10), F(10**9)])
def test_a_decayed_bias_is_between_none_and_a_free_one(gamma: Fraction) -> None:
    rng = np.random.default_rng(5)
    X, Y = rng.normal(size=(9, 2)).round(2), rng.normal(size=(9, 2)).round(2) + 1
    none, decayed, free = (enclose(X, Y, gamma, kind) for kind in ("none", "decayed", "free"))
    assert free.interval.lower <= decayed.interval.upper
    assert decayed.interval.lower <= none.interval.upper
    # The network with the free bias pays for it, and then is one with a decayed bias.
    paid = gamma / 2 * sum(entry**2 for entry in free.network.output_bias)
    assert decayed.interval.lower <= free.interval.upper + paid
    if gamma < 1:
        assert decayed.interval.upper < none.interval.lower
    else:  # b is at most |N^T 1| / gamma
        assert float(decayed.interval.lower) == pytest.approx(float(none.interval.upper), rel=1e-5)


@pytest.mark.parametrize("output_bias", BIASES)
def test_only_samples_at_zero(output_bias: str) -> None:
    """The best constant: 0 and 6 leave 9 with a free b = 3, and 12 with b = 2, which costs 2 itself."""
    report = enclose(np.zeros((2, 3)), np.array([[0.0], [6.0]]), 1, output_bias)
    assert float(report.interval.upper) == pytest.approx(9 if output_bias == "free" else 12, rel=1e-12)
    assert report.interval.relative_gap < 1e-12


def test_constant_targets() -> None:
    """A free bias fits them; that the float 0.1 does so only up to its rounding ends in no error."""
    report = bound(np.eye(3), np.full((3, 1), 0.1), task="regression", output_bias="free")
    assert report.interval.lower == 0
    assert report.interval.upper < 1e-30
    assert enclose(np.eye(3), np.full((3, 1), 2.0), 0.1, "free").interval.upper == 0


def test_with_a_hidden_bias() -> None:
    """A direction whose atom is constant, which a free output bias makes needless."""
    rng = np.random.default_rng(6)
    X, Y = rng.normal(size=(8, 1)), rng.normal(size=(8, 1)) + 3
    report = bound(X, Y, task="regression", bias=True, output_bias="free", gap=1e-6)
    assert report.status is Status.GAP_REACHED
    assert check(report.certificate, X, Y).valid
    without = bound(X, Y, task="regression", bias=True, gap=1e-6)
    assert report.interval.upper < without.interval.lower


@pytest.mark.parametrize("output_bias", BIASES)
@pytest.mark.parametrize("stage", ["train", "search"])
def test_interrupted_before_there_is_a_proof(output_bias: str, stage: str) -> None:
    class Interrupter(Observer):
        def start(self, name: str) -> None:
            if name == stage:
                signal.raise_signal(signal.SIGINT)

    rng = np.random.default_rng(7)
    X, Y = rng.normal(size=(15, 3)), rng.normal(size=(15, 2)) + 4
    report = bound(X, Y, output_bias=output_bias, observer=Interrupter())
    assert report.status is Status.INTERRUPTED
    assert check(report.certificate, X, Y).valid


@pytest.mark.parametrize("output_bias", BIASES)
def test_a_networks_residual_is_a_dual_point(output_bias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no tree is found no other method is tried; the weak bound of the residual remains."""
    monkeypatch.setattr("certify.bounds.tree.bound._FIRST_NODES", 1)
    rng = np.random.default_rng(8)
    X, Y = rng.normal(size=(12, 4)), rng.normal(size=(12, 2)) + 4
    X[0] = 0
    report = bound(X, Y, task="regression", output_bias=output_bias)
    assert (report.method, report.status) == ("shor", Status.METHOD_LIMIT)
    assert 0 < report.interval.lower < report.interval.upper
    assert check(report.certificate, X, Y).valid


def test_a_dual_point_is_balanced_for_a_free_bias() -> None:
    rng = np.random.default_rng(11)
    X, Y = rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
    problem = TrainingProblem.from_rationals(
        [list(map(F, row)) for row in X.tolist()],
        [list(map(F, row)) for row in Y.tolist()],
        F(1, 10),
        "squared",
        "free",
    )
    centred = Y - Y.mean(axis=0)
    multipliers = replace(Multipliers.zero(6), slack=improve_slack(X, centred))
    straight, shifted = (root_certificate(problem, centred + shift, multipliers) for shift in (0, 3))
    assert check_certificate(shifted, problem).valid
    assert float(shifted.bound) == pytest.approx(float(straight.bound), rel=1e-9)
    assert straight.bound > 0


def test_columns_that_do_not_sum_to_zero_prove_nothing() -> None:
    rng = np.random.default_rng(9)
    X, Y = rng.normal(size=(6, 2)).round(1), rng.normal(size=(6, 2)).round(1)
    report = enclose(X, Y, 0.1, "free")
    first, *others = report.certificate.dual_point
    rows = ((first[0] - 1, *first[1:]), *others)
    value = dual_bound(report.problem, rows, report.certificate.dual_exponent)
    forged = replace(report.certificate, dual_point=rows, bound=value)
    assert check_certificate(forged, report.problem).obligation is Obligation.DUAL_SUMS
    # A bias that is not free asks for no such thing, but its problem is another one.
    problem = replace(report.problem, output_bias=OutputBias.DECAYED)
    assert check_certificate(forged, problem).obligation is Obligation.STATEMENT


def test_the_partition_is_refused() -> None:
    with pytest.raises(SolverError, match="the method partition knows no output bias: use --method tree"):
        bound([[1.0], [2.0]], [[1.0], [2.0]], task="regression", method="partition", output_bias="free")


@pytest.mark.parametrize("output_bias", ["free", "decayed"])
@pytest.mark.parametrize("method", ["sdp", "shor"])
def test_relaxations_prove_what_they_can(output_bias: str, method: str) -> None:
    """Where Shor's relaxation is loose and SDP-NN is not, neither is above the tree's bound."""
    rng = np.random.default_rng(11)
    X, Y = rng.normal(size=(8, 2)).round(1), rng.normal(size=(8, 1)).round(1) + 2
    tree = enclose(X, Y, 0.5, output_bias)
    found = bound(X, Y, 0.5, method=method, output_bias=output_bias, task="regression")
    assert found.verdict.valid
    assert found.method == method
    assert 0 < found.interval.lower <= tree.interval.upper
    if method == "sdp":
        assert found.interval.relative_gap < 0.05


def test_many_features_go_to_a_relaxation() -> None:
    found = bound(np.eye(13), np.arange(13.0)[:, None], task="regression", output_bias="free")
    assert found.method == "sdp"
    assert found.interval.relative_gap < 1e-3


def test_a_checkpoint_is_of_one_output_bias(tmp_path: Path) -> None:
    rng = np.random.default_rng(10)
    X, Y = rng.normal(size=(10, 2)), rng.normal(size=(10, 2)) + 1
    path = tmp_path / "run.npz"
    coarse = bound(X, Y, output_bias="free", gap=0.2, checkpoint=path)
    fine = bound(X, Y, output_bias="free", gap=1e-6, checkpoint=path)
    assert "resumed" in fine.stages[0].result
    assert fine.gap_curve[0].lower == pytest.approx(coarse.gap_curve[-1].lower)
    assert fine.interval.relative_gap <= 1e-6
    with pytest.raises(CheckpointError, match="another problem"):
        bound(X, Y, output_bias="decayed", checkpoint=path)


@pytest.mark.parametrize("output_bias", BIASES)
def test_command_line(
    output_bias: str,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    certificate, network, page = (tmp_path / name for name in ("c.cert", "n.npz", "r.html"))
    outputs = "--certificate", certificate, "--save-network", network, "--report", page
    assert run(monkeypatch, "bound", "--data", small, "--output-bias", output_bias, "--json", *outputs) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["output_bias"], found["status"]) == (output_bias, "gap_reached")
    # The file of the network holds the network whose exact loss is the upper bound.
    loaded = load_network(network)
    assert len(loaded.output_bias) == 2
    whole = replace(loaded.network, output_bias=loaded.output_bias)
    problem = read_dataset(small).problem("0.1", output_bias=output_bias)
    assert loss_at_most(problem, whole) == F(found["upper_bound_exact"])
    assert "u_j . x) v_j + b" in page.read_text()
    assert run(monkeypatch, "check", certificate, "--data", small) == 0
    shown = capsys.readouterr().out
    assert "all weights and every b, the network f(x) = sum_j relu(u_j . x) v_j + b on" in shown
    assert "2 features (p, q), no hidden bias" in shown
    assert ("+ |b|^2" in shown) == (output_bias == "decayed")
    assert run(monkeypatch, "check", certificate, "--data", small, "--trust", "rigorous") == 0
    assert run(monkeypatch, "bound", "--data", small, "--output-bias", output_bias, *outputs) == 0
    assert "with f(x) = sum_j relu(u_j . x) v_j + b" in " ".join(
        capsys.readouterr().out.replace("│", "").split()
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--output-bias", "maybe"], "the output bias 'maybe' is unknown: use one of none, free, decayed"),
        (
            ["--output-bias", "free", "--method", "partition"],
            "the method partition knows no output bias: use --method tree or sdp",
        ),
        (["--output-bias", "free", "--precision", "high"], "high precision knows no output bias"),
    ],
)
def test_command_line_refuses(
    arguments: list[str],
    words: str,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    certificate = tmp_path / "c.cert"
    assert run(monkeypatch, "bound", "--data", small, "--certificate", certificate, *arguments) == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not certificate.exists()


def test_page_of_a_constant_network() -> None:
    report = bound([[1.0, 2.0], [2.0, 1.0]], [[1.0], [3.0]], 1000, task="regression", output_bias="free")
    assert report.network == ReLUNetwork.from_floats([[], []], [], [2.0])
    page = render_page(report)
    assert "nan" not in page.lower().split("base64")[0]
    assert loss_at_most(report.problem, report.network) == 1

"""Bounds with free hidden biases, end to end: against other solvers, by every command, and refusals."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from typer.testing import CliRunner

from certify.bounds.blocks.parts import joined
from certify.bounds.bound import bound
from certify.bounds.report import Report, Status
from certify.bounds.tree.premises import Premises
from certify.checker.certificate.nodes import EnvelopeLeaf
from certify.checker.certificate.training import Frame
from certify.checker.errors import CertifyError, DataError, SolverError
from certify.cli.app import app
from certify.estimators.regressor import CertifiedReLURegressor
from certify.explain.explain import explain
from certify.floats.network import FloatNetwork
from certify.gaps.network_gap import gap
from certify.networks.files import load_network
from certify.networks.loaded import network_for
from certify.networks.network import ReLUNetwork, loss_at_most
from certify.shrink.shrink import shrink
from certify.trust.check import check
from certify.trust.extracted import find_checker
from certify.views.page.bound import save_page
from tests.formulations.training.test_hidden_bias import on_grid

needs_checker = pytest.mark.skipif(
    find_checker() is None, reason="the proved checker is not built: make proofs"
)
RNG = np.random.default_rng(5)
LINE = RNG.integers(-20, 21, (8, 1)) / 4
HEIGHTS = np.round(np.sin(LINE) + 0.3 * RNG.normal(size=(8, 1)), 2)
PLANE = np.round(RNG.normal(size=(10, 2)), 1)
SIDES = np.round(np.abs(PLANE[:, :1]) - PLANE[:, 1:], 1)


def free(X: Any, y: Any, wanted: float = 1e-4, **options: Any) -> Report:
    return bound(X, y, "0.1", output_bias="all-free", task="regression", gap=wanted, **options)


@cache
def in_the_plane() -> Report:
    return free(PLANE, SIDES, 1e-2)


class TestTheOptimum:
    def test_on_a_line(self) -> None:
        report = free(LINE, HEIGHTS)
        optimum = on_grid(LINE, HEIGHTS, 0.1, np.array([[1.0, -1.0]]))
        assert float(report.interval.lower) <= optimum * (1 + 1e-6)
        assert float(report.interval.upper) >= optimum * (1 - 1e-6)
        assert report.status is Status.GAP_REACHED
        assert report.verdict.valid

    def test_in_the_plane(self) -> None:
        report = free(PLANE, SIDES, 1e-3)
        angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        on_a_grid = on_grid(PLANE, SIDES, 0.1, np.vstack([np.cos(angles), np.sin(angles)]))
        assert report.status is Status.GAP_REACHED
        assert float(report.interval.lower) <= on_a_grid

    def test_it_does_not_depend_on_where_the_data_is(self) -> None:
        here, there = (free(X, HEIGHTS).interval for X in (LINE, LINE + 1024))
        assert float(here.lower) <= float(there.upper)
        assert float(there.lower) <= float(here.upper)

    def test_it_is_at_most_what_penalised_biases_leave(self) -> None:
        penalised = bound(LINE, HEIGHTS, "0.1", bias=True, output_bias="free", task="regression")
        assert free(LINE, HEIGHTS).interval.lower <= penalised.interval.upper
        assert free(LINE, HEIGHTS).interval.upper < penalised.interval.lower

    @pytest.mark.parametrize("loss", ["absolute", "huber 1/2", "quantile 1/4"])
    def test_other_losses(self, loss: str) -> None:
        report = free(LINE, HEIGHTS, 1e-2, loss=loss)
        assert report.status is Status.GAP_REACHED

    def test_labels(self) -> None:
        labels = ["a" if y > 0 else "b" for y in SIDES[:, 0]]
        report = bound(PLANE, labels, "0.1", output_bias="all-free", loss="logistic", gap=1e-2)
        assert report.status is Status.GAP_REACHED

    def test_nothing_in_no_time(self) -> None:
        report = free(LINE, HEIGHTS, time_limit=1e-9)
        assert report.verdict.valid
        assert report.interval.lower == 0

    def test_a_run_is_taken_up(self, tmp_path: Path) -> None:
        coarse = free(PLANE, SIDES, 0.05, checkpoint=tmp_path / "run.npz")
        fine = free(PLANE, SIDES, 1e-3, checkpoint=tmp_path / "run.npz")
        assert "resumed" in fine.stages[0].result
        assert fine.interval.lower >= coarse.interval.lower
        assert fine.status is Status.GAP_REACHED


class TestCheckers:
    def test_every_level_that_knows_it(self) -> None:
        report = in_the_plane()
        for level in ("exact", "rigorous"):
            assert check(report.certificate, PLANE, SIDES, trust=level).valid
        other = SIDES + 1.0
        assert not check(report.certificate, PLANE, other).valid

    def test_a_shrunk_one_is_valid(self) -> None:
        report = in_the_plane()
        shrunk = shrink(report.certificate, report.problem)
        assert check(shrunk.certificate, problem=report.problem).valid

    @needs_checker
    def test_the_proved_checker_says_the_same(self) -> None:
        report = in_the_plane()
        certificate, tree = report.certificate, report.certificate.tree
        kinks = replace(certificate, tree=tree[:-1]), replace(certificate, tree=(*tree, EnvelopeLeaf()))
        for each in (certificate, *kinks):
            exact = check(each, problem=report.problem)
            proved = check(each, problem=report.problem, trust="proved")
            assert (proved.valid, proved.obligation) == (exact.valid, exact.obligation)


class TestRefused:
    @pytest.mark.parametrize("method", ["sdp", "shor", "partition"])
    def test_other_methods(self, method: str) -> None:
        with pytest.raises(SolverError, match="all-free\\) are for the method tree"):
            free(LINE, HEIGHTS, method=method)

    def test_many_features(self) -> None:
        with pytest.raises(SolverError, match="at most 12 features and the data has 13"):
            free(np.ones((3, 13)), np.ones(3))

    def test_parts_of_the_samples(self) -> None:
        problem = free(LINE, HEIGHTS).problem
        with pytest.raises(ValueError, match="not on parts of them"):
            joined(problem, [])

    def test_a_column_of_ones(self) -> None:
        with pytest.raises(DataError, match="frees the hidden biases, and a column of ones"):
            free(LINE, HEIGHTS, bias=True)


class TestNetworks:
    def test_what_is_saved_is_read(self, tmp_path: Path) -> None:
        report = in_the_plane()
        report.save_network(tmp_path / "net.npz")
        with np.load(tmp_path / "net.npz") as arrays:
            assert sorted(arrays.files) == ["hidden", "hidden_bias", "output", "output_bias"]
        loaded = load_network(tmp_path / "net.npz")
        network = network_for(report.problem, loaded)
        assert loss_at_most(report.problem, network) == report.interval.upper

    def test_loss_by_hand(self) -> None:
        """f(x) = relu(2x - 1) * 3 + 1/2 at 0 and 1: 1/2 and 7/2; biases cost nothing."""
        report = bound([[0], [1]], [0, 1], "1/2", output_bias="all-free", task="regression")
        network = ReLUNetwork.from_rationals([[2], [-1]], [[3]], [Fraction(1, 2)])
        assert loss_at_most(report.problem, network) == 0.5 * (0.25 + 6.25) + 0.25 * (4 + 9)
        given = FloatNetwork.of(network, 2, 1)
        assert given.predictions(np.array([[0.0], [1.0]])).tolist() == [[0.5], [3.5]]

    @pytest.mark.parametrize("search", [True, False])
    def test_a_perceptron_of_scikit_learn(self, search: bool) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            mlp = MLPRegressor(
                hidden_layer_sizes=(8,), solver="lbfgs", alpha=2.0, max_iter=3000, tol=1e-9, random_state=0
            ).fit(PLANE, SIDES[:, 0])
        report = gap(PLANE, SIDES[:, 0], mlp, gap=1e-2, search=search)
        # Its own objective, times the samples: half the squares, and half of alpha on the weights alone.
        weights = sum(float(np.sum(w**2)) for w in mlp.coefs_)
        fit = 0.5 * float(np.sum((mlp.predict(PLANE) - SIDES[:, 0]) ** 2))
        assert float(report.loss) == pytest.approx(fit + weights, rel=1e-9)
        assert report.problem.output_bias == "all-free"
        assert report.interval.lower <= report.loss
        assert report.verdict.valid
        assert report.diagnosis.gradient < 0.1
        if search:
            assert report.interval.relative_gap <= 0.01
            narrowed = loss_at_most(report.problem, report.diagnosis.narrowed)
            assert float(narrowed) <= float(report.loss) * (1 + 1e-9)

    def test_a_classifier_of_scikit_learn(self) -> None:
        labels = np.where(SIDES[:, 0] > 0, "b", "a")
        mlp = MLPClassifier(
            hidden_layer_sizes=(6,), solver="lbfgs", alpha=2.0, max_iter=3000, random_state=0
        ).fit(PLANE, labels)
        report = gap(PLANE, labels, mlp, gap=1e-2)
        assert report.problem.loss.text == "logistic"
        assert report.interval.relative_gap <= 0.01


class TestEstimators:
    def test_predictions_are_those_of_the_module(self) -> None:
        import torch

        model = CertifiedReLURegressor(gamma=0.1, output_bias="all-free", gap=1e-2).fit(PLANE, SIDES[:, 0])
        module = model.to_torch()
        of_module = module(torch.from_numpy(PLANE)).detach().numpy()[:, 0]
        assert model.predict(PLANE) == pytest.approx(of_module)
        fit = 0.5 * float(np.sum((model.predict(PLANE) - SIDES[:, 0]) ** 2))
        assert fit < float(model.report_.interval.upper)

    def test_a_page_has_no_picture_of_the_gauge(self, tmp_path: Path) -> None:
        save_page(in_the_plane(), tmp_path / "page.html")
        assert "relu(u_j . x + a_j)" in (tmp_path / "page.html").read_text()

    def test_it_is_explained(self) -> None:
        report = in_the_plane()
        told = explain(report.certificate, report.problem, network=report.network)
        assert told.gap is not None
        excess = sum((neuron.excess for neuron in told.gap.neurons), Fraction(0))
        assert excess + told.gap.mismatch + told.gap.output_bias == told.gap.gap
        assert all(neuron.excess >= 0 for neuron in told.gap.neurons)
        assert told.gap.mismatch >= 0
        assert 0.9 < told.gauge.ratio <= 1 + 1e-9
        assert max(neuron.ratio for neuron in told.gap.neurons) <= told.gauge.ratio + 1e-6
        assert told.cells.looked_at == report.certificate.leaves
        # A cell's direction is a neuron, its kink at a sample.
        for cell in told.cells.deepest:
            *w, a = cell.direction
            assert np.linalg.norm(w) == pytest.approx(1)
            assert np.abs(PLANE @ w + a).min() == pytest.approx(0, abs=1e-9)


class TestPremises:
    def test_shifts_are_exact_in_decimals(self) -> None:
        """0.3 - 0.2 is 0.1 in the tree's units, as it is in the checker."""
        premises = Premises(np.array([[0.1], [0.2], [0.3]]), True, Frame.identity(1), 8, 10)
        shifted, _ = premises._shifted(np.zeros((3, 1)), 1)
        assert shifted[0, 0] == -shifted[2, 0]

    def test_equal_samples_have_one_premise_and_zero_rows_none(self) -> None:
        premises = Premises(np.array([[1.0], [2.0], [1.0], [3.0]]), True, Frame.identity(1), 8)
        assert sorted(premises.numbers(np.array([[0.0], [1.0], [-1.0], [0.0]]))) == [0, 1]
        assert premises.numbers(np.zeros((4, 1))) == [0]


class TestCommands:
    def test_as_typed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        rows = "".join(f"{x},{z},{y}\n" for (x, z), (y,) in zip(PLANE.tolist(), SIDES.tolist(), strict=True))
        Path("d.csv").write_text("x,z,y\n" + rows)
        run = CliRunner().invoke
        options = ["--data", "d.csv", "--task", "regression", "--output-bias", "all-free"]
        bounded = run(app, ["bound", *options, "--gap", "0.01", "--save-network", "n.npz", "--json"])
        assert bounded.exit_code == 0, bounded.output
        checked = run(
            app, ["check", "d.cert", "--data", "d.csv", "--output-bias", "all-free", "--trust", "exact"]
        )
        assert checked.exit_code == 0, checked.output
        assert "relu(u_j . x + a_j)" in checked.output
        assert "all biases a_j and b" in " ".join(checked.output.split())
        other = run(app, ["check", "d.cert", "--data", "d.csv", "--output-bias", "free", "--trust", "exact"])
        assert other.exit_code == 1
        printed = run(app, ["problem", *options])
        assert "output_bias all-free" in printed.output
        judged = run(
            app,
            ["gap", *options, "--network", "n.npz", "--gamma", "0.1", "--no-search", "--json"],
        )
        assert judged.exit_code == 0, judged.output
        assert json.loads(judged.stdout)["output_bias"] == "all-free"

    def test_words_that_do_not_go_together(self, tmp_path: Path) -> None:
        (tmp_path / "d.csv").write_text("x,y\n1,2\n2,3\n")
        result = CliRunner().invoke(
            app, ["bound", "--data", str(tmp_path / "d.csv"), "--bias", "--output-bias", "all-free"]
        )
        assert isinstance(result.exception, CertifyError) or result.exit_code == 2

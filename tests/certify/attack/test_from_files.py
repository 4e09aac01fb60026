"""An attack on files: what is not valid is not attacked, and what no proof may exceed is a network's loss."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from certify import DataError, NetworkError, ReLUNetwork, bound, save_certificate
from certify.attack.from_files import attack_file
from certify.attack.known_loss import loss_of_training
from certify.checker.problems.training import TrainingProblem
from certify.networks.formats.npz import save_network
from tests.certify.cli.command_line import run

ROWS = [[1.0, 0.5], [-1.0, 2.0], [0.5, -1.0], [2.0, 1.0]]
TARGETS = [1.0, 2.0, -0.5, 0.25]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Return a certificate with its data and its network."""
    data, certificate, network = (tmp_path / name for name in ("d.csv", "c.cert", "n.npz"))
    cells = [",".join(map(str, (*row, y))) for row, y in zip(ROWS, TARGETS, strict=True)]
    data.write_text("\n".join(["a,b,y", *cells]) + "\n")
    report = bound(pd.DataFrame(ROWS, columns=["a", "b"]), TARGETS, gap=1e-6)
    save_certificate(report.certificate, certificate)
    report.save_network(network)
    return certificate, data, network


def test_a_network_is_trained(files: tuple[Path, Path, Path]) -> None:
    certificate, data, network = files
    forged = attack_file(certificate, data, trials=20, seed=0).forged
    assert forged is not None
    assert "trained for this" in forged.known.network
    best = attack_file(certificate, data, trials=1, seed=0, network=network).forged
    assert best is not None
    assert best.known.network == str(network)
    assert float(forged.known.value) == pytest.approx(float(best.known.value), rel=1e-4)
    assert forged.known.value < forged.subject.problem.loss_at_zero() / 2


def test_numbers_beyond_floats_have_the_network_without_neurons() -> None:
    problem = TrainingProblem(((10**400, 1),), ((2,),), Fraction(1, 10))
    assert loss_of_training(problem).value == 2
    assert "without neurons" in loss_of_training(problem).network


def test_where_no_neuron_pays() -> None:
    assert loss_of_training(TrainingProblem(((1,),), ((2,),), Fraction(1000))).value == 2


def test_an_impossible_loss_is_refused(files: tuple[Path, Path, Path]) -> None:
    certificate, data, network = files
    with pytest.raises(DataError, match="no network has a loss below"):
        attack_file(certificate, data, trials=1, seed=0, upper=Fraction(1, 10**6))
    with pytest.raises(DataError, match="give one of them"):
        attack_file(certificate, data, trials=1, seed=0, upper=Fraction(1), network=network)


def test_a_network_of_other_data_is_refused(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    certificate, data, _ = files
    other = tmp_path / "other.npz"
    save_network(ReLUNetwork.from_floats([[1.0]] * 5, [[1.0]]), other, 1)
    with pytest.raises(NetworkError):
        attack_file(certificate, data, trials=1, seed=0, network=other)


@pytest.mark.parametrize("change", [("1.0,0.5", "1.0,0.75"), ("a,b,y", "a,b,z")])
def test_a_certificate_that_is_not_valid_ends_as_its_check_does(
    change: tuple[str, str],
    files: tuple[Path, Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    certificate, data, _ = files
    data.write_text(data.read_text().replace(*change))
    codes = [run(monkeypatch, command, certificate, "--data", data) for command in ("check", "attack")]
    assert codes == [1, 1]
    said = capsys.readouterr().out
    assert said.count("REJECTED") == 2
    assert "No forgery" not in said
    assert run(monkeypatch, "attack", certificate, "--data", data, "--json") == 1
    assert json.loads(capsys.readouterr().out)["valid"] is False


def test_words(
    files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate, data, network = files
    options = ("--data", data, "--trials", 20, "--network", network)
    assert run(monkeypatch, "attack", certificate, *options) == 0
    said = capsys.readouterr().out
    assert f"is the loss of a network: {network}." in said
    assert "The certificate is valid." in said
    assert "No forgery proves more than is true." in said

"""A run that starts from what an earlier one left is never worse, and takes nothing on trust."""

from __future__ import annotations

import signal
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certify import bound, check
from certify.bounds.report import Report, Status
from certify.bounds.searching import Task
from certify.bounds.start import EarlierPoint
from certify.checker.errors import CertificateError, NetworkError
from certify.runtime.progress import Clock, Observer
from tests.certify.cli.command_line import run
from tests.clocks import UntilStage

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 7)).round(2), RNG.normal(size=(6, 2)).round(2)
BOUND = partial(bound, X, Y, gap=1e-6)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, list[Path]]:
    """Return a run with its certificate and its network."""
    folder = tmp_path_factory.mktemp("earlier")
    report = BOUND(method="sdp")
    report.save_certificate(folder / "c.cert")
    report.save_network(folder / "n.npz")
    return report, [folder / "c.cert", folder / "n.npz"]


@pytest.mark.parametrize("method", ["auto", "sdp", "partition", "shor", "tree"])
def test_a_run_without_time_is_what_it_started_from(
    method: str, earlier: tuple[Report, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = earlier
    clock = UntilStage("train")
    monkeypatch.setattr("certify.bounds.bound.Clock", partial(Clock, now=clock))
    after = BOUND(method=method, start=files[0], network=files[1], time_limit=1e6, observer=clock)
    assert after.status is Status.TIME_LIMIT
    assert after.interval.lower == before.interval.lower
    assert after.interval.upper <= before.interval.upper
    assert (after.method, after.solver) == ("sdp", "an earlier run")
    assert check(after.certificate, X, Y).valid


@pytest.mark.parametrize("method", ["auto", "partition", "shor"])
def test_a_weaker_method_leaves_the_bound_as_it_was_and_a_stronger_one_raises_it(
    method: str, earlier: tuple[Report, list[Path]]
) -> None:
    before, files = earlier
    after = BOUND(method=method, start=files[0], network=files[1])
    assert after.interval.lower >= before.interval.lower
    if method == "shor":
        assert after.interval.lower == before.interval.lower
        assert "check" not in [stage.name for stage in after.stages]  # of what Shor found, which is less
    assert check(after.certificate, X, Y).valid


def test_what_is_enough_needs_no_search(earlier: tuple[Report, list[Path]]) -> None:
    before, files = earlier
    wanted = 1.2 * float(before.interval.relative_gap)
    after = bound(X, Y, start=files[0], gap=wanted)
    assert after.status is Status.GAP_REACHED
    assert after.interval.lower == before.interval.lower
    assert {"prove", "check", "relax", "search"}.isdisjoint(stage.name for stage in after.stages)


def test_training_goes_on_from_a_network(earlier: tuple[Report, list[Path]]) -> None:
    before, files = earlier
    after = BOUND(method="shor", network=files[1])
    assert after.interval.upper <= before.interval.upper
    assert after.training.restarts == 0


def test_ctrl_c_leaves_a_certificate_to_go_on_from(tmp_path: Path) -> None:
    class Interrupter(Observer):
        pressed = False

        def start(self, stage: str) -> None:
            if stage == "relax" and not self.pressed:  # twice would end a loop of calls
                self.pressed = True
                signal.raise_signal(signal.SIGINT)

    first = BOUND(method="sdp", observer=Interrupter())
    assert first.status is Status.INTERRUPTED
    first.save_certificate(tmp_path / "c.cert")
    again = BOUND(method="sdp", start=tmp_path / "c.cert")
    assert again.interval.lower > first.interval.lower


def test_of_another_problem_or_no_proof_is_refused(
    earlier: tuple[Report, list[Path]], tmp_path: Path
) -> None:
    report, (certificate, network) = earlier
    with pytest.raises(CertificateError, match="of another problem"):
        bound(X, Y, gamma="0.2", start=certificate)
    with pytest.raises(NetworkError):
        bound(X[:, :3], Y, network=network)
    false = replace(report, certificate=replace(report.certificate, bound=report.interval.upper + 1))
    false.save_certificate(tmp_path / "false.cert")
    with pytest.raises(CertificateError, match="proves nothing"):
        bound(X, Y, start=tmp_path / "false.cert")
    (tmp_path / "x.cert").write_text("nothing\n")
    with pytest.raises(CertificateError, match="give a file that certify wrote"):
        bound(X, Y, start=tmp_path / "x.cert")


def test_rows_of_the_earlier_dual_point_come_first() -> None:
    hint, start = np.array([[3.0], [2.0], [1.0]]), np.array([[0.0], [0.0], [0.1]])
    task = Task(hint, hint, 1.0, hint, 1.0, 0.0, 1)
    assert np.argsort(-task.first_rows[:, 0]).tolist() == [0, 1, 2]
    earlier = EarlierPoint(start, ())
    assert np.argsort(-replace(task, start=earlier).first_rows[:, 0]).tolist() == [2, 0, 1]


def test_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    rows = np.hstack([X, Y[:, :1]])
    Path("d.csv").write_text("\n".join(",".join(map(str, row)) for row in rows.tolist()) + "\n")
    Path("e.csv").write_text("\n".join(",".join(map(str, row)) for row in rows[1:].tolist()) + "\n")
    common = ["bound", "--task", "regression", "--method", "shor", "--data"]
    assert run(monkeypatch, *common, "d.csv", "--save-network", "n.npz") == 0
    assert run(monkeypatch, *common, "d.csv", "--start", "d.cert", "--network", "n.npz") == 0
    capsys.readouterr()
    assert run(monkeypatch, *common, "e.csv", "--start", "d.cert") == 2
    assert "d.cert: the certificate is of another problem" in capsys.readouterr().err

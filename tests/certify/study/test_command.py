"""`certify study` as a user types it: what runs, what is kept, what is run again, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from certify.study.bench import Bench, Found, FoundNetwork, without_bias
from certify.study.methods import METHODS
from tests.certify.cli.command_line import run
from tests.certify.study.in_process import InProcess
from tests.places import ROOT

# Two problems of four samples, by two methods.
TINY = """
title = "Tiny"
gamma = 0.1
[[data]]
name = "Small"
generator = "random"
rows = 4
problems = 2
[[method]]
name = "bound"
method = "sdp"
[[method]]
name = "rounding"
widths = [2, "linear"]
iterations = 5
"""
SGD = """
[[method]]
name = "sgd"
width = 2
epochs = 3
data = "Small"
"""


def toy(bench: Bench, name: str) -> Found:
    """Return a network of one neuron, in the place of the work of a method."""
    d, c = bench.problem.d, bench.problem.c
    width = bench.settings.get("width", 1)
    return Found(networks=(FoundNetwork(name, np.ones((d, 1)), np.ones((1, c)), without_bias(c), width),))


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of the tiny study, in the current folder; its tasks run here, and two are toys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("certify.runtime.executor.LocalExecutor", InProcess)
    monkeypatch.setattr(InProcess, "names", [], raising=False)
    for name, network in (("rounding", "slid"), ("sgd", "SGD")):
        monkeypatch.setitem(METHODS, name, replace(METHODS[name], run=partial(toy, name=network)))
    path = Path("tiny.toml")
    path.write_text(TINY)
    return path


def results() -> dict[str, Path]:
    """Return the result files by what they are about."""
    found = {}
    for path in Path("tiny-study/cells").iterdir():
        facts = json.loads(path.read_text())["facts"]
        found[f"{facts['problem']} {facts['method']}"] = path
    return found


def test_a_study_runs_once_and_only_what_is_new(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "study", study, "--list") == 0
    assert [line.rpartition(": ")[2] for line in capsys.readouterr().out.splitlines()] == ["to be run"] * 4
    assert run(monkeypatch, "study", study) == 0
    shown = capsys.readouterr()
    assert "4 cells: 4 done" in shown.err
    assert "The optimum, and SDP-NN next to it" in shown.out
    assert len(InProcess.names) == 4
    page = Path("tiny-study/study.html").read_text()
    assert "Rounding against the width" in page
    assert "4 cells done" in page

    study.write_text(TINY + SGD)
    assert run(monkeypatch, "study", study, "--markdown", "out.md") == 0
    assert InProcess.names[4:] == [f"Small {k}, gamma=0.1, sgd epochs=3 width=2, seed=0" for k in (1, 2)]
    assert "| Small | 0.1 | no | SGD | 2 | 2 |" in Path("out.md").read_text()
    assert run(monkeypatch, "study", study, "--report") == 0
    assert len(InProcess.names) == 6
    assert "6 cells done" in capsys.readouterr().out

    # What was damaged is noticed and made anew, a certificate as well.
    kept = results()
    kept["Small 1 rounding"].write_text(
        kept["Small 1 rounding"].read_text().replace('"value": ', '"value": 1')
    )
    kept["Small 2 sgd"].write_bytes(b"\x00")
    key = kept["Small 2 bound"].stem
    Path(f"tiny-study/certificates/{key}.cert").unlink()
    assert run(monkeypatch, "study", study, "--list") == 0
    listed = capsys.readouterr().out
    assert listed.count("damaged, to be run again") == 3
    assert run(monkeypatch, "study", study, "--list", "--only", "SMALL 1*sgd", "--time-limit", "9") == 0
    assert capsys.readouterr().out == "Small 1, gamma=0.1, sgd epochs=3 width=2, seed=0: to be run\n"
    assert run(monkeypatch, "study", study) == 0
    assert sorted(name.split(",")[0] for name in InProcess.names[6:]) == ["Small 1", "Small 2", "Small 2"]
    assert capsys.readouterr().err.count("its result was damaged and is made anew") == 3

    # The certificates are those of the files that lie beside them.
    data = Path("tiny-study/data/small-2.csv")
    targets = [word for k in range(1, 6) for word in ("--target", f"y{k}")]
    certificate = f"tiny-study/certificates/{key}.cert"
    assert run(monkeypatch, "check", certificate, "--data", data, "--gamma", "0.1", *targets) == 0


@pytest.mark.skipif(not hasattr(signal, "SIGTERM"), reason="this system ends processes otherwise")
def test_a_study_that_is_ended_goes_on(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "certify", "study", str(study), "--workers", "1", "--only", "Small 1"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        is_sent = False  # a second one would come when all is said and done
        for line in process.stderr:
            if line.startswith("Small 1, gamma=0.1, bound") and not is_sent:
                process.send_signal(signal.SIGTERM)
                is_sent = True
        assert process.wait() == 143
    before = results()
    assert list(before) == ["Small 1 bound"]
    written = before["Small 1 bound"].stat().st_mtime_ns
    assert run(monkeypatch, "study", study, "--quiet") == 0
    assert len(InProcess.names) == 3
    assert results()["Small 1 bound"].stat().st_mtime_ns == written
    assert not [path for path in Path("tiny-study/cells").iterdir() if path.suffix != ".json"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("gamma = 0.1", "gama = 0.1", "tiny.toml, line 3: the key 'gama' is unknown: did you mean gamma?"),
        ("gamma = 0.1", "gamma = 0", "line 3: the key 'gamma' is '0': give a positive number"),
        ("gamma = 0.1", "gamma = [", "is no TOML: "),
        (
            'generator = "random"',
            'generator = "randon"',
            "line 6: the key 'generator' of [[data]] is 'randon'",
        ),
        ('generator = "random"', "", "the [[data]] number 1 has 0 of file, sklearn, generator: give it one"),
        ("problems = 2", 'problems = "2"', "line 8: the key 'problems' of [[data]] is '2': give an integer"),
        ('name = "rounding"', 'name = "runding"', "is 'runding', which is no method: did you mean rounding?"),
        ('method = "sdp"', 'method = "spd"', "the key 'method' of [[method]] is 'spd': give one of auto"),
        ("widths", "width", "line 14: the key 'width' of [[method]] is unknown: did you mean widths?"),
        ("iterations = 5", 'iterations = "5"', "line 15: the key 'iterations' of [[method]] is '5'"),
        ("[[method]]", "[[metod]]", "there is no [[method]]: a study has at least one table of that name"),
        ('generator = "random"\nrows = 4\nproblems = 2', 'file = "no.csv"', "no.csv"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    old: str,
    new: str,
    words: str,
    study: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study.write_text(TINY.replace(old, new))
    assert run(monkeypatch, "study", study, "--quiet") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said
    assert not InProcess.names


def test_other_input_that_cannot_be_used(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, words in (
        (["no.toml"], "no.toml: the study cannot be read"),
        ([study, "--only", "Smoll"], "none has 'Smoll' in its name; see --list"),
        ([study, "--time-limit", "-1"], "the time limit is -1.0 seconds: give a positive number"),
        ([study, "--data", "nowhere"], "nowhere is no folder"),
        ([study, "--output", "."], "has files that are no study's, such as tiny-study"),
    ):
        assert run(monkeypatch, "study", *arguments, "--quiet") == 2
        assert words in capsys.readouterr().err


def test_the_papers_study_says_what_data_it_lacks(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "study", "paper", "--quick", "--list") == 0
    shown = capsys.readouterr()
    assert "Pima is left out: there is no pima_indians_train.csv" in " ".join(shown.err.split())
    assert "Random 1, gamma=0.1, bound: to be run" in shown.out
    Path("files").mkdir()
    for part in ("train", "test"):
        shutil.copy(ROOT / "examples" / "iris.csv", f"files/pima_indians_{part}.csv")
    assert run(monkeypatch, "study", "paper", "--quick", "--list", "--data", "files") == 0
    assert "Pima, gamma=0.1, bound: to be run" in capsys.readouterr().out

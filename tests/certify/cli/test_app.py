"""The command line as a user types it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from certify import ReLUNetwork, check, load_certificate
from certify.checker.data.choice import read_dataset
from certify.networks.network import loss_at_most
from certify.runtime.interrupts import Interrupts
from tests.certify.cli.command_line import run, written
from tests.places import ROOT

EXAMPLE = ROOT / "examples" / "iris.csv"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a file of twelve rows in two classes."""
    rng = random.Random(1)
    rows = [f"{rng.uniform(-1, 1):.2f},{rng.uniform(-1, 1):.2f},{'ab'[i % 2]}" for i in range(12)]
    path = tmp_path / "small.csv"
    path.write_text("p,q,kind\n" + "\n".join(rows) + "\n")
    return path


def test_bound_then_check(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate, network = tmp_path / "small.cert", tmp_path / "small.npz"
    assert (
        run(monkeypatch, "bound", "--data", small, "--certificate", certificate, "--save-network", network)
        == 0
    )
    shown = capsys.readouterr()
    assert "lower bound" in shown.out
    assert "upper bound" in shown.out
    assert "2 classes (a, b)" in shown.err
    assert run(monkeypatch, "check", certificate, "--data", small, "--trust", "exact") == 0
    assert "VALID   trust: exact" in capsys.readouterr().out
    monkeypatch.setenv("CERTIFY_CHECKER", "")
    assert run(monkeypatch, "check", certificate, "--data", small) == 0
    assert "VALID   trust: exact" in capsys.readouterr().out
    assert run(monkeypatch, "check", certificate, "--data", small, "--trust", "proved") == 2
    assert "CERTIFY_CHECKER is empty; build it with `make proofs`" in capsys.readouterr().err
    assert run(monkeypatch, "check", certificate, "--data", small, "--trust", "rigorous") == 0
    assert "VALID   trust: rigorous" in capsys.readouterr().out
    assert run(monkeypatch, "check", certificate, "--data", small, "--trust", "blind") == 2
    assert "choose proved, exact, rigorous, kernel or best" in capsys.readouterr().err


def test_shrink(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = tmp_path / "small.cert"
    assert run(monkeypatch, "bound", "--data", small, "--certificate", certificate, "--gap", "1e-6") == 0
    capsys.readouterr()
    assert run(monkeypatch, "shrink", certificate, "--data", small) == 0
    assert "with the same bound" in capsys.readouterr().out
    assert run(monkeypatch, "check", tmp_path / "small.small.cert", "--data", small) == 0
    capsys.readouterr()
    assert run(monkeypatch, "shrink", certificate, "--data", small, "--certificate", small) == 2
    assert "give each output a file of its own" in capsys.readouterr().err
    cut = tmp_path / "cut.cert"
    cut.write_text(certificate.read_text().replace("envelope\n", "tau 1 1 1 0\n"))
    assert run(monkeypatch, "shrink", cut, "--data", small, "--json") == 1
    assert not json.loads(capsys.readouterr().out)["valid"]


def test_json_is_the_documented_object(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate, network = tmp_path / "c.cert", tmp_path / "n.npz"
    arguments = (
        "--data",
        small,
        "--gamma",
        "1/20",
        "--json",
        "--certificate",
        certificate,
        "--save-network",
        network,
    )
    assert run(monkeypatch, "bound", *arguments) == 0
    found = json.loads(capsys.readouterr().out)
    documented = {
        "lower_bound", "upper_bound", "relative_gap", "lower_bound_exact", "upper_bound_exact", "status",
        "method", "n", "d", "c", "gamma", "seconds", "leaves", "gap_curve",
        "certificate",
    }  # fmt: skip
    assert documented <= found.keys()
    lower, upper = Fraction(found["lower_bound_exact"]), Fraction(found["upper_bound_exact"])
    assert Fraction(found["lower_bound"]) <= lower <= upper <= Fraction(found["upper_bound"])
    assert (found["n"], found["d"], found["c"], found["gamma"]) == (12, 2, 2, 0.05)
    assert (found["method"], found["status"]) == ("tree", "gap_reached")
    assert found["leaves"] == load_certificate(certificate).leaves > 1
    assert [point["search"] for point in found["gap_curve"]] == ["tree"] * len(found["gap_curve"])
    assert found["gap_curve"][-1]["lower"] == pytest.approx(found["lower_bound"])
    verdict = check(certificate, data=small)
    assert verdict.valid
    assert verdict.bound == lower
    # The file of the network holds the network whose exact loss is the upper bound.
    with np.load(network) as arrays:
        saved = ReLUNetwork.from_floats(arrays["hidden"], arrays["output"])
    assert loss_at_most(read_dataset(small).problem("1/20"), saved) == upper


def test_same_seed_same_bytes(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        assert run(monkeypatch, "bound", "--data", small, "--certificate", tmp_path / name) == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_certificate_for_other_data_is_rejected(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = tmp_path / "c.cert"
    assert run(monkeypatch, "bound", "--data", small, "--certificate", certificate) == 0
    other = tmp_path / "other.csv"
    other.write_text(small.read_text().replace(",a\n", ",b\n", 1))
    capsys.readouterr()
    assert run(monkeypatch, "check", certificate, "--data", other) == 1
    assert "another problem" in capsys.readouterr().out
    assert run(monkeypatch, "check", certificate, "--data", EXAMPLE) == 1
    assert "not for this data" in capsys.readouterr().out


def test_raised_claim_is_rejected(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.cert"
    assert run(monkeypatch, "bound", "--data", small, "--certificate", path) == 0
    header, rest = path.read_text().split("\n", 1)
    values = json.loads(header)
    values["bound"] = str(Fraction(values["bound"]) + 1)
    path.write_text(json.dumps(values) + "\n" + rest)
    capsys.readouterr()
    assert run(monkeypatch, "check", path, "--data", small, "--json") == 1
    verdict = json.loads(capsys.readouterr().out)
    assert not verdict["valid"]
    assert verdict["obligation"] == "claim"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "missing.csv"], ["missing.csv"]),
        (["--data", "{small}", "--gamma", "0"], ["gamma", "positive"]),
        (["--data", "{small}", "--gamma", "much"], ["gamma"]),
        (["--data", "{small}", "--target", "height"], ["height"]),
        (["--data", "{small}", "--task", "clustering"], ["clustering"]),
        (["--data", "{small}", "--method", "magic"], ["magic", "sdp"]),
        (["--data", "{small}", "--solver", "magic"], ["magic", "clarabel"]),
        (["--data", "{small}", "--loss", "cubic"], ["cubic", "squared"]),
        (["--data", "{small}", "--gap", "-1"], ["gap"]),
        (["--data", "{small}", "--time-limit", "0"], ["time limit"]),
        (["--data", "{small}", "--certificate", "no/such/folder/c"], ["no/such/folder/c"]),
        (["--data", "{ragged}"], ["line 3"]),
    ],
)
def test_bad_input_gets_one_sentence(
    arguments: list[str],
    words: list[str],
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("p,q,kind\n1,2,a\n1,2\n3,4,b\n")
    monkeypatch.chdir(tmp_path)
    filled = [argument.format(small=small, ragged=ragged) for argument in arguments]
    assert run(monkeypatch, "bound", *filled) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("certify: ")
    for word in words:
        assert word in last
    assert not list(tmp_path.glob("*.cert"))


def test_unreadable_certificate_is_unusable_input(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.cert"
    broken.write_text("not a certificate\n")
    assert run(monkeypatch, "check", broken, "--data", small) == 2
    assert "broken.cert" in capsys.readouterr().err


def test_ctrl_c_keeps_a_valid_result(tmp_path: Path) -> None:
    certificate = tmp_path / "iris.cert"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "certify.cli",
            "bound",
            "--data",
            EXAMPLE,
            "--certificate",
            certificate,
            "--gap",
            "1e-9",
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(
            "train "
        ):  # it has ended; the search for such a gap takes much longer than this line
            break
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0
    assert json.loads(out)["status"] == "interrupted"
    assert check(certificate, data=EXAMPLE).valid


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_ctrl_c_where_there_is_no_result_yet(tmp_path: Path, number: signal.Signals, code: int) -> None:
    pipe = tmp_path / "never.cert"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "certify.cli", "check", pipe, "--data", EXAMPLE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with pipe.open("w"):  # waits until the command reads, and then lets it wait
        process.send_signal(number)
        out, said = process.communicate(timeout=600)
    assert (process.returncode, out, said) == (code, "", "certify: aborted\n")


@pytest.mark.parametrize(
    ("number", "code", "ends"),
    [
        (signal.SIGINT, 0, 0),
        (signal.SIGTERM, 0, 143),
        (signal.SIGHUP, 0, 129),
        (signal.SIGTERM, 3, 143),
        (signal.SIGTERM, 1, 1),
    ],
)
def test_a_job_that_was_ended_says_so_by_its_code(
    number: signal.Signals, code: int, ends: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(_: str, __: object) -> int:
        with Interrupts():
            signal.raise_signal(number)
        return code

    monkeypatch.setattr("certify.cli.app.run_command", work)
    assert run(monkeypatch) == ends


def test_the_version_and_the_backend_of_a_notebook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MPLBACKEND", "module://of_another_environment")
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"certify {version('certify')}\n"
    assert "MPLBACKEND" not in os.environ


def test_quiet_leaves_the_result_and_errors(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    question = "bound", "-q", "--data", small, "--gap", "0.1", "--certificate", tmp_path / "c.cert"
    assert run(monkeypatch, *question) == 0
    shown = capsys.readouterr()
    assert "lower bound" in shown.out
    assert not shown.err
    assert run(monkeypatch, *question, "--gamma", "0") == 2
    assert capsys.readouterr().err.startswith("certify: ")
    matrix = written(tmp_path / "m.csv", [[1, -1], [-1, 1]])
    assert run(monkeypatch, "copositive", matrix, "--quiet", "--certificate", tmp_path / "m.cert") == 0
    assert not capsys.readouterr().err


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "certify", "--version"], capture_output=True, text=True, timeout=600
    )
    assert (done.returncode, done.stdout) == (0, f"certify {version('certify')}\n")


def test_check_needs_no_numerical_library(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "c.cert"
    assert run(monkeypatch, "bound", "--data", small, "--certificate", certificate) == 0
    banned = ["numpy", "scipy", "cvxpy", "numba", "pandas", "matplotlib", "clarabel", "scs", "formulations"]
    block = f"import sys\nfor name in {banned}: sys.modules[name] = None\n"
    calls = {
        "bare": (["typer", "rich", "click"], "from certify.checker.__main__ import main; sys.exit(main())"),
        "product": ([], "from certify.cli import main; sys.argv.insert(1, 'check'); main()"),
    }
    for more, call in calls.values():
        extra = f"for name in {more}: sys.modules[name] = None\n"
        done = subprocess.run(
            [sys.executable, "-c", block + extra + call, certificate, "--data", small],
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        assert "VALID" in done.stdout
    blocked = subprocess.run([sys.executable, "-c", block + "import numpy"], capture_output=True, timeout=600)
    assert blocked.returncode != 0


def test_outputs_overwrite_neither_the_data_nor_each_other(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = small.read_bytes()
    assert run(monkeypatch, "bound", "--data", small, "--certificate", small) == 2
    same = tmp_path / "r"
    assert run(monkeypatch, "bound", "--data", small, "--report", same, "--checkpoint", same) == 2
    assert capsys.readouterr().err.count("a file of its own") == 2
    assert small.read_bytes() == before
    assert not same.exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [("--seed", "-1"), ("--gap", "inf"), ("--gap", "nan"), ("--gamma", "1e400"), ("--gamma", "1e-400")],
)
def test_numbers_that_no_float_holds(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, value: str
) -> None:
    assert run(monkeypatch, "bound", "--data", small, "--certificate", tmp_path / "c", option, value) == 2


@pytest.mark.parametrize("row", ["1e300,0,1", "0,0,1e200"])
def test_vast_cells_are_refused_with_a_remedy(
    row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "vast.csv"
    data.write_text(f"a,b,y\n{row}\n1,2,3.5\n2,1,1.5\n")
    assert run(monkeypatch, "bound", "--data", data, "--certificate", tmp_path / "c") == 2
    assert "rescale" in capsys.readouterr().err


def test_a_vast_upper_bound_is_refused_at_once(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = tmp_path / "c.cert"
    assert run(monkeypatch, "bound", "--data", small, "--method", "shor", "--certificate", certificate) == 0
    assert run(monkeypatch, "attack", certificate, "--data", small, "--upper", "1e300000000") == 2
    assert "the upper bound is '1e300000000'" in capsys.readouterr().err

"""No output takes the place of a file that certify did not write, or the name of another kind of file."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import helper

from certify import ReLUNetwork, bound
from certify.checker.data.choice import read_dataset
from certify.checker.errors import CertifyError, NetworkError
from certify.cli.options.outputs import CERTIFICATE, NETWORK, PAGE, Kind, matrix_of, require_writable
from certify.networks.formats.npz import save_network
from certify.networks.network import loss_at_most
from certify.views.page.writing import save, template
from tests.certify.cli.command_line import run, written
from tests.certify.networks.network_files import onnx_model
from tests.places import ROOT

ROWS = [[1, 0, 1], [0, 1, 2], [-1, 2, 1], [2, -1, 3], [-2, -1, 0]]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file of five rows in the current folder."""
    monkeypatch.chdir(tmp_path)
    return written(Path("d.csv"), [["a", "b", "y"], *ROWS])


QUESTION = ("bound", "--data", "d.csv", "--task", "regression", "--gap", "0.1")


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--certificate", "net.pt", "a certificate would be written under this name: give one that ends in"),
        ("--certificate", "other.CSV", "a certificate would be written under this name: give one that ends"),
        (
            "--save-network",
            "best.pt",
            "a network would be written under this name: give one that ends in .np",
        ),
        ("--save-network", "best", "a network would be written under this name: give one that ends in .npz"),
        (
            "--report",
            "r.json",
            "a page would be written under this name: give one that ends in .html or .htm",
        ),
        (
            "--checkpoint",
            "c.onnx",
            "a checkpoint would be written under this name: give one that ends in .ckpt",
        ),
    ],
)
def test_names_of_other_kinds(
    data: Path,
    option: str,
    name: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, *QUESTION, option, name) == 2
    assert f"{name}: {words}" in " ".join(capsys.readouterr().err.split())
    assert not Path(name).exists()


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--certificate", "notes.txt", "not a certificate that certify wrote: give another name, or delete"),
        ("--certificate", "d.cert", "not a certificate that certify wrote"),
        ("--save-network", "mine.npz", "not a network that certify wrote"),
        ("--report", "index.html", "not a page that certify wrote"),
    ],
)
def test_files_of_others(
    data: Path,
    option: str,
    name: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if name.endswith(".npz"):
        # What a user saved with the names that are documented is the user's.
        np.savez(name, hidden=np.ones((2, 1)), output=np.ones((1, 1)))
    else:
        Path(name).write_text("<title>precious</title>\n")
    before = Path(name).read_bytes()
    assert run(monkeypatch, *QUESTION, option, name) == 2
    assert f"{name} is there already and is {words}" in " ".join(capsys.readouterr().err.split())
    assert Path(name).read_bytes() == before


def test_the_default_name_of_a_certificate_is_no_exception(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("d.cert").write_text("an X.509 certificate\n")
    assert run(monkeypatch, *QUESTION) == 2
    assert "d.cert is there already" in capsys.readouterr().err
    assert Path("d.cert").read_text() == "an X.509 certificate\n"


def test_own_files_are_written_anew_and_a_network_is_a_start(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run(monkeypatch, *QUESTION, "--certificate", "d.cert", "--save-network", "best.npz") == 0
    capsys.readouterr()
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Linear(2, 3, bias=False), torch.nn.ReLU(), torch.nn.Linear(3, 1, bias=False)
    )
    torch.save(module.state_dict(), "mine.pt")
    before = Path("mine.pt").read_bytes()
    assert run(monkeypatch, *QUESTION, "--network", "mine.pt", "--json") == 0
    shown = capsys.readouterr()
    assert "mine.pt: 2 inputs, 3 neurons, 1 output, float32" in shown.err
    hidden, output = (weight.detach().numpy().T for weight in module.parameters())
    given = loss_at_most(
        read_dataset(data, task="regression").problem("0.1"), ReLUNetwork.from_floats(hidden, output)
    )
    assert Fraction(json.loads(shown.out)["upper_bound_exact"]) <= given
    assert Path("mine.pt").read_bytes() == before
    for option in ("--save-network", "--certificate"):
        assert run(monkeypatch, *QUESTION, "--network", "best.npz", option, "best.npz") == 2
        assert "best.npz is the data or another output, or read" in capsys.readouterr().err


def test_a_network_that_is_not_there(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *QUESTION, "--network", "new.npz") == 2
    shown = " ".join(capsys.readouterr().err.split())
    assert "new.npz does not exist: --network is a trained network that training starts from" in shown
    assert "--save-network FILE.npz writes the best one" in shown


def test_a_start_in_python() -> None:
    X, y = [row[:2] for row in ROWS], [row[2] for row in ROWS]
    first = bound(X, y, 0.1, task="regression", gap=0.1)
    again = bound(X, y, 0.1, task="regression", gap=0.1, network=first.network)
    assert again.interval.upper <= first.interval.upper
    with pytest.raises(NetworkError, match="use the network of this problem"):
        bound(X, y, 0.1, task="regression", network=ReLUNetwork(((1,),), ((1,),)))


def test_own_pages_are_known(tmp_path: Path) -> None:
    page, templates = tmp_path / "page.html", ROOT / "certify/views/page/templates"
    save(template("base.html.j2").render(), page)
    require_writable((), (page, PAGE))
    parts = {"base.html.j2", "parts.html.j2", "notebook.html.j2"}
    for path in templates.glob("*.html.j2"):
        assert path.name in parts or path.read_text().startswith('{% extends "base.html.j2" %}')


def test_empty_files_and_devices(tmp_path: Path) -> None:
    (tmp_path / "new.npz").touch()
    require_writable((), (tmp_path / "new.npz", NETWORK), (Path("/dev/null"), NETWORK))


@pytest.mark.parametrize("kind", [CERTIFICATE, NETWORK, PAGE])
def test_damaged_bytes_are_not_own(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / f"x{kind.suffixes[0]}"
    save_network(ReLUNetwork(((1,),), ((1,),)), tmp_path / "net.npz", 1)
    path.write_bytes((tmp_path / "net.npz").read_bytes()[:-30])
    with pytest.raises(CertifyError, match="is there already and is not"):
        require_writable((), (path, kind))


def test_a_start_whose_labels_come_in_another_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An ONNX graph that names its classes b, a has the negative output of one that names them a, b."""
    monkeypatch.chdir(tmp_path)
    written(Path("d.csv"), [["p", "y"], [1, "a"], [-1, "b"], [2, "a"], [-2, "b"]])
    upper = {}
    for names, sign in ((["a", "b"], -1), (["b", "a"], 1)):
        nodes = [
            helper.make_node("MatMul", ["x", "U"], ["z"]),
            helper.make_node("Relu", ["z"], ["h"]),
            helper.make_node("MatMul", ["h", "V"], ["y"]),
            helper.make_node("Sigmoid", ["y"], ["p"]),
            helper.make_node("Sub", ["one", "p"], ["n"]),
            helper.make_node("Concat", ["n", "p"], ["both"], axis=1),
            helper.make_node("ZipMap", ["both"], ["map"], domain="ai.onnx.ml", classlabels_strings=names),
        ]
        constants = {"U": [[4, -4]], "V": [[4 * sign], [-4 * sign]], "one": [1]}
        model = onnx_model(nodes, {name: np.array(array, np.float32) for name, array in constants.items()})
        Path("net.onnx").write_bytes(model.SerializeToString())
        arguments = ["--data", "d.csv", "--loss", "logistic", "--gamma", "0.001", "--no-search", "--json"]
        assert run(monkeypatch, "gap", *arguments, "--network", "net.onnx") == 0
        upper[names[0]] = json.loads(capsys.readouterr().out)["loss_exact"]
    assert upper["a"] == upper["b"]
    assert float(Fraction(upper["a"])) < 0.2


@pytest.mark.parametrize("json_", [False, True])
def test_the_result_is_shown_where_it_cannot_be_written(
    data: Path, json_: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Path("/dev/full")
    assert run(monkeypatch, *QUESTION, "--certificate", full, *["--json"] * json_) == 2
    shown = capsys.readouterr()
    assert "lower" in shown.out
    assert "verify it" not in shown.out
    assert shown.err.splitlines()[-1].startswith(
        f"certify: {full}: the certificate cannot be written (No space"
    )


def test_an_answer_on_a_matrix_is_shown_where_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = written(tmp_path / "m.csv", [[1, -1], [-1, 1]])
    assert run(monkeypatch, "copositive", matrix, "--certificate", "/dev/full") == 2
    shown = capsys.readouterr()
    assert "YES" in shown.out
    assert "verify it" not in shown.out


def test_a_folder_without_permission_is_found_before_the_work(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("certify.cli.options.outputs.os.access", lambda path, mode: mode != os.W_OK)
    assert run(monkeypatch, *QUESTION) == 2
    said = capsys.readouterr()
    assert "d.cert: a certificate cannot be written here; give a file in a folder of your own" in said.err
    assert "train" not in said.err


def test_a_certificate_of_other_data_is_not_replaced_in_silence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    written(other / "d.csv", [["a", "b", "y"], *ROWS[1:]])
    question = "bound", "--task", "regression", "--gap", "0.1", "--data"
    words = "d.cert is of other data or another problem, and will be replaced"
    for name, replaces in (("d.csv", False), ("d.csv", False), ("other/d.csv", True)):
        assert run(monkeypatch, *question, name) == 0
        assert (words in capsys.readouterr().err) == replaces
    assert run(monkeypatch, *question, "d.csv", "--certificate", "d.cert") == 0
    assert words not in capsys.readouterr().err
    matrix = written(tmp_path / "m.csv", [[1, -1], [-1, 1]])
    for entry, replaces in ((1, False), (2, True)):
        written(matrix, [[entry, -1], [-1, 1]])
        assert run(monkeypatch, "copositive", matrix) == 0
        assert ("m.copositive.cert is of other" in capsys.readouterr().err) == replaces


def test_a_gap_says_what_it_replaces(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez("net.npz", hidden=np.ones((2, 1)), output=np.ones((1, 1)))
    question = "gap", "--data", "d.csv", "--task", "regression", "--network", "net.npz", "--no-search"
    for gamma, more, replaces in (("1", (), False), ("1", (), False), ("2", (), True), ("1", ("-q",), False)):
        assert run(monkeypatch, *question, "--gamma", gamma, *more) == 0
        assert ("net.gap.cert is of other data or another problem" in capsys.readouterr().err) == replaces


def test_the_matrix_of_a_cut_does_not_replace_another(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = written(Path("six.cut.csv"), [[1, -2], [-2, 1]])
    question = "tightness", "--data", "d.csv", "--task", "regression", "--cut-certificate", "six.cut"
    before = matrix.read_bytes()
    assert run(monkeypatch, *question) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "six.cut.csv is there already and is not the matrix of a certificate that certify wrote" in said
    # A certificate beside it says whose it is.
    assert run(monkeypatch, "copositive", matrix, "--certificate", "six.cut") == 1
    require_writable((), (Path("six.cut"), CERTIFICATE), (matrix, matrix_of(Path("six.cut"))))
    written(matrix, [[1, -2], [-2, 2]])
    with pytest.raises(CertifyError, match="is there already"):
        require_writable((), (matrix, matrix_of(Path("six.cut"))))
    assert before != matrix.read_bytes()


def test_a_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    data = written(tmp_path / "d.csv", [["a", "b", "y"], *ROWS])
    monkeypatch.chdir(gone)
    gone.rmdir()
    question = "bound", "--data", data, "--task", "regression", "--gap", "0.1"
    assert run(monkeypatch, *question) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "certify: d.cert: the current folder is no longer there; change to one that is" in said
    assert run(monkeypatch, *question, "--certificate", tmp_path / "d.cert") == 0


def test_the_advice_works_for_names_like_options(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data.rename("-d.csv")
    assert run(monkeypatch, "bound", "--data", "-d.csv", "--task", "regression", "--gap", "0.1") == 0
    advice = capsys.readouterr().out.splitlines()[-1].partition("verify it: certify ")[2].split()
    assert advice == ["check", "./-d.cert", "--data", "./-d.csv"]
    assert run(monkeypatch, *advice) == 0


def test_a_page_takes_names_that_are_no_text(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As file names are in the locale C without Python's UTF-8 mode."""
    name = "d\udcc3\udcbc.csv"
    data.rename(name)
    question = "bound", "--data", name, "--task", "regression", "--gap", "0.1", "--report", "r.html"
    assert run(monkeypatch, *question) == 0
    assert r"d\udcc3\udcbc.csv" in Path("r.html").read_text(encoding="utf-8")

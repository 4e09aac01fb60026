"""`certify cp` as a user types it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.matrices.completely_positive import product_matrix
from benchmarks.matrices.copositive_matrices import circulant
from certify.checker.__main__ import main as only
from tests.certify.cli.command_line import run, written
from tests.certify.cli.matrix_questions import answered, refused

NO = [[1, 1, 0, 0, 1], [1, 2, 1, 0, 0], [0, 1, 2, 1, 0], [0, 0, 1, 1, 1], [1, 0, 0, 1, 6]]
YES = circulant([8, 5, 1, 1, 5])


@pytest.mark.parametrize(
    ("rows", "code", "head", "words"),
    [
        (YES, 0, "YES", "its cp-rank is at most 10"),
        (NO, 1, "NO", "is not completely positive: no sum of terms b b^T with b in R^5_+"),
    ],
)
def test_answer_then_check(
    rows: list[list[int]],
    code: int,
    head: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, err = answered(monkeypatch, capsys, ["cp"], tmp_path / "a.csv", rows, code, words)
    assert out.startswith(f"{head}   trust: exact")
    assert "doubly nonnegative" in err


def test_the_checker_needs_neither_numpy_nor_scipy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['numpy'] = sys.modules['scipy'] = None\n"
        "from certify.checker.matrix.complete_positivity import check_complete_positivity\n"
        "from certify.checker.certificate.file import any_from_text\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def test_json_of_decimals_and_fractions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    matrix = written(tmp_path / "a.csv", [["1/3", "0.1"], ["1e-1", "2"]])
    assert run(monkeypatch, "cp", matrix, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["answer"], found["order"], found["cp_rank_bound"], found["distance"]) == ("yes", 2, 2, 0.0)
    assert (found["trust"], found["certificate"]) == ("exact", "a.cp.cert")
    assert run(monkeypatch, "check", "a.cp.cert", "--data", "a.csv") == 0


def test_free_coordinates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    matrix = tmp_path / "a.npy"
    np.save(matrix, np.array([[2.0, -1.0], [-1.0, 1.0]]))
    assert run(monkeypatch, "cp", matrix) == 1
    assert "row 1, column 2 is negative" in capsys.readouterr().out
    assert run(monkeypatch, "cp", matrix, "--free", 1) == 0
    assert "b in R^1_+ x R^1." in capsys.readouterr().out
    assert run(monkeypatch, "cp", matrix, "--free", 3) == 2
    assert "give 0 to 2" in capsys.readouterr().err


def test_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    matrix, certificate = written(tmp_path / "a.csv", YES), tmp_path / "a.cert"
    assert run(monkeypatch, "cp", matrix, "--time-limit", "1e-9", "--certificate", certificate) == 3
    shown = capsys.readouterr().out
    assert shown.startswith("UNKNOWN\nNothing is proved: the time limit ended the search; the nearest sum")
    assert not certificate.exists()


def test_method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    matrix = written(tmp_path / "a.csv", YES)
    assert run(monkeypatch, "cp", matrix, "--method", "simplex") == 0
    assert run(monkeypatch, "check", "a.cp.cert", "--data", "a.csv") == 0
    capsys.readouterr()
    assert run(monkeypatch, "cp", matrix, "--method", "sdp") == 2
    assert "give auto, columns, simplex" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["1", "2"], ["1", "1"]], "is not symmetric: row 2, column 1 is 1 and row 1, column 2 is 2"),
        ([["1", "0.3"], ["0.30000000000000004", "1"]], "differ by 4e-17, as the rounding of np.corrcoef"),
        ([["1", "0.3"], ["0.301", "1"]], "such as (M + M^T)/2, which has the same form"),
        ([["1", "2", "3"], ["2", "1", "1"]], "is not square"),
        ([["1", "nan"], ["nan", "1"]], "nan"),
        ([["1", "1/0"], ["1/0", "1"]], "is no number"),
    ],
)
def test_unusable_input_is_one_sentence(
    rows: list[list[str]],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert words in refused(monkeypatch, capsys, "cp", written(tmp_path / "a.csv", rows))


def test_a_matrix_that_is_not_symmetric_is_made_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = written(tmp_path / "a.csv", [["1", "1/3"], ["0.5", "1"]])
    symmetric = written(tmp_path / "b.csv", [["1", "5/12"], ["5/12", "1"]])
    certificate = tmp_path / "a.cert"
    assert run(monkeypatch, "cp", matrix, "--symmetrize", "--certificate", certificate) == 0
    out = capsys.readouterr().out
    assert f"The matrix is (M + M^T)/2 of M in {matrix}." in out
    assert f"certify check {certificate} --data {matrix} --symmetrize" in out
    assert run(monkeypatch, "check", certificate, "--data", matrix, "--symmetrize", "--trust", "exact") == 0
    assert f"The matrix is (M + M^T)/2 of M in {matrix}." in capsys.readouterr().out
    assert run(monkeypatch, "check", certificate, "--data", symmetric, "--trust", "exact") == 0
    assert only([str(certificate), "--data", str(matrix), "--symmetrize"]) == 0
    assert run(monkeypatch, "check", certificate, "--data", matrix) == 2
    assert "(--symmetrize)" in capsys.readouterr().err
    given = ["problem", "--certificate", certificate, "--matrix", matrix]
    assert run(monkeypatch, *given, "--symmetrize") == 0
    assert capsys.readouterr().out == "certify matrix 1\norder 2\ndenominator 12\n12 5\n5 12\n"


def test_the_matrix_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = written(tmp_path / "a.csv", YES)
    assert run(monkeypatch, "cp", matrix, "--certificate", matrix) == 2
    assert "file of its own" in capsys.readouterr().err
    assert matrix.read_text().startswith("8,5")


def test_an_interrupted_search_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import signal

    from formulations.copositive.nearest_cp import nearest_cp

    def pressed(*arguments: object, **options: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return nearest_cp(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("certify.matrices.completely_positive.search.nearest_cp", pressed)
    rows = product_matrix(15, 10, 5, 0.4)  # exact steps do not decide it
    assert run(monkeypatch, "cp", written(tmp_path / "a.csv", rows)) == 3
    assert "interrupted; the nearest sum" in capsys.readouterr().out

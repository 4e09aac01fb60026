"""The user's matrix, read by the checker extracted from its proof and by the one in Python: the same one."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.certificate.file import save_certificate
from certify.checker.data.matrix_file import read_matrix
from certify.checker.errors import DataError
from tests.certify.checker.matrix.test_copositivity import EDGE, ENVELOPE, stated
from tests.certify.trust.extracted.test_training import PROGRAM, ROUNDS, needs_program

CELLS = ["1", "-1/3", "+2/6", " .5", "1e-1", "-0", '"4"', "7.", "12345678901234567890.5", "00/1"]
ODD = ["", "nan", "1/0", "x", "1e999", "1,5", "1/2/3", "1/-2", "\u0661/2", "9" * 1001, "1/2\n"]
HEADERS = [[], ["a", "b"], ["", "x"], ["1", "2"]]


def assert_read_alike(path: Path, folder: Path) -> None:
    """Both readers refuse the file, or read the same matrix."""
    assert PROGRAM is not None
    try:
        matrix = read_matrix(path)
    except DataError:
        matrix = None
    certificate = stated([[1]], ENVELOPE)[0]
    hash_ = "0" * 64 if matrix is None else matrix.sha256()
    save_certificate(replace(certificate, matrix_sha256=hash_), folder / "c.cert")
    command = [str(PROGRAM), str(folder / "c.cert"), "--data", str(path), "--json"]
    run = subprocess.run(command, capture_output=True, timeout=600)
    if matrix is None:
        assert (run.returncode, bool(run.stderr)) == (2, True)
    else:
        assert run.returncode in (0, 1), run.stderr
        assert json.loads(run.stdout)["obligation"] in (None, "LEAF_FORM")


@needs_program
class TestMatrixFiles:
    @settings(max_examples=100 * ROUNDS, deadline=None)
    @given(data=st.data())
    def test_csv(self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("csv")
        p = data.draw(st.integers(1, 3))
        cell = st.sampled_from(CELLS)
        table = [[""] * p for _ in range(p)]
        for i in range(p):
            for j in range(i + 1):
                table[i][j] = table[j][i] = data.draw(cell)
        if data.draw(st.booleans()):
            i, j, odd = data.draw(
                st.tuples(st.integers(0, p - 1), st.integers(0, p - 1), st.sampled_from(ODD))
            )
            table[i][j] = odd
            if data.draw(st.booleans()):
                table[j][i] = odd
        header = data.draw(st.sampled_from(HEADERS))
        separator = data.draw(st.sampled_from(",;\t"))
        rows = [*([header[:p]] if header else []), *table]
        if data.draw(st.booleans()):
            rows.pop()
        end = data.draw(st.sampled_from(["\n", "\r\n", "\n\n"]))
        path = folder / "m.csv"
        path.write_bytes(end.join(separator.join(row) for row in [*rows, []]).encode())
        assert_read_alike(path, folder)

    @settings(max_examples=150 * ROUNDS, deadline=None)
    @given(data=st.data())
    def test_matrix_market(self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.mktemp("mtx")
        layout = data.draw(st.sampled_from(["coordinate", "array"]))
        field = data.draw(st.sampled_from(["real", "integer", "pattern", "Real", "complex"]))
        symmetry = data.draw(st.sampled_from(["general", "symmetric", "skew-symmetric"]))
        gap = data.draw(st.sampled_from([" ", "  ", "\t", "\u00a0"]))
        lines = [gap.join(["%%MatrixMarket", "matrix", layout, field, symmetry])]
        lines.extend(
            data.draw(st.lists(st.sampled_from(["% a comment", "", " ", " % no comment"]), max_size=2))
        )
        number = st.sampled_from(["1", "-2", ".5", "1e-1", "1/2", "x", "nan", "+3"])
        p = data.draw(st.integers(1, 2))
        places = [(i, j) for j in range(p) for i in range(j if symmetry == "symmetric" else 0, p)]
        values = {tuple(sorted(place)): data.draw(number) for place in places}
        entries = [[values[tuple(sorted(place))]] * (field != "pattern") for place in places]
        if layout == "coordinate":
            entries = [
                [str(i + 1), str(j + 1), *entry] for (i, j), entry in zip(places, entries, strict=True)
            ]
        size = [str(p), str(p), *([str(len(places))] if layout == "coordinate" else [])]
        if data.draw(st.booleans()):
            k = data.draw(st.integers(0, len(size) - 1))
            size[k] = data.draw(st.sampled_from(["0", "3", "x", "4097", "9999999999", "-1"]))
        body = [size, *entries]
        if data.draw(st.booleans()):
            k = data.draw(st.integers(0, len(body) - 1))
            body[k] = data.draw(
                st.sampled_from([[], ["1"], ["3", "1", "1"], ["1", "1", "1"], ["0", "1", "2"]])
            )
        lines.extend(gap.join(words) for words in body)
        end = data.draw(st.sampled_from(["\n", "\r\n", "\r", "\u2028", "\x0b"]))
        path = folder / "m.mtx"
        path.write_text(end.join(lines) + data.draw(st.sampled_from(["", end])), encoding="utf-8", newline="")
        assert_read_alike(path, folder)

    def test_large_ones(self, tmp_path: Path) -> None:
        for text in (
            "1,0\n" * 513,
            ",".join("1" * 513) + "\n",
            f"1{'0' * 3000}e400\n",
            "7\n",
            "",
            "a,b\n",
            "1,2\n3,4\n",
        ):
            (tmp_path / "m.csv").write_text(text)
            assert_read_alike(tmp_path / "m.csv", tmp_path)

    def test_numpy_files_are_for_the_other_checker(self, tmp_path: Path) -> None:
        assert PROGRAM is not None
        (tmp_path / "m.npy").write_bytes(b"\x93NUMPY")
        save_certificate(stated(EDGE, ENVELOPE)[0], tmp_path / "c.cert")
        command = [str(PROGRAM), str(tmp_path / "c.cert"), "--data", str(tmp_path / "m.npy")]
        run = subprocess.run(command, capture_output=True, timeout=600, text=True)
        assert (run.returncode, run.stdout) == (2, "")
        assert "numpy file" in run.stderr

"""The checker extracted from its proof in Coq against the one in Python: the same verdict on everything."""

import json
import os
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify import bound, check, save_certificate
from certify.attack.attack import KINDS, KINDS_OF_BLOCKS, _forged
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.nodes import Leaf, Split
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import read_dataset
from certify.checker.data.recipe import Preprocessing
from certify.checker.errors import CertificateError, DataError
from certify.checker.obligations import Obligation
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import OfMatrix, Training
from certify.checker.training.check import check_certificate
from certify.trust.extracted import (
    ProvedCheckerError,
    check_proved,
    find_checker,
)
from certify.trust.proved_sources import SOURCES_SHA256
from tests.certify.attack.test_attack import CORNER, CORNER_CERTIFICATES
from tests.certify.checker import blocks, row_signs
from tests.certify.checker.matrix.test_copositivity import ENVELOPE, stated
from tests.certify.checker.oracles import certificate_of
from tests.certify.checker.test_obligations import AT_KINKS, WITH_BIASES

PROGRAM = find_checker()
ROUNDS = int(os.environ.get("CERTIFY_FORGERIES", "1"))  # of all kinds of forgeries
needs_program = pytest.mark.skipif(PROGRAM is None, reason="the proved checker is not built: make proofs")

X = np.random.default_rng(5).normal(size=(9, 2)).round(2)
Y = np.random.default_rng(6).normal(size=(9, 2)).round(2)
REPORTS = {
    "no output bias": bound(X, Y, "1/10", gap=1e-3),
    "free": bound(X, Y, "1/10", gap=1e-3, output_bias="free"),
    "decayed": bound(X, Y, "1/10", gap=1e-3, output_bias="decayed"),
    "all-free": bound(X, Y, "1/10", gap=3e-2, output_bias="all-free"),
    "one lifted leaf": bound(X, Y, "1/10", method="sdp"),
    "partition": bound(X, Y, "1/10", method="partition"),
}
PRODUCTS = {Obligation.PRODUCT_INDEX, Obligation.PRODUCT_SIGN}
CASES: dict[str, tuple[Certificate, TrainingProblem]] = {
    **{name: (report.certificate, report.problem) for name, report in REPORTS.items()},
    **{name: (certificate, CORNER) for name, certificate in CORNER_CERTIFICATES.items()},
    "kinks": (AT_KINKS, WITH_BIASES),
    "blocks": (blocks.HONEST, blocks.PROBLEM),
    **row_signs.VALID,
}


def answer(text: bytes, problem: TrainingProblem, folder: Path) -> tuple[int, dict[str, object]]:
    """Run the program on the text of a certificate."""
    assert PROGRAM is not None
    certificate, data = folder / "c.cert", folder / "p.txt"
    certificate.write_bytes(text)
    data.write_text("".join(problem.canonical_text()))
    command = [str(PROGRAM), str(certificate), "--text", str(data), "--json"]
    run = subprocess.run(command, capture_output=True, timeout=600)
    assert run.returncode in (0, 1, 2), run.stderr
    assert (run.returncode == 2) == bool(run.stderr), run.stderr
    return run.returncode, json.loads(run.stdout or "{}")


def assert_same(text: str, problem: TrainingProblem, folder: Path) -> None:
    code, said = answer(text.encode("latin-1"), problem, folder)
    try:
        certificate = from_text(text)
    except CertificateError:
        assert code == 2
        return
    verdict = check_certificate(certificate, problem)
    assert code == (0 if verdict.valid else 1), (said, verdict)
    if verdict.bound is not None:
        assert said["bound"] == f"{verdict.bound.numerator}/{verdict.bound.denominator}"
        assert said["leaves"] == verdict.leaves
    elif verdict.obligation not in (Obligation.STATEMENT, Obligation.PROBLEM):
        # Of a leaf with two wrong products either may be named.
        same = PRODUCTS if verdict.obligation in PRODUCTS else {verdict.obligation}
        assert Obligation[str(said["obligation"])] in same


@needs_program
class TestSameVerdict:
    @pytest.mark.parametrize("name", CASES)
    def test_on_a_valid_certificate(self, name: str, tmp_path: Path) -> None:
        certificate, problem = CASES[name]
        assert check_certificate(certificate, problem).valid
        assert_same(to_text(certificate), problem, tmp_path)

    @pytest.mark.parametrize("name", CASES)
    def test_on_forgeries(self, name: str, tmp_path: Path) -> None:
        certificate, problem = CASES[name]
        generator, original = random.Random(name), to_text(certificate)
        kinds = KINDS if certificate.blocks is None else 5 * KINDS_OF_BLOCKS
        for trial in range(ROUNDS * len(kinds)):
            kind = kinds[trial % len(kinds)]
            assert_same(_forged(kind, certificate, original, problem, generator), problem, tmp_path)

    @pytest.mark.parametrize(
        "name",
        [
            "SWAPPED",
            "MISSING",
            "TWICE_THE_SAME",
            "SETTLED",
            "BEYOND",
            "WITHOUT_FORM",
            "ANOTHER_FORM",
            "FREE_FORM",
        ],
    )
    def test_on_signs_of_samples(self, name: str, tmp_path: Path) -> None:
        certificate = getattr(row_signs, name)
        assert not check_certificate(certificate, row_signs.PROBLEM).valid
        assert_same(to_text(certificate), row_signs.PROBLEM, tmp_path)

    def test_on_what_is_no_certificate(self, tmp_path: Path) -> None:
        certificate, problem = CASES["one leaf"]
        text = to_text(certificate)
        header, *tree = text.splitlines()
        for hostile in (
            "",
            "\n",
            text[:-1],
            text.replace("\n", "\r\n"),
            "[" * 100_000 + "\n",
            header.replace('"method":', '"method":' + "[" * 5000) + "\n",
            header.replace('"bound"', '"bound":"1/1","bound"') + "\n",
            header.replace('"version":1', '"version":1.0') + "\n",
            header.replace('"nodes":1', '"nodes":' + "9" * 5000) + "\n",
            header.replace('"nodes":1', '"nodes":-0') + "\n",
            header + "\n" + "leaf 1 1 99999999999999999999\n",
            header + "\n" + "leaf 1 1 -1\n",
            header + "\n" + "leaf 1 1 1\n99999999999999999999\n",
            header + "\n" + "leaf 1 1 1\n0 99999999999999999999 1\n",
            header + "\n" + "leaf 1 1 1\n-1 -1 1\n",
            header + "\n" + "leaf 1p13001 1 0\n",
            header + "\n" + "leaf 1p0 1 0\n",
            header + "\n" + "leaf 01 1 0\n",
            header + "\n" + "leaf +1 1 0\n",
            header + "\n" + "part 0\n",
            header + "\n" + "faces 1\n0 0 0\n",
            header + "\n" + "sign 99999999999999999999\n",
            header + "\n" + "row 99999999999999999999\n",
            header + "\n" + "row -1\n",
            header + "\n" + "row\n",
            header + "\n" + "row 0 1\n",
            header + "\n" + "split 99999999999999999999 99999999999999999999 1 1\n",
            text.replace('"format"', '"\\u0066ormat"'),
            text.replace('"by hand"', '"\\ud800"'),
            text.replace('"by hand"', '"\\x41"'),
            text + "envelope\n",
            text.replace("envelope", "Envelope"),
            "\n".join([header.replace('"nodes":1', '"nodes":30001'), *["sign 0"] * 30_000, *tree]) + "\n",
        ):
            assert_same(hostile, problem, tmp_path)

    def test_on_many_nodes(self, tmp_path: Path) -> None:
        # A chain of cuts holds one more cone with each node: neither checker recurses.
        certificate, problem = CASES["orthants"]
        chain = replace(certificate, tree=(*certificate.tree[:2], *[replace_split(k) for k in range(3000)]))
        assert_same(to_text(chain), problem, tmp_path)


def replace_split(k: int) -> Split:
    return Split(0, 1, 1 + k % 2, 1)


# Cells as files have them: decimals, names, blanks of all kinds, quotes.
NUMBERS = st.decimals(-1000, 1000, allow_nan=False, places=2).map(str) | st.sampled_from(
    ["1e-3", "+.5", "7.", "1E+2", "-0", " 2 ", "\u00a03", '"4"', '" 5"', "12345678901234567890.5"]
)
LABELS = st.sampled_from(["a", "b", "\u00e4\u00f6", '"a"', "1", "1.0", "2"])
ODD = st.sampled_from(["", "nan", "-inf", "1,5", "x", '"', "1e999", "\u4e00", "0x1"])


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    rows, columns = draw(st.integers(2, 6)), draw(st.integers(1, 3))
    labels = draw(st.sampled_from([LABELS, NUMBERS]))
    body = [[*(draw(NUMBERS) for _ in range(columns)), draw(labels)] for _ in range(rows)]
    header = [draw(st.sampled_from(["f", "2", "\u03b1", "na", ""])) + str(k) for k in range(columns)]
    return [[*header, "label"], *body] if draw(st.booleans()) else body


def written(table: list[list[str]], separator: str, end: str) -> str:
    return end.join(separator.join(row) for row in table) + end


@needs_program
@settings(max_examples=60 * ROUNDS)
@given(
    table=tables(),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    bias=st.booleans(),
    standardize=st.booleans(),
    odd=ODD,
    place=st.integers(0, 5),
)
def test_data_is_read_alike(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[list[str]],
    separator: str,
    end: str,
    mark: str,
    bias: bool,
    standardize: bool,
    odd: str,
    place: int,
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    data, path = folder / "d.csv", folder / "c.cert"

    def write(rows: list[list[str]]) -> None:
        data.write_bytes((mark + written(rows, separator, end)).encode())

    write(table)
    try:
        dataset = read_dataset(data, bias=bias, standardize=standardize)
    except DataError:
        return
    problem = dataset.problem("1/8")
    # N = 0 proves that no loss is negative.
    trivial = certificate_of(problem, [[0] * problem.c] * problem.n, [Leaf(1, 1)])
    save_certificate(replace(trivial, preprocessing=dataset.preprocessing), path)
    assert code_for(path, data) == 0
    changed = [list(row) for row in table]
    changed[place % len(table)][place % len(table[0])] = odd
    write(changed)
    try:
        expected = 0 if check(path, data=data).valid else 1
    except DataError:
        expected = 2
    assert code_for(path, data) == expected


def code_for(certificate: Path, data: Path) -> int:
    assert PROGRAM is not None
    run = subprocess.run([PROGRAM, certificate, "--data", data], capture_output=True, timeout=600)
    assert (run.returncode == 2) == bool(run.stderr), run.stderr
    return run.returncode


@needs_program
class TestInCommand:
    def test_the_best_checker_is_the_proved_one(self, tmp_path: Path) -> None:
        report = REPORTS["no output bias"]
        told: list[tuple[int, int]] = []
        verdict = check(report.certificate, X, Y, trust="best", on_progress=lambda *step: told.append(step))
        assert (verdict.valid, verdict.trust, verdict.bound) == (True, "proved", report.certificate.bound)
        assert told[-1] == (len(report.certificate.tree),) * 2
        assert verdict.statement == check(report.certificate, X, Y, trust="exact").statement

    def test_a_rejection_says_what_the_other_checker_says(self) -> None:
        certificate, problem = CASES["orthants"]
        forged = replace(certificate, tree=certificate.tree[:-1])
        exact = check(forged, problem=problem)
        assert check(forged, problem=problem, trust="proved") == replace(exact, trust="proved")

    def test_a_file_is_read_by_the_program(self, tmp_path: Path) -> None:
        certificate, problem = CASES["orthants"]
        path = tmp_path / "c.cert"
        save_certificate(certificate, path)
        assert check_proved(certificate, Training(problem, None), path=path).valid
        save_certificate(CASES["one leaf"][0], path)
        with pytest.raises(ProvedCheckerError, match="changed while"):
            check_proved(certificate, Training(problem, None), path=path)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("#!/bin/sh\nexit 3\n", "was built from other sources"),
            (f"#!/bin/sh\necho sources: {'0' * 64}\n", "was built from other sources"),
            (f"#!/bin/sh\necho not the sources: {SOURCES_SHA256}\n", "was built from other sources"),
            (f"#!/bin/sh\necho sources: {SOURCES_SHA256}\necho broken >&2; exit 2\n", "failed: broken"),
            ("no program", "cannot be run"),
        ],
    )
    def test_another_program(
        self,
        content: str,
        reason: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        program = tmp_path / "certify-check"
        program.write_text(content)
        program.chmod(0o755)
        monkeypatch.setenv("CERTIFY_CHECKER", str(program))
        certificate, problem = CASES["orthants"]
        with pytest.raises(ProvedCheckerError, match=reason):
            check_proved(certificate, Training(problem, None))
        matrix, of_matrix = SymmetricMatrix.from_rationals([[1]]), stated([[1]], ENVELOPE)[0]
        with pytest.raises(ProvedCheckerError, match=reason):
            check_proved(of_matrix, OfMatrix.of(of_matrix, matrix))
        notes: list[str] = []
        for verdict in (
            check(certificate, problem=problem, trust="best", on_note=notes.append),
            check(of_matrix, matrix=matrix, trust="best", on_note=notes.append),
        ):
            assert (verdict.valid, verdict.trust) == (True, "exact")
            assert "not by the proved checker" in verdict.reason
            assert re.search(reason, verdict.reason)
        assert len(notes) == 2
        assert all(re.search(reason, note) and "trust exact" in note for note in notes)

    def test_the_verdict_names_the_program(self) -> None:
        certificate, problem = CASES["orthants"]
        assert str(PROGRAM) in check(certificate, problem=problem, trust="proved").reason

    def test_is_the_best(self, tmp_path: Path) -> None:
        certificate = CASES["orthants"][0]
        path, data = tmp_path / "c.cert", tmp_path / "d.csv"
        save_certificate(replace(certificate, preprocessing=recipe_of_corner(data)), path)
        command = [sys.executable, "-m", "certify.cli", "check", str(path), "--data", str(data)]
        run = subprocess.run(command, capture_output=True, timeout=600, text=True)
        assert run.stdout.startswith("VALID   trust: proved"), run.stderr


def recipe_of_corner(path: Path) -> Preprocessing:
    """Write the data of the corner as a file; return its recipe."""
    path.write_text("a,b,y\n1,0,3\n0,1,4\n")
    return read_dataset(path, task="regression").preprocessing

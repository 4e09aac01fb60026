"""The proved parser of canonical texts against Python's printer: one text for each problem, and the reverse."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certify.certificate import Certificate, CopositivityCertificate, EnvelopeLeaf
from certify.certificate_file import save_certificate
from certify.errors import DataError
from certify.problem import LOSSES, OUTPUT_BIASES, TrainingProblem
from certify.proved_checker import find_checker
from certify.symmetric_matrix import SymmetricMatrix
from tests.certify.test_attack import CORNER_CERTIFICATES
from tests.strategies import problems, symmetric_integers

PROGRAM = find_checker()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="the proved checker is not built: make proofs")

F = Fraction
TRAINING: Certificate = next(iter(CORNER_CERTIFICATES.values()))
SMALL = TrainingProblem.from_rationals(
    [[F(1, 2), -10], [0, 3]], [[1], [F(-12, 5)]], F(1, 10), "squared", "free"
)
MATRIX = SymmetricMatrix.from_rationals([[2, F(-1, 3)], [F(-1, 3), 10]])
LARGE = st.integers(-(10**4000), 10**4000)


def reading(text: str, certificate: Certificate | CopositivityCertificate, folder: Path) -> str:
    """Return what the program makes of a text: refused, this one (of the certificate), or another one."""
    path, data = folder / "c.cert", folder / "t.txt"
    save_certificate(certificate, path)
    data.write_bytes(text.encode("latin-1"))
    run = subprocess.run([str(PROGRAM), str(path), "--problem", str(data)], capture_output=True, timeout=60)
    if run.returncode == 2:
        assert b"is not the text of a" in run.stderr
        return "refused"
    assert run.returncode in (0, 1), run.stderr
    first = run.stdout.splitlines()[0]
    return "another" if first.startswith((b"REJECTED: PROBLEM", b"REJECTED: MATRIX")) else "this"


def about(problem: TrainingProblem) -> Certificate:
    return replace(
        TRAINING, problem_sha256=problem.sha256(), gamma=problem.gamma, output_bias=problem.output_bias
    )


def about_matrix(matrix: SymmetricMatrix) -> CopositivityCertificate:
    return CopositivityCertificate("copositive", matrix.sha256(), (), (EnvelopeLeaf(),), "by hand")


def read_problem(text: str) -> TrainingProblem | None:
    """Read a text loosely and print it again: an oracle."""
    lines = [re.findall(r"-?\d+", line) for line in text.split("\n")]
    try:
        (p, q), (a, b), *samples = (list(map(int, line)) for line in (lines[3], *lines[5:-1]))
        widths = [int(n) for n in lines[4]]
        problem = TrainingProblem(
            tuple(tuple(row[: widths[1]]) for row in samples),
            tuple(tuple(row[widths[1] :]) for row in samples),
            F(p, q),
            a,
            b,
            next(name for name in LOSSES if f"loss {name}\n" in text),
            next(name for name in OUTPUT_BIASES if f"output_bias {name}\n" in text),
        )
    except (ValueError, IndexError, ZeroDivisionError, StopIteration, DataError):
        return None
    return problem if "".join(problem.canonical_text()) == text else None


def read_matrix(text: str) -> SymmetricMatrix | None:
    lines = [list(map(int, re.findall(r"-?\d+", line))) for line in text.split("\n")]
    try:
        (denominator,), *rows = lines[2:-1]
        matrix = SymmetricMatrix.from_rationals([[F(entry, denominator) for entry in row] for row in rows])
    except (ValueError, IndexError, ZeroDivisionError, DataError):
        return None
    return matrix if matrix.canonical_text() == text else None


def mutations(text: str) -> Iterator[str]:
    """Change, remove, add and double each byte."""
    for place, byte in enumerate(text):
        before, after = text[:place], text[place + 1 :]
        yield before + after
        yield before + byte + byte + after
        yield before + ("1" if byte == "0" else "0") + after
        yield before + {" ": "\n", "\n": "\r\n", "-": "+"}.get(byte, "-") + after
        yield f"{before} {byte}{after}"
        yield f"{before}0{byte}{after}"
        yield text[:place]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    problem=problems(output_biases=OUTPUT_BIASES),
    gamma=st.fractions(min_value=F(1, 10**9), max_value=10**9),
    large=LARGE,
)
def test_the_program_reads_what_python_prints(
    problem: TrainingProblem, gamma: Fraction, large: int, tmp_path: Path
) -> None:
    inputs = [[F(entry, problem.input_denominator) for entry in row] for row in problem.inputs]
    targets = [[F(large, problem.target_denominator), *row[1:]] for row in problem.targets]
    problem = TrainingProblem.from_rationals(inputs, targets, gamma, output_bias=problem.output_bias)
    assert reading("".join(problem.canonical_text()), about(problem), tmp_path) == "this"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=symmetric_integers(), denominator=st.integers(1, 10**30))
def test_the_program_reads_the_matrices_that_python_prints(
    rows: list[list[int]], denominator: int, tmp_path: Path
) -> None:
    matrix = SymmetricMatrix.from_rationals([[F(entry, denominator) for entry in row] for row in rows])
    assert reading(matrix.canonical_text(), about_matrix(matrix), tmp_path) == "this"


@pytest.mark.parametrize("kind", ["problem", "matrix"])
def test_another_text_is_refused_or_that_of_another_one(kind: str, tmp_path: Path) -> None:
    certificate: Certificate | CopositivityCertificate
    text, certificate = "".join(SMALL.canonical_text()), about(SMALL)
    if kind == "matrix":
        text, certificate = MATRIX.canonical_text(), about_matrix(MATRIX)
    assert reading(text, certificate, tmp_path) == "this"
    told = {"refused": 0, "another": 0}
    for other in sorted(set(mutations(text)) - {text}):
        known = (read_problem if kind == "problem" else read_matrix)(other)
        said = reading(other, certificate, tmp_path)
        assert said == ("refused" if known is None else "another"), other
        told[said] += 1
    assert min(told.values()) > 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("denominators 2 5\n1 -20 ; 5\n0 6 ; -12", "denominators 4 5\n2 -40 ; 5\n0 12 ; -12"),
        ("denominators 2 5\n1 -20 ; 5\n0 6 ; -12", "denominators -2 5\n-1 20 ; 5\n0 -6 ; -12"),
        ("1 -20 ; 5\n0 6 ; -12", "1 -20 5 ; 5\n0 6 ; -12"),
        ("1 -20 ; 5\n0 6 ; -12", "1 -20\n0 6"),
        ("1 -20 ; 5", "1 ; -20 ; 5"),
        ("size 2 2 1", "size 2 1 2"),
        ("size 2 2 1", f"size {10**30} 2 1"),
        ("size 2 2 1\ndenominators 2 5\n1 -20 ; 5\n0 6 ; -12\n", "size 0 2 1\ndenominators 1 1\n"),
        ("gamma 1/10", "gamma 2/20"),
        ("gamma 1/10", "gamma 0/1"),
        ("gamma 1/10", "gamma -1/10"),
        ("gamma 1/10", "gamma -1/-10"),
        ("gamma 1/10", "gamma 0.1"),
        ("loss squared", "loss absolute"),
        ("output_bias free", "output_bias both"),
        ("-12\n", "-12\n\n"),
        ("-12\n", "-12\x00\n"),
        ("-12\n", f"-12\n{'9' * 300_000}"),
        ("-20", "-\xb2" + "0"),
    ],
)
def test_near_misses_are_refused(old: str, new: str, tmp_path: Path) -> None:
    text = "".join(SMALL.canonical_text())
    assert old in text
    assert reading(text.replace(old, new), about(SMALL), tmp_path) == "refused"


@pytest.mark.parametrize(
    "text",
    [
        "certify matrix 1\norder 2\ndenominator 1\n1 2\n3 1\n",  # not symmetric
        "certify matrix 1\norder 2\ndenominator 2\n2 4\n4 2\n",  # not the least denominator
        "certify matrix 1\norder 2\ndenominator 1\n1 2\n2\n",
        "certify matrix 1\norder 2\ndenominator 1\n1 2 0\n2 1 0\n",
        "certify matrix 1\norder 0\ndenominator 1\n",
        "certify matrix 1\norder 1\ndenominator 1\n1 ; 1\n",
        "",
    ],
)
def test_what_is_no_matrix_is_refused(text: str, tmp_path: Path) -> None:
    assert reading(text, about_matrix(MATRIX), tmp_path) == "refused"

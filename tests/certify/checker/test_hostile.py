"""Hostile files: each checker, as a program, refuses them with a reason, in bounded time and memory."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from certify.bounds.bound import Settings, bound_dataset
from certify.checker.data.choice import read_dataset
from certify.checker.data.matrix_file import read_matrix
from certify.matrices.completely_positive.decide import decide_complete_positivity
from certify.matrices.copositive.decide import decide_copositivity
from certify.runtime.progress import Observer
from certify.trust.extracted import find_checker
from tests.certify.cli.command_line import written

SECONDS = 60  # of the processor, whatever else it does
BYTES = 2 << 30  # of address space
LONG = "9" * 10**6
DEEP = 10**6

PROGRAM = find_checker()
CHECKERS = [
    pytest.param([sys.executable, "-m", "certify.checker", "--trust", "exact"], id="exact"),
    pytest.param(
        [str(PROGRAM)],
        id="proved",
        marks=pytest.mark.skipif(PROGRAM is None, reason="the proved checker is not built: make proofs"),
    ),
]
each_checker = pytest.mark.parametrize("checker", CHECKERS)


@dataclass(frozen=True)
class Case:
    """A valid certificate as text, and its data as a file."""

    text: str
    data: Path

    def forged(self, text: str) -> Path:
        """Write another certificate for the data."""
        path = self.data.with_name("forged.cert")
        path.write_text(text)
        return path

    def with_tree(self, lines: list[str], nodes: int) -> Path:
        """Write the certificate with another tree."""
        header = self.text.partition("\n")[0]
        return self.forged("\n".join([re.sub(r'"nodes":\d+', f'"nodes":{nodes}', header), *lines]) + "\n")


def training(folder: Path) -> Case:
    data, certificate = folder / "d.csv", folder / "d.cert"
    data.write_text("a,b,y\n1.25,0,3\n0,1.5,4\n-2,1,0.5\n")
    report = bound_dataset(read_dataset(data, task="regression"), Settings("1/10", gap=1e-2), Observer())
    report.save_certificate(certificate)
    return Case(certificate.read_text(), data)


def copositive(folder: Path) -> Case:
    data, certificate = folder / "m.csv", folder / "m.cert"
    written(data, [[1, -0.5, 3], [-0.5, 2, -1.25], [3, -1.25, 1]])
    decide_copositivity(read_matrix(data)).save_certificate(certificate)
    return Case(certificate.read_text(), data)


def not_completely_positive(folder: Path) -> Case:
    data, certificate = folder / "a.csv", folder / "a.cert"
    written(data, [[1, 1, 0, 0, 1], [1, 2, 1, 0, 0], [0, 1, 2, 1, 0], [0, 0, 1, 1, 1], [1, 0, 0, 1, 6]])
    decide_complete_positivity(read_matrix(data)).save_certificate(certificate)
    return Case(certificate.read_text(), data)


@pytest.fixture(scope="module", params=[training, copositive, not_completely_positive])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    make: Callable[[Path], Case] = request.param
    return make(tmp_path_factory.mktemp("hostile"))


def ended(checker: list[str], certificate: Path, data: Path) -> tuple[int, str]:
    """Run a checker within its limits; return its exit code and the line in which it says why."""
    # By the shell, as a fork of this process takes long.
    limited = ["sh", "-c", f'ulimit -v {BYTES >> 10}; ulimit -t {SECONDS}; exec "$@"', "sh"]
    command = [*limited, *checker, str(certificate), "--data", str(data)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=10 * SECONDS)
    said = run.stderr if run.returncode == 2 else run.stdout
    assert "Traceback" not in run.stderr
    assert said, run
    return run.returncode, said.splitlines()[0]


@each_checker
class TestRefused:
    def test_but_not_what_is_true(self, checker: list[str], case: Case) -> None:
        assert ended(checker, case.forged(case.text), case.data)[0] == 0

    def test_data_with_another_digit(self, checker: list[str], case: Case) -> None:
        certificate, text = case.forged(case.text), case.data.read_text()
        places = [match.start() for match in re.finditer(r"\d", text)]
        for place in places[:: max(len(places) // 5, 1)]:
            other = case.data.with_name("other.csv")
            other.write_text(f"{text[:place]}{(int(text[place]) + 1) % 10}{text[place + 1 :]}")
            code, reason = ended(checker, certificate, other)
            # A matrix that is not symmetric is no matrix.
            assert code == 1 or "not symmetric" in reason
            assert "another" in reason or "hash" in reason or "not symmetric" in reason

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (r'"nodes":\d+', f'"nodes":{LONG}'),
            (r'"version":1', f'"version":{LONG}'),
            (r'"(dual_point|witness|separator)":\[', rf'"\1":["{LONG}",'),
            (r"\n\w+( \d+)?", f"\nsplit 0 1 {LONG} 1"),
            (r"\n\w+( \d+)?", f"\nsplit {LONG} 1 1 1"),
            (r"\n\w+( \d+)?", f"\nsplit 0 1 1p{LONG} 1"),
            (r"\n\w+( \d+)?", f"\nleaf {LONG} 1 0"),
            (r"\n\w+( \d+)?", f"\nleaf 1 1 {LONG}"),
        ],
    )
    def test_integers_of_a_million_digits(self, checker: list[str], case: Case, old: str, new: str) -> None:
        forged, count = re.subn(old, new, case.text, count=1)
        assert count == 1
        code, reason = ended(checker, case.forged(forged), case.data)
        assert code == 2
        assert len(reason) < 500

    def test_data_of_a_million_digits(self, checker: list[str], case: Case) -> None:
        other = case.data.with_name("other.csv")
        for long in (LONG, f"0.{LONG}", f"1e{LONG}", f"1/{LONG}"):
            other.write_text(re.sub(r"1\b", long, case.data.read_text(), count=1))
            code, reason = ended(checker, case.forged(case.text), other)
            assert code in (1, 2)
            assert len(reason) < 500

    def test_a_file_cut_short_at_every_byte(self, checker: list[str], case: Case) -> None:
        quick = len(checker) == 1  # Python takes a quarter of a second to start
        places = range(len(case.text)) if quick else range(0, len(case.text), len(case.text) // 8)
        for end in places:
            code, reason = ended(checker, case.forged(case.text[:end]), case.data)
            assert code == 2, (end, reason)


@each_checker
@pytest.mark.parametrize(
    ("make", "first", "depth", "closed"),
    [
        (training, ["sign 0", "sign 1"], DEEP, False),
        (training, ["sign 0", "sign 1"], DEEP // 4, True),
        (copositive, [], DEEP // 4, True),
    ],
)
def test_a_million_splits_deep(
    checker: list[str],
    make: Callable[[Path], Case],
    first: list[str],
    depth: int,
    closed: bool,
    tmp_path: Path,
) -> None:
    case = make(tmp_path)
    lines = [*first, *["split 0 1 1 1"] * depth, *["envelope"] * ((depth + 1 + len(first)) * closed)]
    code, reason = ended(checker, case.with_tree(lines, len(lines)), case.data)
    assert code == 1
    assert "deeper" in reason or "LIMITS" in reason

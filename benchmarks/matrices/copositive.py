"""Copositivity of known and random matrices, side by side with pycoposit, as a table.

    python -m benchmarks.matrices.copositive [--time-limit 60]

pycoposit decides in exact arithmetic too, and says yes or no without a certificate; its process is started
for each matrix, which takes some milliseconds. Our times are those of search and check together, and of the
checks of the certificate as read back from its text: in Python in one process, and by the checker of proofs/
where it is built, with its start.
"""

from __future__ import annotations

import argparse
import math
import random
import subprocess
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pycoposit.core import coposit_path

from benchmarks.matrices.copositive_matrices import (
    HOFFMAN_PEREIRA,
    HORN,
    clique_matrix,
    cycle,
    hamming,
    hildebrand,
    johnson,
    scaled,
)
from certify.checker.certificate.copositivity import CopositivityCertificate
from certify.checker.certificate.file import any_from_text, to_text
from certify.checker.matrix.copositivity import check_copositivity
from certify.checker.problems.matrix import SymmetricMatrix
from certify.checker.subject import OfMatrix
from certify.matrices.copositive.decide import CopositivityReport, decide_copositivity
from certify.trust.extracted import check_proved, find_checker
from formulations.copositive.standard_quadratic import simplex_minima

_NEAR = Fraction(1, 1000)
_COLUMNS = (
    "matrix",
    "order",
    "answer",
    "certified by",
    "bytes",
    "time, s",
    "check, s",
    "proved, s",
    "pycoposit",
    "time, s",
)
_TIMED_OUT = 124  # what pycoposit exits with


def matrices() -> Iterator[tuple[str, SymmetricMatrix]]:
    """Yield the matrices with their names."""
    exact = SymmetricMatrix.from_rationals
    yield "Horn", exact(HORN)
    yield "Horn, scaled", exact(scaled(HORN, [3, 1, 7, 2, 5]))
    yield "Hoffman-Pereira", exact(HOFFMAN_PEREIRA)
    yield (
        "Hildebrand, tan(theta/2) = 1/3, 1/5, ..., 1/11",
        exact(hildebrand([Fraction(1, k) for k in (3, 5, 7, 9, 11)])),
    )
    for name, p, edges, clique in (
        ("cycle of 15", 15, cycle(15), 2),
        ("johnson8-2-4", 28, johnson(8), 4),
        ("johnson16-2-4", 120, johnson(16), 8),
        ("hamming6-4", 64, hamming(6), 4),
        ("hamming8-4", 256, hamming(8), 16),
        ("random graph, density 0.5", 60, _graph(60, 0.5), 8),
        ("random graph, density 0.7", 50, _graph(50, 0.7), 11),
        ("random graph, density 0.8", 60, _graph(60, 0.8), 17),
    ):
        for words, alpha in (
            ("- 1/1000", clique - _NEAR),
            ("", Fraction(clique)),
            ("+ 1/1000", clique + _NEAR),
        ):
            yield f"{name}, alpha = {clique} {words}".rstrip(), exact(clique_matrix(p, edges, alpha))
    rng = np.random.default_rng(0)
    for p in (20, 30, 40):
        factor, extra = rng.integers(-3, 4, size=(p, p - 4)), rng.integers(0, 4, size=(p, p))
        yield "semidefinite plus nonnegative", exact((factor @ factor.T + extra + extra.T).tolist())
        square = rng.normal(size=(p, p))
        form = square @ square.T / 2 + np.sqrt(p) * (square + square.T)
        lowest = simplex_minima(form, 400, 0)[0]
        for words, shift in (("above", 0.01), ("below", -0.01)):
            entries = (form - lowest @ form @ lowest + shift).round(6)
            yield (
                f"random, least value {words} 0",
                exact([list(map(_decimal, row)) for row in entries.tolist()]),
            )


def _decimal(value: float) -> Fraction:
    return Fraction(round(value * 10**6), 10**6)


def _graph(p: int, density: float) -> list[tuple[int, int]]:
    chance = random.Random(p)
    return [pair for pair in combinations(range(p), 2) if chance.random() < density]


def peer(matrix: SymmetricMatrix, time_limit: float) -> tuple[str, float]:
    """Return pycoposit's answer and its seconds."""
    upper = [f"{e}/{matrix.denominator}" for i, row in enumerate(matrix.entries) for e in row[i:]]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.txt"
        path.write_text(f"{matrix.order}#{','.join(upper)}\n")
        command = [str(coposit_path()), "--mode", "non-strict", "--timeout", str(int(time_limit)), str(path)]
        begun = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begun
    answer = done.stdout.strip().rpartition("=")[2]
    if done.returncode == _TIMED_OUT:
        return "time limit", seconds
    return {"true": "yes", "false": "no"}.get(answer, f"exit code {done.returncode}"), seconds


def check_times(report: CopositivityReport) -> tuple[float, float]:
    """Return the seconds of the check in Python and of the proved checker, NaN where that is not built."""
    assert report.certificate is not None
    again = any_from_text(to_text(report.certificate))
    assert isinstance(again, CopositivityCertificate)
    begun = time.perf_counter()
    assert check_copositivity(again, report.matrix).valid
    exact = time.perf_counter() - begun
    if find_checker() is None:
        return exact, math.nan
    begun = time.perf_counter()
    assert check_proved(again, OfMatrix.of(again, report.matrix)).valid
    return exact, time.perf_counter() - begun


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--time-limit", type=float, default=60.0)
    options = parser.parse_args()
    print(_row(_COLUMNS))
    print(_row(["---"] * len(_COLUMNS)))
    for name, matrix in matrices():
        report = decide_copositivity(matrix, time_limit=options.time_limit)
        ours = [report.answer, *[""] * 2, f"{report.seconds:.3f}", *[""] * 2]
        if report.certificate is not None:
            size, times = str(len(to_text(report.certificate))), check_times(report)
            ours = [report.answer, report.method, size, ours[3], *(f"{seconds:.3f}" for seconds in times)]
        theirs, seconds = peer(matrix, options.time_limit)
        print(_row([name, matrix.order, *ours, theirs, f"{seconds:.3f}"]), flush=True)


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()

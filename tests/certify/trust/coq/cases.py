"""Certificates of training for the kernel of Coq, and how it is asked."""

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from certify import bound
from certify.bounds.report import Report
from certify.checker.certificate.training import Certificate
from certify.checker.errors import DataError
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import Training
from certify.checker.verdict import Verdict
from certify.trust.coq.check import check_in_kernel
from certify.trust.coq.kernel import KernelProof, _command
from certify.trust.coq.training import (
    HEADER,
    certificate_definitions,
    problem_definitions,
)
from tests.certify.attack.test_attack import CORNER, CORNER_CERTIFICATES
from tests.certify.checker import blocks, row_signs


def in_kernel(
    certificate: Certificate, problem: TrainingProblem, **options: Any
) -> tuple[Verdict, KernelProof | None]:
    return check_in_kernel(certificate, Training(problem, None), **options)


try:
    COMMAND = _command()
except DataError as error:
    COMMAND, WHY = (), str(error)
else:
    WHY = ""
needs_coq = pytest.mark.skipif(not COMMAND, reason=WHY)

X = np.random.default_rng(5).normal(size=(9, 2)).round(2)
Y = np.random.default_rng(6).normal(size=(9, 2)).round(2)
Case = tuple[Certificate, TrainingProblem]
BY_HAND: dict[str, Case] = {
    **{name: (certificate, CORNER) for name, certificate in CORNER_CERTIFICATES.items()},
    "blocks": (blocks.HONEST, blocks.PROBLEM),
    **row_signs.VALID,
}
SEARCHES: dict[str, Callable[[], Report]] = {
    "no output bias": lambda: bound(X, Y, "1/10", gap=1e-3),
    "free": lambda: bound(X, Y, "1/10", gap=1e-3, output_bias="free"),
    "decayed": lambda: bound(X, Y, "1/10", gap=1e-3, output_bias="decayed"),
    "free hidden biases": lambda: bound(X[:5], Y[:5], "1/10", gap=1e-2, output_bias="all-free"),
    "one lifted leaf": lambda: bound(X, Y, "1/10", method="sdp"),
    "partition": lambda: bound(X, Y, "1/10", method="partition"),
}


@cache
def case(name: str) -> Case:
    """Return a certificate that is valid, made by hand or found where it is asked for, and its problem."""
    if name in BY_HAND:
        return BY_HAND[name]
    report = SEARCHES[name]()
    return report.certificate, report.problem


def results(cases: list[Case], folder: Path) -> list[str]:
    """Evaluate the checker inside Coq on many certificates at once; return what it says of each."""
    parts = [HEADER]
    for number, (certificate, problem) in enumerate(cases):
        parts += [f"Module M{number}.", *problem_definitions(problem)]
        parts += [*certificate_definitions(certificate, problem), f"End M{number}."]
        parts.append(f"Eval vm_compute in check hint (fun _ => true) M{number}.training M{number}.evidence.")
    path = folder / "many.v"
    path.write_text("\n".join(parts) + "\n")
    run = subprocess.run([*COMMAND, str(path)], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return re.findall(r"= (Proved \d+|Failed [A-Z_]+ (?:None|\(Some \d+\)))", " ".join(run.stdout.split()))

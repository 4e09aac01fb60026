"""The bound where nothing else was found: what no search is needed for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from certify.bounds.proofs.writing import trivial_certificate
from certify.bounds.report import GapPoint
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem


@dataclass(frozen=True)
class NothingFound:
    """An outcome whose certificate has the dual point 0 (`bounds.proofs.writing.trivial_certificate`)."""

    method: str = "tree"
    solver: str = "none"
    estimate: float | None = None
    value: float = 0.0
    cut_short: bool = True
    curve: tuple[GapPoint, ...] = ()

    def certificates(
        self, problem: TrainingProblem, preprocessing: Preprocessing | None
    ) -> Iterator[Certificate]:
        """Yield that certificate."""
        yield trivial_certificate(problem, preprocessing=preprocessing)

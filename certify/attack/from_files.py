"""Attacking files: certificate and data are read once, and recipes of forgeries are followed on the data."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from certify.attack.attack import AttackReport, attack
from certify.checker.certificate.file import load_certificate
from certify.checker.data.dataset import reapply_table
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import read_table
from certify.checker.problems.losses.table import recorded_loss
from certify.checker.problems.training import TrainingProblem
from certify.checker.source import otherwise_other_data, recorded
from certify.checker.subject import Training


def attack_file(
    certificate: Path,
    data: Path,
    *,
    trials: int,
    seed: int,
    upper: Fraction | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Training, AttackReport]:
    """Forge a certificate file; return the problem that it is for, and what became of the forgeries.

    Args:
        certificate: the file.
        data: the user's data file, which may be a pipe.
        trials: as `attack` takes them, like all that follow.
        seed: of the forgeries.
        upper: the exact loss of a network.
        on_progress: watches the work.

    Raises:
        CertificateError: if the certificate file cannot be read.
        DataError: if the data cannot be read, or the certificate is not for them.
    """
    loaded = load_certificate(certificate)
    recipe = recorded(loaded.preprocessing)
    table = read_table(data, recipe.reading)

    def remake(recipe: Preprocessing) -> TrainingProblem:
        made = reapply_table(table, recipe)
        return made.problem(loaded.gamma, recorded_loss(loaded.loss), loaded.output_bias)

    with otherwise_other_data():
        subject = Training(remake(recipe), reapply_table(table, recipe))
    report = attack(
        loaded,
        subject.problem,
        trials=trials,
        seed=seed,
        upper=upper,
        remake=remake,
        on_progress=on_progress,
    )
    return subject, report

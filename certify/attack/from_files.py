"""Attacking files: they are read once and checked, and recipes of forgeries are followed on the data."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from certify.attack.attack import AttackReport, attack
from certify.attack.known_loss import KnownLoss, loss_of_file, loss_of_training
from certify.checker.certificate.file import load_certificate
from certify.checker.check import DataVerdict, check_subject, rejection_of
from certify.checker.data.dataset import reapply_table
from certify.checker.data.recipe import Preprocessing
from certify.checker.data.table import read_table
from certify.checker.errors import DataError
from certify.checker.numbers.rounding import decimal_down
from certify.checker.problems.losses.table import recorded_loss
from certify.checker.problems.training import TrainingProblem
from certify.checker.source import OtherDataError, otherwise_other_data, recorded
from certify.checker.subject import Training
from certify.trust.parallel import in_processes


@dataclass(frozen=True)
class Forged:
    """What became of the forgeries of a valid certificate.

    Attributes:
        subject: the problem that it is for.
        known: the loss that no proof may exceed.
        report: what became of them.
    """

    subject: Training
    known: KnownLoss
    report: AttackReport


@dataclass(frozen=True)
class Attacked:
    """What became of a certificate file.

    Attributes:
        verdict: of the exact checker on the certificate itself.
        forged: its forgeries; None if it is not valid.
    """

    verdict: DataVerdict
    forged: Forged | None

    @property
    def holds(self) -> bool:
        """Whether the certificate is valid and none of its forgeries proves more than is true."""
        return self.forged is not None and not self.forged.report.breaches

    def to_json(self) -> dict[str, object]:
        """Return the machine-readable result."""
        verdict = self.verdict
        if self.forged is None:
            return {
                "valid": False,
                "reason": verdict.reason,
                "obligation": None if verdict.obligation is None else verdict.obligation.name.lower(),
            }
        found, largest = self.forged.report, self.forged.report.largest_accepted
        return {
            "valid": True,
            "problem": self.forged.subject.to_json(),
            "tried": found.tried,
            "accepted": found.accepted,
            "breaches": len(found.breaches),
            "upper_exact": str(found.upper),
            "upper_network": self.forged.known.network,
            "largest_accepted_exact": None if largest is None else str(largest),
            "kinds": {
                kind: {"accepted": tally.accepted, "rejected": dict(tally.rejected)}
                for kind, tally in found.tallies.items()
            },
        }


def attack_file(
    certificate: Path,
    data: Path,
    *,
    trials: int,
    seed: int,
    upper: Fraction | None = None,
    network: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Attacked:
    """Check a certificate file, and if it is valid forge it.

    Args:
        certificate: the file.
        data: the user's data file, which may be a pipe.
        trials: as `attack` takes them.
        seed: of the forgeries.
        upper: the exact loss of a network; without it and `network` one is trained, some seconds at most.
        network: a trained network, whose loss is taken instead.
        on_progress: called with (forgeries done, forgeries in all).

    Raises:
        CertificateError: if the certificate file cannot be read.
        DataError: if the data cannot be read, or no network can have the loss `upper`.
        NetworkError: if the network cannot be read, or is not for this data.
    """
    if upper is not None and network is not None:
        raise DataError("there are a loss and a network to take it from: give one of them")
    loaded = load_certificate(certificate)
    recipe = recorded(loaded.preprocessing)
    table = read_table(data, recipe.reading)

    def remake(recipe: Preprocessing) -> TrainingProblem:
        made = reapply_table(table, recipe)
        return made.problem(loaded.gamma, recorded_loss(loaded.loss), loaded.output_bias)

    try:
        with otherwise_other_data():
            subject = Training(remake(recipe), reapply_table(table, recipe))
    except OtherDataError as error:
        return Attacked(rejection_of(error, "exact"), None)
    verdict = check_subject(loaded, subject, walk=in_processes(os.cpu_count() or 1))
    if not verdict.valid:
        return Attacked(verdict, None)
    problem = subject.problem
    if upper is not None:
        if upper < loaded.bound:
            raise DataError(
                f"the certificate proves {decimal_down(loaded.bound, 10)}, and no network has a loss below: "
                "give the loss of a network for this data"
            )
        known = KnownLoss(upper, "as was said")
    else:
        known = loss_of_training(problem) if network is None else loss_of_file(problem, network)
    report = attack(
        loaded,
        problem,
        trials=trials,
        seed=seed,
        upper=known.value,
        remake=remake,
        on_progress=on_progress,
    )
    return Attacked(verdict, Forged(subject, known, report))

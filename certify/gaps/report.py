"""What `certify gap` found: a network's distance from the global optimum, and what else there is to say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from certify.bounds.report import Interval, Report, Status
from certify.checker.certificate.file import save_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import decimal_up, float_down, float_up, ratio_text
from certify.checker.problems.training import TrainingProblem
from certify.checker.subject import Training
from certify.checker.training.words import formula
from certify.checker.verdict import Verdict
from certify.gaps.diagnosis import Diagnosis
from certify.networks.formats.npz import save_network
from certify.networks.frameworks.objective import FrameworkObjective
from certify.networks.network import ReLUNetwork, largest_difference, loss_at_most
from certify.runtime.progress import Stage
from certify.runtime.shown import Shown

_ROUNDING = Fraction(1, 10**9)
_NEAR = Fraction(1, 100)


@dataclass(frozen=True)
class GapReport(Shown):
    """What is known of a network and the global optimum p*.

    Attributes:
        network: the given one.
        loss: its exact objective.
        interval: lower <= p* <= upper; `upper` is the loss of `best`.
        best: the best network that is known, the given one or an improved one.
        certificate: the proof of the lower bound.
        verdict: what the exact checker said of it.
        diagnosis: its neurons, and whether it is stationary (floating point).
        problem: the exact training problem.
        dataset: where the problem came from.
        source: where the network came from, in one sentence.
        notes: what had to be assumed about its file.
        method: what gave the lower bound.
        wanted_gap: the relative gap that was asked for.
        stages: where the time went.
        seconds: wall time in all.
        report: the whole result of the search; None where there was none.
        framework: the objective in the terms of the framework that trained the network, if it was given so.
    """

    network: ReLUNetwork
    loss: Fraction
    interval: Interval
    best: ReLUNetwork
    certificate: Certificate
    verdict: Verdict
    diagnosis: Diagnosis
    problem: TrainingProblem
    dataset: Dataset
    source: str
    notes: tuple[str, ...]
    method: str
    wanted_gap: float
    stages: tuple[Stage, ...]
    seconds: float
    report: Report | None
    framework: FrameworkObjective | None

    def __repr__(self) -> str:
        return f"GapReport(loss {decimal_up(self.loss)}, {self.interval.words}, {self.conclusion})"

    @property
    def subject(self) -> Training:
        """The problem, and what it was made of."""
        return Training(self.problem, self.dataset)

    @property
    def shortened(self) -> str | None:
        """Why the search ended before it was done, in one sentence; None if it did not."""
        if self.report is None or self.report.status not in (Status.TIME_LIMIT, Status.INTERRUPTED):
            return None
        return self.report.status.meaning

    @property
    def advice(self) -> str | None:
        """What may bring the bounds closer, in one or two sentences; None if they are as close as wanted."""
        if self.report is not None:
            return self.report.advice
        if self.interval.relative_gap <= Fraction(self.wanted_gap):
            return None
        return "A search for other networks and proofs comes closer."

    @property
    def distance(self) -> tuple[Fraction, Fraction]:
        """How far the loss is above p*, a loss: at least the first and at most the second."""
        return self.loss - self.interval.upper, self.loss - self.interval.lower

    @property
    def excess(self) -> tuple[Fraction, Fraction | None]:
        """How far the loss is above p*, relative to p*: at least the first and at most the second.

        The second is None where the lower bound is zero and the loss is not, and so allows no statement; and
        where it is negative, as for counts the optimum can be, and parts of p* mean nothing.
        """
        if self.interval.lower < 0:
            return Fraction(0), None
        least = self.loss / self.interval.upper - 1 if self.interval.upper else Fraction(0)
        if self.interval.lower:
            return least, self.loss / self.interval.lower - 1
        return least, None if self.loss else Fraction(0)

    @cached_property
    def narrowed_loss(self) -> Fraction:
        """The exact objective of the narrowed network."""
        return loss_at_most(self.problem, self.diagnosis.narrowed)

    @cached_property
    def narrowed_difference(self) -> Fraction:
        """The largest difference of its outputs from the given network's on the samples, exact."""
        return largest_difference(self.problem, self.network, self.diagnosis.narrowed)

    @property
    def is_improvable(self) -> bool:
        """Whether a network is known that is better by more than rounding."""
        return self._is_above(_ROUNDING)

    def _is_above(self, part: Fraction) -> bool:
        """Say whether the loss is above that of the best network by more than this part of it."""
        return self.distance[0] > part * abs(self.interval.upper)

    @property
    def conclusion(self) -> str:
        """What follows for whoever trained the network, in one sentence."""
        if self.distance[1] <= Fraction(self.wanted_gap) * abs(self.interval.lower):
            return "it is a global optimum, as far as was asked"
        if not self.diagnosis.is_stationary:
            words = "training has not ended"
            if self.diagnosis.loss_has_kinks:
                words = "it is not stationary, as steps on a loss with kinks seldom end"
            size = self.diagnosis.gradient_in_words
            return f"{words}: the gradient is {size}, and a stationary point's is zero"
        if self.is_improvable and not self._is_above(_NEAR):
            return (
                "it is stationary, nearly, and within 1 % of a better network: longer training may still help"
            )
        if self.is_improvable:
            return (
                "it is stationary but not global: longer training will not help, a new start or more neurons "
                "may"
            )
        return "it is stationary, and no better network was looked for or found"

    def to_json(self, certificate_path: str | None = None) -> dict[str, object]:
        """Return the machine-readable result; floats are rounded so that the statements stay true.

        Args:
            certificate_path: the file that the certificate was written to, if any.
        """
        least, most = self.excess
        lower, upper = self.interval.lower, self.interval.upper
        diagnosis = self.diagnosis
        return {
            "problem": self.subject.to_json(),
            "network": self.source,
            "notes": list(self.notes),
            "objective": formula(self.problem),
            "framework_objective": None if self.framework is None else self.framework.formula(self.problem),
            "framework_loss": None if self.framework is None else float_up(self.loss / self.framework.scale),
            "loss": float_up(self.loss),
            "loss_exact": ratio_text(self.loss),
            "lower_bound": float_down(lower),
            "lower_bound_exact": ratio_text(lower),
            "upper_bound": float_up(upper),
            "upper_bound_exact": ratio_text(upper),
            "distance_at_least": float_down(self.distance[0]),
            "distance_at_most": float_up(self.distance[1]),
            "above_optimum_at_least": float_down(least),
            "above_optimum_at_most": None if most is None else float_up(most),
            "conclusion": self.conclusion,
            "status": None if self.report is None else self.report.status.value,
            "advice": self.advice,
            "is_stationary": diagnosis.is_stationary,
            "relative_gradient": _finite(diagnosis.gradient),
            "largest_gauge_over_gamma": _finite(diagnosis.peak),
            "neurons": self.network.width,
            "idle_neurons": list(diagnosis.idle),
            "removable_neurons": list(diagnosis.removable),
            "narrowed_neurons": diagnosis.narrowed.width,
            "narrowed_loss_exact": ratio_text(self.narrowed_loss),
            "narrowed_largest_difference": float_up(self.narrowed_difference),
            "best_neurons": self.best.width,
            "method": self.method,
            "trust": self.verdict.trust,
            "gamma_exact": ratio_text(self.problem.gamma),
            "output_bias": self.problem.output_bias,
            "n": self.problem.n,
            "d": self.problem.d,
            "c": self.problem.c,
            "leaves": self.certificate.leaves,
            "seconds": round(self.seconds, 3),
            "certificate": certificate_path,
        }

    def save_certificate(self, path: str | Path) -> None:
        """Write the certificate file.

        Raises:
            CertificateError: if the file cannot be written.
        """
        save_certificate(self.certificate, path)

    def save_network(self, path: str | Path) -> None:
        """Write the best network as .npz, see `certify.networks.files`, its weights rounded to doubles.

        Raises:
            NetworkError: if the file cannot be written.
        """
        save_network(self.best, path, self.problem.c, hidden_bias=self.problem.output_bias.frees_hidden)

    def save_narrowed(self, path: str | Path) -> None:
        """Write the narrowed network as .npz, see `certify.networks.files`.

        Raises:
            NetworkError: if the file cannot be written.
        """
        save_network(
            self.diagnosis.narrowed, path, self.problem.c, hidden_bias=self.problem.output_bias.frees_hidden
        )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has no infinity

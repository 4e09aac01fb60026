"""The report that `bound` returns: the interval around the global optimum, its certificate, its history."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certify.checker.certificate.file import save_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.data.dataset import Dataset
from certify.checker.numbers.rounding import decimal_down, decimal_up, float_down, float_up, ratio_text
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.losses.table import SQUARED
from certify.checker.problems.training import TrainingProblem
from certify.checker.verdict import Verdict
from certify.runtime.progress import Stage
from certify.runtime.shown import Shown

if TYPE_CHECKING:  # a check prints verdicts without any numerical library
    from torch.nn import Sequential

    from certify.floats.on_raw_features import RawNetwork
    from certify.networks.network import ReLUNetwork
    from formulations.arrays import Matrix
    from formulations.training.train import TrainingResult


LARGEST_DIAGNOSED = 12  # samples for which `certify tightness` says why SDP-NN is loose


class Status(Enum):
    """Why the work ended; the value is what `--json` prints."""

    GAP_REACHED = "gap_reached"
    METHOD_LIMIT = "method_limit"
    PATIENCE = "patience"
    TIME_LIMIT = "time_limit"
    INTERRUPTED = "interrupted"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return _MEANINGS[self]


_MEANINGS = {
    Status.GAP_REACHED: "the wanted gap is certified",
    Status.METHOD_LIMIT: "the method has given all it can",
    Status.PATIENCE: "progress had become slow, and there was no time limit to use up; both bounds are valid",
    Status.TIME_LIMIT: "the time limit ended the work; both bounds are valid",
    Status.INTERRUPTED: "interrupted; both bounds are valid",
}


@dataclass(frozen=True)
class Interval:
    """Exact bounds on the global optimum p* of the training loss: lower <= p* <= upper.

    `lower` holds for networks of every width; `upper` is the loss of a network at hand.
    """

    lower: Fraction
    upper: Fraction

    def __repr__(self) -> str:
        return f"Interval({self.words})"

    @property
    def words(self) -> str:
        """Both bounds in decimals, rounded outward."""
        return f"{decimal_down(self.lower)} <= p* <= {decimal_up(self.upper)}"

    @property
    def relative_gap(self) -> Fraction:
        """Return (upper - lower) / |upper|; where upper is zero, 0 if lower is too, else 1."""
        gap = self.upper - self.lower
        return gap / abs(self.upper) if self.upper else Fraction(gap > 0)


def below(upper: float, gap: float) -> float:
    """Return the loss that is a relative gap below another, whose sign may be any."""
    return upper - gap * abs(upper)


def least_loss(problem: TrainingProblem) -> Fraction:
    """Return what no predictions at all fall below (a loss): what a dual point of zeros proves."""
    return dual_bound(problem, ((0,) * problem.c,) * problem.n, 0)


@dataclass(frozen=True)
class Report(Shown):
    """The result of `bound`.

    Attributes:
        interval: lower <= global optimum <= upper, each exact.
        certificate: the proof of the lower bound.
        verdict: what the exact checker said of it.
        network: the network whose exact loss is the upper bound.
        problem: the exact training problem.
        dataset: where the problem came from.
        method: the name of the method that gave the lower bound, of `certify.bounds.names.DESCRIPTIONS`.
        solver: the solver that ran for it.
        estimate: the solver's own value of the relaxation (a loss, not a bound); None if none ran.
        gap_curve: both bounds over time, before the lower one was checked, of all searches that say so.
        status: why the work ended.
        wanted_gap: the relative gap that was asked for.
        seed: of the random starts.
        stages: where the time went.
        training: the training run behind the upper bound.
        seconds: wall time in all.
    """

    interval: Interval
    certificate: Certificate
    verdict: Verdict
    network: ReLUNetwork
    problem: TrainingProblem
    dataset: Dataset
    method: str
    solver: str
    estimate: float | None
    gap_curve: tuple[GapPoint, ...]
    status: Status
    wanted_gap: float
    seed: int
    stages: tuple[Stage, ...]
    training: TrainingResult
    seconds: float

    def __repr__(self) -> str:
        gap = decimal_up(100 * self.interval.relative_gap, 3)
        return f"Report({self.interval.words}, gap {gap} %, {self.method}, {self.status.value})"

    @property
    def hint(self) -> str | None:
        """Where to read on about the gap that remains, on few samples under SDP-NN; None elsewhere."""
        if (
            self.method != "sdp"
            or self.problem.loss != SQUARED
            or self.problem.weights is not None
            or self.problem.n > LARGEST_DIAGNOSED
            or self.status is not Status.METHOD_LIMIT
        ):
            return None
        gap = decimal_up(100 * self.interval.relative_gap, 3)
        return f"SDP-NN leaves up to {gap} % open; certify tightness says why"

    @property
    def advice(self) -> str | None:
        """What may bring the bounds closer, in one or two sentences; None if they are as close as wanted."""
        from certify.bounds.advice import advice_for

        return advice_for(self)

    def predict(self, X: Any) -> Matrix:
        """Return the best network's outputs, n x c, for features as they stand in the data.

        Outputs are as the targets stand there, also where these were standardised.

        Args:
            X: n x d, neither standardised nor with a column of ones; a categorical column has its levels.

        Raises:
            NetworkError: if X has another number of columns, or a level that the data had not.
        """
        return self._on_raw_features().predict(X)

    def to_torch(self) -> Sequential:
        """Return the best network, on features as they stand in the data, as Linear, ReLU and Linear.

        Raises:
            ImportError: if PyTorch is not installed.
        """
        return self._on_raw_features().to_torch()

    def _on_raw_features(self) -> RawNetwork:
        from certify.floats.network import FloatNetwork
        from certify.floats.on_raw_features import RawNetwork

        problem = self.problem
        rounded = FloatNetwork.of(self.network, problem.hidden_rows, problem.c)
        return RawNetwork.of(rounded, self.dataset, problem)

    def to_json(self, certificate_path: str | None = None) -> dict[str, object]:
        """Return the machine-readable result; floats are rounded outward, but for those of the gap's history.

        Args:
            certificate_path: the file that the certificate was written to, if any.
        """
        lower, upper, recipe = self.interval.lower, self.interval.upper, self.dataset.preprocessing
        return {
            "lower_bound": float_down(lower),
            "upper_bound": float_up(upper),
            "relative_gap": float_up(self.interval.relative_gap),
            "lower_bound_exact": ratio_text(lower),
            "upper_bound_exact": ratio_text(upper),
            "status": self.status.value,
            "advice": self.advice,
            "method": self.method,
            "solver": self.solver,
            "trust": self.verdict.trust,
            "estimate": self.estimate,
            "n": self.problem.n,
            "d": self.problem.d,
            "c": self.problem.c,
            "gamma": float(self.problem.gamma),
            "loss": self.problem.loss.text,
            "sample_weight": self.dataset.weight_name,
            "class_weights": list(map(ratio_text, recipe.class_weights)),
            "output_bias": self.problem.output_bias,
            "gamma_exact": ratio_text(self.problem.gamma),
            "neurons": self.network.width,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "leaves": self.certificate.leaves,
            "gap_curve": [asdict(point) for point in self.gap_curve],
            "certificate": certificate_path,
        }

    def save_certificate(self, path: str | Path) -> None:
        """Write the certificate file.

        Raises:
            CertificateError: if the file cannot be written.
        """
        save_certificate(self.certificate, path)

    def save_network(self, path: str | Path) -> None:
        """Write the network as .npz with arrays `hidden` (d x m) and `output` (m x c), and `output_bias` (c).

        The last one is there if the problem has an output bias, and `hidden_bias` (m) if it has free ones.

        Raises:
            NetworkError: if the file cannot be written.
        """
        from certify.networks.formats.npz import save_network

        save_network(self.network, path, self.problem.c, hidden_bias=self.problem.output_bias.frees_hidden)


@dataclass(frozen=True)
class GapPoint:
    """Both bounds at one moment.

    Attributes:
        seconds: as the caller counts them.
        lower: the bound of the best proof (a loss).
        upper: the loss of the best network.
        search: what gave the proof: the method, and which of its searches where it has more than one.
    """

    seconds: float
    lower: float
    upper: float
    search: str

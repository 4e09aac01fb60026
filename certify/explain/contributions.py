"""What each sample adds to a bound: what its row of the dual point proves of its loss.

That is w_i b(N_i / w_i, y_i) of docs/method.md, section 2; for the squared loss <N_i, y_i> - 1/2 |N_i|^2. It
is exact where that is rational, and else rounded down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.certificate.training import Certificate
from certify.checker.numbers.rounding import decimal_down, plain
from certify.checker.problems.dual_bound import column_sums, sample_bound
from certify.checker.problems.training import TrainingProblem

_WIDEST = 12  # characters of a target


@dataclass(frozen=True)
class Sample:
    """A sample and its part in a bound.

    Attributes:
        row: its 1-based number among the samples.
        line: the 1-based line of the data file on which it begins; None where there is no such file.
        target: its class, or its targets as decimals.
        contribution: w_i b(N_i / w_i, y_i) (a loss).
        is_idle: whether N_i = 0: the bound holds without the sample.
    """

    row: int
    line: int | None
    target: str
    contribution: Fraction
    is_idle: bool


@dataclass(frozen=True)
class Contributions:
    """The parts of a bound; those of the samples and of the output bias add up to it, or a little more.

    A certificate may claim less than its dual point proves, and does where that is not rational.

    Attributes:
        bound: the bound (a loss).
        samples: in the order of the data.
        output_bias: what the output bias takes, as a number that is not positive (a loss).
        classes: what the samples of each class add (a loss); empty unless targets are classes.
    """

    bound: Fraction
    samples: tuple[Sample, ...]
    output_bias: Fraction
    classes: dict[str, Fraction]

    @property
    def largest(self) -> list[Sample]:
        """The samples with the largest contribution first."""
        return sorted(self.samples, key=lambda sample: -sample.contribution)

    def carriers(self, share: Fraction) -> int:
        """Return the least number of samples whose contributions reach a share of all samples' sum."""
        wanted = share * sum(sample.contribution for sample in self.samples)
        total = Fraction(0)
        for count, sample in enumerate(self.largest):
            if total >= wanted:
                return count
            total += sample.contribution
        return len(self.samples)

    def share(self, part: Fraction) -> float:
        """Return a part's share of the bound; 0 where the bound is."""
        return float(part / self.bound) if self.bound else 0.0


def contributions(
    certificate: Certificate,
    problem: TrainingProblem,
    classes: Sequence[str] = (),
    lines: Sequence[int] | None = None,
) -> Contributions:
    """Divide a valid certificate's bound among the samples.

    Targets made of classes are one-hot rows or signs, of two classes in one column.

    Args:
        certificate: for this problem.
        problem: the exact problem.
        classes: the labels in the order of the recipe; empty if targets are numbers.
        lines: of the data file, one for each sample, if there is one.
    """
    unit, b = 1 << certificate.dual_exponent, problem.target_denominator
    samples = []
    totals = dict.fromkeys(classes, Fraction(0))
    for i, (row, targets) in enumerate(zip(certificate.dual_point, problem.targets, strict=True)):
        part = sample_bound(problem, i, row, certificate.dual_exponent)
        if classes:
            place = targets.index(max(targets)) if len(targets) > 1 else int(targets[0] > 0)
            name = classes[place]
            totals[name] += part
        else:
            name = ", ".join(_written(Fraction(target, b)) for target in targets)
        samples.append(Sample(i + 1, None if lines is None else lines[i], name, part, not any(row)))
    sums = [Fraction(total, unit) for total in column_sums(certificate.dual_point)]
    taken = -problem.output_bias.toll(sums, problem.gamma)
    return Contributions(certificate.bound, tuple(samples), taken, totals)


def _written(value: Fraction) -> str:
    exact = plain(value)
    return exact if len(exact) <= _WIDEST else decimal_down(value, 6)

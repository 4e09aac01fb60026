"""The training problem and its networks, in exact rationals (docs/method.md, section 1).

    minimise over (u_j, v_j):  sum_i w_i l(f(x_i), y_i) + gamma/2 sum_j (|u_j|^2 + |v_j|^2),

where f(x) = sum_j relu(u_j . x) v_j, l is the loss and w_i are the samples' weights, all 1 unless given.
With an output bias, 1 b^T joins the predictions; a decayed one adds gamma/2 |b|^2 to the objective. Where all
biases are free, neurons are relu(u_j . x + a_j) v_j besides, and a_j costs nothing.

X, Y and the weights are held as integers over one positive denominator each, because every exact
computation of the project (the objective, the checker's leaves) is done in integers.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import repeat

from certify.checker.errors import DataError
from certify.checker.numbers.integers import IntegerRows, Rational, over_common_denominator
from certify.checker.numbers.rounding import ratio_text, short_ratio
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.table import SQUARED, read_loss
from certify.checker.problems.output_bias import OutputBias
from certify.checker.text.names import counted


@dataclass(frozen=True)
class TrainingProblem:
    """The problem (X, Y, gamma, loss, w) with exact entries; a bias is a column of ones of X.

    Attributes:
        inputs: X as n rows of d integers over `input_denominator`.
        targets: Y as n rows of c integers over `target_denominator`.
        gamma: the weight-decay strength, positive.
        input_denominator: the least common denominator of X.
        target_denominator: the least common denominator of Y.
        loss: of a sample.
        output_bias: whether networks have one, and whether it is penalised.
        weights: w as n positive integers over `weight_denominator`; None if all are 1.
        weight_denominator: the least common denominator of the weights.
    """

    inputs: IntegerRows
    targets: IntegerRows
    gamma: Fraction
    input_denominator: int = 1
    target_denominator: int = 1
    loss: Loss = SQUARED
    output_bias: OutputBias = OutputBias.NONE
    weights: tuple[int, ...] | None = None
    weight_denominator: int = 1

    def __repr__(self) -> str:
        weights = "" if self.weights is None else ", weights of the samples"
        return (
            f"TrainingProblem(n={self.n}, d={self.d}, c={self.c}, gamma={short_ratio(self.gamma)}, "
            f"loss={self.loss.text!r}, output bias {str(self.output_bias)!r}{weights})"
        )

    def __post_init__(self) -> None:
        """Refuse what is not a training problem."""
        if not self.inputs or not self.inputs[0]:
            raise DataError("the data has no rows or no features: give at least one of each")
        if len(self.inputs) != len(self.targets):
            raise DataError(
                f"X has {len(self.inputs)} rows and Y has {len(self.targets)}: "
                "give one target row per input row"
            )
        if not self.targets[0]:
            raise DataError("Y has no columns: give at least one target")
        if len({len(row) for row in self.inputs}) > 1 or len({len(row) for row in self.targets}) > 1:
            raise DataError("the rows of X or of Y differ in length: give two full matrices")
        if self.gamma <= 0:
            raise DataError(f"gamma is {str(self.gamma)[:40]}: give a positive weight-decay strength")
        if self.weights is not None:
            self._refuse_weights(self.weights)
        # The hash must depend on the problem alone, not on how its fractions were written.
        for rows, denominator in (
            (self.inputs, self.input_denominator),
            (self.targets, self.target_denominator),
            ((self.weights or (1,),), self.weight_denominator),
        ):
            if denominator <= 0 or _common_divisor(denominator, rows) != 1:
                raise DataError(
                    "a denominator of the problem is not the least common one: use from_rationals"
                )
        self.loss.refuse_targets(self.targets, self.target_denominator)

    def _refuse_weights(self, weights: tuple[int, ...]) -> None:
        if len(weights) != self.n:
            raise DataError(
                f"there are {counted(len(weights), 'weight')} for {counted(self.n, 'sample')}: give each one"
            )
        for i, weight in enumerate(weights):
            if weight <= 0:
                raise DataError(
                    f"the weight of row {i + 1} is not positive: give positive weights, and leave out what "
                    "should not count"
                )
        if set(weights) == {self.weight_denominator}:
            raise DataError("weights that are all 1 are none: use from_rationals")

    @classmethod
    def from_rationals(
        cls,
        inputs: Iterable[Sequence[Rational]],
        targets: Iterable[Sequence[Rational]],
        gamma: Rational,
        loss: Loss | str = SQUARED,
        output_bias: str = OutputBias.NONE,
        weights: Sequence[Rational] | None = None,
    ) -> TrainingProblem:
        """Build the problem from rationals: `inputs` n x d, `targets` n x c, `weights` n or None.

        Raises:
            DataError: if the shapes do not fit, gamma or a weight is not positive, the loss or the output
                bias is unknown, or the targets are none of the loss.
        """
        x, x_denominator = over_common_denominator(inputs)
        y, y_denominator = over_common_denominator(targets)
        kind = read_loss(loss) if isinstance(loss, str) else loss
        bias, w, w_denominator = OutputBias.of(output_bias), None, 1
        if weights is not None and any(weight != 1 for weight in weights):
            (w,), w_denominator = over_common_denominator([weights])
        return cls(x, y, Fraction(gamma), x_denominator, y_denominator, kind, bias, w, w_denominator)

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self.inputs)

    @property
    def d(self) -> int:
        """The number of input features, the bias column included."""
        return len(self.inputs[0])

    @property
    def c(self) -> int:
        """The number of outputs."""
        return len(self.targets[0])

    @property
    def hidden_rows(self) -> int:
        """The number of weights of a neuron before the ReLU: d, and its bias where that is free."""
        return self.d + self.output_bias.frees_hidden

    @property
    def neuron_inputs(self) -> IntegerRows:
        """What neurons weigh, n x `hidden_rows` over `input_denominator`: X, and ones for free biases."""
        if not self.output_bias.frees_hidden:
            return self.inputs
        return tuple((*row, self.input_denominator) for row in self.inputs)

    def target(self, sample: int) -> list[Fraction]:
        """Return y of a sample, counted from 0."""
        return [Fraction(entry, self.target_denominator) for entry in self.targets[sample]]

    def weight(self, sample: int) -> Fraction:
        """Return w of a sample, counted from 0."""
        return (
            Fraction(1) if self.weights is None else Fraction(self.weights[sample], self.weight_denominator)
        )

    @property
    def loss_formula(self) -> str:
        """The weighted sum of the losses, as a formula for people."""
        return self.loss.formula if self.weights is None else self.loss.weighted_formula

    @property
    def bound_formula(self) -> str:
        """What a row N_i of a dual point proves of its sample's loss, as a formula for people."""
        return self.loss.bound_formula if self.weights is None else self.loss.weighted_bound_formula

    def sha256(self) -> str:
        """Hash the canonical text of the problem."""
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        digest = hashlib.sha256()
        for part in self.canonical_text():
            digest.update(part.encode())
        return digest.hexdigest()

    def canonical_text(self) -> Iterator[str]:
        """Write the problem, part by part (docs/certificate-format.md, "The problem and its hash")."""
        of_weights = "" if self.weights is None else f" {self.weight_denominator}"
        yield (
            f"certify problem 1\nloss {self.loss.text}\noutput_bias {self.output_bias}\n"
            f"gamma {ratio_text(self.gamma)}\n"
            f"size {self.n} {self.d} {self.c}\n"
            f"denominators {self.input_denominator} {self.target_denominator}{of_weights}\n"
        )
        ends = repeat("\n") if self.weights is None else (f" ; {weight}\n" for weight in self.weights)
        for x, y, end in zip(self.inputs, self.targets, ends, strict=False):
            yield " ".join(map(str, x)) + " ; " + " ".join(map(str, y)) + end

    def total_value(self, predictions: Iterable[Sequence[int]], scale: int) -> Fraction:
        """Return at least the weighted sum of the losses of predictions; exactly that if the loss `is_exact`.

        Args:
            predictions: n x c integers over `scale`.
            scale: positive.

        Raises:
            DataError: if it is too large to be written.
        """
        return self.loss.total_value(
            predictions,
            scale,
            self.targets,
            self.target_denominator,
            self.weights,
            self.weight_denominator,
        )

    def loss_at_zero(self) -> Fraction:
        """Return the objective of the network without neurons, its output bias zero; see `total_value`."""
        return self.total_value([[0] * self.c] * self.n, 1)


def _common_divisor(first: int, rows: Iterable[Sequence[int]]) -> int:
    """Return the greatest common divisor of a positive number and all entries."""
    divisor = first
    for row in rows:
        if divisor == 1:
            break
        divisor = math.gcd(divisor, *row)
    return divisor

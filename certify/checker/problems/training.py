"""The training problem and its networks, in exact rationals (docs/method.md, section 1).

    minimise over (u_j, v_j):  1/2 |sum_j relu(X u_j) v_j^T - Y|_F^2 + gamma/2 sum_j (|u_j|^2 + |v_j|^2)

With an output bias, 1 b^T joins the predictions; a decayed one adds gamma/2 |b|^2 to the objective.

X and Y are held as integer matrices over one positive denominator each, because every exact
computation of the project (the objective, the checker's leaves) is done in integers.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from certify.checker.errors import DataError
from certify.checker.numbers.integers import IntegerRows, Rational, over_common_denominator
from certify.checker.numbers.rounding import ratio_text
from certify.checker.problems.loss import SQUARED, Loss, read_loss
from certify.checker.problems.output_bias import OutputBias


@dataclass(frozen=True)
class TrainingProblem:
    """The problem (X, Y, gamma, loss) with exact entries; a bias is a column of ones of X.

    Attributes:
        inputs: X as n rows of d integers over `input_denominator`.
        targets: Y as n rows of c integers over `target_denominator`.
        gamma: the weight-decay strength, positive.
        input_denominator: the least common denominator of X.
        target_denominator: the least common denominator of Y.
        loss: of a sample.
        output_bias: whether networks have one, and whether it is penalised.
    """

    inputs: IntegerRows
    targets: IntegerRows
    gamma: Fraction
    input_denominator: int = 1
    target_denominator: int = 1
    loss: Loss = SQUARED
    output_bias: OutputBias = OutputBias.NONE

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
        # The hash must depend on the problem alone, not on how its fractions were written.
        for rows, denominator in (
            (self.inputs, self.input_denominator),
            (self.targets, self.target_denominator),
        ):
            if denominator <= 0 or math.gcd(denominator, *(entry for row in rows for entry in row)) != 1:
                raise DataError(
                    "a denominator of the problem is not the least common one: use from_rationals"
                )

    @classmethod
    def from_rationals(
        cls,
        inputs: Iterable[Sequence[Rational]],
        targets: Iterable[Sequence[Rational]],
        gamma: Rational,
        loss: Loss | str = SQUARED,
        output_bias: str = OutputBias.NONE,
    ) -> TrainingProblem:
        """Build the problem from rational matrices: `inputs` n x d, `targets` n x c.

        Raises:
            DataError: if the shapes do not fit, gamma is not positive, the loss or the output bias unknown.
        """
        x, x_denominator = over_common_denominator(inputs)
        y, y_denominator = over_common_denominator(targets)
        kind = read_loss(loss) if isinstance(loss, str) else loss
        return cls(x, y, Fraction(gamma), x_denominator, y_denominator, kind, OutputBias.of(output_bias))

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

    def sha256(self) -> str:
        """Hash the canonical text of the problem."""
        digest = hashlib.sha256()
        for part in self.canonical_text():
            digest.update(part.encode())
        return digest.hexdigest()

    def canonical_text(self) -> Iterator[str]:
        """Write the problem, part by part (docs/certificate-format.md, "The problem and its hash")."""
        yield (
            f"certify problem 1\nloss {self.loss.text}\noutput_bias {self.output_bias}\n"
            f"gamma {ratio_text(self.gamma)}\n"
            f"size {self.n} {self.d} {self.c}\n"
            f"denominators {self.input_denominator} {self.target_denominator}\n"
        )
        for x, y in zip(self.inputs, self.targets, strict=True):
            yield " ".join(map(str, x)) + " ; " + " ".join(map(str, y)) + "\n"

    def loss_at_zero(self) -> Fraction:
        """Return the objective of the network without neurons, its output bias zero."""
        zero = [[0] * self.c] * self.n
        return self.loss.total_value(zero, 1, self.targets, self.target_denominator)

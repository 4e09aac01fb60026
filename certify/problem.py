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

from flint import fmpz_mat

from certify.errors import DataError, NetworkError
from certify.names import quoted

Rational = int | Fraction
IntegerRows = tuple[tuple[int, ...], ...]

LOSSES = ("squared",)
OUTPUT_BIASES = ("none", "free", "decayed")


def over_common_denominator(rows: Iterable[Sequence[Rational]]) -> tuple[IntegerRows, int]:
    """Rewrite a rational matrix as integers over its least common denominator."""
    table = [[Fraction(entry) for entry in row] for row in rows]
    denominator = math.lcm(1, *(entry.denominator for row in table for entry in row))
    return (
        tuple(tuple(entry.numerator * (denominator // entry.denominator) for entry in row) for row in table),
        denominator,
    )


@dataclass(frozen=True)
class ReLUNetwork:
    """A two-layer network x -> sum_j relu(u_j . x) v_j + b, weights exact.

    Attributes:
        hidden: d x m, its columns the hidden weights u_j (integers over `hidden_denominator`).
        output: m x c, its rows the output weights v_j (integers over `output_denominator`).
        hidden_denominator: positive; a power of two when the weights come from floats.
        output_denominator: likewise.
        output_bias: b, of length c; () for none.
    """

    hidden: IntegerRows
    output: IntegerRows
    hidden_denominator: int = 1
    output_denominator: int = 1
    output_bias: tuple[Fraction, ...] = ()

    def __post_init__(self) -> None:
        """Refuse layers whose shapes do not fit together."""
        if len({len(row) for row in self.hidden}) > 1 or len({len(row) for row in self.output}) > 1:
            raise NetworkError("a layer of the network has rows of different lengths: give two full matrices")
        if self.hidden and len(self.hidden[0]) != len(self.output):
            raise NetworkError(
                f"the hidden layer has {len(self.hidden[0])} neurons and the output layer "
                f"{len(self.output)}: give hidden as d x m and output as m x c"
            )
        if self.hidden_denominator <= 0 or self.output_denominator <= 0:
            raise NetworkError("a denominator of the network is not positive: give positive integers")
        if self.output_bias and self.output and len(self.output[0]) != len(self.output_bias):
            raise NetworkError(
                f"the network has {len(self.output[0])} outputs and an output bias for "
                f"{len(self.output_bias)}: give one number for each output"
            )

    @classmethod
    def from_rationals(
        cls,
        hidden: Iterable[Sequence[Rational]],
        output: Iterable[Sequence[Rational]],
        output_bias: Iterable[Rational] = (),
    ) -> ReLUNetwork:
        """Build a network from rational layers: `hidden` d x m, `output` m x c, `output_bias` of length c."""
        (u, u_denominator), (v, v_denominator) = map(over_common_denominator, (hidden, output))
        return cls(u, v, u_denominator, v_denominator, tuple(map(Fraction, output_bias)))

    @classmethod
    def from_floats(
        cls,
        hidden: Iterable[Iterable[float]],
        output: Iterable[Iterable[float]],
        output_bias: Iterable[float] = (),
    ) -> ReLUNetwork:
        """Build a network from floats, each taken as the dyadic rational that it is.

        Args:
            hidden: d x m, for instance a numpy array.
            output: m x c.
            output_bias: of length c, or empty.

        Raises:
            NetworkError: if a weight is NaN or infinite, or the shapes do not fit.
        """
        (bias,) = _dyadics([output_bias], "output bias")
        return cls.from_rationals(_dyadics(hidden, "hidden"), _dyadics(output, "output"), bias)

    @property
    def width(self) -> int:
        """The number m of neurons."""
        return len(self.output)


def _dyadics(layer: Iterable[Iterable[float]], name: str) -> list[list[Fraction]]:
    rows = []
    for i, row in enumerate(layer):
        entries = []
        for j, weight in enumerate(row):
            value = float(weight)
            if not math.isfinite(value):
                raise NetworkError(
                    f"the {name} layer has the weight {value} in row {i + 1}, column {j + 1}: "
                    "give finite weights"
                )
            entries.append(Fraction(value))
        rows.append(entries)
    return rows


@dataclass(frozen=True)
class TrainingProblem:
    """The problem (X, Y, gamma, loss) with exact entries; a bias is a column of ones of X.

    Attributes:
        inputs: X as n rows of d integers over `input_denominator`.
        targets: Y as n rows of c integers over `target_denominator`.
        gamma: the weight-decay strength, positive.
        input_denominator: the least common denominator of X.
        target_denominator: the least common denominator of Y.
        loss: a name of `LOSSES`.
        output_bias: a name of `OUTPUT_BIASES`: whether networks have one, and whether it is penalised.
    """

    inputs: IntegerRows
    targets: IntegerRows
    gamma: Fraction
    input_denominator: int = 1
    target_denominator: int = 1
    loss: str = "squared"
    output_bias: str = "none"

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
        if self.loss not in LOSSES:
            raise DataError(f"the loss {quoted(self.loss)} is not supported: use one of {', '.join(LOSSES)}")
        if self.output_bias not in OUTPUT_BIASES:
            raise DataError(
                f"the output bias {quoted(self.output_bias)} is unknown: use one of "
                f"{', '.join(OUTPUT_BIASES)}"
            )
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
        loss: str = "squared",
        output_bias: str = "none",
    ) -> TrainingProblem:
        """Build the problem from rational matrices: `inputs` n x d, `targets` n x c.

        Raises:
            DataError: if the shapes do not fit, gamma is not positive, the loss or the output bias unknown.
        """
        x, x_denominator = over_common_denominator(inputs)
        y, y_denominator = over_common_denominator(targets)
        return cls(x, y, Fraction(gamma), x_denominator, y_denominator, loss, output_bias)

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
            f"certify problem 1\nloss {self.loss}\noutput_bias {self.output_bias}\n"
            f"gamma {self.gamma.numerator}/{self.gamma.denominator}\n"
            f"size {self.n} {self.d} {self.c}\n"
            f"denominators {self.input_denominator} {self.target_denominator}\n"
        )
        for x, y in zip(self.inputs, self.targets, strict=True):
            yield " ".join(map(str, x)) + " ; " + " ".join(map(str, y)) + "\n"

    def loss_at_zero(self) -> Fraction:
        """The objective 1/2 |Y|_F^2 of the network without neurons, its output bias zero."""
        return Fraction(sum(y * y for row in self.targets for y in row), 2 * self.target_denominator**2)

    def objective(self, network: ReLUNetwork) -> Fraction:
        """Evaluate the regularised training loss of a network exactly.

        Raises:
            NetworkError: if the network's input or output size is not the problem's, or it has an output bias
                and the problem has none.
        """
        bias = network.output_bias
        if any(bias) and self.output_bias == "none":
            raise NetworkError(
                "the network has an output bias and the problem has none: choose the output bias free or "
                "decayed"
            )
        if bias and len(bias) != self.c:
            raise NetworkError(
                f"the network has an output bias for {len(bias)} outputs and the data {self.c} targets: use "
                "the network of this problem"
            )
        predictions, scale = self._unbiased(network)
        decay = Fraction(_sum_of_squares(network.hidden), network.hidden_denominator**2) + Fraction(
            _sum_of_squares(network.output), network.output_denominator**2
        )
        return self._objective_of(decay, predictions, scale, bias)

    def largest_difference(self, first: ReLUNetwork, second: ReLUNetwork) -> Fraction:
        """Return the largest difference of an output of two networks on the samples, exactly.

        Raises:
            NetworkError: if a network's input or output size is not the problem's.
        """
        (left, a), (right, b) = self._unbiased(first), self._unbiased(second)
        none = (Fraction(0),) * self.c
        shifts = [x - y for x, y in zip(first.output_bias or none, second.output_bias or none, strict=True)]
        return max(
            abs(Fraction(x, a) - Fraction(y, b) + shift)
            for rows in zip(left, right, strict=True)
            for x, y, shift in zip(*rows, shifts, strict=True)
        )

    def _unbiased(self, network: ReLUNetwork) -> tuple[list[list[int]], int]:
        """Return the predictions without the output bias, n x c, as integers over what comes second."""
        if network.width == 0:
            return [[0] * self.c] * self.n, 1
        if len(network.hidden) != self.d or len(network.output[0]) != self.c:
            raise NetworkError(
                f"the network maps {len(network.hidden)} inputs to {len(network.output[0])} outputs and the "
                f"data has {self.d} features and {self.c} targets: use the network of this problem"
            )
        activations = (fmpz_mat(_lists(self.inputs)) * fmpz_mat(_lists(network.hidden))).tolist()
        rectified = fmpz_mat([[max(int(a), 0) for a in row] for row in activations])
        predictions = (rectified * fmpz_mat(_lists(network.output))).tolist()
        scale = self.input_denominator * network.hidden_denominator * network.output_denominator
        return [[int(z) for z in row] for row in predictions], scale

    def _objective_of(
        self, decay: Rational, predictions: list[list[int]], scale: int, bias: tuple[Fraction, ...]
    ) -> Fraction:
        """Return the objective for predictions over `scale` without the bias, and sum |u_j|^2 + |v_j|^2."""
        (shifts,), unit = over_common_denominator([bias or (Fraction(0),) * self.c])
        squared_error = sum(
            ((z * unit + shift * scale) * self.target_denominator - y * scale * unit) ** 2
            for z_row, y_row in zip(predictions, self.targets, strict=True)
            for z, shift, y in zip(z_row, shifts, y_row, strict=True)
        )
        if self.output_bias == "decayed":
            decay += sum(entry * entry for entry in bias)
        scale *= unit * self.target_denominator
        return Fraction(squared_error, 2 * scale**2) + self.gamma / 2 * decay


def _lists(rows: IntegerRows) -> list[list[int]]:
    return [list(row) for row in rows]


def _sum_of_squares(rows: IntegerRows) -> int:
    return sum(entry * entry for row in rows for entry in row)

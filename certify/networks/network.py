"""A two-layer ReLU network with exact weights, and its loss on a training problem, never rounded down."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpz, fmpz_mat
from numpy.typing import NDArray

from certify.checker.errors import DataError, NetworkError
from certify.checker.numbers.integers import IntegerRows, Rational, over_common_denominator
from certify.checker.numbers.semidefinite import integer_rows
from certify.checker.problems.training import TrainingProblem
from certify.networks.as_torch import sequential

if TYPE_CHECKING:
    from torch.nn import Sequential

_ROWS_AT_A_TIME = 1000  # whose activations are there together
_LARGEST = 14_000  # bits of a loss: Python writes at most 4300 digits


@dataclass(frozen=True)
class ReLUNetwork:
    """A two-layer network x -> sum_j relu(u_j . x + a_j) v_j + b, weights exact.

    Attributes:
        hidden: d x m, its columns the hidden weights u_j (integers over `hidden_denominator`); for a problem
            with free hidden biases (d + 1) x m, with a_j, which the weight decay does not count, as last row.
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

    def __repr__(self) -> str:
        hidden, output = (
            f"{len(rows)} x {len(rows[0]) if rows else 0}" for rows in (self.hidden, self.output)
        )
        return f"ReLUNetwork(hidden {hidden}, output {output}{', output bias' * bool(self.output_bias)})"

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

    def layers(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the hidden layer (d x m), the output layer (m x c) and the output bias (c or 0) as floats.

        Raises:
            NetworkError: if a weight is beyond the floats.
        """
        hidden = _floats(self.hidden, self.hidden_denominator)
        output = _floats(self.output, self.output_denominator)
        (bias,) = _floats([self.output_bias], 1)
        outputs = output.shape[1] if self.output else len(bias)
        return hidden.reshape(len(self.hidden), self.width), output.reshape(self.width, outputs), bias

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the outputs, n x c, in floating point.

        Args:
            X: n x d, the inputs as the network takes them: standardised, if the training problem's are. A
                last column of ones may be left out, of a network whose last row is a hidden bias.

        Raises:
            NetworkError: if X has another number of columns, or the network no neurons and no output bias.
        """
        hidden, output, bias = self.layers()
        inputs = np.asarray(X, dtype=np.float64)
        d = len(hidden)
        if inputs.ndim != 2 or inputs.shape[1] not in (d, d - 1):
            raise NetworkError(
                f"the inputs have the shape {inputs.shape} and the network takes {d}, a bias counted: give "
                "an array with a column for each"
            )
        if not output.shape[1]:
            raise NetworkError(
                "the network has no neurons and does not say how many outputs: use the report's predict"
            )
        before = inputs @ hidden[: inputs.shape[1]] + (hidden[-1] if inputs.shape[1] < d else 0.0)
        return np.asarray(np.maximum(before, 0.0) @ output + (bias if len(bias) else 0.0))

    def to_torch(self, *, hidden_bias: bool = False) -> Sequential:
        """Return the network as Linear, ReLU and Linear in float64, for inputs as `predict` takes them.

        Args:
            hidden_bias: make the last row of the hidden layer the bias of the first Linear.

        Raises:
            NetworkError: if a weight is beyond the floats.
            ImportError: if PyTorch is not installed.
        """
        hidden, output, bias = self.layers()
        weights, shift = (hidden[:-1], hidden[-1]) if hidden_bias else (hidden, None)
        return sequential(weights, shift, output, bias if len(bias) else None)

    @property
    def width(self) -> int:
        """The number m of neurons."""
        return len(self.output)


def _floats(rows: Iterable[Sequence[Rational]], denominator: int) -> NDArray[np.float64]:
    try:
        table = [[float(Fraction(entry) / denominator) for entry in row] for row in rows]
    except OverflowError:
        raise NetworkError(
            "the network has a weight beyond the floats: rescale its neurons, u_j by s and v_j by 1/s"
        ) from None
    return np.array(table, dtype=np.float64)


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


def loss_at_most(problem: TrainingProblem, network: ReLUNetwork) -> Fraction:
    """Return at least the regularised training loss of a network: exactly that if the loss is rational.

    Losses with logarithms are rounded up at `certify.checker.problems.losses.loss.VALUE_BITS`, so that what
    comes out is an upper bound on the optimum whatever the loss.

    Raises:
        NetworkError: if the network's input or output size is not the problem's, it has an output bias and
            the problem has none, or its loss is too large to be written.
    """
    bias = network.output_bias
    if any(bias) and not problem.output_bias.exists:
        raise NetworkError(
            "the network has an output bias and the problem has none: choose the output bias free or decayed"
        )
    if bias and len(bias) != problem.c:
        raise NetworkError(
            f"the network has an output bias for {len(bias)} outputs and the data {problem.c} targets: use "
            "the network of this problem"
        )
    predictions, scale = _unbiased(problem, network)
    decay = Fraction(_sum_of_squares(network.hidden[: problem.d]), network.hidden_denominator**2) + Fraction(
        _sum_of_squares(network.output), network.output_denominator**2
    )
    return _loss_of(problem, decay, predictions, scale, bias)


def largest_difference(problem: TrainingProblem, first: ReLUNetwork, second: ReLUNetwork) -> Fraction:
    """Return the largest difference of an output of two networks on the samples, exactly.

    Raises:
        NetworkError: if a network's input or output size is not the problem's.
    """
    (left, a), (right, b) = _unbiased(problem, first), _unbiased(problem, second)
    none = (Fraction(0),) * problem.c
    shifts = [x - y for x, y in zip(first.output_bias or none, second.output_bias or none, strict=True)]
    return max(
        abs(Fraction(x, a) - Fraction(y, b) + shift)
        for rows in zip(left, right, strict=True)
        for x, y, shift in zip(*rows, shifts, strict=True)
    )


def _unbiased(problem: TrainingProblem, network: ReLUNetwork) -> tuple[list[list[int]], int]:
    """Return the predictions without the output bias, n x c, as integers over what comes second."""
    if network.width == 0:
        return [[0] * problem.c] * problem.n, 1
    if len(network.hidden) != problem.hidden_rows or len(network.output[0]) != problem.c:
        biases = ", a free bias for each neuron" * problem.output_bias.frees_hidden
        raise NetworkError(
            f"the network maps {len(network.hidden)} inputs to {len(network.output[0])} outputs and the "
            f"data has {problem.d} features{biases} and {problem.c} targets: use the network of this problem"
        )
    hidden, output = fmpz_mat(_lists(network.hidden)), fmpz_mat(_lists(network.output))
    zero, inputs = fmpz(0), problem.neuron_inputs
    predictions: list[list[int]] = []
    for first in range(0, problem.n, _ROWS_AT_A_TIME):
        activations = (fmpz_mat(_lists(inputs[first : first + _ROWS_AT_A_TIME])) * hidden).tolist()
        rectified = fmpz_mat([[a if a > zero else zero for a in row] for row in activations])
        predictions += integer_rows(rectified * output)
    scale = problem.input_denominator * network.hidden_denominator * network.output_denominator
    return predictions, scale


def _loss_of(
    problem: TrainingProblem,
    decay: Rational,
    predictions: list[list[int]],
    scale: int,
    bias: tuple[Fraction, ...],
) -> Fraction:
    """Return the objective for predictions over `scale` without the bias, and sum |u_j|^2 + |v_j|^2."""
    (shifts,), unit = over_common_denominator([bias or (Fraction(0),) * problem.c])
    shifted = (
        [z * unit + shift * scale for z, shift in zip(row, shifts, strict=True)] for row in predictions
    )
    try:
        value = problem.total_value(shifted, scale * unit)
    except DataError as error:
        raise NetworkError(f"the network's outputs are too large: {error}") from None
    if value > 1 << _LARGEST:
        raise NetworkError(
            f"the network's outputs are too large for the loss {problem.loss.text}, which is beyond "
            f"2^{_LARGEST}: give a network that is trained for it"
        )
    return value + problem.gamma / 2 * (decay + problem.output_bias.decay(bias))


def _lists(rows: IntegerRows) -> list[list[int]]:
    return [list(row) for row in rows]


def _sum_of_squares(rows: IntegerRows) -> int:
    return sum(entry * entry for row in rows for entry in row)

"""Samples with their rows of the dual point, many of them packed into one long integer.

Python spends its time on operations, not on digits, so that long integers stand for vectors here:

- a *set* of samples is an integer with a byte for each, 1 or 0: a union or an intersection is one operation;
- a *packed row* of N has its entries as digits, the positive parts apart from the negative ones: a sum of
  rows with nonnegative factors has the sums of all outputs as its digits, if these are wide enough;
- a *column* has a number for each sample as its digits: a sum of columns shows the signs of all sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, repeat
from operator import gt, lt, mul
from typing import TypeVar

from certify.checker.numbers.integers import IntegerRows, Vector

_T = TypeVar("_T")
_COLUMN_BITS = 128  # longer generators are rare
_WIDTH_STEP = 64


class Matrices:
    """All rows of X and N, in integers.

    Attributes:
        inputs: the n rows x_i of X, of length d.
        weights: the n rows N_i of N, of length c.
        numbers: what each row is called.
        input_bits: |x_i . w| is less than 2^input_bits times the largest entry of w in size.
        digit_bytes: of a column: room for a sum over d generators of at most _COLUMN_BITS bits, and its sign.
    """

    def __init__(self, inputs: IntegerRows, weights: IntegerRows, numbers: Sequence[int]) -> None:
        self.inputs = inputs
        self.weights = weights
        self.numbers = numbers
        outputs, d = list(zip(*weights, strict=True)), len(inputs[0])
        self.input_bits = max(sum(map(abs, row)) for row in inputs).bit_length()
        self.digit_bytes = (self.input_bits + d.bit_length() + _COLUMN_BITS) // 8 + 1
        self._weight_bits: int = max(sum(map(abs, column)) for column in outputs).bit_length()
        self._packings: dict[int, Packing] = {}
        self._patterns: dict[int, tuple[int, int]] = {}

    def __reduce__(self) -> tuple[type[Matrices], tuple[IntegerRows, IntegerRows, Sequence[int]]]:
        return Matrices, (
            self.inputs,
            self.weights,
            self.numbers,
        )  # the tables are made again where they are needed

    def steps(self, factor_bits: int) -> int:
        """Return how wide the digits of packed rows must be for factors below 2^factor_bits, in steps.

        No digit of a sum over samples is larger than the largest factor times the sum of a column of |N|.
        """
        return (factor_bits + self._weight_bits) // _WIDTH_STEP + 1

    def packing(self, steps: int) -> Packing:
        """Return the rows of N packed in digits of so many steps."""
        if steps not in self._packings:
            width = steps * _WIDTH_STEP
            rows = [_pack(row, width) for row in self.weights]
            self._packings[steps] = Packing(rows, width, len(self.weights[0]))
        return self._packings[steps]

    def patterns(self, count: int) -> tuple[int, int]:
        """Return the set of so many samples, and the column of half of what a digit holds for each."""
        if count not in self._patterns:
            half = bytes(self.digit_bytes - 1) + b"\x80"
            everyone, halves = (int.from_bytes(part * count, "little") for part in (b"\1", half))
            self._patterns[count] = everyone, halves
        return self._patterns[count]


class Packing:
    """Packed rows of N, one a sample.

    Attributes:
        rows: for each sample the sum of N_ij^+ 2^(2j width) + N_ij^- 2^((2j+1) width) over the outputs j.
        width: of a digit, in bits.
        c: the number of outputs.
    """

    __slots__ = ("_digit_bytes", "c", "rows", "width")

    def __init__(self, rows: Sequence[int], width: int, c: int) -> None:
        self.rows = rows
        self.width = width
        self.c = c
        self._digit_bytes = width // 8

    def sums(self, members: int, factors: Iterable[int]) -> tuple[list[int], list[int]]:
        """Return the sums of factor * N_i^+ and of factor * N_i^- over a set, output by output.

        Args:
            members: the set.
            factors: one for each member, from 0 to the limit that the packing was made for.
        """
        rows, size = self.rows, self._digit_bytes
        total = sum(map(mul, factors, compress(rows, members.to_bytes(len(rows), "little"))))
        # Cut at once: to shift the total for each digit takes a time quadratic in the outputs.
        text = total.to_bytes(2 * self.c * size, "little")
        digits = [int.from_bytes(text[place : place + size], "little") for place in range(0, len(text), size)]
        return digits[::2], digits[1::2]


class PackedSamples:
    """Some samples, in a fixed order.

    Attributes:
        matrices: all of them.
        indices: which are here.
        everyone: the set of these.
    """

    __slots__ = ("_halves", "_packings", "everyone", "indices", "matrices")

    def __init__(self, matrices: Matrices, indices: Sequence[int]) -> None:
        self.matrices = matrices
        self.indices = indices
        self.everyone, self._halves = matrices.patterns(len(indices))
        self._packings: dict[int, Packing] = {}

    def __reduce__(self) -> tuple[type[PackedSamples], tuple[Matrices, Sequence[int]]]:
        return PackedSamples, (self.matrices, self.indices)

    def __len__(self) -> int:
        return len(self.indices)

    def packing(self, factor_bits: int) -> Packing:
        """Return the rows of N here, packed for sums with factors below 2^factor_bits."""
        steps = self.matrices.steps(factor_bits)
        packing = self._packings.get(steps)
        if packing is None:
            whole = self.matrices.packing(steps)
            packing = Packing([whole.rows[i] for i in self.indices], whole.width, whole.c)
            self._packings[steps] = packing
        return packing

    def restricted(self, members: int) -> PackedSamples:
        """Return the members of a set."""
        return PackedSamples(self.matrices, list(self.pick(self.indices, members)))

    def pick(self, items: Iterable[_T], members: int) -> Iterator[_T]:
        """Return the items, one a sample, that belong to the members of a set."""
        return compress(items, members.to_bytes(len(self.indices), "little"))

    def pick_set(self, some: int, members: int) -> int:
        """Return a set of samples as one of samples restricted to the members of another."""
        return int.from_bytes(bytes(self.pick(some.to_bytes(len(self.indices), "little"), members)), "little")

    def positive(self, values: Iterable[int]) -> int:
        """Return the set where values, one a sample, are positive."""
        return int.from_bytes(bytes(map(gt, values, repeat(0))), "little")

    def negative(self, values: Iterable[int]) -> int:
        """Return the set where values, one a sample, are negative."""
        return int.from_bytes(bytes(map(lt, values, repeat(0))), "little")

    def column(self, values: Sequence[int]) -> int:
        """Return values, one a sample, as the digits of an integer."""
        return joined(values, 8 * self.matrices.digit_bytes)

    def not_negative(self, column: int, length: int) -> int | None:
        """Return the set where the digits of a column are not negative.

        Args:
            column: a sum of the columns of values at d generators.
            length: of the longest of these, in bits. If it is too long for the digits there is no answer.
        """
        if length > _COLUMN_BITS:
            return None
        # With half of its range added, a digit has its top bit set exactly if it was not negative.
        size = self.matrices.digit_bytes
        digits = (column + self._halves).to_bytes(size * len(self.indices), "little")
        return int.from_bytes(digits[size - 1 :: size], "little") >> 7 & self.everyone


def joined(digits: Sequence[int], width: int) -> int:
    """Return the sum of digit * 2^(k width) over the digits k = 0, 1, ..., of any sign and any length.

    Neighbours are joined, then neighbouring pairs, and so on: one after another would copy all that is there
    for each digit, which is quadratic.
    """
    parts = list(digits)
    while len(parts) > 1:
        odd = [parts.pop()] if len(parts) % 2 else []
        parts = [low + (high << width) for low, high in zip(parts[::2], parts[1::2], strict=True)] + odd
        width *= 2
    return parts[0] if parts else 0


def _pack(row: Vector, width: int) -> int:
    return joined([part for entry in row for part in (max(entry, 0), max(-entry, 0))], width)

"""Output biases: whether b joins the predictions, and what of it and of hidden biases the decay counts."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from certify.checker.errors import DataError
from certify.checker.text.names import quoted

_Number = TypeVar("_Number", Fraction, float)


class OutputBias(StrEnum):
    """The kind of a network's output bias; its value is the word in certificates and in the hash."""

    NONE = "none"
    FREE = "free"
    DECAYED = "decayed"
    ALL_FREE = "all-free"

    @classmethod
    def of(cls, name: str) -> OutputBias:
        """Return the kind of this name.

        Raises:
            DataError: if there is none.
        """
        if name not in OUTPUT_BIASES:
            raise DataError(
                f"the output bias {quoted(name)} is unknown: use one of {', '.join(OUTPUT_BIASES)}"
            )
        return cls(name)

    @property
    def exists(self) -> bool:
        """Whether networks have one."""
        return self is not OutputBias.NONE

    @property
    def is_decayed(self) -> bool:
        """Whether the weight decay counts it."""
        return self is OutputBias.DECAYED

    @property
    def is_free(self) -> bool:
        """Whether there is one that costs nothing."""
        return self in (OutputBias.FREE, OutputBias.ALL_FREE)

    @property
    def frees_hidden(self) -> bool:
        """Whether every neuron has a bias of its own that costs nothing either."""
        return self is OutputBias.ALL_FREE

    @property
    def words(self) -> str:
        """What it is, for people."""
        return _WORDS[self]

    def fits(self, sums: Sequence[int]) -> bool:
        """Say whether a dual point bounds anything, by N^T 1: its columns sum to zero where b is free."""
        return not self.is_free or not any(sums)

    def toll(self, sums: Sequence[Fraction], gamma: Fraction) -> Fraction:
        """Return what b takes from a dual point's bound (a loss): |N^T 1|^2 / (2 gamma) if decayed, or 0.

        Args:
            sums: N^T 1, of length c.
            gamma: the weight decay.
        """
        return self._square(sums) / (2 * gamma)

    def slack(self, bias: Sequence[Fraction], sums: Sequence[Fraction], gamma: Fraction) -> Fraction:
        """Return what a network with this b loses against its toll: gamma/2 |b - N^T 1 / gamma|^2 or 0.

        Args:
            bias: b, of length c.
            sums: N^T 1, likewise.
            gamma: the weight decay.
        """
        return gamma / 2 * self._square([b - total / gamma for b, total in zip(bias, sums, strict=True)])

    def penalty(self, gamma: _Number) -> _Number:
        """Return the factor of 1/2 |b|^2 in the objective: gamma if decayed, or 0."""
        return gamma if self is OutputBias.DECAYED else gamma * 0

    def decay(self, bias: Sequence[Fraction]) -> Fraction:
        """Return what the weight decay counts: |b|^2 or 0."""
        return self._square(bias)

    def _square(self, values: Sequence[Fraction]) -> Fraction:
        if not self.is_decayed:
            return Fraction(0)
        return sum((value * value for value in values), Fraction(0))


OUTPUT_BIASES = tuple(str(kind) for kind in OutputBias)
_WORDS = {
    OutputBias.NONE: "none",
    OutputBias.FREE: "free, without a penalty",
    OutputBias.DECAYED: "decayed, with the penalty gamma/2 |b|^2",
    OutputBias.ALL_FREE: "free, like the hidden biases",
}

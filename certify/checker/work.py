"""The work of a certificate, which the format limits (docs/certificate-format.md, "Work").

A file within the limits of its size may still ask for days: a leaf takes a time that grows with the cube of
its order, a term one that grows with the square. What is counted is so simple that all checkers count alike.
"""

from __future__ import annotations

from collections.abc import Iterable

from certify.checker.obligations import Obligation, require

MAX_TRAINING_WORK = 10**12
MAX_MATRIX_WORK = 4 * 10**9


def words_of(bits: int) -> int:
    """Return how many words of 64 bits count for integers of a length."""
    return bits // 64 + 1


def longest(values: Iterable[int]) -> int:
    """Return the length of the longest of some integers, in bits."""
    return max(map(int.bit_length, values), default=0)


class Meter:
    """Adds up the work.

    Attributes:
        spent: so far.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.spent = 0

    def spend(self, work: int) -> None:
        """Add some work; raise Rejection if all of it is now more than is allowed."""
        self.spent += work
        require(self.spent <= self._limit, Obligation.LIMITS)

"""The multiples t N of a dual point: what each proves, in floats (docs/method.md, sections 2 and 5).

A `DualLine` is the only place in floating point that knows what a dual point proves of the optimum: of the
squared loss (`certify.floats.squared_line`) or of any other (`certify.floats.concave_line`), with or without
an output bias. `certify.floats.dual_rounding` makes a dual point exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Matrix


class DualLine(ABC):
    """The bounds of all multiples of a dual point, for one problem.

    Attributes:
        live: whether a sample is not at x = 0, for each; the rows of the others never enter a gauge. Where
            hidden biases are free x = 0 is like any other point, and all are live.
        constant: what the samples at x = 0 cost every network (a loss): the bound of no multiple is less.
    """

    live: NDArray[np.bool_]
    constant: float

    @abstractmethod
    def admissible(self, N: Matrix) -> Matrix:
        """Return a dual point near N, n x c, that bounds something, up to rounding.

        Its rows are in the loss's domain, and its columns sum to zero where a free output bias asks for that
        and nothing else balances them.
        """

    @abstractmethod
    def multiple(self, N: Matrix, t: float) -> Matrix:
        """Return t N, for an admissible N and t in [0, 1] or as `best` gives it.

        Rows at x = 0 that do not depend on t are as the problem has them.
        """

    @abstractmethod
    def best(self, N: Matrix, largest: float) -> tuple[float, float]:
        """Return the best t up to the largest, for an admissible N, and its bound (a loss)."""

    def value(self, N: Matrix) -> float:
        """Return the bound (a loss) of N, n x c, or of a part of it, if its gauge is at most gamma."""
        return self.best(self.admissible(N), 1.0)[1]

    @abstractmethod
    def least(self, N: Matrix, aim: float) -> float:
        """Return the least t whose bound reaches the aim (a loss), for an admissible N; infinite for none."""

    @abstractmethod
    def oriented(self, N: Matrix) -> tuple[Matrix, bool]:
        """Return N, or -N, which has the same gauge, where only that proves anything; and whether it did."""

    @abstractmethod
    def rounding_cost(self, N: Matrix, unit: float) -> float:
        """Return about how much what N proves changes where its entries move by a unit at most (a loss)."""

"""What a dual point has to fulfil, tree by tree: one premise, or with free hidden biases one at each kink.

Where hidden biases are free the gauge is the largest of those of the samples shifted by x_k, for each
different x_k whose row of the dual point is not zero (docs/method.md, section 2a). All share a level, and one
that does not hold refutes it: the hardest is searched first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from certify.bounds.tree.cone_search.nodes import Nodes
from certify.bounds.tree.search import search_tree
from certify.checker.certificate.training import Frame
from formulations.arrays import Matrix

_LARGEST = 2.0**50  # integers of a shifted row, whose products with generators of few bits are exact

Trees = tuple[Nodes, ...]


@dataclass(frozen=True)
class Found:
    """The outcome of a search at a level.

    Attributes:
        trees: by the number of the sample at whose kink it is, 0 for the premise without shifts, a tree of
            each orthant; None unless all premises were proved.
        witnesses: neurons with gauges above the level, as columns, with their biases as last row where
            hidden biases are free; None if none was found.
        cones: how many cones were visited.
    """

    trees: dict[int, Trees] | None
    witnesses: Matrix | None
    cones: int


@dataclass
class Premises:
    """The premises of a problem's dual points.

    Attributes:
        X: inputs, n x d, of the samples that enter the gauge.
        are_shifted: whether hidden biases are free.
        frame: the root of all trees.
        bits: of the integers of a cut.
        denominator: of X as exact numbers.
    """

    X: Matrix
    are_shifted: bool
    frame: Frame
    bits: int
    denominator: int = 1
    _first: dict[bytes, int] = field(default_factory=dict)
    _hardest: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find the samples that are equal, and X in units in which shifts are exact."""
        for k, x in enumerate(self.X):
            self._first.setdefault(x.tobytes(), k)
        # Decimals have many kinks in common. Which side of one a cone is on decides how the checker bounds a
        # row there, and in floats 0.3 - 0.2 is not 0.1; in integers all is as the checker has it.
        self._units, self._per_unit = self.X, 1.0
        largest = float(np.abs(self.X).max(initial=0.0))
        if self.denominator < _LARGEST and largest * self.denominator < _LARGEST:
            power = 2.0 ** round(math.log2(self.denominator))
            self._units = np.round(self.X * self.denominator) / power
            self._per_unit = power / self.denominator

    def first_like(self, sample: int) -> int:
        """Return the first sample with the inputs of this one, where the tree of both is kept."""
        return self._first[self.X[sample].tobytes()] if self.are_shifted else 0

    def numbers(self, N: Matrix) -> list[int]:
        """Return the numbers of the premises of a dual point, n x c, those that were hardest so far first."""
        if not self.are_shifted:
            return [0]
        needed = dict.fromkeys(self.first_like(int(k)) for k in np.flatnonzero(np.any(N != 0, axis=1)))
        if not needed:
            return [0]
        # Kinks near the middle of the data bend more.
        middle = np.linalg.norm(self.X - self.X.mean(axis=0), axis=1)
        rank = {k: place for place, k in enumerate(self._hardest)}
        return sorted(needed, key=lambda k: (rank.get(k, len(rank)), middle[k]))

    def search(
        self,
        N: Matrix,
        level: float,
        guides: Mapping[int, Trees],
        *,
        max_nodes: int,
        should_stop: Callable[[], bool],
        on_progress: Callable[[str], None],
    ) -> Found:
        """Search for trees of all premises at one level, until one is refuted.

        Args:
            N: dual point, n x c.
            level: H^2, a square of a gauge.
            guides: trees of an earlier search, by their numbers.
            max_nodes: of all trees.
            should_stop: asked ten times a second.
            on_progress: told in words how it goes.
        """
        trees: dict[int, Trees] = {}
        effort: dict[int, int] = {}
        numbers, cones = self.numbers(N), 0
        for place, k in enumerate(numbers, start=1):
            of_all = f"kink {place} of {len(numbers)}, " if self.are_shifted else ""
            before = cones

            def tell(visited: int, words: str = of_all, before: int = before) -> None:
                on_progress(f"{words}{before + visited} cones")

            found = search_tree(
                *self._shifted(N, k),
                level,
                self.frame,
                bits=self.bits,
                guide=guides.get(k),
                should_stop=should_stop,
                max_nodes=max(max_nodes, 1) >> self.X.shape[1],
                on_progress=tell,
            )
            cones += found.cones
            if found.trees is None:
                self._hardest = [k, *(each for each in self._hardest if each != k)]
                return Found(None, self._with_biases(found.witnesses, k), cones)
            trees[k], effort[k] = found.trees, found.cones
            max_nodes -= sum(len(tree.kinds) for tree in found.trees)
        self._hardest = sorted(effort, key=lambda k: -effort[k])
        return Found(trees, None, cones)

    def _shifted(self, N: Matrix, k: int) -> tuple[Matrix, Matrix]:
        """Return the inputs and the dual point of a premise."""
        if not self.are_shifted:
            return self.X, N
        units = self._units
        return np.ascontiguousarray(units - units[k]), np.ascontiguousarray(self._per_unit * N)

    def _with_biases(self, directions: Matrix | None, k: int) -> Matrix | None:
        if directions is None or not self.are_shifted:
            return directions
        return np.vstack([directions, -self.X[k] @ directions])

"""Statistics of the leaves of a proof tree: their kinds and depths, where they are, what they leave open.

A leaf closes a cone of directions, here called its cell; all cells together are the whole space. In goes a
valid certificate with its problem, out come counts, and the cells deepest in the tree, where the proof was
hard. Which rows are mixed on a cell, and all directions, are floating point: a row within rounding of a wall
counts as on it. docs/explain.md shows what a user sees of this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import nlargest

import numpy as np
from numpy.typing import NDArray

from certify.checker.certificate.nodes import AnyLeaf, EnvelopeLeaf, Leaf, TauLeaf
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import quantity_kinds
from certify.checker.training.shifts import kinks, shifted
from certify.explain.leaf_cones import LeafCone, leaf_cones
from certify.floats.gauge import relative_gauge
from formulations.arrays import Matrix

_BATCH = 4_000_000  # products x_i . w_k at a time
_MOST_CELLS = 4096  # at a time, so that news comes often
_ROUNDING = 1e-12  # of x . w, relative to |x| |w|
_DEEPEST = 5
_CANDIDATES = 256  # among the deepest, of which neighbours are left out
_ALIKE = 0.999  # cosine

# What each leaf rule of a training bound is called.
KINDS: dict[type[AnyLeaf], str] = {Leaf: "multipliers", TauLeaf: "tau", EnvelopeLeaf: "envelope"}


@dataclass(frozen=True)
class DeepCell:
    """A cell far down in the tree: the proof found it hard around its direction.

    Attributes:
        node: its number in the tree, counted from 0.
        depth: the number of nodes above it.
        kind: of its leaf.
        direction: the middle of its cone, a unit vector; with free hidden biases followed by the bias that
            puts the kink where the tree has it.
        ratio: |N^T relu(Xu)| / (gamma |u|) there.
    """

    node: int
    depth: int
    kind: str
    direction: tuple[float, ...]
    ratio: float


@dataclass(frozen=True)
class LeafStatistics:
    """The leaves of a tree in numbers.

    Attributes:
        leaves: how many there are.
        looked_at: how many of them all that follows is about.
        kinds: how many are "envelope", "tau" and "multipliers" leaves.
        depths: how many have so many nodes above them, by rising depth.
        coordinates: what the sign of each coordinate of the root frame says, in words.
        regions: how many have these signs of the coordinates (1, -1, 0 for an unknown one), most first.
        mixed: for each row of the data, on how many leaves' cones it is mixed; 0 for rows with N_i = 0, which
            do not enter the gauge.
        divided: for each row of the data, on how many leaves' cones a node above has told its sign.
        multipliers: how many multipliers there are of each kind of product.
        deepest: the deepest cells, those of a large gauge first among equals, neighbours left out; none that
            was cut by the sign of a row, as such a cell has no middle.
    """

    leaves: int
    looked_at: int
    kinds: dict[str, int]
    depths: dict[int, int]
    coordinates: tuple[str, ...]
    regions: dict[tuple[int, ...], int]
    mixed: tuple[int, ...]
    divided: tuple[int, ...]
    multipliers: dict[str, int]
    deepest: tuple[DeepCell, ...]

    @property
    def median_depth(self) -> int:
        """The depth that half of the leaves do not exceed."""
        below = 0
        for depth, count in self.depths.items():
            below += count
            if 2 * below >= self.looked_at:
                return depth
        return 0

    @property
    def most_mixed(self) -> list[tuple[int, int]]:
        """Rows, counted from 1, and on how many leaves' cones each is mixed, the most often first."""
        return _most(self.mixed)

    @property
    def most_divided(self) -> list[tuple[int, int]]:
        """Rows, counted from 1, and on how many leaves' cones a node has told their sign, likewise."""
        return _most(self.divided)


def _most(counts: Sequence[int]) -> list[tuple[int, int]]:
    return sorted(((i + 1, count) for i, count in enumerate(counts) if count), key=lambda e: -e[1])


def leaf_statistics(
    certificate: Certificate,
    problem: TrainingProblem,
    X: Matrix,
    N: Matrix,
    *,
    feature_names: Sequence[str],
    should_stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> LeafStatistics:
    """Walk the tree of a valid certificate and count.

    Args:
        certificate: for this problem.
        problem: the exact problem.
        X: its inputs in floats, n x d.
        N: the certificate's dual point in floats, n x c.
        feature_names: d words.
        should_stop: asked after some thousand leaves; once true, the rest is not looked at.
        on_progress: called with the leaves done and in all.
    """
    total = certificate.leaves
    kinds: Counter[str] = Counter()
    depths: Counter[int] = Counter()
    regions: Counter[tuple[int, ...]] = Counter()
    multipliers: Counter[str] = Counter()
    divided: Counter[int] = Counter()
    mixed = np.zeros(len(X), dtype=np.int64)
    deepest: list[LeafCone] = []
    batch: list[LeafCone] = []
    size = max(1, min(_MOST_CELLS, _BATCH // X.size))
    lengths = np.linalg.norm(X, axis=1)
    blocks = _blocks_of_rows(certificate)
    shifts = _kinks(certificate, problem)
    lengths = lengths + (0.0 if shifts is None else float(np.linalg.norm(shifts, axis=1).max()))
    done = 0
    for cell in leaf_cones(certificate):
        batch.append(cell)
        if len(batch) < size and done + len(batch) < total:
            continue
        for each in batch:
            kinds[KINDS[type(each.leaf)]] += 1
            depths[each.depth] += 1
            regions[each.signs] += 1
            divided.update(row for row, _ in each.sides)
            if not isinstance(each.leaf, Leaf | TauLeaf):
                continue
            for name in _products(each, certificate, problem):
                multipliers[name] += 1
        counted = _undecided(batch, problem.inputs)
        if blocks is not None:
            counted &= np.equal.outer(blocks, [each.block for each in batch])
        mixed += _mixed(batch, X, lengths, counted, shifts)
        pointed = [each for each in batch if all(each.signs) and not each.sides]
        deepest = nlargest(_CANDIDATES, deepest + pointed, key=lambda each: (each.depth, -each.node))
        done += len(batch)
        batch.clear()
        on_progress(done, total)
        if should_stop():
            break
    return LeafStatistics(
        leaves=total,
        looked_at=done,
        kinds=dict(kinds.most_common()),
        depths=dict(sorted(depths.items())),
        coordinates=_coordinates(certificate.frame, problem.inputs, feature_names),
        regions=dict(regions.most_common()),
        mixed=tuple(np.where(np.any(N != 0, axis=1), mixed, 0).tolist()),
        divided=tuple(divided[i] for i in range(len(X))),
        multipliers=dict(multipliers.most_common()),
        deepest=_distinct(deepest, X, N, float(problem.gamma), shifts),
    )


def _products(cell: LeafCone, certificate: Certificate, problem: TrainingProblem) -> list[str]:
    """Name the product of each multiplier of a leaf by the kinds of its two quantities."""
    leaf = cell.leaf
    assert isinstance(leaf, Leaf | TauLeaf)
    if isinstance(leaf, TauLeaf) or not leaf.products:
        return ["t t"] * len(leaf.products)
    inputs, weights = problem.inputs, certificate.dual_point
    rows: Sequence[int] = range(problem.n)
    if certificate.blocks is not None:
        rows = certificate.blocks.parts[cell.block].rows
        inputs, weights = tuple([inputs[i] for i in rows]), tuple([weights[i] for i in rows])
    if problem.output_bias.frees_hidden:
        inputs = shifted(inputs, kinks(inputs, weights)[cell.block])
    cone = Cone.whole_space(cell.generators, inputs, weights)
    # Before the coordinates' signs, which may settle these rows as well.
    for row, _ in cell.sides:
        cone, _ = cone.sides(rows.index(row))
    for k, sign in enumerate(cell.signs):
        if sign:  # the generators are reversed already where it is negative
            cone, _ = cone.halves(k)
    kinds = quantity_kinds(cone)
    of_one_row = "alpha", "beta", kinds.count("alpha")
    return [
        "alpha_i beta_i" if (kinds[i], kinds[j], j - i) == of_one_row else f"{kinds[i]} {kinds[j]}"
        for i, j, _ in leaf.products
    ]


def _kinks(certificate: Certificate, problem: TrainingProblem) -> Matrix | None:
    """Return what each tree's samples are shifted by, trees x d; None where hidden biases are not free."""
    if not problem.output_bias.frees_hidden:
        return None
    rows = kinks(problem.inputs, certificate.dual_point)
    return np.array([[entry / problem.input_denominator for entry in row] for row in rows])


def _blocks_of_rows(certificate: Certificate) -> NDArray[np.int64] | None:
    """Return the number of each row's block, -1 for none; None where there are no blocks."""
    if certificate.blocks is None:
        return None
    numbers = np.full(len(certificate.dual_point), -1)
    for number, block in enumerate(certificate.blocks.parts):
        numbers[list(block.rows)] = number
    return numbers


def _undecided(cells: Sequence[LeafCone], inputs: IntegerRows) -> NDArray[np.bool_]:
    """Say of each row on each cell, n x b, that no node has told the sign of one like it."""
    undecided = np.ones((len(inputs), len(cells)), dtype=bool)
    alike: dict[int, list[int]] = {}
    for b, cell in enumerate(cells):
        for row, _ in cell.sides:
            if row not in alike:
                alike[row] = [i for i, x in enumerate(inputs) if x == inputs[row]]
            undecided[alike[row], b] = False
    return undecided


def _mixed(
    cells: Sequence[LeafCone],
    X: Matrix,
    lengths: Matrix,
    counted: NDArray[np.bool_],
    shifts: Matrix | None,
) -> NDArray[np.int64]:
    """Count for each row the cones on which it is mixed, but none where it is not `counted` (rows, cells)."""
    units = _units(cells)
    values = np.einsum("ni,bki->bnk", X, units, optimize=True)
    if shifts is not None:
        values = values - np.einsum("bi,bki->bk", shifts[[cell.block for cell in cells]], units)[:, None, :]
    margin = _ROUNDING * lengths[:, None]
    free = np.array([[sign == 0 for sign in cell.signs] for cell in cells])[:, None, :]
    positive, negative = values > margin, values < -margin
    crossing = positive.any(axis=2) & negative.any(axis=2)
    mixed = (crossing | ((positive | negative) & free).any(axis=2)) & counted.T
    counts: NDArray[np.int64] = mixed.sum(axis=0)
    return counts


def _units(cells: Sequence[LeafCone]) -> Matrix:
    """Return the generators at unit length, of shape (cells, d, d); entry (b, k) is generator k."""
    # An integer divided by a larger one is a float, of however many digits they are.
    rows = np.array(
        [[[e / max(map(abs, w)) for e in w] for w in cell.generators] for cell in cells], dtype=float
    )
    units: Matrix = rows / np.linalg.norm(rows, axis=2, keepdims=True)
    return units


def _distinct(
    cells: Sequence[LeafCone], X: Matrix, N: Matrix, gamma: float, shifts: Matrix | None
) -> tuple[DeepCell, ...]:
    if not cells:
        return ()
    middles = _units(cells).sum(axis=1)
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    if shifts is not None:
        biases = -np.einsum("bi,bi->b", shifts[[cell.block for cell in cells]], middles)
        middles = np.hstack([middles, biases[:, None]])
    d = X.shape[1]
    ratios = relative_gauge(X, N, gamma, middles.T)
    chosen: list[int] = []
    for b in sorted(range(len(cells)), key=lambda b: (-cells[b].depth, -ratios[b])):
        if len(chosen) < _DEEPEST and all(
            middles[b, :d] @ middles[other, :d] < _ALIKE or cells[b].block != cells[other].block
            for other in chosen
        ):
            chosen.append(b)
    return tuple(
        DeepCell(
            cells[b].node,
            cells[b].depth,
            KINDS[type(cells[b].leaf)],
            tuple(middles[b].tolist()),
            float(ratios[b]),
        )
        for b in chosen
    )


def _coordinates(frame: Frame, inputs: IntegerRows, names: Sequence[str]) -> tuple[str, ...]:
    """Say what t_k is a positive multiple of: an entry of u, x_i . u for a row i, or nothing with a name."""
    rows = {_ray(x): f"row {i + 1}" for i, x in reversed(list(enumerate(inputs))) if any(x)}
    units = {_ray([int(i == k) for i in range(len(names))]): name for k, name in enumerate(names)}
    words = []
    for k, functional in enumerate(zip(*frame.inverse, strict=True)):
        ray = _ray(functional)
        words.append(units.get(ray) or rows.get(ray) or f"t{k + 1}")
    return tuple(words)


def _ray(vector: Sequence[int]) -> tuple[Fraction, ...]:
    """Return the vector's positive multiple whose largest entry in size is 1 or -1."""
    largest = max(map(abs, vector))
    return tuple(Fraction(entry, largest) for entry in vector)

"""SDP-NN with multipliers inside blocks of rows only: what such a dual point proves, and how it changes.

Without products between blocks the form

    gamma (|u|^2 + |v|^2) - 2 alpha^T N v - [products]

is block-arrow: alpha of one block meets u, v and itself. It is positive semidefinite if and only if the
alpha-part S_b of every block is (here: definite) and

    gamma I >= sum_b T_b,   T_b = [[X^T C X, .], [., 0]] + F_b^T S_b^-1 F_b   of order d + c,

F_b what couples alpha to (u, v). So T_b is what block b needs of gamma I: its *matrix share* (docs/method.md,
section 3a). Linear in the number of blocks; one block is SDP-NN itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.arrays import Indices, Matrix, Vector
from formulations.first_order.lapack import cholesky, inverse, solve_triangular
from formulations.first_order.over import Over, one_by_one
from formulations.first_order.unit_problem import UnitProblem
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multipliers import Multipliers

Pairs = tuple[Indices, Indices]


@dataclass(frozen=True)
class Point:
    """What a block proves its share by: the variables of `Block`, and which products they are of."""

    pairs: tuple[Pairs, ...]
    variables: Vector


class Block:
    """Some of the units, with their entries of N and the multipliers of products between them.

    Where the sign of a unit is known, its alpha is x . u or zero, and its products are forms of u.

    Attributes:
        members: the units, of length m.
        open: the places of those whose sign is not known.
        active: the places of those whose beta is zero.
        rows: how many rows of X lie on their lines.
        entries: N of the groups of these units, g x c.
        tables: A, B and C, m x m, of `Multipliers`, entrywise nonnegative.
        slack: of length m.
    """

    def __init__(self, problem: UnitProblem, members: Indices, signs: Indices | None = None) -> None:
        """Start at N near zero with Shor's slack, for which the form is definite.

        Args:
            problem: of all units.
            members: the units.
            signs: what is known of the sign of x . u for each of these, 1, -1 or 0; nothing by default.
        """
        self.problem, self.members = problem, members
        self.units = problem.units[members]
        known = np.zeros(len(members), dtype=np.intp) if signs is None else signs
        self.open, self.active = np.flatnonzero(known == 0), np.flatnonzero(known > 0)
        position = np.full(len(problem.units), -1)
        position[members] = np.arange(len(members))
        self.groups = np.flatnonzero(position[problem.lines] >= 0)
        self.lines = position[problem.lines[self.groups]]
        self.on_beta = problem.on_beta[self.groups]
        self.radii = problem.radii[self.groups][:, None]
        self.targets = problem.targets[self.groups]
        self.rows = int(problem.rows_on_lines[members].sum())
        m = len(members)
        self.entries = 0.1 * self.targets
        self.tables = [np.zeros((m, m)) for _ in range(3)]
        self.slack = -np.ones(m)
        self._taken = np.zeros(0)
        self.alpha = np.zeros((m, 0))
        self.beta = np.zeros((m, 0))
        self.choose(0)

    def choose(self, more: int) -> None:
        """Take as variables the multipliers that are positive, and those that promise most.

        Args:
            more: how many, for each unit and each of the three tables; those whose products have negative
                moments in the point last looked at, most negative first.
        """
        tables = self.tables
        moments = (self.alpha @ self.alpha.T, self.alpha @ self.beta.T, self.beta @ self.beta.T)
        self._set_pairs(
            [
                _most_promising(table, moment, more * len(self.members), symmetric)
                for table, moment, symmetric in zip(tables, moments, (True, False, True), strict=True)
            ]
        )

    def _set_pairs(self, pairs: list[Pairs]) -> None:
        self.pairs = pairs
        # A symmetric table holds half of a product on either side.
        self.weights = [
            np.where(first == second, 1.0, 2.0) if symmetric else np.ones(len(first))
            for (first, second), symmetric in zip(self.pairs, (True, False, True), strict=True)
        ]
        self.counts = [len(first) for first, _ in self.pairs]

    @property
    def nonnegative(self) -> NDArray[np.bool_]:
        """Which of the variables are multipliers."""
        multipliers = sum(self.counts)
        return np.arange(multipliers + len(self.slack) + self.entries.size) < multipliers

    @property
    def of_entries(self) -> NDArray[np.bool_]:
        """Which of the variables are entries of N."""
        others = sum(self.counts) + len(self.slack)
        return np.arange(others + self.entries.size) >= others

    def variables(self) -> Vector:
        """Return the multipliers chosen, slack and entries of N."""
        chosen = [table[pairs] for table, pairs in zip(self.tables, self.pairs, strict=True)]
        return np.concatenate([*chosen, self.slack, self.entries.ravel()])

    def take(self, variables: Vector) -> None:
        """Set them."""
        self._taken = variables
        m, at = len(self.members), 0
        tables = []
        for (first, second), count, symmetric in zip(
            self.pairs, self.counts, (True, False, True), strict=True
        ):
            table = np.zeros((m, m))
            table[first, second] = variables[at : at + count]
            if symmetric:
                table[second, first] = variables[at : at + count]
            tables.append(table)
            at += count
        self.tables = tables
        self.slack = variables[at : at + m]
        self.entries = variables[at + m :].reshape(self.targets.shape)

    @property
    def point(self) -> Point:
        """The one last taken."""
        return Point(tuple(self.pairs), self._taken)

    @property
    def multipliers(self) -> Multipliers:
        """Those of the products between the members, in their order."""
        A, B, C = self.tables
        return Multipliers(A, B, C, self.slack)

    def go_to(self, point: Point) -> None:
        """Take it, with its variables."""
        self._set_pairs(list(point.pairs))
        self.take(point.variables)

    def parts(self) -> tuple[Matrix, Matrix, Matrix]:
        """Return S_b, F_b and what of T_b is not F_b^T S_b^-1 F_b; alpha are the open ones."""
        A, B, C = self.tables
        m, d = len(self.members), self.units.shape[1]
        mixed = B + np.diag(self.slack)
        with_beta = mixed.T / 2 + C
        form = -(A + mixed / 2 + with_beta)
        weighted = self.radii * self.entries
        coupling = np.zeros((m, d + weighted.shape[1]))
        coupling[:, :d] = with_beta.T @ self.units
        np.subtract.at(coupling[:, d:], self.lines, weighted)
        corner = np.zeros((coupling.shape[1],) * 2)
        corner[:d, :d] = self.units.T @ (C @ self.units)
        if self.on_beta.any():
            cross = self.units[self.lines[self.on_beta]].T @ weighted[self.on_beta]
            corner[:d, d:] -= cross
            corner[d:, :d] -= cross.T
        if len(self.open) == m:
            return form, coupling, corner
        units, of_active = self.units[self.active], coupling[self.active]
        corner[:d] -= units.T @ of_active
        corner[:, :d] -= of_active.T @ units
        corner[:d, :d] -= units.T @ form[np.ix_(self.active, self.active)] @ units
        of_open = coupling[self.open]
        of_open[:, :d] += form[np.ix_(self.open, self.active)] @ units
        return form[np.ix_(self.open, self.open)], of_open, corner

    def share(self) -> Matrix | None:
        """Return T_b, of order d + c; None where the alpha-part is not definite."""
        form, coupling, corner = self.parts()
        factor = cholesky(form)
        if factor is None:
            return None
        self._factor = factor
        self._half = solve_triangular(factor, coupling)
        return np.asarray(corner + self._half.T @ self._half)

    def look(self, directions: Matrix) -> None:
        """Find the alpha that are worst for some (u, v), columns of length d + c, and the beta with them."""
        products = self.units @ directions[: self.units.shape[1]]
        self.alpha = np.zeros_like(products)
        self.alpha[self.active] = products[self.active]
        self.alpha[self.open] = -solve_triangular(self._factor, self._half @ directions, transposed=True)
        self.beta = self.alpha - products

    def slope(self, directions: Matrix) -> Vector:
        """Return the derivatives, by the variables, of the sum of q^T T q over the directions looked at."""
        forms = ((self.alpha, self.alpha), (self.alpha, self.beta), (self.beta, self.beta))
        of_tables = [
            weights * np.einsum("ij,ij->i", f[first], g[second])
            for (f, g), (first, second), weights in zip(forms, self.pairs, self.weights, strict=True)
        ]
        seen = np.where(self.on_beta[:, None], self.beta[self.lines], self.alpha[self.lines])
        of_entries = 2 * self.radii * (seen @ directions[self.units.shape[1] :].T)
        return np.concatenate([*of_tables, np.einsum("ij,ij->i", self.alpha, self.beta), of_entries.ravel()])

    def log_determinant(self) -> float:
        """Return that of the alpha-part."""
        return 2 * float(np.sum(np.log(np.diag(self._factor))))

    def slope_of_log_determinant(self) -> Vector:
        """Return its derivatives by the variables."""
        lower = inverse(self._factor)
        of_tables = [
            -weights * lower[np.maximum(*pairs), np.minimum(*pairs)]
            for pairs, weights in zip(self.pairs, self.weights, strict=True)
        ]
        return np.concatenate([*of_tables, -np.diag(lower), np.zeros(self.entries.size)])

    def merged(self, other: Block) -> Block:
        """Return the block of both, with the multipliers of both and none between them."""
        both = Block(self.problem, np.concatenate([self.members, other.members]))
        m = len(self.members)
        for table, first, second in zip(both.tables, self.tables, other.tables, strict=True):
            table[:m, :m], table[m:, m:] = first, second
        both.slack = np.concatenate([self.slack, other.slack])
        both.alpha = np.vstack([self.alpha, other.alpha])
        both.beta = np.vstack([self.beta, other.beta])
        order = np.argsort(np.concatenate([self.groups, other.groups]))
        both.entries = np.vstack([self.entries, other.entries])[order]
        both.choose(0)
        return both


def _most_promising(table: Matrix, moments: Matrix, most: int, symmetric: bool) -> Pairs:
    chosen = table > 0
    promise = np.where(chosen, 0.0, np.maximum(-moments, 0.0))
    if symmetric:
        chosen, promise = np.triu(chosen), np.triu(promise)
    else:
        np.fill_diagonal(promise, 0.0)  # alpha_i beta_i has its slack
    most = min(most, int(np.count_nonzero(promise)))
    if most:
        chosen.ravel()[np.argpartition(-promise.ravel(), most - 1)[:most]] = True
    first, second = np.nonzero(chosen)
    return first, second


@dataclass(frozen=True)
class Value:
    """What a point of all blocks proves.

    Attributes:
        smooth: the function that is maximised (a loss of the unit problem).
        proved: the dual value after scaling, <= the optimum of the unit problem.
        slope: of `smooth`, by the variables of all blocks.
    """

    smooth: float
    proved: float
    slope: Vector


def value(blocks: Sequence[Block], power: float, barrier: float, over: Over = one_by_one) -> Value | None:
    """Look at a point; return None outside of the domain, where an alpha-part is not definite.

    With g the largest eigenvalue of sum_b T_b, relative to the weights of |u|^2 and |v|^2, N and all
    multipliers times gamma / g are feasible, and the best multiple t <= gamma / g of N has the dual value
    t <N, Y> - t^2 |N|^2 / 2. For `smooth`, g is the norm of that power of the eigenvalues, which is larger,
    and a barrier keeps the alpha-parts definite.

    Args:
        blocks: each at its point.
        power: of the norm.
        barrier: the weight of the logarithms of the determinants (a loss of the unit problem).
        over: computes something of each block; sums are taken in the blocks' order.
    """
    total: Matrix | None = None
    for share in over(Block.share, blocks):
        if share is None or not np.isfinite(share).all():
            return None
        total = share if total is None else total + share
    assert total is not None
    gamma, scale_of = blocks[0].problem.gamma, blocks[0].problem.outer_scale
    values, vectors = np.linalg.eigh(total / np.outer(scale_of, scale_of))
    top = float(values[-1])
    if not top > 0:
        return None
    relative = np.maximum(values / top, 0.0)
    mass = float(np.sum(relative**power))
    norm = top * mass ** (1 / power)
    shares = relative ** (power - 1) * mass ** (1 / power - 1)
    seen = shares > 1e-9
    directions = vectors[:, seen] / scale_of[:, None] * np.sqrt(shares[seen])

    inner = float(sum(np.sum(block.entries * block.targets) for block in blocks))
    square = float(sum(np.sum(block.entries**2) for block in blocks))
    best = best_multiple(inner, square)
    proved = on_line(inner, square, min(gamma / top, best))
    scale = min(gamma / norm, best)
    smooth = on_line(inner, square, scale)
    by_norm = -(inner - scale * square) * gamma / norm**2 if gamma / norm < best else 0.0
    units = sum(len(block.members) for block in blocks)
    if barrier:
        smooth += barrier * (sum(block.log_determinant() for block in blocks) - units * np.log(norm / gamma))
        by_norm -= barrier * units / norm

    def slope_of(block: Block) -> Vector:
        block.look(directions)
        slope = by_norm * block.slope(directions)
        slope[-block.entries.size :] += (scale * block.targets - scale**2 * block.entries).ravel()
        if barrier:
            slope += barrier * block.slope_of_log_determinant()
        return slope

    return Value(smooth, proved, np.concatenate(over(slope_of, blocks)))


def best_multiple(inner: float, square: float) -> float:
    """Return the t >= 0 with the largest value: no gauge of -N follows from that of N."""
    return max(inner / square, 0.0) if square > 0 else np.inf


def on_line(inner: float, square: float, scale: float) -> float:
    """Return t <N, Y> - t^2 |N|^2 / 2 for the scale t, from <N, Y> and |N|^2."""
    return scale * inner - scale**2 * square / 2


def block_proofs(problem: UnitProblem, blocks: Sequence[Block]) -> list[BlockProof]:
    """Return what the blocks prove in the units of the data, scaled until the shares add up to at most gamma.

    Raises:
        ValueError: if too many rows of the data lie on the lines of one block.
    """
    shares, scale, factor = _scaled(problem, blocks)
    entries = np.zeros_like(problem.targets)
    for block in blocks:
        entries[block.groups] = factor * block.entries
    N = problem.dual_point(entries)
    return [
        problem.block_proof(block.members, scale * share, N, block.multipliers.scaled(scale), number == 0)
        for number, (block, share) in enumerate(zip(blocks, shares, strict=True))
    ]


def _scaled(problem: UnitProblem, blocks: Sequence[Block]) -> tuple[list[Matrix], float, float]:
    """Return T_b of all blocks, what makes shares and multipliers feasible, and the best multiple of N."""
    shares = [share for block in blocks if (share := block.share()) is not None]
    weights = np.outer(problem.outer_scale, problem.outer_scale)
    top = float(np.linalg.eigvalsh(sum(shares) / weights)[-1])
    scale = problem.gamma / top if top > 0 else 1.0
    inner = float(sum(np.sum(block.entries * block.targets) for block in blocks))
    square = float(sum(np.sum(block.entries**2) for block in blocks))
    return shares, scale, min(scale, best_multiple(inner, square))


def multipliers(problem: UnitProblem, blocks: Sequence[Block]) -> tuple[Matrix, Multipliers]:
    """Return N of all groups, G x c, and the multipliers of all units, scaled until they are feasible."""
    _, scale, factor = _scaled(problem, blocks)
    entries = np.zeros_like(problem.targets)
    together = Multipliers.zero(len(problem.units))
    for block in blocks:
        entries[block.groups] = block.entries
        inside = np.ix_(block.members, block.members)
        together.alpha_alpha[inside] = block.tables[0]
        together.alpha_beta[inside] = block.tables[1]
        together.beta_beta[inside] = block.tables[2]
        together.slack[block.members] = block.slack
    return entries * factor, together.scaled(scale)

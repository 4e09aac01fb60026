"""Trees on which a floating verdict may go wrong: on the verge of what holds, and at extreme scales.

A case starts from a tree that the search finds or from one that is grown on a nearly degenerate frame, where
the cuts cancel. Its gamma is then moved next to where the exact checker changes its mind, or far below, and
everything is scaled in ways that leave the premise what it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

import numpy as np
from flint import fmpq_mat, fmpz_mat

from certify.bounds.proofs.writing import certificate_of
from certify.bounds.tree.search import certificate_tree, search_tree
from certify.checker.certificate.nodes import (
    AnyLeaf,
    EnvelopeLeaf,
    Node,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.numbers.integers import IntegerRows, over_common_denominator
from certify.checker.obligations import Rejection
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.cone import Cone, TrainingCone
from certify.checker.training.leaf_rules import Level, check_leaf
from certify.checker.tree.walk import children, walk

Rows = list[list[Fraction]]

_DIRECTIONS = 400
_BISECTIONS = 70
_LONGEST = 2000  # of a grown cone's generators, in bits


@dataclass(frozen=True)
class EitherRule(Level):
    """The premise with leaf rules as the floating verdict has them: a tau leaf may be an envelope leaf."""

    def check_leaf(self, leaf: AnyLeaf, cone: TrainingCone) -> None:
        """Check a leaf on its cone; raise Rejection if neither rule proves the premise there."""
        try:
            check_leaf(leaf, cone, self)
        except Rejection:
            if not isinstance(leaf, TauLeaf) or leaf.products or min(leaf.a, leaf.b, leaf.unit) <= 0:
                raise
            check_leaf(EnvelopeLeaf(), cone, self)


@dataclass(frozen=True)
class Case:
    """A premise with a tree that may prove it.

    Attributes:
        X: inputs, n x d.
        N: dual point, n x c, of dyadic rationals.
        gamma: positive.
        frame: the root's generators, a basis.
        tree: of sign, split, envelope and tau nodes.
    """

    X: Rows
    N: Rows
    gamma: Fraction
    frame: IntegerRows
    tree: tuple[Node, ...]

    def certificate(self) -> tuple[Certificate, TrainingProblem]:
        """Return the certificate with the claim that follows from the premise, and its problem."""
        problem = TrainingProblem.from_rationals(self.X, [[1] * len(self.N[0])] * len(self.N), self.gamma)
        dual_point, denominator = over_common_denominator(self.N)
        exponent = denominator.bit_length() - 1
        frame = frame_of(self.frame)
        return certificate_of(problem, dual_point, exponent, self.tree, None, "tree", frame), problem

    def holds(self) -> bool:
        """Say whether the tree proves the premise exactly, with either rule for its tau leaves."""
        certificate, problem = self.certificate()
        return holds_by_either_rule(certificate, problem)


def holds_by_either_rule(certificate: Certificate, problem: TrainingProblem) -> bool:
    """Say whether a tree proves the premise exactly if each tau leaf may be an envelope leaf instead."""
    level = Level.of(certificate, problem)
    root = Cone.root(certificate, problem)
    try:
        walk(certificate.tree, root, EitherRule(level.u, level.alpha))
    except Rejection:
        return False
    return True


def frame_of(generators: IntegerRows) -> Frame:
    """Return a basis with the proof that it is one."""
    matrix = fmpz_mat([list(row) for row in generators])
    scale = abs(int(matrix.det()))
    inverse = (fmpq_mat(matrix).inv() * scale).tolist()
    return Frame(generators, tuple(tuple(int(entry.p) for entry in row) for row in inverse), scale)


def cases(seed: int, bases: int) -> Iterator[Case]:
    """Yield cases without end, those on the verge from so many searched trees and as many grown ones."""
    random = Random(seed)
    verges = [make(random) for _ in range(bases) for make in (searched_case, grown_verge)]
    while True:
        case = grown_case(random) if random.random() < 0.3 else random.choice(verges)
        yield scaled(disturbed(case, random), random)


def _small_data(random: Random, d: int) -> tuple[Rows, Rows]:
    """Return small integers with zero rows, opposite ones and a column of zeros in the dual point."""
    n, c = random.randint(1, 7), random.randint(1, 3)
    size = random.choice((1, 3, 9, 1 << 70))
    X = [[Fraction(random.randint(-size, size)) for _ in range(d)] for _ in range(n)]
    N = [[Fraction(random.randint(-size, size)) for _ in range(c)] for _ in range(n)]
    if random.random() < 0.3:
        X[random.randrange(n)] = [-entry for entry in X[0]]
    if random.random() < 0.3:
        zero = random.randrange(c)
        N = [[Fraction(0) if j == zero else entry for j, entry in enumerate(row)] for row in N]
    if not any(map(any, X)) or not any(map(any, N)):
        return _small_data(random, d)
    return X, N


def _uneven(rows: Rows, random: Random) -> Rows:
    """Multiply single entries by powers of two, so that some vanish next to others."""
    powers = (0, 0, 0, 30, -30, 150, -150, -3000)
    return [[entry * Fraction(2) ** random.choice(powers) for entry in row] for row in rows]


def _gauge(X: Rows, N: Rows, random: Random) -> float:
    """Return the gauge at the best of many directions."""
    directions = np.random.default_rng(random.randrange(1 << 30)).standard_normal((len(X[0]), _DIRECTIONS))
    outputs = np.array(N, dtype=float).T @ np.maximum(np.array(X, dtype=float) @ directions, 0)
    return float(np.max(np.linalg.norm(outputs, axis=0) / np.linalg.norm(directions, axis=0)))


def searched_case(random: Random) -> Case:
    """Return a tree of the search, with the least gamma, to 2**-70, for which it still is one."""
    while True:
        d = random.choice((1, 2, 2, 3))
        X, N = _small_data(random, d)
        gauge = _gauge(X, N, random)
        frame = _frame(d, random, random.choice((0, 2, 12)))
        slack = random.choice((1e-6, 1e-2, 0.1)) if d < 3 else 0.1
        gamma = Fraction(max(gauge, 1e-3) * (1 + slack))
        arrays = np.array(X, dtype=float), np.array(N, dtype=float)
        found = search_tree(*arrays, float(gamma) ** 2, frame_of(frame), bits=8, max_nodes=150)
        if found.trees is not None:
            return on_the_verge(Case(X, N, gamma, frame, certificate_tree(found.trees)))


def on_the_verge(case: Case) -> Case:
    """Return a case that holds with a gamma as small as bisection finds one."""
    low, high = Fraction(0), case.gamma
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if replace(case, gamma=middle).holds() else (middle, high)
    return replace(case, gamma=high)


def _frame(d: int, random: Random, bits: int) -> IntegerRows:
    """Return a basis of determinant 1, whose entries may be a few times so long."""
    rows = [[int(i == j) for j in range(d)] for i in range(d)]
    for _ in range(d if bits else 0):
        k, l = random.randrange(d), random.randrange(d)
        if k != l:
            factor = random.randint(-(1 << bits), 1 << bits)
            rows[k] = [p + factor * q for p, q in zip(rows[k], rows[l], strict=True)]
    return tuple(map(tuple, rows))


def grown_case(random: Random) -> Case:
    """Return a tree on a frame of nearly opposite generators.

    Its leaves are those that hold and, where it has become deep enough, any. So few are without ground, and
    they lie where cuts have cancelled.
    """
    d = random.choice((2, 2, 3))
    X, N = _small_data(random, d)
    if random.random() < 0.3:
        X, N = _uneven(X, random), _uneven(N, random)
    gamma = Fraction(max(_gauge(X, N, random), 1e-3) * random.choice((0.5, 0.9, 0.999, 1.001, 1.1, 1.5)))
    large = 1 << random.choice((3, 20, 45, 52, 60, 300, 600))
    frame = _opposed_frame(d, large, random)
    case = Case(X, N, gamma, frame, ())
    certificate, problem = case.certificate()
    level = Level.of(certificate, problem)
    nodes: list[Node] = []
    pending = [(Cone.root(certificate, problem), random.choice((0, 1, 2, 3, 8 - d)))]
    while pending:
        cone, depth = pending.pop()
        node = _node_for(cone, level, depth, large, random)
        nodes.append(node)
        if isinstance(node, Sign | Split):
            first, second = children(node, cone, level)
            less = depth - isinstance(node, Split)
            pending += [(second, less), (first, less)]
    return replace(case, tree=tuple(nodes))


def _opposed_frame(d: int, large: int, random: Random) -> IntegerRows:
    """Return a basis whose first two generators nearly cancel; most have entries that floats round."""
    first, second = [large, 1], [-large, 1]
    if random.random() < 0.7:
        # Their sum has fewer bits than they by about as many as a float has, or by some of these.
        large, left = 1 << 100, random.choice((60, 65, 72, 80, 88, 95))
        first = [large + random.getrandbits(left), random.getrandbits(left)]
        second = [-large - random.getrandbits(left), random.getrandbits(left) + 1]
    if d == 2:
        return tuple(first), tuple(second)
    return (*first, 0), (*second, 0), (0, random.choice((0, -large, large)), 1)


def grown_verge(random: Random) -> Case:
    """Return a grown tree with cuts that holds, with the least gamma, to 2**-70, for which it does."""
    while True:
        case = grown_case(random)
        if any(isinstance(node, Split) for node in case.tree) and case.holds():
            return on_the_verge(case)


def _node_for(cone: Cone, level: Level, depth: int, large: int, random: Random) -> Node:
    """Return a leaf if one holds or the tree should not be deeper, else a node that cuts the cone."""
    unsigned = [k for k, known in enumerate(cone.signed) if not known]
    if unsigned:
        return Sign(unsigned[0])
    leaves = (EnvelopeLeaf(), TauLeaf(1, 1), TauLeaf(1, 100))
    for leaf in leaves:
        try:
            check_leaf(leaf, cone, level)
        except Rejection:
            continue
        return leaf
    if depth <= 0 or max(cone.lengths) > _LONGEST:
        return random.choice(leaves)
    k, l = random.sample(range(len(cone.lengths)), 2)
    if random.random() < 0.7:
        shift = cone.lengths[k] - cone.lengths[l]
        return Split(k, l, 1 << max(-shift, 0), 1 << max(shift, 0))
    return Split(k, l, *(random.choice((1, 1, 2, 3, large, large // 2, large - 1)) for _ in range(2)))


def disturbed(case: Case, random: Random) -> Case:
    """Move gamma by as little as counts or a lot, and some leaves to other rules."""
    step = Fraction(1, 1 << random.choice((1, 10, 20, 30, 40, 44, 46, 48, 50, 52, 54, 60, 69)))
    factor = random.choice((1 - step, 1 - step, 1 + step, 1 + step, Fraction(1), Fraction(5, 4)))
    if random.random() < 0.1:
        factor = Fraction(1, 1 << random.choice((4, 30, 600)))
    tree = case.tree
    if random.random() < 0.2:
        tau = random.choice((EnvelopeLeaf(), TauLeaf(1, 1), TauLeaf(1, 1 << 2000), TauLeaf(1, 50)))
        tree = tuple(tau if isinstance(n, AnyLeaf) and random.random() < 0.1 else n for n in tree)
    return replace(case, gamma=case.gamma * factor, tree=tree)


def scaled(case: Case, random: Random) -> Case:
    """Scale everything by exact factors that leave the premise what it is; add what counts for nothing."""
    X, N, gamma = case.X, case.N, case.gamma
    size = random.choice((0, 3, 100, 1000))
    powers = [random.randint(-size, size) for _ in X]
    X = [[entry * Fraction(2) ** p for entry in row] for row, p in zip(X, powers, strict=True)]
    N = [[entry / Fraction(2) ** p for entry in row] for row, p in zip(N, powers, strict=True)]
    on_x = Fraction(10) ** random.choice((0, 0, 1, -7, 300, -300))
    on_n = Fraction(2) ** random.choice((0, 0, 5, -40, 1000, -1070))
    X, N = [[e * on_x for e in row] for row in X], [[e * on_n for e in row] for row in N]
    gamma *= on_x * on_n
    if random.random() < 0.3:
        place, far = random.randint(0, len(X)), Fraction(2) ** random.choice((1020, -1074))
        zero_x, zero_n = [Fraction(0)] * len(X[0]), [Fraction(0)] * len(N[0])
        x, weight = random.choice(((zero_x, [far] * len(N[0])), ([far] * len(X[0]), zero_n)))
        X, N = [*X[:place], x, *X[place:]], [*N[:place], weight, *N[place:]]
    if random.random() < 0.3:
        N = [[*row, Fraction(0)] for row in N]
    factors = [random.choice((1, 1, 3, 1 << 70, 1 << 300)) for _ in case.frame]
    frame = tuple(tuple(f * e for e in w) for f, w in zip(factors, case.frame, strict=True))
    return Case(X, N, gamma, frame, rescaled_tree(case.tree, factors))


def rescaled_tree(tree: Sequence[Node], factors: Sequence[int]) -> tuple[Node, ...]:
    """Return the tree that makes the same cuts when the root's generators have been multiplied by factors."""
    nodes: list[Node] = []
    pending = [list(factors)]
    for node in tree:
        scales = pending.pop()
        match node:
            case Split(k, l, a, b):
                common = math.gcd(scales[k], scales[l])
                nodes.append(Split(k, l, a * scales[l] // common, b * scales[k] // common))
                new = scales[k] * scales[l] // common
                pending.append([new if q == l else scale for q, scale in enumerate(scales)])
                pending.append([new if q == k else scale for q, scale in enumerate(scales)])
            case Sign():
                nodes.append(node)
                pending += [scales, scales]
            case _:
                nodes.append(node)
    return tuple(nodes)

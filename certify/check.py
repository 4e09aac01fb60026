"""The independent checker: an exact verdict on a certificate, in integers only.

Weak duality (docs/method.md, section 2): if |N^T relu(Xu)| <= gamma |u| for every u in R^d, then no network
of any width has a loss below <N, Y> - 1/2 |N|_F^2. The certificate's tree proves the premise: its cones cover
R^d, and on each leaf the form gamma^2 |u|^2 - |N^T relu(Xu)|^2 is a sum of terms that are nonnegative there.

This module and what it imports use the standard library and python-flint, and share no code with the search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from flint import fmpz_mat

from certify.certificate import Certificate, EnvelopeLeaf, Leaf, Node, Sign, Split, TauLeaf
from certify.cone import Cone, dot
from certify.exact import is_nonnegative_on_orthant, is_psd
from certify.problem import TrainingProblem

Products = Sequence[tuple[int, int, int]]

# Larger ones serve nobody but who wants to exhaust the checker's memory: the cones that are still owed hold
# their generators and mixed rows, and a leaf is a dense matrix.
MAX_PENDING_VECTORS = 500_000
MAX_LEAF_ORDER = 5000
MAX_GENERATOR_BITS = 4096


class Obligation(Enum):
    """What a certificate owes; the value is what is said when it does not deliver."""

    PROBLEM = "the certificate is for another problem: its hash is not that of this data and gamma"
    STATEMENT = "the certificate states another gamma or loss than the problem's"
    DUAL_SHAPE = "the dual point has not one row per sample and one column per target"
    CLAIM = "the claimed bound is not <N,Y> - 1/2|N|^2"
    FRAME_SHAPE = "the root frame is not d generators of R^d with a d x d inverse and a positive scale"
    FRAME_INVERSE = "the root frame's inverse does not prove its generators to be a basis"
    SIGN_INDEX = "a sign node names no generator of unknown sign"
    SPLIT_INDEX = "a split node does not name two different generators"
    SPLIT_SIGNED = "a split node uses a coordinate whose sign is not known"
    SPLIT_POSITIVE = "a split node's new generator is not a positive combination"
    LEAF_SCALE = "a leaf's scale or unit is not positive"
    PRODUCT_INDEX = "a multiplier names quantities that do not exist or are not in order"
    PRODUCT_SIGN = "a multiplier of a product that may be positive is negative"
    LEAF_FORM = "a leaf's remaining form is not proved nonnegative"
    LEAF_SIGNED = "a tau or envelope leaf lies on a cone with a coordinate of unknown sign"
    TAU_POSITIVE = "a tau leaf's tau is not positive"
    COVER = "the tree's leaves do not cover the space: nodes are missing or left over"
    LIMITS = "the tree is deeper, a leaf has more mixed rows or a generator is longer than the format allows"


class Rejection(Exception):
    """A certificate fails to deliver one obligation."""

    def __init__(self, obligation: Obligation, node: int | None = None) -> None:
        self.obligation = obligation
        self.node = node
        place = "" if node is None else f" (node {node + 1} of the tree)"
        super().__init__(f"{obligation.value}{place}")


@dataclass(frozen=True)
class Verdict:
    """What the checker says of a certificate.

    Attributes:
        valid: whether the bound is proved.
        bound: the proved lower bound on the optimum for every width (a loss); None if nothing is proved.
        trust: how far the verdict can be trusted: "exact" is rational arithmetic only.
        reason: one sentence.
        obligation: what the certificate failed to deliver; None if it is valid.
        leaves: the number of leaves that were checked.
    """

    valid: bool
    bound: Fraction | None
    trust: str
    reason: str
    obligation: Obligation | None
    leaves: int


def check_certificate(
    certificate: Certificate,
    problem: TrainingProblem,
    on_progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Decide whether a certificate proves its bound for a problem.

    Args:
        certificate: as read from an untrusted file.
        problem: the problem that the user means, from the user's own data.
        on_progress: called with (nodes done, nodes in all) after each leaf.
    """
    try:
        _check_statement(certificate, problem)
        leaves = _check_tree(certificate, problem, on_progress)
    except Rejection as rejection:
        return Verdict(False, None, "exact", str(rejection), rejection.obligation, 0)
    reason = f"every obligation holds in exact arithmetic ({leaves} {'leaf' if leaves == 1 else 'leaves'})"
    return Verdict(True, certificate.bound, "exact", reason, None, leaves)


def _require(condition: bool, obligation: Obligation, node: int | None = None) -> None:
    if not condition:
        raise Rejection(obligation, node)


def _check_statement(certificate: Certificate, problem: TrainingProblem) -> None:
    """Check everything but the premise h(N) <= gamma."""
    _require(certificate.gamma == problem.gamma and certificate.loss == problem.loss, Obligation.STATEMENT)
    _require(certificate.problem_sha256 == problem.sha256(), Obligation.PROBLEM)
    dual_point = certificate.dual_point
    _require(
        len(dual_point) == problem.n and all(len(row) == problem.c for row in dual_point),
        Obligation.DUAL_SHAPE,
    )
    denominator = 1 << certificate.dual_exponent
    inner = sum(dot(row, y) for row, y in zip(dual_point, problem.targets, strict=True))
    square = sum(dot(row, row) for row in dual_point)
    value = Fraction(inner, denominator * problem.target_denominator) - Fraction(square, 2 * denominator**2)
    _require(certificate.bound == value, Obligation.CLAIM)
    _check_frame(certificate, problem.d)


def _check_frame(certificate: Certificate, d: int) -> None:
    frame = certificate.frame
    square = all(
        len(rows) == d and all(len(r) == d for r in rows) for rows in (frame.generators, frame.inverse)
    )
    _require(square and frame.scale > 0, Obligation.FRAME_SHAPE)
    for i, row in enumerate(frame.inverse):
        combination = [dot(row, column) for column in zip(*frame.generators, strict=True)]
        target = [frame.scale if j == i else 0 for j in range(d)]
        _require(combination == target, Obligation.FRAME_INVERSE)


@dataclass(frozen=True)
class _Level:
    """The integers lambda and mu with: lambda |u|^2 - mu |N'^T relu(X'u)|^2 >= 0 is the premise.

    N' and X' are the integer matrices of the certificate and the problem.
    """

    u: int
    alpha: int

    @classmethod
    def of(cls, certificate: Certificate, problem: TrainingProblem) -> _Level:
        gamma = problem.gamma
        scale = gamma.numerator * problem.input_denominator << certificate.dual_exponent
        return cls(scale**2, gamma.denominator**2)


def _check_tree(
    certificate: Certificate, problem: TrainingProblem, on_progress: Callable[[int, int], None] | None
) -> int:
    """Walk the tree in preorder with the cones still owed on a stack; return the number of leaves."""
    level = _Level.of(certificate, problem)
    pending = [Cone.root(certificate, problem)]
    vectors = pending[0].vectors
    leaves = 0
    for number, node in enumerate(certificate.tree):
        _require(bool(pending), Obligation.COVER, number)
        cone = pending.pop()
        vectors -= cone.vectors
        try:
            children = _check_node(node, cone, level)
        except Rejection as rejection:
            raise Rejection(rejection.obligation, number) from None
        pending.extend(reversed(children))
        vectors += sum(child.vectors for child in children)
        _require(vectors <= MAX_PENDING_VECTORS, Obligation.LIMITS, number)
        if not children:
            leaves += 1
            if on_progress is not None:
                on_progress(number + 1, len(certificate.tree))
    _require(not pending, Obligation.COVER)
    return leaves


def _check_node(node: Node, cone: Cone, level: _Level) -> tuple[Cone, ...]:
    """Check one node on its cone; return the cones of its children, which cover it."""
    match node:
        case Sign(k):
            _require(0 <= k < len(cone.generators) and not cone.signed[k], Obligation.SIGN_INDEX)
            return cone.with_sign(k, negative=False), cone.with_sign(k, negative=True)
        case Split():
            return _split(node, cone)
        case Leaf():
            _check_leaf(node, cone, level)
        case TauLeaf():
            _check_tau_leaf(node, cone, level)
        case EnvelopeLeaf():
            _check_envelope_leaf(cone, level)
    return ()


def _split(node: Split, cone: Cone) -> tuple[Cone, Cone]:
    d = len(cone.generators)
    _require(0 <= node.k < d and 0 <= node.l < d and node.k != node.l, Obligation.SPLIT_INDEX)
    _require(cone.signed[node.k] and cone.signed[node.l], Obligation.SPLIT_SIGNED)
    _require(node.a > 0 and node.b > 0, Obligation.SPLIT_POSITIVE)
    sum_ = [
        node.a * p + node.b * q for p, q in zip(cone.generators[node.k], cone.generators[node.l], strict=True)
    ]
    # A generator stands for its ray: only its shortest integer vector is kept.
    divisor = math.gcd(*sum_)
    generator = tuple(entry // divisor for entry in sum_)
    _require(max(map(abs, generator)).bit_length() <= MAX_GENERATOR_BITS, Obligation.LIMITS)
    return cone.with_generator(node.k, generator), cone.with_generator(node.l, generator)


def _check_leaf(leaf: Leaf, cone: Cone, level: _Level) -> None:
    """Prove S (lambda |u|^2 - mu |N^T relu(Xu)|^2) >= U * products >= 0 on the cone.

    The variables are z = (t, alpha_F), F the mixed rows, on which N^T relu(Xu) is linear.
    """
    d, mixed = len(cone.generators), cone.mixed
    _require(leaf.scale > 0 and leaf.unit > 0, Obligation.LEAF_SCALE)
    order = d + len(mixed)
    _require(order <= MAX_LEAF_ORDER, Obligation.LIMITS)
    quantities, complementary = _quantities(cone)
    gauge = [
        [dot(row, w) for w in cone.generators] + [r.weight[j] for r in mixed]
        for j, row in enumerate(cone.linear)
    ]
    form = _gram(gauge) * (-leaf.scale * level.alpha) + _gram_of_generators(cone, order) * (
        leaf.scale * level.u
    )
    products = _product_form(leaf.products, quantities, order, complementary)
    # Products of two linear forms have half-integers off the diagonal: everything is doubled.
    _require(is_psd(_integers(form * 2 - products * leaf.unit)), Obligation.LEAF_FORM)


def _check_tau_leaf(leaf: TauLeaf, cone: Cone, level: _Level) -> None:
    """Prove the premise on a simplicial cone by the tau rule (docs/method.md, section 3b).

    Each output j has |f_j(t) - (centre_j . t)| <= radius_j . t, so that its square is at most
    (1 + tau) (centre_j . t)^2 + (1 + 1/tau) (radius_j . t)^2.
    """
    _require(all(cone.signed), Obligation.LEAF_SIGNED)
    _require(leaf.a > 0 and leaf.b > 0, Obligation.TAU_POSITIVE)
    _require(leaf.unit > 0, Obligation.LEAF_SCALE)
    d = len(cone.generators)
    envelope = _envelope(cone)
    centres, radii = [e.centre for e in envelope], [e.radius for e in envelope]
    on_u, on_centre, on_radius = level.u, level.alpha, 0
    if any(map(any, radii)):
        total = leaf.a + leaf.b
        on_u, on_centre, on_radius = (
            level.u * leaf.a * leaf.b,
            level.alpha * leaf.a * total,
            level.alpha * leaf.b * total,
        )
    form = [
        [
            4 * on_u * dot(w, v)
            - on_centre * dot(centres[k], centres[l])
            - on_radius * dot(radii[k], radii[l])
            for l, v in enumerate(cone.generators)
        ]
        for k, w in enumerate(cone.generators)
    ]
    if leaf.products:
        identity = [[int(i == j) for j in range(d)] for i in range(d)]
        # The envelope is doubled, so the form is four times what it stands for; the products' is twice.
        products = _product_form(leaf.products, identity, d, complementary=0)
        form = _integers(fmpz_mat(form) - products * (2 * leaf.unit))
    _require(is_nonnegative_on_orthant(form), Obligation.LEAF_FORM)


def _check_envelope_leaf(cone: Cone, level: _Level) -> None:
    """Prove the premise on a simplicial cone by |f_j(t)| <= bound_j . t for each output j.

    As t >= 0, the larger one of |f_j| at each end of the interval bounds it, generator by generator.
    """
    _require(all(cone.signed), Obligation.LEAF_SIGNED)
    bounds = [
        [abs(centre) + radius for centre, radius in zip(e.centre, e.radius, strict=True)]
        for e in _envelope(cone)
    ]
    form = [
        [
            4 * level.u * dot(w, v) - level.alpha * dot(p, q)
            for v, q in zip(cone.generators, bounds, strict=True)
        ]
        for w, p in zip(cone.generators, bounds, strict=True)
    ]
    _require(is_nonnegative_on_orthant(form), Obligation.LEAF_FORM)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What bounds N^T relu(Xu) on a simplicial cone at one generator, all of it doubled.

    Attributes:
        centre: of length c.
        radius: of length c, nonnegative.
    """

    centre: list[int]
    radius: list[int]


def _envelope(cone: Cone) -> list[_Envelope]:
    """Enclose f(t) = N^T relu(Xu), u = sum_k t_k w_k, between linear functions of t >= 0, output by output.

    For a mixed row with values p, relu(p.t) lies between p.t and p^+ . t, and between 0 and p^+ . t. Either
    would be sound; the row's sign inside the cone tells which is narrower.
    """
    lengths = [max(map(abs, w)).bit_length() for w in cone.generators]
    shifts = [max(lengths) - length for length in lengths]
    inside = [
        sum(e << s for e, s in zip(column, shifts, strict=True))
        for column in zip(*cone.generators, strict=True)
    ]
    result = [
        _Envelope([2 * dot(row, w) for row in cone.linear], [0] * len(cone.linear)) for w in cone.generators
    ]
    for row in cone.mixed:
        rises = dot(row.x, inside) >= 0
        for value, envelope in zip(row.values, result, strict=True):
            # Twice the middle and the width of the interval at this generator.
            if value > 0:
                middle, width = (2 * value, 0) if rises else (value, value)
            else:
                middle, width = (value, -value) if rises else (0, 0)
            if middle:
                for j, weight in enumerate(row.weight):
                    envelope.centre[j] += weight * middle
                    envelope.radius[j] += abs(weight) * width
    return result


def _quantities(cone: Cone) -> tuple[list[list[int]], int]:
    """List the nonnegative quantities of a leaf as linear forms in z = (t, alpha_F).

    Returns:
        The signed t_k, then alpha_i, then beta_i = alpha_i - p_i . t of the mixed rows; and the
        number of mixed rows, so that the quantities -2m.., -m.. of one row are complementary.
    """
    d, m = len(cone.generators), len(cone.mixed)

    def unit(position: int) -> list[int]:
        return [int(j == position) for j in range(d + m)]

    signed = [unit(k) for k in range(d) if cone.signed[k]]
    alpha = [unit(d + i) for i in range(m)]
    beta = [[-value for value in row.values] + unit(d + i)[d:] for i, row in enumerate(cone.mixed)]
    return signed + alpha + beta, m


def _product_form(
    products: Products, quantities: list[list[int]], order: int, complementary: int
) -> fmpz_mat:
    """Return twice the form of a sum of multiplier * quantity_i * quantity_j, as a symmetric matrix.

    Multipliers must be nonnegative, except those of alpha_i beta_i, which is zero.
    """
    size = len(quantities)
    table = [[0] * size for _ in range(size)]
    for i, j, multiplier in products:
        _require(0 <= i <= j < size, Obligation.PRODUCT_INDEX)
        vanishes = complementary > 0 and i >= size - 2 * complementary and j == i + complementary
        _require(multiplier >= 0 or vanishes, Obligation.PRODUCT_SIGN)
        table[i][j] += multiplier
        table[j][i] += multiplier
    if not products:
        return fmpz_mat(order, order)
    forms = fmpz_mat(quantities)
    return forms.transpose() * fmpz_mat(table) * forms


def _gram(rows: list[list[int]]) -> fmpz_mat:
    matrix = fmpz_mat(rows)
    return matrix.transpose() * matrix


def _gram_of_generators(cone: Cone, order: int) -> fmpz_mat:
    """Return |u|^2 = |sum_k t_k w_k|^2 as a form of the given order in (t, ...)."""
    padding = [(0,) * len(cone.generators)] * (order - len(cone.generators))
    matrix = fmpz_mat([list(w) for w in (*cone.generators, *padding)])
    return matrix * matrix.transpose()


def _integers(matrix: fmpz_mat) -> list[list[int]]:
    return [[int(entry) for entry in row] for row in matrix.tolist()]

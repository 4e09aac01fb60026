"""How a leaf proves the premise of a bound on its cone: as a sum of terms that are nonnegative there.

One class for each rule, and all of them in the table `RULES`. Exact integers only. The rules are in
docs/certificate-format.md, why they hold in docs/method.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, repeat, starmap
from operator import add, mul

from flint import fmpz_mat

from certify.checker.certificate.node_lines import Products
from certify.checker.certificate.nodes import (
    AnyLeaf,
    EnvelopeLeaf,
    Leaf,
    Node,
    RowSign,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import Vector, square_of
from certify.checker.numbers.semidefinite import integer_rows, is_nonnegative_on_orthant, is_psd
from certify.checker.obligations import Obligation, require
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.cone import Enclosure, Row, TrainingCone
from certify.checker.tree.products import Quantity, product_form
from certify.checker.tree.rule import by_word, nodes_of, rule_of
from certify.checker.work import MAX_TRAINING_WORK, longest, words_of

MAX_LEAF_ORDER = 5000  # a leaf is a dense matrix


@dataclass(frozen=True)
class Level:
    """The integers lambda and mu with: lambda |u|^2 - mu |N'^T relu(X'u)|^2 >= 0 is the premise.

    N' and X' are the integer matrices of the certificate and the problem. Where the samples are in blocks, a
    block's premise has its form u^T G' u in the place of |u|^2 and its outputs in the place of N'
    (`certify.checker.training.blocks`); lambda and mu are the same for all of them.

    Attributes:
        u: lambda.
        alpha: mu.
    """

    u: int
    alpha: int

    @classmethod
    def of(cls, certificate: Certificate, problem: TrainingProblem) -> Level:
        """Return those of a certificate."""
        gamma, blocks = problem.gamma, certificate.blocks
        scale = gamma.numerator * problem.input_denominator << certificate.dual_exponent
        if blocks is None:
            return cls(scale**2, gamma.denominator**2)
        return cls((scale << blocks.frame_exponent) ** 2, gamma.denominator**2 << blocks.share_exponent)

    @property
    def max_work(self) -> int:
        """The most work that a tree may take."""
        return MAX_TRAINING_WORK

    def work(self, node: Node, cone: TrainingCone) -> int:
        """Return the work of a node on its cone (docs/certificate-format.md, "Work")."""
        if isinstance(node, AnyLeaf) and node.word in RULES:
            return RULES[node.word].work(node, cone, self)
        return work_of_enclosures(cone, self.bits(cone))

    def bits(self, cone: TrainingCone) -> int:
        """Return how long the integers of the form on a cone count as."""
        return self.u.bit_length() + self.alpha.bit_length() + 2 * (cone.entry_bits + max(cone.lengths))

    def check_leaf(self, leaf: AnyLeaf, cone: TrainingCone) -> None:
        """Check a leaf on its cone.

        Raises:
            Rejection: if it does not prove the premise there.
        """
        check_leaf(leaf, cone, self)


def work_of_enclosures(cone: TrainingCone, bits: int) -> int:
    """Return the work of a node that computes the outputs of a cone and a form of order d, no more."""
    d = len(cone.signed)
    return d * (d * d + _rows(cone) * cone.output_count) * words_of(bits)


def _rows(cone: TrainingCone) -> int:
    """Return the number of samples that are not settled by the generators: mixed, or known by their sign."""
    return cone.mixed_count + len(cone.forms)


def check_leaf(leaf: AnyLeaf, cone: TrainingCone, level: Level) -> None:
    """Check a leaf on its cone.

    Raises:
        Rejection: if it does not prove the premise there.
    """
    rule_of(leaf, RULES).check(leaf, cone, level)


class ProductsRule:
    """Multipliers for products of nonnegative quantities, those of the mixed rows among them."""

    leaf = Leaf

    def work(self, leaf: Leaf, cone: TrainingCone, level: Level) -> int:
        """Return the work of a form of order d and the mixed rows, and of the quantities known besides."""
        bits = level.bits(cone) + leaf.scale.bit_length() + leaf.unit.bit_length()
        bits += longest(multiplier for _, _, multiplier in leaf.products)
        return (len(cone.signed) + _rows(cone)) ** 3 * words_of(bits)

    def check(self, leaf: Leaf, cone: TrainingCone, level: Level) -> None:
        """Prove S (lambda |u|^2 - mu |N^T relu(Xu)|^2) >= U * products >= 0 on the cone.

        The variables are z = (t, alpha_F), F the mixed rows, on which N^T relu(Xu) is linear.
        """
        d, forms, mixed = len(cone.signed), cone.forms, cone.mixed
        require(leaf.scale > 0 and leaf.unit > 0, Obligation.LEAF_SCALE)
        require(d + _rows(cone) <= MAX_LEAF_ORDER, Obligation.LIMITS)
        mixed, products = _without_idle_rows(mixed, sum(cone.signed) + len(forms), leaf.products)
        order = d + len(mixed)
        quantities = _quantities(cone.signed, forms, mixed)
        gauge = [
            [*column, *(row.weight[j] for row in mixed)]
            for j, column in enumerate(zip(*cone.linear, strict=True))
        ]
        padding = [0] * len(mixed)
        square = [[*row, *padding] for row in square_of(cone.gram, d)] + [[0] * order for _ in mixed]
        form = _gram(gauge) * (-leaf.scale * level.alpha) + fmpz_mat(square) * (leaf.scale * level.u)
        form_of_products = product_form(products, quantities, order, complementary=len(mixed))
        # Products of two linear forms have half-integers off the diagonal: everything is doubled.
        require(is_psd(integer_rows(form * 2 - form_of_products * leaf.unit)), Obligation.LEAF_FORM)


class TauRule:
    """The (tau, q) rule of docs/method.md, section 3b, on a simplicial cone.

    Each output j has |f_j(t) - (centre_j . t)| <= radius_j . t, so that its square is at most
    (1 + tau) (centre_j . t)^2 + (1 + 1/tau) (radius_j . t)^2.
    """

    leaf = TauLeaf

    def work(self, leaf: TauLeaf, cone: TrainingCone, level: Level) -> int:
        """Return the work of the enclosures and a form of order d."""
        bits = level.bits(cone) + leaf.a.bit_length() + leaf.b.bit_length() + leaf.unit.bit_length()
        return work_of_enclosures(cone, bits + longest(multiplier for _, _, multiplier in leaf.products))

    def check(self, leaf: TauLeaf, cone: TrainingCone, level: Level) -> None:
        """Prove the premise."""
        require(all(cone.signed), Obligation.LEAF_SIGNED)
        require(leaf.a > 0 and leaf.b > 0, Obligation.TAU_POSITIVE)
        require(leaf.unit > 0, Obligation.LEAF_SCALE)
        d = len(cone.signed)
        centres, radii = centres_and_radii(cone.enclosures())
        on_u, on_centre, on_radius = level.u, level.alpha, 0
        if any(map(any, radii)):
            total = leaf.a + leaf.b
            on_u, on_centre, on_radius = (
                level.u * leaf.a * leaf.b,
                level.alpha * leaf.a * total,
                level.alpha * leaf.b * total,
            )
        upper = _form(4 * on_u, cone.gram, on_centre, centres)
        form = square_of(_form(1, upper, on_radius, radii), d)
        if leaf.products:
            # The envelope is doubled, so the form is four times what it stands for; the products' is twice.
            products = product_form(leaf.products, [Quantity(k) for k in range(d)], d, complementary=0)
            form = integer_rows(fmpz_mat(form) - products * (2 * leaf.unit))
        require(is_nonnegative_on_orthant(form), Obligation.LEAF_FORM)


class EnvelopeRule:
    """A linear bound on the size of each output, on a simplicial cone: |f_j(t)| <= bound_j . t.

    As t >= 0, the larger one of |f_j| at each end of the interval bounds it, generator by generator.
    """

    leaf = EnvelopeLeaf

    def work(self, leaf: EnvelopeLeaf, cone: TrainingCone, level: Level) -> int:
        """Return the work of the enclosures and a form of order d."""
        return work_of_enclosures(cone, level.bits(cone))

    def check(self, leaf: EnvelopeLeaf, cone: TrainingCone, level: Level) -> None:
        """Prove the premise."""
        require(all(cone.signed), Obligation.LEAF_SIGNED)
        bounds = [[max(f + y, x - f) for f, x, y in zip(*at, strict=True)] for at in cone.enclosures()]
        form = _form(level.u, cone.gram, level.alpha, bounds)
        # Most forms end here.
        proved = min(form) >= 0 or is_nonnegative_on_orthant(square_of(form, len(cone.signed)))
        require(proved, Obligation.LEAF_FORM)


RULES = by_word((ProductsRule(), TauRule(), EnvelopeRule()))
NODES = nodes_of((Sign, RowSign, Split), RULES)


def centres_and_radii(enclosures: list[Enclosure]) -> tuple[list[list[int]], list[list[int]]]:
    """Return the doubled middles and half-widths of the intervals, d times c."""
    centres = [[2 * f + y - x for f, x, y in zip(*at, strict=True)] for at in enclosures]
    return centres, [list(map(add, at.below, at.above)) for at in enclosures]


def _without_idle_rows(
    mixed: Sequence[Row], known: int, products: Products
) -> tuple[list[Row], list[tuple[int, int, int]]]:
    """Leave out the mixed rows that have neither weight nor multipliers; return the products renumbered.

    The form is zero in their alpha, so it is semidefinite with them if and only if it is without them. The
    first quantities, so many that are known, are of no mixed row.
    """
    m = len(mixed)
    require(all(0 <= i <= j < known + 2 * m for i, j, _ in products), Obligation.PRODUCT_INDEX)
    used = {(q - known) % m for i, j, _ in products for q in (i, j) if q >= known}
    kept = [r for r, row in enumerate(mixed) if r in used or any(row.weight)]
    place = {r: known + new for new, r in enumerate(kept)}

    def renumbered(q: int) -> int:
        if q < known:
            return q
        part, r = divmod(q - known, m)
        return place[r] + part * len(kept)

    return (
        [mixed[r] for r in kept],
        [(renumbered(i), renumbered(j), multiplier) for i, j, multiplier in products],
    )


def _form(on_u: int, gram: Sequence[int], on_square: int, rows: Sequence[Sequence[int]]) -> list[int]:
    """Return the upper triangle of on_u * gram - on_square * (the products of the rows with each other)."""
    squares: Iterable[int] = repeat(0)
    for column in zip(*rows, strict=True):
        squares = map(add, squares, starmap(mul, combinations_with_replacement(column, 2)))
    return [on_u * product - on_square * square for product, square in zip(gram, squares, strict=False)]


def _quantities(signed: Sequence[bool], forms: Sequence[Vector], mixed: Sequence[Row]) -> list[Quantity]:
    """List the nonnegative quantities of a leaf in the coordinates z = (t, alpha_F).

    They are the signed t_k, the forms of the cone, then alpha_i, then beta_i = alpha_i - p_i . t of the mixed
    rows.
    """
    d = len(signed)
    known = [Quantity(k) for k in range(d) if signed[k]] + [Quantity(None, form) for form in forms]
    alpha = [Quantity(d + i) for i in range(len(mixed))]
    beta = [Quantity(d + i, tuple([-value for value in row.values])) for i, row in enumerate(mixed)]
    return known + alpha + beta


def quantity_kinds(cone: TrainingCone) -> list[str]:
    """Name each quantity of a leaf on a cone, in the same order: "t", "|x.u|", "alpha" or "beta"."""
    mixed = len(cone.mixed)
    return ["t"] * sum(cone.signed) + ["|x.u|"] * len(cone.forms) + ["alpha"] * mixed + ["beta"] * mixed


def _gram(rows: list[list[int]]) -> fmpz_mat:
    matrix = fmpz_mat(rows)
    return matrix.transpose() * matrix

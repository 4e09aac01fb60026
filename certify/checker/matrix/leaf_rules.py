"""How a leaf of a copositivity tree proves that the form is nonnegative, or positive, on its cone.

One class for each rule, and all of them in the table `RULES`. The rules are in docs/certificate-format.md,
why they hold in docs/method.md, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import fmpz_mat

from certify.checker.certificate.nodes import AnyLeaf, EnvelopeLeaf, FacesLeaf, Leaf, Node, Part, Split
from certify.checker.matrix.cone import MatrixCone
from certify.checker.matrix.faces import check_faces, faces_work
from certify.checker.numbers.semidefinite import (
    integer_rows,
    is_nonnegative_on_orthant,
    is_positive_definite,
    is_psd,
)
from certify.checker.obligations import Obligation, require
from certify.checker.tree.products import Quantity, product_form
from certify.checker.tree.rule import by_word, nodes_of, rule_of
from certify.checker.work import MAX_MATRIX_WORK, longest, words_of


@dataclass(frozen=True)
class Copositivity:
    """The premise that the form t^T T t of a cone is nonnegative for t >= 0.

    Attributes:
        strict: whether it must be positive for t != 0.
    """

    strict: bool

    @property
    def max_work(self) -> int:
        """The most work that a tree may take."""
        return MAX_MATRIX_WORK

    def work(self, node: Node, cone: MatrixCone) -> int:
        """Return the work of a node on its cone (docs/certificate-format.md, "Work")."""
        if not isinstance(node, AnyLeaf):
            return len(cone.generators) ** 2
        rule = RULES.get(node.word, ENVELOPE)
        return rule.work(node, cone, self)

    def check_leaf(self, leaf: AnyLeaf, cone: MatrixCone) -> None:
        """Check a leaf on its cone.

        Raises:
            Rejection: if it does not prove the premise there.
        """
        rule_of(leaf, RULES).check(leaf, cone, self)


class ProductsRule:
    """Multipliers for products of two coordinates: what remains of the form is semidefinite, or definite."""

    leaf = Leaf

    def work(self, leaf: Leaf, cone: MatrixCone, premise: Copositivity) -> int:
        """Return the work of a form."""
        bits = longest(cone.gram) + leaf.scale.bit_length() + leaf.unit.bit_length()
        return _work_of_a_form(cone, bits + longest(multiplier for _, _, multiplier in leaf.products))

    def check(self, leaf: Leaf, cone: MatrixCone, premise: Copositivity) -> None:
        """Prove S t^T T t >= U * products >= 0."""
        require(leaf.scale > 0 and leaf.unit > 0, Obligation.LEAF_SCALE)
        m = len(cone.generators)
        # Products of two coordinates have half-integers off the diagonal: everything is doubled.
        products = product_form(leaf.products, [Quantity(k) for k in range(m)], m, complementary=0)
        form = integer_rows(fmpz_mat(cone.form) * (2 * leaf.scale) - products * leaf.unit)
        require(is_positive_definite(form) if premise.strict else is_psd(form), Obligation.LEAF_FORM)


class EnvelopeRule:
    """The form itself is the sum of a semidefinite one and one without negative entries."""

    leaf = EnvelopeLeaf

    def work(self, leaf: AnyLeaf, cone: MatrixCone, premise: Copositivity) -> int:
        """Return the work of a form."""
        return _work_of_a_form(cone, longest(cone.gram))

    def check(self, leaf: AnyLeaf, cone: MatrixCone, premise: Copositivity) -> None:
        """Prove the premise."""
        require(is_nonnegative_on_orthant(cone.form, strict=premise.strict), Obligation.LEAF_FORM)


class FacesRule:
    """One principal submatrix after another is copositive, the whole form last."""

    leaf = FacesLeaf

    def work(self, leaf: FacesLeaf, cone: MatrixCone, premise: Copositivity) -> int:
        """Return the work of all rows."""
        bits = longest(cone.gram)
        return sum(faces_work(row, bits) for row in leaf.rows)

    def check(self, leaf: FacesLeaf, cone: MatrixCone, premise: Copositivity) -> None:
        """Prove the premise."""
        check_faces(leaf, cone.form, strict=premise.strict)


ENVELOPE = EnvelopeRule()
RULES = by_word((ProductsRule(), ENVELOPE, FacesRule()))
NODES = nodes_of((Split, Part), RULES)


def _work_of_a_form(cone: MatrixCone, bits: int) -> int:
    return len(cone.generators) ** 3 * words_of(bits)

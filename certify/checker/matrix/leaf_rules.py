"""The leaf rules of copositivity trees: on a leaf's cone the form of the matrix is nonnegative, or positive.

Exact integers only. The rules are in docs/certificate-format.md, why they hold in docs/method.md, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import fmpz_mat

from certify.checker.certificate.nodes import (
    AnyLeaf,
    EnvelopeLeaf,
    FacesLeaf,
    Leaf,
    Node,
)
from certify.checker.matrix.cone import MatrixCone
from certify.checker.matrix.faces import check_faces, faces_work
from certify.checker.numbers.semidefinite import (
    integer_rows,
    is_nonnegative_on_orthant,
    is_positive_definite,
    is_psd,
)
from certify.checker.obligations import Obligation, Rejection, require
from certify.checker.tree.products import product_form
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
        m = len(cone.generators)
        if not isinstance(node, AnyLeaf):
            return m * m
        bits = longest(cone.gram)
        match node:
            case FacesLeaf(rows):
                return sum(faces_work(row, bits) for row in rows)
            case Leaf(scale, unit, products):
                bits += scale.bit_length() + unit.bit_length()
                bits += longest(multiplier for _, _, multiplier in products)
        return m**3 * words_of(bits)

    def check_leaf(self, leaf: AnyLeaf, cone: MatrixCone) -> None:
        """Check a leaf on its cone.

        Raises:
            Rejection: if it does not prove the premise there.
        """
        match leaf:
            case EnvelopeLeaf():
                require(is_nonnegative_on_orthant(cone.form, strict=self.strict), Obligation.LEAF_FORM)
            case FacesLeaf():
                check_faces(leaf, cone.form, strict=self.strict)
            case Leaf():
                self._check_products(leaf, cone)
            case _:
                raise Rejection(Obligation.NODE_KIND)

    def _check_products(self, leaf: Leaf, cone: MatrixCone) -> None:
        """Prove S t^T T t >= U * products >= 0 by what remains being semidefinite, or definite."""
        require(leaf.scale > 0 and leaf.unit > 0, Obligation.LEAF_SCALE)
        m = len(cone.generators)
        identity = [[int(k == l) for l in range(m)] for k in range(m)]
        # Products of two coordinates have half-integers off the diagonal: everything is doubled.
        products = product_form(leaf.products, identity, m, complementary=0)
        form = integer_rows(fmpz_mat(cone.form) * (2 * leaf.scale) - products * leaf.unit)
        require(is_positive_definite(form) if self.strict else is_psd(form), Obligation.LEAF_FORM)

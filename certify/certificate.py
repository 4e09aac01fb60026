"""What a certificate consists of: the nodes of the proof tree, the root frame, the claim.

The file they are written to is the business of `certify.certificate_file`; whether they prove anything is
for `certify.check` to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from certify.preprocessing import Preprocessing
from certify.problem import IntegerRows

COPOSITIVE = "copositive"
STRICTLY_COPOSITIVE = "strictly_copositive"
NOT_COPOSITIVE = "not_copositive"
NOT_STRICTLY_COPOSITIVE = "not_strictly_copositive"
COPOSITIVITY = (COPOSITIVE, STRICTLY_COPOSITIVE, NOT_COPOSITIVE, NOT_STRICTLY_COPOSITIVE)


@dataclass(frozen=True, slots=True)
class Sign:
    """Split the space of a free coordinate: t_k >= 0, then t_k <= 0 with generator k reversed."""

    k: int


@dataclass(frozen=True, slots=True)
class Split:
    """Cut the cone at w = a w_k + b w_l: w replaces w_k in the first child, w_l in the second."""

    k: int
    l: int
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf closed by `scale` * form - `unit` * sum of multiplier * product being semidefinite.

    Attributes:
        scale: S > 0.
        unit: U > 0.
        products: (i, j, multiplier), i <= j indices into the leaf's nonnegative quantities: the signed
            t_k, then the alpha_i, then the beta_i of the mixed rows; of a matrix the t_k alone.
    """

    scale: int
    unit: int
    products: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TauLeaf:
    """A leaf closed by the (tau, q) rule with tau = a/b, less `unit` * multipliers of products of the t_k.

    Attributes:
        a: positive.
        b: positive.
        unit: U > 0.
        products: (k, l, multiplier), k <= l.
    """

    a: int
    b: int
    unit: int = 1
    products: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class EnvelopeLeaf:
    """A leaf closed by a linear bound on the size of each output; it needs no parameters."""


@dataclass(frozen=True, slots=True)
class FacesLeaf:
    """A leaf of a copositivity tree that proves one principal submatrix after another, the whole last.

    Attributes:
        rows: (k, x, p) for each index k of the row's set, ascending. The signs of x and p say by which step
            the submatrix is copositive; positive p are numbers of earlier rows, counted from 1.
    """

    rows: tuple[tuple[tuple[int, int, int], ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Part a cone of a copositivity tree into two faces whose generators have nonnegative products.

    Attributes:
        members: ascending indices of the generators of the first child; the second has the others.
    """

    members: tuple[int, ...]


AnyLeaf = Leaf | TauLeaf | EnvelopeLeaf | FacesLeaf
Node = Sign | Split | Part | AnyLeaf


@dataclass(frozen=True)
class Frame:
    """The root frame u = sum_k t_k w_k, with the proof that it is a basis.

    Attributes:
        generators: w_1, ..., w_d, integer vectors of R^d.
        inverse: d rows with sum_k inverse[i][k] w_k = scale e_i.
        scale: positive.
    """

    generators: IntegerRows
    inverse: IntegerRows
    scale: int

    @classmethod
    def identity(cls, d: int) -> Frame:
        """Return the coordinate frame of R^d."""
        unit = tuple(tuple(int(i == j) for j in range(d)) for i in range(d))
        return cls(unit, unit, 1)


@dataclass(frozen=True)
class Certificate:
    """A claimed lower bound on the optimum of one training problem, for every width, with its proof.

    Attributes:
        problem_sha256: hash of the exact problem.
        gamma: the weight decay of the problem.
        loss: its loss.
        output_bias: whether its networks have one: "none", "free" or "decayed".
        preprocessing: how the problem is made from a data file; None for a problem given as arrays.
        bound: the claimed lower bound, `dual_bound` of the dual point (a loss).
        dual_point: N as n rows of c integers over 2**dual_exponent, scaled so that h(N) <= gamma.
        dual_exponent: at least zero.
        frame: the root of the tree.
        tree: the proof that h(N) <= gamma, its nodes in preorder.
        method: how the bound was found; says nothing about its truth.
    """

    problem_sha256: str
    gamma: Fraction
    loss: str
    output_bias: str
    preprocessing: Preprocessing | None
    bound: Fraction
    dual_point: IntegerRows
    dual_exponent: int
    frame: Frame
    tree: tuple[Node, ...]
    method: str

    @property
    def leaves(self) -> int:
        """The number of leaves of the tree."""
        return sum(isinstance(node, AnyLeaf) for node in self.tree)


@dataclass(frozen=True)
class CopositivityCertificate:
    """A claim about the sign of z^T M z over all z >= 0, z != 0, for one symmetric matrix M, with its proof.

    Attributes:
        statement: one of `COPOSITIVITY`: z^T M z is never negative; is always positive; is negative for the
            witness; is not positive for the witness.
        matrix_sha256: hash of the exact matrix.
        tree: the proof of either of the first two, its nodes in preorder; () for the others.
        witness: z >= 0 as integers for the last two; () for the others.
        method: how the answer was found; says nothing about its truth.
    """

    statement: str
    matrix_sha256: str
    tree: tuple[Node, ...]
    witness: tuple[int, ...]
    method: str

    @property
    def strict(self) -> bool:
        """Whether the question was that of strict copositivity."""
        return self.statement in (STRICTLY_COPOSITIVE, NOT_STRICTLY_COPOSITIVE)

    @property
    def leaves(self) -> int:
        """The number of leaves of the tree."""
        return sum(isinstance(node, AnyLeaf) for node in self.tree)

"""The nodes of a proof tree: those that divide a cone, and the leaves that close one."""

from __future__ import annotations

from dataclasses import dataclass


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

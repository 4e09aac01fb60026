"""The nodes of a proof tree, each with its lines in a certificate file.

A tree begins with the cone of the whole space, or of the orthant. An inner node divides the cone that it is
reached with into two; a leaf closes its cone by a rule. The records here know how they are written and read;
what they do to a cone is the business of `certify.checker.tree.walk`, and what a leaf proves that of the
statement whose tree it stands in. The format is described for strangers in docs/certificate-format.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from certify.checker.certificate.node_lines import NodeLines, Products
from certify.checker.certificate.tokens import digits


class Node:
    """A node.

    Attributes:
        word: what its first line begins with.
    """

    __slots__ = ()
    word: ClassVar[str]

    def lines(self) -> Iterator[str]:
        """Yield the node's lines, without their newlines."""
        raise NotImplementedError

    @classmethod
    def read(cls, numbers: Sequence[int], below: NodeLines) -> Self | None:
        """Read a node.

        Args:
            numbers: the integers after the word on its first line.
            below: the lines after that, of which the node takes its own.

        Returns:
            The node; None if it does not have so many integers, or not such ones.

        Raises:
            CertificateError: if its other lines are malformed.
        """
        raise NotImplementedError


class AnyLeaf(Node):
    """A node that closes its cone."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sign(Node):
    """Split the space of a free coordinate: t_k >= 0, then t_k <= 0 with generator k reversed."""

    word: ClassVar[str] = "sign"
    k: int

    def lines(self) -> Iterator[str]:
        """Yield the one line."""
        yield f"sign {self.k}"

    @classmethod
    def read(cls, numbers: Sequence[int], below: NodeLines) -> Self | None:
        """Read the index."""
        return cls(*numbers) if len(numbers) == 1 else None


@dataclass(frozen=True, slots=True)
class RowSign(Node):
    """Divide a cone by the sign of a mixed sample: x.u >= 0 in the first child, x.u <= 0 in the second.

    Attributes:
        number: of the sample x, counted from 0 among those of the tree.
    """

    word: ClassVar[str] = "row"
    number: int

    def lines(self) -> Iterator[str]:
        """Yield the one line."""
        yield f"row {self.number}"

    @classmethod
    def read(cls, numbers: Sequence[int], below: NodeLines) -> Self | None:
        """Read the sample's number."""
        return cls(*numbers) if len(numbers) == 1 else None


@dataclass(frozen=True, slots=True)
class Split(Node):
    """Cut the cone at w = a w_k + b w_l: w replaces w_k in the first child, w_l in the second."""

    word: ClassVar[str] = "split"
    k: int
    l: int
    a: int
    b: int

    def lines(self) -> Iterator[str]:
        """Yield the one line."""
        yield f"split {self.k} {self.l} {digits(self.a)} {digits(self.b)}"

    @classmethod
    def read(cls, numbers: Sequence[int], below: NodeLines) -> Self | None:
        """Read two indices and two weights."""
        return cls(*numbers) if len(numbers) == 4 else None


@dataclass(frozen=True, slots=True)
class Part(Node):
    """Part a cone of a copositivity tree into two faces whose generators have nonnegative products.

    Attributes:
        members: ascending indices of the generators of the first child; the second has the others.
    """

    word: ClassVar[str] = "part"
    members: tuple[int, ...]

    def lines(self) -> Iterator[str]:
        """Yield the one line."""
        yield " ".join(["part", *map(str, self.members)])

    @classmethod
    def read(cls, numbers: Sequence[int], below: NodeLines) -> Self | None:
        """Read the members."""
        below.spend(len(numbers))
        return cls(tuple(numbers)) if numbers else None


@dataclass(frozen=True, slots=True)
class Leaf(AnyLeaf):
    """A leaf closed by `scale` * form - `unit` * sum of multiplier * product being semidefinite.

    Attributes:
        scale: S > 0.
        unit: U > 0.
        products: (i, j, multiplier), i <= j indices into the leaf's nonnegative quantities: the signed
            t_k, then the |x_i.u| of the row nodes above, then the alpha_i, then the beta_i of the mixed rows;
            of a matrix the t_k alone.
    """

    word: ClassVar[str] = "leaf"
    scale: int
    unit: int
    products: Products = ()

    def lines(self) -> Iterator[str]:
        """Yield the numbers, then a line for each first index of the products."""
        return _with_products(f"leaf {digits(self.scale)} {digits(self.unit)}", self.products)

    @classmethod
    def read(cls, numbers: Sequence[int], below: NodeLines) -> Self | None:
        """Read the numbers and the products."""
        match numbers:
            case [scale, unit, rows] if rows >= 0:
                return cls(scale, unit, below.products(rows))
        return None


@dataclass(frozen=True, slots=True)
class TauLeaf(AnyLeaf):
    """A leaf closed by the (tau, q) rule with tau = a/b, less `unit` * multipliers of products of the t_k.

    Attributes:
        a: positive.
        b: positive.
        unit: U > 0.
        products: (k, l, multiplier), k <= l.
    """

    word: ClassVar[str] = "tau"
    a: int
    b: int
    unit: int = 1
    products: Products = ()

    def lines(self) -> Iterator[str]:
        """Yield the numbers, then a line for each first index of the products."""
        return _with_products(f"tau {digits(self.a)} {digits(self.b)} {digits(self.unit)}", self.products)

    @classmethod
    def read(cls, numbers: Sequence[int], below: NodeLines) -> Self | None:
        """Read the numbers and the products."""
        match numbers:
            case [a, b, unit, rows] if rows >= 0:
                return cls(a, b, unit, below.products(rows))
        return None


@dataclass(frozen=True, slots=True)
class EnvelopeLeaf(AnyLeaf):
    """A leaf closed by a linear bound on the size of each output; it needs no parameters."""

    word: ClassVar[str] = "envelope"

    def lines(self) -> Iterator[str]:
        """Yield the word."""
        yield "envelope"

    @classmethod
    def read(cls, numbers: Sequence[int], below: NodeLines) -> Self | None:
        """Read nothing."""
        return None if numbers else cls()


@dataclass(frozen=True, slots=True)
class FacesLeaf(AnyLeaf):
    """A leaf of a copositivity tree that proves one principal submatrix after another, the whole last.

    Attributes:
        rows: (k, x, p) for each index k of the row's set, ascending. The signs of x and p say by which step
            the submatrix is copositive; positive p are numbers of earlier rows, counted from 1.
    """

    word: ClassVar[str] = "faces"
    rows: tuple[tuple[tuple[int, int, int], ...], ...]

    def lines(self) -> Iterator[str]:
        """Yield the number of rows, then each of them."""
        yield f"faces {len(self.rows)}"
        for row in self.rows:
            yield " ".join(f"{k} {digits(x)} {p}" for k, x, p in row)

    @classmethod
    def read(cls, numbers: Sequence[int], below: NodeLines) -> Self | None:
        """Read the rows."""
        match numbers:
            case [rows] if rows > 0:
                return cls(tuple(below.triples() for _ in range(rows)))
        return None


def _with_products(head: str, products: Iterable[tuple[int, int, int]]) -> Iterator[str]:
    rows: dict[int, list[str]] = {}
    for i, j, multiplier in products:
        rows.setdefault(i, []).append(f"{j} {digits(multiplier)}")
    yield f"{head} {len(rows)}"
    for i, entries in rows.items():
        yield f"{i} {' '.join(entries)}"

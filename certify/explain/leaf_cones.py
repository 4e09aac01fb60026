"""A walk through valid proof trees that yields each leaf with its cone and the signs known there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from certify.checker.certificate.nodes import (
    AnyLeaf,
    Part,
    RowSign,
    Sign,
    Split,
)
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import IntegerRows
from certify.checker.obligations import Obligation, Rejection


@dataclass(frozen=True, slots=True)
class LeafCone:
    """A leaf and the cone {sum_k t_k w_k : t_k >= 0 where the sign is known} that it closes.

    Attributes:
        node: its number in the tree, counted from 0.
        leaf: what closes it.
        depth: the number of nodes above it.
        signs: for each coordinate of the root frame 1, -1, or 0 where its sign is unknown.
        generators: d integer vectors, reversed where the sign is negative.
        sides: the rows of the data by whose sign the cone was cut, from the root on, each with the sign that
            it has there; what is left is a part of {sum_k t_k w_k : t_k >= 0 where the sign is known}.
        block: the number of its tree, where there are several: that of its block of samples, or of its kink.
    """

    node: int
    leaf: AnyLeaf
    depth: int
    signs: tuple[int, ...]
    generators: IntegerRows
    sides: tuple[tuple[int, int], ...]
    block: int


_Place = tuple[IntegerRows, tuple[int, ...], tuple[tuple[int, int], ...], int]


def leaf_cones(certificate: Certificate) -> Iterator[LeafCone]:
    """Yield the leaves in preorder; those of one block after those of another."""
    generators = certificate.frame.generators
    root: _Place = generators, (0,) * len(generators), (), 0
    pending, block = [root], 0
    for number, node in enumerate(certificate.tree):
        if not pending:
            pending, block = [root], block + 1
        w, signs, sides, depth = pending.pop()
        match node:
            case Sign(k):
                flipped = (*w[:k], tuple([-e for e in w[k]]), *w[k + 1 :])
                for v, sign in ((flipped, -1), (w, 1)):
                    pending.append((v, (*signs[:k], sign, *signs[k + 1 :]), sides, depth + 1))
            case RowSign(row):
                if certificate.blocks is not None:
                    row = certificate.blocks.parts[block].rows[row]
                pending += [(w, signs, (*sides, (row, sign)), depth + 1) for sign in (-1, 1)]
            case Split(k, l, a, b):
                new = tuple([a * p + b * q for p, q in zip(w[k], w[l], strict=True)])
                pending.append(((*w[:l], new, *w[l + 1 :]), signs, sides, depth + 1))
                pending.append(((*w[:k], new, *w[k + 1 :]), signs, sides, depth + 1))
            case Part():
                raise Rejection(Obligation.NODE_KIND, number)
            case AnyLeaf():
                yield LeafCone(number, node, depth, signs, w, sides, block)

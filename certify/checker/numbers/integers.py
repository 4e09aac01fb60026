"""Vectors and matrices of integers, and rational ones over a common denominator."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from operator import mul
from typing import TypeVar

from certify.checker.numbers.repeated import each_once, mapped

_T = TypeVar("_T")


def length_of(vector: Vector) -> int:
    """Return the length of the largest entry in size, in bits."""
    return max(max(vector), -min(vector)).bit_length()


# Parts of a tree may have all orders up to the largest, whose tables together would take gigabytes.
@lru_cache(maxsize=16)
def triangle(d: int) -> tuple[tuple[int, ...], ...]:
    """Return for each k, l the place of entry (k, l) of a symmetric matrix in its upper triangle, by rows."""

    def place(k: int, l: int) -> int:
        return k * d - k * (k + 1) // 2 + l

    return tuple(tuple(place(min(k, l), max(k, l)) for l in range(d)) for k in range(d))


def square_of(upper: Sequence[int], d: int) -> list[list[int]]:
    """Return the symmetric matrix of order d with this upper triangle, row by row."""
    return [[upper[place] for place in row] for row in triangle(d)]


def divided_gram(gram: Sequence[int], d: int, k: int, l: int, a: int, b: int) -> tuple[list[int], list[int]]:
    """Return the products of d generators after w = a w_k + b w_l took the place of w_k, then of w_l.

    The products are those of any symmetric bilinear form, as an upper triangle by rows.
    """
    at_k, at_l = triangle(d)[k], triangle(d)[l]
    products = [a * gram[i] + b * gram[j] for i, j in zip(at_k, at_l, strict=True)]
    first, second = with_entries(gram, at_k, products), with_entries(gram, at_l, products)
    first[at_k[k]] = second[at_l[l]] = a * products[k] + b * products[l]
    return first, second


def dot(p: Sequence[int], q: Sequence[int]) -> int:
    """Return the inner product of two integer vectors, which must have the same length."""
    return sum(map(mul, p, q))


def replaced(items: tuple[_T, ...], k: int, item: _T) -> tuple[_T, ...]:
    """Return the items with another one in the place of item k."""
    return (*items[:k], item, *items[k + 1 :])


def with_entries(items: Sequence[int], places: Sequence[int], new: Sequence[int]) -> list[int]:
    """Return the items with new ones at some places."""
    changed = list(items)
    for place, item in zip(places, new, strict=True):
        changed[place] = item
    return changed


IntegerMatrix = Sequence[Sequence[int]]


Rational = int | Fraction


IntegerRows = tuple[tuple[int, ...], ...]


def over_common_denominator(rows: Iterable[Sequence[Rational]]) -> tuple[IntegerRows, int]:
    """Rewrite a rational matrix as integers over its least common denominator."""
    table = tuple(map(tuple, rows))
    # Not by the entry's own arithmetic: an integer of numpy would overflow.
    denominator = math.lcm(1, *{int(Fraction(entry).denominator) for entry in each_once(table)})

    def scaled(entry: Rational) -> int:
        numerator, own = Fraction(entry).as_integer_ratio()
        return int(numerator) * (denominator // int(own))

    return mapped(table, scaled), denominator


Vector = tuple[int, ...]

"""What a walk is given: the scaled data and the tree, as arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from certify.runtime.compiled import compiled_entry

SIGN, SPLIT, LEAF, OTHER = 0, 1, 2, 3
# What the derivations ask for: with rows, dual point and generators of size 1 nothing that counts can
# overflow, and what underflows is small against the rounding that is accounted for.
LEAST_LEVEL, LARGEST_LEVEL = 2.0**-200, 2.0**200

Table = NDArray[np.float64]
Indices = NDArray[np.int64]


class Scaled(NamedTuple):
    """The data in units of powers of two in which their sizes are about 1.

    Attributes:
        X: inputs, n x d, each entry the nearest float of an exact one, the largest of each row in [1/2, 1].
        N: dual point, n x c, likewise, the largest of all in [1/2, 1].
        generators: of the root frame as rows, like X, in units of 2**exponents.
        exponents: of length d.
        level: a lower bound on the level, from LEAST_LEVEL to LARGEST_LEVEL.
        longest: the bits that a new generator may have, as an integer vector.
    """

    X: Table
    N: Table
    generators: Table
    exponents: Indices
    level: float
    longest: int


class Tree(NamedTuple):
    """The nodes of a tree in preorder, as tables.

    Attributes:
        kinds: SIGN, SPLIT, LEAF (an envelope or tau leaf) or OTHER.
        ks: of a sign or split, the first generator.
        ls: of a split, the second one.
        factors: of a split, a and b as floats in [1/2, 1], nodes x 2, in units of 2**powers; 0 for none.
        powers: nodes x 2.
        taus: of a leaf, a tau to try; 0 for none.
    """

    kinds: NDArray[np.int8]
    ks: Indices
    ls: Indices
    factors: Table
    powers: Indices
    taus: Table


@compiled_entry(__package__)
def tree_depth(kinds: Any) -> int:
    """Return the depth of a tree in preorder, at least 1; 0 where nodes are missing or left over."""
    left = np.empty(len(kinds) + 1, np.int64)
    depth, deepest = 0, 1
    for number in range(len(kinds)):
        if number > 0 and depth == 0:
            return 0
        if kinds[number] == SIGN or kinds[number] == SPLIT:
            left[depth] = 2
            depth += 1
            deepest = max(deepest, depth + 1)
        else:
            while depth > 0:
                left[depth - 1] -= 1
                if left[depth - 1] > 0:
                    break
                depth -= 1
    return deepest if depth == 0 and len(kinds) > 0 else 0

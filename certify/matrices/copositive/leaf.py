"""Proofs for one cone of a copositivity tree: multipliers found in floats, accepted by the exact rule.

A cone goes in; a leaf that the checker's rule accepts comes out, or none (docs/method.md, section 7).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from certify.checker.certificate.nodes import AnyLeaf, EnvelopeLeaf, Leaf
from certify.checker.matrix.cone import MatrixCone
from certify.checker.matrix.leaf_rules import Copositivity
from certify.checker.numbers.integers import IntegerMatrix
from certify.checker.obligations import Rejection
from formulations.arrays import Matrix
from formulations.copositive.semidefinite_plus_nonnegative import nonnegative_part, positive_shares

_MAX_SEMIDEFINITE_ORDER = 64  # beyond it the solver takes minutes

_LEAST_MARGIN = 1e-7  # of the least eigenvalue, with all entries of the order of 1: the solver's accuracy
_MAX_LEVEL_ORDER = 40  # beyond it a bound that is only told takes many seconds
_LEVEL_MARGINS = (1e-5, 1e-3, 1e-1)
_SHARE_DENOMINATORS = (30, 1000)
_VAST_BITS = 100  # of an entry; only positive ones are so far above the diagonal
_ROUNDING = 1e-12  # of floating point in an eigenvalue, for each row


def unit_form(form: IntegerMatrix) -> tuple[Matrix, list[int]]:
    """Return a form in floating point, its diagonal scaled by powers of four to about 1.

    Args:
        form: T, symmetric.

    Returns:
        2^(-e_k - e_l) T_kl, and the e_k.
    """
    exponents = [(row[k].bit_length() + 1) // 2 for k, row in enumerate(form)]
    return np.array(
        [
            [scaled(entry, e + f) for entry, f in zip(row, exponents, strict=True)]
            for row, e in zip(form, exponents, strict=True)
        ]
    ), exponents


def cheap_leaf(cone: MatrixCone, form: Matrix, premise: Copositivity) -> AnyLeaf | None:
    """Return an envelope leaf, or a leaf without multipliers, that the exact rule accepts; or None.

    Args:
        cone: its place.
        form: of the cone, in floating point.
        premise: what it must prove.
    """
    return _accepted(EnvelopeLeaf(), cone, premise) if hopeful(form) else None


def hopeful(form: Matrix) -> bool:
    """Say whether a form may pass what an envelope demands.

    Args:
        form: in floating point, its entries of the order of 1 but for positive ones off the diagonal.
    """
    lower = np.minimum(form, 0.0) + np.diag(np.maximum(np.diag(form), 0.0))
    return bool(form.min() >= 0) or any(
        np.linalg.eigvalsh(candidate)[0] > -_ROUNDING * len(form)
        for candidate in (form, lower, (form + lower) / 2)
    )


def share_leaf(cone: MatrixCone, form: Matrix, premise: Copositivity) -> AnyLeaf | None:
    """Return a leaf whose multipliers are shares of the positive entries, if the exact rule accepts it.

    On the boundary of copositivity the shares must be exact: they are guessed to be simple fractions.
    """
    classes, shares, margin = positive_shares(form, -_LEAST_MARGIN)
    if margin < -_LEAST_MARGIN:
        return None
    for largest in _SHARE_DENOMINATORS:
        simple = [Fraction(share).limit_denominator(largest) for share in shares]
        denominator = math.lcm(*(share.denominator for share in simple))
        weights = [2 * int(share * denominator) for share in simple]
        products = tuple(
            (k, l, weights[c] * row[l])
            for k, (row, kinds) in enumerate(zip(cone.form, classes.tolist(), strict=True))
            for l, c in enumerate(kinds)
            if l > k and c >= 0 and weights[c]
        )
        leaf = _accepted(Leaf(denominator, 1, products), cone, premise)
        if leaf is not None:
            return leaf
    return None


def semidefinite_leaf(
    cone: MatrixCone, form: Matrix, exponents: list[int], premise: Copositivity, time_limit: float = math.inf
) -> AnyLeaf | None:
    """Return a leaf with multipliers that the exact rule accepts; None where none was found.

    Args:
        cone: its place.
        form: of the cone, in floating point.
        exponents: of the units of that.
        premise: what it must prove.
        time_limit: of the solver, in seconds.
    """
    found = nonnegative_part(form, time_limit=time_limit) if len(form) <= _MAX_SEMIDEFINITE_ORDER else None
    if found is None or found[1] < _LEAST_MARGIN:
        return None
    nonnegative, margin = found
    # Rounding each entry by half a unit moves an eigenvalue by at most half the order of it.
    bits = int(np.ceil(np.log2(2 * len(form) / margin)))
    products = []
    for k, l in zip(*np.triu_indices(len(form), 1), strict=True):
        # The product t_k t_l stands twice in the symmetric matrix.
        multiplier = round(2 * float(nonnegative[k, l]) * 2.0**bits)
        if multiplier:
            products.append((int(k), int(l), multiplier << exponents[k] + exponents[l]))
    return _accepted(Leaf(1 << bits, 1, tuple(products)), cone, premise)


def proved_level(entries: IntegerMatrix, time_limit: float = math.inf) -> Fraction | None:
    """Return a number that z^T M z is proved not to undercut where z >= 0 has the sum 1.

    It is the best that a semidefinite and a nonnegative matrix can prove, less a small margin.

    Args:
        entries: of the symmetric integer matrix M.
        time_limit: of the solver, in seconds.

    Returns:
        The number; None where the solver found none.
    """
    form, exponents = unit_form(entries)
    if len(form) > _MAX_LEVEL_ORDER:
        return None
    units = 2.0 ** -np.array(exponents, dtype=float)
    # The product of two sums of the coordinates in the same units, scaled to entries of the order of 1.
    scale = float(units.max()) ** 2
    found = nonnegative_part(form, np.outer(units, units) / scale, time_limit=time_limit)
    if found is None:
        return None
    premise = Copositivity(strict=False)
    for margin in _LEVEL_MARGINS:
        level = Fraction(found[1] - margin) / Fraction(scale)
        shifted = [
            [entry * level.denominator - level.numerator for entry in row] for row in map(list, entries)
        ]
        cone = MatrixCone.root(tuple(map(tuple, shifted)))
        form, exponents = unit_form(shifted)
        if semidefinite_leaf(cone, form, exponents, premise, time_limit) is not None:
            return level
    return None


def _accepted(leaf: AnyLeaf, cone: MatrixCone, premise: Copositivity) -> AnyLeaf | None:
    try:
        premise.check_leaf(leaf, cone)
    except Rejection:
        return None
    return leaf


def scaled(value: int, exponent: int) -> float:
    """Return value / 2^exponent, or what is large enough in its place."""
    if value.bit_length() - exponent > _VAST_BITS:
        return 2.0**_VAST_BITS if value > 0 else -(2.0**_VAST_BITS)
    return value / (1 << exponent)

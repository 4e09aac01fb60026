"""Find a leaf with multipliers, which is the strongest rule, for one cone.

A solver looks for the multipliers in floating point (`formulations.sdp.cone_multipliers`). They are rounded
to as few bits as the exact rule accepts; if it accepts none, there is no leaf.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from certify.checker.certificate.nodes import Leaf
from certify.checker.numbers.integers import square_of
from certify.checker.obligations import Rejection
from certify.checker.training.cone import TrainingCone
from certify.checker.training.leaf_rules import Level, check_leaf
from formulations.arrays import Indices, Vector
from formulations.sdp.cone_multipliers import LiftedCone, cone_multipliers

# Margins of the form, relative to the level, each with the bits of multipliers that it may pay for.
_ROUNDINGS = ((1e-3, (9, 12, 16)), (1e-5, (16, 20, 24)))


def lifted_leaf(cone: TrainingCone, level: Level, size_of_form: int = 0) -> Leaf | None:
    """Return a leaf with multipliers that the exact rule accepts on a cone; None where none was found.

    What is known of a cone besides the signs of its coordinates is not made use of.

    Args:
        cone: in a block of samples with its share's form in the place of |u|^2.
        level: of the certificate.
        size_of_form: the exponent of two, even, of the size of that form.
    """
    lifted, exponents = _in_floats(cone, level, size_of_form)
    for margin, lengths in _ROUNDINGS:
        found = cone_multipliers(lifted, margin)
        if found is None:
            continue
        for bits in lengths:
            leaf = _after_forms(_rounded(*found, exponents, level, bits, size_of_form), cone)
            try:
                check_leaf(leaf, cone, level)
            except Rejection:
                continue
            return leaf
    return None


def _after_forms(leaf: Leaf, cone: TrainingCone) -> Leaf:
    """Count the quantities of a leaf as the exact rule does, which has the cone's forms after the t_k."""
    signed, forms = sum(cone.signed), len(cone.forms)
    if not forms:
        return leaf
    products = [(i + forms * (i >= signed), j + forms * (j >= signed), m) for i, j, m in leaf.products]
    return replace(leaf, products=tuple(products))


def _in_floats(cone: TrainingCone, level: Level, size_of_form: int) -> tuple[LiftedCone, list[int]]:
    """Scale a cone by powers of two until everything is of the order of 1.

    Returns:
        The cone, and for each of its quantities (the signed t_k, the alpha_i, the beta_i) the exponent of the
        power of two that it was multiplied by.
    """
    mixed = cone.mixed
    of_t = cone.lengths
    of_alpha = [
        -max(value.bit_length() - e for value, e in zip(row.values, of_t, strict=True) if value)
        for row in mixed
    ]
    half = level.u.bit_length() // 2
    unit = math.sqrt((level.alpha << 2 * half) / (level.u << size_of_form))
    lifted = LiftedCone(
        gram=np.array(
            [
                [_scaled(product, -e - f - size_of_form) for product, f in zip(row, of_t, strict=True)]
                for row, e in zip(square_of(cone.gram, len(of_t)), of_t, strict=True)
            ]
        ),
        signed=np.array(cone.signed),
        linear=np.array(
            [
                [unit * _scaled(output, -e - half) for output in column]
                for column, e in zip(cone.linear, of_t, strict=True)
            ]
        ).T,
        values=np.array(
            [
                [_scaled(value, e - f) for value, f in zip(row.values, of_t, strict=True)]
                for row, e in zip(mixed, of_alpha, strict=True)
            ]
        ).reshape(len(mixed), len(of_t)),
        weights=np.array(
            [
                [unit * _scaled(weight, -e - half) for weight in row.weight]
                for row, e in zip(mixed, of_alpha, strict=True)
            ]
        ).reshape(len(mixed), -1 if mixed else len(cone.linear[0])),
    )
    signed = [e for e, is_signed in zip(of_t, cone.signed, strict=True) if is_signed]
    return lifted, signed + 2 * of_alpha


def _scaled(value: int, exponent: int) -> float:
    """Return value * 2**exponent; integers of any length, as long as the result is a float."""
    return value / (1 << -exponent) if exponent < 0 else float(value << exponent)


def _rounded(
    first: Indices,
    second: Indices,
    multipliers: Vector,
    exponents: Sequence[int],
    level: Level,
    bits: int,
    size_of_form: int,
) -> Leaf:
    """Write multipliers of the scaled quantities, in units of 2**-bits of the level, for the exact ones."""
    entries = [
        (i, j, value, exponents[i] + exponents[j] + size_of_form)
        for i, j, multiplier in zip(first.tolist(), second.tolist(), multipliers.tolist(), strict=True)
        if (value := round(multiplier * 2.0**bits))
    ]
    least = min((exponent for _, _, _, exponent in entries), default=0)
    products = sorted((i, j, value << exponent - least) for i, j, value, exponent in entries)
    shift = least - bits
    twos = (level.u & -level.u).bit_length() - 1
    unit = level.u << shift if shift >= 0 else level.u >> min(-shift, twos)
    return Leaf(1 << max(-shift - twos, 0), unit, tuple(products))

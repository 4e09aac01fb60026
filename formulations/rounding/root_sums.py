"""The exact sign of a sum of square roots with rational coefficients, which penalties of networks are.

Two roots sqrt(q), sqrt(r) of positive rationals are rational multiples of one another if and only if q r is a
square, and roots of which no two are so related are linearly independent over Q (Besicovitch 1940). So the
sum is zero if and only if it cancels within each class of related roots, and otherwise balls of growing
precision find its sign.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, ctx, fmpq, fmpz


def sign_of_root_sum(coefficients: Sequence[fmpq], radicands: Sequence[fmpq]) -> int:
    """Return the sign, -1, 0 or 1, of sum_j coefficients_j sqrt(radicands_j).

    Args:
        coefficients: rational.
        radicands: rational, not negative, as many.

    Raises:
        ValueError: if a radicand is negative.
    """
    classes: dict[fmpq, fmpq] = {}
    for coefficient, radicand in zip(coefficients, radicands, strict=True):
        if radicand < 0:
            raise ValueError(f"the radicand {radicand} is negative: it has no real root")
        if coefficient == 0 or radicand == 0:
            continue
        for representative in classes:
            root = _rational_root(radicand * representative)
            if root is not None:
                classes[representative] += coefficient * root / representative
                break
        else:
            classes[radicand] = coefficient
    terms = [(coefficient, radicand) for radicand, coefficient in classes.items() if coefficient != 0]
    return _sign_of_nonzero(terms) if terms else 0


def _rational_root(square: fmpq) -> fmpq | None:
    """Return the root of a positive rational if it is rational."""
    numerator, denominator = fmpz(square.p).isqrt(), fmpz(square.q).isqrt()
    if numerator**2 == square.p and denominator**2 == square.q:
        return fmpq(numerator, denominator)
    return None


def _sign_of_nonzero(terms: Sequence[tuple[fmpq, fmpq]]) -> int:
    precision = 64
    while True:
        with ctx.workprec(precision):
            total = sum((arb(coefficient) * arb(radicand).sqrt() for coefficient, radicand in terms), arb(0))
            if total > 0:
                return 1
            if total < 0:
                return -1
        precision *= 2

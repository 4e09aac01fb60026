"""An interior-point method for SDP-NN in its moments, in python-flint's arithmetic of any precision.

Mehrotra's predictor and corrector in the direction of Helmberg, Rendl, Vanderbei and Wolkowicz (SIAM J.
Optim. 6, 1996), for the program of moment_program.py. The primal side is feasible throughout, the dual
side from the first full step on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from formulations.arbitrary_precision.ball_matrix import (
    cholesky,
    dot,
    inverted,
    symmetric,
)
from formulations.arbitrary_precision.moment_program import MomentProgram

MAX_ITERATIONS = 80
STEP_FRACTION = 0.98
LEAST_CENTERING = 1e-3
# The first dual point is infeasible; a large gap lets the steps be long while they mend that.
START_GAP = 10
# Near the end a point must become central rather than optimal: only central ones leave a margin.
FINAL_CENTERING = 0.7


@dataclass(frozen=True)
class Point:
    """Primal and dual variables, or a direction of theirs.

    Attributes:
        variables: the free moments, then the upper triangle of Z.
        matrices: M and [K + gamma I, Y; Y^T, Z], definite.
        products: the values of the products, positive.
        forms: the multipliers of the matrices, definite; the first is the form that proves a bound.
        multipliers: those of the products, positive.
    """

    variables: list[arb]
    matrices: list[arb_mat]
    products: list[arb]
    forms: list[arb_mat]
    multipliers: list[arb]

    def gap(self) -> arb:
        """Return the inner product of the two sides (a level): the duality gap of feasible points."""
        gap = dot(self.products, self.multipliers)
        for matrix, form in zip(self.matrices, self.forms, strict=True):
            gap += (matrix * form).trace()
        return gap.mid()

    def moved(self, direction: Point, length: arb) -> Point:
        """Return the point that lies `length` times `direction` ahead."""
        matrices = zip(self.matrices, direction.matrices, strict=True)
        forms = zip(self.forms, direction.forms, strict=True)
        return Point(
            _advanced(self.variables, direction.variables, length),
            [(a + length * b).mid() for a, b in matrices],
            _advanced(self.products, direction.products, length),
            [(a + length * b).mid() for a, b in forms],
            _advanced(self.multipliers, direction.multipliers, length),
        )


def _advanced(a: Sequence[arb], b: Sequence[arb], length: arb) -> list[arb]:
    return [(v + length * w).mid() for v, w in zip(a, b, strict=True)]


def _floats(matrix: arb_mat) -> NDArray[np.float64]:
    return np.array([[float(entry) for entry in row] for row in matrix.tolist()])


class _Newton:
    """The linearised optimality conditions at a point.

    A direction d of the variables solves  H d = -g + mu c - e, where g is the objective, c the gradient
    of the barrier and e the second-order correction; the other parts of the direction follow.
    """

    def __init__(self, program: MomentProgram, point: Point) -> None:
        self.program, self.point = program, point
        self.inverses = [inverted(matrix) for matrix in point.matrices]
        self.reciprocals = [1 / v for v in point.products]
        self.hessian = self._hessian()

    def _hessian(self) -> arb_mat:
        table = self.program.curvature(self.inverses, self.point.forms)
        weights = zip(self.program.products, self.point.multipliers, self.reciprocals, strict=True)
        for product, multiplier, reciprocal in weights:
            for j, v in product.coefficients.items():
                weight = v * multiplier * reciprocal
                for k, w in product.coefficients.items():
                    table[j][k] += weight * w
        return arb_mat(table).mid()

    def direction(self, mu: arb, predictor: Point | None) -> Point:
        """Return the direction to the central path at mu, corrected by the predictor's products."""
        program, point = self.program, self.point
        forms = [mu * inverse for inverse in self.inverses]
        multipliers = [mu * v for v in self.reciprocals]
        if predictor is not None:
            ahead = zip(self.inverses, predictor.matrices, predictor.forms, strict=True)
            forms = [f - symmetric(i * m * q) for f, (i, m, q) in zip(forms, ahead, strict=True)]
            pairs = zip(self.reciprocals, predictor.products, predictor.multipliers, strict=True)
            multipliers = [y - r * s * t for y, (r, s, t) in zip(multipliers, pairs, strict=True)]
        target = program.adjoint(forms, multipliers)
        rhs = arb_mat([[t - g] for t, g in zip(target, program.objective, strict=True)]).mid()
        variables = [entry.mid() for entry in self.hessian.solve(rhs, algorithm="approx").entries()]
        matrices, products = program.matrices(variables), program.evaluate(variables)
        old = zip(self.inverses, matrices, point.forms, strict=True)
        forms = [f - q - symmetric(i * m * q) for f, (i, m, q) in zip(forms, old, strict=True)]
        values = zip(self.reciprocals, products, point.multipliers, strict=True)
        multipliers = [y - t - r * s * t for y, (r, s, t) in zip(multipliers, values, strict=True)]
        return Point(
            variables, matrices, products, [form.mid() for form in forms], [y.mid() for y in multipliers]
        )

    def length(self, direction: Point) -> arb:
        """Return a step that keeps both sides interior; ArithmeticError if the precision does not tell."""
        point, lowest = self.point, 0.0
        changes = zip(point.matrices + point.forms, direction.matrices + direction.forms, strict=True)
        for matrix, change in changes:
            factor = cholesky(matrix)
            if factor is None:
                raise ArithmeticError("the working precision is exhausted")
            root = inverted(factor)
            lowest = min(lowest, np.linalg.eigvalsh(_floats(root * change * root.transpose()))[0])
        entries = zip(
            point.products + point.multipliers, direction.products + direction.multipliers, strict=True
        )
        lowest = min([lowest, *(float(change / entry) for entry, change in entries)])
        return arb(min(1.0, STEP_FRACTION / max(-lowest, STEP_FRACTION)))


def _first_point(program: MomentProgram) -> Point:
    variables = program.start()
    changes = zip(program.cones, program.matrices(variables), strict=True)
    matrices = [(cone.constant + matrix).mid() for cone, matrix in changes]
    products = program.evaluate(variables)
    mu = START_GAP * program.value(variables) / program.degree
    forms = [(mu * inverted(matrix)).mid() for matrix in matrices]
    return Point(variables, matrices, products, forms, [(mu / v).mid() for v in products])


def _next_point(program: MomentProgram, point: Point, least_centering: float) -> Point:
    newton, gap = _Newton(program, point), point.gap()
    predictor = newton.direction(arb(0), None)
    reduction = float(point.moved(predictor, newton.length(predictor)).gap() / gap)
    centering = min(1.0, max(least_centering, reduction**2))
    corrector = newton.direction((centering * gap / program.degree).mid(), predictor)
    return point.moved(corrector, newton.length(corrector))


def central_path(program: MomentProgram, tolerance: arb) -> Iterator[Point]:
    """Yield the points whose duality gap is below tolerance times the objective, each closer than the last.

    The iteration ends when the working precision is exhausted.
    """
    try:
        point = _first_point(program)
        for _ in range(MAX_ITERATIONS):
            final = bool(point.gap() < tolerance * program.value(point.variables))
            if final:
                yield point
            point = _next_point(program, point, FINAL_CENTERING if final else LEAST_CENTERING)
    except (ArithmeticError, np.linalg.LinAlgError):
        return

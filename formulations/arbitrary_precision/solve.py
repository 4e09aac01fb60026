"""SDP-NN beyond double precision, for instances of a few dozen samples.

Double-precision solvers stop at four to eight digits of SDP-NN, whose solutions are degenerate. Here it
is solved in python-flint's arithmetic of any precision, from exact data to exact rationals that prove
the digits on their own.

Eliminating the output weights leaves the moments M of (u, alpha); with K its block of the alphas,

    minimise  gamma/2 [ tr M_uu + <Y, (K + gamma I)^-1 Y> ]   over positive semidefinite M with
    <alpha_i alpha_j>, <alpha_i beta_j>, <beta_i beta_j> >= 0  and  <alpha_i beta_i> = 0,

where beta = alpha - Xu and <.> reads a product off M, has the value of SDP-NN (docs/method.md,
section 3a). moment_program.py states it as a conic program and moment_path.py solves that.

Rows on one line through the origin are merged before: their alphas are multiples of one alpha or one
beta, so that no moments of all of them are definite. Multipliers prove it: for x_j = t x_i,

    t > 0: (alpha_j - t alpha_i)^2 = alpha_j beta_j + t^2 alpha_i beta_i - t (alpha_i beta_j + alpha_j beta_i)
    t < 0: (alpha_j + t beta_i)^2 = alpha_j beta_j + t^2 alpha_i beta_i + t (alpha_i alpha_j + beta_i beta_j)

and alpha_j^2 = alpha_j beta_j if x_j = 0, so that any multiple of these squares may be added to the form.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from formulations.arbitrary_precision.ball_matrix import cholesky, inverted
from formulations.arbitrary_precision.exact_multipliers import (
    Bracket,
    ExactMultipliers,
    Rows,
    nearest,
    to_fmpq,
    to_fraction,
    to_matrix,
    to_rows,
)
from formulations.arbitrary_precision.moment_path import Point, central_path
from formulations.arbitrary_precision.moment_program import MomentProgram

Rational = int | float | Fraction

MAX_UNKNOWNS = 1000


@dataclass(frozen=True)
class HighPrecisionSolution:
    """Exact feasible points of SDP-NN and of its dual; dual_value <= SDP-NN <= value.

    Attributes:
        dual_point: N, n x c, dyadic.
        multipliers: dyadic; gamma^2 |u|^2 - |N^T alpha|^2 - [...] is positive definite.
        moments: of (u, alpha), of order d + n; feasible, and semidefinite.
        value: the objective of `moments` (a loss).
        dual_value: <N, Y> - 1/2 |N|_F^2 (a loss).
        margin: positive, at most the least eigenvalue of the form above (a level).
        seconds: wall time.
    """

    dual_point: Rows
    multipliers: ExactMultipliers
    moments: Rows
    value: Fraction
    dual_value: Fraction
    margin: Fraction
    seconds: float

    @property
    def relative_gap(self) -> Fraction:
        """(value - dual_value) / value, zero where the value is."""
        return (self.value - self.dual_value) / self.value if self.value else Fraction(0)


def solve_high_precision(
    X: Sequence[Sequence[Rational]], Y: Sequence[Sequence[Rational]], gamma: Rational, *, digits: int = 13
) -> HighPrecisionSolution:
    """Solve SDP-NN to a proved relative gap of 10^-digits; for small instances whose digits matter.

    On one core, 5 samples with d = 2 and c = 5 take 0.3 s, 10 samples 1.5 s, 15 samples 5 s, 20 samples 11 s
    and 25 samples 40 s; the time grows with the sixth power of n + d. A limit near n + d = 44 keeps the
    time below a quarter of an hour or so. The precision of python-flint's context is changed meanwhile.

    Args:
        X: the inputs, n x d; fractions and integers count as they are, floats as the dyadics they are.
        Y: the targets, n x c.
        gamma: the weight-decay strength, for instance Fraction(1, 10).
        digits: the relative gap between `value` and `dual_value` is at most 10^-digits.

    Raises:
        ValueError: if the shapes do not fit, an entry is not finite, gamma is not positive, or the
            instance is too large or too badly conditioned.
    """
    started = time.perf_counter()
    inputs, targets, strength = _exact_rows(X, "X"), _exact_rows(Y, "Y"), _exact(gamma, "gamma")
    if len(inputs) != len(targets):
        raise ValueError(
            f"X has {len(inputs)} rows and Y has {len(targets)}: give one target row per input row"
        )
    if strength <= 0:
        raise ValueError(f"gamma is {gamma}: give a positive weight-decay strength")
    if digits < 1:
        raise ValueError(f"{digits} digits are asked for: give a positive number")
    instance = _Instance(inputs, targets, strength)
    if instance.unknowns > MAX_UNKNOWNS:
        raise ValueError(
            f"SDP-NN of {len(inputs)} samples with {len(inputs[0])} features and {len(targets[0])} targets "
            f"has {instance.unknowns} unknowns, beyond the {MAX_UNKNOWNS} that extended precision copes "
            "with: use double precision"
        )
    if not any(map(any, targets)):
        with ctx.workprec(128 + 10 * digits):
            return instance.solution_at_zero(started)
    tolerance = Fraction(1, 10**digits)
    for bits in (128 + 10 * digits, 256 + 20 * digits, 512 + 40 * digits):
        with ctx.workprec(bits):
            program = instance.program()
            for point in central_path(program, arb(to_fmpq(tolerance)) / 2):
                solution = instance.certified(program, point, tolerance, started)
                if solution is not None and solution.relative_gap <= tolerance:
                    return solution
    raise ValueError(
        f"SDP-NN could not be solved to {digits} digits, since rows of X are nearly parallel or the scales "
        "of X, Y and gamma too far apart: scale the data or ask for fewer digits"
    )


def _exact(entry: Rational, name: str) -> Fraction:
    if isinstance(entry, float) and not math.isfinite(entry):
        raise ValueError(f"{name} has the entry {entry}: give finite numbers")
    return Fraction(entry)


def _exact_rows(rows: Sequence[Sequence[Rational]], name: str) -> Rows:
    exact = tuple(tuple(_exact(entry, name) for entry in row) for row in rows)
    if not exact or not exact[0] or len({len(row) for row in exact}) > 1:
        raise ValueError(f"{name} is not a matrix: give one or more rows of one positive length")
    return exact


def _identity(n: int) -> fmpq_mat:
    return fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def _inner(a: fmpq_mat, b: fmpq_mat) -> fmpq:
    return sum((v * w for v, w in zip(a.entries(), b.entries(), strict=True)), fmpq(0))


def _dual_value(dual_point: fmpq_mat, targets: fmpq_mat) -> fmpq:
    return _inner(dual_point, targets) - _inner(dual_point, dual_point) / 2


def _power_of_two(bound: fmpq) -> fmpq:
    """Return a power of two between a quarter of a positive bound and the bound."""
    exponent = int(bound.p).bit_length() - int(bound.q).bit_length() - 1
    return fmpq(2) ** exponent


def _midpoints(matrix: arb_mat) -> fmpq_mat:
    return fmpq_mat(matrix.nrows(), matrix.ncols(), [entry.mid().fmpq() for entry in matrix.entries()])


def _least_eigenvalue(form: fmpq_mat) -> fmpq | None:
    """Return a proved positive lower bound, dyadic, or None if the form cannot be proved definite."""
    factor = cholesky(arb_mat(form))
    if factor is None:
        return None
    trace_of_inverse = sum((v * v for v in inverted(factor).entries()), arb(0))
    bound = _power_of_two((1 / trace_of_inverse).mid().fmpq() / 2)
    return bound if cholesky(arb_mat(form - _identity(form.nrows()) * bound)) is not None else None


class _Lines:
    """The rows of X sorted by the line through the origin that they lie on.

    Attributes:
        kept: the first row of every line.
        merged: for every other row j, the kept row i and the t of x_j = t x_i; for a zero row, (j, 0).
        lift: n x (d + number of lines), all alphas as linear forms in (u, alpha of the kept rows).
    """

    def __init__(self, inputs: Rows) -> None:
        d = len(inputs[0])
        self.kept: list[int] = []
        self.merged: dict[int, tuple[int, Fraction]] = {}
        lines: dict[tuple[Fraction, ...], tuple[int, Fraction]] = {}
        for j, row in enumerate(inputs):
            pivot = next((entry for entry in row if entry), None)
            if pivot is None:
                self.merged[j] = (j, Fraction(0))
                continue
            i, first = lines.setdefault(tuple(entry / pivot for entry in row), (j, pivot))
            if i == j:
                self.kept.append(j)
            else:
                self.merged[j] = (i, pivot / first)
        lift = [[Fraction(0)] * (d + len(self.kept)) for _ in inputs]
        for line, i in enumerate(self.kept, start=d):
            lift[i][line] = Fraction(1)
        for j, (i, t) in self.merged.items():
            if t:
                lift[j][d + self.kept.index(i)] = abs(t)
            if t < 0:
                lift[j][:d] = [t * entry for entry in inputs[i]]
        self.lift = to_matrix(lift)


class _Instance:
    """An exact instance, and what a point of the central path proves about it."""

    def __init__(self, inputs: Rows, targets: Rows, gamma: Fraction) -> None:
        self.X, self.Y, self.gamma = to_matrix(inputs), to_matrix(targets), to_fmpq(gamma)
        self.n, self.d = self.X.nrows(), self.X.ncols()
        self.lines = _Lines(inputs)
        order, c = self.lines.lift.ncols(), self.Y.ncols()
        self.unknowns = (order * (order + 1) + c * (c + 1)) // 2 - len(self.lines.kept)
        unit = _identity(self.d + self.n).tolist()
        self.u, self.alpha = fmpq_mat(unit[: self.d]), fmpq_mat(unit[self.d :])
        self.beta = self.alpha - self.X * self.u

    def program(self) -> MomentProgram:
        """Return the program of the kept rows in the working precision."""
        rows = self.X.tolist()
        return MomentProgram([rows[i] for i in self.lines.kept], self.lines.lift, self.Y, self.gamma)

    def solution_at_zero(self, started: float) -> HighPrecisionSolution:
        """Return the solution for Y = 0: slack alone makes the form definite (Shor's bound)."""
        bracket, size = Bracket(self.n), _inner(self.X, self.X)
        amount = _power_of_two(2 * self.gamma**2 / (size or 1))
        bracket.slack = fmpq_mat(1, self.n, [-amount] * self.n)
        moments = fmpq_mat(self.d + self.n, self.d + self.n)
        solution = self._solution(fmpq_mat(self.n, self.Y.ncols()), bracket, moments, started)
        assert solution is not None  # the form is at least gamma^2/2 |u|^2 after alpha is eliminated
        return solution

    def certified(
        self, program: MomentProgram, point: Point, tolerance: Fraction, started: float
    ) -> HighPrecisionSolution | None:
        """Round a point to feasible ones; None if it is not interior or not near enough to the path."""
        dual_point = _midpoints(program.dual_point(point.forms))
        bracket = self._bracket(program, point, dual_point)
        margin = _least_eigenvalue(self._form(dual_point, bracket))
        moments = self._moments(program, point)
        bound = _dual_value(dual_point, self.Y)
        if margin is None or moments is None or bound <= 0:
            return None
        # One unit in every entry moves the form, and the bound, by at most this many units.
        sizes, entries = _inner(dual_point, dual_point), self.n * self.Y.ncols()
        of_form = 6 * self.n**2 * (1 + _inner(self.X, self.X)) + entries * (3 + 2 * sizes)
        of_bound = entries * (2 + sizes + _inner(self.Y, self.Y))
        unit = _power_of_two(min(margin / of_form / 2, to_fmpq(tolerance) * bound / of_bound / 8))
        bracket.round_to(unit)
        return self._solution(nearest(dual_point, unit), bracket, moments, started)

    def _form(self, dual_point: fmpq_mat, bracket: Bracket) -> fmpq_mat:
        """Return gamma^2 |u|^2 - |N^T alpha|^2 - [...] over (u, alpha)."""
        image = self.alpha.transpose() * dual_point
        decay = self.gamma**2 * (self.u.transpose() * self.u)
        return decay - image * image.transpose() - bracket.form(self.alpha, self.beta)

    def _bracket(self, program: MomentProgram, point: Point, dual_point: fmpq_mat) -> Bracket:
        """Return the multipliers of a point, with those of the merged rows."""
        bracket, kept = Bracket(self.n), self.lines.kept
        for product, multiplier in zip(program.products, point.multipliers, strict=True):
            bracket.add(product.name, kept[product.first], kept[product.second], multiplier.fmpq())
        for line, i in enumerate(kept):
            bracket.slack[0, i] = -program.square(point.forms, line).fmpq()
        if self.lines.merged:
            amount = self._merging(point, dual_point)
            for j, (i, t) in self.lines.merged.items():
                bracket.subtract_square(j, i, to_fmpq(t), amount)
        return bracket

    def _merging(self, point: Point, dual_point: fmpq_mat) -> fmpq:
        """Return a multiple of the merged rows' squares that outweighs their part of |N^T alpha|^2.

        With alpha = lift w + e, the form is [F, -E; -E^T, kappa I - N_e N_e^T] in (w, e), where F is the
        form of the kept rows and E = lift^T N N_e^T; definite if kappa > |N_e N_e^T + E^T F^-1 E|.
        """
        rows = dual_point.tolist()
        merged = arb_mat(fmpq_mat([rows[j] for j in self.lines.merged]))
        cross = self.lines.lift.transpose() * dual_point * merged.transpose()
        bent = (cross.transpose() * inverted(point.forms[0]) * cross).trace()
        return (2 * ((merged * merged.transpose()).trace() + bent) + point.forms[0].trace()).mid().fmpq()

    def _moments(self, program: MomentProgram, point: Point) -> fmpq_mat | None:
        """Return the exact moments of (u, alpha), or None if they cannot be proved feasible."""
        order = self.lines.lift.ncols()
        kept = fmpq_mat(order, order)
        for (a, b), entry in zip(program.moments, point.variables, strict=False):
            kept[a, b] = kept[b, a] = entry.fmpq()
        for line, i in enumerate(self.lines.kept, start=self.d):
            kept[line, line] = sum((self.X[i, k] * kept[k, line] for k in range(self.d)), fmpq(0))
        if cholesky(arb_mat(kept)) is None:
            return None
        onto = fmpq_mat(_identity(order).tolist()[: self.d] + self.lines.lift.tolist())
        moments = onto * kept * onto.transpose()
        factors = fmpq_mat(self.alpha.tolist() + self.beta.tolist())
        products = (factors * moments * factors.transpose()).entries()
        return moments if all(product >= 0 for product in products) else None

    def _solution(
        self, dual_point: fmpq_mat, bracket: Bracket, moments: fmpq_mat, started: float
    ) -> HighPrecisionSolution | None:
        """Return the solution if its form can be proved definite."""
        margin = _least_eigenvalue(self._form(dual_point, bracket))
        if margin is None:
            return None
        kernel = self.alpha * moments * self.alpha.transpose() + self.gamma * _identity(self.n)
        decay = sum((moments[k, k] for k in range(self.d)), fmpq(0))
        value = self.gamma / 2 * (decay + _inner(self.Y, kernel.solve(self.Y)))
        return HighPrecisionSolution(
            dual_point=to_rows(dual_point),
            multipliers=bracket.exact(),
            moments=to_rows(moments),
            value=to_fraction(value),
            dual_value=to_fraction(_dual_value(dual_point, self.Y)),
            margin=to_fraction(margin),
            seconds=time.perf_counter() - started,
        )

"""Every claim of a solution is checked in fractions, from the definition of SDP-NN alone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from flint import ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.arbitrary_precision.solve import HighPrecisionSolution, solve_high_precision
from formulations.sdp.conic.reduced import solve_reduced

Table = list[list[Fraction]]

GAMMA = Fraction(1, 10)


def random_instance(seed: int, n: int, d: int, c: int) -> tuple[Table, Table]:
    rng = np.random.default_rng(seed)

    def tenths(rows: int, columns: int) -> Table:
        return [[Fraction(int(v), 10) for v in row] for row in rng.integers(-30, 31, (rows, columns))]

    return tenths(n, d), tenths(n, c)


def is_semidefinite(matrix: Table) -> bool:
    """Eliminate symmetrically; a zero pivot must stand in a zero row."""
    rest = [list(row) for row in matrix]
    while rest:
        pivot, row = rest[0][0], rest[0][1:]
        if pivot < 0 or (pivot == 0 and any(row)):
            return False
        rest = [
            [entry - a * b / pivot if a and b else entry for entry, b in zip(line[1:], row, strict=True)]
            for line, a in zip(rest[1:], row, strict=True)
        ]
    return True


def linear_forms(X: Sequence[Sequence[Fraction]]) -> tuple[Table, Table]:
    """Return the alphas and betas as rows over (u, alpha)."""
    n = len(X)
    alphas = [[Fraction(0)] * len(X[0]) + [Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    betas = [[-v for v in row] + alpha[len(row) :] for row, alpha in zip(X, alphas, strict=True)]
    return alphas, betas


def add_product(form: Table, left: list[Fraction], right: list[Fraction], amount: Fraction) -> None:
    for a, v in enumerate(left):
        for b, w in enumerate(right):
            if v and w:
                form[a][b] += amount * v * w / 2
                form[b][a] += amount * v * w / 2


def form_of(X: Table, solution: HighPrecisionSolution, gamma: Fraction) -> Table:
    """Return gamma^2 |u|^2 - |N^T alpha|^2 - [...] term by term."""
    n, d = len(X), len(X[0])
    alphas, betas = linear_forms(X)
    form = [[gamma**2 * int(a == b < d) for b in range(d + n)] for a in range(d + n)]
    m, N = solution.multipliers, solution.dual_point
    for i in range(n):
        add_product(form, alphas[i], betas[i], -m.slack[i])
        for j in range(n):
            inner = sum(v * w for v, w in zip(N[i], N[j], strict=True))
            add_product(form, alphas[i], alphas[j], -inner - m.alpha_alpha[i][j])
            add_product(form, alphas[i], betas[j], -m.alpha_beta[i][j])
            add_product(form, betas[i], betas[j], -m.beta_beta[i][j])
    return form


def moments_value(X: Table, Y: Table, moments: Sequence[Sequence[Fraction]], gamma: Fraction) -> Fraction:
    """Return gamma/2 [tr M_uu + <Y, W>] with (K + gamma I) W = Y, solved by Gauss and Jordan."""
    n, d = len(X), len(X[0])
    rows = [[*moments[d + i][d:], *Y[i]] for i in range(n)]
    for i in range(n):
        rows[i][i] += gamma
    for i in range(n):
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for k in range(n):
            if k != i:
                rows[k] = [v - rows[k][i] * w for v, w in zip(rows[k], rows[i], strict=True)]
    fit = sum(v * w for row, y in zip(rows, Y, strict=True) for v, w in zip(row[n:], y, strict=True))
    return gamma / 2 * (sum(moments[k][k] for k in range(d)) + fit)


def assert_proved(X: Table, Y: Table, solution: HighPrecisionSolution, gamma: Fraction, digits: int) -> None:
    m, N = solution.multipliers, solution.dual_point
    for matrix in (m.alpha_alpha, m.alpha_beta, m.beta_beta):
        assert all(entry >= 0 for row in matrix for entry in row)
    form = form_of(X, solution, gamma)
    assert solution.margin > 0
    assert is_semidefinite(
        [[entry - solution.margin * int(a == b) for b, entry in enumerate(row)] for a, row in enumerate(form)]
    )
    pairs = [(v, y) for row, targets in zip(N, Y, strict=True) for v, y in zip(row, targets, strict=True)]
    assert solution.dual_value == sum(v * y - v * v / 2 for v, y in pairs)

    moments = [list(row) for row in solution.moments]
    assert is_semidefinite(moments)
    alphas, betas = linear_forms(X)
    images = [
        [sum(v * moments[a][b] for a, v in enumerate(form)) for b in range(len(moments))]
        for form in alphas + betas
    ]
    for i, image in enumerate(images):
        for j, other in enumerate(alphas + betas):
            product = sum(v * w for v, w in zip(image, other, strict=True))
            assert product == 0 if abs(i - j) == len(X) else product >= 0
    assert solution.value == moments_value(X, Y, moments, gamma)
    assert 0 <= solution.value - solution.dual_value <= solution.value / 10**digits


def line_value(x: list[Fraction], y: list[Fraction], gamma: Fraction) -> Fraction:
    """Return the optimum for d = c = 1: one neuron for each sign of u, and a lasso for each."""
    value = Fraction(0)
    for sign in (1, -1):
        active = [(a, b) for a, b in zip(x, y, strict=True) if sign * a > 0]
        pull = abs(sum((a * b for a, b in active), Fraction(0)))
        if pull > gamma:
            value -= (pull - gamma) ** 2 / (2 * sum((a * a for a, _ in active), Fraction(0)))
    return value + sum((b * b for b in y), Fraction(0)) / 2


def test_one_sample_by_hand() -> None:
    # K + gamma = |x y|: 1/10 * 3/2 - 1/100 / 8.
    solution = solve_high_precision([[2]], [[3]], GAMMA)
    assert solution.dual_value <= Fraction(119, 800) <= solution.value
    assert_proved([[Fraction(2)]], [[Fraction(3)]], solution, GAMMA, 13)


@pytest.mark.parametrize(("n", "d", "c"), [(5, 2, 1), (4, 2, 3), (2, 3, 1), (3, 1, 2), (4, 3, 2)])
def test_random_instances_are_proved(n: int, d: int, c: int) -> None:
    X, Y = random_instance(n, n, d, c)
    assert_proved(X, Y, solve_high_precision(X, Y, GAMMA), GAMMA, 13)


def test_more_digits() -> None:
    X, Y = random_instance(1, 4, 2, 2)
    low, high = solve_high_precision(X, Y, GAMMA, digits=8), solve_high_precision(X, Y, GAMMA, digits=40)
    assert_proved(X, Y, high, GAMMA, 40)
    assert low.dual_value <= high.value
    assert high.dual_value <= low.value


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=6),
    st.sampled_from([Fraction(1, 10), Fraction(1), Fraction(7)]),
)
def test_line_with_zero_and_parallel_rows(rows: list[tuple[int, int]], gamma: Fraction) -> None:
    x, y = [Fraction(a) for a, _ in rows], [Fraction(b) for _, b in rows]
    X, Y = [[a] for a in x], [[b] for b in y]
    solution = solve_high_precision(X, Y, gamma)
    assert solution.dual_value <= line_value(x, y, gamma) <= solution.value
    assert_proved(X, Y, solution, gamma, 13)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.integers(-2, 2), st.integers(-2, 2)),
        min_size=1,
        max_size=5,
    )
)
def test_plane_with_zero_and_parallel_rows(rows: list[tuple[int, int, int, int]]) -> None:
    X = [[Fraction(a), Fraction(b)] for a, b, _, _ in rows]
    Y = [[Fraction(a), Fraction(b)] for _, _, a, b in rows]
    assert_proved(X, Y, solve_high_precision(X, Y, GAMMA), GAMMA, 13)


@pytest.mark.parametrize("gamma", [Fraction(1, 10**6), Fraction(10**6)])
def test_scales(gamma: Fraction) -> None:
    X, Y = random_instance(2, 4, 2, 1)
    assert_proved(X, Y, solve_high_precision(X, Y, gamma), gamma, 13)


def test_nearly_parallel_rows() -> None:
    X = [[Fraction(1), Fraction(0)], [Fraction(2), Fraction(1, 10**12)], [Fraction(1), Fraction(1)]]
    Y = [[Fraction(1)], [Fraction(-1)], [Fraction(2)]]
    assert_proved(X, Y, solve_high_precision(X, Y, GAMMA), GAMMA, 13)


@pytest.mark.parametrize("seed", range(3))
def test_value_is_that_of_the_other_solver(seed: int) -> None:
    X, Y = random_instance(seed, 5, 2, 2)
    solution = solve_high_precision(X, Y, GAMMA)
    expected = solve_reduced(np.array(X, dtype=float), np.array(Y, dtype=float), 0.1, solver="clarabel").value
    assert float(solution.value) == pytest.approx(expected, rel=1e-5)


def test_numpy_arrays_and_the_precision_outside() -> None:
    before = ctx.prec
    X, Y = np.array([[0.5, 1.0], [-1.0, 2.0]]), np.array([[1], [2]])
    solution = solve_high_precision(X.tolist(), Y.tolist(), 0.25)
    exact = solve_high_precision([[Fraction(1, 2), 1], [-1, 2]], [[1], [2]], Fraction(1, 4))
    assert solution.value == exact.value
    assert ctx.prec == before


@pytest.mark.parametrize(
    ("X", "Y", "gamma", "digits", "words"),
    [
        ([[1], [2]], [[1]], 1, 13, "X has 2 rows and Y has 1"),
        ([[1]], [[1]], 0, 13, "gamma is 0"),
        ([[1]], [[1]], 1, 0, "0 digits"),
        ([[float("nan")]], [[1]], 1, 13, "X has the entry nan"),
        ([[1], [2, 3]], [[1], [1]], 1, 13, "X is not a matrix"),
        ([], [], 1, 13, "X is not a matrix"),
        ([[1, k] for k in range(60)], [[k] for k in range(60)], 1, 13, "1894 unknowns"),
        ([[1, 0], [2, Fraction(1, 10**99)]], [[1], [-1]], 1, 13, "nearly parallel"),
    ],
)
def test_bad_input(
    X: list[list[Fraction]], Y: list[list[Fraction]], gamma: int, digits: int, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        solve_high_precision(X, Y, gamma, digits=digits)

"""Narrower networks with the same outputs: by hand, in floating point, in rationals."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.arrays import Matrix
from formulations.rounding.caratheodory import reduce_width
from formulations.rounding.exact_caratheodory import reduce_width_exactly
from formulations.rounding.root_sums import sign_of_root_sum
from formulations.training.train import train


def outputs(hidden: Matrix, output: Matrix, X: Matrix) -> Matrix:
    return np.asarray(np.maximum(X @ hidden, 0.0) @ output)


def penalty(hidden: Matrix, output: Matrix) -> float:
    return float(np.linalg.norm(hidden, axis=0) @ np.linalg.norm(output, axis=1))


def integers(rows: int, columns: int) -> st.SearchStrategy[list[list[int]]]:
    row = st.lists(st.integers(-3, 3), min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows)


Sizes = tuple[int, int, int, int]
SIZES = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 2), st.integers(1, 14))


@st.composite
def networks(draw: st.DrawFn) -> tuple[Sizes, list[list[int]], list[list[int]], list[list[int]]]:
    """Sizes (n, d, c, m), hidden weights d x m, output weights m x c and inputs, with many coincidences."""
    n, d, c, m = draw(SIZES)
    return (n, d, c, m), draw(integers(d, m)), draw(integers(m, c)), draw(integers(n, d))


def test_two_neurons_on_one_sample_by_hand() -> None:
    """The outputs 2 u v add up to 2 (1 * 1 + 2 * 3) = 14, so one neuron with u = v = sqrt(7) is left."""
    reduced = reduce_width(np.array([[1.0, 2.0]]), np.array([[1.0], [3.0]]), np.array([[2.0]]))
    assert reduced.hidden == pytest.approx(np.array([[np.sqrt(7)]]))
    assert reduced.output == pytest.approx(np.array([[np.sqrt(7)]]))


def test_opposite_neurons_by_hand() -> None:
    """Weights 5 and 2 of opposite outputs cancel to 3."""
    reduced = reduce_width(np.array([[5.0, 2.0]]), np.array([[1.0], [-1.0]]), np.array([[1.0]]))
    assert reduced.hidden.shape == (1, 1)
    assert outputs(reduced.hidden, reduced.output, np.ones((1, 1))) == pytest.approx(3.0)
    assert penalty(reduced.hidden, reduced.output) == pytest.approx(3.0)


def test_the_cheaper_of_two_neurons_stays() -> None:
    """On x = (1, 1) the direction (1, 1) / sqrt(2) does with less what (1, 0) does."""
    X, hidden = np.array([[1.0, 1.0]]), np.array([[1.0, 1.0], [0.0, 1.0]])
    reduced = reduce_width(hidden, np.ones((2, 1)), X)
    assert reduced.hidden[0] == pytest.approx(reduced.hidden[1])
    assert outputs(reduced.hidden, reduced.output, X) == pytest.approx(3.0)


def test_neurons_without_effect_go() -> None:
    """Dead on all samples, without output, or without input."""
    X, hidden = np.array([[1.0], [2.0]]), np.array([[-1.0, 1.0, 0.0, 1.0]])
    reduced = reduce_width(hidden, np.array([[1.0], [0.0], [1.0], [4.0]]), X)
    assert reduced.hidden == pytest.approx(np.array([[2.0]]))
    assert reduced.output == pytest.approx(np.array([[2.0]]))


def test_nothing_left() -> None:
    reduced = reduce_width(np.zeros((2, 3)), np.ones((3, 2)), np.ones((4, 2)))
    assert reduced.hidden.shape == (2, 0)
    assert reduced.output.shape == (0, 2)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 12),
    d=st.integers(1, 4),
    c=st.integers(1, 3),
    m=st.integers(0, 80),
)
def test_outputs_stay_and_the_penalty_does_not_rise(seed: int, n: int, d: int, c: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    X, hidden, output = rng.standard_normal((n, d)), rng.standard_normal((d, m)), rng.standard_normal((m, c))
    reduced = reduce_width(hidden, output, X)
    width = len(reduced.output)
    assert reduced.hidden.shape == (d, width)
    assert width <= min(m, n * c)
    before, after = outputs(hidden, output, X), outputs(reduced.hidden, reduced.output, X)
    scale = max(penalty(hidden, output) * float(np.linalg.norm(X)), 1.0)
    assert after == pytest.approx(before, abs=1e-12 * scale)
    assert penalty(reduced.hidden, reduced.output) <= penalty(hidden, output) * (1 + 1e-12)
    lengths = np.linalg.norm(reduced.hidden, axis=0)
    assert np.linalg.norm(reduced.output, axis=1) == pytest.approx(lengths)
    assert np.all(lengths > 0)


@settings(max_examples=60)
@given(networks())
def test_coincidences(network: tuple[Sizes, list[list[int]], list[list[int]], list[list[int]]]) -> None:
    (n, _, c, m), *rest = network
    hidden, output, X = (np.array(rows, dtype=float) for rows in rest)
    reduced = reduce_width(hidden, output, X)
    assert len(reduced.output) <= min(m, n * c)
    before, after = outputs(hidden, output, X), outputs(reduced.hidden, reduced.output, X)
    assert after == pytest.approx(before, abs=1e-12 * max(1.0, penalty(hidden, output)))
    assert penalty(reduced.hidden, reduced.output) <= penalty(hidden, output) + 1e-11


def test_an_optimal_network_keeps_its_loss() -> None:
    """Split and spread over twice the neurons, it comes back with the loss it had."""
    rng = np.random.default_rng(1)
    X, Y, gamma = rng.standard_normal((5, 2)), rng.standard_normal((5, 1)), 0.05
    best = train(X, Y, gamma)
    root = np.sqrt(0.5)
    hidden, output = np.hstack([best.hidden] * 2) * root, np.vstack([best.output] * 2) * root
    reduced = reduce_width(hidden, output, X)
    assert len(reduced.output) <= min(5, best.hidden.shape[1])
    residual = outputs(reduced.hidden, reduced.output, X) - Y
    loss = 0.5 * float(np.sum(residual**2)) + gamma * penalty(reduced.hidden, reduced.output)
    assert loss == pytest.approx(best.loss, rel=1e-12)


def test_a_tolerance_joins_neurons_that_are_nearly_one() -> None:
    X, hidden = np.eye(2), np.array([[1.0, 1.0], [1.0, 1.0 + 1e-6]])
    assert len(reduce_width(hidden, np.ones((2, 1)), X).output) == 2
    joined = reduce_width(hidden, np.ones((2, 1)), X, tolerance=1e-4)
    assert len(joined.output) == 1
    fitted = outputs(joined.hidden, joined.output, X)
    assert fitted == pytest.approx(2.0, abs=1e-5)
    # The remaining weight is refined to the best one, so that the error is orthogonal to the outputs.
    error = fitted - outputs(hidden, np.ones((2, 1)), X)
    assert np.sum(error * fitted) == pytest.approx(0.0, abs=1e-14)


def test_malformed_networks() -> None:
    with pytest.raises(ValueError, match=r"ask for \(2, 3\)"):
        reduce_width(np.ones((2, 4)), np.ones((3, 1)), np.ones((5, 2)))
    with pytest.raises(ValueError, match="not finite"):
        reduce_width(np.ones((2, 3)), np.ones((3, 1)), np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="give n x d"):
        reduce_width_exactly(fmpq_mat(2, 4), fmpq_mat(3, 1), fmpq_mat(5, 2))


def test_exact_by_hand() -> None:
    """Points 2 * 1 * 1 and 2 * 2 * 3 of one sample: the weights are 1 and 6, and either neuron alone does."""
    reduced = reduce_width_exactly(fmpq_mat([[1, 2]]), fmpq_mat([[1], [3]]), fmpq_mat([[2]]))
    assert [(j, scale) for j, scale in zip(reduced.kept, reduced.scales, strict=True)] in (
        [(0, fmpq(7))],
        [(1, fmpq(7, 6))],
    )
    assert (fmpq_mat([[2]]) * reduced.hidden * reduced.output)[0, 0] == 14


@given(networks())
def test_exact_outputs_and_penalty(
    network: tuple[Sizes, list[list[int]], list[list[int]], list[list[int]]],
) -> None:
    """By fractions: the same outputs, and sum_j (1 - s_j) |u_j| |v_j| >= 0."""
    (n, d, c, m), hidden, output, X = network
    reduced = reduce_width_exactly(fmpq_mat(hidden), fmpq_mat(output), fmpq_mat(X))
    assert len(reduced.kept) <= min(m, n * c)
    assert all(scale > 0 for scale in reduced.scales)
    scales = {j: Fraction(int(s.p), int(s.q)) for j, s in zip(reduced.kept, reduced.scales, strict=True)}
    for place, j in enumerate(reduced.kept):
        assert [reduced.hidden[i, place] for i in range(d)] == [row[j] for row in hidden]
        assert [reduced.output[place, k] for k in range(c)] == [reduced.scales[place] * v for v in output[j]]
    for x in X:
        activations = [max(sum(a * row[j] for a, row in zip(x, hidden, strict=True)), 0) for j in range(m)]
        for k in range(c):
            before = sum(activations[j] * output[j][k] for j in range(m))
            assert sum(scales[j] * activations[j] * output[j][k] for j in scales) == before
    squares = [sum(row[j] ** 2 for row in hidden) * sum(v**2 for v in output[j]) for j in range(m)]
    falls = [1 - scales.get(j, Fraction(0)) for j in range(m)]
    assert (
        sign_of_root_sum(
            [fmpq(fall.numerator, fall.denominator) for fall in falls], [fmpq(square) for square in squares]
        )
        >= 0
    )


def test_exact_network_without_neurons() -> None:
    reduced = reduce_width_exactly(fmpq_mat(2, 0), fmpq_mat(0, 3), fmpq_mat(4, 2))
    assert reduced.kept == ()
    assert (reduced.hidden.nrows(), reduced.hidden.ncols()) == (2, 0)
    assert (reduced.output.nrows(), reduced.output.ncols()) == (0, 3)


def test_a_trained_network_exactly() -> None:
    """Floats are dyadic rationals; forty random neurons on six samples become six or fewer."""
    rng = np.random.default_rng(2)
    X, hidden, output = (
        rng.standard_normal((6, 2)),
        rng.standard_normal((2, 40)),
        rng.standard_normal((40, 1)),
    )
    exact = [
        fmpq_mat([[fmpq(*value.as_integer_ratio()) for value in row] for row in matrix.tolist()])
        for matrix in (hidden, output, X)
    ]
    reduced = reduce_width_exactly(*exact)
    assert len(reduced.kept) <= 6
    narrow = [
        np.array([[float(int(v.p) / int(v.q)) for v in row] for row in matrix.tolist()])
        for matrix in (reduced.hidden, reduced.output)
    ]
    assert outputs(narrow[0], narrow[1], X) == pytest.approx(outputs(hidden, output, X), abs=1e-12)
    assert penalty(narrow[0], narrow[1]) <= penalty(hidden, output)


def test_lengths_whose_squares_are_no_floats() -> None:
    X = np.array([[1.0, 2.0], [3.0, -1.0]])
    hidden, output = np.array([[1e-200, 2.0], [3e-200, 1.0]]), np.array([[1e200], [1.0]])
    narrow = reduce_width(hidden, output, X)
    assert outputs(narrow.hidden, narrow.output, X) == pytest.approx(outputs(hidden, output, X))

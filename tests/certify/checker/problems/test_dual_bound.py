"""The dual bound by hand, and never above the loss of a network, output biases included."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.errors import NetworkError
from certify.checker.problems.dual_bound import column_sums, dual_bound
from certify.checker.problems.output_bias import OUTPUT_BIASES
from certify.checker.problems.training import TrainingProblem
from certify.networks.network import ReLUNetwork, loss_at_most

F = Fraction


def test_by_hand() -> None:
    # <N, Y> - 1/2 |N|^2 with N = (1/2, -1/2), Y = (3, 1/3): 4/3 - 1/4.
    problem = TrainingProblem.from_rationals([[1], [2]], [[3], [F(1, 3)]], F(1, 10))
    assert dual_bound(problem, ((1,), (-1,)), 1) == F(4, 3) - F(1, 4)
    assert column_sums(((1, 2), (-1, 3))) == (0, 5)


def test_a_decayed_bias_alone() -> None:
    # At x = 0 only b counts: min 1/2 (b - 3)^2 + 1/2 b^2 = 9/4, at N = 3/2.
    problem = TrainingProblem.from_rationals([[0]], [[3]], 1, output_bias="decayed")
    assert dual_bound(problem, ((3,),), 1) == F(9, 4)
    network = ReLUNetwork.from_rationals([[]], [], [F(3, 2)])
    assert loss_at_most(problem, network) == F(9, 4)


numbers = st.integers(-4, 4)


@given(
    rows=st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=4),
    weights=st.lists(st.tuples(numbers, numbers, numbers), max_size=3),
    bias=numbers,
    entries=st.lists(numbers, min_size=4, max_size=4),
    output_bias=st.sampled_from(OUTPUT_BIASES),
)
def test_below_every_network(
    rows: list[tuple[int, int, int]],
    weights: list[tuple[int, int, int]],
    bias: int,
    entries: list[int],
    output_bias: str,
) -> None:
    X, Y = [row[:2] for row in rows], [row[2:] for row in rows]
    dual = entries[: len(rows)]
    if output_bias in ("free", "all-free"):
        dual[-1] -= sum(dual)
    # With this weight decay every dual point is feasible: h(N) <= sum |N_i| |x_i|.
    gamma = max(sum(abs(e) * (abs(p) + abs(q)) for e, (p, q) in zip(dual, X, strict=True)), 1)
    if output_bias == "all-free":
        # No two samples are further apart than 16 in the sum of their coordinates.
        gamma = max(16 * sum(map(abs, dual)), 1)
    problem = TrainingProblem.from_rationals(X, Y, gamma, output_bias=output_bias)
    network = ReLUNetwork.from_rationals(
        [[w[k] for w in weights] for k in (0, 1, 2)[: problem.hidden_rows]],
        [w[2:] for w in weights],
        [] if output_bias == "none" else [bias],
    )
    assert dual_bound(problem, tuple((e,) for e in dual), 0) <= loss_at_most(problem, network)


def test_a_network_with_a_bias_needs_a_problem_with_one() -> None:
    network = ReLUNetwork.from_rationals([[1]], [[1]], [1])
    with pytest.raises(NetworkError, match="choose the output bias free or decayed"):
        loss_at_most(TrainingProblem.from_rationals([[1]], [[1]], 1), network)
    # 1/2 (1 + 1 - 1)^2 + 1/2 (1 + 1), and with decay 1/2 * 1^2 more.
    free = TrainingProblem.from_rationals([[1]], [[1]], 1, output_bias="free")
    decayed = TrainingProblem.from_rationals([[1]], [[1]], 1, output_bias="decayed")
    assert (loss_at_most(free, network), loss_at_most(decayed, network)) == (F(3, 2), F(2))
    with pytest.raises(NetworkError, match="an output bias for 2 outputs"):
        loss_at_most(free, ReLUNetwork.from_rationals([[]], [], [1, 2]))

"""The exact problem, its objective against brute force, and its hash."""

import hashlib
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.errors import DataError, NetworkError
from certify.checker.numbers.integers import over_common_denominator
from certify.checker.problems.training import TrainingProblem
from certify.networks.network import ReLUNetwork, loss_at_most

F = Fraction
Rows = list[list[Fraction]]

RATIONALS = st.builds(Fraction, st.integers(-100, 100), st.integers(1, 30))


def matrices(rows: int, columns: int) -> st.SearchStrategy[Rows]:
    return st.lists(st.lists(RATIONALS, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


@st.composite
def problems_and_layers(draw: st.DrawFn) -> tuple[Rows, Rows, Fraction, Rows, Rows]:
    n, d, m, c = (draw(st.integers(1, 4)) for _ in range(4))
    gamma = draw(st.builds(Fraction, st.integers(1, 100), st.integers(1, 50)))
    return (
        draw(matrices(n, d)),
        draw(matrices(n, c)),
        gamma,
        draw(matrices(d, m)),
        draw(matrices(m, c)),
    )


def objective_by_definition(x: Rows, y: Rows, gamma: Fraction, hidden: Rows, output: Rows) -> Fraction:
    total = F(0)
    for x_row, y_row in zip(x, y, strict=True):
        for k, y_entry in enumerate(y_row):
            prediction = F(0)
            for j, v_row in enumerate(output):
                activation = sum((x_row[i] * hidden[i][j] for i in range(len(x_row))), F(0))
                prediction += max(activation, F(0)) * v_row[k]
            total += (prediction - y_entry) ** 2 / 2
    return total + gamma / 2 * sum(w * w for row in [*hidden, *output] for w in row)


class TestObjective:
    @given(problems_and_layers())
    def test_equals_its_definition(self, case: tuple[Rows, Rows, Fraction, Rows, Rows]) -> None:
        x, y, gamma, hidden, output = case
        problem = TrainingProblem.from_rationals(x, y, gamma)
        network = ReLUNetwork.from_rationals(hidden, output)
        assert loss_at_most(problem, network) == objective_by_definition(x, y, gamma, hidden, output)

    def test_by_hand(self) -> None:
        # One sample x = (1, 2) with y = 3 and two neurons, of which the second one is off:
        # relu(1/2 + 2 * 1) * 1 = 5/2, so 1/2 (1/2)^2 + 1/8 (1/4 + 1 + 1 + 0 + 1 + 4) = 1/8 + 29/32.
        problem = TrainingProblem.from_rationals([[1, 2]], [[3]], F(1, 4))
        network = ReLUNetwork.from_rationals([[F(1, 2), -1], [1, 0]], [[1], [2]])
        assert loss_at_most(problem, network) == F(1, 8) + F(29, 32)

    def test_without_neurons_it_is_the_loss_at_zero(self) -> None:
        problem = TrainingProblem.from_rationals([[1], [1]], [[F(1, 2), 1], [3, 0]], 1)
        assert problem.loss_at_zero() == F(1, 2) * (F(1, 4) + 1 + 9)
        assert loss_at_most(problem, ReLUNetwork((), ())) == problem.loss_at_zero()

    @pytest.mark.parametrize(
        ("hidden", "output"), [([[1], [1], [1]], [[1]]), ([[1], [1]], [[1, 1]]), ([[1]], [[1]])]
    )
    def test_network_of_another_size(self, hidden: list[list[int]], output: list[list[int]]) -> None:
        problem = TrainingProblem.from_rationals([[1, 2]], [[3]], 1)
        with pytest.raises(NetworkError, match="the data has 2 features and 1 targets"):
            loss_at_most(problem, ReLUNetwork.from_rationals(hidden, output))


class TestTrainingProblem:
    def test_holds_integers_over_least_common_denominators(self) -> None:
        problem = TrainingProblem.from_rationals([[F(1, 2), F(2, 3)], [1, 0]], [[F(1, 5)], [2]], F(1, 10))
        assert (problem.inputs, problem.input_denominator) == (((3, 4), (6, 0)), 6)
        assert (problem.targets, problem.target_denominator) == (((1,), (10,)), 5)
        assert (problem.n, problem.d, problem.c) == (2, 2, 1)

    @given(matrices(3, 2))
    def test_common_denominator_is_exact_and_least(self, rows: Rows) -> None:
        integers, denominator = over_common_denominator(rows)
        assert [[F(entry, denominator) for entry in row] for row in integers] == rows
        divisors = [denominator // p for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29) if denominator % p == 0]
        for smaller in divisors:
            assert any((entry * smaller).denominator != 1 for row in rows for entry in row)

    def test_integers_of_numpy_do_not_overflow(self) -> None:
        rows = [[*np.array([1 << 62, -3])], [F(1, 8), F(0)]]
        assert over_common_denominator(rows) == (((1 << 65, -24), (1, 0)), 8)

    @pytest.mark.parametrize(
        ("inputs", "targets", "gamma", "loss", "reason"),
        [
            ([], [], 1, "squared", "no rows or no features"),
            ([[]], [[1]], 1, "squared", "no rows or no features"),
            ([[1], [2]], [[1]], 1, "squared", "X has 2 rows and Y has 1"),
            ([[1]], [[]], 1, "squared", "Y has no columns"),
            ([[1, 2], [3]], [[1], [1]], 1, "squared", "differ in length"),
            ([[1], [3]], [[1], [1, 2]], 1, "squared", "differ in length"),
            ([[1]], [[1]], 0, "squared", "gamma is 0"),
            ([[1]], [[1]], F(-1, 2), "squared", "gamma is -1/2"),
            ([[1]], [[1]], 1, "hing", "the loss 'hing' is not supported"),
        ],
    )
    def test_refuses(
        self, inputs: list[list[int]], targets: list[list[int]], gamma: Fraction, loss: str, reason: str
    ) -> None:
        with pytest.raises(DataError, match=reason):
            TrainingProblem.from_rationals(inputs, targets, gamma, loss)

    @pytest.mark.parametrize("denominator", [0, -1, 2])
    def test_refuses_a_denominator_that_is_not_the_least(self, denominator: int) -> None:
        with pytest.raises(DataError, match="least common"):
            TrainingProblem(((2, 4),), ((1,),), F(1), denominator)
        with pytest.raises(DataError, match="least common"):
            TrainingProblem(((1,),), ((2,),), F(1), 1, denominator)


class TestHash:
    problem = TrainingProblem.from_rationals([[F(1, 2), -1], [F(3, 2), 3]], [[1], [F(-1, 3)]], F(1, 10))

    def test_is_that_of_the_canonical_text(self) -> None:
        text = (
            "certify problem 1\nloss squared\noutput_bias none\ngamma 1/10\nsize 2 2 1\ndenominators 2 3\n"
            "1 -2 ; 3\n3 6 ; -1\n"
        )
        assert self.problem.sha256() == hashlib.sha256(text.encode()).hexdigest()

    def test_does_not_depend_on_how_the_numbers_were_written(self) -> None:
        same = TrainingProblem.from_rationals([[F(2, 4), -1], [F(6, 4), 3]], [[1], [F(-2, 6)]], F(10, 100))
        assert same.sha256() == self.problem.sha256()

    @pytest.mark.parametrize(
        "other",
        [
            replace(problem, gamma=F(1, 11)),
            replace(problem, inputs=((1, -2), (3, 7))),
            replace(problem, inputs=((3, 6), (1, -2))),
            replace(problem, targets=((3,), (1,))),
            replace(problem, input_denominator=1),
            replace(problem, target_denominator=2),
            # The same rows of numbers, divided otherwise between X and Y.
            TrainingProblem(((1,), (3,)), ((-2, 3), (6, -1)), F(1, 10), 2, 3),
        ],
    )
    def test_depends_on_everything_else(self, other: TrainingProblem) -> None:
        assert other.sha256() != self.problem.sha256()


class TestNetwork:
    def test_floats_are_the_dyadics_that_they_are(self) -> None:
        network = ReLUNetwork.from_floats(np.array([[0.5, 0.1]]), np.array([[3.0], [-0.75]]))
        assert F(network.hidden[0][1], network.hidden_denominator) == F(0.1)
        assert (network.output, network.output_denominator) == (((12,), (-3,)), 4)
        assert network.width == 2

    @pytest.mark.parametrize("weight", [float("nan"), float("inf")])
    def test_refuses_weights_that_are_not_finite(self, weight: float) -> None:
        with pytest.raises(NetworkError, match=r"the output layer has the weight .* in row 2, column 1"):
            ReLUNetwork.from_floats([[1.0, 1.0]], [[1.0], [weight]])

    def test_refuses_layers_that_do_not_fit(self) -> None:
        with pytest.raises(NetworkError, match="2 neurons and the output layer 1"):
            ReLUNetwork.from_rationals([[1, 2]], [[1]])
        with pytest.raises(NetworkError, match="different lengths"):
            ReLUNetwork.from_rationals([[1, 2], [1]], [[1], [1]])
        with pytest.raises(NetworkError, match="not positive"):
            ReLUNetwork(((1,),), ((1,),), 0)

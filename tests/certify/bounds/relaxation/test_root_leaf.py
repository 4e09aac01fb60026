"""Whatever a solver says, it ends in a certificate that is accepted and says nothing false."""

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.bounds.proofs.writing import trivial_certificate
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.training import Certificate
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.floats.problem import Arrays
from formulations.arrays import Matrix
from formulations.sdp.multiplier_generation import solve_dual
from formulations.sdp.multipliers import Multipliers
from tests.certify.checker.oracles import inputs, optimum_2d, targets
from tests.certify.checker.strategies import problems

F = Fraction

FLOATS = st.floats(-10, 10) | st.floats() | st.sampled_from([0.0, 1e-320, 1e-200, 1e150, 1e308, -1e308])


def matrices(rows: int, columns: int) -> st.SearchStrategy[Matrix]:
    return st.lists(FLOATS, min_size=rows * columns, max_size=rows * columns).map(
        lambda entries: np.array(entries).reshape(rows, columns)
    )


def multipliers(n: int) -> st.SearchStrategy[Multipliers]:
    return st.builds(Multipliers, *(matrices(n, n) for _ in range(3)), matrices(1, n).map(lambda m: m[0]))


def random_multipliers(generator: np.random.Generator, n: int, size: float) -> Multipliers:
    """Tables of both signs, although negative entries are to be ignored, and a slack of the useful sign."""
    a, b, c = (size * generator.normal(size=(n, n)) for _ in range(3))
    return Multipliers(a, b, c, -size * abs(generator.normal(size=n)))


def assert_sound(certificate: Certificate, problem: TrainingProblem) -> None:
    verdict = check_certificate(certificate, problem)
    assert verdict.valid, verdict.reason
    assert verdict.bound is not None
    assert verdict.bound >= 0
    assert from_text(to_text(certificate)) == certificate


class TestAnything:
    @given(problems(output_biases=("none", "free", "decayed")), st.data())
    def test_ends_in_a_valid_certificate(self, problem: TrainingProblem, data: st.DataObject) -> None:
        dual_point = data.draw(matrices(problem.n, problem.c))
        certificate = root_certificate(problem, dual_point, data.draw(multipliers(problem.n)))
        assert_sound(certificate, problem)
        assert certificate.bound <= problem.loss_at_zero()

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308, -1e308, 1e-320, 0.0, -0.0, -1.0])
    @pytest.mark.parametrize("size", [np.nan, np.inf, 1e308, 1e200, 1e-320, 0.0, -1.0, -np.inf])
    def test_constant_matrices(self, value: float, size: float) -> None:
        problem = TrainingProblem.from_rationals([[1, 2], [0, 0], [1, 2]], [[1], [2], [-3]], F(1, 10))
        table, row = np.full((3, 3), size), np.full(3, size)
        certificate = root_certificate(problem, np.full((3, 1), value), Multipliers(table, table, table, row))
        assert_sound(certificate, problem)

    def test_dual_point_that_is_almost_orthogonal_to_the_targets(self) -> None:
        problem = TrainingProblem.from_rationals([[0, 1], [0, 1]], [[1], [0]], F(1, 50))
        certificate = root_certificate(problem, np.array([[1e-320], [1.0]]), Multipliers.zero(2))
        assert_sound(certificate, problem)

    @pytest.mark.parametrize("gamma", [F(1, 10**30), F(10**30), F(1, 3), F(355, 113)])
    @pytest.mark.parametrize("scale", [F(1, 10**12), F(1), F(10**12)])
    def test_units_of_the_data(self, gamma: Fraction, scale: Fraction) -> None:
        problem = TrainingProblem.from_rationals(
            [[scale, 2 * scale], [-scale, scale / 3]], [[scale], [2 * scale]], gamma
        )
        certificate = root_certificate(problem, targets(problem), Multipliers.zero(2))
        assert_sound(certificate, problem)

    @pytest.mark.parametrize(
        ("X", "Y"),
        [
            ([[0]], [[1]]),
            ([[0, 0, 0]], [[1, 2, 3]]),
            ([[1, 2, 3]], [[1, 2, 3]]),
            ([[1, 1], [1, 1], [-1, -1]], [[1], [1], [5]]),
            ([[1, 0], [1, 0]], [[0], [0]]),
            ([[10**6, 1], [1, 10**6]], [[1], [1]]),
        ],
        ids=["zero row", "zero row, c > n", "n < d, c > n", "repeated rows", "zero targets", "badly scaled"],
    )
    def test_shapes(self, X: list[list[int]], Y: list[list[int]]) -> None:
        problem = TrainingProblem.from_rationals(X, Y, F(1, 2))
        generator = np.random.default_rng(0)
        n = problem.n
        for dual_point in (targets(problem), generator.normal(size=(n, problem.c))):
            for chosen in (Multipliers.zero(n), random_multipliers(generator, n, 1.0)):
                assert_sound(root_certificate(problem, dual_point, chosen), problem)


class TestBounds:
    def test_zero_dual_point_proves_zero(self) -> None:
        problem = TrainingProblem.from_rationals([[1, 2], [3, 4]], [[1], [2]], F(1, 10))
        certificate = root_certificate(problem, np.zeros((2, 1)), Multipliers.zero(2))
        assert certificate == trivial_certificate(problem)
        assert check_certificate(certificate, problem).bound == 0

    def test_rows_that_a_solution_leaves_out_stay_out_and_cost_nothing(self) -> None:
        X, Y = [[1, 2], [3, -1], [-2, 1], [0, 0], [5, 7]], [[1], [2], [-1], [3], [4]]
        problem = TrainingProblem.from_rationals(X, Y, F(1, 10))
        rows = np.array([0, 1, 2])
        part = solve_dual(np.array(X, float)[rows], np.array(Y, float)[rows], 0.1)
        N = np.zeros((5, 1))
        N[rows] = part.dual_point
        certificate = root_certificate(problem, N, part.multipliers.of_all(rows, 5))
        bound = check_certificate(certificate, problem).bound
        assert certificate.dual_point[4] == (0,)
        assert bound is not None
        assert float(bound) == pytest.approx(part.dual_value + 3**2 / 2, rel=1e-5)

    @given(problems())
    def test_trivial_certificate(self, problem: TrainingProblem) -> None:
        certificate = trivial_certificate(problem)
        assert_sound(certificate, problem)
        lost = sum(
            y * y for x, row in zip(problem.inputs, problem.targets, strict=True) if not any(x) for y in row
        )
        assert float(certificate.bound) == pytest.approx(lost / 2 / problem.target_denominator**2, rel=1e-15)

    def test_rows_of_zeros_are_lost_in_full(self) -> None:
        # No network fits them: 1/2 (3^2 + 4^2) is the loss of every one.
        problem = TrainingProblem.from_rationals([[0, 0], [0, 0]], [[3], [4]], F(1, 10))
        certificate = root_certificate(problem, targets(problem), Multipliers.zero(2))
        assert_sound(certificate, problem)
        assert certificate.bound == pytest.approx(12.5, rel=1e-9)

    def test_large_gamma_leaves_the_zero_network(self) -> None:
        problem = TrainingProblem.from_rationals([[1, 2], [3, -4]], [[1], [2]], 1000)
        certificate = root_certificate(problem, targets(problem), Multipliers.zero(2))
        assert float(certificate.bound) == pytest.approx(2.5, rel=1e-9)

    def test_one_feature_in_closed_form(self) -> None:
        # h(N) = |N_1| for X = 1: the best N is gamma, and the bound gamma Y - gamma^2 / 2.
        problem = TrainingProblem.from_rationals([[1]], [[3]], 1)
        slack = Multipliers(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.array([-2.0]))
        certificate = root_certificate(problem, np.array([[1.0]]), slack)
        assert_sound(certificate, problem)
        assert 2.5 * (1 - 1e-8) <= float(certificate.bound) <= 2.5

    @pytest.mark.parametrize("seed", range(10))
    def test_never_above_the_optimum(self, seed: int) -> None:
        generator = random.Random(seed)
        n, c = generator.randint(1, 5), generator.randint(1, 2)
        problem = TrainingProblem.from_rationals(
            [[generator.randint(-4, 4) for _ in range(2)] for _ in range(n)],
            [[generator.randint(-4, 4) for _ in range(c)] for _ in range(n)],
            F(generator.randint(1, 30), 10),
        )
        dual_point, upper = optimum_2d(problem)
        noise = np.random.default_rng(seed)
        for size in (0.0, 0.1, 1.0):
            chosen = random_multipliers(noise, n, size)
            for N in (dual_point, targets(problem), noise.normal(size=(n, c))):
                certificate = root_certificate(problem, N, chosen)
                assert_sound(certificate, problem)
                assert certificate.bound <= upper

    @given(problems())
    def test_bound_is_positive_when_the_dual_point_has_a_chance(self, problem: TrainingProblem) -> None:
        # N = Y has <N, Y> = |Y|^2 > 0, so some multiple of it proves a positive bound.
        certificate = root_certificate(problem, targets(problem), Multipliers.zero(problem.n))
        assert_sound(certificate, problem)
        assert (certificate.bound > 0) is (problem.loss_at_zero() > 0)


def test_arrays_are_the_nearest_floats() -> None:
    problem = TrainingProblem.from_rationals([[F(1, 3), 2]], [[F(1, 10)]], F(1, 10))
    arrays = Arrays.of(problem)
    assert arrays.X.tolist() == [[1 / 3, 2.0]] == inputs(problem).tolist()
    assert arrays.Y.tolist() == [[0.1]]
    assert arrays.gamma == 0.1

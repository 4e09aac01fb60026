"""The checker: cases worked by hand, and brute force on the circle."""

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.certificate.nodes import (
    AnyLeaf,
    EnvelopeLeaf,
    Leaf,
    Node,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Frame
from certify.checker.numbers.integers import dot
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import Level, centres_and_radii
from certify.checker.tree.walk import children
from certify.checker.verdict import Verdict
from tests.certify.checker.oracles import (
    certificate_of,
    gauge_2d,
    inputs,
    resolved_tree_2d,
)
from tests.certify.checker.strategies import problems

F = Fraction


def problem_of(
    X: Sequence[Sequence[int]], Y: Sequence[Sequence[int]], gamma: Fraction | int
) -> TrainingProblem:
    return TrainingProblem.from_rationals(X, Y, gamma)


# For X = I the gauge of a positive N is its norm, so the best N for Y = (3, 4) is the multiple (3/4, 1) of Y
# that has norm 5/4: the optimum is gamma |Y| - gamma^2 / 2 = 175/32, and the premise is tight at (3, 4).
CORNER = problem_of([[1, 0], [0, 1]], [[3], [4]], F(5, 4))
CORNER_TREE: tuple[Node, ...] = (
    Sign(0),
    Sign(1),
    TauLeaf(1, 1),
    TauLeaf(1, 1),
    Sign(1),
    TauLeaf(1, 1),
    TauLeaf(1, 1),
)
CORNER_OPTIMUM = F(175, 32)
HONEST = certificate_of(CORNER, [[3], [4]], CORNER_TREE, exponent=2)


class TestOneFeature:
    """For d = 1 the gauge is the larger one of |sum of N_i x_i^+| and |sum of N_i x_i^-|."""

    PROBLEM = problem_of([[1], [-2]], [[3], [1]], 1)

    @pytest.mark.parametrize("leaf", [Leaf(1, 1), Leaf(7, 3), TauLeaf(1, 1), TauLeaf(5, 2, 9)])
    def test_tight_bound_with_one_sign(self, leaf: Node) -> None:
        # h(N) = max(|N_1|, 2 |N_2|) <= 1 is tight at N = (1, 1/2): 3 + 1/2 - 5/8.
        certificate = certificate_of(self.PROBLEM, [[2], [1]], [Sign(0), leaf, leaf], exponent=1)
        assert check_certificate(certificate, self.PROBLEM) == Verdict(
            True, F(23, 8), "exact", "every obligation holds in exact arithmetic (2 leaves)", None, 2
        )

    @pytest.mark.parametrize("dual_point", [[[3], [1]], [[2], [2]], [[-3], [1]], [[2], [-2]]])
    @pytest.mark.parametrize("leaf", [Leaf(1, 1), TauLeaf(1, 1)])
    def test_one_more_unit_is_too_much(self, dual_point: list[list[int]], leaf: Node) -> None:
        certificate = certificate_of(self.PROBLEM, dual_point, [Sign(0), leaf, leaf], exponent=1)
        assert check_certificate(certificate, self.PROBLEM).obligation is Obligation.LEAF_FORM

    @pytest.mark.parametrize(
        ("first", "second", "valid"),
        [(8, 2, True), (7, 2, False), (9, 2, False), (8, 1, False), (8, 3, False), (0, 0, False)],
    )
    def test_root_leaf_whose_slack_is_forced(self, first: int, second: int, valid: bool) -> None:
        # 4 t^2 - (2 a_1 + a_2)^2 + 8 a_1 (a_1 - t) + 2 a_2 (a_2 + 2 t) = (2 t - 2 a_1 + a_2)^2, and the
        # premise is tight for t = 1 and for t = -1, which leaves no other choice.
        leaf = Leaf(1, 1, ((0, 2, -first), (1, 3, -second)))
        certificate = certificate_of(self.PROBLEM, [[2], [1]], [leaf], exponent=1)
        assert check_certificate(certificate, self.PROBLEM).valid is valid

    @pytest.mark.parametrize(
        ("scale", "unit", "first", "second", "valid"),
        [
            (3, 1, 24, 6, True),
            (6, 3, 16, 4, True),
            (1, 2, 4, 1, True),
            (1, 2, 8, 2, False),
            (2, 1, 8, 2, False),
        ],
    )
    def test_scale_and_unit(self, scale: int, unit: int, first: int, second: int, valid: bool) -> None:
        leaf = Leaf(scale, unit, ((0, 2, -first), (1, 3, -second)))
        certificate = certificate_of(self.PROBLEM, [[2], [1]], [leaf], exponent=1)
        assert check_certificate(certificate, self.PROBLEM).valid is valid

    def test_denominators_of_the_data_and_gamma(self) -> None:
        # The same problem with X / 6, Y / 5 and gamma / 6 has the same dual points, at a fifth of <N, Y>.
        problem = TrainingProblem.from_rationals([[F(1, 6)], [F(-2, 6)]], [[F(3, 5)], [F(1, 5)]], F(1, 6))
        tree: list[Node] = [Sign(0), Leaf(1, 1), Leaf(1, 1)]
        verdict = check_certificate(certificate_of(problem, [[2], [1]], tree, exponent=1), problem)
        assert verdict.bound == F(7, 10) - F(5, 8)
        too_large = certificate_of(problem, [[2], [2]], tree, exponent=1)
        assert check_certificate(too_large, problem).obligation is Obligation.LEAF_FORM


class TestTwoFeatures:
    def test_tight_bound_by_orthants(self) -> None:
        verdict = check_certificate(HONEST, CORNER)
        assert (verdict.valid, verdict.bound, verdict.leaves) == (True, CORNER_OPTIMUM, 4)

    @pytest.mark.parametrize("dual_point", [[[4], [4]], [[3], [5]], [[-3], [-5]], [[6], [0]], [[0], [-6]]])
    def test_longer_dual_points_are_refused(self, dual_point: list[list[int]]) -> None:
        certificate = certificate_of(CORNER, dual_point, CORNER_TREE, exponent=2)
        verdict = check_certificate(certificate, CORNER)
        assert (verdict.valid, verdict.bound, verdict.leaves) == (False, None, 0)
        assert verdict.obligation is Obligation.LEAF_FORM

    def test_the_reason_names_the_node(self) -> None:
        tree = (*CORNER_TREE[:3], Leaf(0, 1), *CORNER_TREE[4:])
        verdict = check_certificate(replace(HONEST, tree=tree), CORNER)
        assert verdict.reason == "a leaf's scale or unit is not positive (node 4 of the tree)"

    def test_progress_is_told_leaf_by_leaf(self) -> None:
        told: list[tuple[int, int]] = []
        check_certificate(HONEST, CORNER, lambda done, total: told.append((done, total)))
        assert told == [(3, 7), (4, 7), (6, 7), (7, 7)]

    @pytest.mark.parametrize("tie", [1, 2])
    def test_frame_that_is_not_the_identity(self, tie: int) -> None:
        # The cone of (1, 1) and (-1, 1) is cut at its axis (0, 1), which `tie` only scales.
        frame = Frame(((1, 1), (-1, 1)), ((1, -1), (1, 1)), 2)
        leaf = TauLeaf(1, 1)
        half = (Sign(1), Split(0, 1, tie, tie), leaf, leaf, Split(0, 1, tie, tie), leaf, leaf)
        certificate = certificate_of(CORNER, [[3], [4]], (Sign(0), *half, *half), exponent=2, frame=frame)
        verdict = check_certificate(certificate, CORNER)
        assert (verdict.valid, verdict.bound, verdict.leaves) == (True, CORNER_OPTIMUM, 8)

    @pytest.mark.parametrize(
        ("a", "b", "valid"),
        [(5, 4, True), (147, 1000, True), (1, 1, True), (126, 100, False), (145, 1000, False), (2, 1, False)],
    )
    def test_tau_has_its_range(self, a: int, b: int, valid: bool) -> None:
        # On the quadrants that x = (1, -1) crosses the centre is (1, -1/2) and the radius (0, 1/2), or the
        # other way round: (3/2)^2 >= 1 + tau and (3/2)^2 >= (2 + tau + 1/tau)/4, or tau + 1/tau <= 7.
        problem = problem_of([[1, -1]], [[5]], F(3, 2))
        leaf = TauLeaf(a, b)
        tree: tuple[Node, ...] = (Sign(0), Sign(1), leaf, leaf, Sign(1), leaf, leaf)
        verdict = check_certificate(certificate_of(problem, [[1]], tree), problem)
        assert verdict.valid is valid
        assert verdict.obligation is (None if valid else Obligation.LEAF_FORM)

    @pytest.mark.parametrize(("gamma", "valid"), [(F(99, 70), True), (F(7, 5), False)])
    def test_envelope_has_its_range(self, gamma: Fraction, valid: bool) -> None:
        # There the output is at most t_0 + t_1 in size, whose square is at most 2 (t_0^2 + t_1^2).
        problem = problem_of([[1, -1]], [[5]], gamma)
        leaf = EnvelopeLeaf()
        tree: tuple[Node, ...] = (Sign(0), Sign(1), leaf, leaf, Sign(1), leaf, leaf)
        verdict = check_certificate(certificate_of(problem, [[1]], tree), problem)
        assert verdict.obligation is (None if valid else Obligation.LEAF_FORM)

    def test_envelope_of_several_outputs_and_rows(self) -> None:
        # On the quadrant both rows of X = ((1, -1), (-1, 2)) are mixed; inside, the first vanishes, which
        # counts as rising, the second rises. With N = ((3, -1), (1, 2)) the doubled centres and radii are
        #   t_0: 2 (3, -1) - (1, 2) = (5, -4) and (1, 2);   t_1: -(3, -1) + 4 (1, 2) = (1, 9) and (3, 1),
        # so that the outputs are at most 3 t_0 + 2 t_1 and 3 t_0 + 5 t_1 in size.
        problem = problem_of([[1, -1], [-1, 2]], [[1, 1], [1, 1]], 1)
        cone = Cone.root(certificate_of(problem, [[3, -1], [1, 2]], []), problem)
        for k in range(2):
            cone = cone.halves(k)[0]
        assert centres_and_radii(cone.enclosures()) == ([[5, -4], [1, 9]], [[1, 2], [3, 1]])
        # The level must be at least the larger root of (level - 18)(level - 29) = 21^2, which is 45.208...
        assert children(EnvelopeLeaf(), cone, Level(u=4521, alpha=100)) == ()
        with pytest.raises(Rejection):
            children(EnvelopeLeaf(), cone, Level(u=4520, alpha=100))

    @pytest.mark.parametrize(("multiplier", "valid"), [(6, True), (7, False)])
    @pytest.mark.parametrize("rule", [TauLeaf, Leaf])
    def test_product_of_two_coordinates(self, rule: type[Node], multiplier: int, valid: bool) -> None:
        # With X = (1, 0), N = 4 and gamma = 5 the form is 9 t_0^2 + 25 t_1^2 where t_0 >= 0. Five times
        # as much less 5 * multiplier * t_0 t_1 is semidefinite for multiplier <= 2 * 3 * 5 / 5 = 6.
        problem = problem_of([[1, 0]], [[6]], 5)
        products = ((0, 1, 5 * multiplier),)
        first: Node = TauLeaf(1, 1, 1, products) if rule is TauLeaf else Leaf(1, 1, products)
        tree = (Sign(0), Sign(1), first, TauLeaf(1, 1), Sign(1), TauLeaf(1, 1), TauLeaf(1, 1))
        assert check_certificate(certificate_of(problem, [[4]], tree), problem).valid is valid

    def test_quantities_are_counted_from_the_signed_coordinates(self) -> None:
        # On t_1 >= 0 with t_0 free: X = (1, 0), N = 1 and 4 |u|^2 - a^2 + 2 a (a - t_0), less 4 t_1^2.
        # Were quantity 0 the coordinate t_0, nothing would be left of 4 t_0^2 to pay for the slack.
        problem = problem_of([[1, 0]], [[2]], 2)
        products = ((0, 0, 4), (1, 2, -2))
        tree = (Sign(1), Leaf(1, 1, products), Leaf(1, 1, products))
        assert check_certificate(certificate_of(problem, [[1]], tree), problem).valid
        more = Leaf(1, 1, ((0, 0, 5), (1, 2, -2)))
        verdict = check_certificate(certificate_of(problem, [[1]], [Sign(1), more, more]), problem)
        assert verdict.obligation is Obligation.LEAF_FORM

    @pytest.mark.parametrize(
        ("place", "multiplier", "valid"), [(0, 9, True), (0, 10, False), (1, 25, True), (1, 26, False)]
    )
    def test_squares_of_coordinates(self, place: int, multiplier: int, valid: bool) -> None:
        # The form is 9 t_0^2 + 25 t_1^2 again.
        problem = problem_of([[1, 0]], [[6]], 5)
        first = TauLeaf(1, 1, 1, ((place, place, multiplier),))
        tree = (Sign(0), Sign(1), first, TauLeaf(1, 1), Sign(1), TauLeaf(1, 1), TauLeaf(1, 1))
        assert check_certificate(certificate_of(problem, [[4]], tree), problem).valid is valid

    @pytest.mark.parametrize(("sign", "valid"), [(-1, True), (1, False)])
    def test_sign_of_the_second_quantity_of_a_row(self, sign: int, valid: bool) -> None:
        # On t_1 >= 0 the row (0, 1) is active and (1, 1) mixed: with N = (-1, 1) and beta = a - t_0 - t_1,
        # 9 |t|^2 - 4 (a - t_1)^2 + 8 a beta is semidefinite. With beta = a + t_0 + t_1 it would not be, as
        # it is not for N = (1, 1).
        problem = problem_of([[0, 1], [1, 1]], [[1], [1]], F(3, 2))
        leaf = Leaf(1, 1, ((1, 2, -8),))
        certificate = certificate_of(problem, [[sign], [1]], [Sign(1), leaf, leaf])
        assert check_certificate(certificate, problem).valid is valid

    def test_several_outputs(self) -> None:
        # N = I / 2 has the gauge |relu(u)| / 2 <= 1/2.
        problem = problem_of([[1, 0], [0, 1]], [[1, 0], [0, 1]], F(1, 2))
        certificate = certificate_of(problem, [[1, 0], [0, 1]], CORNER_TREE, exponent=1)
        assert check_certificate(certificate, problem).bound == F(3, 4)
        assert not check_certificate(
            certificate_of(problem, [[1, 1], [0, 1]], CORNER_TREE, exponent=1), problem
        ).valid

    def test_zero_rows_and_the_zero_dual_point(self) -> None:
        problem = problem_of([[0, 0], [1, 2]], [[7], [1]], F(1, 100))
        assert check_certificate(certificate_of(problem, [[7], [0]], [Leaf(1, 1)]), problem).bound == F(49, 2)
        assert check_certificate(certificate_of(problem, [[0], [0]], [Leaf(1, 1)]), problem).bound == 0


@st.composite
def gauges_2d(draw: st.DrawFn) -> tuple[TrainingProblem, list[list[int]], float]:
    """A problem with two features, a dual point and its gauge."""
    problem = draw(problems(d=2))
    entries = st.integers(-6, 6)
    row = st.lists(entries, min_size=problem.c, max_size=problem.c)
    dual_point = draw(st.lists(row, min_size=problem.n, max_size=problem.n))
    return problem, dual_point, gauge_2d(inputs(problem).tolist(), dual_point)


class TestAgainstTheCircle:
    @given(gauges_2d(), st.fractions(min_value=F(1, 2), max_value=F(3, 2), max_denominator=1000))
    def test_resolved_arcs_decide(
        self, case: tuple[TrainingProblem, list[list[int]], float], factor: Fraction
    ) -> None:
        problem, dual_point, gauge = case
        problem = replace(problem, gamma=factor * F(gauge) if gauge else factor)
        verdict = check_certificate(certificate_of(problem, dual_point, resolved_tree_2d(problem)), problem)
        if verdict.valid:
            assert gauge <= float(problem.gamma) * (1 + 1e-12)
        else:
            assert gauge > float(problem.gamma) * (1 - 1e-12)

    def test_whatever_the_tree_only_true_statements_are_accepted(self) -> None:
        generator = random.Random(1)
        accepted = dict.fromkeys((Leaf, TauLeaf, EnvelopeLeaf), 0)
        refused = 0
        for _ in range(1500):
            problem, dual_point = random_case(generator)
            gauge = gauge_2d(inputs(problem).tolist(), dual_point)
            tree = random_tree(generator, problem, gauge)
            verdict = check_certificate(certificate_of(problem, dual_point, tree), problem)
            if not verdict.valid:
                assert verdict.obligation is Obligation.LEAF_FORM
                refused += 1
                continue
            assert gauge <= float(problem.gamma) * (1 + 1e-12)
            # Only those are of interest whose level is not far above the gauge.
            if float(problem.gamma) < 1.5 * gauge:
                for node in tree:
                    if isinstance(node, AnyLeaf):
                        accepted[type(node)] += 1
        assert min(accepted.values()) > 200
        assert refused > 400


def random_case(generator: random.Random) -> tuple[TrainingProblem, list[list[int]]]:
    """Up to four samples, with a gamma between half and twice the gauge."""
    n, c = generator.randint(1, 4), generator.randint(1, 2)
    X = [[generator.randint(-4, 4) for _ in range(2)] for _ in range(n)]
    dual_point = [[generator.randint(-9, 9) for _ in range(c)] for _ in range(n)]
    gauge = gauge_2d(X, dual_point)
    gamma = F(gauge) * F(generator.choice([50, 90, 99, 101, 110, 140, 200]), 100)
    Y = [[generator.randint(-9, 9) for _ in range(c)] for _ in range(n)]
    return problem_of(X, Y, gamma.limit_denominator(100) if gamma > F(1, 10) else F(1)), dual_point


def random_tree(generator: random.Random, problem: TrainingProblem, gauge: float) -> list[Node]:
    """Random signs and splits; leaves with multipliers of the size that can matter, or taus."""
    nodes: list[Node] = []
    level = (problem.gamma.numerator * problem.input_denominator) ** 2

    def grow(cone: Cone, depth: int) -> None:
        free = [k for k, signed in enumerate(cone.signed) if not signed]
        if depth < 7 and generator.random() < (0.8 if free or cone.mixed else 0.2):
            node: Node = Sign(generator.choice(free)) if free else cut(cone)
            nodes.append(node)
            for child in children(node, cone, Level(1, 1)):
                grow(child, depth + 1)
        elif not free and generator.random() < 0.5:
            tau = TauLeaf(generator.randint(1, 4), generator.randint(1, 4))
            nodes.append(generator.choice((tau, EnvelopeLeaf())))
        else:
            nodes.append(Leaf(1, 1, multipliers(cone)))

    def cut(cone: Cone) -> Split:
        if cone.mixed and generator.random() < 0.9:
            p, q = generator.choice(cone.mixed).values
            return Split(0, 1, abs(q), abs(p))
        k = generator.randrange(2)
        return Split(k, 1 - k, generator.randint(1, 3), generator.randint(1, 3))

    def multipliers(cone: Cone) -> tuple[tuple[int, int, int], ...]:
        signed, m = sum(cone.signed), len(cone.mixed)
        products = []
        for i, row in enumerate(cone.mixed):
            # Of the order of the level over the square of the row, where the slack would pay in full.
            square = max(1, dot(row.x, row.x))
            weight = generator.uniform(0.5, 3) * level * len(problem.inputs) / square
            products.append((signed + i, signed + m + i, -round(weight)))
        for _ in range(generator.choice([0, 0, 1, 2])):
            if signed + 2 * m:
                i = generator.randrange(signed + 2 * m)
                j = generator.randrange(i, signed + 2 * m)
                products.append((i, j, round(generator.uniform(0, 0.3) * level)))
        return tuple(products)

    grow(Cone.root(certificate_of(problem, [[0] * problem.c] * problem.n, []), problem), 0)
    return nodes


class TestIdleRows:
    """Samples without weight and multipliers make a leaf's form larger and nothing else."""

    PROBLEM = problem_of([[1, 0], [3, -2], [0, 1], [-1, 2]], [[3], [0], [4], [0]], F(5, 4))
    # Rows 0 and 2 are settled once both signs are known; 1 and 3 are mixed on two of the four cones.
    TREE: tuple[Node, ...] = (Sign(0), Sign(1), Leaf(1, 1), Leaf(1, 1), Sign(1), Leaf(1, 1), Leaf(1, 1))

    def test_they_are_no_obstacle(self) -> None:
        certificate = certificate_of(self.PROBLEM, [[3], [0], [4], [0]], self.TREE, exponent=2)
        assert check_certificate(certificate, self.PROBLEM).bound == CORNER_OPTIMUM

    @pytest.mark.parametrize(
        ("products", "obligation"),
        [
            (((2, 4, -1),), None),  # alpha and beta of row 1: their product is zero
            (((3, 5, 1),), Obligation.LEAF_FORM),  # of row 3, with the sign that helps nothing
            (((2, 5, -1),), Obligation.PRODUCT_SIGN),
            (((2, 6, 1),), Obligation.PRODUCT_INDEX),
        ],
    )
    def test_indices_still_count_them(
        self, products: tuple[tuple[int, int, int], ...], obligation: Obligation | None
    ) -> None:
        tree = (*self.TREE[:2], Leaf(1, 1, products), *self.TREE[3:])
        # On the first cone, the one where the premise is tight, all four signs of 1 and 3 occur.
        certificate = certificate_of(self.PROBLEM, [[2], [0], [3], [0]], tree, exponent=2)
        assert check_certificate(certificate, self.PROBLEM).obligation is obligation

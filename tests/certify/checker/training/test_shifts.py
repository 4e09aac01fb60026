"""Free hidden biases: certificates with a tree for the kink of each sample, against brute force."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.nodes import EnvelopeLeaf, Leaf, Node, Sign, Split
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.numbers.integers import IntegerRows
from certify.checker.obligations import Obligation
from certify.checker.problems.dual_bound import dual_bound
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.training.shifts import kinks, shifted
from certify.trust.parallel import in_processes
from certify.trust.rigorous import check_rigorously

HALF_LINES: tuple[Node, ...] = (Sign(0), EnvelopeLeaf(), EnvelopeLeaf())


def problem_of(inputs: IntegerRows, targets: IntegerRows, gamma: Fraction | int = 1) -> TrainingProblem:
    return TrainingProblem.from_rationals(inputs, targets, gamma, output_bias="all-free")


def certificate_of(
    problem: TrainingProblem, dual_point: IntegerRows, tree: tuple[Node, ...], exponent: int = 0
) -> Certificate:
    return Certificate(
        problem.sha256(),
        problem.gamma,
        "squared",
        "all-free",
        None,
        dual_bound(problem, dual_point, exponent),
        dual_point,
        exponent,
        Frame.identity(problem.d),
        tree,
        "by hand",
    )


# Two samples at 0 and 1. A network makes a step of s there at a cost of gamma s: the optimum is
# min (1 - s)^2 / 4 + gamma s = gamma - gamma^2, and N = gamma (-1, 1) proves it.
STEP = problem_of(((0,), (1,)), ((0,), (1,)), Fraction(1, 4))
PROVED = certificate_of(STEP, ((-1,), (1,)), 2 * HALF_LINES, 2)
# Three samples on a line, whose kinks have gauges 3, 2 and 1.
THREE = problem_of(((0,), (1,), (3,)), ((9,), (9,), (-9,)), 3)
OF_THREE = certificate_of(THREE, ((0,), (1,), (-1,)), 2 * HALF_LINES)


def obligation(certificate: Certificate, problem: TrainingProblem) -> Obligation | None:
    """Return what a certificate fails to deliver, the same at all levels of trust that run here."""
    verdict = check_certificate(certificate, problem)
    for other in (
        check_certificate(certificate, problem, walk=in_processes(1)),
        check_rigorously(certificate, problem),
    ):
        assert (other.valid, other.obligation) == (verdict.valid, verdict.obligation)
    return verdict.obligation


class TestByHand:
    def test_the_step_is_proved(self) -> None:
        assert obligation(PROVED, STEP) is None
        assert PROVED.bound == Fraction(1, 4) - Fraction(1, 16)

    def test_a_unit_more_is_not(self) -> None:
        assert obligation(certificate_of(STEP, ((-16,), (16,)), 2 * HALF_LINES, 6), STEP) is None
        assert obligation(certificate_of(STEP, ((-17,), (17,)), 2 * HALF_LINES, 6), STEP) is (
            Obligation.LEAF_FORM
        )

    def test_without_a_tree_for_each_kink_it_is_not(self) -> None:
        assert obligation(replace(PROVED, tree=HALF_LINES), STEP) is Obligation.COVER
        assert obligation(replace(PROVED, tree=3 * HALF_LINES), STEP) is Obligation.COVER
        assert obligation(replace(PROVED, tree=PROVED.tree[:-1]), STEP) is Obligation.COVER
        assert obligation(replace(PROVED, tree=()), STEP) is Obligation.COVER

    def test_columns_have_to_sum_to_zero(self) -> None:
        off = certificate_of(STEP, ((-1,), (0,)), 2 * HALF_LINES, 2)
        assert obligation(off, STEP) is Obligation.DUAL_SUMS

    def test_samples_without_a_row_have_no_tree(self) -> None:
        assert obligation(OF_THREE, THREE) is None
        assert obligation(replace(OF_THREE, tree=3 * HALF_LINES), THREE) is Obligation.COVER

    def test_nothing_needs_one_tree(self) -> None:
        nothing = certificate_of(STEP, ((0,), (0,)), (Leaf(1, 1),))
        assert obligation(nothing, STEP) is None
        assert obligation(replace(nothing, tree=2 * (Leaf(1, 1),)), STEP) is Obligation.COVER

    def test_equal_samples_share_a_tree(self) -> None:
        doubled = problem_of(((0,), (1,), (0,), (1,)), ((0,), (1,), (0,), (1,)), Fraction(1, 4))
        rows = ((-1,), (2,), (-1,), (0,))
        assert obligation(certificate_of(doubled, rows, 2 * HALF_LINES, 3), doubled) is None
        assert obligation(certificate_of(doubled, rows, 4 * HALF_LINES, 3), doubled) is Obligation.COVER

    def test_the_gauge_at_the_origin_alone_is_not_enough(self) -> None:
        """The kinks at 1 and at 2 make a gauge of 2, that at 0 sees 0 there: N = (0, 1, -2, 1) ."""
        problem = problem_of(((-1,), (0,), (1,)), ((1,), (-2,), (1,)), 1)
        hat = certificate_of(problem, ((2,), (-4,), (2,)), 3 * HALF_LINES, 1)
        # At the kink of the first sample: relu(w (0, 1, 2)) . N = w (-2 + 2) = 0; of the second: 1.
        assert obligation(hat, problem) is None
        more = certificate_of(problem, ((9,), (-18,), (9,)), 3 * HALF_LINES, 3)
        assert obligation(more, problem) is Obligation.LEAF_FORM
        verdict = check_certificate(more, problem)
        assert "node 5" in verdict.reason  # of the second tree: the first is proved

    def test_blocks_are_refused(self) -> None:
        block = Block((0, 1), ((1,),), ((1,),), ((0,),), ((1,),), 6)
        assert obligation(replace(PROVED, blocks=Blocks(0, 0, (block,))), STEP) is Obligation.BLOCK_BIAS

    def test_other_output_biases_are_other_statements(self) -> None:
        for kind in ("none", "free", "decayed"):
            other = TrainingProblem.from_rationals(STEP.inputs, STEP.targets, STEP.gamma, output_bias=kind)
            assert obligation(PROVED, other) is Obligation.STATEMENT
            stated = replace(PROVED, output_bias=kind, problem_sha256=other.sha256())
            assert obligation(stated, STEP) is Obligation.STATEMENT
            # The trees of kinks are no tree of a premise that has none.
            assert obligation(stated, other) in (Obligation.COVER, Obligation.CLAIM)

    def test_what_is_written_is_read(self) -> None:
        assert from_text(to_text(PROVED)) == PROVED
        assert '"output_bias":"all-free"' in to_text(PROVED)
        assert "\noutput_bias all-free\n" in "".join(STEP.canonical_text())


class TestKinks:
    def test_in_the_order_of_their_first_samples_that_count(self) -> None:
        inputs = ((2,), (1,), (2,), (3,), (1,))
        assert kinks(inputs, ((0,), (1,), (-1,), (0,), (0,))) == ((1,), (2,))
        assert kinks(inputs, ((0,),) * 5) == ((2,),)

    def test_a_shift_moves_the_sample_to_zero(self) -> None:
        assert shifted(((1, 2), (5, 7)), (5, 7)) == ((-4, -5), (0, 0))


def largest_gauge(inputs: IntegerRows, rows: IntegerRows, directions: int = 720) -> float:
    """Return the gauge over all unit weights of a grid and all biases of one, in floats."""
    X, N = np.array(inputs, float), np.array(rows, float)
    angles = np.linspace(0, 2 * np.pi, directions, endpoint=False)
    W = np.vstack([np.cos(angles), np.sin(angles)])[: X.shape[1]] if X.shape[1] > 1 else np.array([[1.0, -1]])
    products = X @ W
    reach = np.abs(X).sum() + 1
    biases = np.concatenate([np.linspace(-reach, reach, 403), *np.unique(-products, axis=0)])
    values = [np.linalg.norm(N.T @ np.maximum(products + a, 0), axis=0).max() for a in np.unique(biases)[::7]]
    at_kinks = [
        np.linalg.norm(N.T @ np.maximum(products - products[k], 0), axis=0).max() for k in range(len(X))
    ]
    return float(max(*values, *at_kinks))


@st.composite
def lines(draw: st.DrawFn) -> tuple[IntegerRows, IntegerRows]:
    """Return samples on a line, and a dual point whose columns sum to zero."""
    n, c = draw(st.integers(1, 6)), draw(st.integers(1, 2))
    small = st.integers(-5, 5)
    inputs = tuple((draw(small),) for _ in range(n))
    rows = [[draw(small) for _ in range(c)] for _ in range(n)]
    rows[-1] = [rows[-1][j] - sum(row[j] for row in rows) for j in range(c)]
    return inputs, tuple(map(tuple, rows))


class TestAgainstBruteForce:
    @given(lines())
    @settings(deadline=None)
    def test_on_a_line_the_level_is_the_gauge(self, case: tuple[IntegerRows, IntegerRows]) -> None:
        """On a half-line all is linear, so the checker accepts gamma if and only if it is the gauge."""
        inputs, rows = case
        X, N = np.array(inputs), np.array(rows)
        square = max(
            int((np.square(N.T @ np.maximum(sign * (X - x), 0)[:, 0])).sum()) for x in X for sign in (1, -1)
        )
        trees = HALF_LINES * len(kinks(inputs, rows))
        for gamma_square, fits in ((square, True), (square - Fraction(1, 2), False)):
            # gamma = s is a rational only for squares: enclose the root.
            root = Fraction(int(max(float(gamma_square), 0) ** 0.5 * 2**20), 2**20)
            gamma = root + Fraction(1, 2**18) if fits else root - Fraction(1, 2**18)
            if gamma <= 0:
                continue
            problem = problem_of(inputs, tuple((0,) * len(rows[0]) for _ in inputs), gamma)
            verdict = check_certificate(certificate_of(problem, rows, trees), problem)
            assert verdict.valid is fits
        assert largest_gauge(inputs, rows) == pytest.approx(square**0.5, abs=1e-9)

    @given(st.integers(0, 10**6), st.integers(1, 40))
    @settings(deadline=None)
    def test_what_is_accepted_in_the_plane_has_no_larger_gauge(self, seed: int, tenths: int) -> None:
        rng = np.random.default_rng(seed)
        n, c = int(rng.integers(2, 5)), int(rng.integers(1, 3))
        inputs = tuple(map(tuple, rng.integers(-3, 4, (n, 2)).tolist()))
        N = rng.integers(-2, 3, (n, c))
        N[-1] -= N.sum(axis=0)
        rows = tuple(map(tuple, N.tolist()))
        half: tuple[Node, ...] = (EnvelopeLeaf(),)
        for _ in range(4):
            half = (Split(0, 1, 1, 1), *half, *half)
        plane: tuple[Node, ...] = (Sign(0), Sign(1), *half, *half, Sign(1), *half, *half)
        problem = problem_of(inputs, ((0,) * c,) * n, Fraction(tenths, 10) + Fraction(1, 2))
        certificate = certificate_of(problem, rows, plane * len(kinks(inputs, rows)))
        if check_certificate(certificate, problem).valid:
            assert largest_gauge(inputs, rows) <= float(problem.gamma) * (1 + 1e-12)
        else:
            # The envelopes of small cones lose little.
            assert largest_gauge(inputs, rows) >= float(problem.gamma) / 1.5

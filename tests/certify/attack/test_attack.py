"""The forgery suite: it finds no breach of the checker, and it does find those of a broken one."""

import importlib
import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from certify.attack.attack import KINDS, KINDS_OF_BLOCKS, AttackReport, attack
from certify.attack.forgeries import ALONE, FORGERIES, OF_BLOCKS, RAISING
from certify.bounds.blocks.writing import blocks_certificate
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.checker.certificate.file import from_text
from certify.checker.certificate.nodes import (
    Leaf,
    Node,
    RowSign,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.verdict import Verdict
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multiplier_generation import solve_dual
from formulations.sdp.multipliers import Multipliers
from tests.certify.checker import blocks, row_signs
from tests.certify.checker.oracles import (
    certificate_of,
    inputs,
    optimum_2d,
    replace_require,
    resolved_tree_2d,
    rounded,
    slack_leaf,
    targets,
)

F = Fraction

# With X = I the optimum is gamma |Y| - gamma^2 / 2, by N = (3/4, 1).
CORNER = TrainingProblem.from_rationals([[1, 0], [0, 1]], [[3], [4]], F(5, 4))
CORNER_OPTIMUM = F(175, 32)
BEST = [[3 << 30], [4 << 30]]
TAU = TauLeaf(1, 1)
ORTHANTS: tuple[Node, ...] = (Sign(0), Sign(1), TAU, TAU, Sign(1), TAU, TAU)
OPPOSITE = Frame(((-1, 0), (0, -1)), ((-1, 0), (0, -1)), 1)
NARROW = Frame(((2, -1), (-1, 2)), ((2, 1), (1, 2)), 3)
QUADRANT: tuple[Node, ...] = (Split(0, 1, 1, 2), TAU, Split(0, 1, 3, 1), TAU, TAU)

# The same tight bound, proved in three ways.
CORNER_CERTIFICATES = {
    "orthants": certificate_of(CORNER, BEST, ORTHANTS, exponent=32),
    "opposite frame": certificate_of(CORNER, BEST, ORTHANTS, exponent=32, frame=OPPOSITE),
    "narrow frame": certificate_of(
        CORNER,
        BEST,
        (Sign(0), Sign(1), *QUADRANT, TAU, Sign(1), TAU, *QUADRANT),
        exponent=32,
        frame=NARROW,
    ),
    "one leaf": certificate_of(CORNER, [[1 << 31], [1 << 31]], [slack_leaf(2, 1 << 68)], exponent=32),
}


# In a slightly tilted frame both samples are mixed where both coordinates agree in sign, so that the leaves
# there need their tau; a tau that makes their forms vanish proves more than is true.
TILTED = certificate_of(
    CORNER,
    [[45 << 26], [60 << 26]],
    tuple(TauLeaf(1, 16) if node == TAU else node for node in ORTHANTS),
    exponent=32,
    frame=Frame(((50, -1), (-1, 50)), ((50, 1), (1, 50)), 2499),
)


def random_problem(seed: int) -> TrainingProblem:
    generator = random.Random(seed)
    n, c = generator.randint(2, 6), generator.randint(1, 3)
    return TrainingProblem.from_rationals(
        [[generator.randint(-4, 4) for _ in range(2)] for _ in range(n)],
        [[F(generator.randint(-40, 40), 10) for _ in range(c)] for _ in range(n)],
        F(generator.randint(2, 12), 10),
    )


def assert_no_breach(report: AttackReport) -> None:
    assert report.breaches == ()
    largest = report.largest_accepted
    assert largest is None or largest <= report.upper
    assert report.tried == sum(tally.tried for tally in report.tallies.values())


class TestTheCheckerHolds:
    @pytest.mark.parametrize("name", CORNER_CERTIFICATES)
    def test_optimum_by_hand(self, name: str) -> None:
        certificate = CORNER_CERTIFICATES[name]
        assert check_certificate(certificate, CORNER).valid
        report = attack(certificate, CORNER, trials=600, seed=1, upper=CORNER_OPTIMUM)
        assert_no_breach(report)
        assert report.tried > 400
        assert report.accepted > 0

    def test_free_biases(self) -> None:
        """The optimum 1/4 with a tree at the kink of each sample."""
        corner = replace(CORNER, output_bias=OutputBias.ALL_FREE)
        tree = (*ORTHANTS, *ORTHANTS)
        certificate = certificate_of(corner, [[-1], [1]], tree, exponent=1)
        assert check_certificate(certificate, corner).bound == F(1, 4)
        report = attack(certificate, corner, trials=600, seed=1, upper=F(1, 4))
        assert_no_breach(report)
        assert report.tried > 400
        assert report.accepted > 0

    @pytest.mark.parametrize("name", row_signs.VALID)
    def test_signs_of_samples(self, name: str) -> None:
        certificate, problem = row_signs.VALID[name]
        report = attack(certificate, problem, trials=200, seed=1)
        assert_no_breach(report)
        assert report.tried > 100
        assert report.accepted > 0

    @pytest.mark.parametrize("seed", range(4))
    def test_trees_within_a_millionth_of_the_optimum(self, seed: int) -> None:
        problem = random_problem(seed)
        dual_point, upper = optimum_2d(problem)
        certificate = certificate_of(
            problem, rounded(dual_point, 40, 1 - 1e-7), resolved_tree_2d(problem), exponent=40
        )
        verdict = check_certificate(certificate, problem)
        assert verdict.bound is not None
        assert upper * (1 - F(1, 10**6)) <= verdict.bound <= upper
        assert verdict.leaves > 4
        report = attack(certificate, problem, trials=500, seed=seed, upper=upper)
        assert_no_breach(report)
        assert report.tried > 300

    @pytest.mark.parametrize("seed", range(4, 8))
    def test_single_leaves_with_multipliers(self, seed: int) -> None:
        problem = random_problem(seed)
        dual_point, upper = optimum_2d(problem)
        certificate = root_certificate(problem, dual_point, Multipliers.zero(problem.n))
        assert check_certificate(certificate, problem).valid
        assert certificate.bound > 0
        report = attack(certificate, problem, trials=500, seed=seed, upper=upper)
        assert_no_breach(report)
        assert report.tried > 300


def assert_found_out(
    obligation: Obligation, certificates: list[Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the checker forget an obligation, and see that the attack finds a breach that only it catches."""
    attacker = importlib.import_module("certify.attack.attack")

    def require(condition: bool, required: Obligation, node: int | None = None) -> None:
        if not condition and required is not obligation:
            raise Rejection(required, node)

    def check_or_crash(certificate: Certificate, problem: TrainingProblem) -> Verdict:
        try:
            return check_certificate(certificate, problem)
        except (ArithmeticError, LookupError):
            return Verdict(False, None, "exact", "crashed", obligation, 0)

    replace_require(monkeypatch, require)
    monkeypatch.setattr(attacker, "check_certificate", check_or_crash)
    reports = (
        attack(certificate, CORNER, trials=500, seed=seed, upper=CORNER_OPTIMUM)
        for seed in range(100)
        for certificate in certificates
    )
    breach = next(report.breaches[0] for report in reports if report.breaches)
    monkeypatch.undo()
    verdict = check_certificate(from_text(breach), CORNER)
    assert verdict.obligation is obligation


class TestBlocks:
    """Proofs in blocks of samples."""

    def test_by_hand(self) -> None:
        report = attack(blocks.HONEST, CORNER, trials=1200, seed=1, upper=CORNER_OPTIMUM)
        assert_no_breach(report)
        assert report.tried > 800
        assert report.accepted > 0
        assert set(OF_BLOCKS) < set(report.tallies) < set(KINDS_OF_BLOCKS)

    @pytest.mark.parametrize("seed", range(3))
    def test_by_solver(self, seed: int) -> None:
        problem = random_problem(seed)
        _, upper = optimum_2d(problem)
        halves = [list(range(first, problem.n, 2)) for first in (0, 1)]
        gamma = float(problem.gamma) / 2
        proofs = []
        for rows in halves:
            found = solve_dual(inputs(problem)[rows], targets(problem)[rows], gamma)
            multipliers = found.multipliers.scaled(1 / gamma)
            share = gamma * np.eye(problem.d + problem.c)
            proofs.append(BlockProof(tuple(rows), share, found.dual_point, multipliers))
        certificate = blocks_certificate(problem, proofs)
        assert certificate.blocks is not None
        assert_no_breach(attack(certificate, problem, trials=400, seed=seed, upper=upper))

    @pytest.mark.parametrize(
        "obligation", [Obligation.BLOCK_ROWS, Obligation.SHARES, Obligation.BLOCK_OUTPUT]
    )
    def test_checker_that_forgets_one_obligation(
        self, obligation: Obligation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert_found_out(obligation, [blocks.HONEST], monkeypatch)


# The obligations without which more than the truth could be proved.
DECISIVE = (
    Obligation.CLAIM,
    Obligation.FRAME_SHAPE,
    Obligation.FRAME_INVERSE,
    Obligation.SPLIT_POSITIVE,
    Obligation.LEAF_SCALE,
    Obligation.PRODUCT_SIGN,
    Obligation.LEAF_FORM,
    Obligation.LEAF_SIGNED,
    Obligation.TAU_POSITIVE,
    Obligation.COVER,
)


class TestABrokenCheckerIsFoundOut:
    @pytest.mark.parametrize("obligation", DECISIVE)
    def test_checker_that_forgets_one_obligation(
        self, obligation: Obligation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificates = (
            [TILTED] if obligation is Obligation.TAU_POSITIVE else list(CORNER_CERTIFICATES.values())
        )
        assert_found_out(obligation, certificates, monkeypatch)


class TestReport:
    CERTIFICATE = CORNER_CERTIFICATES["narrow frame"]

    def test_same_seed_same_report(self) -> None:
        first = attack(self.CERTIFICATE, CORNER, trials=150, seed=3)
        assert attack(self.CERTIFICATE, CORNER, trials=150, seed=3) == first
        assert attack(self.CERTIFICATE, CORNER, trials=150, seed=4) != first

    def test_every_kind_has_its_turn(self) -> None:
        assert set(FORGERIES) < set(KINDS)
        assert set(ALONE) | set(RAISING) < set(FORGERIES)
        leaf = Leaf(1, 1, ((0, 2, -5), (1, 3, -7)))
        divided = (RowSign(0), leaf, TAU)
        with_products = replace(self.CERTIFICATE, tree=(*divided, *self.CERTIFICATE.tree))
        report = attack(with_products, CORNER, trials=10 * len(KINDS), seed=0)
        assert set(report.tallies) == set(KINDS)
        assert all(tally.tried > 0 for tally in report.tallies.values())

    def test_counts(self) -> None:
        report = attack(self.CERTIFICATE, CORNER, trials=len(KINDS), seed=0)
        assert report.tallies["claim raised"].rejected == {"claim": 1}
        assert report.tallies["hash changed"].rejected == {"problem": 1}
        assert report.tried <= len(KINDS)
        assert report.upper == CORNER.loss_at_zero() == F(25, 2)

    def test_progress_reaches_the_end(self) -> None:
        told: list[tuple[int, int]] = []
        attack(self.CERTIFICATE, CORNER, trials=7, seed=0, on_progress=lambda *step: told.append(step))
        assert told == [(i, 7) for i in range(1, 8)]

    def test_true_bounds_above_a_wrong_upper_bound_are_reported_with_their_text(self) -> None:
        report = attack(self.CERTIFICATE, CORNER, trials=200, seed=0, upper=F(1))
        assert report.breaches
        for text in report.breaches:
            bound = check_certificate(from_text(text), CORNER).bound
            assert bound is not None
            assert bound > 1

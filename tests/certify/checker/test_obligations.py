"""Each obligation is needed: for each one there is a forgery that nothing else catches."""

import tracemalloc
from dataclasses import replace
from fractions import Fraction

import pytest

from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Leaf,
    Node,
    RowSign,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.obligations import Obligation, Rejection
from certify.checker.problems.losses.regression import Huber
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.checker.training import leaf_rules
from certify.checker.training.check import check_certificate
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import Level
from certify.checker.tree import walk as tree_walk
from certify.checker.tree.walk import walk
from certify.checker.work import MAX_TRAINING_WORK, Meter
from certify.trust import subtrees
from certify.trust.parallel import in_processes
from tests.certify.checker import blocks
from tests.certify.checker.oracles import certificate_of, replace_require, slack_leaf

F = Fraction


# For X = I the gauge of a positive N is its norm, so the best N for Y = (3, 4) is the multiple (3/4, 1) of Y
# that has norm 5/4, and the optimum is gamma |Y| - gamma^2 / 2.
PROBLEM = TrainingProblem.from_rationals([[1, 0], [0, 1]], [[3], [4]], F(5, 4))
OPTIMUM = F(175, 32)
TAUS = (TauLeaf(1, 1),) * 4


def orthants(first: Node, second: Node, third: Node, fourth: Node) -> tuple[Node, ...]:
    """The four orthants of the frame."""
    return Sign(0), Sign(1), first, second, Sign(1), third, fourth


def forged(
    dual_point: list[list[int]], *tree: Node, exponent: int = 0, frame: Frame | None = None
) -> Certificate:
    return certificate_of(PROBLEM, dual_point, tree, exponent=exponent, frame=frame)


HONEST = forged([[3], [4]], *orthants(*TAUS), exponent=2)
# With a free output bias the constant 7/2 has the loss 1/4.
WITH_BIAS = replace(PROBLEM, output_bias=OutputBias.FREE)
# With free hidden biases as well the same constant is the optimum, and each sample has a kink.
WITH_BIASES = replace(PROBLEM, output_bias=OutputBias.ALL_FREE)
AT_KINKS = certificate_of(WITH_BIASES, [[-1], [1]], 2 * orthants(*TAUS), exponent=1)
# With Huber's loss a row is at most 1/2 in size, and the best N is (1/2, 1/2).
WITH_HUBER = replace(PROBLEM, loss=Huber(F(1, 2)))
# N = (1, 1) lies: it satisfies the premise on the axes and not between them, and claims 6 > 175/32.
LIE = [[1], [1]]
OPPOSITE = Frame(((-1, 0), (0, -1)), ((-1, 0), (0, -1)), 1)
NARROW = Frame(((2, -1), (-1, 2)), ((2, 1), (1, 2)), 3)
LINE = ((1, 0), (1, 0))

# What only one obligation stands in the way of. All but those of `HARMLESS` would prove more than is true.
FORGERIES = {
    Obligation.PROBLEM: replace(HONEST, problem_sha256="0" * 64),
    Obligation.STATEMENT: replace(HONEST, gamma=F(2)),
    Obligation.DUAL_SHAPE: replace(HONEST, dual_point=(*HONEST.dual_point, (1,))),
    Obligation.DUAL_SUMS: certificate_of(WITH_BIAS, [[3], [4]], HONEST.tree, exponent=2),
    Obligation.DUAL_DOMAIN: certificate_of(WITH_HUBER, [[3], [4]], HONEST.tree, exponent=2),
    Obligation.CLAIM: replace(HONEST, bound=F(6)),
    # All of R^2 by a frame that spans a line, where 25 v^2 - 16 a^2 + 32 a (a - v) is positive.
    Obligation.FRAME_SHAPE: forged(LIE, Leaf(1, 1, ((0, 1, -32),)), frame=Frame(LINE, ((0, 0), (0, 0)), 0)),
    Obligation.FRAME_INVERSE: forged(LIE, Leaf(1, 1, ((0, 1, -32),)), frame=Frame(LINE, ((1, 0), (0, 1)), 1)),
    Obligation.SIGN_INDEX: replace(HONEST, tree=(Sign(0), Sign(1), Sign(0), *TAUS[:3], Sign(1), *TAUS[:2])),
    Obligation.ROW_INDEX: replace(HONEST, tree=(Sign(0), Sign(1), RowSign(0), *TAUS[:3], Sign(1), *TAUS[:2])),
    Obligation.SPLIT_INDEX: replace(
        HONEST, tree=(Sign(0), Sign(1), Split(0, 0, 1, 1), *TAUS[:3], Sign(1), *TAUS[:2])
    ),
    Obligation.SPLIT_SIGNED: forged(
        [[1], [1]], Split(0, 1, 1, 1), slack_leaf(2, 64), slack_leaf(2, 64), exponent=1
    ),
    # Only the two axes are left of the quadrant.
    Obligation.SPLIT_POSITIVE: forged(
        LIE, Sign(0), Sign(1), Split(0, 1, 0, 0), *TAUS[:3], Sign(1), *TAUS[:2]
    ),
    Obligation.LEAF_SCALE: forged(LIE, Leaf(0, 1)),
    Obligation.PRODUCT_INDEX: forged(
        [[1], [1]], Leaf(1, 1, (*slack_leaf(2, 64).products, (1, 0, 1))), exponent=1
    ),
    Obligation.PRODUCT_SIGN: forged(LIE, Leaf(1, 1, ((0, 0, -1000), (1, 1, -1000)))),
    Obligation.LEAF_FORM: forged(LIE, Leaf(1, 1)),
    # In the opposite frame both rows look inactive, as they are where both t_k >= 0.
    Obligation.LEAF_SIGNED: forged(LIE, TauLeaf(1, 1), frame=OPPOSITE),
    Obligation.TAU_POSITIVE: forged(
        LIE, *orthants(TauLeaf(0, 0), TauLeaf(1, 1), TauLeaf(1, 1), TauLeaf(0, 0)), frame=NARROW
    ),
    Obligation.COVER: forged(LIE, *orthants(*TAUS)[:-1], frame=OPPOSITE),
    Obligation.LIMITS: replace(
        HONEST, tree=(Sign(0), Sign(1), Split(0, 1, 1 << 5000, 1), *TAUS[:3], Sign(1), *TAUS[:2])
    ),
    **blocks.FORGERIES,
    Obligation.BLOCK_BIAS: replace(
        AT_KINKS,
        tree=orthants(*TAUS),
        blocks=Blocks(0, 0, (Block((0, 1), ((1,), (0, 1)), ((1,),), ((0,), (0,)), ((1,),), 7),)),
    ),
}
# The problem and its optimum, where they are others than `PROBLEM` and `OPTIMUM`.
OF_OTHERS = {
    Obligation.DUAL_SUMS: (WITH_BIAS, F(1, 4)),
    Obligation.DUAL_DOMAIN: (WITH_HUBER, F(13, 4)),
    Obligation.BLOCK_BIAS: (WITH_BIASES, F(1, 4)),
}
FAILS_CLOSED = (Obligation.DUAL_SHAPE, Obligation.BLOCK_SHAPE)  # in sums over rows that do not fit
HARMLESS = {
    Obligation.BLOCK_BIAS,
    Obligation.BLOCK_SHAPE,
    Obligation.PROBLEM,
    Obligation.STATEMENT,
    Obligation.SIGN_INDEX,
    Obligation.ROW_INDEX,
    Obligation.SPLIT_INDEX,
    Obligation.SPLIT_SIGNED,
    Obligation.PRODUCT_INDEX,
    Obligation.LIMITS,
}


def disable(monkeypatch: pytest.MonkeyPatch, disabled: Obligation) -> None:
    """Make the checker forget one obligation."""

    def require(condition: bool, obligation: Obligation, node: int | None = None) -> None:
        if not condition and obligation is not disabled:
            raise Rejection(obligation, node)

    replace_require(monkeypatch, require)


def test_honest_certificate_is_tight() -> None:
    assert check_certificate(HONEST, PROBLEM).bound == OPTIMUM


def test_a_smaller_claim_is_proved_as_well() -> None:
    for bound in (OPTIMUM - F(1, 10**3000), F(0), F(-7, 3)):
        assert check_certificate(replace(HONEST, bound=bound), PROBLEM).bound == bound


@pytest.mark.parametrize("obligation", FORGERIES)
class TestForgeries:
    def test_is_caught(self, obligation: Obligation) -> None:
        problem, _ = OF_OTHERS.get(obligation, (PROBLEM, OPTIMUM))
        verdict = check_certificate(FORGERIES[obligation], problem)
        assert (verdict.valid, verdict.bound, verdict.obligation) == (False, None, obligation)
        assert verdict.reason.startswith(obligation.value)

    def test_is_caught_by_nothing_else(self, obligation: Obligation, monkeypatch: pytest.MonkeyPatch) -> None:
        disable(monkeypatch, obligation)
        if obligation in FAILS_CLOSED:
            with pytest.raises(ValueError, match="zip"):
                check_certificate(FORGERIES[obligation], PROBLEM)
            return
        problem, optimum = OF_OTHERS.get(obligation, (PROBLEM, OPTIMUM))
        verdict = check_certificate(FORGERIES[obligation], problem)
        assert verdict.valid
        assert verdict.bound is not None
        assert (verdict.bound > optimum) is (obligation not in HARMLESS)


class TestLimits:
    DEEP = replace(HONEST, tree=(Sign(0), Sign(1), *(Split(0, 1, 1, 1),) * 10**6))

    def test_deep_tree_ends_in_bounded_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tree_walk, "MAX_PENDING_VECTORS", 30_000)
        tracemalloc.start()
        verdict = check_certificate(self.DEEP, PROBLEM)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert verdict.obligation is Obligation.LIMITS
        # A cone that is owed holds two generators and a linear part, one of them a mixed row as well.
        assert verdict.reason.endswith("(node 9999 of the tree)")
        assert peak < 16 << 20

    def test_mixed_rows_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Of three coordinates only two are signed, so all 50 rows stay mixed: 54 vectors a cone.
        problem = TrainingProblem.from_rationals([[0, 0, 1]] * 50, [[1]] * 50, 1)
        tree = (Sign(0), Sign(1), *(Split(0, 1, 1, 1),) * 100)
        monkeypatch.setattr(tree_walk, "MAX_PENDING_VECTORS", 539)
        verdict = check_certificate(certificate_of(problem, [[0]] * 50, tree), problem)
        assert verdict.obligation is Obligation.LIMITS
        assert verdict.reason.endswith("(node 9 of the tree)")

    def test_order_of_a_leaf(self, monkeypatch: pytest.MonkeyPatch) -> None:
        certificate = forged([[1], [1]], slack_leaf(2, 64), exponent=1)
        monkeypatch.setattr(leaf_rules, "MAX_LEAF_ORDER", 4)
        assert check_certificate(certificate, PROBLEM).valid
        monkeypatch.setattr(leaf_rules, "MAX_LEAF_ORDER", 3)
        assert check_certificate(certificate, PROBLEM).obligation is Obligation.LIMITS

    def test_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # In one process and in several, whichever node is the one too many.
        root, level = Cone.root(HONEST, PROBLEM), Level.of(HONEST, PROBLEM)
        meter = Meter(10**12)
        walk(HONEST.tree, root, level, meter=meter)
        assert 0 < meter.spent < MAX_TRAINING_WORK
        monkeypatch.setattr(leaf_rules, "MAX_TRAINING_WORK", meter.spent)
        monkeypatch.setattr(subtrees, "_LEAST_NODES", 1)
        assert check_certificate(HONEST, PROBLEM).valid
        assert check_certificate(HONEST, PROBLEM, walk=in_processes(2)).valid
        monkeypatch.setattr(leaf_rules, "MAX_TRAINING_WORK", meter.spent - 1)
        assert check_certificate(HONEST, PROBLEM).obligation is Obligation.LIMITS
        assert check_certificate(HONEST, PROBLEM, walk=in_processes(2)).obligation is Obligation.LIMITS

    def test_long_generators(self) -> None:
        tree = (Sign(0), Sign(1), Split(0, 1, 1 << 4095, 1), *TAUS[:3], Sign(1), *TAUS[:2])
        assert check_certificate(replace(HONEST, tree=tree), PROBLEM).valid
        tree = (Sign(0), Sign(1), Split(0, 1, 1 << 4096, 1), *TAUS[:3], Sign(1), *TAUS[:2])
        assert check_certificate(replace(HONEST, tree=tree), PROBLEM).obligation is Obligation.LIMITS


class TestMoreForgeries:
    """Other ways to fail an obligation."""

    @pytest.mark.parametrize(
        ("obligation", "change"),
        [
            (Obligation.STATEMENT, {"loss": "absolute"}),
            (Obligation.STATEMENT, {"output_bias": "free"}),
            (Obligation.DUAL_SHAPE, {"dual_point": ((3,),)}),
            (Obligation.DUAL_SHAPE, {"dual_point": ((3, 0), (4,))}),
            (Obligation.DUAL_SHAPE, {"dual_point": ()}),
            (Obligation.CLAIM, {"dual_exponent": 3}),
            (Obligation.CLAIM, {"bound": OPTIMUM + F(1, 10**3000)}),
            (Obligation.FRAME_SHAPE, {"frame": Frame.identity(3)}),
            (Obligation.FRAME_SHAPE, {"frame": Frame.identity(1)}),
            (Obligation.FRAME_SHAPE, {"frame": Frame(((1, 0), (0, 1)), ((-1, 0), (0, -1)), -1)}),
            (Obligation.FRAME_SHAPE, {"frame": Frame(((1, 0, 0), (0, 1, 0)), ((1, 0), (0, 1)), 1)}),
            (Obligation.FRAME_INVERSE, {"frame": Frame(((1, 0), (1, 1)), ((1, -1), (0, 1)), 1)}),
            (Obligation.FRAME_INVERSE, {"frame": Frame(((1, 0), (0, 2)), ((1, 0), (0, 1)), 1)}),
            (Obligation.SIGN_INDEX, {"tree": (Sign(2), *TAUS[:2])}),
            (Obligation.SIGN_INDEX, {"tree": (Sign(-1), *TAUS[:2])}),
            (Obligation.SPLIT_INDEX, {"tree": (Sign(0), Sign(1), Split(0, 2, 1, 1))}),
            (Obligation.SPLIT_INDEX, {"tree": (Sign(0), Sign(1), Split(2, 0, 1, 1))}),
            (Obligation.SPLIT_INDEX, {"tree": (Sign(0), Sign(1), Split(-1, 1, 1, 1))}),
            (Obligation.SPLIT_SIGNED, {"tree": (Sign(0), Split(0, 1, 1, 1))}),
            (Obligation.SPLIT_SIGNED, {"tree": (Sign(1), Split(0, 1, 1, 1))}),
            (Obligation.SPLIT_POSITIVE, {"tree": (Sign(0), Sign(1), Split(0, 1, 1, 0))}),
            (Obligation.SPLIT_POSITIVE, {"tree": (Sign(0), Sign(1), Split(0, 1, 0, 1))}),
            (Obligation.SPLIT_POSITIVE, {"tree": (Sign(0), Sign(1), Split(0, 1, 0, 0))}),
            (Obligation.SPLIT_POSITIVE, {"tree": (Sign(0), Sign(1), Split(0, 1, 2, -1))}),
            (Obligation.LEAF_SCALE, {"tree": (Leaf(1, 0),)}),
            (Obligation.LEAF_SCALE, {"tree": (Leaf(1, -1),)}),
            (Obligation.LEAF_SCALE, {"tree": (Leaf(-1, 1),)}),
            (Obligation.LEAF_SCALE, {"tree": orthants(TauLeaf(1, 1, 0), *TAUS[:3])}),
            (Obligation.LEAF_SCALE, {"tree": orthants(TauLeaf(1, 1, -1), *TAUS[:3])}),
            (Obligation.PRODUCT_INDEX, {"tree": (Leaf(1, 1, ((0, 4, 1),)),)}),
            (Obligation.PRODUCT_INDEX, {"tree": (Leaf(1, 1, ((-1, 0, 1),)),)}),
            (Obligation.PRODUCT_INDEX, {"tree": orthants(TauLeaf(1, 1, 1, ((0, 2, 1),)), *TAUS[:3])}),
            # alpha_1 beta_2, alpha_1 alpha_2 and beta_1 beta_2 may be positive.
            (Obligation.PRODUCT_SIGN, {"tree": (Leaf(1, 1, ((0, 3, -1),)),)}),
            (Obligation.PRODUCT_SIGN, {"tree": (Leaf(1, 1, ((0, 1, -1),)),)}),
            (Obligation.PRODUCT_SIGN, {"tree": (Leaf(1, 1, ((2, 3, -1),)),)}),
            (Obligation.PRODUCT_SIGN, {"tree": orthants(TauLeaf(1, 1, 1, ((0, 1, -1),)), *TAUS[:3])}),
            (Obligation.LEAF_SIGNED, {"tree": (Sign(0), *TAUS[:2])}),
            (Obligation.TAU_POSITIVE, {"tree": orthants(TauLeaf(0, 1), *TAUS[:3])}),
            (Obligation.TAU_POSITIVE, {"tree": orthants(TauLeaf(1, 0), *TAUS[:3])}),
            (Obligation.TAU_POSITIVE, {"tree": orthants(TauLeaf(1, -1), *TAUS[:3])}),
            (Obligation.TAU_POSITIVE, {"tree": orthants(TauLeaf(-1, -1), *TAUS[:3])}),
            (Obligation.COVER, {"tree": ()}),
            (Obligation.COVER, {"tree": (*HONEST.tree, TauLeaf(1, 1))}),
            (Obligation.COVER, {"tree": HONEST.tree[:-1]}),
        ],
    )
    def test_is_refused(self, obligation: Obligation, change: dict[str, object]) -> None:
        verdict = check_certificate(replace(HONEST, **change), PROBLEM)  # type: ignore[arg-type]
        assert (verdict.valid, verdict.obligation) == (False, obligation)

    def test_a_product_of_one_row_with_another_is_not_free(self) -> None:
        # On t_1 >= 0 the quantities are t_1, alpha_0, beta_0 (row 1 is active): only (1, 2) is free.
        for i, j in [(0, 1), (0, 2), (0, 0), (1, 1), (2, 2)]:
            tree = (Sign(1), Leaf(1, 1, ((i, j, -1),)))
            assert check_certificate(forged([[0], [0]], *tree), PROBLEM).obligation is Obligation.PRODUCT_SIGN
        free = Leaf(1, 1, ((1, 2, -1),))
        assert check_certificate(forged([[0], [0]], Sign(1), free, free), PROBLEM).valid

    def test_rejection_for_other_data(self) -> None:
        other = replace(PROBLEM, targets=((3,), (5,)))
        assert check_certificate(HONEST, other).obligation is Obligation.PROBLEM


def test_envelope_leaves_need_signs_as_well() -> None:
    # In the opposite frame both rows look inactive, and without rows the premise would hold.
    certificate = forged(LIE, EnvelopeLeaf(), frame=OPPOSITE)
    assert check_certificate(certificate, PROBLEM).obligation is Obligation.LEAF_SIGNED

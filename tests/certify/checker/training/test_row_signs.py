"""Cones that are divided by the signs of samples, by hand and against direct evaluation."""

from dataclasses import replace

import pytest

from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.nodes import Leaf, Node, RowSign, Sign
from certify.checker.certificate.training import Certificate
from certify.checker.obligations import Obligation
from certify.checker.problems.training import TrainingProblem
from certify.checker.training import leaf_rules
from certify.checker.training.check import check_certificate
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import Level
from certify.checker.tree.walk import Walk, walk_trees
from certify.trust import subtrees
from certify.trust.packed_cone import packed
from certify.trust.parallel import in_processes
from certify.trust.rigorous import check_rigorously
from tests.certify.checker import row_signs
from tests.certify.checker.row_signs import (
    ALL_ACTIVE,
    CERTIFICATES,
    HONEST,
    IN_A_QUADRANT,
    PROBLEM,
    VALID,
)

WALKS = pytest.mark.parametrize("walk", [walk_trees, in_processes(1)], ids=["plain", "packed"])


@WALKS
@pytest.mark.parametrize("name", VALID)
def test_proofs(name: str, walk: Walk) -> None:
    certificate, problem = VALID[name]
    verdict = check_certificate(certificate, problem, walk=walk)
    assert (verdict.bound, verdict.leaves) == (certificate.bound, certificate.leaves)


@WALKS
@pytest.mark.parametrize(
    ("certificate", "obligation", "node"),
    [
        (row_signs.SWAPPED, Obligation.LEAF_FORM, 4),
        (row_signs.TWICE_THE_SAME, Obligation.ROW_INDEX, 4),
        (row_signs.SETTLED, Obligation.ROW_INDEX, 3),
        (row_signs.BEYOND, Obligation.ROW_INDEX, 3),
        (replace(HONEST, tree=(RowSign(-1), *IN_A_QUADRANT)), Obligation.ROW_INDEX, 1),
        (row_signs.MISSING, Obligation.COVER, None),
        (row_signs.WITHOUT_FORM, Obligation.LEAF_FORM, 4),
        (row_signs.ANOTHER_FORM, Obligation.PRODUCT_INDEX, 4),
        (row_signs.FREE_FORM, Obligation.PRODUCT_SIGN, 4),
        # Where the sample is mixed the same numbers are of its alpha and beta.
        (replace(HONEST, tree=(*IN_A_QUADRANT[:2], ALL_ACTIVE, *IN_A_QUADRANT[6:])), Obligation.LEAF_FORM, 3),
    ],
)
def test_what_is_no_proof(
    certificate: Certificate, obligation: Obligation, node: int | None, walk: Walk
) -> None:
    verdict = check_certificate(certificate, PROBLEM, walk=walk)
    assert verdict.obligation is obligation
    assert verdict.reason == obligation.value + (f" (node {node} of the tree)" if node else "")


def test_samples_are_counted_in_their_block() -> None:
    def named(number: int) -> Certificate:
        tree = (*IN_A_QUADRANT[:2], RowSign(number), *IN_A_QUADRANT[3:])
        return replace(row_signs.IN_A_BLOCK, tree=tree)

    obligations = [check_certificate(named(i), row_signs.LAST_THREE).obligation for i in range(4)]
    assert obligations == [Obligation.ROW_INDEX, Obligation.ROW_INDEX, None, Obligation.ROW_INDEX]


def test_floating_point_leaves_all_to_the_exact_check() -> None:
    for certificate in (*CERTIFICATES.values(), row_signs.SWAPPED, row_signs.SETTLED):
        exact, verdict = check_certificate(certificate, PROBLEM), check_rigorously(certificate, PROBLEM)
        assert (verdict.bound, verdict.obligation) == (exact.bound, exact.obligation)
        assert verdict.trust == "rigorous"
    assert "(5 leaves, 5 of them checked exactly)" in check_rigorously(HONEST, PROBLEM).reason


def test_in_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    # The parts that are sent to them are the cones below the first two signs.
    monkeypatch.setattr(subtrees, "_LEAST_NODES", 1)
    monkeypatch.setattr(subtrees, "_PARTS", 1)
    for certificate in (CERTIFICATES["of samples"], row_signs.MISSING, row_signs.TWICE_THE_SAME):
        exact = check_certificate(certificate, PROBLEM)
        assert check_certificate(certificate, PROBLEM, walk=in_processes(2)) == exact


def test_in_the_file() -> None:
    text = to_text(HONEST)
    assert "\nsign 0\nsign 1\nrow 2\nleaf 1 1 2\n0 2 7\n1 2 7\n" in text
    assert from_text(text) == HONEST


def test_cone_by_hand() -> None:
    # x_3 = (1, -1) twice, and the second sample beside it.
    problem = TrainingProblem.from_rationals([[1, -1], [0, 1], [1, -1]], [[1]] * 3, 1)
    certificate = replace(HONEST, dual_point=((3,), (5,), (7,)))
    plain = Cone.root(certificate, problem)
    for cone in (plain, packed(plain)):
        active, inactive = cone.sides(2)
        assert [row.number for row in active.mixed] == [row.number for row in inactive.mixed] == [1]
        assert list(map(list, active.linear)) == [[10], [-10]]
        assert list(map(list, inactive.linear)) == [[0], [0]]
        assert (active.forms, inactive.forms) == (((1, -1),), ((-1, 1),))
        # Two generators, an output, a mixed sample and a form.
        assert active.vectors == inactive.vectors == 5
        positive, negative = active.halves(1)
        assert (positive.forms, negative.forms) == (((1, -1),), ((1, 1),))


class TestLimits:
    def test_forms_count_as_work(self) -> None:
        # d = 2, c = 1, and of three samples two are mixed at first: one of them becomes a form.
        cone, level = Cone.root(HONEST, PROBLEM).halves(0)[0], Level(1, 1)
        below = cone.sides(1)[0]
        assert (len(cone.mixed), len(below.mixed), len(below.forms)) == (2, 1, 1)
        nodes: tuple[Node, ...] = (Sign(1), Leaf(1, 1))
        for node in nodes:
            assert level.work(node, cone) == level.work(node, below) == level.work(node, packed(below))

    def test_forms_count_for_the_order_of_a_leaf(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leaf_rules, "MAX_LEAF_ORDER", 3)
        assert check_certificate(HONEST, PROBLEM).valid
        monkeypatch.setattr(leaf_rules, "MAX_LEAF_ORDER", 2)
        assert check_certificate(HONEST, PROBLEM).obligation is Obligation.LIMITS

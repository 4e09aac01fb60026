"""The leaves in numbers, held against the checker's own cones."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from certify import bound
from certify.checker.certificate.nodes import (
    AnyLeaf,
    EnvelopeLeaf,
    Leaf,
    Node,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.problems.training import TrainingProblem
from certify.checker.training import leaf_rules
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import Level
from certify.checker.tree.walk import children
from certify.explain.leaf_cones import leaf_cones
from certify.explain.leaf_statistics import LeafStatistics, leaf_statistics
from certify.floats.gauge import dual_point
from tests.certify.checker import row_signs
from tests.certify.checker.oracles import certificate_of, inputs


def cells_of(certificate: Certificate, problem: TrainingProblem, names: str) -> LeafStatistics:
    return leaf_statistics(
        certificate, problem, inputs(problem), dual_point(certificate), feature_names=names.split()
    )


def cones(certificate: Certificate, problem: TrainingProblem) -> list[Cone]:
    """The cones of all leaves, as the checker makes them."""
    level = Level.of(certificate, problem)
    pending, found = [Cone.root(certificate, problem)], []
    for node in certificate.tree:
        cone = pending.pop()
        if isinstance(node, AnyLeaf):
            found.append(cone)
        else:
            pending.extend(reversed(children(node, cone, level)))
    return found


@pytest.fixture(scope="module")
def tree() -> tuple[Certificate, TrainingProblem]:
    rng = np.random.default_rng(3)
    X, Y = rng.integers(-9, 10, (12, 3)) / 4, rng.integers(-9, 10, (12, 2)) / 4
    found = bound(X, Y, gap=0.01, method="tree")
    return found.certificate, found.problem


def test_by_hand() -> None:
    problem = TrainingProblem.from_rationals([[1, 0], [1, -1], [2, 2], [0, 0]], [[1]] * 4, 1)
    tree: list[Node] = [
        Sign(1),
        Split(0, 1, 1, 1),  # not a valid tree: what is counted does not depend on it
        TauLeaf(1, 1, 1, ((0, 1, 2), (0, 0, 1))),
        Sign(0),
        EnvelopeLeaf(),
        EnvelopeLeaf(),
        Leaf(1, 1, ((0, 1, 1), (0, 3, 1), (1, 2, 1), (1, 3, -1), (2, 4, 1), (3, 3, 1))),
    ]
    certificate = certificate_of(problem, [[1], [1], [0], [1]], tree)
    found = cells_of(certificate, problem, "width height")
    assert (found.leaves, found.looked_at) == (4, 4)
    assert found.kinds == {"envelope": 2, "tau": 1, "multipliers": 1}
    assert found.depths == {1: 1, 2: 1, 3: 2}
    assert found.median_depth == 2
    assert found.coordinates == ("width", "height")
    assert found.regions == {(0, 1): 1, (1, 1): 1, (-1, 1): 1, (0, -1): 1}
    # On the last leaf height is negative and width free: a coordinate, and all rows but the zero one.
    assert found.multipliers == {"alpha alpha": 3, "t t": 2, "t alpha": 2, "alpha beta": 1}
    assert found.mixed[2] == found.mixed[3] == 0
    assert {cell.depth for cell in found.deepest} == {3}


def test_counts_are_the_checkers(tree: tuple[Certificate, TrainingProblem]) -> None:
    certificate, problem = tree
    found = cells_of(certificate, problem, "a b c")
    at_leaves = cones(certificate, problem)
    assert [cell.generators for cell in leaf_cones(certificate)] == [cone.generators for cone in at_leaves]
    rows = Counter(row.x for cone in at_leaves for row in cone.mixed)
    assert len(set(problem.inputs)) == problem.n
    assert found.mixed == tuple(rows[x] for x in problem.inputs)
    assert sum(found.mixed) > 0
    assert sum(found.depths.values()) == sum(found.regions.values()) == certificate.leaves == found.leaves
    assert list(found.depths) == sorted(found.depths)
    assert found.most_mixed[0][1] == max(found.mixed)
    deepest = found.deepest
    assert deepest[0].depth == max(found.depths)
    assert all(0 < cell.ratio <= 1 for cell in deepest)
    assert len({cell.node for cell in deepest}) == len(deepest) <= 5


def test_a_frame_of_pivots_and_one_without_a_name() -> None:
    problem = TrainingProblem.from_rationals([[2, 2], [1, -1]], [[1], [1]], 1)
    # t_1 is (u_1 + u_2) / 2 and t_2 is u_1 - 2 u_2, up to positive factors.
    frame = Frame(((2, 1), (1, -1)), ((1, 1), (1, -2)), 3)
    certificate = certificate_of(problem, [[1], [1]], [Leaf(1, 1)], frame=frame)
    assert cells_of(certificate, problem, "p q").coordinates == ("row 1", "t2")


def test_stopping(tree: tuple[Certificate, TrainingProblem], monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, problem = tree
    monkeypatch.setattr("certify.explain.leaf_statistics._MOST_CELLS", 10)
    seen: list[int] = []
    found = leaf_statistics(
        certificate,
        problem,
        inputs(problem),
        dual_point(certificate),
        feature_names=["a", "b", "c"],
        should_stop=lambda: len(seen) >= 2,
        on_progress=lambda done, total: seen.append(done),
    )
    assert seen == [10, 20]
    assert (found.looked_at, found.leaves) == (20, certificate.leaves)
    # In parts it is the same.
    whole = leaf_statistics(
        certificate, problem, inputs(problem), dual_point(certificate), feature_names=["a", "b", "c"]
    )
    monkeypatch.undo()
    assert whole == cells_of(certificate, problem, "a b c")


def test_products_of_each_kind() -> None:
    problem = TrainingProblem.from_rationals([[1, 0], [1, -1], [2, 2], [0, 0]], [[1]] * 4, Fraction(1))
    # height >= 0, width free: rows 1, 2 and 3 are mixed. Quantities: t, three alpha, three beta.
    products = ((0, 0, 1), (0, 1, 1), (0, 4, 1), (1, 2, 1), (1, 4, -3), (2, 4, 1), (4, 6, 1))
    tree: list[Node] = [Sign(1), Leaf(1, 1, products), Leaf(1, 1)]
    found = cells_of(certificate_of(problem, [[1], [1], [1], [1]], tree), problem, "width height")
    assert found.multipliers == {
        "t t": 1, "t alpha": 1, "t beta": 1, "alpha alpha": 1, "alpha_i beta_i": 1, "alpha beta": 1,
        "beta beta": 1,
    }  # fmt: skip
    assert found.mixed == (2, 2, 2, 0)
    assert not found.deepest  # no cone has all its signs


@pytest.mark.parametrize(
    ("name", "mixed", "divided", "multipliers"),
    [
        ("in a quadrant", (0, 0, 1), (0, 0, 2), {"t |x.u|": 2}),
        ("of samples", (0, 0, 0), (8, 8, 8), {"|x.u| |x.u|": 4}),
        ("before others", (0, 0, 0), (0, 0, 9), {"t |x.u|": 4}),
        ("a sample twice", (0, 0, 1, 1), (0, 0, 2, 0), {"t |x.u|": 2}),
        ("in a block", (0, 0, 0, 1), (0, 0, 0, 2), {"t |x.u|": 2}),
    ],
)
def test_signs_of_samples(
    name: str, mixed: tuple[int, ...], divided: tuple[int, ...], multipliers: dict[str, int]
) -> None:
    certificate, problem = row_signs.VALID[name]
    found = cells_of(certificate, problem, "width height")
    assert (found.mixed, found.divided, found.multipliers) == (mixed, divided, multipliers)
    # Of a cell that a sample's sign cuts the middle is not known: that leaves three cells, or none.
    assert len(found.deepest) == (3 if sum(divided) == 2 else 0)


def test_quantities_are_named_as_the_checker_orders_them() -> None:
    problem = TrainingProblem.from_rationals([[1, -2], [1, 1], [-3, 1]], [[1]] * 3, 1)
    rows = ((1,), (2,), (3,))
    certificate = certificate_of(problem, rows, (Leaf(1, 1),))
    # On the quadrant the second row is active and the others are mixed; where t_2 has any sign all are.
    for signed, mixed in (((True, True), [0, 2]), ((True, False), [0, 1, 2])):
        cone = Cone.root(certificate, problem)
        for k in range(sum(signed)):
            cone, _ = cone.halves(k)
        assert [row.x for row in cone.mixed] == [problem.inputs[i] for i in mixed]
        quantities = leaf_rules._quantities(cone.signed, cone.forms, cone.mixed)
        kinds = leaf_rules.quantity_kinds(cone)
        assert len(kinds) == len(quantities)
        for kind, (coordinate, form) in zip(kinds, quantities, strict=True):
            assert coordinate is not None
            assert (coordinate < 2) == (kind == "t")
            assert any(form) == (kind == "beta")

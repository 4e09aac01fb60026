"""Leaves that are no proofs become subtrees, where a few cuts are enough."""

from __future__ import annotations

from dataclasses import replace

from certify.bounds.bound import bound
from certify.bounds.tree.mending import mended
from certify.checker.certificate.nodes import AnyLeaf, EnvelopeLeaf, Node, Split
from certify.checker.training.check import check_certificate
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import Level

X = [[1.0, 0.0], [0.5, 1.0], [-1.0, 0.75], [-0.5, -1.0], [0.25, -0.5]]
y = [1.0, -1.0, 2.0, 0.5, 0.0]


def coarser(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Replace the first split of two leaves by one leaf."""
    for place, node in enumerate(nodes):
        if isinstance(node, Split) and all(
            isinstance(each, AnyLeaf) for each in nodes[place + 1 : place + 3]
        ):
            return (*nodes[:place], EnvelopeLeaf(), *nodes[place + 3 :])
    raise AssertionError("no such split")


def test_a_missing_cut_is_found_again() -> None:
    report = bound(X, y, "0.1", gap=0.05, task="regression", method="tree")
    certificate, problem = report.certificate, report.problem
    tree = coarser(certificate.tree)
    assert not check_certificate(replace(certificate, tree=tree), problem).valid
    whole = mended(tree, Cone.root(certificate, problem), Level.of(certificate, problem))
    assert whole is not None
    assert check_certificate(replace(certificate, tree=whole), problem).valid


def test_what_holds_stays_as_it_is() -> None:
    report = bound(X, y, "0.1", gap=0.05, task="regression", method="tree")
    certificate, problem = report.certificate, report.problem
    root, level = Cone.root(certificate, problem), Level.of(certificate, problem)
    assert mended(certificate.tree, root, level) == certificate.tree


def test_what_does_not_hold_is_not_mended() -> None:
    report = bound(X, y, "0.1", gap=0.05, task="regression", method="tree")
    certificate, problem = report.certificate, report.problem
    level = Level.of(certificate, problem)
    lower = Level(level.u // 4, level.alpha)
    assert mended(certificate.tree, Cone.root(certificate, problem), lower) is None

"""Smaller trees prove the same, and only what is true."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify import bound
from certify.checker.certificate.file import load_certificate, save_certificate, to_text
from certify.checker.certificate.nodes import EnvelopeLeaf, Sign
from certify.checker.certificate.training import Certificate
from certify.checker.errors import DataError
from certify.checker.obligations import Rejection
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.checker.training.cone import Cone
from certify.checker.training.leaf_rules import Level, check_leaf
from certify.shrink.from_files import shrink_file
from certify.shrink.lifted_leaf import lifted_leaf
from certify.shrink.shrink import shrink
from tests.certify.checker import row_signs
from tests.certify.checker.oracles import certificate_of, gauge_2d


@pytest.fixture(scope="module")
def report() -> tuple[Certificate, TrainingProblem]:
    rng = np.random.default_rng(2)
    X, Y = rng.integers(-9, 10, (16, 3)) / 4, rng.integers(-9, 10, (16, 2)) / 4
    found = bound(X, Y, gap=0.05, method="tree")
    return found.certificate, found.problem


@pytest.mark.parametrize("name", row_signs.VALID)
def test_signs_of_samples(name: str) -> None:
    certificate, problem = row_signs.VALID[name]
    smaller = shrink(certificate, problem)
    assert smaller.complete
    assert check_certificate(smaller.certificate, problem).bound == certificate.bound


def test_a_leaf_makes_no_use_of_forms() -> None:
    # Where the third sample is inactive and t_1 >= 0 the output is 2 t_1 + 2 relu(t_2).
    cone = Cone.root(row_signs.HONEST, row_signs.PROBLEM).sides(2)[1].halves(0)[0]
    leaf = lifted_leaf(cone, Level.of(row_signs.HONEST, row_signs.PROBLEM))
    assert leaf is not None
    assert leaf.products
    # Of t_1, the form, alpha and beta.
    assert {q for i, j, _ in leaf.products for q in (i, j)} <= {0, 2, 3}


def test_fewer_leaves_and_the_same_bound(report: tuple[Certificate, TrainingProblem]) -> None:
    certificate, problem = report
    smaller = shrink(certificate, problem)
    assert smaller.complete
    assert smaller.replaced > 0
    assert smaller.certificate.leaves < 0.9 * certificate.leaves
    assert len(to_text(smaller.certificate)) < len(to_text(certificate))
    verdict = check_certificate(smaller.certificate, problem)
    assert verdict.valid, verdict.reason
    assert verdict.bound == certificate.bound
    # What is left has been tried.
    assert shrink(smaller.certificate, problem).replaced == 0


def test_stopping_keeps_the_rest(report: tuple[Certificate, TrainingProblem]) -> None:
    certificate, problem = report
    at_once = shrink(certificate, problem, should_stop=lambda: True)
    assert at_once.certificate == certificate
    assert not at_once.complete
    asked = iter([False] * 60)
    later = shrink(certificate, problem, should_stop=lambda: next(asked, True))
    assert later.replaced > 0
    assert not later.complete
    assert check_certificate(later.certificate, problem).valid


def test_no_rows_no_leaf(report: tuple[Certificate, TrainingProblem]) -> None:
    certificate, problem = report
    counts: list[int] = []
    shrink(certificate, problem, max_mixed=0, on_progress=lambda done, total, saved: counts.append(saved))
    many = shrink(certificate, problem)
    assert counts[-1] < len(certificate.tree) - len(many.certificate.tree)


def test_a_tree_with_missing_nodes(report: tuple[Certificate, TrainingProblem]) -> None:
    certificate, problem = report
    for tree in (
        certificate.tree[:-1],
        (*certificate.tree, EnvelopeLeaf()),
        (Sign(9), *certificate.tree[1:]),
    ):
        with pytest.raises(Rejection):
            shrink(replace(certificate, tree=tree), problem)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), c=st.integers(1, 2), signs=st.sampled_from([0, 1, 2]))
def test_a_lifted_leaf_in_the_plane(seed: int, n: int, c: int, signs: int) -> None:
    """Never below the gauge; always above the sum of what each row can add to it."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-5, 6, (n, 2)).tolist()
    N = rng.integers(-5, 6, (n, c)).tolist()
    gauge = gauge_2d(X, N)
    if not gauge:
        return
    most = float(np.linalg.norm(X, axis=1) @ np.linalg.norm(N, axis=1))
    for size, closes in ((0.999 * gauge, False), (1.01 * most, True)):
        gamma = Fraction(size).limit_denominator(10**6)
        problem = TrainingProblem.from_rationals(X, N, gamma)
        certificate = certificate_of(problem, N, [])
        level = Level.of(certificate, problem)
        root = Cone.root(certificate, problem)
        cones = [root]
        for k in range(signs):
            cones = [half for cone in cones for half in cone.halves(k)]
        leaves = [lifted_leaf(cone, level) for cone in cones]
        assert all(leaves) if closes else not all(leaves)
        for leaf, cone in zip(leaves, cones, strict=True):
            if leaf is not None:
                check_leaf(leaf, cone, level)


def test_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data, source, target = tmp_path / "data.csv", tmp_path / "a.cert", tmp_path / "b.cert"
    rows = np.hstack([rng.integers(-9, 10, (16, 3)), rng.integers(0, 100, (16, 1))])
    np.savetxt(data, rows, fmt="%d", delimiter=",", header="p,q,r,s", comments="")
    from certify.bounds.bound import Settings, bound_dataset
    from certify.checker.data.choice import read_dataset
    from certify.runtime.progress import Observer

    found = bound_dataset(read_dataset(data, task="regression"), Settings(gap=1e-4), Observer())
    save_certificate(found.certificate, source)
    report = shrink_file(source, data, target)
    assert report.path == target
    assert report.verdict.bound == found.interval.lower
    assert report.leaves[1] <= report.leaves[0]
    assert report.sizes[1] == target.stat().st_size
    assert report.to_json()["lower_bound_exact"] == str(found.interval.lower)
    assert load_certificate(target).leaves == report.leaves[1]
    # A forged one is not written anew.
    forged = replace(found.certificate, bound=found.certificate.bound + 1)
    save_certificate(forged, source)
    target.unlink()
    assert shrink_file(source, data, target).path is None
    assert not target.exists()
    with pytest.raises(DataError, match="time limit"):
        shrink_file(source, data, target, time_limit=0)

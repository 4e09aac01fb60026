"""The tree search against the circle, and its trees before the exact checker."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.bounds.proofs.writing import certificate_of
from certify.bounds.tree.cone_search.nodes import (
    ENVELOPE,
    SPLIT,
    TAU,
    Nodes,
)
from certify.bounds.tree.search import Search, certificate_tree, search_tree
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from formulations.arrays import Matrix
from formulations.training.arcs import maximum_gauge_2d
from tests.certify.checker.oracles import gauge_by_enumeration

F = Fraction


def random_case(seed: int, n: int, d: int, c: int) -> tuple[Matrix, Matrix]:
    """Integer data, so that it is exact, with repeated, opposite and zero rows."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-6, 7, (n, d)).astype(float)
    X[rng.integers(n)] = 2 * X[0]
    X[rng.integers(n)] = -X[0]
    return X, rng.integers(-9, 10, (n, c)).astype(float)


def exact(
    X: Matrix, N: Matrix, gamma: Fraction, frame: Frame, search: Search
) -> tuple[Certificate, TrainingProblem]:
    assert search.trees is not None
    rows = [[int(entry) for entry in row] for row in N.tolist()]
    problem = TrainingProblem.from_rationals([[int(e) for e in row] for row in X.tolist()], rows, gamma)
    tree = certificate_tree(search.trees)
    dual_point = tuple(map(tuple, rows))
    return certificate_of(problem, dual_point, 0, tree, None, "tree", frame=frame), problem


SKEW = Frame(((1, 1), (-1, 2)), ((2, -1), (1, 1)), 3)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 12),
    c=st.integers(1, 3),
    slack=st.sampled_from([1e-6, 1e-3, 0.2]),
)
def test_decides_in_the_plane(seed: int, n: int, c: int, slack: float) -> None:
    X, N = random_case(seed, n, 2, c)
    gauge, _ = maximum_gauge_2d(X, N)
    frame = SKEW if seed % 2 else Frame.identity(2)
    gamma = F(max(gauge, 0.1) * (1 + slack))
    above = search_tree(X, N, float(gamma) ** 2, frame, bits=30)
    assert above.witnesses is None
    certificate, problem = exact(X, N, gamma, frame, above)
    assert check_certificate(certificate, problem).valid
    if gauge > 0.1:
        below = search_tree(X, N, (gauge * (1 - slack)) ** 2, frame, bits=30)
        assert below.trees is None
        assert below.witnesses is not None
        found = np.linalg.norm(N.T @ np.maximum(X @ below.witnesses, 0), axis=0)
        assert np.all(found > gauge * (1 - slack) * (1 - 1e-12) * np.linalg.norm(below.witnesses, axis=0))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 6),
    d=st.sampled_from([1, 2, 3, 3]),
    c=st.integers(1, 7),
    rows=st.sampled_from(["any", "axes", "one plane"]),
)
def test_decides_what_enumeration_does(seed: int, n: int, d: int, c: int, rows: str) -> None:
    """Up to three features, with n < d, c > n, collinear and zero rows, rows on the axes and of low rank."""
    X, N = random_case(seed, n, d, c)
    if rows == "axes":
        X[np.arange(d)[None] != np.arange(n)[:, None] % d] = 0.0
    if rows == "one plane":
        X[:, -1] = X[:, 0]
    gauge = gauge_by_enumeration(X, N)
    assert d != 2 or abs(gauge - maximum_gauge_2d(X, N)[0]) <= 1e-9 * max(gauge, 1.0)
    gamma = F(max(gauge, 0.1) * (1 + 1e-4))
    above = search_tree(X, N, float(gamma) ** 2, Frame.identity(X.shape[1]), bits=20)
    certificate, problem = exact(X, N, gamma, Frame.identity(X.shape[1]), above)
    assert check_certificate(certificate, problem).valid
    if gauge > 0.1:
        below = search_tree(X, N, (gauge * (1 - 1e-4)) ** 2, Frame.identity(X.shape[1]), bits=20)
        assert below.trees is None
        assert below.witnesses is not None


@pytest.mark.parametrize(
    ("n", "d", "c"), [(9, 1, 2), (14, 3, 1), (20, 3, 3), (12, 4, 2), (2, 4, 1), (8, 5, 2)]
)
def test_trees_satisfy_the_exact_checker(n: int, d: int, c: int) -> None:
    X, N = random_case(d, n, d, c)
    frame = Frame.identity(X.shape[1])
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((d, 2000))
    sampled = np.linalg.norm(N.T @ np.maximum(X @ directions, 0), axis=0) / np.linalg.norm(directions, axis=0)
    gamma = F(1.3 * float(sampled.max()))
    first = search_tree(X, N, (2 * float(gamma)) ** 2, frame)
    second = search_tree(X, N, float(gamma) ** 2, frame, guide=first.trees)
    for search, level in ((first, 2 * gamma), (second, gamma)):
        certificate, problem = exact(X, N, level, frame, search)
        verdict = check_certificate(certificate, problem)
        assert verdict.valid, verdict.reason
    # The second tree refines the first.
    assert first.trees is not None
    assert second.trees is not None
    for coarse, fine in zip(first.trees, second.trees, strict=True):
        assert len(fine.kinds) >= len(coarse.kinds)


def test_same_search_same_tree() -> None:
    X, N = random_case(5, 25, 4, 2)
    level = (0.9 * float(np.linalg.norm(N, 2) * np.linalg.norm(X, 2))) ** 2
    runs = [search_tree(X, N, level, Frame.identity(X.shape[1])) for _ in range(2)]
    trees = [run.trees for run in runs]
    assert trees[0] is not None
    assert trees[1] is not None
    for one, other in zip(trees[0], trees[1], strict=True):
        assert all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(one, other, strict=True))


def test_a_generator_that_attains_the_level_ends_the_search() -> None:
    # 64 is the gauge of -e_1, and no cone beside it that is short of it closes.
    X, N = np.array([[8.0, -6.0], [-8.0, 6.0]]), np.array([[-1.0], [-8.0]])
    search = search_tree(X, N, 64.0**2, Frame.identity(2), bits=30)
    assert search.trees is None
    assert search.witnesses is not None


def test_stopping_gives_neither_tree_nor_witness() -> None:
    X, N = random_case(6, 60, 6, 3)
    gauge = float(
        np.linalg.norm(N.T @ np.maximum(X @ X.T, 0), axis=0).max() / np.linalg.norm(X, axis=1).max()
    )
    search = search_tree(X, N, (2 * gauge) ** 2, Frame.identity(X.shape[1]), should_stop=lambda: True)
    assert (search.trees, search.witnesses) == (None, None)


def test_nodes_in_the_certificates_language() -> None:
    leaf = Nodes(*(np.array([v]) for v in (ENVELOPE, 0, 0, 0, 0)))
    other = Nodes(
        np.array([SPLIT, TAU, ENVELOPE]),
        np.array([1, 0, 0]),
        np.array([0, 0, 0]),
        np.array([5, 9, 0]),
        np.array([-3, 2, 0]),
    )
    assert certificate_tree([leaf, leaf, other, leaf]) == (
        Sign(0), Sign(1), EnvelopeLeaf(), EnvelopeLeaf(),
        Sign(1), Split(1, 0, 5, 8), TauLeaf(36, 1), EnvelopeLeaf(), EnvelopeLeaf(),
    )  # fmt: skip

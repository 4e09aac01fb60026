"""The floating verdict: it accepts good trees, and nothing that exceeds the truth, however closely."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from certify.attack.attack import attack
from certify.bounds.tree.search import search_tree
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Node,
    Sign,
    Split,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.obligations import Obligation
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.trust.rigorous import check_rigorously
from formulations.training.arcs import maximum_gauge_2d
from tests.certify.attack.test_attack import CORNER, CORNER_CERTIFICATES
from tests.certify.bounds.tree.test_search import SKEW, exact, random_case

F = Fraction


def in_the_plane(seed: int, slack: float) -> tuple[Certificate, TrainingProblem]:
    """Return a certificate whose gauge is 1 / (1 + slack) of gamma."""
    X, N = random_case(seed, 12, 2, 2)
    gauge, _ = maximum_gauge_2d(X, N)
    frame = SKEW
    gamma = F(gauge * (1 + slack))
    return exact(
        X, N, gamma, frame, search_tree(X, N, (gauge * (1 + abs(slack) + 1e-9)) ** 2, frame, bits=30)
    )


@pytest.mark.parametrize("seed", range(20))
def test_decides_within_a_millionth_of_the_truth(seed: int) -> None:
    certificate, problem = in_the_plane(seed, 1e-6)
    verdict = check_rigorously(certificate, problem)
    assert verdict.valid, verdict.reason
    assert verdict.trust == "rigorous"
    assert verdict.bound == certificate.bound
    # The same tree for a gamma that the gauge exceeds, by as little as floats can tell.
    for below in (1e-12, 1e-9, 1e-6):
        certificate, problem = in_the_plane(seed, -below)
        assert check_rigorously(certificate, problem).obligation is Obligation.LEAF_FORM


@pytest.mark.parametrize(("n", "d", "c"), [(9, 1, 2), (14, 3, 1), (20, 3, 3), (12, 4, 2), (8, 5, 2)])
def test_settles_what_the_search_finds(n: int, d: int, c: int) -> None:
    X, N = random_case(d, n, d, c)
    directions = np.random.default_rng(0).standard_normal((d, 2000))
    values = np.linalg.norm(N.T @ np.maximum(X @ directions, 0), axis=0) / np.linalg.norm(directions, axis=0)
    gamma = F(1.2 * float(values.max()))
    frame = Frame.identity(X.shape[1])
    certificate, problem = exact(X, N, gamma, frame, search_tree(X, N, float(gamma) ** 2, frame))
    seen: list[tuple[int, int]] = []
    verdict = check_rigorously(certificate, problem, lambda done, total: seen.append((done, total)))
    assert verdict.valid
    assert verdict.leaves == certificate.leaves
    assert all(0 <= done <= total == len(certificate.tree) for done, total in seen)


@pytest.mark.parametrize("name", sorted(CORNER_CERTIFICATES))
def test_tight_leaves_are_settled_exactly(name: str) -> None:
    verdict = check_rigorously(CORNER_CERTIFICATES[name], CORNER)
    assert verdict.valid
    assert "0 of them checked exactly" not in verdict.reason


def test_no_forgery_proves_more_than_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certify.attack.attack.check_certificate", check_rigorously)
    accepted = 0
    for seed in range(3):
        certificate, problem = in_the_plane(seed, 1e-6)
        # No proof with this dual point may exceed what its gauge allows, by more than the slack.
        upper = certificate.bound * F(1001, 1000) if certificate.bound > 0 else F(1, 1000)
        report = attack(certificate, problem, trials=400, seed=seed)
        accepted += report.accepted
        for kind, tally in report.tallies.items():
            if "dual" not in kind and tally.largest_accepted is not None:
                assert tally.largest_accepted <= upper, kind
        assert report.breaches == ()
    assert accepted


def test_says_what_the_exact_checker_says_of_broken_trees() -> None:
    certificate, problem = in_the_plane(1, 1e-3)
    leaf = EnvelopeLeaf()
    trees: list[tuple[Node, ...]] = [
        (),
        (leaf, leaf),
        certificate.tree[:-1],
        (*certificate.tree, leaf),
        (Sign(2), leaf, leaf),
        (Sign(-1), leaf, leaf),
        (Sign(0), Sign(0), leaf, leaf, leaf),
        (Split(0, 1, 1, 1), leaf, leaf),
        (Sign(0), Sign(1), Split(0, 0, 1, 1), leaf, leaf, leaf, leaf),
        (Sign(0), Sign(1), Split(0, 1, 0, 1), leaf, leaf, leaf, leaf),
        (Sign(0), Sign(1), Split(0, 1, 1, -1), leaf, leaf, leaf, leaf),
        (Sign(0), Sign(1), Split(0, 1, 1 << 5000, 1), leaf, leaf, leaf, leaf),
    ]
    for tree in trees:
        forged = replace(certificate, tree=tree)
        exactly, quickly = check_certificate(forged, problem), check_rigorously(forged, problem)
        assert not quickly.valid
        # Of several faults the count of the nodes is seen first.
        assert quickly.obligation in (exactly.obligation, Obligation.COVER), tree
        assert (quickly.obligation is Obligation.COVER) == (tree in trees[:4]), tree


def test_a_long_chain_of_splits_ends_soon() -> None:
    certificate, problem = in_the_plane(1, 1e-3)
    leaf = EnvelopeLeaf()
    chain = (*(Split(0, 1, 2, 1),) * 300_000, *(leaf,) * 300_001)
    tree = (Sign(0), Sign(1), *chain, leaf, Sign(1), leaf, leaf)
    assert check_rigorously(replace(certificate, tree=tree), problem).obligation is Obligation.LIMITS


def test_vast_numbers_are_left_to_the_exact_checker() -> None:
    vast = 10**400
    problem = TrainingProblem.from_rationals([[vast, 0], [0, vast]], [[3], [4]], F(1))
    certificate = replace(
        CORNER_CERTIFICATES["orthants"], problem_sha256=problem.sha256(), gamma=F(1), bound=F(0)
    )
    assert not check_rigorously(certificate, problem).valid

"""The floating verdict where floats are at their worst: it accepts nothing that exact arithmetic refuses."""

import math
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.checkers.rigorous import EXACT, FALSE, LEAVES, MISSED, RIGOROUS, SETTLED, TRIED, compare
from benchmarks.checkers.rigorous_cases import (
    Case,
    cases,
    grown_verge,
    holds_by_either_rule,
    rescaled_tree,
    scaled,
)
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Node,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.obligations import Obligation
from certify.checker.training.check import check_certificate
from certify.trust.rigorous import check_rigorously
from certify.trust.rigorous_walk.rounding import relative_rounding
from certify.trust.rigorous_walk.tables import LEAF, SIGN, SPLIT, Scaled, Tree, tree_depth
from certify.trust.rigorous_walk.walk import walk
from tests.certify.cli.command_line import run
from tests.places import ROOT

F = Fraction
DATA = ROOT / "tests" / "data" / "rigorous"
LEAF_NODE = EnvelopeLeaf()
ORTHANTS: tuple[Node, ...] = (Sign(0), Sign(1), LEAF_NODE, LEAF_NODE, Sign(1), LEAF_NODE, LEAF_NODE)
QUADRANT = (Split(0, 1, 1, 1), LEAF_NODE, LEAF_NODE)
UNIT = ((1, 0), (0, 1))


def simple(gamma: Fraction, tree: tuple[Node, ...] = ORTHANTS) -> Case:
    """The gauge of N = I for X = I is 1."""
    unit = [[F(1), F(0)], [F(0), F(1)]]
    return Case(unit, [list(row) for row in unit], gamma, UNIT, tree)


@pytest.mark.parametrize("name", ["ordinary", "overflow"])
def test_false_bounds_are_rejected(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one, cuts cancel by 2^600 and the dual point has a column of zeros; in the other 1e320 overflows."""
    files = DATA / f"{name}.cert", "--data", DATA / f"{name}.csv"
    assert run(monkeypatch, "check", *files, "--trust", "rigorous") == 1
    assert "REJECTED" in capsys.readouterr().out


def test_agrees_with_the_exact_verdict_on_trees_of_extreme_scales() -> None:
    counts: Counter[str] = Counter()
    for case in islice(cases(seed=1, bases=20), 500):
        counts.update(compare(*case.certificate()))
    assert counts[FALSE] == counts[MISSED] == 0
    # Else there would be little to be wrong about.
    assert counts[TRIED] == 500
    assert 100 < counts[EXACT] <= counts[RIGOROUS] < 400
    assert counts[LEAVES] / 10 < counts[SETTLED] < counts[LEAVES]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_accepts_nothing_below_a_grown_trees_own_verge(seed: int) -> None:
    """Its cuts cancel by some bits, so that floats see the verge less sharply than it is."""
    random = Random(seed)
    case = grown_verge(random)
    assert check_rigorously(*case.certificate()).valid
    for bits in (10, 20, 30, 35, 40, 45, 50, 60):
        below = scaled(replace(case, gamma=case.gamma * (1 - F(1, 1 << bits))), random)
        certificate, problem = below.certificate()
        if not holds_by_either_rule(certificate, problem):
            assert not check_rigorously(certificate, problem).valid


@pytest.mark.parametrize("exponent", [-4000, -1074, -540, -200, 0, 200, 540, 1000, 4000])
def test_the_scale_of_the_data_does_not_matter(exponent: int) -> None:
    """Whatever is scaled as a whole, floats settle a tree that has room, and no tree that has none."""
    factor = F(2) ** exponent
    for gamma, valid in ((F(3, 2), True), (1 - F(1, 1 << 69), False)):
        case = simple(gamma)
        X = [[entry * factor for entry in row] for row in case.X]
        N = [[entry * factor for entry in row] for row in case.N]
        frame = tuple(tuple(entry << abs(exponent) for entry in row) for row in UNIT)
        for other in (
            replace(case, X=X, gamma=gamma * factor),
            replace(case, N=N, gamma=gamma * factor),
            replace(case, X=X, N=[[entry / factor for entry in row] for row in case.N]),
            replace(case, frame=frame),
        ):
            verdict = check_rigorously(*other.certificate())
            assert verdict.valid == valid
            assert not valid or ", 0 of them checked exactly" in verdict.reason


@pytest.mark.parametrize("gamma", [F(10) ** 400, F(10) ** 40, F(1, 10**40), F(1, 10**400)])
def test_a_gamma_out_of_range(gamma: Fraction) -> None:
    assert check_rigorously(*simple(gamma).certificate()).valid == (gamma > 1)


def test_no_rows_that_count() -> None:
    case = simple(F(1, 10**400))
    for X, N in ((case.X, [[F(0)] * 2] * 2), ([[F(0)] * 2] * 2, case.N)):
        assert check_rigorously(*replace(case, X=X, N=N).certificate()).valid


def test_a_column_of_the_dual_point_that_underflows_next_to_the_other() -> None:
    case = simple(F(1))
    tiny = F(1, 1 << 3000)
    N = [[case.N[0][0], F(0)], [F(0), tiny]]
    for gamma, valid in ((F(1), True), (1 - F(1, 1 << 60), False)):
        certificate, problem = replace(case, N=N, gamma=gamma).certificate()
        assert check_rigorously(certificate, problem).valid == valid
        assert check_certificate(certificate, problem).valid == valid


@pytest.mark.parametrize(
    ("tree", "obligation"),
    [
        (
            (Sign(0), Sign(1), *[TauLeaf(1, 1, 0)] * 2, Sign(1), *[TauLeaf(1, 1, 0)] * 2),
            Obligation.LEAF_SCALE,
        ),
        ((Sign(0), Sign(1), Split(0, 1, 1 << 4096, 1), *[LEAF_NODE] * 3, *ORTHANTS[4:]), Obligation.LIMITS),
    ],
)
def test_refuses_what_the_format_does(tree: tuple[Node, ...], obligation: Obligation) -> None:
    certificate, problem = simple(F(2), tree).certificate()
    assert check_certificate(certificate, problem).obligation is obligation
    assert check_rigorously(certificate, problem).obligation is obligation


def test_generators_as_long_as_the_format_allows() -> None:
    tree = (Sign(0), Sign(1), *QUADRANT, LEAF_NODE, Sign(1), LEAF_NODE, *QUADRANT)
    for bits in (4090, 4094, 4095, 4096):
        factors = [1 << bits, 1 << bits]
        frame = ((1 << bits, 0), (0, 1 << bits))
        case = replace(simple(F(2), rescaled_tree(tree, factors)), frame=frame)
        certificate, problem = case.certificate()
        exactly = check_certificate(certificate, problem)
        assert exactly.valid == (bits < 4096)
        assert check_rigorously(certificate, problem).obligation is exactly.obligation


def test_a_generator_that_cuts_have_cancelled_is_left_to_the_exact_checker() -> None:
    """3 (B, 1) + (-3 B, 3) is (0, 6), which floats make of it only while B has few bits."""
    leaves = {}
    for bits in (10, 30, 60, 1100):
        large = 1 << bits
        halves = Split(0, 1, 3, 1), LEAF_NODE, LEAF_NODE
        tree = (Sign(0), Sign(1), *halves, LEAF_NODE, Sign(1), LEAF_NODE, *halves)
        case = replace(simple(F(2), tree), frame=((large, 1), (-3 * large, 3)))
        certificate, problem = case.certificate()
        verdict = check_rigorously(certificate, problem)
        assert verdict.valid
        assert check_certificate(certificate, problem).valid
        leaves[bits] = int(verdict.reason.split("leaves, ")[1].split(" of them")[0])
    assert leaves == {10: 0, 30: 0, 60: 6, 1100: 6}


def kernel_tables() -> tuple[Scaled, Tree]:
    """Two orthants and two halves, on each of which floats prove the premise with room to spare."""
    kinds = np.array([SIGN, SIGN, SPLIT, LEAF, LEAF, LEAF, SIGN, LEAF, LEAF], np.int8)
    none = -1
    ks = np.array([0, 1, 0, none, none, none, 1, none, none])
    ls = np.array([none, none, 1, none, none, none, none, none, none])
    factors = np.where(kinds[:, None] == SPLIT, 0.5, 0.0) * np.ones((1, 2))
    tree = Tree(kinds, ks, ls, factors, np.ones((9, 2), np.int64), np.zeros(9))
    X = np.array([[0.5, 0.75], [0.75, -0.5], [-0.5, 0.125]])
    N = np.array([[0.5, 0.0], [0.25, 0.0], [0.75, 0.0]])
    generators = 0.5 * np.eye(2)
    return Scaled(X, N, generators, np.ones(2, np.int64), 4.0, 4096), tree


def left_open(data: Scaled, tree: Tree) -> tuple[int, list[int]]:
    still_open = np.zeros(len(tree.kinds), np.int8)
    illegal = walk(data, tree, tree_depth(tree.kinds), still_open, np.zeros(2, np.int64))
    return illegal, np.flatnonzero(still_open).tolist()


def test_the_walk_settles_what_the_poisoned_tests_start_from() -> None:
    assert left_open(*kernel_tables()) == (-1, [])


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("field", "places"),
    [("X", 6), ("N", 6), ("generators", 4), ("level", 1)],
)
def test_a_number_that_is_none_settles_no_leaf(field: str, places: int, poison: float) -> None:
    """Rounding never makes one, but nothing that it might spoil may count as proved."""
    for place in range(places):
        data, tree = kernel_tables()
        if field == "level":
            data = data._replace(level=poison)
        else:
            getattr(data, field).flat[place] = poison
        assert left_open(data, tree) == (-1, [3, 4, 5, 7, 8]), place


@pytest.mark.parametrize("poison", [math.nan, -math.inf, 0.0, -1.0])
def test_a_split_with_a_factor_that_is_none(poison: float) -> None:
    for place in range(2):
        data, tree = kernel_tables()
        tree.factors[2, place] = poison
        assert left_open(data, tree) == (2, [])


def test_the_rounding_that_is_accounted_for_grows_with_the_data() -> None:
    assert relative_rounding(0, 1) == 44 * 2.0**-53
    assert relative_rounding(1000, 4) == 2056 * 2.0**-53

"""Finished proofs of parts of the samples make one of all, whatever their trees are."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np
import pytest

from certify import bound, check
from certify.bounds.blocks.parts import Part, joined, part_problem
from certify.bounds.blocks.weights import bound_parts
from certify.bounds.proofs.writing import trivial_certificate
from certify.bounds.relaxation.root_leaf import root_certificate
from certify.checker.certificate.blocks import Block
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.nodes import Leaf, Sign
from certify.checker.certificate.training import Certificate
from certify.checker.obligations import Obligation
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from certify.floats.problem import Arrays
from certify.shrink.shrink import shrink
from certify.trust.extracted import find_checker
from certify.trust.parallel import in_processes
from formulations.sdp.multiplier_generation import solve_dual
from tests.certify.checker import row_signs

needs_program = pytest.mark.skipif(
    find_checker() is None, reason="the proved checker is not built: make proofs"
)
GAMMA = Fraction(3, 5)
ROWS = [[0, 1, 4, 7], [2, 3, 5, 6, 8]]


def problem_of(seed: int = 0, gamma: Fraction = GAMMA) -> TrainingProblem:
    """Some rows have fifths, and the others none: the denominators of parts differ."""
    random, n, d, c = np.random.default_rng(seed), 9, 3, 2
    X = [
        [Fraction(int(entry), 5 if i in ROWS[0] else 2) for entry in random.integers(-9, 10, d)]
        for i in range(n)
    ]
    Y = [[Fraction(int(entry), 4) for entry in random.integers(-9, 10, c)] for _ in range(n)]
    return TrainingProblem.from_rationals(X, Y, gamma)


def lists(problem: TrainingProblem) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    return (
        [[Fraction(entry, problem.input_denominator) for entry in row] for row in problem.inputs],
        [[Fraction(entry, problem.target_denominator) for entry in row] for row in problem.targets],
    )


def by(method: str) -> Callable[[TrainingProblem], Certificate]:
    def prove(problem: TrainingProblem) -> Certificate:
        X, Y = lists(problem)
        found = bound(X, Y, gamma=problem.gamma, gap=0.05 if method == "tree" else 1e-3, method=method)
        assert found.certificate.problem_sha256 == problem.sha256()
        return found.certificate

    return prove


def one_leaf(problem: TrainingProblem) -> Certificate:
    arrays = Arrays.of(problem)
    found = solve_dual(arrays.X, arrays.Y, arrays.gamma)
    return root_certificate(problem, found.dual_point, found.multipliers)


def parts_of(
    problem: TrainingProblem,
    provers: Sequence[Callable[[TrainingProblem], Certificate]],
    weights: Sequence[Fraction] = (Fraction(3, 8), Fraction(5, 8)),
) -> list[Part]:
    return [
        Part(rows, weight, prove(part_problem(problem, rows, weight)))
        for rows, weight, prove in zip(ROWS, weights, provers, strict=True)
    ]


def assert_adds_up(certificate: Certificate, problem: TrainingProblem, parts: Sequence[Part]) -> None:
    for walk in (in_processes(1), in_processes(2)):
        verdict = check_certificate(certificate, problem, walk=walk)
        assert verdict.valid, verdict.reason
    total = sum(part.certificate.bound for part in parts)
    assert total > Fraction(1, 10)
    assert total * (1 - Fraction(1, 10**7)) <= certificate.bound <= total
    assert from_text(to_text(certificate)) == certificate


@pytest.mark.parametrize(
    "provers",
    [(by("tree"), by("tree")), (by("tree"), one_leaf), (one_leaf, by("partition")), (one_leaf, one_leaf)],
    ids=["trees", "tree and leaf", "leaf and partition", "leaves"],
)
def test_bounds_add_up(provers: Sequence[Callable[[TrainingProblem], Certificate]]) -> None:
    problem = problem_of()
    parts = parts_of(problem, provers)
    assert parts[0].certificate.problem_sha256 != parts[1].certificate.problem_sha256
    assert_adds_up(joined(problem, parts), problem, parts)


def test_a_partition_that_divides() -> None:
    problem = problem_of(gamma=Fraction(1, 10))
    parts = parts_of(problem, (one_leaf, by("partition")))
    assert any(isinstance(node, Sign) for node in parts[1].certificate.tree)
    assert_adds_up(joined(problem, parts), problem, parts)


@pytest.mark.parametrize("name", row_signs.CERTIFICATES)
def test_signs_of_samples(name: str) -> None:
    # The other part has fifths, so that the samples' values have other units in the whole, and other numbers.
    rows = [[0, 4], [1, 2, 3]]
    fifths = [Fraction(1, 5), Fraction(2, 5)]
    X = [fifths, *[list(map(Fraction, x)) for x in row_signs.X], fifths[::-1]]
    problem, half = TrainingProblem.from_rationals(X, [[1], *row_signs.Y, [1]], 6), Fraction(1, 2)
    other = trivial_certificate(part_problem(problem, rows[0], half))
    parts = [Part(rows[0], half, other), Part(rows[1], half, row_signs.CERTIFICATES[name])]
    assert_adds_up(joined(problem, parts), problem, parts)


@pytest.mark.parametrize(
    "weights", [(Fraction(1, 2),) * 2, (Fraction(1, 3),) * 2, (Fraction(1, 9), Fraction(8, 9))]
)
def test_any_weights(weights: Sequence[Fraction]) -> None:
    problem = problem_of(1)
    parts = parts_of(problem, (one_leaf, by("tree")), weights)
    assert_adds_up(joined(problem, parts), problem, parts)


@needs_program
@pytest.mark.parametrize("provers", [(by("tree"), one_leaf), (one_leaf, by("partition"))])
def test_the_proved_checker(provers: Sequence[Callable[[TrainingProblem], Certificate]]) -> None:
    problem = problem_of(gamma=Fraction(1, 10))
    certificate = joined(problem, parts_of(problem, provers))
    verdict = check(certificate, problem=problem, trust="proved")
    assert verdict.valid, verdict.reason
    assert verdict.bound == certificate.bound


def test_samples_of_no_part_add_nothing() -> None:
    problem = problem_of()
    parts = parts_of(problem, (one_leaf, one_leaf))[:1]
    assert_adds_up(joined(problem, parts), problem, parts)


def test_forgeries_are_refused() -> None:
    problem = problem_of()
    honest = joined(problem, parts_of(problem, (by("tree"), one_leaf)))
    blocks = honest.blocks
    assert blocks is not None
    first, second = blocks.parts

    def with_parts(*parts: Block) -> Certificate:
        return replace(honest, blocks=replace(blocks, parts=parts))

    def smaller(triangle: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
        return tuple((*row[:-1], row[-1] * 9 // 10) for row in triangle)

    def larger(triangle: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
        return tuple((*row[:-1], ceil(row[-1] * 11 / 10)) for row in triangle)

    forgeries = {
        Obligation.SHARES: with_parts(replace(first, inputs=larger(first.inputs)), second),
        Obligation.BLOCK_OUTPUT: with_parts(first, replace(second, outputs=smaller(second.outputs))),
        Obligation.LEAF_FORM: with_parts(first, replace(second, inputs=smaller(second.inputs))),
        Obligation.BLOCK_ROWS: with_parts(replace(first, rows=(0, 1, 2, 4)), second),
    }
    for obligation, forgery in forgeries.items():
        verdict = check_certificate(forgery, problem)
        assert not verdict.valid
        assert verdict.obligation == obligation


def test_what_is_no_part_is_refused() -> None:
    problem = problem_of()
    first, second = parts_of(problem, (one_leaf, one_leaf))
    for parts, words in (
        ([first, replace(second, rows=[0, 3, 5, 6, 8])], "in one part"),
        ([first, replace(second, rows=[2, 3, 5, 6, 9])], "one of the problem"),
        ([replace(first, weight=Fraction(1, 2)), second], "at most 1"),
        ([first, replace(second, weight=Fraction(1, 2))], "at its weight decay"),
        ([first, replace(second, certificate=first.certificate)], "of its samples"),
    ):
        with pytest.raises(ValueError, match=words):
            joined(problem, parts)
    whole = joined(problem, [first, second])
    with pytest.raises(ValueError, match="in one tree"):
        joined(problem, [replace(first, certificate=replace(first.certificate, blocks=whole.blocks))])
    problem = problem_of(gamma=Fraction(1, 10))
    partitions = parts_of(problem, (by("partition"), by("partition")))
    with pytest.raises(ValueError, match="different frames"):
        joined(problem, partitions)


def test_trees_of_blocks_shrink() -> None:
    problem = problem_of(2)
    certificate = joined(problem, parts_of(problem, (by("tree"), by("tree"))))
    found = shrink(certificate, problem)
    assert found.complete
    assert found.replaced > 0
    assert found.certificate.leaves < certificate.leaves
    assert len(to_text(found.certificate)) < len(to_text(certificate))
    verdict = check_certificate(found.certificate, problem)
    assert verdict.valid, verdict.reason
    assert verdict.bound == certificate.bound
    assert any(isinstance(node, Leaf) for node in found.certificate.tree)


def test_better_weights_prove_more() -> None:
    """One block has nearly all that there is to fit."""
    problem = problem_of(3)
    X, Y = lists(problem)
    Y = [[entry / (20 if i in ROWS[0] else 1) for entry in row] for i, row in enumerate(Y)]
    problem = TrainingProblem.from_rationals(X, Y, 4 * GAMMA)
    even = bound_parts(problem, ROWS, one_leaf, rounds=1)
    better = bound_parts(problem, ROWS, one_leaf)
    assert better.bound > even.bound * Fraction(102, 100)
    assert check_certificate(better, problem).valid

"""Approximate proofs of blocks end in a certificate that is accepted, and as good as they are."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from certify.bounds.blocks.writing import blocks_certificate
from certify.checker.certificate.file import from_text, to_text
from certify.checker.certificate.training import Certificate
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.check import check_certificate
from formulations.arrays import Matrix
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multiplier_generation import solve_dual
from formulations.sdp.multipliers import DualSolution, Multipliers, relaxation_form
from formulations.sdp.shor import solve_shor
from tests.certify.checker.oracles import inputs, targets

GAMMA = Fraction(1, 2)


def problem_of(
    seed: int, n: int = 12, d: int = 3, c: int = 2, bias: OutputBias = OutputBias.NONE
) -> TrainingProblem:
    random = np.random.default_rng(seed)

    def rational(matrix: Matrix) -> list[list[Fraction]]:
        return [[Fraction(round(64 * entry), 64) for entry in row] for row in matrix.tolist()]

    X, Y = random.normal(size=(n, d)), random.normal(size=(n, c))
    return TrainingProblem.from_rationals(rational(X), rational(Y), GAMMA, output_bias=bias)


def divided(n: int, count: int) -> list[list[int]]:
    return [list(range(b, n, count)) for b in range(count)]


def with_scalar_share(
    X: Matrix, rows: list[int], part: float, dual_rows: Matrix, multipliers: Multipliers
) -> BlockProof:
    """A solution of a block alone, at the gamma that is its part of the whole."""
    order = X.shape[1] + dual_rows.shape[1]
    gamma = part * float(GAMMA)
    return BlockProof(tuple(rows), gamma * np.eye(order), dual_rows, multipliers.scaled(1 / gamma))


def assert_proves(certificate: Certificate, problem: TrainingProblem, least: float) -> None:
    verdict = check_certificate(certificate, problem)
    assert verdict.valid, verdict.reason
    assert float(certificate.bound) >= least
    assert from_text(to_text(certificate)) == certificate


class TestScalarShares:
    @pytest.mark.parametrize("count", [1, 2, 3, 4])
    @pytest.mark.parametrize("solve", [solve_dual, solve_shor])
    def test_bounds_add_up(self, solve: Callable[..., DualSolution], count: int) -> None:
        problem = problem_of(count)
        X, Y = inputs(problem), targets(problem)
        proofs, total = [], 0.0
        for rows in divided(problem.n, count):
            found = solve(X[rows], Y[rows], float(GAMMA) / count)
            total += found.dual_value
            proofs.append(with_scalar_share(X, rows, 1 / count, found.dual_point, found.multipliers))
        certificate = blocks_certificate(problem, proofs)
        assert certificate.blocks is not None
        assert [list(block.rows) for block in certificate.blocks.parts] == divided(problem.n, count)
        assert total > 0.1
        assert_proves(certificate, problem, total * (1 - 1e-6))
        assert float(certificate.bound) <= total * (1 + 1e-6)

    def test_unequal_shares(self) -> None:
        problem = problem_of(5, d=4, c=1)
        X, Y = inputs(problem), targets(problem)
        proofs, total = [], 0.0
        for rows, part in zip(([9, 2, 0], [11, 1, 3, 4, 5, 6, 7, 8, 10]), (0.25, 0.75), strict=True):
            found = solve_dual(X[rows], Y[rows], part * float(GAMMA))
            total += found.dual_value
            proofs.append(with_scalar_share(X, rows, part, found.dual_point, found.multipliers))
        assert_proves(blocks_certificate(problem, proofs), problem, total * (1 - 1e-6))

    def test_no_multipliers(self) -> None:
        problem = problem_of(6)
        X, Y = inputs(problem), targets(problem)
        proofs = [
            with_scalar_share(X, rows, 0.5, 1e-3 * Y[rows], Multipliers.zero(6)) for rows in divided(12, 2)
        ]
        certificate = blocks_certificate(problem, proofs)
        assert certificate.blocks is not None
        assert_proves(certificate, problem, 0.05)


class TestMatrixShares:
    def test_of_the_axes(self) -> None:
        # Each sample takes what it needs of its own coordinate of u: nothing is lost to the blocks.
        problem = TrainingProblem.from_rationals([[1, 0], [0, 1]], [[3], [4]], Fraction(5, 4))
        proofs = []
        for k, entry in ((0, 0.75), (1, 1.0)):
            share = np.zeros((3, 3))
            share[k, k], share[2, 2] = 1.25, entry**2 / 1.25
            m = replace(Multipliers.zero(1), slack=np.array([-2.5]))
            proofs.append(BlockProof((k,), share, np.array([[entry]]), m))
        assert_proves(blocks_certificate(problem, proofs), problem, 175 / 32 - 1e-6)

    def test_cross_terms(self) -> None:
        problem = problem_of(8)
        X, Y = inputs(problem), targets(problem)
        random = np.random.default_rng(1)
        proofs = []
        for rows in divided(12, 3):
            found = solve_dual(X[rows], Y[rows], float(GAMMA) / 3)
            proof = with_scalar_share(X, rows, 1 / 3, found.dual_point, found.multipliers)
            cross = np.zeros((5, 5))
            cross[:3, 3:] = 1e-3 * random.normal(size=(3, 2))
            proofs.append(replace(proof, share=proof.share + cross + cross.T))
        assert_proves(blocks_certificate(problem, proofs), problem, 0.1)

    def test_of_what_the_blocks_need(self) -> None:
        # Nothing is lost but rounding: the shares that multipliers need are scaled until they add up.
        problem = problem_of(9)
        X, Y = inputs(problem), targets(problem)
        proofs = []
        for rows in divided(12, 3):
            found = solve_dual(X[rows], Y[rows], float(GAMMA) / 3)
            m = found.multipliers.scaled(3 / float(GAMMA))
            form = relaxation_form(X[rows], np.zeros((4, 2)), 0.0, m)
            coupling = np.hstack([form[3:, :3], -found.dual_point])
            share = coupling.T @ np.linalg.solve(form[3:, 3:] + 1e-9 * np.eye(4), coupling)
            share[:3, :3] -= form[:3, :3]
            proofs.append(BlockProof(tuple(rows), share, found.dual_point, m))
        scale = float(GAMMA) / np.linalg.eigvalsh(sum(proof.share for proof in proofs))[-1]
        N = np.zeros_like(Y)
        for proof in proofs:
            N[list(proof.rows)] = proof.dual_rows
        fit, square = float(np.sum(N * Y)), float(np.sum(N**2))
        scale = min(scale, fit / square)
        assert scale > 1.01  # shares of the identity would have 1
        assert_proves(
            blocks_certificate(problem, proofs), problem, (scale * fit - scale**2 * square / 2) * (1 - 1e-6)
        )


class TestAnything:
    @pytest.mark.parametrize("seed", range(6))
    @pytest.mark.parametrize("bias", [OutputBias.NONE, OutputBias.FREE, OutputBias.DECAYED])
    @pytest.mark.parametrize("wild", [False, True])
    def test_ends_in_a_valid_certificate(self, seed: int, bias: OutputBias, wild: bool) -> None:
        problem = problem_of(seed, n=7, d=2 + seed % 3, c=1 + seed % 2, bias=bias)
        random = np.random.default_rng(seed)
        proofs = []
        for rows in divided(7, 1 + seed % 4):
            order, size = problem.d + problem.c, len(rows)
            tables = [random.normal(size=(size, size)) for _ in range(3)]
            if wild:
                tables[0][0, 0], tables[1][0, 0] = np.inf, np.nan
            slack = -10 * abs(random.normal(size=size))
            share, N = random.normal(size=(order, order)), random.normal(size=(size, problem.c))
            if wild:
                share[0, 0], N[0, 0] = 1e300, -np.inf
            proofs.append(
                BlockProof(tuple(rows), share, N, Multipliers(tables[0], tables[1], tables[2], slack))
            )
        assert_proves(blocks_certificate(problem, proofs), problem, 0.0)

    def test_samples_at_zero(self) -> None:
        problem = TrainingProblem.from_rationals([[0, 0], [1, 2], [0, 0]], [[1], [2], [3]], GAMMA)
        proofs = [
            BlockProof((k,), float(GAMMA) / 3 * np.eye(3), np.array([[0.25]]), Multipliers.zero(1))
            for k in range(3)
        ]
        certificate = blocks_certificate(problem, proofs)
        assert certificate.blocks is not None
        assert_proves(certificate, problem, 5.0)

    def test_each_sample_is_in_one_block(self) -> None:
        problem = problem_of(1, n=2)
        proof = BlockProof((0, 0), np.eye(5), np.zeros((2, 2)), Multipliers.zero(2))
        with pytest.raises(ValueError, match="each sample"):
            blocks_certificate(problem, [proof])

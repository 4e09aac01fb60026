"""From approximate proofs of blocks of samples to an exact certificate of the whole.

In goes, for each block, what a solver has found in floating point: its share of gamma (|u|^2 + |v|^2), its
rows of the dual point and multipliers. Out comes a certificate with one leaf for each block, which the
checker accepts; the mathematics is in docs/method.md, section 3d. Any shares and multipliers will do, and how
good they are only decides how high the bound is: the shares are scaled until they add up, each block is made
feasible with a margin that pays for rounding, and the dual point is scaled to what is left.

All of it is floating point and none of it is trusted: the checker decides, and where it refuses, the margin
is made larger.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain

import numpy as np
from flint import fmpz_mat

from certify.bounds.proofs.writing import certificate_of, first_valid
from certify.bounds.relaxation.leaf_rounding import (
    allowed_bits,
    dual_exponent,
    payments,
    rounded_leaf,
    unit_exponent,
)
from certify.bounds.relaxation.repair import cleaned, finite
from certify.bounds.relaxation.repairable_form import RepairableForm
from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.training import Certificate
from certify.checker.data.recipe import Preprocessing
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.training import TrainingProblem
from certify.floats.dual_rounding import rounded_dual_point
from certify.floats.problem import Arrays
from certify.trust.parallel import in_processes
from formulations.arrays import Matrix, Vector
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multipliers import Multipliers

_SHARE_EXPONENT = 80
_ROUNDING_EXPONENT = 40  # of a frame before it is stretched
_FRAME_EXPONENT = 80


def blocks_certificate(
    problem: TrainingProblem,
    proofs: Sequence[BlockProof],
    *,
    preprocessing: Preprocessing | None = None,
    method: str = "blocks",
) -> Certificate:
    """Turn approximate proofs of blocks into a valid certificate.

    Args:
        problem: the exact problem.
        proofs: of blocks that have each sample of the problem once.
        preprocessing: recorded in the certificate.
        method: likewise.

    Returns:
        A certificate that `check_certificate` accepts; its bound is at least 0.

    Raises:
        ValueError: if a sample is in no block or in two.
        DataError: if the problem has numbers beyond floating point.
    """
    if sorted(chain.from_iterable(proof.rows for proof in proofs)) != list(range(problem.n)):
        raise ValueError("each sample must be in one block")
    arrays = Arrays.of(problem).for_relaxations
    ordered = [_ordered(proof) for proof in proofs]
    return first_valid(
        problem,
        lambda margin: _rounded(problem, arrays, ordered, margin, preprocessing, method),
        preprocessing,
        in_processes(os.cpu_count() or 1),
    )


def _ordered(proof: BlockProof) -> BlockProof:
    """Put the samples in ascending order, and let all numbers be legal."""
    order = np.argsort(proof.rows)
    m, pairs = cleaned(proof.multipliers), np.ix_(order, order)
    multipliers = Multipliers(m.alpha_alpha[pairs], m.alpha_beta[pairs], m.beta_beta[pairs], m.slack[order])
    rows = tuple(int(proof.rows[i]) for i in order)
    share = finite(proof.share)
    return BlockProof(rows, (share + share.T) / 2, finite(proof.dual_rows)[order], multipliers)


@dataclass(frozen=True)
class _Feasible:
    """A block whose premise holds with a margin, if the dual point is scaled as `_feasible` says.

    Attributes:
        rows: numbers of the samples.
        lengths: |x_i| of each.
        inputs: G, d x d, in floats.
        cross: C before that scaling, d x c, in floats.
        output_frame: T, c x c, as integers over 2^_FRAME_EXPONENT.
        outputs: H likewise, over 2^_SHARE_EXPONENT, at least the inverse of T^T T.
        frame: T in floats.
        multipliers: in units of a level.
    """

    rows: Sequence[int]
    lengths: Vector
    inputs: Matrix
    cross: Matrix
    output_frame: IntegerRows
    outputs: IntegerRows
    frame: Matrix
    multipliers: Multipliers


def _rounded(
    problem: TrainingProblem,
    arrays: Arrays,
    proofs: Sequence[BlockProof],
    margin: float,
    preprocessing: Preprocessing | None,
    method: str,
) -> Certificate | None:
    """Round so finely that the margin pays for it; return None if the dual point proves nothing."""
    gamma, line = arrays.gamma, arrays.dual_line
    N = np.zeros((problem.n, problem.c))
    for proof in proofs:
        N[list(proof.rows)] = proof.dual_rows
    N, flipped = line.oriented(line.admissible(N))
    if flipped:
        proofs = [replace(proof, share=_reflected(proof.share, problem.d)) for proof in proofs]
    if line.best(N, math.inf)[0] == 0:
        return None
    feasible = _feasible(arrays, [replace(p, dual_rows=N[list(p.rows)]) for p in proofs], margin)
    if feasible is None:
        return None
    blocks, largest = feasible
    t, _ = line.best(N, largest)
    N = line.multiple(N, t)
    allowed = allowed_bits(margin / len(blocks), gamma)
    exponent = 1
    for block in blocks:
        rows, stretch = N[list(block.rows)], float(np.linalg.norm(block.frame, 2))
        # The cross terms are rounded like rows of samples at the axes.
        rows = np.vstack([rows, t * block.cross])
        lengths = np.concatenate([block.lengths, np.ones(problem.d)])
        exponent = max(exponent, dual_exponent(rows, rows @ block.frame.T, lengths, allowed, stretch))
    q = problem.gamma.denominator
    level = 2 * (exponent + _FRAME_EXPONENT) + _SHARE_EXPONENT  # in bits, of one unit in integers
    leaves, parts = [], []
    for block in blocks:
        live = np.array([any(problem.inputs[i]) for i in block.rows])
        unit = unit_exponent(block.lengths, allowed) + level + 2 * (q.bit_length() - 1) if live.any() else 0
        paid = payments(problem, arrays.X, block.rows, allowed)
        leaves.append(rounded_leaf(block.multipliers, live, q**2 << level, max(unit, 0), paid))
        inputs = _triangle(_over_power(block.inputs, _SHARE_EXPONENT))
        unit_of_cross = Fraction(problem.input_denominator << exponent)
        cross = _rounded_rows(t * block.cross, unit_of_cross)
        parts.append(Block(tuple(block.rows), inputs, block.outputs, cross, block.output_frame, 1))
    certificate = certificate_of(
        problem,
        rounded_dual_point(problem, N, Fraction(1), exponent, arrays.X),
        exponent,
        tuple(leaves),
        preprocessing,
        method,
    )
    return replace(certificate, blocks=Blocks(_SHARE_EXPONENT, _FRAME_EXPONENT, tuple(parts)))


def _feasible(
    arrays: Arrays, proofs: Sequence[BlockProof], margin: float
) -> tuple[list[_Feasible], float] | None:
    """Make each block's premise hold with its part of the margin, and the shares add up.

    Shares, multipliers and dual point are divided by what the given shares add up to, and, once levels are
    paid for, by what they do then: with S for u and R for v, G is divided by S, H by R, C and the dual point
    by the root of S R, and T is multiplied by the root of R, which divides the premise by S.

    Returns:
        The blocks, and by how much the dual point may be multiplied; None if a number is not finite.
    """
    gamma, d = arrays.gamma, arrays.X.shape[1]
    part = margin / len(proofs)
    shares = []
    for proof in proofs:
        share = proof.share / gamma
        values, vectors = np.linalg.eigh(share[d:, d:])
        share[d:, d:] = (vectors * np.maximum(values, part)) @ vectors.T
        shares.append(share)
    most = _largest_eigenvalue(sum(shares, np.zeros(())))
    if most is None:
        return None
    blocks, total = [], np.zeros_like(shares[0])
    for proof, share in zip(proofs, shares, strict=True):
        share = share / most
        values, vectors = np.linalg.eigh(share[d:, d:])
        if not values[0] > 0:
            return None
        frame = _over_power((vectors / np.sqrt(values)).T, _ROUNDING_EXPONENT)
        in_floats = np.array(frame, dtype=float) / 2.0**_ROUNDING_EXPONENT
        X, cross = arrays.X[list(proof.rows)], gamma * share[:d, d:]
        multipliers = proof.multipliers.scaled(gamma / most)
        if np.any(X):
            form = RepairableForm.of(
                X,
                proof.dual_rows / most @ in_floats.T,
                multipliers,
                gamma**2 * share[:d, :d],
                -cross @ in_floats.T,
            )
            if form is None:
                return None
            level, delta = form.best(part * gamma**2)
            share[:d, :d] += level / gamma**2 * np.eye(d)
            multipliers = form.paid(multipliers, delta)
        else:
            share[:d], share[:, :d] = 0.0, 0.0
            cross, multipliers = np.zeros_like(cross), Multipliers.zero(len(X))
            # What pays for samples that are as good as zero.
            share[:d, :d] = part * np.eye(d)
        total += share
        blocks.append(
            _Feasible(
                proof.rows,
                np.linalg.norm(X, axis=1),
                share[:d, :d],
                cross * most,
                frame,
                (),
                in_floats,
                multipliers,
            )
        )
    found = _scales(total, d)
    if found is None:
        return None
    on_u, on_v = found
    unit = 2 ** (_FRAME_EXPONENT - _ROUNDING_EXPONENT)
    root = math.ceil(Fraction(math.sqrt(on_v * (1 + margin))) * unit)
    on_u *= 1 + margin
    scaled = []
    for block in blocks:
        stretched = tuple(tuple(root * entry for entry in row) for row in block.output_frame)
        scaled.append(
            replace(
                block,
                inputs=block.inputs / on_u,
                output_frame=stretched,
                outputs=_inverse_square(stretched),
                frame=block.frame * (root / unit),
                multipliers=block.multipliers.scaled(1 / on_u),
            )
        )
    return scaled, 1 / (most * math.sqrt(on_u) * (root / unit))


def _scales(total: Matrix, d: int) -> tuple[float, float] | None:
    """Return what to divide the forms of u and of v by so that they add up, with cross terms over both roots.

    The product should be small. Where a level has been paid for, the part of u is larger than that of v.
    """
    by_part = [_largest_eigenvalue(total[:d, :d]), _largest_eigenvalue(total[d:, d:])]
    ratios = [1.0]
    if by_part[0] is not None and by_part[1] is not None:
        ratios.append(math.sqrt(by_part[0] / by_part[1]))
    found = []
    for ratio in ratios:
        weights = np.concatenate([np.full(d, ratio**-0.5), np.full(len(total) - d, ratio**0.5)])
        largest = _largest_eigenvalue(total * np.outer(weights, weights))
        if largest is not None:
            found.append((largest, ratio))
    if not found:
        return None
    largest, ratio = min(found)
    return largest * ratio, largest / ratio


def _largest_eigenvalue(form: Matrix) -> float | None:
    """Return that of a form that is somewhere positive; None of any other, or if it is not finite."""
    if not np.all(np.isfinite(form)):
        return None
    largest = float(np.linalg.eigvalsh(form)[-1])
    return largest if np.isfinite(largest) and largest > 0 else None


def _over_power(matrix: Matrix, exponent: int) -> IntegerRows:
    """Return a matrix in integers over 2**exponent."""
    return _rounded_rows(matrix, Fraction(2**exponent))


def _rounded_rows(matrix: Matrix, unit: Fraction) -> IntegerRows:
    return tuple(tuple(round(Fraction(entry) * unit) for entry in row) for row in matrix.tolist())


def _reflected(share: Matrix, d: int) -> Matrix:
    """Return a share in (u, -v)."""
    signs = np.concatenate([np.ones(d), -np.ones(len(share) - d)])
    return share * np.outer(signs, signs)


def _inverse_square(frame: IntegerRows) -> IntegerRows:
    """Return the lower triangle of integers over 2^_SHARE_EXPONENT that are at least (T^T T)^-1.

    Rounding an entry to the nearest integer moves a form of order c by at most c / 2 of |v|^2.
    """
    integers = fmpz_mat([list(row) for row in frame])
    inverse = (integers.transpose() * integers).inv()
    unit, spare = 2 ** (_SHARE_EXPONENT + 2 * _FRAME_EXPONENT), len(frame) // 2 + 1
    rows = [[round(unit * Fraction(int(entry.p), int(entry.q))) for entry in row] for row in inverse.tolist()]
    return _triangle(
        [[entry + spare * (i == j) for j, entry in enumerate(row)] for i, row in enumerate(rows)]
    )


def _triangle(rows: Sequence[Sequence[int]]) -> IntegerRows:
    return tuple(tuple(row[: k + 1]) for k, row in enumerate(rows))

"""From a certificate of leaves of the whole space back to a dual solution in floats, to go on from.

It is what `leaf_rounding` writes, the other way round. None of it is trusted.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import chain

import numpy as np

from certify.checker.certificate.nodes import Leaf
from certify.checker.certificate.training import Certificate
from certify.checker.problems.training import TrainingProblem
from formulations.arrays import Matrix
from formulations.sdp.block_proof import BlockProof
from formulations.sdp.multipliers import Multipliers

_LARGEST = 3000  # samples of a leaf, whose tables are dense


def dual_point_of(certificate: Certificate) -> Matrix:
    """Return N, n x c."""
    unit = 1 << certificate.dual_exponent
    return np.array([[entry / unit for entry in row] for row in certificate.dual_point])


def block_proofs_of(certificate: Certificate, problem: TrainingProblem) -> tuple[BlockProof, ...]:
    """Return a valid certificate's proofs, one for each leaf of the whole space; one block is the whole.

    Args:
        certificate: of the problem.
        problem: with its samples.

    Returns:
        Proofs whose shares are left at zero; () where a tree divides, or a leaf is too large for tables.
    """
    d, c = problem.d, problem.c
    blocks = certificate.blocks
    of_blocks = [tuple(range(problem.n))] if blocks is None else [block.rows for block in blocks.parts]
    sizes = 0 if blocks is None else blocks.share_exponent + 2 * blocks.frame_exponent
    leaves = [node for node in certificate.tree if isinstance(node, Leaf)]
    if len(certificate.tree) != len(of_blocks) or len(leaves) != len(of_blocks):
        return ()
    if max(map(len, of_blocks)) > _LARGEST:
        return ()
    N = dual_point_of(certificate)
    level = problem.gamma.denominator**2 << 2 * certificate.dual_exponent + sizes
    proofs = []
    for rows, leaf in zip(of_blocks, leaves, strict=True):
        live = [place for place, i in enumerate(rows) if any(problem.inputs[i])]
        unit = Fraction(leaf.unit, leaf.scale * level) / problem.gamma
        multipliers = _multipliers(leaf, live, len(rows), unit)
        proofs.append(BlockProof(rows, np.zeros((d + c, d + c)), N[list(rows)], multipliers))
    named = set(chain.from_iterable(of_blocks))
    others = tuple(i for i in range(problem.n) if i not in named)
    if others:
        return ()
    return tuple(proofs)


def _multipliers(leaf: Leaf, live: list[int], n: int, unit: Fraction) -> Multipliers:
    """Return the products of a leaf as tables of its n samples, each times a unit."""
    found, m = Multipliers.zero(n), len(live)
    for i, j, multiplier in leaf.products:
        value = float(multiplier * unit)
        first, second = live[i % m], live[j % m]
        if i < m <= j:
            if first == second:
                found.slack[first] = value
            else:
                found.alpha_beta[first, second] = value
            continue
        table = found.alpha_alpha if j < m else found.beta_beta
        # A symmetric table has the product of two different quantities twice.
        table[first, second] = table[second, first] = value / (1 if first == second else 2)
    return found

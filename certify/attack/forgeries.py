"""Ways to forge a certificate: each changes one thing at random, as an attacker who knows the format would.

A forgery that has nothing to change returns the certificate as it is. Those of the dual point keep the
claim consistent with it, because a claim that does not fit is caught before any proof is looked at.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

from certify.attack.block_forgeries import BLOCK_FORGERIES, BlockForgery, tree_of_block_forged
from certify.attack.loss_forgeries import LOSS_FORGERIES, Forgery, formal_claim
from certify.attack.tree_forgeries import (
    TREE_FORGERIES,
    TreeForgery,
    another_integer,
    rearranged,
    scaled_multipliers,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.numbers.integers import IntegerRows
from certify.checker.problems.output_bias import OUTPUT_BIASES
from certify.checker.problems.training import TrainingProblem


def _claim_raised(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    step = Fraction(1, 1 << random.randrange(60))
    claims = (certificate.bound + step, certificate.bound * (1 + step), problem.loss_at_zero())
    return replace(certificate, bound=random.choice(claims))


def _gamma_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    return replace(certificate, gamma=certificate.gamma * Fraction(random.randint(1, 20), 10))


def _output_bias_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    return replace(certificate, output_bias=random.choice((*OUTPUT_BIASES, "")))


def _hash_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    digits = list(certificate.problem_sha256)
    digits[random.randrange(len(digits))] = random.choice("0123456789abcdef")
    return replace(certificate, problem_sha256="".join(digits))


def _dual_scaled_up(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    rows = _scaled(certificate.dual_point, 1 + Fraction(1, 1 << random.randrange(40)))
    return formal_claim(replace(certificate, dual_point=rows), problem)


def _dual_and_multipliers_scaled_up(
    certificate: Certificate, problem: TrainingProblem, random: Random
) -> Certificate:
    """Scale the multipliers along, so that nothing but the level is violated."""
    part = 1 / (1 << random.randrange(20))
    rows = _scaled(certificate.dual_point, 1 + Fraction(part))
    tree = scaled_multipliers(certificate.tree, (1 + part) ** 2)
    return formal_claim(replace(certificate, dual_point=rows, tree=tree), problem)


def _dual_moved_to_targets(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """Move in the direction in which the claim rises fastest."""
    part = Fraction(1, 1 << random.randrange(30))
    unit = Fraction(1 << max(certificate.dual_exponent, 0), problem.target_denominator)
    rows = tuple(
        tuple(round((1 - part) * a + part * unit * y) for a, y in zip(row, ys, strict=False))
        for row, ys in zip(certificate.dual_point, problem.targets, strict=False)
    )
    return formal_claim(replace(certificate, dual_point=rows), problem)


def _dual_entry_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    return formal_claim(_dual_entry_changed_alone(certificate, problem, random), problem)


def _dual_entry_changed_alone(
    certificate: Certificate, problem: TrainingProblem, random: Random
) -> Certificate:
    return replace(certificate, dual_point=_entry_changed(certificate.dual_point, random))


def _dual_exponent_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    exponent = certificate.dual_exponent + random.choice((-2, -1, 1, 2))
    return formal_claim(replace(certificate, dual_exponent=exponent), problem)


def _dual_rows_rearranged(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    rows = rearranged(certificate.dual_point, random)
    return formal_claim(replace(certificate, dual_point=rows), problem)


def _generator_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    rows = _entry_changed(certificate.frame.generators, random)
    return replace(certificate, frame=replace(certificate.frame, generators=rows))


def _inverse_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    rows = _entry_changed(certificate.frame.inverse, random)
    return replace(certificate, frame=replace(certificate.frame, inverse=rows))


def _frame_scale_changed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    scale = another_integer(certificate.frame.scale, random)
    return replace(certificate, frame=replace(certificate.frame, scale=scale))


def _frame_made_singular(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """Let all generators be one, or zero, so that the tree covers next to nothing."""
    frame, d = certificate.frame, len(certificate.frame.generators)
    only = random.choice((*frame.generators, (0,) * d))
    zero = ((0,) * d,) * d
    frames = (replace(frame, generators=(only,) * d), Frame((only,) * d, zero, 0))
    return replace(certificate, frame=random.choice(frames))


def _frame_reversed(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
    """Take a frame that is a basis too, but not the one that the tree was made for."""
    frame = certificate.frame
    reversed_ = Frame(_scaled(frame.generators, -1), _scaled(frame.inverse, -1), frame.scale)
    return replace(certificate, frame=reversed_)


def _scaled(rows: IntegerRows, factor: Fraction | int) -> IntegerRows:
    return tuple(tuple(round(factor * entry) for entry in row) for row in rows)


def _entry_changed(rows: IntegerRows, random: Random) -> IntegerRows:
    if not rows:
        return rows
    table = [list(row) for row in rows]
    row = random.choice(table)
    place = random.randrange(len(row))
    row[place] = another_integer(row[place], random)
    return tuple(map(tuple, table))


def _of_tree(forgery: TreeForgery) -> Forgery:
    def forged(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
        if certificate.blocks is not None:
            return tree_of_block_forged(certificate, certificate.blocks, forgery, random)
        return replace(certificate, tree=forgery(certificate.tree, random))

    return forged


def _of_blocks(forgery: BlockForgery) -> Forgery:
    def forged(certificate: Certificate, problem: TrainingProblem, random: Random) -> Certificate:
        if certificate.blocks is None:
            return certificate
        return formal_claim(forgery(certificate, certificate.blocks, problem, random), problem)

    return forged


FORGERIES: dict[str, Forgery] = {
    "claim raised": _claim_raised,
    "gamma changed": _gamma_changed,
    **LOSS_FORGERIES,
    "output bias changed": _output_bias_changed,
    "hash changed": _hash_changed,
    "dual point scaled up": _dual_scaled_up,
    "dual point and multipliers scaled up": _dual_and_multipliers_scaled_up,
    "dual point moved to the targets": _dual_moved_to_targets,
    "dual entry changed": _dual_entry_changed,
    "dual entry changed, claim kept": _dual_entry_changed_alone,
    "dual exponent changed": _dual_exponent_changed,
    "dual rows rearranged": _dual_rows_rearranged,
    "generator of the frame changed": _generator_changed,
    "inverse of the frame changed": _inverse_changed,
    "scale of the frame changed": _frame_scale_changed,
    "frame made singular": _frame_made_singular,
    "frame reversed": _frame_reversed,
    **{name: _of_tree(forgery) for name, forgery in TREE_FORGERIES.items()},
}

# Of a proof in blocks of samples, besides.
OF_BLOCKS: dict[str, Forgery] = {name: _of_blocks(forgery) for name, forgery in BLOCK_FORGERIES.items()}

# Alone these are caught before the proof is looked at, whatever else is forged.
ALONE = (
    "claim raised",
    "gamma changed",
    *LOSS_FORGERIES,
    "output bias changed",
    "hash changed",
    "dual rows rearranged",
)

# What raises a claim and keeps it consistent: a forger who wants to gain anything begins with one of these.
RAISING = ("dual point scaled up", "dual point and multipliers scaled up", "dual point moved to the targets")

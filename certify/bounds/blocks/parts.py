"""From finished proofs of blocks of samples, each at its part of the weight decay, to one of all samples.

What proves that no network fits the samples of block b better, with the weight decay w_b gamma, proves the
premise of a block with the shares w_b gamma |u|^2 and w_b gamma |v|^2, whatever its tree is made of
(docs/method.md, section 3d): the bounds add up if the parts w_b do not exceed 1. All is exact; trees are
taken over node by node, with the multipliers of their leaves in other units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from math import gcd, isqrt

from certify.bounds.proofs.writing import certificate_of
from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.nodes import AnyLeaf, Leaf, Node, Sign
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.recipe import Preprocessing
from certify.checker.problems.training import TrainingProblem

WEIGHT_BITS = 20  # of weights that lose nothing
_FRAME_EXPONENT = 32
# 1 / root(w_b) is rounded up, for which the dual point gives way by 2^-28, which is more.
_LOSS_EXPONENT = 28
# The shares of parts over 2^20 are exact; of any others a little is lost.
_SHARE_EXPONENT = 2 * (WEIGHT_BITS + _FRAME_EXPONENT + _LOSS_EXPONENT)


@dataclass(frozen=True)
class Part:
    """A proof of some of the samples alone.

    Attributes:
        rows: numbers of the samples, ascending.
        weight: w_b, the part of gamma.
        certificate: a valid one of `part_problem`, in one tree.
    """

    rows: Sequence[int]
    weight: Fraction
    certificate: Certificate


def part_problem(problem: TrainingProblem, rows: Iterable[int], weight: Fraction) -> TrainingProblem:
    """Return the problem of some of the samples with a part of the weight decay."""
    chosen = list(rows)
    return TrainingProblem.from_rationals(
        [[Fraction(entry, problem.input_denominator) for entry in problem.inputs[i]] for i in chosen],
        [[Fraction(entry, problem.target_denominator) for entry in problem.targets[i]] for i in chosen],
        weight * problem.gamma,
        problem.loss,
        problem.output_bias,
        [problem.weight(i) for i in chosen],
    )


def joined(
    problem: TrainingProblem,
    parts: Sequence[Part],
    *,
    preprocessing: Preprocessing | None = None,
    method: str = "blocks",
) -> Certificate:
    """Put proofs of parts together.

    Args:
        problem: the exact problem of all samples.
        parts: of disjoint samples, with weights of at most 1 in all; a sample of none adds nothing.
        preprocessing: recorded in the certificate.
        method: likewise.

    Returns:
        A certificate whose bound is the sum of theirs, less some 2^-28 of it; valid if they are.

    Raises:
        ValueError: if samples or weights are not as they should be, a certificate is of another problem or in
            blocks itself, two trees divide by the signs of different frames, or hidden biases are free.
    """
    if problem.output_bias.frees_hidden:
        raise ValueError(
            "with free hidden biases each kink has a proof on all samples, and not on parts of them"
        )
    rows = list(chain.from_iterable(part.rows for part in parts))
    if len(set(rows)) != len(rows) or not set(rows) <= set(range(problem.n)):
        raise ValueError("a sample must be in one part, and be one of the problem")
    if any(part.weight <= 0 for part in parts) or sum(part.weight for part in parts) > 1:
        raise ValueError("the weights must be positive, and at most 1 in all")
    problems = [part_problem(problem, part.rows, part.weight) for part in parts]
    for part, of_part in zip(parts, problems, strict=True):
        if part.certificate.problem_sha256 != of_part.sha256() or part.certificate.blocks is not None:
            raise ValueError("a part's certificate must be of its samples at its weight decay, in one tree")
    exponent = max(part.certificate.dual_exponent for part in parts) + _LOSS_EXPONENT
    dual_point: list[tuple[int, ...]] = [(0,) * problem.c] * problem.n
    trees, blocks = [], []
    for part, of_part in zip(parts, problems, strict=True):
        block = _Joined.of(problem, part, of_part, exponent)
        for i, row in zip(part.rows, part.certificate.dual_point, strict=True):
            dual_point[i] = tuple(block.stretch * entry for entry in row)
        trees.append(tuple(block.nodes(part.certificate.tree)))
        blocks.append(block.block)
    certificate = certificate_of(
        problem,
        tuple(dual_point),
        exponent,
        tuple(chain(*trees)),
        preprocessing,
        method,
        _common_frame([part.certificate for part in parts], problem.d),
    )
    return replace(certificate, blocks=Blocks(_SHARE_EXPONENT, _FRAME_EXPONENT, tuple(blocks)))


def _common_frame(certificates: Sequence[Certificate], d: int) -> Frame:
    """Return the frame of all trees that divide; one leaf holds in any."""
    frames = [found.frame for found in certificates if len(found.tree) > 1]
    if any(frame != frames[0] for frame in frames):
        raise ValueError("the trees of two parts divide by the signs of different frames")
    return frames[0] if frames else Frame.identity(d)


@dataclass(frozen=True)
class _Joined:
    """How a part is written as a block.

    Its leaves prove S (lambda |u|^2 - mu |o|^2) >= U * products for the integer outputs o of the part. In the
    block |u|^2 has the share g, and o is multiplied by whole numbers: `stretch` for the finer dual point, T,
    and r where the whole has a finer denominator of the inputs than the part. S and U are multiplied so that
    the inequality is the same one; products of alpha and beta have grown by r^2, of one of them by r.

    Attributes:
        block: with as many nodes as the part.
        stretch: of the dual point.
        ratio: r.
        scale: what S is multiplied by.
        unit: likewise U.
    """

    block: Block
    stretch: int
    ratio: int
    scale: int
    unit: int

    @classmethod
    def of(cls, whole: TrainingProblem, part: Part, problem: TrainingProblem, exponent: int) -> _Joined:
        found, d, c = part.certificate, whole.d, whole.c
        frame = isqrt(int(Fraction(4**_FRAME_EXPONENT) / part.weight)) + 1
        stretch = ((1 << _LOSS_EXPONENT) - 1) << exponent - _LOSS_EXPONENT - found.dual_exponent
        ratio = whole.input_denominator // problem.input_denominator
        mu, mu_of_block = problem.gamma.denominator**2, whole.gamma.denominator**2 << _SHARE_EXPONENT
        stretched = mu_of_block * (frame * stretch) ** 2
        root = problem.gamma.numerator * whole.input_denominator << found.dual_exponent
        root_of_block = whole.gamma.numerator * whole.input_denominator << exponent + _FRAME_EXPONENT
        on_u = -(-stretched * root**2 // (mu * root_of_block**2))
        on_v = -(-(1 << _SHARE_EXPONENT + 2 * _FRAME_EXPONENT) // frame**2)
        common = gcd(mu, stretched)
        block = Block(
            tuple(part.rows),
            _multiple_of_identity(on_u, d),
            _multiple_of_identity(on_v, c),
            ((0,) * c,) * d,
            tuple(tuple(frame * (k == l) for l in range(c)) for k in range(c)),
            len(found.tree),
        )
        return cls(block, stretch, ratio, mu // common, stretched // common)

    def nodes(self, tree: Sequence[Node]) -> Iterator[Node]:
        """Write the nodes of the part for the block."""
        pending = [0]  # the coordinates of known sign on the cones that are to come
        for node in tree:
            signed = pending.pop()
            if not isinstance(node, AnyLeaf):
                pending += [signed + isinstance(node, Sign)] * 2
            yield self._leaf(node, signed) if isinstance(node, Leaf) else node

    def _leaf(self, leaf: Leaf, signed: int) -> Leaf:
        products = tuple(
            (i, j, value * self.ratio ** ((i < signed) + (j < signed))) for i, j, value in leaf.products
        )
        return Leaf(leaf.scale * self.scale, leaf.unit * self.unit, products)


def _multiple_of_identity(entry: int, order: int) -> tuple[tuple[int, ...], ...]:
    """Return a lower triangle."""
    return tuple((0,) * k + (entry,) for k in range(order))

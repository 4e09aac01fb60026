"""A proof in two blocks of samples, made by hand, and forgeries of it."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from certify.checker.certificate.blocks import Block, Blocks
from certify.checker.certificate.nodes import Leaf, Sign
from certify.checker.certificate.training import Certificate
from certify.checker.obligations import Obligation
from certify.checker.problems.training import TrainingProblem
from tests.certify.checker.oracles import certificate_of

# lambda u^T G u - mu (N T relu(u_k))^2 = L u_k^2 - L alpha^2 is L (u_k - alpha)^2 by alpha beta = 0, for
# L = 102400, on either axis k, where N T = 40 / 2^5.
LEAF = Leaf(1, 1, ((0, 1, -204800),))


def axis(k: int, share: int, frame: int) -> Block:
    """The sample e_k with all of u_k^2, with quarters of |v|^2 and of the identity."""
    inputs = ((4,), (0, 0)) if k == 0 else ((0,), (0, 4))
    return Block((k,), inputs, ((share,),), ((0,), (0,)), ((frame,),), 1)


def in_blocks(
    problem: TrainingProblem, dual_point: Sequence[Sequence[int]], parts: Sequence[Block]
) -> Certificate:
    """A certificate over 2^3, of blocks with one such leaf each."""
    whole = certificate_of(problem, dual_point, [LEAF] * len(parts), exponent=3)
    return replace(whole, blocks=Blocks(2, 2, tuple(parts)))


# Of X = I and gamma = 5/4: N = (5/8, 1), T = 2 and 5/4, H = 1/4 and 3/4.
PROBLEM = TrainingProblem.from_rationals([[1, 0], [0, 1]], [[3], [4]], Fraction(5, 4))
HONEST = in_blocks(PROBLEM, [[5], [8]], [axis(0, 1, 8), axis(1, 3, 5)])
# The same, and each block's tree divides by the sign of the other coordinate.
SIGNED_LEAF = Leaf(1, 1, ((1, 2, -204800),))
WITH_TREES = replace(
    HONEST,
    tree=(Sign(1), SIGNED_LEAF, SIGNED_LEAF, Sign(0), SIGNED_LEAF, SIGNED_LEAF),
    blocks=Blocks(2, 2, tuple(replace(block, nodes=3) for block in (axis(0, 1, 8), axis(1, 3, 5)))),
)


def crossed(k: int, inputs: int, outputs: int, cross: int, frame: int) -> Block:
    """The sample e_k with a part of u_k^2 and of |v|^2, and with a cross term of u_k v."""
    on_u = ((inputs,), (0, 0)) if k == 0 else ((0,), (0, inputs))
    terms = ((cross,), (0,)) if k == 0 else ((0,), (cross,))
    return Block((k,), on_u, ((outputs,),), terms, ((frame,),), 3)


# The output less half of N_k u_k is half of N_k |u_k|: on either side of u_k = 0 a leaf needs no multipliers.
HALVES = (Sign(0), Leaf(1, 1), Leaf(1, 1), Sign(1), Leaf(1, 1), Leaf(1, 1))
CROSSED = replace(
    certificate_of(PROBLEM, [[10], [16]], HALVES, exponent=4),
    blocks=Blocks(6, 2, (crossed(0, 31, 9, 5, 11), crossed(1, 32, 21, 8, 7))),
)
# G and H alone add up to no more than the identities: 9/16 of each u_k^2, and twice 1/2 of |v|^2.
TOO_MUCH_CROSSED = replace(
    certificate_of(PROBLEM, [[20], [20]], HALVES, exponent=4),
    blocks=Blocks(4, 1, (crossed(0, 9, 8, 10, 3), crossed(1, 9, 8, 10, 3))),
)
FORGERIES = {
    # The second sample is nobody's.
    Obligation.BLOCK_ROWS: in_blocks(PROBLEM, [[5], [24]], [axis(0, 1, 8)]),
    Obligation.BLOCK_SHAPE: in_blocks(
        PROBLEM, [[5], [8]], [axis(0, 1, 8), replace(axis(1, 3, 5), outputs=((3,), (0, 3)))]
    ),
    # Each block has all of |v|^2.
    Obligation.SHARES: in_blocks(PROBLEM, [[10], [10]], [axis(0, 4, 4), axis(1, 4, 4)]),
    # T = 1 would ask for H = 1.
    Obligation.BLOCK_OUTPUT: in_blocks(PROBLEM, [[10], [10]], [axis(0, 1, 4), axis(1, 3, 4)]),
}

"""Proofs that divide by the signs of samples, made by hand; one sample is the difference of two others."""

from dataclasses import replace
from fractions import Fraction

from certify.bounds.proofs.writing import in_one_block
from certify.checker.certificate.nodes import (
    EnvelopeLeaf,
    Leaf,
    Node,
    RowSign,
    Sign,
    Split,
)
from certify.checker.certificate.training import Certificate
from certify.checker.problems.output_bias import OutputBias
from certify.checker.problems.training import TrainingProblem
from tests.certify.checker.oracles import certificate_of

# The third sample is the first less the second, and gamma = 3.
DATA = b"1,0,4\n0,1,4\n1,-1,-4\n"
X = [[1, 0], [0, 1], [1, -1]]
Y = [[4], [4], [-4]]
PROBLEM = TrainingProblem.from_rationals(X, Y, 3)
DUAL_POINT = ((2,), (2,), (-2,))
BOUND = Fraction(18)

# Where all are active the output is 4 u_2, and 9 |u|^2 - 16 u_2^2 is 2 u_1^2 + 7 (u_1 - u_2) (u_1 + u_2),
# which may be negative where only u_1, u_2 >= 0 is known. The quantities are these two and u_1 - u_2.
ALL_ACTIVE = Leaf(1, 1, ((0, 2, 7), (1, 2, 7)))
# Where -u_1, u_2 and u_1 - u_2 are not negative there is only u = 0; the output is 4 u_2 - 2 u_1.
NOTHING = Leaf(1, 1, ((0, 2, 9), (1, 2, 7)))
FREE = Leaf(1, 1)
ENVELOPE = EnvelopeLeaf()

# The third sample divides the quadrant in which it is mixed; in the opposite one an envelope is enough.
IN_A_QUADRANT: tuple[Node, ...] = (
    *(Sign(0), Sign(1), RowSign(2), ALL_ACTIVE, FREE, ENVELOPE),
    *(Sign(1), ENVELOPE, ENVELOPE),
)
# Nothing is known but the signs of samples.
OF_SAMPLES: tuple[Node, ...] = (
    *(RowSign(0), RowSign(1), RowSign(2), ALL_ACTIVE, FREE, RowSign(2), FREE, FREE),
    *(RowSign(1), RowSign(2), NOTHING, FREE, RowSign(2), FREE, FREE),
)
# Below the third sample's sign generators are reversed, and one quadrant is cut: there its form becomes the
# opposite of the second coordinate in the first half, and the first coordinate in the other.
BEFORE_OTHERS: tuple[Node, ...] = (
    *(RowSign(2), Sign(0), Sign(1), Split(0, 1, 1, 1), Leaf(1, 1, ((0, 2, 14), (1, 2, 7))), ENVELOPE, FREE),
    *(Sign(1), NOTHING, FREE),
    *(Sign(0), Sign(1), FREE, FREE, Sign(1), FREE, FREE),
)
TREES = {"in a quadrant": IN_A_QUADRANT, "of samples": OF_SAMPLES, "before others": BEFORE_OTHERS}
CERTIFICATES = {name: certificate_of(PROBLEM, DUAL_POINT, tree) for name, tree in TREES.items()}
HONEST = CERTIFICATES["in a quadrant"]

# A sample twice: both are decided at once, and each has half of its weight.
TWICE = TrainingProblem.from_rationals([*X, X[2]], [*Y[:2], [-4], [-4]], 3)
OF_BOTH = certificate_of(TWICE, ((2,), (2,), (-1,), (-1,)), IN_A_QUADRANT)

# The samples of the block are the last three of four.
LAST_THREE = TrainingProblem.from_rationals([[5, 5], *X], [[0], *Y], 3)
IN_A_BLOCK = in_one_block(certificate_of(LAST_THREE, ((0,), *DUAL_POINT), IN_A_QUADRANT), [1, 2, 3])

# With free hidden biases the sample 0 has a kink as well, and the tree there is that of the others.
AT_KINKS = TrainingProblem.from_rationals([[0, 0], *X], [[-4], *Y], 100, output_bias=OutputBias.ALL_FREE)
ORTHANTS: tuple[Node, ...] = (Sign(0), Sign(1), ENVELOPE, ENVELOPE, Sign(1), ENVELOPE, ENVELOPE)
OF_KINKS = certificate_of(
    AT_KINKS,
    ((-2,), (2,), (2,), (-2,)),
    (Sign(0), Sign(1), RowSign(3), *[ENVELOPE] * 3, Sign(1), ENVELOPE, ENVELOPE, *3 * ORTHANTS),
)

VALID = {
    **{name: (certificate, PROBLEM) for name, certificate in CERTIFICATES.items()},
    "a sample twice": (OF_BOTH, TWICE),
    "in a block": (IN_A_BLOCK, LAST_THREE),
    "at kinks": (OF_KINKS, AT_KINKS),
}


def with_leaf(leaf: Leaf) -> Certificate:
    """`HONEST` with another leaf where all samples are active."""
    return replace(HONEST, tree=(*IN_A_QUADRANT[:3], leaf, *IN_A_QUADRANT[4:]))


SWAPPED = replace(HONEST, tree=(*IN_A_QUADRANT[:3], FREE, ALL_ACTIVE, *IN_A_QUADRANT[5:]))
MISSING = replace(HONEST, tree=OF_SAMPLES[:-1])
TWICE_THE_SAME = replace(HONEST, tree=(*IN_A_QUADRANT[:3], RowSign(2), ALL_ACTIVE, *IN_A_QUADRANT[4:]))
SETTLED = replace(HONEST, tree=(*IN_A_QUADRANT[:2], RowSign(0), *IN_A_QUADRANT[3:]))
BEYOND = replace(HONEST, tree=(*IN_A_QUADRANT[:2], RowSign(3), *IN_A_QUADRANT[3:]))
# A leaf without the third sample's form, with one form more than there is, and with a free multiplier of it.
WITHOUT_FORM = with_leaf(FREE)
ANOTHER_FORM = with_leaf(Leaf(1, 1, ((0, 3, 7), *ALL_ACTIVE.products)))
FREE_FORM = with_leaf(Leaf(1, 1, ((0, 2, 7), (1, 2, 7), (2, 2, -1))))

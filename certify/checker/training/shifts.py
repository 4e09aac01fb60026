"""Free hidden biases: the premise over all weights and biases is one of the weights alone at each sample.

A neuron is relu(w.x + a) v, and the weight decay does not count a. Weak duality asks for N^T 1 = 0 and

    |N^T relu(Xw + a 1)| <= gamma |w|    for all w in R^d and all a.

For a fixed w the left side is the length of a function of a that is linear between the kinks a = -x_k . w of
the samples with N_k != 0. Below the smallest kink it is 0; above the largest it no longer depends on a, as
N^T 1 = 0. A length is convex, so the largest value is at a kink: the premise holds if and only if for each
such k

    |N^T relu((X - 1 x_k^T) w)| <= gamma |w|    for all w,

which is an ordinary premise, with the samples shifted by x_k (docs/method.md, section 2a). A certificate has
a tree for each different x_k, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import sub

from certify.checker.certificate.nodes import AnyLeaf, Node
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import IntegerRows, Vector
from certify.checker.problems.training import TrainingProblem
from certify.checker.training.cone import Cone


def kinks(inputs: IntegerRows, dual_point: IntegerRows) -> tuple[Vector, ...]:
    """Return the different x_k with N_k != 0, in the order of their first ones; x_1 where N = 0.

    Args:
        inputs: X, n x d.
        dual_point: N, n x c.
    """
    found = dict.fromkeys(x for x, weight in zip(inputs, dual_point, strict=True) if any(weight))
    return tuple(found) or inputs[:1]


def shifted(inputs: IntegerRows, kink: Vector) -> IntegerRows:
    """Return X - 1 x_k^T."""
    return tuple(tuple(map(sub, x, kink)) for x in inputs)


def trees_of_shifts(
    certificate: Certificate, problem: TrainingProblem
) -> Iterator[tuple[Sequence[Node], IntegerRows]]:
    """Yield the nodes of each kink's tree, and the shifted samples that it is for.

    Nodes that are missing or left over are those of the last trees, whose walk refuses them.
    """
    shifts = kinks(problem.inputs, certificate.dual_point)
    nodes, end = certificate.tree, 0
    for number, kink in enumerate(shifts, start=1):
        first, end = end, len(nodes) if number == len(shifts) else _end_of_tree(nodes, end)
        yield nodes[first:end], shifted(problem.inputs, kink)


def shifted_trees(
    certificate: Certificate, problem: TrainingProblem
) -> Iterator[tuple[Sequence[Node], Cone]]:
    """Yield the nodes of each kink's tree, and its root: R^d with the shifted samples."""
    for nodes, inputs in trees_of_shifts(certificate, problem):
        yield nodes, Cone.whole_space(certificate.frame.generators, inputs, certificate.dual_point)


def premises_of(certificate: Certificate, problem: TrainingProblem) -> Iterator[tuple[Sequence[Node], Cone]]:
    """Yield the nodes of each tree and its root, where the samples are in no blocks."""
    if problem.output_bias.frees_hidden:
        yield from shifted_trees(certificate, problem)
    else:
        yield certificate.tree, Cone.root(certificate, problem)


def _end_of_tree(nodes: Sequence[Node], first: int) -> int:
    """Return the number of the node after the tree that begins with the first one; the end if it has none."""
    owed = 1
    for number in range(first, len(nodes)):
        owed += -1 if isinstance(nodes[number], AnyLeaf) else 1
        if not owed:
            return number + 1
    return len(nodes)

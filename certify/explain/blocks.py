"""What each block of samples takes of the weight decay, and what it adds to the bound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from certify.checker.certificate.any_certificate import count_leaves
from certify.checker.certificate.nodes import Leaf, TauLeaf
from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import IntegerRows, dot
from certify.checker.problems.training import TrainingProblem
from certify.explain.contributions import Contributions


@dataclass(frozen=True)
class ExplainedBlock:
    """A block of samples of a valid certificate.

    Attributes:
        rows: numbers of its samples, counted from 1.
        of_inputs: its part of gamma |u|^2, by the trace; the blocks' parts add up to at most 1.
        of_outputs: its part of gamma |v|^2, likewise.
        of_both: its part of gamma (|u|^2 + |v|^2), likewise.
        has_cross_terms: whether it takes a product of u and v besides, which has no trace.
        contribution: what its samples add to the bound (a loss), exactly.
        fit: their part of <N, Y> (a loss), exactly.
        leaves: of its tree.
        products: how many products of nonnegative quantities these use.
    """

    rows: tuple[int, ...]
    of_inputs: float
    of_outputs: float
    of_both: float
    has_cross_terms: bool
    contribution: Fraction
    fit: Fraction
    leaves: int
    products: int


def explain_blocks(
    certificate: Certificate, problem: TrainingProblem, samples: Contributions
) -> tuple[ExplainedBlock, ...]:
    """Describe the blocks in their order; () where the proof is one tree on all samples.

    Args:
        certificate: a valid one.
        problem: which it is for.
        samples: what each of its samples adds to the bound.
    """
    blocks = certificate.blocks
    if blocks is None:
        return ()
    by_row = {sample.row: sample.contribution for sample in samples.samples}
    unit = problem.target_denominator << certificate.dual_exponent
    nodes = iter(certificate.tree)
    explained = []
    for block in blocks.parts:
        tree = list(islice(nodes, block.nodes))
        of_inputs, of_outputs = (_mean(part, blocks.share_exponent) for part in (block.inputs, block.outputs))
        fit = sum(dot(certificate.dual_point[i], problem.targets[i]) for i in block.rows)
        explained.append(
            ExplainedBlock(
                rows=tuple(i + 1 for i in block.rows),
                of_inputs=of_inputs,
                of_outputs=of_outputs,
                of_both=(problem.d * of_inputs + problem.c * of_outputs) / (problem.d + problem.c),
                has_cross_terms=any(map(any, block.cross)),
                contribution=sum((by_row[i + 1] for i in block.rows), Fraction(0)),
                fit=Fraction(fit, unit),
                leaves=count_leaves(tree),
                products=sum(len(node.products) for node in tree if isinstance(node, Leaf | TauLeaf)),
            )
        )
    return tuple(explained)


def _mean(triangle: IntegerRows, exponent: int) -> float:
    """Return the mean of a diagonal over 2**exponent."""
    return float(Fraction(sum(row[-1] for row in triangle), len(triangle) << exponent))

"""What each block of samples takes of the weight decay, and what it adds to the bound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from certify.checker.certificate.training import Certificate
from certify.checker.numbers.integers import IntegerRows
from certify.explain.contributions import Contributions


@dataclass(frozen=True)
class ExplainedBlock:
    """A block of samples of a valid certificate.

    Attributes:
        rows: numbers of its samples, counted from 1.
        of_inputs: its part of gamma |u|^2, by the trace; the blocks' parts add up to at most 1.
        of_outputs: its part of gamma |v|^2, likewise.
        contribution: what its samples add to the bound (a loss), exactly.
    """

    rows: tuple[int, ...]
    of_inputs: float
    of_outputs: float
    contribution: Fraction


def explain_blocks(certificate: Certificate, samples: Contributions) -> tuple[ExplainedBlock, ...]:
    """Describe the blocks in their order; () where the proof is one tree on all samples.

    Args:
        certificate: a valid one.
        samples: what each of its samples adds to the bound.
    """
    blocks = certificate.blocks
    if blocks is None:
        return ()
    by_row = {sample.row: sample.contribution for sample in samples.samples}
    return tuple(
        ExplainedBlock(
            rows := tuple(i + 1 for i in block.rows),
            _mean(block.inputs, blocks.share_exponent),
            _mean(block.outputs, blocks.share_exponent),
            sum((by_row[row] for row in rows), Fraction(0)),
        )
        for block in blocks.parts
    )


def _mean(triangle: IntegerRows, exponent: int) -> float:
    """Return the mean of a diagonal over 2**exponent."""
    return float(Fraction(sum(row[-1] for row in triangle), len(triangle) << exponent))

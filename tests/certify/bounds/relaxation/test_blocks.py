"""What the first-order search finds in blocks of samples becomes a certificate in blocks, of no less."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from certify.bounds.relaxation.bound import BlocksSolution, Relaxation
from certify.checker.training.check import check_certificate
from certify.datasets.arrays import from_arrays
from certify.floats.problem import Arrays
from formulations.first_order.all_rows import improve


@pytest.mark.parametrize("degenerate", [False, True])
def test_blocks_of_the_search_become_blocks_of_the_certificate(degenerate: bool) -> None:
    rng = np.random.default_rng(1)
    X = np.c_[rng.normal(size=(80, 3)), np.ones(80)].round(3)
    Y = rng.normal(size=(80, 2)).round(3)
    if degenerate:
        # Two rows on one line, one of them reversed, and one of zeros.
        X[1], X[2], X[3] = 2 * X[0], -X[0], 0
    dataset = from_arrays(X, Y, task="regression")
    problem = dataset.problem(Fraction(4), "squared", "none")
    arrays = Arrays.of(problem)
    for found in islice(improve(arrays.X, arrays.Y, arrays.gamma), 2):
        proofs = tuple(found.blocks())
        assert len(proofs) == 2
        relaxation = Relaxation("sdp", "first-order", None, BlocksSolution(found.value, proofs))
        [certificate] = relaxation.certificates(problem, None)
        assert certificate.blocks is not None
        assert len(certificate.blocks.parts) == 2
        assert check_certificate(certificate, problem).valid
        # The writer scales anew, which may gain.
        assert float(certificate.bound) >= found.value * (0.99 if degenerate else 1 - 1e-6)

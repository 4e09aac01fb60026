"""From what a method claims to what a study records: everything that can be checked is checked here.

A certificate is what the exact checker says of it, a network's loss is computed anew in exact arithmetic, and
predictions are scored anew. Of a solver's own numbers nothing can be checked, and they are called estimates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from certify.checker.certificate.file import from_text
from certify.checker.errors import CertifyError
from certify.checker.numbers.rounding import float_down, float_up
from certify.checker.training.check import check_certificate
from certify.networks.network import ReLUNetwork, loss_at_most
from certify.study.bench import Found, FoundNetwork
from certify.study.cells import Cell
from certify.study.scores import scores
from certify.study.store import Row
from certify.trust.parallel import in_processes
from formulations.arrays import Matrix

PROVED, EXACT, ESTIMATE = "proved", "exact", "estimate"
CERTIFIED = "certified lower bound"


class Unaccepted(CertifyError):
    """What came back is not what it claims to be."""


def accept(found: Found, cell: Cell, processes: int = 1) -> tuple[Row, ...]:
    """Return the rows of a result.

    Args:
        found: what a method gave back, untrusted.
        cell: which it was run for.
        processes: that a certificate's check may take.

    Raises:
        Unaccepted: if the checker refuses the certificate, or an array has the wrong shape.
    """
    return tuple(_rows(found, cell, processes))


def _rows(found: Found, cell: Cell, processes: int) -> Iterator[Row]:
    problem = cell.bench.problem
    for number in found.numbers:
        value = number.value if math.isfinite(number.value) else None
        yield Row(number.name, ESTIMATE, value, 0, {})
    if found.certificate:
        try:
            certificate = from_text(found.certificate)
        except CertifyError as error:
            raise Unaccepted(f"its certificate cannot be read: {error}") from None
        verdict = check_certificate(certificate, problem, walk=in_processes(processes))
        if not verdict.valid:
            raise Unaccepted(f"the checker refuses its certificate: {verdict.reason}")
        yield Row(CERTIFIED, PROVED, float_down(certificate.bound), 0, {})
    for network in found.networks:
        yield _network(network, cell)
    for predictions in found.predictions:
        yield Row(predictions.name, ESTIMATE, None, 0, _scores(predictions.outputs, cell))


def _network(network: FoundNetwork, cell: Cell) -> Row:
    problem = cell.bench.problem
    hidden, output, bias = network.hidden, network.output, network.output_bias
    if (
        hidden.shape != (problem.hidden_rows, len(output))
        or output.shape[1:] != (problem.c,)
        or bias.shape not in ((0, problem.c), (1, problem.c))
    ):
        raise Unaccepted(f"its network {network.name} has other shapes than the problem's")
    try:
        exact = ReLUNetwork.from_floats(hidden, output, bias[0] if len(bias) else ())
        loss = float_up(loss_at_most(problem, exact))
    except CertifyError as error:
        raise Unaccepted(f"its network {network.name} is none: {error}") from None
    return Row(network.name, EXACT, loss, network.width, _test_scores(network, cell))


def _test_scores(network: FoundNetwork, cell: Cell) -> dict[str, float]:
    if cell.test is None:
        return {}
    d = cell.test.inputs.shape[1]
    before = cell.test.inputs @ network.hidden[:d]
    if len(network.hidden) > d:
        before = before + network.hidden[d]
    outputs = np.maximum(before, 0.0) @ network.output
    return _scores(outputs + network.output_bias[0] if len(network.output_bias) else outputs, cell)


def _scores(outputs: Matrix, cell: Cell) -> dict[str, float]:
    if cell.test is None or outputs.shape != cell.test.targets.shape:
        raise Unaccepted("its predictions are not those of the test set")
    with np.errstate(over="ignore"):
        found = scores(outputs, cell.test, of_classes=cell.bench.of_classes)
    return {name: score for name, score in found.items() if math.isfinite(score)}

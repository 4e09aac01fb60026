"""Where the gap between a network's loss and a proved bound is: an identity, in exact arithmetic.

The proof of docs/method.md, section 2, drops three terms, each of which a valid certificate makes
nonnegative. With z_i the network's predictions, loss - bound is their sum:

    sum_i (w_i l(z_i, y_i) + N_i . z_i - w_i b(N_i / w_i, y_i))                       on the samples,
    sum_j (gamma/2 (|u_j|^2 + |v_j|^2) - v_j^T N^T relu(X u_j))                       on the neurons,
    what the output bias loses against its toll (`OutputBias.slack`).

For the squared loss the first is 1/2 |R - N|^2, with R = Y - f(X) the network's residual. It takes up what
the loss is rounded up and the bound down, where these are not rational.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpz_mat

from certify.checker.certificate.training import Certificate
from certify.checker.problems.dual_bound import column_sums, dual_bounds
from certify.checker.problems.losses.loss import VALUE_BITS
from certify.checker.problems.training import TrainingProblem
from certify.networks.network import ReLUNetwork, loss_at_most


@dataclass(frozen=True)
class Neuron:
    """A neuron next to a dual point.

    Attributes:
        index: counted from 1.
        weight: |u| |v|.
        ratio: |N^T relu(Xu)| / (gamma |u|), at most 1 for a valid certificate; 0 for u = 0.
        excess: gamma/2 (|u|^2 + |v|^2) - v^T N^T relu(Xu), its part of the gap (a loss).
        weight_at_most: what |u| |v| of all neurons along u together can be in a network with no larger loss,
            as each costs |u| |v| (1 - ratio) gamma of the gap; infinite where the ratio is 1.
    """

    index: int
    weight: float
    ratio: float
    excess: Fraction
    weight_at_most: float


@dataclass(frozen=True)
class GapSplit:
    """The terms of a gap, which add up to it.

    Attributes:
        loss: of the network, an upper bound on the optimum.
        gap: loss - bound (a loss, as are all parts).
        mismatch: on the samples, how far N is from the dual point that the network itself gives: for the
            squared loss 1/2 |R - N|^2.
        output_bias: what the network's output bias loses.
        unclaimed: what N proves above the bound.
        neurons: in the order of the network.
    """

    loss: Fraction
    gap: Fraction
    mismatch: Fraction
    output_bias: Fraction
    unclaimed: Fraction
    neurons: tuple[Neuron, ...]

    def share(self, part: Fraction) -> float:
        """Return a part's share of the gap; 0 where there is none."""
        return float(part / self.gap) if self.gap else 0.0


def split_gap(certificate: Certificate, problem: TrainingProblem, network: ReLUNetwork) -> GapSplit:
    """Split the gap between a network's loss and a certificate's bound.

    Args:
        certificate: for this problem.
        problem: the exact problem.
        network: with the problem's inputs and outputs.

    Raises:
        NetworkError: if the network does not fit the problem.
    """
    loss = loss_at_most(problem, network)
    gap = loss - certificate.bound
    gamma, unit = problem.gamma, 1 << certificate.dual_exponent
    sums = [Fraction(total, unit) for total in column_sums(certificate.dual_point)]
    bias = problem.output_bias.slack(network.output_bias or (Fraction(0),) * problem.c, sums, gamma)
    neurons = tuple(_neurons(certificate, problem, network, gap)) if network.width else ()
    proved, _ = dual_bounds(problem, certificate.dual_point, certificate.dual_exponent, VALUE_BITS)
    unclaimed = proved - certificate.bound
    mismatch = gap - bias - unclaimed - sum((neuron.excess for neuron in neurons), Fraction(0))
    return GapSplit(loss, gap, mismatch, bias, unclaimed, neurons)


def _neurons(
    certificate: Certificate, problem: TrainingProblem, network: ReLUNetwork, gap: Fraction
) -> list[Neuron]:
    unit = 1 << certificate.dual_exponent
    inputs, hidden, dual_point = (
        fmpz_mat([list(row) for row in rows])
        for rows in (problem.neuron_inputs, network.hidden, certificate.dual_point)
    )
    rectified = fmpz_mat([[max(int(p), 0) for p in row] for row in (inputs * hidden).tolist()])
    images = (rectified.transpose() * dual_point).tolist()
    scale = problem.input_denominator * network.hidden_denominator * unit
    found = []
    for j, (u, v, image) in enumerate(
        zip(zip(*network.hidden, strict=True), network.output, images, strict=True)
    ):
        g = [Fraction(int(entry), scale) for entry in image]
        u_square = Fraction(sum(e * e for e in u[: problem.d]), network.hidden_denominator**2)
        v_square = Fraction(sum(e * e for e in v), network.output_denominator**2)
        inner = sum((p * q for p, q in zip(g, v, strict=True)), Fraction(0)) / network.output_denominator
        square = sum((p * p for p in g), Fraction(0)) / u_square if u_square else Fraction(0)
        ratio = math.sqrt(square / problem.gamma**2)
        found.append(
            Neuron(
                j + 1,
                math.sqrt(u_square) * math.sqrt(v_square),
                ratio,
                problem.gamma / 2 * (u_square + v_square) - inner,
                float(gap / problem.gamma) / (1 - ratio) if ratio < 1 else math.inf,
            )
        )
    return found

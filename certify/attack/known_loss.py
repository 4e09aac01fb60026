"""A loss that some network has, above which no proof can be true: the smaller, the more it tells."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from certify.checker.errors import DataError
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted
from certify.floats.problem import Arrays
from certify.networks.files import load_network
from certify.networks.loaded import network_for
from certify.networks.network import ReLUNetwork, loss_at_most
from certify.runtime.threads import single_threaded
from formulations.training.train import train

_SECONDS = 10.0  # for training, which needs not go to its end


@dataclass(frozen=True)
class KnownLoss:
    """The exact loss of a network, and which one that is, in words that follow "a network: "."""

    value: Fraction
    network: str


def loss_of_file(problem: TrainingProblem, network: Path) -> KnownLoss:
    """Return the loss of a trained network, in any format that `certify.networks.files` reads.

    Raises:
        NetworkError: if the network cannot be read, or is not for this problem.
    """
    loaded = load_network(network)
    return KnownLoss(loss_at_most(problem, network_for(problem, loaded)), f"{network}")


@single_threaded
def loss_of_training(problem: TrainingProblem) -> KnownLoss:
    """Train some seconds at most and return the loss, or that of no neurons where this is smaller.

    Numbers beyond floating point leave the latter.
    """
    nothing = KnownLoss(problem.loss_at_zero(), "one without neurons")
    try:
        arrays = Arrays.of(problem)
    except DataError:
        return nothing
    found = train(
        arrays.X, arrays.loss, arrays.gamma, output_bias=str(problem.output_bias), time_limit=_SECONDS
    )
    network = ReLUNetwork.from_floats(found.hidden, found.output, found.output_bias)
    trained = KnownLoss(
        loss_at_most(problem, network), f"one trained for this, with {counted(network.width, 'neuron')}"
    )
    return min(trained, nothing, key=lambda known: known.value)

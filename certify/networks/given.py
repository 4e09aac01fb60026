"""A network as a user of the library has it, in a file, a module, an estimator, and as a problem has it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from certify.checker.problems.training import TrainingProblem
from certify.networks.files import load_network
from certify.networks.formats.torch_module import network_of_module
from certify.networks.frameworks.sklearn_mlp import in_order, is_sklearn, network_of_mlp
from certify.networks.loaded import LoadedNetwork, network_for
from certify.networks.network import ReLUNetwork


def loaded_network(network: Any) -> LoadedNetwork:
    """Read a network from whatever it is in.

    Args:
        network: a path, an nn.Module, a fitted MLPClassifier or MLPRegressor of scikit-learn, a
            `LoadedNetwork` or a `ReLUNetwork`.

    Raises:
        NetworkError: if it is in none of these.
    """
    if isinstance(network, LoadedNetwork):
        return network
    if isinstance(network, ReLUNetwork):
        outputs = len(network.output[0]) if network.output else len(network.output_bias)
        return LoadedNetwork(
            replace(network, output_bias=()), False, network.output_bias, outputs, "ReLUNetwork", "exact"
        )
    if isinstance(network, str | os.PathLike):
        return load_network(network)
    return network_of_mlp(network) if is_sklearn(network) else network_of_module(network)


def network_of_classes(
    loaded: LoadedNetwork, classes: Sequence[str], problem: TrainingProblem
) -> ReLUNetwork:
    """Return a network that was read as one of a problem, its outputs in the order of the data's classes.

    Raises:
        NetworkError: if it was trained on other classes, or its sizes or biases are not the problem's.
    """
    return network_for(problem, in_order(loaded, classes))

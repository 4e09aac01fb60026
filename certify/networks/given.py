"""A network as a user of the library has it: a file, a module, an estimator, or one that was read already."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from certify.networks.files import load_network
from certify.networks.formats.torch_module import network_of_module
from certify.networks.frameworks.sklearn_mlp import is_sklearn, network_of_mlp
from certify.networks.loaded import LoadedNetwork
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

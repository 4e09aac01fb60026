"""A trained network as a function of the features as they stand in the data, and as a module of PyTorch.

The network itself takes the problem's inputs, which may be standardised and have a column of ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from certify.checker.data.dataset import Dataset
from certify.checker.errors import NetworkError
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted
from certify.floats.network import FloatNetwork
from certify.networks.as_torch import sequential
from formulations.arrays import Matrix

if TYPE_CHECKING:
    from torch.nn import Sequential


@dataclass(frozen=True, eq=False)
class RawNetwork:
    """The network x -> relu((x - shift) * scale weights + bias) output + output_bias, in floats.

    Attributes:
        shift: of the d features.
        scale: likewise.
        weights: d x m.
        bias: of the m neurons, zero for none.
        output: m x c.
        output_bias: of length c, zero for none.
        has_output_bias: whether the problem's networks have one.
    """

    shift: Matrix
    scale: Matrix
    weights: Matrix
    bias: Matrix
    output: Matrix
    output_bias: Matrix
    has_output_bias: bool

    @classmethod
    def of(cls, network: FloatNetwork, dataset: Dataset, problem: TrainingProblem) -> RawNetwork:
        """Take over a network of a problem that was made of this data."""
        d, recipe = len(dataset.feature_names), dataset.preprocessing
        shift, scale = np.zeros(d), np.ones(d)
        if recipe.standardize is not None:
            shift, scale = np.array(recipe.standardize, dtype=np.float64).T
        weights, bias = network.hidden, np.zeros(network.hidden.shape[1])
        if recipe.bias or problem.output_bias.frees_hidden:
            weights, bias = weights[:-1], weights[-1]
        return cls(
            shift, scale, weights, bias, network.output, network.output_bias, problem.output_bias.exists
        )

    def predict(self, X: Any) -> Matrix:
        """Return the outputs, n x c, for features n x d.

        Raises:
            NetworkError: if X has another number of columns.
        """
        features = np.asarray(X, dtype=np.float64)
        d = len(self.shift)
        if features.ndim != 2 or features.shape[1] != d:
            raise NetworkError(
                f"the features have the shape {features.shape} and the network takes {counted(d, 'column')}: "
                f"give an array of n rows and {counted(d, 'column')}"
            )
        hidden = np.maximum((features - self.shift) * self.scale @ self.weights + self.bias, 0.0)
        outputs: Matrix = hidden @ self.output + self.output_bias
        return outputs

    def to_torch(self) -> Sequential:
        """Return the network as Linear, ReLU and Linear, in float64; the first layer has a bias.

        Raises:
            ImportError: if PyTorch is not installed.
        """
        weights = self.scale[:, None] * self.weights
        bias = self.bias - self.shift @ weights
        return sequential(weights, bias, self.output, self.output_bias if self.has_output_bias else None)

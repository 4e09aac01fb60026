"""A trained network as a function of the features as they stand in the data, and as a module of PyTorch.

The network itself takes the problem's inputs, which may be standardised and have a column of ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from certify.checker.data.dataset import Dataset
from certify.checker.data.recipe import label_text
from certify.checker.errors import NetworkError
from certify.checker.problems.training import TrainingProblem
from certify.checker.text.names import counted, listed, quoted
from certify.floats.network import FloatNetwork
from certify.networks.as_torch import sequential
from formulations.arrays import Matrix

if TYPE_CHECKING:
    from torch.nn import Sequential


@dataclass(frozen=True, eq=False)
class RawNetwork:
    """The network x -> relu((x - shift) * scale weights + bias) output + output_bias, in floats.

    Targets that were standardised are predicted as they stand in the data.

    Attributes:
        shift: of the d features, where a categorical one is a feature for each of its levels.
        scale: likewise.
        weights: d x m.
        bias: of the m neurons, zero for none.
        output: m x c.
        output_bias: of length c, zero for none.
        has_output_bias: whether the problem's networks have one, or targets were shifted.
        levels: by the 0-based place of a categorical column its levels, of each of which it is 1 or 0.
    """

    shift: Matrix
    scale: Matrix
    weights: Matrix
    bias: Matrix
    output: Matrix
    output_bias: Matrix
    has_output_bias: bool
    levels: Mapping[int, Sequence[str]]

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
        output, output_bias, is_shifted = network.output, network.output_bias, problem.output_bias.exists
        if recipe.standardize_targets is not None:
            middle, size = np.array(recipe.standardize_targets, dtype=np.float64).T
            output, output_bias, is_shifted = output / size, output_bias / size + middle, True
        names = (levels for _, levels in dataset.categorical)
        levels = dict(zip(dataset.categorical_places, names, strict=True))
        return cls(shift, scale, weights, bias, output, output_bias, is_shifted, levels)

    def predict(self, X: Any) -> Matrix:
        """Return the outputs, n x c, for features n x d as they stand in the data, levels as their names.

        Raises:
            NetworkError: if X has another number of columns, or a level that the data had not.
        """
        d = len(self.shift) - sum(len(levels) - 1 for levels in self.levels.values())
        features = np.asarray(X, dtype=object if self.levels else np.float64)
        if features.ndim != 2 or features.shape[1] != d:
            raise NetworkError(
                f"the features have the shape {features.shape} and the network takes {counted(d, 'column')}: "
                f"give an array of n rows and {counted(d, 'column')}"
            )
        if self.levels:
            features = np.hstack([self._numbers(features[:, k], k) for k in range(d)])
        hidden = np.maximum((features - self.shift) * self.scale @ self.weights + self.bias, 0.0)
        outputs: Matrix = hidden @ self.output + self.output_bias
        return outputs

    def _numbers(self, column: NDArray[np.object_], k: int) -> Matrix:
        """Return the numbers of the k-th column, n x 1, or n x levels if it is categorical."""
        if k not in self.levels:
            return column.astype(np.float64)[:, None]
        places = {level: place for place, level in enumerate(self.levels[k])}
        names = list(map(_level, column.tolist()))
        if unknown := set(names) - places.keys():
            raise NetworkError(
                f"column {k + 1} of the features has {listed(map(quoted, sorted(unknown)))}, which the "
                "network has not seen: give the levels of its training data"
            )
        return np.eye(len(places))[[places[name] for name in names]]

    def to_torch(self) -> Sequential:
        """Return the network as Linear, ReLU and Linear, in float64; the first layer has a bias.

        A categorical column is an input for each of its levels, in its place.

        Raises:
            ImportError: if PyTorch is not installed.
        """
        weights = self.scale[:, None] * self.weights
        bias = self.bias - self.shift @ weights
        return sequential(weights, bias, self.output, self.output_bias if self.has_output_bias else None)


def _level(entry: Any) -> str:
    """Return the name of the level that an entry is, which for a number is that in lowest terms."""
    try:
        return label_text(entry.strip() if isinstance(entry, str) else Fraction(entry))
    except (ValueError, OverflowError, TypeError):  # NaN, infinity, None
        return str(entry)

"""What the estimators share: their parameters, the fit by `certify.bound`, and the network's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from certify.bounds.bound import Settings, bound_dataset
from certify.bounds.report import Interval, Report
from certify.checker.certificate.training import Certificate
from certify.checker.data.choice import ClassWeight
from certify.checker.data.dataset import Dataset
from certify.checker.errors import CertifyError
from certify.checker.problems.losses.loss import Loss
from certify.checker.problems.losses.table import read_loss
from certify.datasets.arrays import from_arrays
from certify.floats.network import FloatNetwork
from certify.floats.on_raw_features import RawNetwork
from certify.runtime.progress import observer_of
from formulations.arrays import Matrix

if TYPE_CHECKING:
    from torch.nn import Sequential


@dataclass(frozen=True)
class _Named:
    """An array with the names of its columns, as a data frame has them."""

    columns: Sequence[str]
    rows: Any

    def tolist(self) -> list[list[Any]]:
        """Return the rows."""
        rows: list[list[Any]] = self.rows.tolist()
        return rows


class CertifiedReLU(BaseEstimator):  # type: ignore[misc]
    """What regression and classification share."""

    report_: Report
    certificate_: Certificate
    interval_: Interval
    network_: FloatNetwork

    def __init__(
        self,
        gamma: Fraction | int | str | float = 0.1,
        *,
        loss: str = "squared",
        bias: bool = False,
        output_bias: str = "none",
        standardize: bool = False,
        categorical: Sequence[str] = (),
        method: str = "auto",
        gap: float = 1e-3,
        time_limit: float | None = None,
        random_state: int | np.random.RandomState | None = 0,
        verbose: bool = False,
    ) -> None:
        self.gamma = gamma
        self.loss = loss
        self.bias = bias
        self.output_bias = output_bias
        self.standardize = standardize
        self.categorical = categorical
        self.method = method
        self.gap = gap
        self.time_limit = time_limit
        self.random_state = random_state
        self.verbose = verbose

    def to_torch(self) -> Sequential:
        """Return the network for raw features as Linear, ReLU and Linear, in float64.

        Standardisation and bias are folded into the first layer; the second has a bias if the network has an
        output bias or the targets were standardised. The module maps (n, d) to (n, c), where a categorical
        feature is a column for each of its levels, to the outputs as they are, before a softmax, a sigmoid or
        an exponential: one column for each target or, in the order of `classes_`, for each class. Two classes
        have two columns too, but for a loss of margins (hinge, squared-hinge, logistic), which has one, that
        is positive for the second. A network without neurons gets one that is zero.

        Raises:
            ImportError: if PyTorch is not installed.
        """
        check_is_fitted(self, "network_")
        return self._on_raw_features().to_torch()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = self.time_limit is not None
        tags.input_tags.categorical = bool(len(self.categorical))
        return tags

    def _counting(self, X: Matrix, y: Any, sample_weight: Any) -> tuple[Matrix, Any, Any]:
        """Return validated arrays and weights without the samples whose weight is zero.

        Raises:
            ValueError: if a weight is negative, no number, or all are zero.
        """
        if sample_weight is None:
            return X, y, None
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        if np.any(weights < 0):
            raise ValueError("a sample weight is negative: give numbers of at least 0")
        counts = weights > 0
        if not np.any(counts):
            raise ValueError("every sample weight is 0: give one sample at least a positive one")
        return X[counts], y[counts], weights[counts]

    def _dataset(
        self,
        X: Any,
        y: Any,
        task: str,
        weights: Any = None,
        class_weight: ClassWeight | str | None = None,
        *,
        standardize_target: bool = False,
    ) -> Dataset:
        """Take over validated arrays exactly."""
        names = getattr(self, "feature_names_in_", None)
        try:
            dataset = from_arrays(
                X if names is None else _Named(names, X),
                y,
                task=task,
                bias=bool(self.bias),
                standardize=bool(self.standardize),
                sample_weight=weights,
                class_weight=class_weight,
                categorical=tuple(map(str, self.categorical)),
                standardize_target=standardize_target,
            )
        except CertifyError as error:
            raise ValueError(str(error)) from error
        if names is not None and not dataset.categorical:
            dataset = replace(dataset, feature_names=tuple(names))
        return dataset

    @property
    def _entries(self) -> str | None:
        """What `validate_data` is to make of X: numbers, or whatever there is if some are names of levels."""
        return None if len(self.categorical) else "numeric"

    def _read_loss(self) -> Loss:
        try:
            return read_loss(str(self.loss))
        except CertifyError as error:
            raise ValueError(str(error)) from error

    def _fit(self, dataset: Dataset, loss: Loss) -> None:
        try:
            settings = Settings(
                gamma=self.gamma,
                loss=loss.text,
                method=self.method,
                gap=self.gap,
                time_limit=self.time_limit,
                seed=self._seed(),
                output_bias=self.output_bias,
            )
            self.report_ = bound_dataset(dataset, settings, observer_of(None, bool(self.verbose)))
        except CertifyError as error:
            raise ValueError(str(error)) from error
        self.certificate_ = self.report_.certificate
        self.interval_ = self.report_.interval
        problem = self.report_.problem
        self.network_ = FloatNetwork.of(self.report_.network, problem.hidden_rows, problem.c)

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _outputs(self, X: Any) -> Matrix:
        """Evaluate the network on raw features: (n, d) to (n, c)."""
        check_is_fitted(self, "network_")
        dtype = None if len(self.categorical) else np.float64
        try:
            return self._on_raw_features().predict(validate_data(self, X, reset=False, dtype=dtype))
        except CertifyError as error:
            raise ValueError(str(error)) from error

    def _on_raw_features(self) -> RawNetwork:
        return RawNetwork.of(self.network_, self.report_.dataset, self.report_.problem)

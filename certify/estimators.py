"""Scikit-learn estimators that know how far their training loss is from the global optimum, with a proof.

`CertifiedReLURegressor` and `CertifiedReLUClassifier` train the network of `certify.bound` and predict with
it. Parameters and errors follow scikit-learn: a `CertifyError` of `certify.bound` is a ValueError here.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from certify.bounds.bound import Settings, bound_dataset
from certify.bounds.report import Interval, Report
from certify.checker.certificate.training import Certificate
from certify.checker.data.dataset import Dataset
from certify.checker.data.recipe import label_text
from certify.checker.errors import CertifyError
from certify.datasets.array_table import array_table
from certify.datasets.arrays import from_arrays
from certify.floats.network import FloatNetwork
from certify.runtime.progress import Observer
from formulations.arrays import Matrix

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data
except ImportError:
    raise ImportError(
        "the estimators need scikit-learn 1.6 or later: pip install 'certify[sklearn]', or use certify.bound"
    ) from None

if TYPE_CHECKING:
    from torch.nn import Sequential


class _CertifiedReLU(BaseEstimator):  # type: ignore[misc]
    """What regression and classification share."""

    report_: Report
    certificate_: Certificate
    interval_: Interval
    network_: FloatNetwork

    def __init__(
        self,
        gamma: Fraction | int | str | float = 0.1,
        *,
        bias: bool = False,
        output_bias: str = "none",
        standardize: bool = False,
        method: str = "auto",
        gap: float = 1e-3,
        time_limit: float | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.gamma = gamma
        self.bias = bias
        self.output_bias = output_bias
        self.standardize = standardize
        self.method = method
        self.gap = gap
        self.time_limit = time_limit
        self.random_state = random_state

    def to_torch(self) -> Sequential:
        """Return the network for raw features as Linear, ReLU and Linear, in float64.

        Standardisation and bias are folded into the first layer; the second has a bias if the network has an
        output bias. The module maps (n, d) to (n, c): one column for each target or, in the order of
        `classes_`, for each class, also where there are two. A network without neurons gets one that is zero.

        Raises:
            ImportError: if PyTorch is not installed.
        """
        check_is_fitted(self, "network_")
        try:
            import torch
        except ImportError:
            raise ImportError("to_torch needs PyTorch: pip install 'certify[torch]'") from None
        shift, scale = self._standardization()
        weights, bias = self._split_hidden()
        weights = scale[:, None] * weights
        bias = bias - shift @ weights
        output = self.network_.output
        if not len(output):
            # PyTorch warns of layers without neurons.
            weights, bias, output = np.zeros((len(weights), 1)), np.zeros(1), np.zeros((1, output.shape[1]))
        has_output_bias = self.report_.problem.output_bias.exists
        # Unlike its constructor, skip_init does not draw weights, which would advance torch's generator.
        first, second = (
            torch.nn.utils.skip_init(  # type: ignore[no-untyped-call]
                torch.nn.Linear, *shape, bias=has_bias, dtype=torch.float64
            )
            for shape, has_bias in ((weights.shape, True), (output.shape, has_output_bias))
        )
        with torch.no_grad():
            first.weight.copy_(torch.from_numpy(weights.T))
            first.bias.copy_(torch.from_numpy(bias))
            second.weight.copy_(torch.from_numpy(output.T))
            if has_output_bias:
                second.bias.copy_(torch.from_numpy(self.network_.output_bias))
        return torch.nn.Sequential(first, torch.nn.ReLU(), second)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = self.time_limit is not None
        return tags

    def _dataset(self, X: Any, y: Any, task: str) -> Dataset:
        """Take over validated arrays exactly."""
        try:
            dataset = from_arrays(X, y, task=task, bias=bool(self.bias), standardize=bool(self.standardize))
        except CertifyError as error:
            raise ValueError(str(error)) from error
        if hasattr(self, "feature_names_in_"):
            dataset = replace(dataset, feature_names=tuple(self.feature_names_in_))
        return dataset

    def _fit(self, dataset: Dataset) -> None:
        try:
            settings = Settings(
                gamma=self.gamma,
                method=self.method,
                gap=self.gap,
                time_limit=self.time_limit,
                seed=self._seed(),
                output_bias=self.output_bias,
            )
            self.report_ = bound_dataset(dataset, settings, Observer())
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
        X = validate_data(self, X, reset=False, dtype=np.float64)
        shift, scale = self._standardization()
        weights, bias = self._split_hidden()
        features = np.maximum((X - shift) * scale @ weights + bias, 0.0)
        outputs: Matrix = features @ self.network_.output + self.network_.output_bias
        return outputs

    def _standardization(self) -> tuple[Matrix, Matrix]:
        """Return the shift and the scale of each feature."""
        pairs = self.report_.dataset.preprocessing.standardize
        if pairs is None:
            d = len(self.report_.dataset.feature_names)
            return np.zeros(d), np.ones(d)
        shift, scale = np.array(pairs, dtype=np.float64).T
        return shift, scale

    def _split_hidden(self) -> tuple[Matrix, Matrix]:
        """Return the weights of the features, d x m, and the m biases."""
        hidden = self.network_.hidden
        report = self.report_
        if report.dataset.preprocessing.bias or report.problem.output_bias.frees_hidden:
            return hidden[:-1], hidden[-1]
        return hidden, np.zeros(hidden.shape[1])


class CertifiedReLURegressor(RegressorMixin, _CertifiedReLU):  # type: ignore[misc]
    """Least-squares regression by a two-layer ReLU network of any width, certified.

    It minimises 1/2 |f(X) - Y|^2 + gamma/2 sum_j (|u_j|^2 + |v_j|^2) over f(x) = sum_j relu(u_j . x) v_j, and
    proves how far from the global optimum the fitted network can be.

    Args:
        gamma: the weight decay, positive; it weighs against the sum over all samples, not their mean.
        bias: append a column of ones to the features, so that hidden neurons have a (regularised) bias; off
            by default, as in `certify.bound`.
        output_bias: "none"; "free" adds b to f(x), and "decayed" also gamma/2 |b|^2 to the loss; "all-free"
            frees a bias of each neuron as well, and needs the method "tree", which takes few features.
        standardize: bring every feature to mean 0 and variance 1.
        method: "auto", "tree", "partition", "sdp" or "shor": what proves the lower bound. "auto" takes the
            strongest that the size allows.
        gap: the relative gap at which the search for a proof ends.
        time_limit: seconds for a fit; None for none. The fit depends on the machine where it strikes.
        random_state: the seed of the random starts; None or a `RandomState` to draw one.

    Attributes:
        interval_: exact fractions `lower` <= global optimum <= `upper` of the training loss, and
            `relative_gap`; the upper one is the loss of the fitted network.
        certificate_: the proof of the lower bound; `certify.check(certificate_, X, y)` verifies it.
        report_: all that `certify.bound` reports, among it `status`, why the fit ended.
        network_: the weights, as float arrays `hidden`, `output` and `output_bias` (see
            `certify.floats.network.FloatNetwork`), for standardised features with a 1 appended for a bias.
        n_features_in_: the number of features.
        feature_names_in_: their names, where `X` was a data frame with names.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Train the network and prove how good it is; Ctrl-C ends this early with the best valid result.

        Sample weights are not supported.

        Args:
            X: n x d.
            y: n targets, or n x c; `predict` returns the same number of dimensions.

        Raises:
            ValueError: if the data or a parameter is unusable.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True)
        self._fit(self._dataset(X, y, "regression"))
        self._target_shape = y.shape[1:]
        return self

    def predict(self, X: Any) -> Matrix:
        """Evaluate the network on n x d features; return n or n x c numbers, as `y` was given to `fit`."""
        outputs = self._outputs(X)
        return outputs.reshape(len(outputs), *self._target_shape)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class CertifiedReLUClassifier(ClassifierMixin, _CertifiedReLU):  # type: ignore[misc]
    """Classification by a two-layer ReLU network fitted to one-hot targets by least squares, certified.

    The predicted class is the largest of the network's outputs. `CertifiedReLURegressor` documents the loss,
    the parameters and the attributes; a classifier has one more.

    Attributes:
        classes_: the labels, sorted. The outputs of `network_` are in this order; in the certificate's
            problem texts that spell numbers are sorted as numbers.
    """

    classes_: NDArray[Any]

    def fit(self, X: Any, y: Any) -> Self:
        """Train the network and prove how good it is, as `CertifiedReLURegressor.fit` does.

        Args:
            X: n x d.
            y: n labels, texts or numbers, of at least two classes.

        Raises:
            ValueError: if the data or a parameter is unusable.
        """
        X, y = validate_data(self, X, y)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        classes = np.unique(y)
        if len(classes) == 1:
            raise ValueError(f"y has one class, {classes[0]}: a classifier needs at least two")
        dataset = self._dataset(X, y, "classification")
        recorded = dataset.preprocessing.classes
        names = [label_text(label) for (label,) in array_table(classes, "y", vector=True).rows]
        if len(recorded) < len(names):
            raise ValueError(
                "two labels of y are texts that differ in blanks or spell the same number, such as '1' and "
                "'1.0': write every class in one way"
            )
        self._fit(dataset)
        order, layers = [recorded.index(name) for name in names], self.network_
        self.network_ = FloatNetwork(layers.hidden, layers.output[:, order], layers.output_bias[order])
        self.classes_ = classes
        return self

    def decision_function(self, X: Any) -> Matrix:
        """Return the network's outputs on n x d features.

        Returns:
            n x c, one column for each of `classes_`; for two classes, as scikit-learn has it, n differences:
            the second output minus the first.
        """
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    def predict(self, X: Any) -> NDArray[Any]:
        """Return, for n x d features, the n classes with the largest outputs."""
        largest = np.argmax(self._outputs(X), axis=1)
        labels: NDArray[Any] = self.classes_[largest]
        return labels

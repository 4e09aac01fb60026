"""The certified regressor."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import validate_data

from certify.checker.problems.losses.entropies import CrossEntropy
from certify.estimators.base import CertifiedReLU
from certify.floats.links import expected_targets
from formulations.arrays import Matrix


class CertifiedReLURegressor(RegressorMixin, CertifiedReLU):  # type: ignore[misc]
    """Regression by a two-layer ReLU network of any width, certified.

    It minimises sum_i w_i loss(f(x_i), y_i) + gamma/2 sum_j (|u_j|^2 + |v_j|^2) over the functions f(x) =
    sum_j relu(u_j . x) v_j, and proves how far from the global optimum the fitted network can be. The loss of
    a sample is 1/2 |f(x_i) - y_i|^2 unless another one is chosen.

    Args:
        gamma: the weight decay, positive; it weighs against the sum over all samples, not their mean.
        loss: "squared"; "huber D", "absolute", "quantile T" or "epsilon-insensitive E" with numbers D, T and
            E; "poisson", where f is the logarithm of the mean of counts; or "cross-entropy", perhaps with a
            label smoothing ("cross-entropy 0.1"), for targets that are probabilities, of which f has the
            logarithms.
        bias: append a column of ones to the features, so that hidden neurons have a (regularised) bias; off
            by default, as in `certify.bound`.
        output_bias: "none"; "free" adds b to f(x), and "decayed" also gamma/2 |b|^2 to the loss;
            "all-free" frees a bias of each neuron as well, and needs the method "tree", for few features.
        standardize: bring every feature to mean 0 and variance 1.
        categorical: names, or 1-based positions as texts, of features that become a column of zeros and ones
            for each of their levels; their entries may be texts.
        standardize_target: bring the targets to mean 0 and variance 1 for the fit; gamma and the bounds are
            of this scale, and predictions are of the data's.
        method: "auto", "tree", "partition", "sdp" or "shor": what proves the lower bound. "auto" takes the
            strongest that the size allows.
        gap: the relative gap at which the search for a proof ends.
        time_limit: seconds for a fit; None for none. The fit depends on the machine where it strikes.
        random_state: the seed of the random starts; None or a `RandomState` to draw one.
        verbose: print a line about each stage of a fit, and news of long ones.

    Attributes:
        interval_: exact fractions `lower` <= global optimum <= `upper` of the training loss, and
            `relative_gap`; the upper one is the loss of the fitted network.
        certificate_: the proof of the lower bound; `certify.check(certificate_, X, y)` verifies it, with
            `sample_weight` where `fit` had them, and then with the samples alone whose weight is not 0.
        report_: all that `certify.bound` reports, among it `status`, why the fit ended.
        network_: the weights, as float arrays `hidden`, `output` and `output_bias` (see
            `certify.floats.network.FloatNetwork`), for standardised features with a 1 appended for a bias.
        n_features_in_: the number of features.
        feature_names_in_: their names, where `X` was a data frame with names.
    """

    def __init__(
        self,
        gamma: Fraction | int | str | float = 0.1,
        *,
        loss: str = "squared",
        bias: bool = False,
        output_bias: str = "none",
        standardize: bool = False,
        categorical: Sequence[str] = (),
        standardize_target: bool = False,
        method: str = "auto",
        gap: float = 1e-3,
        time_limit: float | None = None,
        random_state: int | np.random.RandomState | None = 0,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            gamma,
            loss=loss,
            bias=bias,
            output_bias=output_bias,
            standardize=standardize,
            categorical=categorical,
            method=method,
            gap=gap,
            time_limit=time_limit,
            random_state=random_state,
            verbose=verbose,
        )
        self.standardize_target = standardize_target

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network and prove how good it is; Ctrl-C ends this early with the best valid result.

        Args:
            X: n x d.
            y: n targets, or n x c; `predict` returns the same number of dimensions.
            sample_weight: n numbers w_i of at least 0, by which the losses of the samples are multiplied;
                samples of weight 0 are left out. None for ones.

        Raises:
            ValueError: if the data or a parameter is unusable.
        """
        loss = self._read_loss()
        if loss.task == "classification" and not isinstance(loss, CrossEntropy):
            raise ValueError(f"the loss {loss.text} is one of labels: use CertifiedReLUClassifier")
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=self._entries)
        X, y, weights = self._counting(X, y, sample_weight)
        dataset = self._dataset(X, y, "regression", weights, standardize_target=bool(self.standardize_target))
        self._fit(dataset, loss)
        self._target_shape = y.shape[1:]
        return self

    def predict(self, X: Any) -> Matrix:
        """Return the targets that the network predicts for n x d features: n or n x c, as `fit` had them.

        They are its outputs f(x); for the loss "poisson" exp f(x), and for "cross-entropy" the softmax.
        """
        outputs = self._outputs(X)
        predicted = expected_targets(self.report_.problem.loss, outputs)
        return predicted.reshape(len(outputs), *self._target_shape)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = str(self.loss) == "poisson"
        return tags

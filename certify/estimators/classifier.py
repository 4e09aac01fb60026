"""The certified classifier."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from certify.checker.data.choice import BALANCED, ClassWeight
from certify.checker.data.recipe import label_text
from certify.checker.errors import DataError
from certify.checker.problems.losses.loss import SIGNS
from certify.checker.problems.losses.table import read_loss
from certify.datasets.array_table import array_table
from certify.estimators.base import CertifiedReLU
from certify.floats.links import class_probabilities, has_probabilities
from certify.floats.network import FloatNetwork
from formulations.arrays import Matrix


def _with_probabilities(estimator: CertifiedReLUClassifier) -> bool:
    """Say whether the estimator's loss gives probabilities; a loss that cannot be read gives none."""
    try:
        return has_probabilities(read_loss(str(estimator.loss)))
    except DataError:
        return False


class CertifiedReLUClassifier(ClassifierMixin, CertifiedReLU):  # type: ignore[misc]
    """Classification by a two-layer ReLU network of any width, certified.

    `CertifiedReLURegressor` documents the objective, the parameters and the attributes; the losses are more
    here, and a classifier has a parameter and an attribute more. The targets are one-hot, and the predicted
    class is that with the largest output. Losses of margins take two classes as -1 and 1, so that one output
    has the sign of the predicted class, and more as each one against the rest.

    Args:
        loss: "squared", for least squares; "cross-entropy", perhaps with a label smoothing ("cross-entropy
            0.1"), or "multiclass-hinge" (Crammer and Singer's); of margins "logistic", "hinge" or
            "squared-hinge"; or one of the regressor's.
        class_weight: by label what the weights of its samples are multiplied by, those left out being 1;
            "balanced" for the inverse of the classes' parts of all weights, over their number; None for ones.

    Attributes:
        classes_: the labels, sorted. The outputs of `network_` are in this order, or the one output is
            positive for the second of two; in the certificate's problem texts that spell numbers are sorted
            as numbers.
    """

    classes_: NDArray[Any]

    def __init__(
        self,
        gamma: Fraction | int | str | float = 0.1,
        *,
        loss: str = "squared",
        class_weight: ClassWeight | str | None = None,
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
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network and prove how good it is, as `CertifiedReLURegressor.fit` does.

        Args:
            X: n x d.
            y: n labels, texts or numbers, of at least two classes.
            sample_weight: as there; a class whose samples all have weight 0 is none.

        Raises:
            ValueError: if the data or a parameter is unusable.
        """
        loss = self._read_loss()
        X, y = validate_data(self, X, y, dtype=self._entries)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        X, y, weights = self._counting(X, y, sample_weight)
        classes = np.unique(y)
        if len(classes) == 1:
            raise ValueError(f"y has one class, {classes[0]}: a classifier needs at least two")
        class_weight = self.class_weight
        if isinstance(class_weight, str) and class_weight == BALANCED and weights is not None:
            class_weight = _balanced(y, classes, weights)
        dataset = self._dataset(X, y, "classification", weights, class_weight)
        recorded = dataset.preprocessing.classes
        names = [label_text(label) for (label,) in array_table(classes, "y", vector=True).rows]
        if len(recorded) < len(names):
            raise ValueError(
                "two labels of y are texts that differ in blanks or spell the same number, such as '1' and "
                "'1.0': write every class in one way"
            )
        self._fit(dataset, loss)
        order, layers = [recorded.index(name) for name in names], self.network_
        if loss.encoding == SIGNS and len(names) == 2:
            sign = 1 if order == [0, 1] else -1
            self.network_ = FloatNetwork(layers.hidden, sign * layers.output, sign * layers.output_bias)
        else:
            self.network_ = FloatNetwork(layers.hidden, layers.output[:, order], layers.output_bias[order])
        self.classes_ = classes
        return self

    def decision_function(self, X: Any) -> Matrix:
        """Return the network's outputs on n x d features.

        Returns:
            n x c, one column for each of `classes_`; for two classes, as scikit-learn has it, n numbers that
            are positive for the second: the one output of a loss of margins, else the second output minus
            the first.
        """
        outputs = self._outputs(X)
        if outputs.shape[1] == 2:
            return outputs[:, 1] - outputs[:, 0]
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def predict(self, X: Any) -> NDArray[Any]:
        """Return, for n x d features, the n classes with the largest outputs."""
        found = self.decision_function(X)
        place = np.argmax(found, axis=1) if found.ndim == 2 else (found > 0).astype(int)
        labels: NDArray[Any] = self.classes_[place]
        return labels

    @available_if(_with_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Matrix:
        """Return the probabilities of the classes for n x d features, n x c in the order of `classes_`.

        Only the losses "cross-entropy" and "logistic" give them: the softmax of the outputs, and the sigmoid
        of the one output of two classes; of more classes each one's sigmoid over their sum.
        """
        outputs = self._outputs(X)
        return class_probabilities(self.report_.problem.loss, outputs)

    @available_if(_with_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> Matrix:
        """Return the logarithms of what `predict_proba` returns."""
        return np.asarray(np.log(self.predict_proba(X)))


def _balanced(y: NDArray[Any], classes: NDArray[Any], weights: Matrix) -> dict[Any, Fraction]:
    """Return what makes all classes weigh the same, exactly: with weights of 1 it is "balanced" of counts."""
    sums = {
        label: sum(map(Fraction, weights[y == label].tolist()), Fraction(0)) for label in classes.tolist()
    }
    total = sum(sums.values(), Fraction(0))
    return {label: total / (len(classes) * part) for label, part in sums.items()}

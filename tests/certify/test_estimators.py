"""The scikit-learn estimators: scikit-learn's own checks, the certificate behind a fit, and PyTorch."""

from __future__ import annotations

import pickle
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import certify
from certify import CertifiedReLUClassifier, CertifiedReLURegressor, bound, check
from certify.bounds.report import Status
from certify.networks.formats.torch_module import network_of_module
from formulations.arrays import Matrix

Estimator = CertifiedReLUClassifier | CertifiedReLURegressor

# Strong decay and a wide gap: the checks ask for a hundred fits and for no small interval. A time limit would
# make two fits differ.
REGRESSOR = CertifiedReLURegressor(gamma=5, gap=0.9)
CLASSIFIER = CertifiedReLUClassifier(gamma=5, gap=0.9)
# Ten features, and in the second five targets with standard deviations around 100.
DEMANDING = {"check_dtype_object": 50, "check_regressor_multioutput": 1000}
# Two trainings of one problem agree to seven digits in the loss, and where it is flat in the predictions to
# fewer than this check wants: `test_weights_are_repetitions` has those, and here no neuron pays.
WEIGHTS = "check_sample_weight_equivalence_on_dense_data"
OTHER_LOSSES = [
    CertifiedReLUClassifier(gamma=5, gap=0.9, loss="cross-entropy"),
    CertifiedReLUClassifier(gamma=5, gap=0.9, loss="logistic", class_weight="balanced"),
    CertifiedReLURegressor(gamma=5, gap=0.9, loss="huber 1"),
    CertifiedReLURegressor(gamma=5, gap=0.9, loss="poisson"),
]


def not_for(estimator: Estimator) -> dict[str, str]:
    """Name the checks that ask for what is no task of this loss."""
    if estimator.loss != "poisson":
        return {}
    return {"check_regressor_multioutput": "has negative targets, which are no counts"}


@parametrize_with_checks([REGRESSOR, CLASSIFIER, *OTHER_LOSSES], expected_failed_checks=not_for)  # type: ignore[untyped-decorator]
def test_scikit_learn_checks(estimator: Estimator, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Twelve fits of 200 samples of ten features would take half a minute and check nothing else.
    monkeypatch.setattr(estimator_checks, "REGRESSION_DATASET", small_regression())
    estimator, name = clone(estimator), check.func.__name__
    gamma = DEMANDING.get(name, estimator.gamma)
    check(estimator.set_params(gamma=1000 if name == WEIGHTS and estimator.loss != "squared" else gamma))


def small_regression() -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    return X, X[:, 1] + rng.normal(scale=0.1, size=50)


def test_time_limit_is_no_promise_of_equal_fits() -> None:
    assert not get_tags(CertifiedReLURegressor()).non_deterministic
    assert get_tags(CertifiedReLURegressor(time_limit=1)).non_deterministic


def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    X, Y = planar()
    CertifiedReLURegressor(1).fit(X, Y)
    assert capsys.readouterr().out == ""
    CertifiedReLUClassifier(1, verbose=True).fit(X, Y[:, 0] > 0)
    assert "check     valid, in exact arithmetic" in capsys.readouterr().out


def planar(seed: int = 0, n: int = 10) -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(seed)
    return rng.normal(3, 2, size=(n, 2)), rng.normal(size=(n, 2))


def test_iris() -> None:
    X, y = load_iris(return_X_y=True)
    labels = np.array(["setosa", "versicolor", "virginica"])[y]
    classifier = CertifiedReLUClassifier(gamma=1, gap=0.3).fit(X, labels)
    assert classifier.score(X, labels) > 0.95
    assert classifier.report_.status is Status.GAP_REACHED
    assert classifier.decision_function(X).shape == (150, 3)
    verdict = check(classifier.certificate_, X, labels)
    assert verdict.valid
    assert verdict.bound == classifier.interval_.lower
    # The predictions are those of the very network whose loss is the upper bound.
    error = classifier.decision_function(X) - np.eye(3)[y]
    layers = classifier.network_
    loss = (np.sum(error**2) + np.sum(layers.hidden**2) + np.sum(layers.output**2)) / 2
    assert loss == pytest.approx(float(classifier.interval_.upper), rel=1e-12)


def test_interval_is_that_of_bound() -> None:
    X, Y = planar()
    # Few integers would be classes by the rule for files.
    target = [1, 2] * 5
    regressor = CertifiedReLURegressor(1, bias=True, standardize=True, method="sdp").fit(X, target)
    report = bound(X, target, 1, task="regression", bias=True, standardize=True, method="sdp")
    assert regressor.report_.method == "sdp"
    assert regressor.interval_ == report.interval
    assert check(regressor.certificate_, X, target).valid
    several = CertifiedReLURegressor().fit(X, Y)
    assert several.predict(X).shape == Y.shape
    assert several.interval_ == bound(X, Y).interval
    assert check(several.certificate_, X, Y).valid


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(3), np.int64(7)])
def test_random_states(random_state: Any) -> None:
    X, Y = planar()
    regressor = CertifiedReLURegressor(random_state=random_state).fit(X, Y)
    assert float(regressor.interval_.relative_gap) < 1e-3


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["10", "9", "100"]),  # as numbers they have another order than as texts
        np.array([False, True]),
        np.array([-1.0, 1.0]),
        np.array([3, 1, 2], dtype=np.int8),
        np.array(["no", "yes"], dtype=object),
    ],
)
def test_labels_of_any_type(labels: NDArray[Any]) -> None:
    angles = 2 * np.pi * np.arange(12) / 12
    X = np.column_stack([np.cos(angles), np.sin(angles)])
    y = np.repeat(labels, 12 // len(labels))
    classifier = CertifiedReLUClassifier(gamma=0.01, gap=0.1).fit(X, y)
    assert list(classifier.classes_) == sorted(labels.tolist())
    assert classifier.predict(X).dtype == labels.dtype
    assert classifier.predict(X).tolist() == y.tolist()
    assert check(classifier.certificate_, X, y).valid


def test_frames() -> None:
    X, Y = planar()
    frame = pd.DataFrame(X, columns=["height", "width"])
    kinds = pd.Series(["small", "large"] * 5, dtype="category")
    classifier = CertifiedReLUClassifier(gap=0.3).fit(frame, kinds)
    assert list(classifier.feature_names_in_) == ["height", "width"]
    assert classifier.report_.dataset.feature_names == ("height", "width")
    assert check(classifier.certificate_, frame, kinds).valid
    with pytest.raises(ValueError, match="feature names"):
        classifier.predict(frame.rename(columns={"width": "depth"}))
    targets = pd.DataFrame(Y, columns=["p", "q"])
    assert CertifiedReLURegressor(gap=0.3).fit(frame, targets).predict(frame).shape == (10, 2)


def test_levels_and_scaled_targets() -> None:
    frame = pd.DataFrame({"colour": ["red", "blue", "grey"] * 4, "size": np.arange(12) / 4})
    y = 1000 + 100 * frame["size"] + 50 * (frame["colour"] == "blue")
    regressor = CertifiedReLURegressor(
        0.001, gap=0.9, categorical=["colour"], standardize_target=True, standardize=True
    )
    regressor = clone(regressor).fit(frame, y)
    assert regressor.score(frame, y) > 0.99
    assert regressor.report_.dataset.feature_names[0] == "colour=blue"
    assert check(regressor.certificate_, frame, y).valid
    assert get_tags(regressor).input_tags.categorical
    with pytest.raises(ValueError, match="'green', which the network has not seen"):
        regressor.predict(frame.replace("red", "green"))
    rows = frame.to_numpy()
    classifier = CertifiedReLUClassifier(0.01, gap=0.9, categorical=("1",)).fit(rows, frame["colour"])
    assert classifier.predict(rows).tolist() == frame["colour"].tolist()
    assert classifier.decision_function(rows).shape == (12, 3)
    with pytest.raises(ValueError, match="'colour'"):
        CertifiedReLUClassifier(categorical=["colour"]).fit(rows, frame["colour"])


def test_pickle_and_clone() -> None:
    X, Y = planar()
    regressor = CertifiedReLURegressor(gamma="1/20", bias=True).fit(X, Y)
    copy = pickle.loads(pickle.dumps(regressor))
    assert np.array_equal(copy.predict(X), regressor.predict(X))
    assert copy.interval_ == regressor.interval_
    assert check(copy.certificate_, X, Y, gamma="1/20").valid
    fresh = clone(regressor)
    assert fresh.get_params() == regressor.get_params()
    assert not hasattr(fresh, "interval_")


def test_grid_search() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    y = np.abs(X[:, 0]) + rng.normal(scale=0.1, size=40)
    search = GridSearchCV(CertifiedReLURegressor(gap=0.3), {"gamma": np.array([0.5, 1000.0])}, cv=2)
    search.fit(X, y)
    assert search.best_params_ == {"gamma": 0.5}
    assert search.best_score_ > 0.8
    assert search.best_estimator_.interval_ == bound(X, y, 0.5, task="regression", gap=0.3).interval


def test_pipeline() -> None:
    X, Y = planar()
    pipeline = make_pipeline(StandardScaler(), CertifiedReLURegressor(gap=0.3)).fit(X, Y)
    scaled = StandardScaler().fit_transform(X)
    assert check(pipeline[-1].certificate_, scaled, Y).valid
    assert not check(pipeline[-1].certificate_, X, Y).valid
    assert pipeline.score(X, Y) == pipeline[-1].score(scaled, Y) > 0.5


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("standardize", [False, True])
def test_to_torch(bias: bool, standardize: bool) -> None:
    torch = pytest.importorskip("torch")
    X, Y = planar()
    grid = np.random.default_rng(1).normal(3, 4, size=(200, 2))
    regressor = CertifiedReLURegressor(gamma=1, bias=bias, standardize=standardize, gap=0.3).fit(X, Y)
    classifier = CertifiedReLUClassifier(gamma=1, bias=bias, standardize=standardize, gap=0.3)
    classifier.fit(X, [2, 0, 1, 0, 1] * 2)
    for module, outputs in (
        (regressor.to_torch(), regressor.predict(grid)),
        (classifier.to_torch(), classifier.decision_function(grid)),
    ):
        assert [type(layer).__name__ for layer in module] == ["Linear", "ReLU", "Linear"]
        found = module(torch.from_numpy(grid)).detach().numpy()
        assert found.dtype == np.float64
        assert network_of_module(module).hidden_bias
        np.testing.assert_allclose(found, outputs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("output_bias", ["free", "decayed"])
def test_output_bias(output_bias: str) -> None:
    torch = pytest.importorskip("torch")
    X, Y = planar()
    Y += 10
    plain = CertifiedReLURegressor(20, gap=0.3).fit(X, Y)
    regressor = CertifiedReLURegressor(20, gap=0.3, output_bias=output_bias).fit(X, Y)
    assert not plain.network_.output_bias.any()
    assert np.all(regressor.network_.output_bias > 0.5)
    assert regressor.interval_.upper < plain.interval_.upper
    assert check(regressor.certificate_, X, Y).valid
    assert regressor.certificate_.output_bias == output_bias
    labels = np.array(["9", "10"])[[0] * 8 + [1] * 2]  # as numbers they have another order than as texts
    classifier = CertifiedReLUClassifier(20, gap=0.3, output_bias=output_bias).fit(X, labels)
    rare, frequent = classifier.network_.output_bias
    assert frequent > rare
    for module, outputs in (
        (regressor.to_torch(), regressor.predict(X)),
        (classifier.to_torch(), classifier._outputs(X)),
    ):
        np.testing.assert_allclose(module(torch.from_numpy(X)).detach().numpy(), outputs, rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="output bias"):
        CertifiedReLURegressor(output_bias=output_bias, method="partition").fit(X, Y)


def test_to_torch_of_special_networks() -> None:
    torch = pytest.importorskip("torch")
    X, Y = planar()
    nothing = CertifiedReLURegressor(gamma=1000).fit(X, Y)
    assert nothing.network_.output.shape == (0, 2)
    assert not nothing.predict(X).any()
    assert torch.equal(nothing.to_torch()(torch.from_numpy(X)), torch.zeros(10, 2, dtype=torch.float64))
    binary = CertifiedReLUClassifier().fit(X, ["a", "b"] * 5)
    outputs = binary.to_torch()(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_allclose(outputs[:, 1] - outputs[:, 0], binary.decision_function(X), rtol=0, atol=1e-12)


RING = np.column_stack([np.cos(np.arange(12) / 2), np.sin(np.arange(12) / 2)])
KINDS = {2: ["b", "a", "a"] * 4, 3: ["b", "a", "c"] * 4}


@pytest.mark.parametrize("loss", ["cross-entropy", "cross-entropy 0.2", "logistic"])
@pytest.mark.parametrize("count", KINDS)
def test_probabilities(loss: str, count: int) -> None:
    y = KINDS[count]
    classifier = CertifiedReLUClassifier(0.1, loss=loss, gap=0.3).fit(RING, y)
    outputs, found = classifier._outputs(RING), classifier.predict_proba(RING)
    assert found.shape == (12, count)
    assert outputs.shape == (12, 1 if (loss, count) == ("logistic", 2) else count)
    assert found.sum(axis=1) == pytest.approx(np.ones(12))
    assert classifier.classes_[found.argmax(axis=1)].tolist() == classifier.predict(RING).tolist()
    np.testing.assert_allclose(np.exp(classifier.predict_log_proba(RING)), found)
    if loss == "logistic":
        odds = 1 / (1 + np.exp(-outputs))
        wanted = np.hstack([1 - odds, odds]) if count == 2 else odds / odds.sum(axis=1, keepdims=True)
    else:
        wanted = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, wanted)
    # The loss by these probabilities is that which the certificate is about.
    one_hot = np.array(y)[:, None] == classifier.classes_
    layers = classifier.network_
    paid = (np.sum(layers.hidden**2) + np.sum(layers.output**2)) * 0.05
    if loss == "logistic":
        signs = np.where(one_hot[:, 1:] if count == 2 else one_hot, 1, -1)
        paid += np.sum(np.log1p(np.exp(-signs * outputs)))
    else:
        share = 0.2 if loss.endswith("0.2") else 0.0
        paid -= np.sum(((1 - share) * one_hot + share / count) * np.log(found))
    assert paid == pytest.approx(float(classifier.interval_.upper), rel=1e-12)
    assert check(classifier.certificate_, RING, y).valid


@pytest.mark.parametrize("loss", ["squared", "hinge", "squared-hinge", "multiclass-hinge", "huber 1", "none"])
def test_no_probabilities(loss: str) -> None:
    classifier = CertifiedReLUClassifier(loss=loss)
    assert not hasattr(classifier, "predict_proba")
    assert not hasattr(classifier, "predict_log_proba")


@pytest.mark.parametrize("loss", ["hinge", "squared-hinge", "logistic"])
@pytest.mark.parametrize("labels", [["9", "10"], ["a", "b"], [7, -7]])
def test_one_output_for_two_classes(loss: str, labels: list[Any]) -> None:
    torch = pytest.importorskip("torch")
    # As numbers "9" and "10" have another order than as texts.
    y = np.array(labels)[[0, 1, 1] * 4]
    classifier = CertifiedReLUClassifier(0.05, loss=loss, gap=0.3).fit(RING, y)
    assert list(classifier.classes_) == sorted(labels)
    assert classifier.decision_function(RING).shape == (12,)
    assert classifier.score(RING, y) > 0.6
    positive = classifier.decision_function(RING) > 0
    assert classifier.predict(RING).tolist() == classifier.classes_[positive.astype(int)].tolist()
    module = classifier.to_torch()(torch.from_numpy(RING)).detach().numpy()
    np.testing.assert_allclose(module[:, 0], classifier.decision_function(RING), rtol=0, atol=1e-12)
    assert check(classifier.certificate_, RING, y).valid


def test_counts_are_predicted_by_their_mean() -> None:
    torch = pytest.importorskip("torch")
    y = [0, 3, 1, 7, 2, 5, 0, 0, 4, 1, 2, 3]
    regressor = CertifiedReLURegressor(0.1, loss="poisson", gap=0.3).fit(RING, y)
    predicted = regressor.predict(RING)
    logarithms = regressor.to_torch()(torch.from_numpy(RING)).detach().numpy()[:, 0]
    np.testing.assert_allclose(predicted, np.exp(logarithms))
    layers = regressor.network_
    paid = (np.sum(layers.hidden**2) + np.sum(layers.output**2)) * 0.05
    paid += np.sum(predicted - y * np.log(predicted))
    assert paid == pytest.approx(float(regressor.interval_.upper), rel=1e-12)
    assert get_tags(regressor).target_tags.positive_only
    with pytest.raises(ValueError, match="at least 0"):
        regressor.fit(RING, [-1.0] * 12)


def test_soft_labels_are_predicted_as_probabilities() -> None:
    Y = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.125, 0.125, 0.75]] * 4)
    regressor = CertifiedReLURegressor(0.01, loss="cross-entropy", gap=0.3).fit(RING, Y)
    predicted = regressor.predict(RING)
    assert predicted.sum(axis=1) == pytest.approx(np.ones(12))
    assert check(regressor.certificate_, RING, Y).valid
    with pytest.raises(ValueError, match="sums to"):
        regressor.fit(RING, 2 * Y)


@pytest.mark.parametrize(
    "estimator",
    [
        CertifiedReLURegressor(1),
        CertifiedReLURegressor(1, loss="quantile 0.75"),
        CertifiedReLUClassifier(1, loss="cross-entropy"),
        CertifiedReLUClassifier(1, loss="hinge", class_weight="balanced"),
        CertifiedReLUClassifier(1, loss="logistic", class_weight={1: 2, 2: 0.5}),
    ],
)
def test_weights_are_repetitions(estimator: Estimator) -> None:
    """A weight is so many samples, and a sample of weight 0 is none."""
    weights = np.array([0, 1, 2, 3] * 3)
    y = np.array([1, 2, 0] * 4)
    weighted = clone(estimator).fit(RING, y, sample_weight=weights)
    repeated = clone(estimator).fit(RING.repeat(weights, axis=0), y.repeat(weights))
    lower = max(weighted.interval_.lower, repeated.interval_.lower)
    assert lower <= min(weighted.interval_.upper, repeated.interval_.upper)
    assert float(weighted.interval_.upper) == pytest.approx(float(repeated.interval_.upper), rel=2e-3)
    counts = weights > 0
    verdict = check(weighted.certificate_, RING[counts], y[counts], sample_weight=weights[counts])
    assert verdict.valid
    assert weighted.certificate_.preprocessing is not None
    assert weighted.certificate_.preprocessing.is_weighted


def test_balanced_classes_weigh_the_same() -> None:
    y = ["rare"] * 3 + ["frequent"] * 9
    plain = CertifiedReLUClassifier(class_weight="balanced", gap=0.9).fit(RING, y)
    assert plain.report_.dataset.preprocessing.class_weights == (Fraction(2, 3), Fraction(2))
    weighted = CertifiedReLUClassifier(class_weight="balanced", gap=0.9).fit(RING, y, [3] * 3 + [1] * 9)
    assert weighted.report_.dataset.preprocessing.class_weights == ()
    given = CertifiedReLUClassifier(class_weight={"rare": 2, "frequent": "2/3"}, gap=0.9).fit(RING, y)
    assert given.report_.problem == plain.report_.problem
    with pytest.raises(ValueError, match="none of the classes"):
        CertifiedReLUClassifier(class_weight={"other": 2}).fit(RING, y)
    with pytest.raises(ValueError, match="balanced"):
        CertifiedReLUClassifier(class_weight="even").fit(RING, y)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [([-1.0] + [1.0] * 11, "negative"), ([0.0] * 12, "(?i)sample weight"), ([1.0] * 11, "shape")],
)
def test_weights_that_are_none(weights: list[float], reason: str) -> None:
    for estimator in (CertifiedReLURegressor(), CertifiedReLUClassifier()):
        with pytest.raises(ValueError, match=reason):
            estimator.fit(RING, [0, 1] * 6, sample_weight=weights)


def test_a_class_of_weight_zero_is_none() -> None:
    y, weights = ["a", "b", "c"] * 4, [1, 1, 0] * 4
    classifier = CertifiedReLUClassifier(gap=0.9).fit(RING, y, weights)
    assert list(classifier.classes_) == ["a", "b"]
    with pytest.raises(ValueError, match="one class, a"):
        classifier.fit(RING, y, [1, 0, 0] * 4)


@pytest.mark.parametrize("loss", ["hinge", "logistic", "multiclass-hinge"])
def test_losses_of_labels_are_for_the_classifier(loss: str) -> None:
    with pytest.raises(ValueError, match="use CertifiedReLUClassifier"):
        CertifiedReLURegressor(loss=loss).fit(RING, [1.0, -1.0] * 6)


@pytest.mark.parametrize(
    ("parameters", "labels", "reason"),
    [
        ({"loss": "cubic"}, ["a", "b"] * 5, "cubic"),
        ({"loss": None}, ["a", "b"] * 5, "None"),
        ({"loss": "hinge", "method": "partition"}, ["a", "b"] * 5, "partition"),
        ({}, ["a"] * 10, "one class, a"),
        ({}, ["1", "1.0", "2", "2", "2"] * 2, "write every class in one way"),
        ({}, ["", "a"] * 5, "blank"),
        ({"gamma": -1}, ["a", "b"] * 5, "positive"),
        ({"method": "magic"}, ["a", "b"] * 5, "magic"),
        ({"random_state": -1}, ["a", "b"] * 5, "seed"),
        ({"gap": -1}, ["a", "b"] * 5, "gap"),
        ({"time_limit": 0}, ["a", "b"] * 5, "time limit"),
    ],
)
def test_errors_are_value_errors(parameters: dict[str, Any], labels: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        CertifiedReLUClassifier(**parameters).fit(planar()[0], labels)


def test_missing_extras_get_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; sys.modules['sklearn'] = None; from certify import CertifiedReLURegressor"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'certify[sklearn]'" in run.stderr.splitlines()[-1]
    X, Y = planar()
    regressor = CertifiedReLURegressor(gap=0.3).fit(X, Y)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install 'certify\[torch\]'"):
        regressor.to_torch()


def test_import_loads_no_heavy_library() -> None:
    code = "import sys, certify; print({'sklearn', 'torch', 'scipy', 'numpy', 'numba'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_star_import_does_not_need_scikit_learn() -> None:
    assert not {"CertifiedReLUClassifier", "CertifiedReLURegressor"} & set(certify.__all__)

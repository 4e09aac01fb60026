"""The scikit-learn estimators: scikit-learn's own checks, the certificate behind a fit, and PyTorch."""

from __future__ import annotations

import pickle
import subprocess
import sys
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


@parametrize_with_checks([REGRESSOR, CLASSIFIER])  # type: ignore[untyped-decorator]
def test_scikit_learn_checks(estimator: Estimator, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Twelve fits of 200 samples of ten features would take half a minute and check nothing else.
    monkeypatch.setattr(estimator_checks, "REGRESSION_DATASET", small_regression())
    estimator = clone(estimator)
    check(estimator.set_params(gamma=DEMANDING.get(check.func.__name__, estimator.gamma)))


def small_regression() -> tuple[Matrix, Matrix]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    return X, X[:, 1] + rng.normal(scale=0.1, size=50)


def test_time_limit_is_no_promise_of_equal_fits() -> None:
    assert not get_tags(CertifiedReLURegressor()).non_deterministic
    assert get_tags(CertifiedReLURegressor(time_limit=1)).non_deterministic


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
        CertifiedReLURegressor(output_bias=output_bias, method="shor").fit(X, Y)


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


@pytest.mark.parametrize(
    ("parameters", "labels", "reason"),
    [
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

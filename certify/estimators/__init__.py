"""Scikit-learn estimators that know how far their training loss is from the global optimum, with a proof.

`CertifiedReLURegressor` and `CertifiedReLUClassifier` train the network of `certify.bound` and predict with
it. Parameters and errors follow scikit-learn: a `CertifyError` of `certify.bound` is a ValueError here.
"""

try:
    import sklearn  # noqa: F401
except ImportError:
    raise ImportError(
        "the estimators need scikit-learn 1.6 or later: pip install 'certify[sklearn]', or use certify.bound"
    ) from None

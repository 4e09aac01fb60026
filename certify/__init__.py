"""certify: how good a trained two-layer ReLU network really is, with a proof.

`bound(X, y, gamma=0.1)` encloses the global optimum of the training loss; `check(certificate, X, y)` verifies
the proof in exact arithmetic, and `Expected` says of what. `CertifiedReLURegressor` and
`CertifiedReLUClassifier` wrap the first for scikit-learn, which they need. Importing the package loads no
numerical library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from certify.checker.certificate.complete_positivity import CompletePositivityCertificate
from certify.checker.certificate.copositivity import CopositivityCertificate
from certify.checker.certificate.file import load_certificate, save_certificate
from certify.checker.certificate.training import Certificate
from certify.checker.errors import (
    CertificateError,
    CertifyError,
    DataError,
    NetworkError,
    SolverError,
)
from certify.checker.expected import Expected
from certify.checker.problems.training import TrainingProblem
from certify.checker.verdict import Verdict
from certify.networks.network import ReLUNetwork
from certify.trust.check import check

if TYPE_CHECKING:
    from certify.bounds.bound import bound
    from certify.bounds.report import Interval, Report
    from certify.estimators import CertifiedReLUClassifier as CertifiedReLUClassifier
    from certify.estimators import CertifiedReLURegressor as CertifiedReLURegressor
    from certify.gaps.network_gap import gap
    from certify.gaps.report import GapReport
    from certify.matrices.completely_positive.decide import CompletePositivityReport, cp
    from certify.matrices.copositive.decide import CopositivityReport, copositive
    from certify.views.page.bound import save_page

__version__ = "0.1.0"

# Without the estimators: `from certify import *` must not need scikit-learn.
__all__ = [
    "Certificate",
    "CertificateError",
    "CertifyError",
    "CompletePositivityCertificate",
    "CompletePositivityReport",
    "CopositivityCertificate",
    "CopositivityReport",
    "DataError",
    "Expected",
    "GapReport",
    "Interval",
    "NetworkError",
    "ReLUNetwork",
    "Report",
    "SolverError",
    "TrainingProblem",
    "Verdict",
    "__version__",
    "bound",
    "check",
    "copositive",
    "cp",
    "gap",
    "load_certificate",
    "save_certificate",
    "save_page",
]


_LAZY = {
    "CertifiedReLUClassifier": "certify.estimators",
    "CertifiedReLURegressor": "certify.estimators",
    "CompletePositivityReport": "certify.matrices.completely_positive.decide",
    "CopositivityReport": "certify.matrices.copositive.decide",
    "bound": "certify.bounds.bound",
    "copositive": "certify.matrices.copositive.decide",
    "cp": "certify.matrices.completely_positive.decide",
    "gap": "certify.gaps.network_gap",
    "GapReport": "certify.gaps.report",
    "Interval": "certify.report",
    "Report": "certify.report",
    "save_page": "certify.views.page.bound",
}


def __getattr__(name: str) -> Any:
    """Load what needs numpy when it is first asked for."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'certify' has no attribute {name!r}")

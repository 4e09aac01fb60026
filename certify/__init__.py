"""certify: how good a trained two-layer ReLU network really is, with a proof.

`bound(X, y, gamma=0.1)` encloses the global optimum of the training loss; `check(certificate, X, y)` verifies
the proof in exact arithmetic, and `Expected` says of what. `CertifiedReLURegressor` and
`CertifiedReLUClassifier` wrap the first for scikit-learn, which they need. Importing the package loads no
numerical library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from certify.certificate import Certificate, CopositivityCertificate
from certify.certificate_file import load_certificate, save_certificate
from certify.check import Verdict
from certify.check_file import check
from certify.cp_certificate import CompletePositivityCertificate
from certify.errors import CertificateError, CertifyError, DataError, NetworkError, SolverError
from certify.expected import Expected
from certify.network import ReLUNetwork
from certify.problem import TrainingProblem

if TYPE_CHECKING:
    from certify.bounding import bound
    from certify.completely_positive import CompletePositivityReport, cp
    from certify.copositivity import CopositivityReport, copositive
    from certify.estimators import CertifiedReLUClassifier as CertifiedReLUClassifier
    from certify.estimators import CertifiedReLURegressor as CertifiedReLURegressor
    from certify.gap_report import GapReport
    from certify.network_gap import gap
    from certify.page import save_page
    from certify.report import Interval, Report

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
    "CompletePositivityReport": "certify.completely_positive",
    "CopositivityReport": "certify.copositivity",
    "bound": "certify.bounding",
    "copositive": "certify.copositivity",
    "cp": "certify.completely_positive",
    "gap": "certify.network_gap",
    "GapReport": "certify.gap_report",
    "Interval": "certify.report",
    "Report": "certify.report",
    "save_page": "certify.page",
}


def __getattr__(name: str) -> Any:
    """Load what needs numpy when it is first asked for."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'certify' has no attribute {name!r}")

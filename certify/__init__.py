"""certify: how good a trained two-layer ReLU network really is, with a proof.

`bound(X, y, gamma=0.1)` encloses the global optimum of the training loss; `check(certificate, X, y)` verifies
the proof in exact arithmetic, and `Expected` says of what. `CertifiedReLURegressor` and
`CertifiedReLUClassifier` wrap the first for scikit-learn, which they need. Importing the package loads
nothing else; each name is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import extend_path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from certify.bounds.bound import bound as bound
    from certify.bounds.path import path as path
    from certify.bounds.report import Interval as Interval
    from certify.bounds.report import Report as Report
    from certify.checker.certificate.complete_positivity import (
        CompletePositivityCertificate as CompletePositivityCertificate,
    )
    from certify.checker.certificate.copositivity import CopositivityCertificate as CopositivityCertificate
    from certify.checker.certificate.file import load_certificate as load_certificate
    from certify.checker.certificate.file import save_certificate as save_certificate
    from certify.checker.certificate.training import Certificate as Certificate
    from certify.checker.errors import CertificateError as CertificateError
    from certify.checker.errors import CertifyError as CertifyError
    from certify.checker.errors import DataError as DataError
    from certify.checker.errors import NetworkError as NetworkError
    from certify.checker.errors import SolverError as SolverError
    from certify.checker.expected import Expected as Expected
    from certify.checker.problems.training import TrainingProblem as TrainingProblem
    from certify.checker.verdict import Verdict as Verdict
    from certify.estimators.classifier import CertifiedReLUClassifier as CertifiedReLUClassifier
    from certify.estimators.regressor import CertifiedReLURegressor as CertifiedReLURegressor
    from certify.gaps.network_gap import gap as gap
    from certify.gaps.report import GapReport as GapReport
    from certify.matrices.completely_positive.decide import (
        CompletePositivityReport as CompletePositivityReport,
    )
    from certify.matrices.completely_positive.decide import cp as cp
    from certify.matrices.copositive.decide import CopositivityReport as CopositivityReport
    from certify.matrices.copositive.decide import copositive as copositive
    from certify.networks.network import ReLUNetwork as ReLUNetwork
    from certify.trust.check import check as check
    from certify.views.page.bound import save_page as save_page

# The checker is a distribution of its own, which may be installed in another folder.
__path__ = extend_path(__path__, __name__)

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
    "path",
    "save_certificate",
    "save_page",
]

_PLACES = {
    "bound": "certify.bounds.bound",
    "Certificate": "certify.checker.certificate.training",
    "CertificateError": "certify.checker.errors",
    "CertifiedReLUClassifier": "certify.estimators.classifier",
    "CertifiedReLURegressor": "certify.estimators.regressor",
    "CertifyError": "certify.checker.errors",
    "check": "certify.trust.check",
    "CompletePositivityCertificate": "certify.checker.certificate.complete_positivity",
    "CompletePositivityReport": "certify.matrices.completely_positive.decide",
    "copositive": "certify.matrices.copositive.decide",
    "CopositivityCertificate": "certify.checker.certificate.copositivity",
    "CopositivityReport": "certify.matrices.copositive.decide",
    "cp": "certify.matrices.completely_positive.decide",
    "DataError": "certify.checker.errors",
    "Expected": "certify.checker.expected",
    "gap": "certify.gaps.network_gap",
    "GapReport": "certify.gaps.report",
    "Interval": "certify.bounds.report",
    "load_certificate": "certify.checker.certificate.file",
    "NetworkError": "certify.checker.errors",
    "ReLUNetwork": "certify.networks.network",
    "path": "certify.bounds.path",
    "Report": "certify.bounds.report",
    "save_certificate": "certify.checker.certificate.file",
    "save_page": "certify.views.page.bound",
    "SolverError": "certify.checker.errors",
    "TrainingProblem": "certify.checker.problems.training",
    "Verdict": "certify.checker.verdict",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first asked for."""
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'certify' has no attribute {name!r}")

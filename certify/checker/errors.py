"""The errors that a user can cause; each message is one sentence that says what, where and what to do."""


class CertifyError(Exception):
    """Base of every error that is reported as one sentence with exit code 2."""


class DataError(CertifyError):
    """The data cannot be read as an exact training problem."""


class NetworkError(CertifyError):
    """A network file or array is not a two-layer ReLU network for the problem at hand."""


class CertificateError(CertifyError):
    """A file is not a certificate in a format this version can read."""


class SolverError(CertifyError):
    """A requested solver is not installed, not licensed or not suited to the problem."""


class CheckpointError(CertifyError):
    """A checkpoint cannot be read, written, or is of another problem."""


class ChildError(CertifyError):
    """A process that certify started cannot be started, or ended before it gave its answer."""


class TimeLimitError(CertifyError):
    """The time limit is over before there is an answer: exit code 3, for unknown, and never a verdict."""

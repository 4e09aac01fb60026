"""The command line that checks a certificate, as it can be pasted into a shell."""

from __future__ import annotations

import shlex


def check_command(certificate: str, data: str) -> str:
    """Return the command that checks the certificate of one path on the data, or the matrix, of the other."""
    paths = [f"./{path}" if path.startswith("-") and path != "-" else path for path in (certificate, data)]
    return shlex.join(["certify", "check", paths[0], "--data", paths[1]])  # a dash would begin an option

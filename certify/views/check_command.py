"""The command line that checks a certificate, as it can be pasted into a shell."""

from __future__ import annotations

import shlex


def check_command(certificate: str, data: str) -> str:
    """Return the command that checks the certificate of one path on the data, or the matrix, of the other."""
    # What begins with a dash would be read as an option.
    path = f"./{certificate}" if certificate.startswith("-") else certificate
    return shlex.join(["certify", "check", path, "--data", data])

"""The command that checks a certificate can be pasted into a shell."""

import pytest

from certify.views.check_command import check_command


@pytest.mark.parametrize(
    ("certificate", "data", "command"),
    [
        ("a.cert", "a.csv", "certify check a.cert --data a.csv"),
        ("-a.cert", "-a.csv", "certify check ./-a.cert --data ./-a.csv"),
        ("my data (1).cert", "-", "certify check 'my data (1).cert' --data -"),
    ],
)
def test_check_command(certificate: str, data: str, command: str) -> None:
    assert check_command(certificate, data) == command

"""The words on the terminal for the file of a matrix and for the certificate about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from certify.views.check_command import check_command


@dataclass(frozen=True)
class MatrixFile:
    """The file of a matrix that a question is about.

    Attributes:
        path: of the file.
        symmetrized: whether the question is about (M + M^T)/2 of the matrix M in the file.
    """

    path: Path
    symmetrized: bool

    def print_meaning(self, console: Console) -> None:
        """Say which matrix the answer is about, if it is another one than the file's."""
        if self.symmetrized:
            console.print(Text(f"The matrix is (M + M^T)/2 of M in {self.path}."), soft_wrap=True)

    def print_certificate(self, console: Console, certificate: Path) -> None:
        """Print where a certificate was written and how to verify it."""
        command = check_command(str(certificate), str(self.path))
        flag = " --symmetrize" if self.symmetrized else ""
        console.print(Text(f"certificate: {certificate}   verify it: {command}{flag}"), soft_wrap=True)

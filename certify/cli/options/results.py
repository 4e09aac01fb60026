"""What a command does with a result: it writes the files, shows it, and says what could not be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from certify.cli.options.common import print_json
from certify.cli.options.outputs import write_all

if TYPE_CHECKING:
    from rich.console import Console


class Result(Protocol):
    """A result with a machine-readable form."""

    def to_json(self, certificate_path: str | None = None) -> dict[str, object]:
        """Return that form."""


def deliver(
    result: Result,
    writes: Iterable[Callable[[], None]],
    certificate: Path,
    data: Path,
    show: Callable[[Console], None] | None,
) -> None:
    """Write a result's files, show it, and name its certificate with the command that checks it.

    Args:
        result: what there is to say.
        writes: each writes a file.
        certificate: the file of its certificate.
        data: the file that it is about.
        show: prints it in words; None for one JSON object.

    Raises:
        CertifyError: if a file could not be written, once the result is shown.
    """
    from rich.console import Console

    from certify.views.terminal.summary import print_certificate

    failure = write_all(*writes)
    out = Console(highlight=False)
    if show is None:
        print_json(result.to_json(str(certificate)))
    else:
        show(out)
    if failure is not None:
        raise failure
    if show is not None:
        print_certificate(out, certificate, data)

"""The commands about a matrix, `certify copositive` and `certify cp`: answers with certificates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from certify.cli.options.common import (
    AsJson,
    TimeLimit,
    error_console,
    print_json,
)
from certify.cli.options.outputs import CERTIFICATE, require_writable

if TYPE_CHECKING:
    from rich.console import Console

_EXIT_CODES = {"yes": 0, "no": 1, "unknown": 3}

_Matrix = Annotated[
    Path, typer.Argument(metavar="M", help="Matrix: .csv, .npy or .mtx file.", show_default=False)
]
_Certificate = Annotated[
    Path | None,
    typer.Option(help="Certificate file to write.", show_default="NAME.QUESTION.cert of the matrix's NAME"),
]


class _Answer(Protocol):
    """What the reports of both questions have in common."""

    @property
    def answer(self) -> str: ...
    @property
    def certificate(self) -> object | None: ...
    def save_certificate(self, path: Path) -> None: ...
    def to_json(self, certificate: str | None) -> dict[str, object]: ...


_Report = TypeVar("_Report", bound=_Answer)


def copositive(
    matrix: _Matrix,
    strict: Annotated[
        bool, typer.Option("--strict", help="Ask for z^T M z > 0 wherever z >= 0 is not zero.")
    ] = False,
    certificate: _Certificate = None,
    time_limit: TimeLimit = None,
    json_: AsJson = False,
) -> None:
    """Decide whether z^T M z >= 0 for all z >= 0: exit 0 yes, 1 no, 3 unknown, 2 unusable input."""
    from certify.matrices.copositive.decide import decide_copositivity
    from certify.views.terminal.copositivity import print_copositivity

    question = "strictly-copositive" if strict else "copositive"
    _answer(
        matrix,
        certificate or Path(f"{matrix.stem}.{question}.cert"),
        partial(decide_copositivity, strict=strict, time_limit=time_limit),
        print_copositivity,
        json_,
    )


def cp(
    matrix: _Matrix,
    free: Annotated[
        int,
        typer.Option(min=0, help="How many coordinates, the last ones, may have any sign in the vectors b."),
    ] = 0,
    method: Annotated[
        str,
        typer.Option(
            help="columns: column generation; simplex: the simplex algorithm in rationals, up to about six "
            "rows; auto: exact steps, then columns, then simplex."
        ),
    ] = "auto",
    certificate: _Certificate = None,
    time_limit: TimeLimit = None,
    json_: AsJson = False,
) -> None:
    """Decide whether M is completely positive, a sum of b b^T with b >= 0: exit codes as of copositive."""
    from certify.matrices.completely_positive.decide import decide_complete_positivity
    from certify.views.terminal.complete_positivity import print_complete_positivity

    _answer(
        matrix,
        certificate or Path(f"{matrix.stem}.cp.cert"),
        partial(decide_complete_positivity, free=free, method=method, time_limit=time_limit),
        print_complete_positivity,
        json_,
    )


def _answer(
    matrix: Path,
    certificate: Path,
    decide: Callable[..., _Report],
    show: Callable[[Console, _Report, Path, Path | None], None],
    json_: bool,
) -> None:
    """Read the matrix, decide, write the certificate and print the answer."""
    from rich.console import Console

    from certify.checker.data.matrix_file import read_matrix
    from certify.views.terminal.progress import LiveProgress

    require_writable((matrix,), (certificate, CERTIFICATE))
    subject = read_matrix(matrix)
    with LiveProgress(error_console()) as progress:
        report = decide(subject, observer=progress)
    written = None if report.certificate is None else certificate
    if written is not None:
        report.save_certificate(written)
    if json_:
        print_json(report.to_json(None if written is None else str(written)))
    else:
        show(Console(highlight=False), report, matrix, written)
    raise typer.Exit(_EXIT_CODES[report.answer])
